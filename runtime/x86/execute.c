/* execute.c - runs a burst: from a signal's frame into the copies, from block to block, and back.
 */
#include "agent/os.h"
#include "cache.h"
#include "decode.h"
#include <cpuid.h>
#include <sys/auxv.h>
#include <ucontext.h>

/* The kernel's struct ucontext: libc's is longer. */
enum { UCONTEXT_SIZE = 304, BLOCKED_AT = 296 };

/* Where the kernel describes the vector state that it saved, in bytes from the state. */
enum { SOFTWARE_AT = 464, MAGIC = 0x46505853, X87_IP_AT = 8 };

enum { FLAG_TRAP = 1 << 8, FLAG_RESUME = 1 << 16, FLAG_ALIGN = 1 << 18 };
enum { FLAGS_OF_USER = 0xcd5 }; /* o, d, s, z, a, p, c */
enum { CODE_SEGMENT_64 = 0x33 };
#define ADDRESS_END (1ull << 47) /* a jump to one that is beyond may fault before it is made */

struct software {
  uint32_t magic, extended_size;
  uint64_t features;
  uint32_t state_size;
};

/* A copy of a signal's frame: from here the kernel takes it back. */
struct frame {
  uint8_t context[UCONTEXT_SIZE] __attribute__((aligned(64)));
  uint8_t state[] __attribute__((aligned(64)));
};

static uint32_t state_size_max;

void be_x86_enter(struct context *context);
void be_x86_back(void);
_Noreturn void be_x86_on_stack(void *top, void (*function)(void *), void *argument);
_Noreturn void be_x86_return(void *ucontext, uint32_t *busy);
size_t be_x86_fetch(void *to, const void *from, size_t size);
extern const uint8_t be_x86_fetch_begin[], be_x86_fetch_end[];

static mcontext_t *registers_of(const void *frame) { return &((ucontext_t *)frame)->uc_mcontext; }

/* ---- the processor ------------------------------------------------------------------------- */

/* Whether threads run with a shadow stack: returns that are not made would break it. */
static bool has_shadow_stack(void) {
  unsigned long status = 0;
  enum { ARCH_SHSTK_STATUS = 0x5005 };
  return be_os_call(SYS_arch_prctl, ARCH_SHSTK_STATUS, (long)&status, 0) == 0 && status;
}

/* The kernel (5.14) says how large a signal's frame may be. Else the processor is asked, which
   takes 20 to 70 us in a virtual machine. */
bool be_cpu_start(void) {
  unsigned a, b, c = 0, d;
  state_size_max = (uint32_t)getauxval(AT_MINSIGSTKSZ);
  if (!state_size_max && __get_cpuid_count(13, 0, &a, &b, &c, &d))
    state_size_max = c; /* of all that the processor has */
  return state_size_max && !has_shadow_stack();
}

size_t be_cpu_frame_size(void) {
  enum { MAGIC_BEHIND = 4 };
  return (sizeof(struct frame) + state_size_max + MAGIC_BEHIND + 63) & ~(size_t)63;
}

/* ---- frames -------------------------------------------------------------------------------- */

static struct software software_of(const uint8_t *state) {
  struct software software = {0, 0, 0, 0};
  be_os_copy(&software, state + SOFTWARE_AT, sizeof software);
  return software;
}

enum be_burst_end be_cpu_take_frame(void *to, const ucontext_t *from) {
  struct frame *frame = to;
  const uint8_t *state = (const uint8_t *)from->uc_mcontext.fpregs;
  uint64_t flags = (uint64_t)from->uc_mcontext.gregs[REG_EFL];
  if (!state || (from->uc_mcontext.gregs[REG_CSGSFS] & 0xffff) != CODE_SEGMENT_64 ||
      flags & (FLAG_TRAP | FLAG_ALIGN))
    return BE_END_STATE;
  struct software software = software_of(state);
  if (software.magic != MAGIC ||
      software.extended_size > be_cpu_frame_size() - sizeof(struct frame))
    return BE_END_STATE;
  be_os_copy(frame->context, from, UCONTEXT_SIZE);
  be_os_copy(frame->state, state, software.extended_size);
  registers_of(frame)->fpregs = (fpregset_t)frame->state;
  return BE_END_FULL;
}

uint64_t be_cpu_frame_ip(const void *frame) {
  return (uint64_t)registers_of(frame)->gregs[REG_RIP];
}

uint64_t *be_cpu_frame_blocked(void *frame) { return (uint64_t *)((uint8_t *)frame + BLOCKED_AT); }

uint64_t be_cpu_context_ip(const ucontext_t *at) { return be_cpu_frame_ip(at); }

uint64_t be_cpu_stack(const ucontext_t *at) { return (uint64_t)at->uc_mcontext.gregs[REG_RSP]; }

bool be_cpu_frame_call(const void *frame, struct be_call *call) {
  static const uint8_t places[] = {REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9};
  const mcontext_t *registers = registers_of(frame);
  uint8_t code[2];
  if (be_cpu_fetch(code, (const void *)be_cpu_frame_ip(frame), sizeof code) != sizeof code ||
      code[0] != 0x0f || code[1] != 0x05)
    return false;
  call->number = (long)registers->gregs[REG_RAX];
  for (unsigned i = 0; i < sizeof places; i++)
    call->arguments[i] = (uint64_t)registers->gregs[places[i]];
  return true;
}

void be_cpu_frame_called(void *frame, long result) {
  mcontext_t *registers = registers_of(frame);
  registers->gregs[REG_RIP] += 2;
  registers->gregs[REG_RAX] = result;
  registers->gregs[REG_RCX] = registers->gregs[REG_RIP];
  registers->gregs[REG_R11] = registers->gregs[REG_EFL];
}

void be_cpu_step(void *at, bool on) {
  mcontext_t *registers = registers_of(at);
  registers->gregs[REG_EFL] &= ~(greg_t)FLAG_TRAP;
  registers->gregs[REG_EFL] |= on ? FLAG_TRAP : 0;
}

void be_cpu_on_stack(void *top, void (*function)(void *), void *argument) {
  be_x86_on_stack(top, function, argument);
}

void be_cpu_return(void *frame, uint32_t *busy) { be_x86_return(frame, busy); }

/* Where the frame holds a register. */
static greg_t *frame_register(mcontext_t *registers, unsigned number) {
  static const uint8_t places[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                   REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                   REG_R12, REG_R13, REG_R14, REG_R15};
  return &registers->gregs[places[number]];
}

static void load_frame(struct context *context, const void *frame) {
  mcontext_t *registers = registers_of(frame);
  for (unsigned i = 0; i < 16; i++)
    context->registers[i] = (uint64_t)*frame_register(registers, i);
  context->flags = (uint64_t)registers->gregs[REG_EFL] & ~(uint64_t)FLAG_RESUME;
}

static void store_frame(const struct context *context, void *frame, uint64_t ip) {
  mcontext_t *registers = registers_of(frame);
  uint64_t flags = (uint64_t)registers->gregs[REG_EFL];
  for (unsigned i = 0; i < 16; i++)
    *frame_register(registers, i) = (greg_t)context->registers[i];
  flags &= ~(uint64_t)(FLAGS_OF_USER | FLAG_RESUME);
  registers->gregs[REG_EFL] = (greg_t)(flags | (context->flags & FLAGS_OF_USER));
  registers->gregs[REG_RIP] = (greg_t)ip;
}

static void load_state(const struct frame *frame, uint64_t features) {
  __asm__ volatile("xrstor64 %0"
                   :
                   : "m"(*frame->state), "a"((uint32_t)features), "d"((uint32_t)(features >> 32))
                   : "memory");
}

static void save_state(struct frame *frame, uint64_t features) {
  __asm__ volatile("xsave64 %0"
                   : "+m"(*frame->state)
                   : "a"((uint32_t)features), "d"((uint32_t)(features >> 32))
                   : "memory");
}

/* ---- the cache ----------------------------------------------------------------------------- */

void be_cache_flush(struct be_cache *cache) {
  if (cache->block_count > 1) {
    be_os_clear(cache->hash, sizeof cache->hash);
    cache->flushes++;
  }
  cache->code_used = ((uint32_t)(be_x86_code_end - be_x86_code) + 15) & ~15u;
  cache->edge_count = cache->point_count = 0;
  cache->block_count = 1;
}

/* The code is memory that is mapped twice: to write, and to run. */
static bool map_code(struct be_cache *cache) {
  long fd = be_os_call(SYS_memfd_create, (long)"backedge", 1 /* MFD_CLOEXEC */, 0);
  if (fd < 0)
    return false;
  bool done = false;
  void *code = (void *)cache_code(cache);
  if (be_os_call(SYS_ftruncate, fd, CODE_SIZE, 0) == 0) {
    cache->write = be_os_map(NULL, CODE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
    done = cache->write &&
           be_os_map(code, CODE_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, (int)fd, 0);
  }
  be_os_call(SYS_close, fd, 0, 0);
  return done;
}

struct be_cache *be_cache_create(void) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  struct be_cache *cache =
      be_os_map(NULL, CONTEXT_TO_CODE + CODE_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (!cache)
    return NULL;
  if (!map_code(cache)) {
    be_cache_destroy(cache);
    return NULL;
  }
  /* A child gets its own: this one's code would be shared. */
  be_os_call(SYS_madvise, (long)cache, CONTEXT_TO_CODE + CODE_SIZE, MADV_DONTFORK);
  be_os_call(SYS_madvise, (long)cache->write, CODE_SIZE, MADV_DONTFORK);
  be_os_call(SYS_madvise, (long)cache, CONTEXT_TO_CODE + CODE_SIZE, MADV_DONTDUMP);
  be_os_copy(cache->write, be_x86_code, (size_t)(be_x86_code_end - be_x86_code));
  cache->context.back = (uint64_t)be_x86_back;
  cache->context.enter = cache_code(cache);
  be_cache_flush(cache);
  return cache;
}

void be_cache_destroy(struct be_cache *cache) {
  if (cache->write)
    be_os_unmap(cache->write, CODE_SIZE);
  be_os_unmap(cache, CONTEXT_TO_CODE + CODE_SIZE);
}

void be_cache_count(struct be_cache *cache, uint64_t *blocks, uint64_t *flushes) {
  *blocks = cache->blocks_made;
  *flushes = cache->flushes;
  cache->blocks_made = cache->flushes = 0;
}

size_t be_cpu_fetch(void *to, const void *from, size_t size) {
  return size - be_x86_fetch(to, from, size);
}

/* Whether the code is still what was copied. */
static bool is_same(const struct be_cache *cache, const struct block *block) {
  uint8_t now[BLOCK_BYTES];
  /* What comes next is waited for at the same time. */
  __builtin_prefetch((const void *)(cache_code(cache) + block->code));
  __builtin_prefetch(&cache->edges[block->edges]);
  return be_cpu_fetch(now, (const void *)block->start, block->length) == block->length &&
         code_sum(now, block->length) == block->sum;
}

static void forget(struct be_cache *cache, struct block *block) {
  uint32_t number = (uint32_t)(block - cache->blocks);
  uint32_t *place = &cache->hash[cache_hash(block->start)];
  while (*place != number)
    place = &cache->blocks[*place].next;
  *place = block->next;
  block->start = 0;
}

/* Returns NULL when there is no block that starts there. */
static struct block *search(struct be_cache *cache, uint64_t address) {
  struct block *block = &cache->blocks[cache->hash[cache_hash(address)]];
  while (block != cache->blocks && block->start != address)
    block = &cache->blocks[block->next];
  return block == cache->blocks ? NULL : block;
}

/* The copy of what is at address, compared with it in this burst, or NULL: *end says why. block:
   it, if the address is its start. */
static struct block *find(struct be_cache *cache, struct be_map *map, uint64_t address,
                          struct block *block, enum be_burst_end *end) {
  if (!block || block->start != address)
    block = search(cache, address);
  if (!block)
    return be_x86_translate(cache, map, address, end);
  if (block->epoch == cache->context.epoch)
    return block;
  if (!is_same(cache, block)) {
    forget(cache, block);
    return be_x86_translate(cache, map, address, end);
  }
  block->epoch = cache->context.epoch;
  return block;
}

/* ---- the burst ----------------------------------------------------------------------------- */

/* Where the edge that was taken last leads. */
static uint64_t destination(const struct context *context) {
  return context->edge->kind == EDGE_INDIRECT ? context->to : context->edge->to;
}

/* The burst is over where the last edge leads: or before its branch, if that may fault. */
static uint64_t end_at_edge(struct context *context, const struct be_map *map) {
  const struct edge *edge = context->edge;
  uint64_t to = be_map_abort(map, destination(context));
  if (edge->kind != EDGE_INDIRECT || to < ADDRESS_END)
    return to;
  context->registers[4] -= (uint64_t)(int64_t)edge->popped;
  context->next--;
  return edge->from;
}

/* Goes on with the block behind the last edge. */
static bool link_edge(struct be_cache *cache, struct be_map *map, enum be_burst_end *end) {
  struct context *context = &cache->context;
  uint64_t to = destination(context), flushes = cache->flushes;
  struct block *block = find(cache, map, to, context->edge->block, end);
  if (!block)
    return false;
  context->entry = cache_code(cache) + block->code;
  if (flushes != cache->flushes)
    return true; /* the edge is no more */
  context->edge->block = block;
  context->edge->target = context->entry;
  context->edge->age = -context->epoch;
  if (context->edge->kind == EDGE_INDIRECT)
    context->edge->to = -to;
  return true;
}

/* Runs copies from the context's entry. Returns where the original code goes on. */
static uint64_t run(struct be_cache *cache, struct be_map *map, enum be_burst_end *end) {
  struct context *context = &cache->context;
  for (;;) {
    be_x86_enter(context);
    switch (context->why) {
    case WHY_MISS:
      if (!link_edge(cache, map, end))
        return end_at_edge(context, map);
      break;
    case WHY_FULL:
      *end = BE_END_FULL;
      return end_at_edge(context, map);
    case WHY_STOP:
      *end = context->edge->end;
      return context->edge->from;
    default:
      *end = BE_END_FAULT;
      return cache->fault_ip;
    }
  }
}

/* The point of which an address in the copies is part, and its block; or NULL. */
static const struct point *find_point(const struct be_cache *cache, uint64_t address,
                                      const struct block **found) {
  uint32_t low = 1, high = cache->block_count;
  uint64_t code = address - cache_code(cache);
  if (code >= cache->code_used)
    return NULL;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (cache->blocks[middle].code <= code)
      low = middle + 1;
    else
      high = middle;
  }
  const struct block *block = &cache->blocks[low - 1];
  const struct point *points = &cache->points[block->points], *point = NULL;
  for (unsigned i = 0; low > 1 && i < block->point_count && points[i].code <= code; i++)
    point = &points[i];
  *found = block;
  return point;
}

/* The state has the address of the last x87 instruction: not that of a copy. */
static void correct_x87(const struct be_cache *cache, struct frame *frame) {
  uint64_t address = 0;
  const struct block *block;
  be_os_copy(&address, frame->state + X87_IP_AT, sizeof address);
  const struct point *point = find_point(cache, address, &block);
  if (!point)
    return;
  address = block->start + point->delta;
  be_os_copy(frame->state + X87_IP_AT, &address, sizeof address);
}

void be_cpu_run(struct be_cache *cache, struct be_map *map, void *to, struct be_burst *burst) {
  struct frame *frame = to;
  struct context *context = &cache->context;
  uint64_t features = software_of(frame->state).features;
  enum be_burst_end end = BE_END_FULL;
  burst->ip = be_cpu_frame_ip(frame);
  burst->count = 0;
  context->epoch++;
  struct block *block = find(cache, map, burst->ip, NULL, &end);
  if (!block) {
    burst->end = end;
    return;
  }
  context->entry = cache_code(cache) + block->code;
  context->next = burst->branches;
  context->left = burst->limit;
  load_frame(context, frame);
  load_state(frame, features);
  burst->ip = run(cache, map, &end);
  save_state(frame, features);
  correct_x87(cache, frame);
  store_frame(context, frame, burst->ip);
  burst->count = (uint32_t)(context->next - burst->branches);
  burst->end = end;
}

/* ---- signals in the copies ----------------------------------------------------------------- */

bool be_cache_holds(const struct be_cache *cache, const ucontext_t *at) {
  return (uint64_t)at->uc_mcontext.gregs[REG_RIP] - cache_code(cache) < CODE_SIZE;
}

bool be_cpu_fault(struct be_cache *cache, ucontext_t *at) {
  struct context *context = &cache->context;
  mcontext_t *registers = &at->uc_mcontext;
  const struct block *block;
  const struct point *point = find_point(cache, (uint64_t)registers->gregs[REG_RIP], &block);
  if (!point)
    return false;
  uint64_t rax = context->registers[0];
  load_frame(context, at);
  if (point->spill == SPILL_RAX)
    context->registers[0] = rax;
  else if (point->spill != SPILL_NONE)
    context->registers[point->spill - SPILL_SCRATCH] = context->scratch;
  cache->fault_ip = block->start + point->delta;
  context->why = WHY_FAULT;
  registers->gregs[REG_RIP] = (greg_t)be_x86_back;
  registers->gregs[REG_RSP] = (greg_t)context->agent_rsp;
  registers->gregs[REG_EFL] &= ~(greg_t)FLAGS_OF_USER;
  return true;
}

bool be_cpu_fault_in_fetch(ucontext_t *at) {
  uint64_t ip = (uint64_t)at->uc_mcontext.gregs[REG_RIP];
  if (ip - (uint64_t)be_x86_fetch_begin >= (uint64_t)(be_x86_fetch_end - be_x86_fetch_begin))
    return false;
  at->uc_mcontext.gregs[REG_RIP] = (greg_t)be_x86_fetch_end;
  return true;
}

/* Returns the instruction's length, or 0. */
static unsigned decode_at(uint64_t address, struct be_x86_inst *inst) {
  uint8_t code[BE_X86_LENGTH_MAX];
  size_t size = be_cpu_fetch(code, (const void *)address, sizeof code);
  return (unsigned)be_x86_decode(code, size, address, inst);
}

uint32_t be_cpu_count(uint64_t start, uint64_t end) {
  struct be_x86_inst inst;
  uint32_t count = 0;
  for (unsigned length; start < end && (length = decode_at(start, &inst)); start += length)
    count++;
  return count;
}

bool be_cpu_is_taken(uint64_t from, uint64_t to) {
  struct be_x86_inst inst;
  if (!decode_at(from, &inst))
    return false;
  switch (inst.kind) {
  case BE_X86_JUMP:
  case BE_X86_CALL:
  case BE_X86_JUMP_IF:
  case BE_X86_JUMP_COUNT:
    return to == inst.target;
  case BE_X86_JUMP_INDIRECT:
  case BE_X86_CALL_INDIRECT:
  case BE_X86_RETURN:
    return true;
  default:
    return false;
  }
}

void be_cpu_hurry(struct be_cache *cache) { cache->context.left = 1; }

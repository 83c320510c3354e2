/* translate.c - makes the copy of a basic block that runs elsewhere as it would have run in place.
 *
 * A block goes on behind conditional branches that were not taken. What it is made of:
 *  - plain instructions stand as they are; one that addresses memory relative to itself gets
 *    another displacement, or, when that is out of reach, a register that is put back behind it;
 *  - a branch becomes a way out: rax goes into the context, the edge's address into rax, and the
 *    code in enter.S records it and goes on. A call pushes the original return address itself;
 *  - what must not run here becomes a way out that ends the burst before it.
 * None of this changes flags. Where a register has another value than the target's, a point says
 * so, for faults.
 */
#include "cache.h"
#include "decode.h"

enum { RAX = 0, RBP = 5, RSI = 6, RDI = 7 };

enum { STUB_SIZE = 19 }; /* of a way out, in bytes */

struct pending {
  uint32_t distance; /* where the branch's distance stands */
  struct edge *edge;
};

struct translation {
  struct be_cache *cache;
  struct block *block;
  uint8_t bytes[BLOCK_BYTES];
  uint32_t at, size; /* in bytes */
  uint32_t out;      /* offset in the cache's code */
  struct be_x86_inst inst;
  struct pending pending[BLOCK_CONDITIONALS];
  uint32_t pending_count, instructions;
};

/* ---- bytes --------------------------------------------------------------------------------- */

static void emit(struct translation *t, uint8_t byte) { t->cache->write[t->out++] = byte; }

static void emit_number(struct translation *t, uint64_t number, unsigned bytes) {
  for (; bytes--; number >>= 8)
    emit(t, number & 0xff);
}

static void emit_bytes(struct translation *t, const uint8_t *bytes, unsigned count) {
  for (unsigned i = 0; i < count; i++)
    emit(t, bytes[i]);
}

static uint64_t here(const struct translation *t) { return cache_code(t->cache) + t->out; }

/* The distance from the end of an instruction whose last four bytes it is. */
static void emit_distance(struct translation *t, uint64_t to) {
  emit_number(t, to - (here(t) + 4), 4);
}

/* mov or lea between a register and what is at a near address. */
static void emit_near(struct translation *t, uint8_t opcode, unsigned reg, uint64_t address) {
  emit(t, 0x48 | (reg >> 3) << 2);
  emit(t, opcode);
  emit(t, 0x05 | (reg & 7) << 3);
  emit_distance(t, address);
}

static uint64_t field(const struct translation *t, unsigned offset) {
  return (uint64_t)&t->cache->context + offset;
}

static void emit_store(struct translation *t, unsigned reg, unsigned offset) {
  emit_near(t, 0x89, reg, field(t, offset));
}

static void emit_load(struct translation *t, unsigned reg, unsigned offset) {
  emit_near(t, 0x8b, reg, field(t, offset));
}

static void emit_constant(struct translation *t, unsigned reg, uint64_t number) {
  emit(t, 0x48 | reg >> 3);
  emit(t, 0xb8 | (reg & 7));
  emit_number(t, number, 8);
}

static void add_point(struct translation *t, unsigned spill) {
  t->cache->points[t->cache->point_count++] =
      (struct point){.code = t->out, .delta = (uint8_t)t->at, .spill = (uint8_t)spill};
}

/* ---- ways out ------------------------------------------------------------------------------ */

static uint64_t address_at(const struct translation *t) { return t->block->start + t->at; }

static uint64_t address_behind(const struct translation *t) {
  return address_at(t) + t->inst.length;
}

static struct edge *add_edge(struct translation *t, unsigned kind, uint64_t to) {
  struct edge *edge = &t->cache->edges[t->cache->edge_count++];
  edge->from = address_at(t);
  edge->to = to;
  edge->target = edge->age = 0; /* no burst has the number 0 */
  edge->block = NULL;
  edge->popped = 0;
  edge->kind = kind;
  edge->end = BE_END_FULL;
  return edge;
}

static uint64_t entry_of(const struct translation *t, unsigned kind) {
  static const uint8_t *const entries[] = {[EDGE_TAKE] = be_x86_code_take,
                                           [EDGE_SKIP] = be_x86_code_skip,
                                           [EDGE_INDIRECT] = be_x86_code_indirect,
                                           [EDGE_STOP] = be_x86_code_stop};
  return cache_code(t->cache) + (uint64_t)(entries[kind] - be_x86_code);
}

/* Once rax is in the context. */
static void emit_way(struct translation *t, const struct edge *edge) {
  emit_near(t, 0x8d, RAX, (uint64_t)edge);
  emit(t, 0xe9);
  emit_distance(t, entry_of(t, edge->kind));
}

static void emit_stub(struct translation *t, const struct edge *edge) {
  emit_store(t, RAX, CONTEXT_RAX);
  emit_way(t, edge);
}

static void emit_stop(struct translation *t, enum be_burst_end end) {
  struct edge *edge = add_edge(t, EDGE_STOP, 0);
  edge->end = end;
  emit_stub(t, edge);
}

static void emit_skip(struct translation *t) {
  emit_stub(t, add_edge(t, EDGE_SKIP, address_at(t)));
}

/* ---- plain instructions -------------------------------------------------------------------- */

static bool is_vector(const struct be_x86_inst *inst) { return inst->space != BE_X86_LEGACY; }

/* The register that VEX, EVEX or XOP names besides those of ModRM. */
static unsigned third_of(const uint8_t *bytes, const struct be_x86_inst *inst, unsigned modrm) {
  unsigned last = modrm - 2; /* the opcode is before ModRM */
  if (inst->space == BE_X86_EVEX)
    last--;
  return (~bytes[last] >> 3) & 15;
}

/* A register that the instruction does not use: not one that any has implicitly, but string
   instructions, leave and enter, which have no ModRM. */
static unsigned choose_scratch(const uint8_t *bytes, const struct be_x86_inst *inst,
                               unsigned modrm) {
  static const uint8_t candidates[] = {RDI, RSI, RBP};
  for (unsigned i = 0; i < sizeof candidates; i++)
    if (inst->reg != candidates[i] &&
        !(is_vector(inst) && third_of(bytes, inst, modrm) == candidates[i]))
      return candidates[i];
  return BE_X86_NONE;
}

/* Addresses the memory by a register. Whether it means the same is asked of the decoder. */
static bool emit_with_scratch(struct translation *t, const uint8_t *bytes,
                              const struct be_x86_inst *inst) {
  uint8_t copy[BE_X86_LENGTH_MAX];
  struct be_x86_inst again;
  unsigned modrm = inst->displacement_offset - 1u;
  unsigned scratch = choose_scratch(bytes, inst, modrm);
  if (scratch == BE_X86_NONE)
    return false;
  for (unsigned i = 0; i < inst->length; i++)
    copy[i] = bytes[i];
  copy[modrm] = 0x80 | (bytes[modrm] & 0x38) | scratch;
  for (unsigned i = 0; i < 4; i++)
    copy[modrm + 1 + i] = 0;
  if (be_x86_decode(copy, inst->length, 0, &again) != inst->length || again.reg != inst->reg ||
      again.memory_base != scratch || again.memory_index != BE_X86_NONE || again.displacement ||
      again.displacement_size != 4 || again.opcode != inst->opcode ||
      again.immediate != inst->immediate || again.kind != inst->kind)
    return false;
  emit_store(t, scratch, CONTEXT_SCRATCH);
  add_point(t, SPILL_SCRATCH + scratch);
  emit_constant(t, scratch, inst->memory_address);
  emit_bytes(t, copy, inst->length);
  emit_load(t, scratch, CONTEXT_SCRATCH);
  return true;
}

/* Also for an instruction that was made from the original one. */
static bool emit_copy(struct translation *t, const uint8_t *bytes, const struct be_x86_inst *inst) {
  add_point(t, SPILL_NONE);
  if (!(inst->flags & BE_X86_RELATIVE)) {
    emit_bytes(t, bytes, inst->length);
    return true;
  }
  int64_t distance = (int64_t)(inst->memory_address - (here(t) + inst->length));
  if (distance != (int32_t)distance)
    return emit_with_scratch(t, bytes, inst);
  emit_bytes(t, bytes, inst->displacement_offset);
  emit_number(t, (uint64_t)distance, 4);
  unsigned behind = inst->displacement_offset + 4u;
  emit_bytes(t, bytes + behind, inst->length - behind);
  return true;
}

/* What copies, but not with the right effect. */
static bool is_special(const struct be_x86_inst *inst) {
  if (inst->space != BE_X86_LEGACY || inst->map != 0)
    return false;
  switch (inst->opcode) {
  case 0x9d: /* popf: may ask for traps after each instruction, or at unaligned accesses */
    return true;
  case 0xd9: /* fnstenv, fnsave: show where the last x87 instruction was */
  case 0xdd:
    return inst->flags & BE_X86_MEMORY && (inst->reg & 7) == 6;
  default:
    return false;
  }
}

/* ---- branches ------------------------------------------------------------------------------ */

static void translate_if(struct translation *t) {
  struct pending *pending = &t->pending[t->pending_count++];
  add_point(t, SPILL_NONE);
  emit(t, 0x0f);
  emit(t, 0x80 | t->inst.condition);
  pending->distance = t->out;
  pending->edge = add_edge(t, EDGE_TAKE, t->inst.target);
  t->out += 4;
}

static void emit_pending(struct translation *t) {
  for (unsigned i = 0; i < t->pending_count; i++) {
    uint32_t stub = t->out;
    t->out = t->pending[i].distance;
    emit_number(t, stub - (t->out + 4), 4);
    t->out = stub;
    emit_stub(t, t->pending[i].edge);
  }
}

/* loop and jrcxz reach no further than 127 bytes: over a jump, to the way out. */
static void translate_count(struct translation *t) {
  add_point(t, SPILL_NONE);
  emit_bytes(t, t->bytes + t->at, t->inst.immediate_offset);
  emit(t, 5);
  emit(t, 0xe9);
  emit_number(t, STUB_SIZE, 4);
  emit_stub(t, add_edge(t, EDGE_TAKE, t->inst.target));
}

static void emit_push_return(struct translation *t) {
  add_point(t, SPILL_RAX);
  emit_constant(t, RAX, address_behind(t));
  emit_number(t, 0xf824448948, 5); /* mov %rax,-8(%rsp) */
  emit_number(t, 0xf824648d48, 5); /* lea -8(%rsp),%rsp */
}

static void translate_direct(struct translation *t) {
  emit_store(t, RAX, CONTEXT_RAX);
  if (t->inst.kind == BE_X86_CALL)
    emit_push_return(t);
  emit_way(t, add_edge(t, EDGE_TAKE, t->inst.target));
}

static void translate_return(struct translation *t) {
  uint64_t popped = 8 + (uint64_t)t->inst.immediate;
  emit_store(t, RAX, CONTEXT_RAX);
  add_point(t, SPILL_RAX);
  emit_number(t, 0x24048b48, 4); /* mov (%rsp),%rax */
  emit_store(t, RAX, CONTEXT_TO);
  emit_number(t, 0x24a48d48, 4); /* lea popped(%rsp),%rsp */
  emit_number(t, popped, 4);
  struct edge *edge = add_edge(t, EDGE_INDIRECT, 0);
  edge->popped = (int32_t)popped;
  emit_way(t, edge);
}

/* Makes of `jmp *memory` a `mov memory,%rax`. Returns its length, or 0. */
static unsigned make_load(const struct translation *t, uint8_t *load, struct be_x86_inst *made) {
  const uint8_t *bytes = t->bytes + t->at;
  const struct be_x86_inst *inst = &t->inst;
  unsigned length = 0, at = 0, rex = 0;
  for (; bytes[at] != 0xff; at++) {
    if (bytes[at] >> 4 == 4)
      rex = bytes[at] & 3;
    else if (bytes[at] == 0x64 || bytes[at] == 0x65 || bytes[at] == 0x67)
      load[length++] = bytes[at];
    if (bytes[at] >> 4 != 4)
      rex = 0; /* one that another prefix follows is ignored */
  }
  if (length + 2 + inst->length - at > BE_X86_LENGTH_MAX)
    return 0;
  load[length++] = 0x48 | rex;
  load[length++] = 0x8b;
  load[length++] = bytes[at + 1] & 0xc7;
  for (at += 2; at < inst->length; at++)
    load[length++] = bytes[at];
  if (be_x86_decode(load, length, 0, made) != (int)length ||
      made->memory_base != inst->memory_base || made->memory_index != inst->memory_index ||
      made->memory_segment != inst->memory_segment || made->displacement != inst->displacement)
    return 0;
  made->memory_address = inst->memory_address;
  return length;
}

static bool translate_indirect(struct translation *t) {
  uint8_t load[BE_X86_LENGTH_MAX + 1];
  struct be_x86_inst made;
  bool is_call = t->inst.kind == BE_X86_CALL_INDIRECT;
  emit_store(t, RAX, CONTEXT_RAX);
  if (!(t->inst.flags & BE_X86_MEMORY)) {
    emit(t, 0x48 | (t->inst.rm >> 3) << 2); /* mov %rm,%rax */
    emit(t, 0x89);
    emit(t, 0xc0 | (t->inst.rm & 7) << 3);
  } else if (!make_load(t, load, &made) || !emit_copy(t, load, &made)) {
    return false;
  }
  emit_store(t, RAX, CONTEXT_TO);
  if (is_call)
    emit_push_return(t);
  struct edge *edge = add_edge(t, EDGE_INDIRECT, 0);
  edge->popped = is_call ? -8 : 0;
  emit_way(t, edge);
  return true;
}

/* ---- blocks -------------------------------------------------------------------------------- */

static enum be_burst_end stop_for(unsigned kind) {
  switch (kind) {
  case BE_X86_SYSTEM:
    return BE_END_SYSCALL;
  case BE_X86_TRAP:
    return BE_END_TRAP;
  case BE_X86_JUMP_FAR:
  case BE_X86_CALL_FAR:
  case BE_X86_RETURN_FAR:
  case BE_X86_XBEGIN:
  case BE_X86_XABORT:
    return BE_END_FAR;
  default:
    return BE_END_PINNED;
  }
}

/* Returns whether the block goes on behind the instruction. */
static bool translate_one(struct translation *t) {
  uint32_t out = t->out, points = t->cache->point_count;
  bool done = !(t->inst.flags & BE_X86_PINNED) && !is_special(&t->inst), goes_on = false;
  if (done)
    switch (t->inst.kind) {
    case BE_X86_PLAIN:
      done = goes_on = emit_copy(t, t->bytes + t->at, &t->inst);
      break;
    case BE_X86_JUMP_IF:
      translate_if(t);
      goes_on = true;
      break;
    case BE_X86_JUMP_COUNT:
      translate_count(t);
      goes_on = true;
      break;
    case BE_X86_JUMP:
    case BE_X86_CALL:
      translate_direct(t);
      break;
    case BE_X86_RETURN:
      translate_return(t);
      break;
    case BE_X86_JUMP_INDIRECT:
    case BE_X86_CALL_INDIRECT:
      done = translate_indirect(t);
      break;
    default:
      done = false;
    }
  if (!done) {
    t->out = out;
    t->cache->point_count = points;
    emit_stop(t, stop_for(t->inst.kind));
  }
  return goes_on;
}

static void translate_all(struct translation *t) {
  for (;;) {
    if (t->pending_count == BLOCK_CONDITIONALS || t->instructions == BLOCK_INSTRUCTIONS ||
        t->at == t->size) {
      emit_skip(t);
      break;
    }
    if (!be_x86_decode(t->bytes + t->at, t->size - t->at, address_at(t), &t->inst)) {
      /* Cut off, perhaps: then the next block begins here, with all its bytes. */
      if (t->at && t->size - t->at < BE_X86_LENGTH_MAX)
        emit_skip(t);
      else
        emit_stop(t, BE_END_PINNED);
      t->at = t->size - t->at < BE_X86_LENGTH_MAX ? t->size : t->at + BE_X86_LENGTH_MAX;
      break;
    }
    bool goes_on = translate_one(t);
    t->at += t->inst.length;
    t->instructions++;
    if (!goes_on)
      break;
  }
  emit_pending(t);
}

static bool has_room(const struct be_cache *cache) {
  return cache->code_used + BLOCK_ROOM <= CODE_SIZE &&
         cache->edge_count + BLOCK_INSTRUCTIONS + 1 <= EDGE_COUNT &&
         cache->block_count < BLOCK_COUNT &&
         cache->point_count + 4 * BLOCK_INSTRUCTIONS <= POINT_COUNT;
}

static void finish(struct translation *t) {
  struct be_cache *cache = t->cache;
  struct block *block = t->block;
  uint32_t *head = &cache->hash[cache_hash(block->start)];
  block->length = (uint16_t)t->at;
  block->point_count = (uint16_t)(cache->point_count - block->points);
  block->epoch = cache->context.epoch;
  block->next = *head;
  *head = (uint32_t)(block - cache->blocks);
  block->sum = code_sum(t->bytes, block->length);
  cache->code_used = (t->out + 15) & ~15u;
  cache->block_count++;
  cache->blocks_made++;
}

struct block *be_x86_translate(struct be_cache *cache, struct be_map *map, uint64_t address,
                               enum be_burst_end *end) {
  struct translation t;
  uint64_t from, to;
  *end = be_map_find(map, address, &from, &to);
  if (*end != BE_END_FULL)
    return NULL;
  t.cache = cache;
  t.size = to - address < BLOCK_BYTES ? (uint32_t)(to - address) : BLOCK_BYTES;
  t.size = (uint32_t)be_cpu_fetch(t.bytes, (const void *)address, t.size);
  if (!t.size) {
    *end = BE_END_UNKNOWN;
    return NULL;
  }
  if (!has_room(cache))
    be_cache_flush(cache);
  t.block = &cache->blocks[cache->block_count];
  t.block->start = address;
  t.block->code = t.out = cache->code_used;
  t.block->edges = cache->edge_count;
  t.block->points = cache->point_count;
  t.at = t.pending_count = t.instructions = 0;
  translate_all(&t);
  finish(&t);
  return t.block;
}

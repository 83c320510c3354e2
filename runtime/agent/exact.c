/* exact.c - exact mode: all code of a thread runs as copies, and each branch is counted.
 *
 * What cannot run as a copy (a system call, mostly) is done by the original instruction with the
 * processor's trap flag set; the trap behind it brings the thread back here. While copies run,
 * signals wait; so they are let in from time to time. The program's own signal handlers run
 * natively: their branches are not counted. Neither are those of a child of vfork, and of a thread
 * from where it comes to a restartable sequence on.
 */
#include "agent.h"

enum {
  ROUNDS = 16,          /* bursts, before signals are let in */
  TABLE_SIZE = 1 << 20, /* edges */
  STRAIGHT_SIZE = 1 << 16,
  RECORD_EDGES = 1024,
};

static struct be_edge *table;
static __thread struct be_thread *traced __attribute__((tls_model("initial-exec")));

bool be_exact_is_on(void) { return be_agent.ring && be_agent.ring->mode == BE_RING_EXACT; }

/* ---- counting ------------------------------------------------------------------------------ */

static uint32_t hash(uint64_t from, uint64_t to) {
  return (uint32_t)((from * 0x9e3779b97f4a7c15ull ^ to * 0xc2b2ae3d27d4eb4full) >> 40) &
         (TABLE_SIZE - 1);
}

/* Finds an edge's entry, or makes it. From is stored last: it marks an entry as made. */
static struct be_edge *find(uint64_t from, uint64_t to) {
  if (!table)
    return NULL;
  for (uint32_t i = hash(from, to), n = 0; n < TABLE_SIZE; i = (i + 1) & (TABLE_SIZE - 1), n++) {
    struct be_edge *edge = &table[i];
    uint64_t there = __atomic_load_n(&edge->from, __ATOMIC_ACQUIRE), none = 0;
    if (there == from && edge->to == to)
      return edge;
    if (!there && __atomic_compare_exchange_n(&edge->to, &none, to, false, __ATOMIC_ACQ_REL,
                                              __ATOMIC_RELAXED)) {
      __atomic_store_n(&edge->from, from, __ATOMIC_RELEASE);
      return edge;
    }
  }
  return NULL;
}

/* How many instructions ran from start to before end. */
static uint32_t count_straight(struct be_slot *slot, uint64_t start, uint64_t end) {
  struct be_straight *known = &slot->straight[hash(start, end) % STRAIGHT_SIZE];
  if (known->start != start || known->end != end || !end) {
    known->start = start;
    known->end = end;
    known->instructions = be_cpu_count(start, end);
  }
  return known->instructions;
}

/* Those of a burst that began at start: each branch is one more. */
static void count_instructions(struct be_slot *slot, const struct be_burst *burst, uint64_t start) {
  uint64_t sum = burst->count;
  for (uint32_t i = 0; i < burst->count; i++) {
    sum += count_straight(slot, start, burst->branches[i].from);
    start = burst->branches[i].to;
  }
  sum += count_straight(slot, start, burst->ip);
  if (burst->end == BE_END_SYSCALL || burst->end == BE_END_PINNED || burst->end == BE_END_FAR)
    sum++; /* the original does it */
  __atomic_fetch_add(&be_agent.sum.instructions, sum, __ATOMIC_RELAXED);
}

static void count(const struct be_branch *branches, uint32_t number) {
  for (uint32_t i = 0; i < number; i++) {
    struct be_edge *edge = find(branches[i].from, branches[i].to);
    if (edge)
      __atomic_fetch_add(&edge->count, 1, __ATOMIC_RELAXED);
  }
  __atomic_fetch_add(&be_agent.sum.branches, number, __ATOMIC_RELAXED);
}

/* The instruction that let signals in has been run. */
static void count_stepped(struct be_thread *thread, uint64_t to) {
  const struct be_branch branch = {thread->stepped, to};
  if (!thread->stepped)
    return;
  thread->stepped = 0;
  __atomic_fetch_add(&be_agent.sum.instructions, 1, __ATOMIC_RELAXED);
  if (be_cpu_is_taken(branch.from, to))
    count(&branch, 1);
}

void be_exact_write(void) {
  static struct {
    struct be_record_edges head;
    struct be_edge edges[RECORD_EDGES];
  } record;
  record.head.record.kind = BE_RECORD_EDGES;
  record.head.count = 0;
  for (uint32_t i = 0; table && i < TABLE_SIZE; i++) {
    uint64_t taken = __atomic_exchange_n(&table[i].count, 0, __ATOMIC_RELAXED);
    if (taken) {
      record.edges[record.head.count] = table[i];
      record.edges[record.head.count++].count = taken;
    }
    if (record.head.count && (record.head.count == RECORD_EDGES || i == TABLE_SIZE - 1)) {
      record.head.record.time = 0;
      be_ring_write(&record.head.record,
                    sizeof record.head + record.head.count * sizeof *record.edges, be_agent.pid);
      record.head.count = 0;
    }
  }
}

/* ---- running ------------------------------------------------------------------------------- */

/* Changes the mask that the thread goes on with: ours are not in it. */
static long change_mask(void *frame, const struct be_call *call) {
  enum { FAULT = -14, INVALID = -22 };
  be_signals *blocked = be_cpu_frame_blocked(frame), set, before = *blocked;
  const be_signals never =
      BE_SIGNAL(SIGTRAP) | BE_SIGNAL(BE_TICK) | BE_SIGNAL(SIGKILL) | BE_SIGNAL(SIGSTOP);
  if (call->arguments[3] != sizeof set)
    return INVALID;
  if (call->arguments[1]) {
    if (be_cpu_fetch(&set, (const void *)call->arguments[1], sizeof set) != sizeof set)
      return FAULT;
    switch ((int)call->arguments[0]) {
    case SIG_BLOCK:
      *blocked |= set & ~never;
      break;
    case SIG_UNBLOCK:
      *blocked &= ~set;
      break;
    case SIG_SETMASK:
      *blocked = set & ~never;
      break;
    default:
      return INVALID;
    }
  }
  if (call->arguments[2] &&
      be_cpu_fetch((void *)call->arguments[2], &before, sizeof before) != sizeof before)
    return FAULT;
  return 0;
}

/* If a system call comes next: some are not for the kernel alone. */
static void prepare_call(void *frame) {
  struct be_call call;
  if (!be_cpu_frame_call(frame, &call))
    return;
  if (call.number == SYS_exit_group) {
    be_exact_write();
    be_statistics_write(true);
  } else if (call.number == SYS_rt_sigprocmask) {
    be_cpu_frame_called(frame, change_mask(frame, &call));
  } else if ((call.number == SYS_mmap || call.number == SYS_mprotect) &&
             call.arguments[2] & PROT_EXEC) {
    __atomic_fetch_add(&be_agent.generation, 1, __ATOMIC_ACQ_REL);
  }
}

/* There is memory for all if there is for the last. */
static void prepare_slot(struct be_slot *slot) {
  if (!slot->cache)
    slot->cache = be_cache_create();
  if (slot->cache && !slot->straight)
    slot->straight = be_os_map(NULL, STRAIGHT_SIZE * sizeof *slot->straight, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* On the agent's stack. */
static void handle(void *argument) {
  struct be_thread *thread = argument;
  struct be_slot *slot = thread->slot;
  struct be_burst burst = {
      .branches = thread->burst.branches, .limit = BE_RING_BRANCHES_MAX, .end = BE_END_MEMORY};
  be_signals faults = BE_FAULTS;
  if (*be_cpu_frame_blocked(thread->frame) & faults)
    be_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&faults, 0, sizeof faults, 0, 0);
  prepare_slot(slot);
  for (unsigned i = 0; slot->straight && i < ROUNDS && be_signals_are_ours(); i++) {
    uint64_t start = be_cpu_frame_ip(thread->frame);
    be_cpu_run(slot->cache, &slot->map, thread->frame, &burst);
    count(burst.branches, burst.count);
    count_instructions(slot, &burst, start);
    if (burst.end != BE_END_FULL)
      break;
  }
  __atomic_fetch_add(&be_agent.sum.ticks, 1, __ATOMIC_RELAXED);
  __atomic_fetch_add(&be_agent.sum.ends[burst.end], 1, __ATOMIC_RELAXED);
  prepare_call(thread->frame);
  thread->stepped = burst.end == BE_END_FULL ? burst.ip : 0;
  /* No copy and no step gets through a sequence that any signal starts again. */
  be_cpu_step(thread->frame, burst.end != BE_END_RSEQ);
  be_cpu_return(thread->frame, &slot->busy);
}

static void enter(struct be_thread *thread, void *context) {
  be_cpu_step(context, false);
  count_stepped(thread, be_cpu_context_ip(context));
  while (!be_slot_take(thread))
    be_os_call(SYS_sched_yield, 0, 0, 0);
  if (!be_slot_is_on_other_stack(context) &&
      be_cpu_take_frame(thread->frame, context) == BE_END_FULL)
    be_cpu_on_stack(thread->frame, handle, thread);
  be_slot_give(thread);
  prepare_call(context);
  be_cpu_step(context, true);
}

void be_exact_trap(int number, siginfo_t *info, void *context) {
  if (info->si_code != TRAP_TRACE)
    be_signals_forward(number, info, context);
  else if (!be_agent.stopped && traced && traced->tid == (int32_t)be_os_call(SYS_gettid, 0, 0, 0))
    enter(traced, context);
  else
    be_cpu_step(context, false); /* a child, a thread that begins, or one that ends */
}

void be_exact_end(void) { traced = NULL; }

/* The next instruction is run by a copy. */
void be_exact_begin(struct be_thread *thread) {
  siginfo_t info = {.si_code = TRAP_TRACE};
  be_agent.sum.threads++;
  traced = thread;
  thread->stepped = 0;
  if (!table)
    table = be_os_map(NULL, TABLE_SIZE * sizeof *table, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (!table)
    return;
  info.si_signo = SIGTRAP;
  be_syscall(SYS_rt_tgsigqueueinfo, be_agent.pid, thread->tid, SIGTRAP, (long)&info, 0, 0);
}

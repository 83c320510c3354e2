/* sample.c - what happens at a tick: a burst is run and written down, within the budget. */
#include "agent.h"

enum {
  SMOOTHING = 16,       /* ticks over which the cost of one is averaged */
  CALIBRATION_TICK = 8, /* in a process that lives so long, a signal's cost is measured */
  CALIBRATION_SIGNALS = 16,
  NAME_TICKS = 64, /* after so many, a thread's name is looked at again */
  STATISTICS_TICKS = 64,
  DISPOSITIONS = 4,
};

/* ---- slots --------------------------------------------------------------------------------- */

/* The first free one: so few of them are warm. */
struct be_slot *be_slot_take(struct be_thread *thread) {
  for (uint32_t i = 0; i < be_agent.slot_count; i++) {
    struct be_slot *slot = &be_agent.slots[i];
    uint32_t free = 0;
    if (!__atomic_load_n(&slot->busy, __ATOMIC_RELAXED) &&
        __atomic_compare_exchange_n(&slot->busy, &free, 1, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED)) {
      slot->thread = thread;
      return thread->slot = slot;
    }
  }
  return NULL;
}

void be_slot_give(struct be_thread *thread) {
  __atomic_store_n(&thread->slot->busy, 0, __ATOMIC_RELEASE);
}

/* ---- statistics ---------------------------------------------------------------------------- */

static void add(uint64_t *sum, uint64_t more) { __atomic_fetch_add(sum, more, __ATOMIC_RELAXED); }

void be_statistics_write(bool is_last) {
  struct be_record_statistics sum = be_agent.sum;
  sum.record.kind = BE_RECORD_STATISTICS;
  sum.record.time = 0;
  sum.is_last = is_last;
  sum.tick_cost = be_agent.tick_cost;
  sum.cpu_time = be_os_clock(CLOCK_PROCESS_CPUTIME_ID);
  be_ring_write(&sum.record, sizeof sum, be_agent.pid);
}

static void write_name(struct be_thread *thread) {
  enum { PR_GET_NAME = 16 };
  struct be_record_thread record = {.record = {.kind = BE_RECORD_THREAD}};
  be_os_call(SYS_prctl, PR_GET_NAME, (long)record.name, 0);
  bool is_known = true;
  for (unsigned i = 0; i < sizeof record.name; i++) {
    is_known = is_known && record.name[i] == thread->name[i];
    thread->name[i] = record.name[i];
  }
  if (!is_known)
    be_ring_write(&record.record, sizeof record, (uint32_t)thread->tid);
}

/* ---- the budget ---------------------------------------------------------------------------- */

/* The thread that sends itself signals which are to do nothing, or 0. */
static uint32_t calibrating;

static bool is_calibration(const siginfo_t *info) {
  uint32_t tid = __atomic_load_n(&calibrating, __ATOMIC_RELAXED);
  return tid && info->si_code == SI_TKILL && info->si_pid == (pid_t)be_agent.pid &&
         be_os_call(SYS_gettid, 0, 0, 0) == (long)tid;
}

/* What a signal costs. */
static void calibrate(struct be_thread *thread) {
  be_signals tick = BE_SIGNAL(BE_TICK);
  be_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&tick, 0, sizeof tick, 0, 0);
  uint64_t start = be_os_clock(CLOCK_THREAD_CPUTIME_ID);
  __atomic_store_n(&calibrating, (uint32_t)thread->tid, __ATOMIC_RELAXED);
  for (unsigned i = 0; i < CALIBRATION_SIGNALS; i++)
    be_os_call(SYS_tgkill, be_agent.pid, thread->tid, BE_TICK);
  __atomic_store_n(&calibrating, 0, __ATOMIC_RELAXED);
  be_agent.tick_cost = (be_os_clock(CLOCK_THREAD_CPUTIME_ID) - start) / CALIBRATION_SIGNALS;
  be_syscall(SYS_rt_sigprocmask, SIG_BLOCK, (long)&tick, 0, sizeof tick, 0, 0);
}

/* The distance to the next tick follows from what ticks cost on the average: whatever it was that
   this one found. */
static void govern(struct be_thread *thread, uint64_t self) {
  uint64_t budget = be_agent.ring->budget, cost = self + be_agent.tick_cost;
  thread->cost = thread->cost - thread->cost / SMOOTHING + cost / SMOOTHING;
  thread->interval = be_agent.interval;
  if (budget && thread->cost * 1000000 / budget > thread->interval)
    thread->interval = thread->cost * 1000000 / budget;
  be_agent.sum.interval = thread->interval;
}

/* ---- the tick ------------------------------------------------------------------------------ */

/* A tick is over; whatever it found. */
static void account(struct be_thread *thread, uint32_t end) {
  uint64_t ticks = __atomic_add_fetch(&be_agent.sum.ticks, 1, __ATOMIC_RELAXED);
  add(&be_agent.sum.ends[end], 1);
  if (ticks == CALIBRATION_TICK)
    calibrate(thread);
  if (thread->ticks++ % NAME_TICKS == 0)
    write_name(thread);
  if (ticks % STATISTICS_TICKS == 0 || (ticks & (ticks - 1)) == 0)
    be_statistics_write(false);
  uint64_t now = be_os_clock(CLOCK_THREAD_CPUTIME_ID), self = now - thread->entered;
  add(&be_agent.sum.self_time, self);
  govern(thread, self);
  be_thread_arm(thread, now);
}

static void write_burst(struct be_thread *thread, const struct be_burst *burst, uint64_t ip) {
  struct be_record_burst *record = &thread->burst.head;
  record->record.kind = BE_RECORD_BURST;
  record->record.time = 0;
  record->ip = ip;
  record->end_ip = burst->ip;
  record->weight = thread->weight;
  record->count = burst->count;
  record->end = burst->end;
  be_ring_write(&record->record, sizeof *record + burst->count * sizeof *record->branches,
                (uint32_t)thread->tid);
}

static void run_burst(struct be_thread *thread, struct be_burst *burst) {
  struct be_slot *slot = thread->slot;
  uint64_t blocks, flushes;
  if (!slot->cache)
    slot->cache = be_cache_create();
  if (!slot->cache) {
    burst->end = BE_END_MEMORY;
    return;
  }
  be_cpu_run(slot->cache, &slot->map, thread->frame, burst);
  be_cache_count(slot->cache, &blocks, &flushes);
  add(&be_agent.sum.blocks, blocks);
  add(&be_agent.sum.flushes, flushes);
  add(&be_agent.sum.branches, burst->count);
}

/* On the agent's stack. */
static void handle(void *argument) {
  struct be_thread *thread = argument;
  uint64_t ip = be_cpu_frame_ip(thread->frame);
  struct be_burst burst = {.ip = ip,
                           .branches = thread->burst.branches,
                           .limit = be_agent.ring->branches,
                           .end = BE_END_STATE};
  be_signals faults = BE_FAULTS;
  if (*be_cpu_frame_blocked(thread->frame) & faults)
    be_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&faults, 0, sizeof faults, 0, 0);
  if (be_signals_are_ours())
    run_burst(thread, &burst);
  write_burst(thread, &burst, ip);
  account(thread, burst.end);
  be_cpu_return(thread->frame, &thread->slot->busy);
}

bool be_slot_is_on_other_stack(const ucontext_t *context) {
  const stack_t *stack = &context->uc_stack;
  return !(stack->ss_flags & SS_DISABLE) &&
         be_cpu_stack(context) - (uint64_t)stack->ss_sp <= stack->ss_size;
}

void be_tick(int number, siginfo_t *info, void *context) {
  struct be_thread *thread = info->si_code == SI_TIMER ? be_thread_of(info->si_value) : NULL;
  if (!thread || thread->timer != info->si_timerid) {
    if (is_calibration(info))
      return;
    be_signals_forward(number, info, context);
    return;
  }
  if (!__atomic_load_n(&thread->armed, __ATOMIC_ACQUIRE))
    return;
  thread->entered = be_os_clock(CLOCK_THREAD_CPUTIME_ID);
  thread->weight = thread->entered - thread->last;
  thread->last = thread->entered;
  uint32_t end = BE_END_BUSY;
  if (be_slot_take(thread)) {
    end = be_slot_is_on_other_stack(context) ? BE_END_STATE
                                             : be_cpu_take_frame(thread->frame, context);
    if (end == BE_END_FULL)
      be_cpu_on_stack(thread->frame, handle, thread);
    be_slot_give(thread);
  }
  struct be_burst none = {.ip = be_cpu_context_ip(context), .end = end};
  write_burst(thread, &none, none.ip);
  account(thread, end);
}

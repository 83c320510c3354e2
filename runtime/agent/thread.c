/* thread.c - the threads of the program: their timers, and the agent's stack for each of them. */
#include "agent.h"
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <threads.h>

enum { STACK_SIZE = 64 << 10 }; /* in bytes */

/* Marks the value of our timers' signals. */
#define VALUE_MARK 0xbacced9e00000000ull

static struct be_thread *threads[BE_THREADS_MAX];
static uint32_t thread_count; /* entries that were ever used */
static pthread_key_t key;     /* its value's destructor ends a thread */
static __thread struct be_thread *own __attribute__((tls_model("initial-exec")));

static int (*real_pthread_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
static int (*real_thrd_create)(thrd_t *, thrd_start_t, void *);

/* ---- making and keeping them --------------------------------------------------------------- */

static size_t thread_size(void) {
  size_t size = sizeof(struct be_thread) + STACK_SIZE + be_cpu_frame_size();
  return (size + 4095) & ~(size_t)4095;
}

static struct be_thread *make(uint32_t index) {
  size_t size = thread_size();
  struct be_thread *thread =
      be_os_map(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!thread)
    return NULL;
  thread->index = index;
  thread->used = 1;
  thread->stack = (uint8_t *)(thread + 1);
  thread->frame = (uint8_t *)thread + size - be_cpu_frame_size();
  return thread;
}

/* One that no thread has any more, or a new one. */
struct be_thread *be_thread_create(void) {
  uint32_t count = __atomic_load_n(&thread_count, __ATOMIC_ACQUIRE), none;
  for (uint32_t i = 0; i < count && i < BE_THREADS_MAX; i++) {
    struct be_thread *thread = __atomic_load_n(&threads[i], __ATOMIC_ACQUIRE);
    none = 0;
    if (thread && !thread->used &&
        __atomic_compare_exchange_n(&thread->used, &none, 1, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED))
      return thread;
  }
  uint32_t index = __atomic_fetch_add(&thread_count, 1, __ATOMIC_ACQ_REL);
  if (index >= BE_THREADS_MAX)
    return NULL;
  struct be_thread *thread = make(index);
  __atomic_store_n(&threads[index], thread, __ATOMIC_RELEASE);
  return thread;
}

static void give_back(struct be_thread *thread) {
  if (thread)
    __atomic_store_n(&thread->used, 0, __ATOMIC_RELEASE);
}

struct be_thread *be_thread_of(union sigval value) {
  uint64_t number = (uint64_t)value.sival_ptr;
  uint32_t index = (uint32_t)number;
  if (number - index != VALUE_MARK || index >= BE_THREADS_MAX)
    return NULL;
  return __atomic_load_n(&threads[index], __ATOMIC_ACQUIRE);
}

/* ---- timers -------------------------------------------------------------------------------- */

static bool is_wall(void) { return be_agent.ring->clock == BE_RING_WALL; }

/* xorshift64 */
static uint64_t next_random(struct be_thread *thread) {
  uint64_t x = thread->random;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return thread->random = x;
}

/* Ticks are due at equal distances, and come up to half a distance sooner or later. */
void be_thread_arm(struct be_thread *thread, uint64_t now) {
  struct itimerspec when = {{0, 0}, {0, 0}};
  if (__atomic_load_n(&be_agent.ring->stop, __ATOMIC_RELAXED)) {
    be_thread_disarm(thread);
    be_statistics_write(true);
    return;
  }
  thread->due += thread->interval;
  if (thread->due < now)
    thread->due = now + thread->interval;
  uint64_t at = thread->due - thread->interval / 2 + next_random(thread) % thread->interval;
  if (is_wall()) {
    at = thread->interval / 2 + next_random(thread) % thread->interval;
    at += be_os_clock(CLOCK_MONOTONIC);
  }
  when.it_value.tv_sec = (time_t)(at / 1000000000);
  when.it_value.tv_nsec = (long)(at % 1000000000);
  be_syscall(SYS_timer_settime, thread->timer, TIMER_ABSTIME, (long)&when, 0, 0, 0);
}

void be_thread_disarm(struct be_thread *thread) {
  if (__atomic_exchange_n(&thread->armed, 0, __ATOMIC_ACQ_REL))
    be_os_call(SYS_timer_delete, thread->timer, 0, 0);
}

void be_thread_begin(struct be_thread *thread) {
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = BE_TICK};
  clockid_t clock = is_wall() ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID;
  thread->tid = (int32_t)be_os_call(SYS_gettid, 0, 0, 0);
  event.sigev_value.sival_ptr = (void *)(VALUE_MARK + thread->index);
  event._sigev_un._tid = thread->tid;
  thread->cost = be_agent.tick_cost;
  thread->interval = be_agent.interval;
  thread->ticks = 0;
  thread->name[0] = 0;
  thread->slot = NULL;
  thread->last = be_os_clock(CLOCK_THREAD_CPUTIME_ID);
  thread->due = thread->last - thread->interval / 2; /* not every thread's first at one time */
  thread->random = (be_os_clock(CLOCK_MONOTONIC) ^ (uint64_t)thread->tid << 32) | 1;
  own = thread;
  if (be_exact_is_on()) {
    be_exact_begin(thread);
    return;
  }
  if (__atomic_load_n(&be_agent.stopped, __ATOMIC_ACQUIRE) ||
      be_os_call(SYS_timer_create, clock, (long)&event, (long)&thread->timer))
    return;
  __atomic_store_n(&thread->armed, 1, __ATOMIC_RELEASE);
  __atomic_fetch_add(&be_agent.sum.threads, 1, __ATOMIC_RELAXED);
  be_thread_arm(thread, thread->last);
}

void be_threads_stop(void) {
  __atomic_store_n(&be_agent.stopped, 1, __ATOMIC_RELEASE);
  for (uint32_t i = 0; i < BE_THREADS_MAX && i < thread_count; i++)
    if (threads[i])
      be_thread_disarm(threads[i]);
  for (uint32_t i = 0; i < be_agent.slot_count; i++) /* bursts that are on their way end soon */
    while (__atomic_load_n(&be_agent.slots[i].busy, __ATOMIC_ACQUIRE))
      be_os_call(SYS_sched_yield, 0, 0, 0);
}

void be_threads_forked(void) {
  for (uint32_t i = 0; i < BE_THREADS_MAX && i < thread_count; i++)
    if (threads[i]) {
      threads[i]->armed = 0; /* timers do not survive */
      if (threads[i] != own)
        give_back(threads[i]);
    }
  if (own)
    be_thread_begin(own);
}

/* ---- the program's ------------------------------------------------------------------------- */

static void end_thread(void *argument) {
  struct be_thread *thread = argument;
  be_thread_disarm(thread);
  be_exact_end();
  own = NULL;
  give_back(thread);
}

static void begin_own(struct be_thread *thread) {
  be_thread_begin(thread);
  pthread_setspecific(key, thread);
}

static void *run_thread(void *argument) {
  struct be_thread *thread = argument;
  begin_own(thread);
  return thread->function(thread->argument);
}

static int run_c11_thread(void *argument) {
  struct be_thread *thread = argument;
  begin_own(thread);
  return ((thrd_start_t)(void *)thread->function)(thread->argument);
}

static struct be_thread *prepare(void *function, void *argument) {
  struct be_thread *thread = NULL;
  if (be_agent.ring && !be_agent.stopped)
    thread = be_thread_create();
  if (thread) {
    thread->function = (void *(*)(void *))function;
    thread->argument = argument;
  }
  return thread;
}

BE_EXPORT int pthread_create(pthread_t *id, const pthread_attr_t *attributes,
                             void *(*function)(void *), void *argument) {
  if (!real_pthread_create)
    real_pthread_create = dlsym(RTLD_NEXT, "pthread_create");
  struct be_thread *thread = prepare((void *)function, argument);
  if (!thread)
    return real_pthread_create(id, attributes, function, argument);
  int error = real_pthread_create(id, attributes, run_thread, thread);
  if (error)
    give_back(thread);
  return error;
}

BE_EXPORT int thrd_create(thrd_t *id, thrd_start_t function, void *argument) {
  if (!real_thrd_create)
    real_thrd_create = dlsym(RTLD_NEXT, "thrd_create");
  struct be_thread *thread = prepare((void *)function, argument);
  if (!thread)
    return real_thrd_create(id, function, argument);
  int error = real_thrd_create(id, run_c11_thread, thread);
  if (error != thrd_success)
    give_back(thread);
  return error;
}

bool be_threads_start(void) { return pthread_key_create(&key, end_thread) == 0; }

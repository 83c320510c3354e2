/* signals.c - keeps the agent's signals out of the program's sight.
 *
 * Faults (SIGSEGV, SIGBUS, SIGFPE, SIGILL) come to the agent first, since they may have happened in
 * a copy: then the burst ends before the instruction, and the original one repeats it where nobody
 * can tell the difference. All others go on to what the program asked for. Where the program
 * ignores one of them the kernel does so, too, as this outlives exec.
 */
#include "agent.h"
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/signalfd.h>

typedef void handler(int, siginfo_t *, void *);

/* What the program asked for. */
static struct sigaction wanted[BE_TICK + 1];
static uint32_t lock;
static bool is_started;

static int (*real_sigaction)(int, const struct sigaction *, struct sigaction *);
static __sighandler_t (*real_signal)(int, __sighandler_t);
static __sighandler_t (*real___sysv_signal)(int, __sighandler_t);
static int (*real_sigprocmask)(int, const sigset_t *, sigset_t *);
static int (*real_pthread_sigmask)(int, const sigset_t *, sigset_t *);
static int (*real_sigwait)(const sigset_t *, int *);
static int (*real_sigwaitinfo)(const sigset_t *, siginfo_t *);
static int (*real_sigtimedwait)(const sigset_t *, siginfo_t *, const struct timespec *);
static int (*real_sigpending)(sigset_t *);
static int (*real_signalfd)(int, const sigset_t *, int);

#define REAL(name)                                                                                 \
  do {                                                                                             \
    if (!real_##name)                                                                              \
      *(void **)&real_##name = dlsym(RTLD_NEXT, #name);                                            \
  } while (0)

static bool is_fault(int number) {
  return number > 0 && number < 64 && BE_SIGNAL(number) & BE_FAULTS;
}

/* Ours, and passed on when none of ours. */
static bool is_own(int number) {
  return number == BE_TICK || (number == SIGTRAP && be_exact_is_on());
}

static bool is_virtual(int number) { return is_started && (is_fault(number) || is_own(number)); }

/* ---- delivery ------------------------------------------------------------------------------ */

/* Sends the signal once more to this thread, as it came. */
static void send_again(int number, siginfo_t *info) {
  be_syscall(SYS_rt_tgsigqueueinfo, be_agent.pid, be_os_call(SYS_gettid, 0, 0, 0), number,
             (long)info, 0, 0);
}

/* The kernel is to do what it does by default, with the registers as they are now. */
static void by_default(int number, siginfo_t *info) {
  struct {
    void *handler;
    uint64_t flags;
    void *restorer;
    be_signals mask;
  } action = {SIG_DFL, 0, NULL, 0};
  be_syscall(SYS_rt_sigaction, number, (long)&action, 0, sizeof action.mask, 0, 0);
  send_again(number, info);
}

static void deliver(int number, siginfo_t *info, void *context) {
  struct sigaction *action = &wanted[number];
  handler *function = (handler *)(void *)action->sa_sigaction;
  if (action->sa_flags & SA_RESETHAND)
    function = (handler *)(void *)__atomic_exchange_n((void **)&action->sa_sigaction,
                                                      (void *)SIG_DFL, __ATOMIC_ACQ_REL);
  if ((void *)function == (void *)SIG_DFL)
    by_default(number, info);
  else if ((void *)function != (void *)SIG_IGN)
    function(number, info, context);
}

/* The slot in whose burst a signal came, or NULL. */
static struct be_slot *slot_of(const ucontext_t *context) {
  uint64_t stack = be_cpu_stack(context);
  for (uint32_t i = 0; i < be_agent.slot_count; i++) {
    struct be_slot *slot = &be_agent.slots[i];
    if (!__atomic_load_n(&slot->busy, __ATOMIC_ACQUIRE) || !slot->cache)
      continue;
    if (be_cache_holds(slot->cache, context) ||
        stack - (uint64_t)slot->thread->stack <
            (uint64_t)slot->thread->frame - (uint64_t)slot->thread->stack)
      return slot;
  }
  return NULL;
}

/* Whether this thread's instruction did it; others' signals have other codes. */
static bool is_from_instruction(int number, const siginfo_t *info) {
  return info->si_code > 0 && !(number == SIGBUS && info->si_code == BUS_MCEERR_AO);
}

/* One that somebody sent waits until the burst is over. */
static void put_off(struct be_slot *slot, int number, siginfo_t *info, ucontext_t *context) {
  *be_cpu_frame_blocked(context) |= BE_SIGNAL(number);
  send_again(number, info);
  be_cpu_hurry(slot->cache);
}

static void on_fault(int number, siginfo_t *info, void *context) {
  struct be_slot *slot;
  if (is_from_instruction(number, info) && be_cpu_fault_in_fetch(context))
    return;
  slot = slot_of(context);
  if (!slot)
    deliver(number, info, context);
  else if (!is_from_instruction(number, info))
    put_off(slot, number, info, context);
  else if (!be_cpu_fault(slot->cache, context))
    by_default(number, info);
}

void be_signals_forward(int number, siginfo_t *info, void *context) {
  deliver(number, info, context);
}

/* ---- dispositions -------------------------------------------------------------------------- */

/* A handler on the alternate stack keeps ticks out: that stack may have no room for one more frame.
 */
static void keep_tick_out(struct sigaction *action) {
  if (action->sa_flags & SA_ONSTACK)
    sigaddset(&action->sa_mask, BE_TICK);
}

/* What the kernel is told so that the program gets what it asked for. */
static int install(int number, const struct sigaction *action) {
  struct sigaction ours = *action;
  if (is_own(number))
    return 0;
  if (action->sa_handler == SIG_IGN)
    return real_sigaction(number, action, NULL);
  ours.sa_sigaction = on_fault;
  ours.sa_flags = (ours.sa_flags & ~SA_RESETHAND) | SA_SIGINFO;
  keep_tick_out(&ours);
  if (action->sa_handler == SIG_DFL) {
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigemptyset(&ours.sa_mask);
  }
  return real_sigaction(number, &ours, NULL);
}

static void set_wanted(int number, const struct sigaction *action, struct sigaction *before) {
  be_signals all = ~0ull, blocked;
  be_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&blocked, sizeof all, 0, 0);
  while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
    be_os_call(SYS_sched_yield, 0, 0, 0);
  *before = wanted[number];
  if (action) {
    wanted[number] = *action;
    install(number, action);
  }
  __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
  be_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&blocked, 0, sizeof all, 0, 0);
}

/* A child of vfork has this memory, but handlers of its own. */
static bool is_child(void) { return be_os_call(SYS_getpid, 0, 0, 0) != (long)be_agent.pid; }

/* Of a signal that is none of ours. */
static int set_other(int number, const struct sigaction *action, struct sigaction *before) {
  struct sigaction copy;
  if (action && be_agent.ring) {
    copy = *action;
    keep_tick_out(&copy);
    action = &copy;
  }
  int result = real_sigaction(number, action, before);
  if (!result && before && be_agent.ring && before->sa_flags & SA_ONSTACK)
    sigdelset(&before->sa_mask, BE_TICK);
  return result;
}

BE_EXPORT int sigaction(int number, const struct sigaction *action, struct sigaction *before) {
  struct sigaction new, old;
  REAL(sigaction);
  if (!is_virtual(number))
    return set_other(number, action, before);
  if (is_child()) {
    if (before)
      *before = wanted[number];
    return action ? real_sigaction(number, action, NULL) : 0;
  }
  if (action)
    new = *action;
  set_wanted(number, action ? &new : NULL, &old);
  if (before)
    *before = old;
  return 0;
}

BE_EXPORT int __sigaction(int number, const struct sigaction *action, struct sigaction *before) {
  return sigaction(number, action, before);
}

static __sighandler_t set_handler(int number, __sighandler_t function, int flags) {
  struct sigaction action = {.sa_handler = function, .sa_flags = flags}, before;
  if (flags & SA_RESTART)
    sigaddset(&action.sa_mask, number);
  return sigaction(number, &action, &before) ? SIG_ERR : before.sa_handler;
}

BE_EXPORT __sighandler_t signal(int number, __sighandler_t function) {
  REAL(signal);
  if (!is_virtual(number) || function == SIG_ERR)
    return real_signal(number, function);
  return set_handler(number, function, SA_RESTART);
}

BE_EXPORT __sighandler_t bsd_signal(int number, __sighandler_t function) {
  return signal(number, function);
}

BE_EXPORT __sighandler_t ssignal(int number, __sighandler_t function) {
  return signal(number, function);
}

BE_EXPORT __sighandler_t __sysv_signal(int number, __sighandler_t function) {
  REAL(__sysv_signal);
  if (!is_virtual(number) || function == SIG_ERR)
    return real___sysv_signal(number, function);
  return set_handler(number, function, SA_RESETHAND | SA_NODEFER);
}

BE_EXPORT __sighandler_t sysv_signal(int number, __sighandler_t function) {
  return __sysv_signal(number, function);
}

bool be_signals_are_ours(void) {
  static const uint8_t numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
  struct {
    void *handler;
    uint64_t flags;
    void *restorer;
    be_signals mask;
  } action;
  for (unsigned i = 0; i < sizeof numbers; i++)
    if (be_syscall(SYS_rt_sigaction, numbers[i], 0, (long)&action, sizeof action.mask, 0, 0) ||
        (action.handler != (void *)on_fault && action.handler != (void *)SIG_IGN))
      return false;
  return true;
}

/* ---- masks and waiting --------------------------------------------------------------------- */

/* Returns the set without our signal. */
static const sigset_t *without_tick(const sigset_t *set, sigset_t *copy) {
  if (!set || !be_agent.ring)
    return set;
  *copy = *set;
  sigdelset(copy, BE_TICK);
  if (be_exact_is_on())
    sigdelset(copy, SIGTRAP);
  return copy;
}

BE_EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *before) {
  sigset_t copy;
  REAL(sigprocmask);
  return real_sigprocmask(how, how == SIG_UNBLOCK ? set : without_tick(set, &copy), before);
}

BE_EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *before) {
  sigset_t copy;
  REAL(pthread_sigmask);
  return real_pthread_sigmask(how, how == SIG_UNBLOCK ? set : without_tick(set, &copy), before);
}

BE_EXPORT int sigwait(const sigset_t *set, int *number) {
  sigset_t copy;
  REAL(sigwait);
  return real_sigwait(without_tick(set, &copy), number);
}

BE_EXPORT int sigwaitinfo(const sigset_t *set, siginfo_t *info) {
  sigset_t copy;
  REAL(sigwaitinfo);
  return real_sigwaitinfo(without_tick(set, &copy), info);
}

BE_EXPORT int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout) {
  sigset_t copy;
  REAL(sigtimedwait);
  return real_sigtimedwait(without_tick(set, &copy), info, timeout);
}

BE_EXPORT int sigpending(sigset_t *set) {
  REAL(sigpending);
  int result = real_sigpending(set);
  if (result == 0 && be_agent.ring)
    sigdelset(set, BE_TICK);
  return result;
}

BE_EXPORT int signalfd(int fd, const sigset_t *set, int flags) {
  sigset_t copy;
  REAL(signalfd);
  return real_signalfd(fd, without_tick(set, &copy), flags);
}

/* ---- the beginning ------------------------------------------------------------------------- */

static void unblock_own(void) {
  be_signals tick = BE_SIGNAL(BE_TICK) | (be_exact_is_on() ? BE_SIGNAL(SIGTRAP) : 0);
  be_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&tick, 0, sizeof tick, 0, 0);
}

void be_signals_resolve(void) {
  REAL(sigaction);
  REAL(signal);
  REAL(__sysv_signal);
  REAL(sigprocmask);
  REAL(pthread_sigmask);
  REAL(sigwait);
  REAL(sigwaitinfo);
  REAL(sigtimedwait);
  REAL(sigpending);
  REAL(signalfd);
}

void be_signals_forked(void) { lock = 0; }

void be_signals_start(void) {
  struct sigaction tick = {.sa_sigaction = be_tick,
                           .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
  for (int number = 1; number <= BE_TICK; number++)
    if (is_fault(number) || is_own(number))
      real_sigaction(number, NULL, &wanted[number]);
  is_started = true;
  for (int number = 1; number < BE_TICK; number++)
    if (is_fault(number))
      install(number, &wanted[number]);
  sigfillset(&tick.sa_mask);
  for (int number = 1; number < BE_TICK; number++)
    if (is_fault(number))
      sigdelset(&tick.sa_mask, number);
  real_sigaction(BE_TICK, &tick, NULL);
  if (be_exact_is_on()) {
    tick.sa_sigaction = be_exact_trap;
    real_sigaction(SIGTRAP, &tick, NULL);
  }
  unblock_own();
}

/* signals.c - what a program sees of signals: everything it would see without the agent.
 *
 * usage: agent-signals CASE. Each case works for a while between what it looks at, so that ticks
 * come at any place, and prints what must be the same every time.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum { FAULTS = 2000, SENT = 600, OWN_SIGNAL = 59 };

static volatile uint64_t sink;
static volatile sig_atomic_t seen;
static uint64_t seen_ip, seen_address;
static int seen_code;
static sigjmp_buf jump;

static void work(unsigned rounds) {
  uint64_t x = 1;
  for (unsigned i = 0; i < rounds; i++)
    x = x & 1 ? 3 * x + 1 : x / 2 + i;
  sink += x;
}

static void expect(int good, const char *what) {
  if (good)
    return;
  printf("not as expected: %s\n", what);
  exit(1);
}

static void handle(int number, void (*function)(int, siginfo_t *, void *), int flags) {
  struct sigaction action = {.sa_sigaction = function, .sa_flags = flags | SA_SIGINFO}, old;
  expect(!sigaction(number, &action, NULL), "sigaction");
  expect(!sigaction(number, NULL, &old), "sigaction");
  expect(old.sa_sigaction == function, "the handler that was set");
}

/* ---- faults -------------------------------------------------------------------------------- */

/* Labels whose addresses the handlers compare. */
uint64_t fault_read(const void *address, uint64_t a);
uint64_t fault_divide(uint64_t by, uint64_t a);
void fault_illegal(void);
uint64_t fault_float(double by);
uint64_t fault_call(const void *address);
extern const char fault_read_at[], fault_divide_at[], fault_illegal_at[], fault_float_at[];

__asm__(
    ".text\n"
    "fault_read: xor %eax, %eax\n 1: inc %rax\n cmp $9, %rax\n jb 1b\n"
    ".globl fault_read_at\nfault_read_at: mov (%rdi), %rax\n ret\n"
    "fault_divide: mov %rsi, %rax\n xor %edx, %edx\n jmp 1f\n 1: .globl fault_divide_at\n"
    "fault_divide_at: div %rdi\n ret\n"
    "fault_illegal: jmp fault_illegal_at\n .globl fault_illegal_at\nfault_illegal_at: ud2\n ret\n"
    "fault_float: mov $1, %eax\n cvtsi2sd %eax, %xmm1\n jmp 1f\n 1: .globl fault_float_at\n"
    "fault_float_at: divsd %xmm0, %xmm1\n movq %xmm1, %rax\n ret\n"
    "fault_call: jmp 1f\n 1: call *%rdi\n ret\n");

static greg_t *registers_of(void *context) { return ((ucontext_t *)context)->uc_mcontext.gregs; }

/* Goes on behind the instruction: of three bytes, or of two with rax, or of four. */
static void on_fault(int number, siginfo_t *info, void *context) {
  greg_t *registers = registers_of(context);
  seen = number;
  seen_code = info->si_code;
  seen_ip = (uint64_t)registers[REG_RIP];
  seen_address = (uint64_t)info->si_addr;
  if (seen_ip == (uint64_t)fault_read_at || seen_ip == (uint64_t)fault_divide_at)
    registers[REG_RIP] += 3;
  else if (seen_ip == (uint64_t)fault_illegal_at)
    registers[REG_RIP] += 2;
  else if (seen_ip == (uint64_t)fault_float_at)
    registers[REG_RIP] += 4;
  else { /* of a call: back to behind it */
    registers[REG_RIP] = *(greg_t *)registers[REG_RSP];
    registers[REG_RSP] += 8;
  }
  registers[REG_RAX] = 77;
  work(50);
}

static void check_fault(int number, int code, const void *ip, const void *address,
                        const char *what) {
  expect(seen == number, what);
  expect(code < 0 || seen_code == code, what);
  expect(!ip || seen_ip == (uint64_t)ip, what);
  expect(!address || seen_address == (uint64_t)address, what);
  seen = 0;
  work(300);
}

static void faults(int flags) {
  char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint32_t unmasked = 0x1f80 & ~0x200u, masked = 0x1f80;
  handle(SIGSEGV, on_fault, flags);
  handle(SIGFPE, on_fault, flags);
  handle(SIGILL, on_fault, flags);
  handle(SIGBUS, on_fault, flags);
  for (int i = 0; i < FAULTS; i++) {
    expect(fault_read(page + 8, 1) == 77, "the handler's rax");
    check_fault(SIGSEGV, SEGV_ACCERR, fault_read_at, page + 8, "no leave to read");
    fault_read((void *)0x10, 1);
    check_fault(SIGSEGV, SEGV_MAPERR, fault_read_at, (void *)0x10, "nothing to read");
    fault_read((void *)0x8000000000000000, 1);
    check_fault(SIGSEGV, -1, fault_read_at, NULL, "no address to read");
    expect(fault_divide(0, 1) == 77, "the handler's rax");
    check_fault(SIGFPE, FPE_INTDIV, fault_divide_at, fault_divide_at, "division by zero");
    fault_illegal();
    check_fault(SIGILL, ILL_ILLOPN, fault_illegal_at, fault_illegal_at, "an illegal instruction");
    fault_call(page);
    check_fault(SIGSEGV, SEGV_ACCERR, page, page, "a call to where no code is");
    fault_call((void *)0x4000000000000000);
    check_fault(SIGSEGV, -1, NULL, NULL, "a call to no address");
    __asm__ volatile("ldmxcsr %0" : : "m"(unmasked));
    fault_float(0);
    __asm__ volatile("ldmxcsr %0" : : "m"(masked));
    check_fault(SIGFPE, FPE_FLTDIV, fault_float_at, fault_float_at, "float division by zero");
  }
}

static void on_other_stack(void) {
  stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
  expect(!sigaltstack(&stack, NULL), "sigaltstack");
  faults(SA_ONSTACK);
}

static void on_jump(int number, siginfo_t *info, void *context) {
  seen_address = (uint64_t)info->si_addr;
  siglongjmp(jump, number);
}

static void jumps(void) {
  handle(SIGSEGV, on_jump, 0);
  for (volatile int i = 0; i < 10 * FAULTS; i++) {
    int number = sigsetjmp(jump, 1);
    if (!number) {
      work(100);
      fault_read((void *)(uintptr_t)(i + 1), 0);
      expect(0, "a fault");
    }
    expect(number == SIGSEGV && seen_address == (uint64_t)i + 1, "the fault's address");
  }
}

static int deep(volatile char *from) {
  volatile char room[200];
  room[0] = *from;
  return room[0] ? deep(room) + room[0] : 0;
}

/* Recovers from an overflow of the stack, again and again. */
static void overflows(void) {
  stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
  sigaltstack(&stack, NULL);
  handle(SIGSEGV, on_jump, SA_ONSTACK);
  for (volatile int i = 0; i < 20; i++) {
    char start = 1;
    if (!sigsetjmp(jump, 1))
      deep(&start);
  }
}

static void on_tight(int number, siginfo_t *info, void *context) {
  work(20000000);
  seen++;
}

/* There is room for one frame, and for what the handler calls. */
static void tight(void) {
  size_t size = (size_t)sysconf(_SC_MINSIGSTKSZ) + 1500;
  char *room = mmap(NULL, 8192 + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stack_t stack = {.ss_sp = room + 8192, .ss_size = size};
  expect(!sigaltstack(&stack, NULL), "sigaltstack");
  handle(SIGUSR1, on_tight, SA_ONSTACK);
  handle(SIGSEGV, on_tight, SA_ONSTACK);
  raise(SIGUSR1);
  raise(SIGSEGV);
  expect(seen == 2, "how many signals came");
}

/* What a child of vfork sets is its own. */
static void of_child(void) {
  struct sigaction old;
  handle(SIGSEGV, on_fault, 0);
  pid_t pid = vfork();
  if (pid == 0) {
    signal(SIGSEGV, SIG_DFL);
    signal(SIGFPE, SIG_IGN);
    _exit(0);
  }
  sigaction(SIGSEGV, NULL, &old);
  expect(old.sa_sigaction == on_fault, "the parent's handler");
  expect(signal(SIGFPE, SIG_DFL) == SIG_DFL, "the parent's default");
  expect(fault_read((void *)0x10, 1) == 77, "the handler's rax");
}

static void on_once(int number, siginfo_t *info, void *context) { seen++; }

static void resets(void) {
  struct sigaction old;
  handle(SIGSEGV, on_once, SA_RESETHAND);
  raise(SIGSEGV);
  expect(seen == 1, "one signal");
  sigaction(SIGSEGV, NULL, &old);
  expect(old.sa_handler == SIG_DFL, "the default");
  expect(signal(SIGFPE, SIG_IGN) == SIG_DFL && signal(SIGFPE, SIG_DFL) == SIG_IGN, "signal");
}

/* ---- sent by others ------------------------------------------------------------------------ */

static void on_sent(int number, siginfo_t *info, void *context) {
  expect(info->si_code == SI_TKILL || info->si_code == SI_USER || info->si_code == SI_QUEUE,
         "who sent it");
  seen++;
  work(20);
}

static pthread_t receiver;
static volatile int done;

static void *send(void *argument) {
  for (int i = 0; i < SENT; i++) {
    int before = seen;
    pthread_kill(receiver, i % 2 ? SIGSEGV : i % 3 ? SIGFPE : SIGUSR1);
    while (seen == before)
      usleep(20);
  }
  done = 1;
  return NULL;
}

static void sent(void) {
  pthread_t sender;
  handle(SIGSEGV, on_sent, 0);
  handle(SIGFPE, on_sent, 0);
  handle(SIGUSR1, on_sent, 0);
  receiver = pthread_self();
  pthread_create(&sender, NULL, send, NULL);
  while (!done)
    work(1000);
  pthread_join(sender, NULL);
  expect(seen == SENT, "how many signals came");
}

/* ---- those that the agent uses, or might ---------------------------------------------------- */

static void on_own(int number, siginfo_t *info, void *context) {
  expect(info->si_code == SI_QUEUE && info->si_value.sival_int == 5, "the value that was sent");
  seen++;
}

static void own_signal(void) {
  union sigval value = {.sival_int = 5};
  handle(OWN_SIGNAL, on_own, 0);
  for (int i = 0; i < 1000; i++) {
    sigqueue(getpid(), OWN_SIGNAL, value);
    work(500);
  }
  expect(seen == 1000, "how many signals came");
}

static void *wait_for_all(void *argument) {
  sigset_t all;
  int number;
  sigfillset(&all);
  for (int i = 0; i < 200; i++) {
    expect(!sigwait(&all, &number) && number == SIGUSR2, "sigwait");
    work(20000);
    seen++;
  }
  return NULL;
}

/* Everything is blocked, and one thread takes what comes. */
static void waits(void) {
  sigset_t all, pending;
  pthread_t thread;
  sigfillset(&all);
  sigdelset(&all, SIGTRAP);
  pthread_sigmask(SIG_BLOCK, &all, NULL);
  pthread_create(&thread, NULL, wait_for_all, NULL);
  for (int i = 0; i < 200; i++) {
    pthread_kill(thread, SIGUSR2);
    while (seen == i) {
      work(1000);
      sigpending(&pending);
      expect(!sigismember(&pending, OWN_SIGNAL), "nothing else is pending");
    }
  }
  pthread_join(thread, NULL);
}

static void by_descriptor(void) {
  sigset_t all;
  struct signalfd_siginfo info;
  sigfillset(&all);
  sigdelset(&all, SIGTRAP);
  sigprocmask(SIG_BLOCK, &all, NULL);
  int fd = signalfd(-1, &all, 0);
  for (int i = 0; i < 200; i++) {
    work(30000);
    raise(SIGUSR1);
    expect(read(fd, &info, sizeof info) == sizeof info && info.ssi_signo == SIGUSR1, "signalfd");
  }
}

static void on_trap(int number, siginfo_t *info, void *context) { seen++; }

static void traps(void) {
  handle(SIGTRAP, on_trap, 0);
  for (int i = 0; i < 5000; i++) {
    __asm__ volatile("int3");
    work(300);
  }
  expect(seen == 5000, "how many traps came");
}

static void on_timer(int number, siginfo_t *info, void *context) {
  seen++;
  work(200);
}

/* Timers of its own: of the profiler's kind, and one that sends what the agent's do. */
static void timers(void) {
  struct itimerval interval = {{0, 2000}, {0, 2000}};
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = OWN_SIGNAL};
  struct itimerspec when = {{0, 3000000}, {0, 3000000}};
  timer_t timer;
  handle(SIGPROF, on_timer, SA_RESTART);
  handle(OWN_SIGNAL, on_timer, SA_RESTART);
  setitimer(ITIMER_PROF, &interval, NULL);
  expect(!timer_create(CLOCK_MONOTONIC, &event, &timer), "timer_create");
  timer_settime(timer, 0, &when, NULL);
  while (seen < 100)
    work(1000);
  timer_delete(timer);
}

/* Nothing interrupts what sleeps. */
static void sleeps(void) {
  int pipes[2], epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  expect(!pipe(pipes), "pipe");
  struct pollfd wanted = {.fd = pipes[0], .events = POLLIN};
  epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], &event);
  for (int i = 0; i < 150; i++) {
    struct timespec pause = {0, 300000};
    work(200000);
    expect(nanosleep(&pause, NULL) == 0, "nanosleep");
    expect(poll(&wanted, 1, 1) == 0, "poll");
    expect(epoll_wait(epoll, &event, 1, 1) == 0, "epoll_wait");
    expect(clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL) == 0, "clock_nanosleep");
  }
}

/* ---- the ends ------------------------------------------------------------------------------ */

static void dies_of_read(void) {
  work(3000000);
  fault_read((void *)0x10, 0);
}

static void dies_of_signal(void) {
  work(3000000);
  raise(SIGSEGV);
}

static void dies_of_other(void) {
  work(3000000);
  raise(OWN_SIGNAL);
}

static void dies_though_blocked(void) {
  sigset_t all;
  handle(SIGSEGV, on_jump, 0);
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  work(3000000);
  fault_read((void *)0x10, 0);
}

static void plain_faults(void) { faults(0); }

static const struct {
  const char *name;
  void (*function)(void);
} cases[] = {{"faults", plain_faults},
             {"other-stack", on_other_stack},
             {"jumps", jumps},
             {"overflows", overflows},
             {"tight", tight},
             {"of-child", of_child},
             {"resets", resets},
             {"sent", sent},
             {"own-signal", own_signal},
             {"waits", waits},
             {"descriptor", by_descriptor},
             {"traps", traps},
             {"timers", timers},
             {"sleeps", sleeps},
             {"dies-of-read", dies_of_read},
             {"dies-of-signal", dies_of_signal},
             {"dies-of-other", dies_of_other},
             {"dies-though-blocked", dies_though_blocked}};

int main(int argc, char **argv) {
  for (unsigned i = 0; argc > 1 && i < sizeof cases / sizeof *cases; i++)
    if (!strcmp(argv[1], cases[i].name)) {
      cases[i].function();
      printf("%s: as expected\n", cases[i].name);
      return 0;
    }
  return 2;
}

// RUN: %grid %s
// RUN: %changed gcc passes=insert-prefetch -O2 %s | %FileCheck %s
// RUN: %changed clang passes=insert-prefetch -O2 %s | %FileCheck %s
/* Loops within loops that need not end, and here do not: the fourth iteration never comes back, and
 * what those after it would access is nowhere. An alarm ends each. C lets nobody assume that a loop
 * ends whose controlling expression is a constant, or that is none (C11, 6.8.5p6). */
#include "fenced.h"
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

enum { LENGTH = 64, ENDLESS = 3 };

// What may be assumed to end gets prefetches, and the rest none.
// CHECK-NOT: {{.}}
// CHECK:     ends
// CHECK-NOT: {{.}}

static sigjmp_buf out;
static volatile int came_back;

struct data {
  const long *c, *b, *a;
  const int *flag;
  long n;
};

#define TAKE(i)                                                                                    \
  long x = d->a[d->b[d->c[i]]];                                                                    \
  VISIT((uint64_t)x)

NOINLINE uint64_t ends(const struct data *restrict d, const long *const *lists) {
  uint64_t sum = 0;
  for (long i = 0, n = d->n; i < n; i++) {
    for (const long *at = lists[i]; at; at = (const long *)*at)
      sum++;
    TAKE(i);
  }
  return sum;
}

NOINLINE uint64_t no_condition(const struct data *restrict d) {
  uint64_t sum = 0;
  for (long i = 0, n = d->n; i < n; i++) {
    for (unsigned q = !d->flag[i];;) {
      if (q == 1)
        break;
      q = q & 1 ? 3 * q + 1 : q / 2;
    }
    TAKE(i);
  }
  return sum;
}

NOINLINE uint64_t constant(const struct data *restrict d) {
  uint64_t sum = 0;
  for (long i = 0, n = d->n; i < n; i++) {
    unsigned q = !d->flag[i];
    do {
      if (q == 1)
        break;
      q = q & 1 ? 3 * q + 1 : q / 2;
    } while (1);
    TAKE(i);
  }
  return sum;
}

NOINLINE uint64_t jumps(const struct data *restrict d) {
  uint64_t sum = 0;
  for (long i = 0, n = d->n; i < n; i++) {
    unsigned q = !d->flag[i];
  again:
    if (q != 1) {
      q = q & 1 ? 3 * q + 1 : q / 2;
      goto again;
    }
    TAKE(i);
  }
  return sum;
}

static inline __attribute__((always_inline)) unsigned turn(unsigned q) {
  for (;;) {
    if (q == 1)
      return q;
    q = q & 1 ? 3 * q + 1 : q / 2;
  }
}

NOINLINE uint64_t inlined(const struct data *restrict d) {
  uint64_t sum = 0;
  for (long i = 0, n = d->n; i < n; i++) {
    sum += turn(!d->flag[i]);
    TAKE(i);
  }
  return sum;
}

static unsigned odd(unsigned q);
static unsigned even(unsigned q) { return q == 1 ? q : odd(q / 2); }
static unsigned odd(unsigned q) { return q == 1 ? q : even(q * 2); }

/* Not called: without optimization it would use up the stack. */
NOINLINE uint64_t recursive(const struct data *restrict d) {
  uint64_t sum = 0;
  for (long i = 0, n = d->n; i < n; i++) {
    sum += odd(!d->flag[i]);
    TAKE(i);
  }
  return sum;
}

static void leave(int signal) {
  (void)signal;
  siglongjmp(out, 1);
}

static void try(const char *name, uint64_t (*function)(const struct data *restrict),
                const struct data *d) {
  const struct itimerval soon = {.it_value = {.tv_usec = 20000}};
  came_back = 0;
  if (!sigsetjmp(out, 1)) {
    setitimer(ITIMER_REAL, &soon, NULL);
    function(d);
    came_back = 1;
  }
  printf("%s %s\n", name, came_back ? "came back" : "is endless");
}

int main(void) {
  long *c = fenced(LENGTH * sizeof *c), *b = fenced(LENGTH * sizeof *b);
  long *a = fenced(LENGTH * sizeof *a);
  const long **lists = fenced(LENGTH * sizeof *lists);
  int *flag = fenced(LENGTH * sizeof *flag);
  for (long i = 0; i < LENGTH; i++) {
    c[i] = i, b[i] = LENGTH - 1 - i, a[i] = 5 * i, flag[i] = i == ENDLESS;
    lists[i] = &c[0] + i;
  }
  c[0] = 0;
  for (long i = 1; i < LENGTH; i++)
    lists[i] = NULL;
  struct data d = {c, b, a, flag, LENGTH};
  printf("%llu\n", (unsigned long long)ends(&d, lists));
  for (long i = ENDLESS + 1; i < LENGTH; i++)
    c[i] = 0x123456789abc;
  signal(SIGALRM, leave);
  try("no_condition", no_condition, &d);
  try("constant", constant, &d);
  try("jumps", jumps, &d);
  try("inlined", inlined, &d);
  return 0;
}

// RUN: %grid %s
// RUN: %changed gcc passes=insert-prefetch -O2 %s | %FileCheck %s
// RUN: %changed clang passes=insert-prefetch -O2 %s | %FileCheck %s
/* Which iterations there are, and which trips of inner loops: where that is taken to be more than
 * is so, a load made ahead of time leaves the data and faults. */
#include "fenced.h"
#include <limits.h>

// Where there are prefetches. The counters of long_step and small_long_step cannot hold as many
// iterations ahead; clang's optimizer lets long_step count by j instead.
// CHECK:      last_trip
// CHECK:      signed_limit
// CHECK-NEXT: skipped_in_first_trip
// CHECK-NOT:  small_long_step
// CHECK:      small_wraps
// CHECK-NEXT: wraps

enum { LENGTH = 240 };

struct end {
  int value, more;
};

struct link {
  struct end *to;
};

/* The first iteration is not tested; where it would not have passed, the counter wraps. */
NOINLINE uint64_t wraps(int *const *a, const unsigned *b, unsigned i, unsigned n) {
  uint64_t sum = 0;
  do {
    unsigned x = (unsigned)*a[b[i + 1]];
    VISIT(x);
    i++;
  } while (i < n);
  return sum;
}

NOINLINE uint64_t small_wraps(int *const *a, const unsigned *b, unsigned short i,
                              unsigned short least) {
  uint64_t sum = 0;
  do {
    unsigned x = (unsigned)*a[b[(unsigned short)(USHRT_MAX - i)]];
    VISIT(x);
    i--;
  } while (i > least);
  return sum;
}

NOINLINE uint64_t signed_limit(int *const *a, const unsigned *b, unsigned i, int n) {
  uint64_t sum = 0;
  do {
    unsigned x = (unsigned)*a[b[i - INT_MAX]];
    VISIT(x);
    i++;
  } while ((int)i < n);
  return sum;
}

/* The inner loop's only way out is in a part that its first trip may leave out. */
NOINLINE uint64_t skipped_in_first_trip(const long *index, const int *flag,
                                        struct link *const *links, int n, int limit) {
  uint64_t sum = 0;
  for (int i = 0; i < n; i++) {
    long k = index[i];
    if (k < 0)
      continue;
    for (; k >= 0; k++) {
      if (!flag[k])
        continue;
      struct end *end = links[k]->to;
      sum += (uint64_t)end->more;
      if (end->value > limit)
        break;
    }
    sum += (uint64_t)k;
  }
  return sum;
}

/* What is used after the inner loop is its last trip's, not its first one's. */
NOINLINE uint64_t last_trip(const long *index, const int *some, const int *flag,
                            struct link *const *links, int n) {
  uint64_t sum = 0;
  for (int i = 0; i < n; i++) {
    long k = index[i];
    if (some[i]) {
      k += some[i] >> 8;
      do
        k++;
      while (!flag[k]);
    }
    unsigned x = (unsigned)links[k]->to->more;
    VISIT(x);
  }
  return sum;
}

/* Some iterations ahead times the step is more than the counter can hold. */
NOINLINE uint64_t long_step(int *const *a, const unsigned *b, unsigned n) {
  uint64_t sum = 0;
  for (unsigned i = 0, j = 0; i < n; i += 1u << 28, j++) {
    unsigned x = (unsigned)*a[b[j]];
    VISIT(x);
  }
  return sum;
}

NOINLINE uint64_t small_long_step(int *const *a, const unsigned *b, unsigned short n) {
  uint64_t sum = 0;
  for (unsigned short i = 0, j = 0; i < n; i = (unsigned short)(i + 4096), j++) {
    unsigned x = (unsigned)*a[b[j]];
    VISIT(x);
  }
  return sum;
}

int main(void) {
  static struct end end = {7, 5};
  static struct link good = {&end};
  struct link *nowhere = (struct link *)8;
  int five = 5;
  int **a = fenced(16 * sizeof *a);
  unsigned *b = fenced(4 * sizeof *b);
  long *index = fenced(LENGTH * sizeof *index);
  int *some = fenced(LENGTH * sizeof *some), *flag = fenced(2 * LENGTH * sizeof *flag);
  struct link **links = fenced(2 * LENGTH * sizeof(struct link *));
  for (int i = 0; i < 16; i++)
    a[i] = &five;
  for (unsigned i = 0; i < 4; i++)
    b[i] = i;
  for (int i = 0; i < LENGTH; i++) {
    index[i] = i;
    some[i] = 1;
  }
  for (int i = 0; i < 2 * LENGTH; i++) {
    flag[i] = i % 3 == 2;
    links[i] = flag[i] ? &good : nowhere;
  }
  printf("%d\n", (int)wraps(a, b, -1u, 3));
  printf("%d\n", (int)small_wraps(a, b, USHRT_MAX, USHRT_MAX - 4));
  printf("%d\n", (int)small_wraps(a, b, USHRT_MAX - 3, USHRT_MAX - 1));
  printf("%d\n", (int)signed_limit(a, b, INT_MAX, INT_MIN + 3));
  printf("%d\n", (int)skipped_in_first_trip(index, flag, links, LENGTH, 3));
  printf("%d\n", (int)last_trip(index, some, flag, links, LENGTH));
  printf("%d\n", (int)long_step(a, b, 3u << 28));
  printf("%d\n", (int)small_long_step(a, b, 3 * 4096));
  return 0;
}

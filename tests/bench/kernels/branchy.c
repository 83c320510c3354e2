/* branchy.c - a[b[c[i]]], with a branch on what is found. */
#include "bench.h"

enum { N = 6 << 20, MIDDLE = 32 << 20, LAST = 64 << 20 };

static uint32_t *a, *b, *c;

static void setup(void) {
  a = make(LAST, sizeof *a);
  b = make(MIDDLE, sizeof *b);
  c = make(N, sizeof *c);
  for (uint32_t i = 0; i < LAST; i++)
    a[i] = (uint32_t)random_next();
  for (uint32_t i = 0; i < MIDDLE; i++)
    b[i] = random_below(LAST);
  for (uint32_t i = 0; i < N; i++)
    c[i] = random_below(MIDDLE);
}

static NOINLINE uint64_t gather(const uint32_t *x, const uint32_t *y, const uint32_t *z, int n) {
  uint64_t sum = 0;
  for (int i = 0; i < n; i++) {
#ifdef HAND
    __builtin_prefetch(&y[z[i + DISTANCE < n ? i + DISTANCE : n - 1]], 0, 3);
    __builtin_prefetch(&x[y[z[i + DISTANCE / 2 < n ? i + DISTANCE / 2 : n - 1]]], 0, 3);
#endif
    uint32_t found = x[y[z[i]]];
    if (found & 1) {
      sum += found / 7;
      if (found & 2)
        sum ^= found * sum;
    } else if (found & 4) {
      sum -= found % 11 + sum / 3;
    }
  }
  return sum;
}

static uint64_t kernel(void) { return gather(a, b, c, N); }

/* stream.c - three arrays from end to end: the hardware prefetches them. */
#include "bench.h"

enum { N = 24 << 20, ROUNDS = 8 };

static double *a, *b, *c;

static void setup(void) {
  a = make(N, sizeof *a);
  b = make(N, sizeof *b);
  c = make(N, sizeof *c);
  for (int i = 0; i < N; i++) {
    b[i] = i & 15;
    c[i] = i & 31;
    a[i] = 0;
  }
}

static NOINLINE void triad(double *to, const double *x, const double *z, double factor, long n) {
  for (long i = 0; i < n; i++) {
#ifdef HAND
    __builtin_prefetch(&x[i + DISTANCE < n ? i + DISTANCE : n - 1], 0, 3);
    __builtin_prefetch(&z[i + DISTANCE < n ? i + DISTANCE : n - 1], 0, 3);
#endif
    to[i] = x[i] + factor * z[i];
  }
}

static uint64_t kernel(void) {
  for (int round = 0; round < ROUNDS; round++)
    triad(a, b, c, round, N);
  double sum = 0;
  for (int i = 0; i < N; i += 1000)
    sum += a[i];
  return (uint64_t)sum;
}

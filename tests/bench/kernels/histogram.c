/* histogram.c - counts of random keys: independent iterations with a small body. */
#include "bench.h"

enum { N = 24 << 20, BINS = 32 << 20 };

static uint32_t *keys, *bins;

static void setup(void) {
  keys = make(N, sizeof *keys);
  bins = make(BINS, sizeof *bins);
  for (uint32_t i = 0; i < N; i++)
    keys[i] = random_below(BINS);
  for (uint32_t i = 0; i < BINS; i++)
    bins[i] = 1;
}

static NOINLINE void count(uint32_t *to, const uint32_t *key, int n) {
  for (int i = 0; i < n; i++) {
#ifdef HAND
    __builtin_prefetch(&to[key[i + DISTANCE < n ? i + DISTANCE : n - 1]], 1, 3);
#endif
    to[key[i]]++;
  }
}

static uint64_t kernel(void) {
  count(bins, keys, N);
  return bins[1] + bins[BINS / 2];
}

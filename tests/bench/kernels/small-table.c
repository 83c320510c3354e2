/* small-table.c - a hash table that stays in the cache: nothing to gain. */
#include "bench.h"

enum { BUCKETS = 1 << 10, N = 8 << 20, ROUNDS = 4 };

struct bucket {
  uint32_t key, value;
};

static struct bucket table[BUCKETS];
static uint32_t *keys;

static inline uint32_t hash(uint32_t key) { return (key * 2654435761u) >> 22; }

static void setup(void) {
  keys = make(N, sizeof *keys);
  for (uint32_t i = 0; i < BUCKETS; i++) {
    uint32_t key = (uint32_t)random_next();
    table[hash(key)] = (struct bucket){key, i};
  }
  for (uint32_t i = 0; i < N; i++)
    keys[i] = table[random_below(BUCKETS)].key ^ (i & 1);
}

static NOINLINE uint64_t probe(const uint32_t *probes, int n) {
  uint64_t sum = 0;
  for (int i = 0; i < n; i++) {
#ifdef HAND
    __builtin_prefetch(&table[hash(probes[i + DISTANCE < n ? i + DISTANCE : n - 1])], 0, 3);
#endif
    const struct bucket *b = &table[hash(probes[i])];
    if (b->key == probes[i])
      sum += b->value;
  }
  return sum;
}

static uint64_t kernel(void) {
  uint64_t sum = 0;
  for (int round = 0; round < ROUNDS; round++)
    sum += probe(keys, N);
  return sum;
}

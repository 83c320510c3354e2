/* join-shallow.c - hash join, probe side: buckets of at most four tuples in place. */
#include "bench.h"

enum { BUCKETS = 1 << 22, PROBES = 6 << 20, SLOTS = 4 };

struct bucket {
  uint32_t count;
  uint32_t key[SLOTS];
  uint32_t value[SLOTS];
  uint32_t spare[7];
};

static struct bucket *table;
static uint32_t *keys;

static inline uint32_t hash(uint32_t key) { return (key * 2654435761u) >> 10; }

static void setup(void) {
  table = make(BUCKETS, sizeof *table);
  keys = make(PROBES, sizeof *keys);
  for (uint32_t i = 0; i < BUCKETS * 3 / 2; i++) {
    uint32_t key = random_below(1u << 31);
    struct bucket *b = &table[hash(key)];
    if (b->count < SLOTS) {
      b->key[b->count] = key;
      b->value[b->count++] = i;
    }
    keys[i % PROBES] = i & 1 ? key : key + 1;
  }
}

static NOINLINE uint64_t probe(const struct bucket *buckets, const uint32_t *probes, int n) {
  uint64_t sum = 0;
  for (int i = 0; i < n; i++) {
#ifdef HAND
    __builtin_prefetch(&buckets[hash(probes[i + DISTANCE < n ? i + DISTANCE : n - 1])], 0, 3);
#endif
    const struct bucket *b = &buckets[hash(probes[i])];
    for (uint32_t j = 0; j < b->count; j++)
      if (b->key[j] == probes[i])
        sum += b->value[j];
  }
  return sum;
}

static uint64_t kernel(void) { return probe(table, keys, PROBES); }

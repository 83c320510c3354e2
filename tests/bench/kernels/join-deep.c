/* join-deep.c - hash join, probe side: each bucket is a chain of tuples, four on average. */
#include "bench.h"

enum { BUCKETS = 1 << 21, TUPLES = 8 << 20, PROBES = 1 << 21 };

struct tuple {
  uint64_t key, value;
  struct tuple *next;
};

static struct tuple **heads;
static uint64_t *keys;

static inline uint64_t hash(uint64_t key) { return (key * 0x9e3779b97f4a7c15u) >> 43; }

static void setup(void) {
  struct tuple *tuples = make(TUPLES, sizeof *tuples);
  heads = make(BUCKETS, sizeof *heads);
  keys = make(PROBES, sizeof *keys);
  for (uint32_t i = 0; i < TUPLES; i++) {
    tuples[i].key = random_next();
    tuples[i].value = i;
    struct tuple **head = &heads[hash(tuples[i].key)];
    tuples[i].next = *head;
    *head = &tuples[i];
  }
  for (uint32_t i = 0; i < PROBES; i++)
    keys[i] = tuples[random_below(TUPLES)].key;
}

static NOINLINE uint64_t probe(struct tuple *const *buckets, const uint64_t *probes, int n) {
  uint64_t sum = 0;
  for (int i = 0; i < n; i++) {
#ifdef HAND
    /* The head's address and contents are what iterations to come will use; a tuple's `next` is
     * read only where there is a tuple. */
    int far = i + 3 * DISTANCE / 2 < n ? i + 3 * DISTANCE / 2 : n - 1;
    int middle = i + DISTANCE < n ? i + DISTANCE : n - 1;
    int near = i + DISTANCE / 2 < n ? i + DISTANCE / 2 : n - 1;
    __builtin_prefetch(&buckets[hash(probes[far])], 0, 3);
    __builtin_prefetch(buckets[hash(probes[middle])], 0, 3);
    const struct tuple *first = buckets[hash(probes[near])];
    __builtin_prefetch(first ? first->next : first, 0, 3);
#endif
    uint64_t key = probes[i];
    for (const struct tuple *t = buckets[hash(key)]; t; t = t->next)
      if (t->key == key)
        sum += t->value;
  }
  return sum;
}

static uint64_t kernel(void) { return probe(heads, keys, PROBES); }

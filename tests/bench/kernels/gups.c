/* gups.c - random access: the updates of HPCC's RandomAccess, 128 streams at a time. */
#include "bench.h"

enum { WORDS = 32 << 20, STREAMS = 128, ROUNDS = 160 << 10 };

static uint64_t *table, streams[STREAMS];

static void setup(void) {
  table = make(WORDS, sizeof *table);
  for (uint64_t i = 0; i < WORDS; i++)
    table[i] = i;
  for (int i = 0; i < STREAMS; i++)
    streams[i] = random_next();
}

static NOINLINE void update(uint64_t *to, uint64_t *state, int rounds, uint64_t mask) {
  for (int round = 0; round < rounds; round++) {
    for (int i = 0; i < STREAMS; i++) {
#ifdef HAND
      __builtin_prefetch(&to[state[i + DISTANCE < STREAMS ? i + DISTANCE : STREAMS - 1] & mask], 1,
                         3);
#endif
      state[i] = (state[i] << 1) ^ ((int64_t)state[i] < 0 ? 7 : 0);
      to[state[i] & mask] ^= state[i];
    }
  }
}

static uint64_t kernel(void) {
  update(table, streams, ROUNDS, WORDS - 1);
  return table[1] ^ table[WORDS / 2];
}

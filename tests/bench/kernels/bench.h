/* bench.h - what the kernels share: random numbers, memory, and the timed run.
 *
 * A kernel defines setup() and kernel(). It is compiled plain, or with -DHAND for prefetches placed
 * by hand: legal ones, whose own loads never leave the data that the plain program reads. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifndef DISTANCE
#define DISTANCE 32
#endif

#define NOINLINE __attribute__((noinline))

static void setup(void);
static uint64_t kernel(void);

static uint64_t random_state = 1;

/* splitmix64 */
static inline uint64_t random_next(void) {
  uint64_t z = random_state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

/* A random number below n. */
static inline uint32_t random_below(uint32_t n) {
  return (uint32_t)((random_next() >> 32) * n >> 32);
}

static inline void *make(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (!memory)
    exit(2);
  return memory;
}

/* Prints the kernel's CPU seconds and its result. */
int main(void) {
  struct timespec from, to;
  setup();
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
  uint64_t result = kernel();
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
  printf("%.6f %llu\n",
         (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec),
         (unsigned long long)result);
  return 0;
}

#endif

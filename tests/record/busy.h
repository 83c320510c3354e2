/* busy.h - computes for a while: BUSY nanoseconds of a thread's CPU time. */
#ifndef TESTS_RECORD_BUSY_H
#define TESTS_RECORD_BUSY_H

#include <time.h>

#ifndef BUSY
#define BUSY 100000000L
#endif

/* Inlined: the time is that of the function it stands in. */
__attribute__((always_inline)) static inline void compute(void) {
  struct timespec begin, now;
  volatile unsigned sum = 0;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
  do {
    for (unsigned i = 0; i < 1000000; i++)
      sum += i;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  } while ((now.tv_sec - begin.tv_sec) * 1000000000L + now.tv_nsec - begin.tv_nsec < BUSY);
}

#endif

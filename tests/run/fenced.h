/* fenced.h - what tests of prefetching share: memory between pages that cannot be touched. */
#ifndef FENCED_H
#define FENCED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noipa))
#endif

/* Memory of `size` bytes that ends at a guard page and begins after one, when it fills its pages.
 */
static void *fenced(size_t size) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), all = (size + page - 1) / page * page;
  char *at = mmap(NULL, all + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED || mprotect(at, page, PROT_NONE) ||
      mprotect(at + page + all, page, PROT_NONE))
    exit(2);
  return at + page + all - size;
}

/* Work that the compilers do not turn into selects. */
#define VISIT(x)                                                                                   \
  do {                                                                                             \
    if ((x)&1) {                                                                                   \
      sum += (x) / 7;                                                                              \
      if ((x)&2)                                                                                   \
        sum ^= (x)*sum;                                                                            \
    } else if ((x)&4) {                                                                            \
      sum -= (x) % 11 + sum / 3;                                                                   \
    }                                                                                              \
  } while (0)

#endif

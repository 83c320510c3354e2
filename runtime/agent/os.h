/* os.h - what the agent needs of the kernel, without libc: all of it may run in a signal handler.
 */
#ifndef BACKEDGE_RUNTIME_AGENT_OS_H
#define BACKEDGE_RUNTIME_AGENT_OS_H

#include "x86/syscall.h"
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

/* The kernel's set of signals. */
typedef uint64_t be_signals;

#define BE_SIGNAL(number) (1ull << ((number)-1))

static inline long be_os_call(long number, long a, long b, long c) {
  return be_syscall(number, a, b, c, 0, 0, 0);
}

/* Returns NULL when there is no memory. fd -1: anonymous. */
static inline void *be_os_map(void *at, size_t size, int protection, int flags, int fd,
                              long offset) {
  long result = be_syscall(SYS_mmap, (long)at, (long)size, protection, flags, fd, offset);
  return result < 0 && result > -4096 ? NULL : (void *)result;
}

static inline void be_os_unmap(void *at, size_t size) {
  be_os_call(SYS_munmap, (long)at, (long)size, 0);
}

/* In nanoseconds. */
static inline uint64_t be_os_clock(clockid_t clock) {
  struct timespec now = {0, 0};
  be_os_call(SYS_clock_gettime, clock, (long)&now, 0);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline void be_os_copy(void *to, const void *from, size_t size) {
#ifdef __clang_analyzer__ /* which does not see what assembly writes */
  for (size_t i = 0; i < size; i++)
    ((char *)to)[i] = ((const char *)from)[i];
#endif
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

static inline void be_os_clear(void *to, size_t size) {
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(0) : "memory");
}

static inline size_t be_os_length(const char *text) {
  size_t length = 0;
  while (text[length])
    length++;
  return length;
}

#endif

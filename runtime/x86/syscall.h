/* syscall.h - system calls without libc: errno is not touched, nothing is cancelled. */
#ifndef BACKEDGE_RUNTIME_X86_SYSCALL_H
#define BACKEDGE_RUNTIME_X86_SYSCALL_H

/* Returns what the kernel does: a negative errno, or the result. */
#ifdef __clang_analyzer__ /* which does not see what the kernel writes */
long be_syscall(long number, long a, long b, long c, long d, long e, long f);
#else
static inline long be_syscall(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#endif

#endif

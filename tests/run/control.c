// RUN: %grid %s
/* Control flow: switches, computed goto, setjmp, nested loops, variadics, tail and indirect calls, asm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

NOINLINE int dense(int x) {
  switch (x) {
  case 0: return 5;
  case 1: x += 3; /* fall through */
  case 2: x *= 2; break;
  case 3: case 4: case 5: return x * x;
  case 9: x = -x; break;
  default: x ^= 0x55;
  }
  return x + 1;
}
NOINLINE int sparse(long long x) {
  switch (x) {
  case -5000000000LL: return 1;
  case 17: return 2;
  case 1000 ... 1999: return 3;
  case 123456789012LL: return 4;
  }
  return 0;
}
NOINLINE const char *strings(unsigned char c) {
  switch (c) {
  case 'a' ... 'f': return "hex";
  case '0' ... '9': return "digit";
  case 255: return "last";
  }
  return "other";
}
NOINLINE int interpret(const char *code, int acc) {
  static void *const ops[] = {&&add, &&mul, &&neg, &&loop, &&end};
  const char *start = code;
  int n = 0;
  goto *ops[*code++ - '0'];
add: acc += 3; goto *ops[*code++ - '0'];
mul: acc *= 5; goto *ops[*code++ - '0'];
neg: acc = -acc; goto *ops[*code++ - '0'];
loop:
  if (n++ < 4)
    code = start;
  goto *ops[*code++ - '0'];
end: return acc + n;
}
static jmp_buf env;
NOINLINE static void leap(int n) {
  if (n > 3)
    longjmp(env, n);
}
NOINLINE int jumps(int n) {
  volatile int tries = 0;
  int got = setjmp(env);
  tries++;
  if (got > 6)
    return got * 100 + tries;
  leap(n + tries);
  return -1;
}
NOINLINE int sum(int n, ...) {
  va_list ap, again;
  int s = 0;
  va_start(ap, n);
  va_copy(again, ap);
  for (int i = 0; i < n; i++)
    s += i & 1 ? (int)va_arg(ap, double) : va_arg(ap, int);
  s = s * 10 + va_arg(again, int);
  va_end(again);
  va_end(ap);
  return s;
}
NOINLINE unsigned gcd(unsigned a, unsigned b) { return b ? gcd(b, a % b) : a; }
NOINLINE int apply(int (*f)(int), int (*const *g)(int), int x) { return f(x) + g[x & 1](x); }
static int twice(int x) { return 2 * x; }
static int square(int x) { return x * x; }
NOINLINE int spaghetti(int n) {
  int s = 0, i = 0;
again:
  for (; i < n; i++) {
    for (int j = i; j < n; j++) {
      if (j % 7 == 6)
        goto next;
      if (s > 5000)
        goto out;
      if (j & 1)
        continue;
      s += j;
    }
    s -= i;
  next:
    if (i % 5 == 4) {
      i += 2;
      goto again;
    }
  }
out:
  do
    s = s % 3 ? s / 3 : s * 2 + 1;
  while (s > 100 && i-- > 0);
  return s;
}
NOINLINE int inline_asm(int a, int b) {
  int out = a;
#ifdef __x86_64__
  __asm__ volatile("addl %1, %0" : "+r"(out) : "r"(b) : "cc", "memory");
  __asm__("" : "+m"(out));
#else
  out += b;
#endif
  return out;
}
NOINLINE int asm_goto(int a) {
#ifdef __x86_64__
  __asm__ goto("testl %0, %0\n\tjs %l1" : : "r"(a) : "cc" : negative);
#else
  if (a < 0)
    goto negative;
#endif
  return a + 1;
negative:
  return a - 1;
}
NOINLINE int expect(int a, int b) {
  if (__builtin_expect(a > 100, 0))
    return b;
  if (a == -7777)
    __builtin_unreachable();
  return __builtin_expect_with_probability(b, 1, 0.9) ? a : -a;
}
NOINLINE int ack(int m, int n) { return m ? ack(m - 1, n ? ack(m, n - 1) : 1) : n + 1; }
NOINLINE char *alloca_loop(int n, char *out) {
  for (int i = 0; i < n; i++) {
    char *p = __builtin_alloca((unsigned)i + 1);
    memset(p, 'a' + i, (unsigned)i);
    p[i] = 0;
    strcat(out, p);
  }
  return out;
}

int main(void) {
  int (*table[])(int) = {twice, square};
  for (int i = -1; i < 12; i++)
    printf("%d %d %s %d %d %d\n", dense(i), apply(twice, table, i), strings((unsigned char)(i * 23)), asm_goto(i), expect(i * 20, i & 2),
           spaghetti(i * 9));
  printf("%d %d %d %d\n", sparse(-5000000000LL), sparse(1500), sparse(123456789012LL), sparse(18));
  char buf[200] = "";
  printf("%d %d %d %u %d %d %s\n", interpret("01210134", 7), jumps(3), sum(4, 1, 2.5, 3, 4.5), gcd(1071, 462), inline_asm(40, 2), ack(2, 4),
         alloca_loop(6, buf));
  return 0;
}

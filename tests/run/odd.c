// RUN: %grid %s
/* What is seldom met: atomics, bit-fields, asm goto, 128-bit integers, long doubles, complex
 * numbers, thread-local variables, vectors, musttail. */
#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
typedef int v4 __attribute__((vector_size(16)));
typedef float f8 __attribute__((vector_size(32)));
_Atomic long al;
_Atomic(void *) ap;
atomic_flag fl;
_Thread_local int tls = 5;
volatile int vol;
struct bf {
  unsigned a : 3;
  signed b : 7;
  long long c : 40;
  char d;
} gbf = {5, -3, 123456789, 'x'};
struct big {
  int a[30];
  double d;
};
struct small {
  float x, y;
};
static long at(long x) {
  long e = 3;
  atomic_fetch_add(&al, x);
  atomic_fetch_xor(&al, 5);
  atomic_store_explicit(&al, x * 2, memory_order_release);
  long y = atomic_load_explicit(&al, memory_order_acquire);
  atomic_compare_exchange_strong(&al, &e, 9);
  e = y;
  atomic_compare_exchange_weak(&al, &e, 11);
  atomic_thread_fence(memory_order_seq_cst);
  void *p = atomic_exchange(&ap, &al);
  return atomic_load(&al) + e + (p != 0) + atomic_flag_test_and_set(&fl);
}
static int vs(int n, ...) {
  va_list ap;
  va_start(ap, n);
  int s = 0;
  for (int i = 0; i < n; i++) {
    if (i & 1)
      s += (int)va_arg(ap, double);
    else
      s += va_arg(ap, int);
  }
  va_end(ap);
  return s;
}
__attribute__((noinline)) static int cg(const char *p) {
  static void *t[] = {&&a, &&b, &&c, &&d};
  int s = 0;
  goto *t[*p++ & 3];
a:
  s += 1;
  goto *t[*p++ & 3];
b:
  s = s * 3;
  goto *t[*p++ & 3];
c:
  s ^= 0x55;
  goto *t[*p++ & 3];
d:
  return s;
}
__attribute__((noinline)) static int ag(int x) {
  __asm__ goto("testl %0, %0; jz %l1" : : "r"(x) : "cc" : zero);
  return x * 2;
zero:
  return -1;
}
static __int128 w(__int128 a, unsigned __int128 b) {
  return a * 3 + (__int128)(b >> 70) - ((__int128)1 << 100) +
         ((__int128)0x123456789abcdefULL << 64 | 77);
}
static long double ld(long double a) { return a * 1.1L + sqrtl(a); }
static double complex cx(double complex a) { return a * a + 1.5 * I; }
static jmp_buf jb;
static int sj(int n) {
  volatile int k = 0;
  if (setjmp(jb) < n) {
    k++;
    longjmp(jb, k + (k < n));
  }
  return k;
}
static v4 vv(v4 a, v4 b, int i) {
  a = a * b + (a > b);
  a[i & 3] = 7;
  return __builtin_shufflevector(a, b, 0, 5, 2, 7);
}
static struct big bigf(struct big b) {
  b.a[3] += b.a[7];
  b.d *= 2;
  return b;
}
static struct small smallf(struct small s) {
  s.x += s.y;
  return s;
}
static int sw(unsigned long long x) {
  switch (x) {
  case 0 ... 5:
    return 1;
  case 1ULL << 40:
    return 2;
  case 77:
  case 99:
    return 3;
  case ~0ULL:
    return 4;
  }
  return 0;
}
static int bits(unsigned x) {
  return __builtin_popcount(x) + __builtin_clz(x | 1) + __builtin_ctz(x | 256) +
         __builtin_bswap32(x) + (x << 7 | x >> 25) + __builtin_parity(x);
}
#ifdef __clang__
__attribute__((noinline)) static int mt2(int a, int b) { return a * b + 1; }
__attribute__((noinline)) static int mt(int a, int b) {
  if (a > 3) {
    __attribute__((musttail)) return mt2(b, a);
  }
  return a;
}
#else
static int mt(int a, int b) { return a > 3 ? a * b + 1 : a; }
#endif
static float ff(float a, double b) {
  return fmaf(a, (float)b, 2.0f) + fabsf(a) + copysignf(a, -1) + (float)fmax(b, 2) + (int)b +
         (unsigned char)a + NAN * 0 * (a > 1e30f);
}
static long ovf(long a, long b) {
  long r;
  return __builtin_mul_overflow(a, b, &r) ? -1 : r + __builtin_add_overflow(a, b, &r);
}
int main(int argc, char **argv) {
  printf("%ld\n", at(argc));
  printf("%d\n", vs(4, 1, 2.5, 3, 4.5));
  char p[] = {1, 0, 1, 2, 0, 3};
  printf("%d %d %d\n", cg(p), ag(argc), ag(argc - 1));
  __int128 q = w(argc * 1000003L, (unsigned __int128)argc << 90);
  printf("%llx %llx\n", (long long)(q >> 64), (long long)q);
  printf("%Lf\n", ld(argc * 3.0L));
  double complex c = cx(argc + 2 * I);
  printf("%f %f\n", creal(c), cimag(c));
  printf("%d\n", sj(5));
  v4 r = vv((v4){1, 2, 3, argc}, (v4){4, 3, 2, 1}, argc);
  printf("%d %d %d %d\n", r[0], r[1], r[2], r[3]);
  struct big b;
  memset(&b, argc, sizeof b);
  b.d = 1.5;
  b = bigf(b);
  printf("%d %f\n", b.a[3], b.d);
  struct small s = smallf((struct small){argc, 2});
  printf("%f\n", s.x);
  for (unsigned long long i = 0; i < 8; i++)
    printf("%d ", sw(i) + sw(i << 40) + sw(~i));
  printf("%d %d %d\n", bits(argc * 12345), mt(argc, 2), mt(argc + 7, 2));
  gbf.a += argc;
  gbf.b -= argc;
  gbf.c *= 3;
  printf("%d %d %lld %c\n", gbf.a, gbf.b, (long long)gbf.c, gbf.d);
  tls += argc;
  vol = tls;
  printf("%d %d\n", vol, tls);
  printf("%f %ld %ld\n", ff(argc, argc + .5), ovf(argc, 7), ovf(argc, 0x7fffffffffffffffL));
  float f[100];
  for (int i = 0; i < 100; i++)
    f[i] = i * argc;
  double t = 0;
  for (int i = 0; i < 100; i++)
    t += f[i] > 50 ? f[i] : -f[i];
  printf("%f\n", t);
  return 0;
}

// RUN: %grid %s
/* Integer arithmetic at its corners: widths, signs, shifts, rotates, division, compares. */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>

#define NOINLINE __attribute__((noipa))
#ifdef __clang__
#undef NOINLINE
#define NOINLINE __attribute__((noinline))
#endif

#define OPS(T, N)                                                                                  \
  NOINLINE T N##_add(T a, T b) { return (T)(a + b); }                                              \
  NOINLINE T N##_sub(T a, T b) { return (T)(a - b); }                                              \
  NOINLINE T N##_mul(T a, T b) { return (T)(a * b); }                                              \
  NOINLINE T N##_div(T a, T b) { return b ? (T)(a / b) : 1; }                                      \
  NOINLINE T N##_rem(T a, T b) { return b ? (T)(a % b) : 2; }                                      \
  NOINLINE T N##_bits(T a, T b) { return (T)((a & b) ^ (a | ~b)); }                                \
  NOINLINE T N##_shl(T a, int n) { return (T)(a << n); }                                           \
  NOINLINE T N##_shr(T a, int n) { return (T)(a >> n); }                                           \
  NOINLINE int N##_cmp(T a, T b) {                                                                 \
    return (a < b) | (a <= b) << 1 | (a > b) << 2 | (a >= b) << 3 | (a == b) << 4 | (a != b) << 5; \
  }                                                                                                \
  NOINLINE T N##_minmax(T a, T b) { return (T)((a < b ? a : b) * 3 + (a > b ? a : b)); }
OPS(uint8_t, u8)
OPS(uint16_t, u16)
OPS(uint32_t, u32)
OPS(uint64_t, u64)
OPS(int8_t, s8)
OPS(int16_t, s16)
OPS(unsigned __int128, u128)

NOINLINE int32_t s32_div(int32_t a, int32_t b) { return a / b; }
NOINLINE int32_t s32_rem(int32_t a, int32_t b) { return a % b; }
NOINLINE int64_t s64_div(int64_t a, int64_t b) { return a / b; }
NOINLINE int32_t s32_div7(int32_t a) { return a / 7 + a % -3 + a / 8 + a % 16; }
NOINLINE uint32_t rotate(uint32_t a, unsigned n) { return a << (n & 31) | a >> (-n & 31); }
NOINLINE uint64_t rotate64(uint64_t a, unsigned n) { return a >> (n & 63) | a << (-n & 63); }
NOINLINE int64_t widen(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f) {
  return (int64_t)a + b + c + d + e + f;
}
NOINLINE int8_t narrow(int64_t a) { return (int8_t)(a ^ (int16_t)a ^ (int32_t)a); }
NOINLINE int count(uint64_t a, uint32_t b) {
  return __builtin_popcountll(a) * 1000 + (a ? __builtin_clzll(a) : 64) * 7 +
         (b ? __builtin_ctz(b) : 32) + __builtin_parity(b) + __builtin_ffs((int)b);
}
NOINLINE uint64_t swap(uint64_t a) {
  return __builtin_bswap64(a) ^ __builtin_bswap32((uint32_t)a) ^ __builtin_bswap16((uint16_t)a);
}
NOINLINE int overflow(int a, int b, int *out) {
  long wide;
  unsigned u;
  return __builtin_add_overflow(a, b, out) | __builtin_mul_overflow(a, b, &wide) << 1 |
         __builtin_sub_overflow((unsigned)a, (unsigned)b, &u) << 2;
}
NOINLINE int sign_loop(int n) {
  int s = 0;
  for (int i = -n; i <= n; i += 3)
    s += i < 0 ? -i : i * 2;
  return s;
}
NOINLINE _Bool truth(int a, int *p) { return a && p && !(a & 1); }

int main(void) {
  static const uint64_t v[] = {0, 1, 2, 7, 127, 128, 255, 256, 32767, 32768, 65535, 0x7fffffff,
                               0x80000000, 0xffffffff, 0x123456789abcdef0, INT64_MAX,
                               (uint64_t)INT64_MIN, UINT64_MAX};
  uint64_t h = 0;
  int out = 0;
#define ADD(x) (h = h * 1000003 + (uint64_t)(x))
#define ALL(T, N, B)                                                                               \
  ADD(N##_add((T)a, (T)b)), ADD(N##_sub((T)a, (T)b)), ADD(N##_mul((T)a, (T)b)),                    \
      ADD(N##_div((T)a, (T)b)), ADD(N##_rem((T)a, (T)b)), ADD(N##_bits((T)a, (T)b)),               \
      ADD(N##_shl((T)a & (T)(((T)-1 > 0 ? (T)-1 : (T)127) >> 1), (int)(b % (B - 1)) * ((T)-1 > 0))), \
      ADD(N##_shr((T)a, (int)(b % B))), ADD(N##_cmp((T)a, (T)b)), ADD(N##_minmax((T)a, (T)b))
  for (unsigned i = 0; i < sizeof v / sizeof *v; i++)
    for (unsigned j = 0; j < sizeof v / sizeof *v; j++) {
      uint64_t a = v[i], b = v[j];
      ALL(uint8_t, u8, 8);
      ALL(uint16_t, u16, 16);
      ALL(uint32_t, u32, 32);
      ALL(uint64_t, u64, 64);
      ALL(int8_t, s8, 8);
      ALL(int16_t, s16, 16);
      ALL(unsigned __int128, u128, 128);
      int32_t x = (int32_t)a, y = (int32_t)b;
      if (y && !(x == INT_MIN && y == -1))
        ADD(s32_div(x, y)), ADD(s32_rem(x, y));
      if (b && b != UINT64_MAX)
        ADD(s64_div((int64_t)a, (int64_t)b));
      ADD(s32_div7(x)), ADD(rotate((uint32_t)a, (unsigned)b)), ADD(rotate64(a, (unsigned)b));
      ADD(widen((int8_t)a, (uint8_t)b, (int16_t)a, (uint16_t)b, x, (uint32_t)b));
      ADD(narrow((int64_t)(a + b))), ADD(count(a, (uint32_t)b)), ADD(swap(a ^ b));
      ADD(overflow(x, y, &out)), ADD(out), ADD(truth(x, y ? &out : 0));
      if (j == 0)
        printf("%u %016llx\n", i, (unsigned long long)h);
    }
  printf("%016llx %d\n", (unsigned long long)h, sign_loop(1000));
  return 0;
}

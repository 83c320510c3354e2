// RUN: %grid %s
/* Floating point: arithmetic, compares with NaN, conversions, vectors, complex, long double. */
#include <complex.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

NOINLINE double arith(double a, double b) { return (a + b) * (a - b) / (b + 3.0) - -a; }
NOINLINE float arithf(float a, float b) { return a * b + a / (b + 2.0f) - 1.5f; }
NOINLINE long double arithl(long double a, long double b) { return a / (b * b + 1.0L) + a; }
NOINLINE int compare(double a, double b) {
  return (a < b) | (a <= b) << 1 | (a > b) << 2 | (a >= b) << 3 | (a == b) << 4 | (a != b) << 5 |
         !(a < b) << 6 | !(a > b) << 7 | (__builtin_isunordered(a, b) != 0) << 8 |
         (__builtin_islessgreater(a, b) != 0) << 9 | (__builtin_isgreaterequal(a, b) != 0) << 10;
}
NOINLINE int branch(float a, float b) {
  if (!(a >= b))
    return a != a ? 1 : 2;
  return a > b ? 3 : 4;
}
NOINLINE int64_t to_int(double d, float f) { return (int64_t)d * 3 + (int32_t)f + (uint32_t)(d < 0 ? -d : d); }
NOINLINE uint64_t to_unsigned(double d) { return (uint64_t)d; }
NOINLINE double from_int(int64_t a, uint64_t b, int8_t c, uint16_t d) {
  return (double)a + (double)b + (float)c + (float)d + (float)a;
}
NOINLINE double functions(double x) {
  return fabs(x) + sqrt(fabs(x)) + floor(x) + ceil(x) + copysign(2.5, x) + fmax(x, 1.0) + fmin(x, -1.0) +
         trunc(x) + fma(x, x, 1.0);
}
NOINLINE double complex cmul(double complex a, double complex b) { return a * b + conj(a) / (b + 3.0); }
NOINLINE double parts(double complex a) { return creal(a) - cimag(a); }
NOINLINE float complex cfadd(float complex a, float complex b) { return a - b * 2.0f; }

typedef float v4 __attribute__((vector_size(16)));
typedef int i4 __attribute__((vector_size(16)));
typedef double v4d __attribute__((vector_size(32)));
NOINLINE v4 vectors(v4 a, v4 b) { return a * b + a - b / (v4){1, 2, 3, 4}; }
NOINLINE i4 masks(v4 a, v4 b, i4 c) { return (a < b) & (c << 2) ^ (c > (i4){1, 2, 3, 4}); }
NOINLINE i4 shuffle(i4 a, i4 b) { return __builtin_shufflevector(a, b, 0, 5, 2, 7) + a[2] * b; }
NOINLINE float sum(const float *p, int n) {
  float s = 0;
  for (int i = 0; i < n; i++)
    s += p[i] * p[n - 1 - i];
  return s;
}
NOINLINE void saxpy(double *restrict y, const double *restrict x, double a, int n) {
  for (int i = 0; i < n; i++)
    y[i] = a * x[i] + y[i];
}
NOINLINE uint64_t bits(double d) {
  uint64_t u;
  memcpy(&u, &d, sizeof u);
  return u ^ u << 1;
}

int main(void) {
  const double v[] = {0.0, -0.0, 1.0, -1.0, 0.5, 3.25, -7.75, 1e10, 1e-300, 123456789.125, INFINITY, -INFINITY, NAN};
  for (unsigned i = 0; i < sizeof v / sizeof *v; i++)
    for (unsigned j = 0; j < sizeof v / sizeof *v; j++) {
      double a = v[i], b = v[j];
      double r = arith(a, b);
      printf("%a %a %d %d", isnan(r) ? 0 : r, isnan(arithf(a, b)) ? 0 : (double)arithf(a, b), compare(a, b), branch(a, b));
      if (i < 9 && j < 9 && fabs(a) < 1e6)
        printf(" %lld %llu %a", (long long)to_int(a, b < 1e6 ? b : 0), (unsigned long long)to_unsigned(fabs(a)),
               from_int(a * 10, fabs(b) * 100 < 1e6 ? fabs(b) * 100 : 9, a, fabs(b) < 100 ? fabs(b) : 9));
      if (i < 9 && j < 9)
        printf(" %a %.15Lg %a", functions(a), arithl(a, b), parts(cmul(a + b * I, b - a * I)));
      printf("\n");
    }
  v4 x = vectors((v4){1, 2, 3, 4}, (v4){.5, -2, 8, 0});
  i4 y = masks(x, (v4){1, 1, 1, 1}, (i4){1, 2, 3, 9}), z = shuffle(y, (i4){5, 6, 7, 8});
  printf("%a %a %a %a %d %d %d %d %d %d %d %d\n", x[0], x[1], x[2], x[3], y[0], y[1], y[2], y[3], z[0], z[1], z[2], z[3]);
  float f[100];
  double d[100], e[100];
  for (int i = 0; i < 100; i++)
    f[i] = d[i] = i * .25 - 3, e[i] = 100 - i;
  saxpy(d, e, -1.5, 99);
  float complex c = cfadd(1.0f + 2.0f * I, 3.0f - 1.0f * I);
  printf("%a %a %a %a %a %llx\n", sum(f, 100), d[0], d[99], crealf(c), cimagf(c), (unsigned long long)bits(d[5]));
  return 0;
}

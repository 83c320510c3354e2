// What the source asks for is still known when the link compiles the program, also about functions
// that were inlined by then.
// REQUIRES: gcc
// RUN: %gcc %gcc-plugin -O2 -g1 -flto -c -o %t.o %s
// RUN: env BACKEDGE_PASSES=insert-prefetch %gcc %gcc-plugin -O2 -flto -fopt-info-all -r \
// RUN:   -flinker-output=nolto-rel -o %t.all.o %t.o 2>&1 | %FileCheck %s

// CHECK-DAG: requests-flto.c:[[#@LINE+5]]:{{.*}}prefetch inserted (distance 24
double attribute(double *__restrict a __attribute__((backedge_prefetch(24, 2))), int *b, int n) {
  double s = 0;
  for (int i = 0; i < n; i++)
    // one access through `a`
    s += a[b[i]];
  return s;
}

static inline double pragmas(double *a, int *b, int n) {
  double s = 0;
#pragma backedge noprefetch
  for (int i = 0; i < n; i++)
    // CHECK-DAG: requests-flto.c:[[#@LINE+1]]:{{.*}}the source asks for no prefetches here
    s += a[b[i] + 1];
  return s;
}

double inlined(double *a, int *b, int n) { return n > 3 ? pragmas(a, b, n) : 0; }

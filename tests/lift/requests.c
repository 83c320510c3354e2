// What the source asks for reaches the pass: an attribute on a pointer, pragmas on loops.
// REQUIRES: gcc
// RUN: env BACKEDGE_PASSES=insert-prefetch %gcc %gcc-plugin -O2 -fopt-info-all -S -o /dev/null %s \
// RUN:   > %t 2>&1
// RUN: %FileCheck %s < %t
// RUN: %FileCheck --check-prefix=NEVER %s < %t

// CHECK-DAG: requests.c:[[#@LINE+5]]:{{.*}}prefetch inserted (distance 24
double attribute(double *__restrict a __attribute__((backedge_prefetch(24, 2))), int *b, int n) {
  double s = 0;
  for (int i = 0; i < n; i++)
    // one access through `a`
    s += a[b[i]];
  return s;
}

double pragmas(double *a, int *b, int n) {
  double s = 0;
#pragma backedge prefetch
  for (int i = 0; i < n; i++)
    // CHECK-DAG: requests.c:[[#@LINE+1]]:{{.*}}prefetch inserted
    s += a[b[i]];
#pragma backedge noprefetch
  for (int i = 0; i < n; i++)
    // CHECK-DAG: requests.c:[[#@LINE+1]]:{{.*}}the source asks for no prefetches here
    s += a[b[i] + 1];
  return s;
}

// CHECK-DAG: requests.c:[[#@LINE+3]]:{{.*}}prefetch inserted (distance 16
void store(double *__restrict a __attribute__((backedge_prefetch(16, 3))), int *b, int n) {
  for (int i = 0; i < n; i++)
    a[b[i]] = i;
}

// A pragma inside a loop is not about that loop, nor about the one after the next.
// Nothing in a loop with `noprefetch` is fetched from the loop around it either.
// NEVER-NOT: requests.c:[[#@LINE+10]]:{{.*}}prefetch inserted
long inner(long *a, int *b, int *c, int n) {
  long s = 0;
  for (int i = 0; i < n; i++) {
    // CHECK-DAG: requests.c:[[#@LINE+1]]:{{.*}}prefetch inserted
    if (a[b[i] + 2])
      s++;
#pragma backedge noprefetch
    for (int j = c[i]; j < c[i + 1]; j++)
      // CHECK-DAG: requests.c:[[#@LINE+1]]:{{.*}}the source asks for no prefetches here
      if (a[b[j] + 3])
        s++;
  }
#pragma backedge noprefetch
  for (int i = 0; i < n; i++) s ^= a[i];
  for (int i = 0; i < n; i++)
    // CHECK-DAG: requests.c:[[#@LINE+1]]:{{.*}}prefetch inserted
    if (a[b[i] + 4])
      s++;
  return s;
}

// CHECK-DAG: warning: 'backedge_prefetch' is for pointers and arrays
int neither __attribute__((backedge_prefetch(1)));

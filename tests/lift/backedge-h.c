// What backedge.h lets the source ask for reaches the pass, in both compilers.
// DEFINE: %{flags} = -O1 -gline-tables-only -Wall -Wextra -Werror -I%S/../../runtime/include -c
// DEFINE: %{asked} = %{flags} -DBACKEDGE_REQUESTS -Rpass=insert-prefetch -Rpass-missed=insert-prefetch
// RUN: %if gcc %{ env BACKEDGE_PASSES=insert-prefetch %gcc %gcc-plugin -O1 -g1 -fopt-info-all \
// RUN:   -I%S/../../runtime/include -c -o %t.o %s 2>&1 | %FileCheck %s %}
// RUN: %if clang %{ env BACKEDGE_PASSES=insert-prefetch %clang %clang-plugin %{asked} -o %t.o %s \
// RUN:   2>&1 | %FileCheck %s %}
// RUN: %if clang-22 %{ env BACKEDGE_PASSES=insert-prefetch %clang-22 %clang-22-plugin %{asked} \
// RUN:   -o %t.o %s 2>&1 | %FileCheck %s %}
// The plugin leaves nothing of it behind: the code is what it is without.
// RUN: %if clang %{ %clang -O2 -fno-ident -I%S/../../runtime/include -S -o %t.plain.s %s %}
// RUN: %if clang %{ %clang %clang-plugin -O2 -fno-ident -I%S/../../runtime/include \
// RUN:   -DBACKEDGE_REQUESTS -S -o %t.asked.s %s && cmp %t.plain.s %t.asked.s %}
// RUN: %if clang-22 %{ %clang-22 -O2 -fno-ident -I%S/../../runtime/include -S -o %t.plain.s %s %}
// RUN: %if clang-22 %{ %clang-22 %clang-22-plugin -O2 -fno-ident -I%S/../../runtime/include \
// RUN:   -DBACKEDGE_REQUESTS -S -o %t.asked.s %s && cmp %t.plain.s %t.asked.s %}
#include <backedge.h>

struct table {
  int size, *slots BACKEDGE_PREFETCH(12, 1);
};
static int array[100000] BACKEDGE_PREFETCH(7, 3);
double *global BACKEDGE_PREFETCH(9, 0);

double parameter(double *restrict a BACKEDGE_PREFETCH(24, 2), const int *b, int n) {
  double s = 0;
  for (int i = 0; i < n; i++)
    // CHECK-DAG: backedge-h.c:[[#@LINE+1]]:{{.*}}prefetch inserted (distance 24
    s += a[b[i]];
  return s;
}

int member(const struct table *t, const int *b, int n) {
  int s = 0;
  for (int i = 0; i < n; i++)
    // CHECK-DAG: backedge-h.c:[[#@LINE+1]]:{{.*}}prefetch inserted (distance 12
    s += t->slots[b[i]];
  return s;
}

double globals(const int *restrict b, int n) {
  double s = 0;
  for (int i = 0; i < n; i++)
    // CHECK-DAG: backedge-h.c:[[#@LINE+1]]:{{.*}}prefetch inserted (distance 9
    s += global[b[i]];
  for (int i = 0; i < n; i++)
    // CHECK-DAG: backedge-h.c:[[#@LINE+1]]:{{.*}}prefetch inserted (distance 7
    s += array[b[i]];
  return s;
}

void fill(int at) { array[at] = at; }

double loops(const double *a, const int *b, int n, int which) {
  double s = 0;
  if (which)
    BACKEDGE_PREFETCH_LOOP
    for (int i = 0; i < n; i++)
      // CHECK-DAG: backedge-h.c:[[#@LINE+1]]:{{.*}}prefetch inserted (distance 32
      s += a[b[i]];
  else
    s = 1;
  BACKEDGE_NOPREFETCH_LOOP
  for (int i = 0; i < n; i++)
    // CHECK-DAG: backedge-h.c:[[#@LINE+1]]:{{.*}}the source asks for no prefetches here
    s += a[b[i] + 1];
  return s;
}

// A pass that needs the end of a loop: functions without such a loop are lifted only to say why.
// RUN: rm -f %t.*
// RUN: env BACKEDGE_PASSES=insert-prefetch BACKEDGE_STATS=%t.gcc \
// RUN:   %gcc %gcc-plugin -O2 -c -o %t.o %s
// RUN: env BACKEDGE_PASSES=insert-prefetch BACKEDGE_STATS=%t.clang \
// RUN:   %clang %clang-plugin -O2 -c -o %t.o %s
// RUN: env BACKEDGE_PASSES=insert-prefetch BACKEDGE_STATS=%t.all BACKEDGE_REMARKS=%t.yaml \
// RUN:   %gcc %gcc-plugin -O2 -c -o %t.o %s
// RUN: env BACKEDGE_PASSES=insert-prefetch BACKEDGE_STATS=%t.all BACKEDGE_REMARKS=%t.yaml \
// RUN:   %clang %clang-plugin -O2 -c -o %t.o %s
// RUN: %FileCheck --check-prefix=QUIET %s < %t.gcc
// RUN: %FileCheck --check-prefix=QUIET %s < %t.clang
// RUN: %FileCheck --check-prefix=ALL %s < %t.all
// RUN: %FileCheck --check-prefix=WHY %s < %t.yaml
// QUIET: "lifted":2,
// ALL: "lifted":3,
// ALL: "lifted":3,
// WHY: Function: {{.*}}length

struct node {
  struct node *next;
};

int length(struct node *n) {
  int count = 0;
  for (; n; n = n->next)
    count++;
  return count;
}

int sum(int *a, int *b, int n) {
  int all = 0;
  for (int i = 0; i < n; i++)
    if (a[b[i]])
      all += a[b[i]];
  return all;
}

/* The counter is compared by the address of a member. */
struct pair {
  int x, y;
};

int walk(const struct pair *p, const int *end, const int *a) {
  int all = 0;
  for (; &p->y != end; p++)
    if (a[p->x])
      all += a[p->x];
  return all;
}

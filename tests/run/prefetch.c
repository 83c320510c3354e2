// RUN: %grid %s
// RUN: %changed gcc passes=insert-prefetch -O2 %s | %FileCheck %s
// RUN: %changed clang passes=insert-prefetch -O2 %s | %FileCheck %s
// RUN: %changed gcc passes=insert-prefetch:cost=0 -O2 %s | %FileCheck --check-prefix=ALL %s
// RUN: %changed clang passes=insert-prefetch:cost=0 -O2 %s | %FileCheck --check-prefix=ALL %s
/* Loads made ahead of time must stay within what the program itself reads: every array here ends
 * right before a page that cannot be touched, and indices are such that one step too far faults. */
#include "fenced.h"
#include <limits.h>
#include <string.h>

// Where there are prefetches. `divided` and `left` must not have them of a[…], and when cost does
// not count, have those of b[i] and by[i], which ask for no load; `found` must have none at all.
// CHECK:      {{^}}at_least_once{{$}}
// CHECK-NEXT: by_pointer
// CHECK-NEXT: by_three
// CHECK-NEXT: chain
// CHECK-NEXT: divided_alike
// CHECK-NEXT: down_to
// CHECK-NEXT: downwards
// CHECK-NEXT: flagged
// CHECK-NEXT: lists
// CHECK-NEXT: near_the_end
// CHECK-NEXT: probe
// CHECK-NEXT: repaired
// CHECK-NEXT: search
// CHECK-NEXT: up_to
// CHECK-NEXT: upwards
// CHECK-NEXT: wide_span
// CHECK-NEXT: wrapping
// CHECK-NOT:  {{.}}
// ALL:      {{^}}at_least_once{{$}}
// ALL-NEXT: by_pointer
// ALL-NEXT: by_three
// ALL-NEXT: chain
// ALL-NEXT: divided{{$}}
// ALL-NEXT: divided_alike
// ALL-NEXT: down_to
// ALL-NEXT: downwards
// ALL-NEXT: flagged
// ALL-NEXT: left
// ALL-NEXT: lists
// ALL-NEXT: main
// ALL-NEXT: near_the_end
// ALL-NEXT: probe
// ALL-NEXT: repaired
// ALL-NEXT: search
// ALL-NEXT: up_to
// ALL-NEXT: upwards
// ALL-NEXT: wide_span
// ALL-NEXT: wrapping
// ALL-NOT:  {{.}}

enum { MAX = 130, TARGETS = 1 << 19 };

struct bucket {
  int count;
  int32_t key[15];
};

struct node {
  long value;
  struct node *next;
};

static uint32_t *target;
static struct bucket *buckets;
static struct node **heads;

NOINLINE uint64_t upwards(const uint32_t *a, const uint32_t *b, int n) {
  uint64_t sum = 0;
  for (int i = 0; i < n; i++)
    VISIT(a[b[i]]);
  return sum;
}

NOINLINE uint64_t downwards(const uint32_t *a, const uint32_t *b, int n) {
  uint64_t sum = 0;
  for (int i = n - 1; i >= 0; i--)
    VISIT(a[b[i]]);
  return sum;
}

NOINLINE uint64_t by_three(const uint32_t *a, const uint32_t *b, long n) {
  uint64_t sum = 0;
  for (long i = 0; i < n; i += 3)
    VISIT(a[b[i]]);
  return sum;
}

NOINLINE uint64_t by_pointer(const uint32_t *a, const uint32_t *b, const uint32_t *end) {
  uint64_t sum = 0;
  for (; b != end; b++)
    VISIT(a[*b]);
  return sum;
}

NOINLINE uint64_t at_least_once(const uint32_t *a, const uint32_t *b, int n) {
  uint64_t sum = 0;
  int i = 0;
  do
    VISIT(a[b[i]]);
  while (++i < n);
  return sum;
}

/* Tested is the counter before its step: the last iteration's is the limit itself. */
NOINLINE uint64_t down_to(const uint32_t *a, const uint32_t *b, unsigned i, unsigned least) {
  uint64_t sum = 0;
  do
    VISIT(a[b[i]]);
  while (i-- > least);
  return sum;
}

NOINLINE uint64_t up_to(const uint32_t *a, const uint32_t *b, long i, long most) {
  uint64_t sum = 0;
  do
    VISIT(a[b[i]]);
  while (i++ < most);
  return sum;
}

/* The counter runs up to the end of its type. */
NOINLINE uint64_t near_the_end(const uint32_t *a, const uint32_t *b, int from, int to) {
  uint64_t sum = 0;
  for (int i = from; i < to; i++)
    VISIT(a[b[(long)i - INT_MAX]]);
  return sum;
}

/* From one end of the type to the other: what is left does not fit the signed type. */
NOINLINE uint64_t wide_span(const uint32_t *a, const uint32_t *b, int from, int to) {
  uint64_t sum = 0;
  for (int i = from; i < to; i += 1 << 19)
    VISIT(a[b[(unsigned)i >> 19 & 63]]);
  return sum;
}

NOINLINE uint64_t wrapping(const uint32_t *a, const uint32_t *b, uint32_t from, uint32_t to) {
  uint64_t sum = 0;
  for (uint32_t i = from; i != to; i++)
    VISIT(a[b[(int)i]]);
  return sum;
}

NOINLINE uint64_t chain(const uint32_t *a, const uint32_t *b, const uint32_t *c, int n) {
  uint64_t sum = 0;
  for (int i = 0; i < n; i++)
    VISIT(a[b[c[i]]]);
  return sum;
}

/* c[i] is good only once iteration i - 1 has made it so. */
NOINLINE uint64_t repaired(const uint32_t *a, const uint32_t *b, uint32_t *c, int n) {
  uint64_t sum = 0;
  for (int i = 0; i < n; i++) {
    VISIT(a[b[c[i]]]);
    if (i + 1 < n)
      c[i + 1] &= 127;
  }
  return sum;
}

/* The index is good only where the flag says so. */
NOINLINE uint64_t flagged(const uint32_t *a, const uint32_t *b, const uint32_t *c, int n) {
  uint64_t sum = 0;
  for (int i = 0; i < n; i++)
    if (c[i] < MAX)
      VISIT(a[b[c[i]]]);
  return sum;
}

/* Beyond the one that is looked for there is nothing, and which one that is shows only there. */
NOINLINE uint64_t found(const uint32_t *a, const uint32_t *b, int n, uint32_t last) {
  uint64_t sum = 0;
  for (int i = 0; i < n; i++) {
    VISIT(a[b[i]]);
    if (b[i] == last)
      break;
  }
  return sum;
}

NOINLINE void leave(int yes) {
  if (yes) {
    printf("left\n");
    fflush(stdout);
    _exit(0);
  }
}

/* Whether the call comes back, nobody knows: loads ahead of it are not made. */
NOINLINE uint64_t left(const uint32_t *a, const uint32_t *b, long n, long last) {
  uint64_t sum = 0;
  for (long i = 0; i < n; i++) {
    VISIT(a[b[i]]);
    leave(i == last);
  }
  return sum;
}

NOINLINE uint64_t probe(const struct bucket *t, const uint32_t *keys, int n) {
  uint64_t sum = 0;
  for (int i = 0; i < n; i++) {
    const struct bucket *b = &t[keys[i]];
    for (int j = 0; j < b->count; j++)
      VISIT((uint32_t)b->key[j]);
  }
  return sum;
}

NOINLINE uint64_t lists(struct node *const *t, const uint32_t *keys, int n) {
  uint64_t sum = 0;
  for (int i = 0; i < n; i++)
    for (const struct node *at = t[keys[i]]; at; at = at->next)
      VISIT((uint64_t)at->value);
  return sum;
}

/* In iterations to come, the divisor may be zero. */
NOINLINE uint64_t divided(const uint32_t *a, const uint32_t *b, const uint32_t *by, int n) {
  uint64_t sum = 0;
  for (int i = 0; i < n; i++)
    if (by[i])
      VISIT(a[b[i] / by[i]]);
  return sum;
}

/* Here each iteration divides by it; where there is none, nothing may. */
NOINLINE uint64_t divided_alike(const uint32_t *a, const uint32_t *b, uint32_t by, int n) {
  uint64_t sum = 0;
  for (int i = 0; i < n; i++)
    VISIT(a[b[i] / by]);
  return sum;
}

/* The queue grows while it is read; what lies beyond its end is not an index. */
NOINLINE int search(const uint32_t *row, const uint32_t *edge, uint32_t *queue, int32_t *seen,
                    int from, int to, int now) {
  int end = to;
  for (int i = from; i < to; i++) {
    uint32_t v = queue[i];
    for (uint32_t e = row[v]; e < row[v + 1]; e++)
      if (seen[edge[e]] < 0) {
        seen[edge[e]] = now;
        queue[end++] = edge[e];
      }
  }
  return end;
}

static void graph(int vertices) {
  uint32_t *row = fenced(((size_t)vertices + 1) * 4), *edge = fenced((size_t)vertices * 4 * 3);
  uint32_t *queue = fenced((size_t)vertices * 4);
  int32_t *seen = fenced((size_t)vertices * 4);
  uint32_t at = 0;
  for (int v = 0; v < vertices; v++) {
    row[v] = at;
    for (int k = 0; k < (v * 7 + 3) % 4; k++)
      edge[at++] = (uint32_t)((v * 31 + k * 17 + 1) % vertices);
  }
  row[vertices] = at;
  memset(seen, 0xff, (size_t)vertices * 4);
  memset(queue, 0xee, (size_t)vertices * 4);
  int from = 0, to = 1, now = 1;
  queue[0] = 0;
  seen[0] = 0;
  for (; from < to; now++) {
    int end = search(row, edge, queue, seen, from, to, now);
    from = to;
    to = end;
  }
  printf("graph %d: %d in %d\n", vertices, to, now);
}

static void sizes(int n) {
  uint32_t *b = fenced((size_t)n * 4), *c = fenced((size_t)n * 4), *d = fenced((size_t)n * 4);
  uint32_t *m = fenced(MAX * 4), *by = fenced((size_t)n * 4), *wild = fenced((size_t)n * 4);
  for (int i = 0; i < MAX; i++)
    m[i] = TARGETS - 1 - (uint32_t)i * 4001;
  for (int i = 0; i < n; i++) {
    b[i] = i % 5 ? (uint32_t)(i * 7919) % TARGETS : TARGETS - 1;
    c[i] = (uint32_t)(i * 37) % MAX;
    d[i] = i ? (uint32_t)(i * 37 % 128) | 0x80000000u : 0;
    by[i] = (uint32_t)i % 3;
    wild[i] = i % 3 ? c[i] : 0x7fffffffu;
  }
  uint64_t sum = upwards(target, b, n);
  sum = sum * 31 + downwards(target, b, n);
  sum = sum * 31 + by_three(target, b, n);
  sum = sum * 31 + by_pointer(target, b, b + n);
  sum = sum * 31 + near_the_end(target, b + n, INT_MAX - n, INT_MAX);
  sum = sum * 31 + wrapping(target, b + n, (uint32_t)-n, 0);
  sum = sum * 31 + chain(target, m, c, n);
  sum = sum * 31 + repaired(target, m, d, n);
  sum = sum * 31 + flagged(target, m, wild, n);
  sum = sum * 31 + divided(target, b, by, n);
  sum = sum * 31 + divided_alike(target, b, (uint32_t)n, n);
  sum = sum * 31 + probe(buckets, b, n);
  sum = sum * 31 + lists(heads, b, n);
  if (n > 0) {
    sum = sum * 31 + at_least_once(target, b, n);
    sum = sum * 31 + at_least_once(target, b + n - 1, -5);
    sum = sum * 31 + at_least_once(target, b + n - 1, INT_MIN);
    sum = sum * 31 + down_to(target, b, (unsigned)n - 1, 0);
    sum = sum * 31 + down_to(target, b + n - 1, 0, 5);
    sum = sum * 31 + down_to(target, b + n - 1, 0, UINT_MAX);
    sum = sum * 31 + up_to(target, b, 0, n - 1);
    sum = sum * 31 + up_to(target, b + n - 1, 0, -5);
    sum = sum * 31 + up_to(target, b + n - 1, 0, LONG_MIN);
    sum = sum * 31 + found(target, b, INT_MAX, b[n - 1]);
  }
  if (n >= 64)
    sum = sum * 31 + wide_span(target, b + n - 64, INT_MIN, INT_MAX - (1 << 19));
  printf("%d: %llx\n", n, (unsigned long long)sum);
}

int main(void) {
  target = fenced(TARGETS * sizeof *target);
  buckets = fenced(TARGETS * sizeof *buckets);
  heads = fenced(TARGETS * sizeof *heads);
  for (uint32_t i = 0; i < TARGETS; i++) {
    target[i] = i * 2654435761u;
    buckets[i].count = (int)(i % 5);
    for (int j = 0; j < 15; j++)
      buckets[i].key[j] = (int32_t)(i * 97 + (uint32_t)j);
  }
  struct node *nodes = fenced(1000 * sizeof *nodes);
  for (uint32_t i = 0; i < 1000; i++) {
    struct node **head = &heads[i % 3 ? (i * 7919) % TARGETS : TARGETS - 1];
    nodes[i].value = (long)i * 77;
    nodes[i].next = *head;
    *head = &nodes[i];
  }
  for (int n = 0; n <= MAX; n++)
    sizes(n);
  for (int vertices = 1; vertices < 1500; vertices = vertices * 2 + 1)
    graph(vertices);
  fflush(stdout);
  uint32_t *b = fenced(70 * 4);
  return (int)left(target, b, LONG_MAX, 69);
}

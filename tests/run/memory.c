// RUN: %grid %s
/* Memory: records, bit-fields, unions, arrays of arrays, alignment, volatile, atomics, TLS, VLAs. */
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

struct node {
  struct node *next;
  char name[8];
  int key;
  short tags[3][2];
};
struct bits {
  unsigned a : 3, b : 7;
  int c : 9;
  long long d : 37;
  _Bool e : 1;
  unsigned : 0, f : 5;
};
struct __attribute__((packed)) packed {
  char c;
  int i;
  double d;
  uint16_t s;
};
union pun {
  float f;
  uint32_t u;
  uint8_t b[4];
};
struct big {
  long v[12];
  struct node n;
};

static _Thread_local int counter = 5;
static volatile int shared = 3;
static _Atomic int atom;
static int table[4][5][6];
alignas(64) static char lines[256];

NOINLINE struct node *push(struct node *head, int key) {
  struct node *n = malloc(sizeof *n);
  *n = (struct node){.next = head, .key = key, .tags = {{1, 2}, {3, (short)key}}};
  memcpy(n->name, "node", 5);
  n->name[4] = (char)('0' + key % 10);
  return n;
}
NOINLINE int walk(const struct node *n) {
  int s = 0;
  for (; n; n = n->next)
    s += n->key * n->tags[1][1] + n->name[4] + n->tags[0][n->key & 1];
  return s;
}
NOINLINE struct bits pack(int x) {
  struct bits b = {.a = (unsigned)x, .b = (unsigned)x * 3, .c = -x, .d = (long long)x << 20, .e = x & 1};
  b.f = (unsigned)x >> 2;
  b.c += 5;
  b.d -= 1;
  return b;
}
NOINLINE long unpack(struct bits b) { return b.a + b.b * 8L + b.c * 1000L + b.d + b.e + b.f * 7L; }
NOINLINE double unaligned(struct packed *p, int k) {
  p->i += k;
  p->s = (uint16_t)(p->s * 3 + k);
  p->d /= 2;
  return p[1].d + p->i + p->s + p->c;
}
NOINLINE uint32_t pun(float f) {
  union pun p = {.f = f};
  p.b[1] ^= 0x55;
  return p.u;
}
NOINLINE struct big copy(struct big b, int k) {
  struct big c = b;
  c.v[k] = b.v[11 - k] + 1;
  c.n = b.n;
  c.n.key++;
  return c;
}
NOINLINE int cube(int n) {
  int s = 0;
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 5; j++)
      for (int k = 0; k < 6; k++)
        table[i][j][k] = i * 100 + j * 10 + k + n;
  for (int k = 5; k >= 0; k -= 2)
    s += table[k % 4][k % 5][k] - (&table[1][2][3])[-k];
  return s;
}
NOINLINE int atomics(int n) {
  int old = atomic_fetch_add(&atom, n), want = n;
  old += atomic_exchange_explicit(&atom, n, memory_order_acq_rel);
  old += atomic_compare_exchange_strong(&atom, &want, n + 1);
  atomic_store_explicit(&atom, old + 2, memory_order_release);
  atomic_thread_fence(memory_order_seq_cst);
  return old + atomic_load_explicit(&atom, memory_order_acquire) + __sync_fetch_and_or(&shared, 0);
}
NOINLINE int volatiles(int n) {
  for (int i = 0; i < n; i++)
    shared = shared * 3 + i;
  shared;
  return shared + counter++;
}
NOINLINE long vla(int n) {
  int a[n], (*m)[n] = malloc(sizeof(int[3][n]));
  long s = 0;
  for (int i = 0; i < n; i++)
    a[i] = i * i, m[1][i] = a[i] - i, m[i % 3][n - 1 - i] = i;
  for (int i = 0; i < n; i++)
    s += a[i] * (long)m[1][i];
  free(m);
  return s + (long)sizeof a;
}
NOINLINE ptrdiff_t pointers(const struct node *a, const struct node *b) {
  return (b - a) * 2 + ((const char *)b - (const char *)a) + (a < b) + (a != NULL);
}
NOINLINE void sort(int *v, int n) {
  for (int i = 1; i < n; i++) {
    int x = v[i], j = i;
    for (; j > 0 && v[j - 1] > x; j--)
      v[j] = v[j - 1];
    v[j] = x;
  }
}

int main(void) {
  struct node *head = NULL, array[5] = {0};
  for (int i = 0; i < 40; i++)
    head = push(head, i * 7 % 31);
  struct packed p[2] = {{1, 2, 3.5, 4}, {5, 6, 7.5, 8}};
  struct big b = {.v = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, .n = *head};
  b = copy(copy(b, 3), 11);
  int v[50];
  for (int i = 0; i < 50; i++)
    v[i] = i * 37 % 50;
  sort(v, 50);
  memset(lines, 7, sizeof lines / 2);
  memmove(lines + 3, lines + 100, 60);
  int sum = 0;
  for (size_t i = 0; i < sizeof lines; i++)
    sum = sum * 3 + lines[i];
  printf("%d %ld %a %08x %ld %d %s\n", walk(head), unpack(pack(-77)) + unpack(pack(500)), unaligned(p, 9), pun(1.25f),
         b.v[3] + b.v[11] * 100, b.n.key, b.n.name);
  printf("%d %d %d %d %ld %td %d %d %d\n", cube(3), atomics(4), volatiles(6), counter, vla(17),
         pointers(array + 1, array + 4), v[0] + v[49] * 100, sum, (int)((uintptr_t)lines % 64));
  return 0;
}

/* bfs.c - breadth-first search over a random graph in compressed rows. */
#include "bench.h"

enum { VERTICES = 10 << 20, DEGREE = 6 };

static uint32_t *first, *edges, *queue;
static int32_t *depth;

static void setup(void) {
  first = make(VERTICES + 1, sizeof *first);
  edges = make((size_t)VERTICES * DEGREE, sizeof *edges);
  queue = make(VERTICES, sizeof *queue);
  depth = make(VERTICES, sizeof *depth);
  uint32_t at = 0;
  for (uint32_t v = 0; v < VERTICES; v++) {
    first[v] = at;
    for (uint32_t end = at + random_below(DEGREE); at < end; at++)
      edges[at] = random_below(VERTICES);
    depth[v] = -1;
  }
  first[VERTICES] = at;
}

/* One level: the vertices in queue[from..to) are known; returns the queue's new end. */
static NOINLINE uint32_t level(const uint32_t *row, const uint32_t *edge, uint32_t *work,
                               int32_t *seen, uint32_t from, uint32_t to, int32_t now) {
  uint32_t end = to;
  for (uint32_t i = from; i < to; i++) {
    uint32_t v = work[i];
#ifdef HAND
    __builtin_prefetch(&row[work[to - i > DISTANCE ? i + DISTANCE : to - 1]], 0, 3);
    /* work[i..to) is never written in this loop: the queue grows behind it. */
    uint32_t near = work[to - i > DISTANCE / 2 ? i + DISTANCE / 2 : to - 1];
    __builtin_prefetch(&edge[row[near]], 0, 3);
    uint32_t last = work[to - i > DISTANCE / 4 ? i + DISTANCE / 4 : to - 1];
    for (uint32_t e = row[last]; e < row[last + 1]; e++)
      __builtin_prefetch(&seen[edge[e]], 1, 3);
#endif
    for (uint32_t e = row[v]; e < row[v + 1]; e++) {
      uint32_t w = edge[e];
      if (seen[w] < 0) {
        seen[w] = now;
        work[end++] = w;
      }
    }
  }
  return end;
}

static uint64_t kernel(void) {
  uint32_t from = 0, to = 1;
  uint64_t sum = 0;
  depth[queue[0] = 0] = 0;
  for (int32_t now = 1; from < to; now++) {
    uint32_t end = level(first, edges, queue, depth, from, to, now);
    sum += (uint64_t)now * (end - to);
    from = to;
    to = end;
  }
  return sum;
}

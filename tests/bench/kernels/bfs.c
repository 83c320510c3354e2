/* bfs.c - breadth-first search over a random graph in compressed rows. */
#include "bench.h"

enum { VERTICES = 10 << 20, DEGREE = 6 };

static uint32_t *first, *edges, *frontier, *found;
static int32_t *depth;

static void setup(void) {
  first = make(VERTICES + 1, sizeof *first);
  edges = make((size_t)VERTICES * DEGREE, sizeof *edges);
  frontier = make(VERTICES, sizeof *frontier);
  found = make(VERTICES, sizeof *found);
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

/* One level: from the vertices in `now` to those found behind them, which are counted. */
static NOINLINE int level(const uint32_t *restrict row, const uint32_t *restrict edge,
                          const uint32_t *restrict now, int count, uint32_t *restrict next,
                          int32_t *restrict seen, int32_t distance) {
  int end = 0;
  for (int i = 0; i < count; i++) {
#ifdef HAND
    int last = count - 1;
    __builtin_prefetch(&row[now[last - i > DISTANCE ? i + DISTANCE : last]], 0, 3);
    __builtin_prefetch(&edge[row[now[last - i > DISTANCE / 2 ? i + DISTANCE / 2 : last]]], 0, 3);
    uint32_t near = now[last - i > DISTANCE / 4 ? i + DISTANCE / 4 : last];
    for (uint32_t e = row[near]; e < row[near + 1]; e++)
      __builtin_prefetch(&seen[edge[e]], 1, 3);
#endif
    uint32_t v = now[i];
    for (uint32_t e = row[v]; e < row[v + 1]; e++) {
      uint32_t w = edge[e];
      if (seen[w] < 0) {
        seen[w] = distance;
        next[end++] = w;
      }
    }
  }
  return end;
}

static uint64_t kernel(void) {
  int count = 1;
  uint64_t sum = 0;
  depth[frontier[0] = 0] = 0;
  for (int32_t now = 1; count; now++) {
    count = level(first, edges, frontier, count, found, depth, now);
    sum += (uint64_t)now * (uint64_t)count;
    uint32_t *swap = frontier;
    frontier = found;
    found = swap;
  }
  return sum;
}

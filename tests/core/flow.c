/* flow.c - what is asked of the inference of counts, on random flows: consistent, of the least
 * cost (found another way: by cancelling circles), the same again, the same at another scale.
 *
 * usage: flow-test [FLOWS [SEED]]
 */
#include "backedge/profile/flow.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL_NODES = 9, SMALL_ARCS = 40, MONSTER_BLOCKS = 100000 };

static uint64_t seed = 1;

static uint32_t random_below(uint32_t bound) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (uint32_t)(seed >> 32) % bound;
}

static void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void die(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("flow-test: ", stderr);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  exit(1);
}

static void expect_conserved(const struct be_flow *flow, const char *what) {
  int64_t *excess = calloc(flow->node_count, sizeof *excess);
  for (uint32_t i = 0; i < flow->arc_count; i++) {
    excess[flow->arcs[i].from] -= (int64_t)flow->arcs[i].count;
    excess[flow->arcs[i].to] += (int64_t)flow->arcs[i].count;
  }
  for (uint32_t v = 0; v < flow->node_count; v++)
    if (excess[v])
      die("%s: node %u has %lld more than leaves it", what, v, (long long)excess[v]);
  free(excess);
}

static void solve(struct be_flow *flow, struct be_flow_stats *stats, const char *what) {
  *stats = (struct be_flow_stats){0};
  int status = be_flow_solve(flow, stats);
  if (status)
    die("%s: status %d", what, status);
  expect_conserved(flow, what);
}

/* ---- the other way ----------------------------------------------------------------------------
 */

static bool can_move(const struct be_flow_arc *arc, uint64_t observed, bool is_against,
                     int64_t *cost) {
  if (is_against)
    *cost = arc->count > observed ? -(int64_t)arc->raise : (int64_t)arc->lower;
  else
    *cost = arc->count < observed ? -(int64_t)arc->lower : (int64_t)arc->raise;
  return !is_against || arc->count > 0;
}

/* One step of Bellman and Ford's method; the node changed last, -1 when none was. */
static int relax(const struct be_flow *flow, const uint64_t *observed, int64_t *length, int *end) {
  int changed = -1;
  for (uint32_t i = 0; i < 2 * flow->arc_count; i++) {
    const struct be_flow_arc *arc = &flow->arcs[i / 2];
    uint32_t from = i & 1 ? arc->to : arc->from, to = i & 1 ? arc->from : arc->to;
    int64_t cost;
    if (from == to || !can_move(arc, observed[i / 2], i & 1, &cost) ||
        length[from] + cost >= length[to])
      continue;
    length[to] = length[from] + cost;
    end[to] = (int)i;
    changed = (int)to;
  }
  return changed;
}

static uint32_t before(const struct be_flow *flow, int end) {
  return end & 1 ? flow->arcs[end / 2].to : flow->arcs[end / 2].from;
}

/* Moves one around a circle of negative cost; false when there is none. */
static bool cancel_circle(struct be_flow *flow, const uint64_t *observed) {
  int64_t length[SMALL_NODES] = {0};
  int end[SMALL_NODES], changed = -1;
  memset(end, -1, sizeof end);
  for (uint32_t i = 0; i <= flow->node_count; i++)
    changed = relax(flow, observed, length, end);
  if (changed < 0)
    return false;
  uint32_t node = (uint32_t)changed;
  for (uint32_t i = 0; i < flow->node_count; i++)
    node = before(flow, end[node]);
  uint32_t start = node;
  do {
    flow->arcs[end[node] / 2].count += end[node] & 1 ? UINT64_MAX : 1;
    node = before(flow, end[node]);
  } while (node != start);
  return true;
}

static uint64_t cost_of(const struct be_flow *flow, const uint64_t *observed) {
  uint64_t cost = 0;
  for (uint32_t i = 0; i < flow->arc_count; i++) {
    uint64_t now = flow->arcs[i].count;
    cost += now > observed[i] ? (now - observed[i]) * flow->arcs[i].raise
                              : (observed[i] - now) * flow->arcs[i].lower;
  }
  return cost;
}

static uint64_t least_cost(struct be_flow flow) {
  struct be_flow_arc arcs[SMALL_ARCS];
  uint64_t observed[SMALL_ARCS] = {0};
  for (uint32_t i = 0; i < flow.arc_count; i++) {
    arcs[i] = flow.arcs[i];
    observed[i] = arcs[i].count;
    if (arcs[i].from != arcs[i].to) /* else it is consistent as it is */
      arcs[i].count = 0;
  }
  flow.arcs = arcs;
  while (cancel_circle(&flow, observed))
    ;
  return cost_of(&flow, observed);
}

/* ---- random flows -----------------------------------------------------------------------------
 */

/* Each node can be reached from node 0, and leads there. */
static void make_small(struct be_flow *flow, uint32_t count_below) {
  uint32_t nodes = 2 + random_below(SMALL_NODES - 1);
  uint32_t more = random_below(SMALL_ARCS - 2 * SMALL_NODES);
  flow->node_count = nodes;
  flow->arc_count = 0;
  for (uint32_t i = 0; i < 2 * (nodes - 1) + more; i++) {
    struct be_flow_arc *arc = &flow->arcs[flow->arc_count++];
    *arc = (struct be_flow_arc){random_below(nodes), random_below(nodes), random_below(30),
                                random_below(30), random_below(3) ? random_below(count_below) : 0};
    if (i < nodes - 1) { /* from an earlier one, or from outside */
      arc->to = i + 1;
      arc->from = random_below(i + 1);
    } else if (i < 2 * (nodes - 1)) {
      arc->from = i - (nodes - 1) + 1;
      arc->to = random_below(arc->from);
    }
  }
}

static void expect_same(const struct be_flow *flow, const struct be_flow *other, uint64_t scale,
                        const char *what) {
  for (uint32_t i = 0; i < flow->arc_count; i++)
    if (flow->arcs[i].count * scale != other->arcs[i].count)
      die("%s: %llu of arc %u became %llu", what, (unsigned long long)flow->arcs[i].count, i,
          (unsigned long long)other->arcs[i].count);
}

static void check_small(uint32_t number) {
  struct be_flow_arc arcs[SMALL_ARCS], copies[SMALL_ARCS];
  struct be_flow flow = {arcs, 0, 0}, copy = {copies, 0, 0};
  struct be_flow_stats stats, again;
  make_small(&flow, number % 4 ? 12 : 3);
  copy.arc_count = flow.arc_count;
  copy.node_count = flow.node_count;
  uint64_t least = least_cost(flow);
  for (uint32_t i = 0; i < flow.arc_count; i++) {
    copies[i] = arcs[i];
    copies[i].count *= 1000003;
  }
  solve(&flow, &stats, "small");
  if (stats.cost != least)
    die("flow %u costs %llu, not %llu", number, (unsigned long long)stats.cost,
        (unsigned long long)least);
  solve(&copy, &again, "scaled");
  expect_same(&flow, &copy, 1000003, "scaled");
  memcpy(copies, arcs, sizeof arcs);
  solve(&copy, &again, "consistent");
  expect_same(&flow, &copy, 1, "consistent counts");
  if (again.cost || again.augments)
    die("consistent counts were changed");
}

/* With no work allowed, the counts are consistent all the same. */
static void check_mending(uint32_t number) {
  struct be_flow_arc arcs[SMALL_ARCS];
  struct be_flow flow = {arcs, 0, 0};
  struct be_flow_stats stats = {0};
  make_small(&flow, 1000);
  if (be_flow_solve_within(&flow, number % 100, &stats))
    die("no flow within little work");
  expect_conserved(&flow, "mended");
}

/* ---- monsters ---------------------------------------------------------------------------------
 */

enum shape { SHAPE_CHAIN, SHAPE_DIAMONDS, SHAPE_SWITCH, SHAPE_LOOPS, SHAPE_RANDOM, SHAPE_COUNT };

static void add(struct be_flow *flow, uint32_t from, uint32_t to, uint32_t raise, uint32_t lower,
                uint64_t count) {
  flow->arcs[flow->arc_count++] = (struct be_flow_arc){from, to, raise, lower, count};
}

/* Block b has the nodes 2b + 1 and 2b + 2; each leads to the next one and, by shape, to others. */
static void make_monster(struct be_flow *flow, enum shape shape, uint32_t blocks) {
  flow->node_count = 2 * blocks + 1;
  flow->arc_count = 0;
  add(flow, 0, 1, 40, 10, random_below(1000));
  for (uint32_t b = 0; b < blocks; b++) {
    uint32_t last = blocks - 1, to = last;
    add(flow, 2 * b + 1, 2 * b + 2, 10, 20, random_below(1000));
    add(flow, 2 * b + 2, b < last ? 2 * b + 3 : 0, 1, 0, 0);
    if (shape == SHAPE_DIAMONDS)
      to = b % 3 ? b : b + 2;
    else if (shape == SHAPE_SWITCH)
      to = b ? 0 : b;
    else if (shape == SHAPE_LOOPS)
      to = b - b % 7;
    else if (shape == SHAPE_RANDOM)
      to = random_below(blocks);
    if (shape != SHAPE_CHAIN)
      add(flow, 2 * b + 2, 2 * (to < last ? to : last) + 1, 1, 0, 0);
    if (shape == SHAPE_SWITCH && b)
      add(flow, 2, 2 * b + 1, 1, 0, 0);
  }
}

static void check_monster(enum shape shape, uint32_t blocks, bool is_told) {
  static const char *const names[] = {"chain", "diamonds", "switch", "loops", "random"};
  struct be_flow flow = {malloc(4 * (size_t)blocks * sizeof *flow.arcs), 0, 0};
  struct be_flow_stats stats;
  make_monster(&flow, shape, blocks);
  solve(&flow, &stats, names[shape]);
  uint64_t bound = 50 * (uint64_t)flow.arc_count + 6000000;
  if (stats.work > bound)
    die("%s: %llu steps, more than %llu", names[shape], (unsigned long long)stats.work,
        (unsigned long long)bound);
  if (is_told)
    printf("%-8s %7u blocks: %6.0f steps an arc, %6llu paths%s\n", names[shape], blocks,
           (double)stats.work / flow.arc_count, (unsigned long long)stats.augments,
           stats.finished ? ", mended" : "");
  free(flow.arcs);
}

static void check_bad(void) {
  struct be_flow_arc cut_off[] = {{0, 1, 1, 1, 5}, {1, 0, 1, 1, 5}, {2, 1, 1, 1, 5}};
  struct be_flow_arc beyond[] = {{0, 1, 1, 1, 5}, {1, 7, 1, 1, 5}};
  struct be_flow_arc much[] = {{0, 1, 1, 1, UINT64_MAX}, {1, 0, 1, 1, 5}};
  struct be_flow_stats stats = {0};
  struct be_flow flows[] = {{cut_off, 3, 3}, {beyond, 2, 2}, {much, 2, 2}};
  for (size_t i = 0; i < sizeof flows / sizeof *flows; i++)
    if (be_flow_solve(&flows[i], &stats) != -22)
      die("bad flow %zu was taken", i);
}

int main(int argc, char **argv) {
  uint32_t flows = argc > 1 ? (uint32_t)atoi(argv[1]) : 5000;
  seed += argc > 2 ? (uint64_t)atoi(argv[2]) * 2 : 0;
  check_bad();
  for (uint32_t i = 0; i < flows; i++) {
    check_small(i);
    check_mending(i);
  }
  for (int shape = 0; shape < SHAPE_COUNT; shape++) {
    bool is_quick = argc <= 1 && shape != SHAPE_CHAIN && shape != SHAPE_SWITCH;
    uint32_t most = is_quick ? MONSTER_BLOCKS / 10 : MONSTER_BLOCKS;
    for (uint32_t blocks = 100; blocks <= most; blocks *= 10)
      check_monster((enum shape)shape, blocks, argc > 1);
  }
  return 0;
}

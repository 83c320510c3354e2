/* solve.c - the circulation of least cost: successive shortest paths, all of one length at once.
 *
 * Where more comes into a node than goes out there is an excess, elsewhere a lack. To move one from
 * here to there along an arc is to raise the arc's count, against it to lower it. Paths are found
 * by Dijkstra's method from all excesses at once, up to the nearest lack; then everything that fits
 * is sent along the paths of that length (Dinic's method). Costs are reduced by potentials, as
 * Edmonds and Karp do, so that none is negative. A length is the cost and then the number of arcs:
 * so the arcs of shortest paths have no circles.
 *
 * Only what lies nearer than the nearest lack is looked at: where counts are consistent already,
 * nothing is.
 */
#include "network.h"
#include <errno.h>
#include <stdlib.h>

/* Steps that may be made for each arc, and for any flow: real functions take a hundredth of it. */
enum { WORK_PER_ARC = 40, WORK_LEAST = 5000000 };

struct waiting {
  uint64_t length;
  uint32_t node;
};

struct solver {
  struct be_network network;
  struct be_flow *flow;
  struct be_flow_stats *stats;
  int64_t *potential;
  uint64_t *length;  /* from the nearest excess, where round is the present one */
  uint32_t *round;   /* in which the node was reached */
  uint32_t *next;    /* of its ends, the first that is not known to lead nowhere */
  uint32_t *reached; /* nodes settled in this round */
  uint32_t *path;    /* ends */
  uint32_t *sources; /* nodes that have or had an excess */
  struct waiting *heap;
  size_t heap_count;
  uint32_t reached_count, source_count, now;
  uint64_t target; /* the length of the shortest paths from an excess to a lack */
  uint64_t work, work_max;
};

#define UNREACHED UINT64_MAX
/* A length is a cost in this unit, and a number of arcs below it. */
#define COST_UNIT (UINT64_C(1) << 24)

/* ---- the heap: by length, then by node, so that the order is always the same ------------------
 */

static bool is_before(struct waiting a, struct waiting b) {
  return a.length != b.length ? a.length < b.length : a.node < b.node;
}

static void push(struct solver *solver, uint64_t length, uint32_t node) {
  struct waiting *heap = solver->heap, added = {length, node};
  size_t at = solver->heap_count++;
  while (at && is_before(added, heap[(at - 1) / 2])) {
    heap[at] = heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  heap[at] = added;
}

static struct waiting pop(struct solver *solver) {
  struct waiting *heap = solver->heap, first = heap[0], last = heap[--solver->heap_count];
  size_t at = 0, child;
  while ((child = 2 * at + 1) < solver->heap_count) {
    if (child + 1 < solver->heap_count && is_before(heap[child + 1], heap[child]))
      child++;
    if (!is_before(heap[child], last))
      break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
  return first;
}

/* ---- moving along an arc ----------------------------------------------------------------------
 */

/* What it costs to move one more over this end of an arc, and how many cost that; 0: none can be
 * moved. What had been changed the other way before is taken back first. */
static uint64_t room_at(const struct solver *solver, uint32_t end, int64_t *cost) {
  const struct be_flow_arc *arc = &solver->flow->arcs[end / 2];
  uint64_t observed = solver->network.observed[end / 2];
  if (end & 1) { /* against it */
    bool was_raised = arc->count > observed;
    *cost = was_raised ? -(int64_t)arc->raise : (int64_t)arc->lower;
    return was_raised ? arc->count - observed : arc->count;
  }
  bool was_lowered = arc->count < observed;
  *cost = was_lowered ? -(int64_t)arc->lower : (int64_t)arc->raise;
  return was_lowered ? observed - arc->count : INT64_MAX;
}

static uint32_t other_node(const struct solver *solver, uint32_t end) {
  const struct be_flow_arc *arc = &solver->flow->arcs[end / 2];
  return end & 1 ? arc->from : arc->to;
}

/* How long a path to the other node of an end becomes; UNREACHED when nothing can be moved. */
static uint64_t length_over(const struct solver *solver, uint32_t node, uint32_t end) {
  int64_t cost;
  if (!room_at(solver, end, &cost))
    return UNREACHED;
  cost += solver->potential[node] - solver->potential[other_node(solver, end)];
  return solver->length[node] + (uint64_t)cost * COST_UNIT + 1;
}

/* ---- shortest paths ---------------------------------------------------------------------------
 */

static void reach(struct solver *solver, uint32_t node, uint64_t length) {
  if (solver->round[node] == solver->now && solver->length[node] <= length)
    return;
  solver->round[node] = solver->now;
  solver->length[node] = length;
  solver->next[node] = solver->network.first[node];
  push(solver, length, node);
}

static void settle(struct solver *solver, uint32_t node) {
  const struct be_network *network = &solver->network;
  solver->reached[solver->reached_count++] = node;
  solver->work += network->first[node + 1] - network->first[node];
  for (uint32_t i = network->first[node]; i < network->first[node + 1]; i++) {
    uint64_t length = length_over(solver, node, network->ends[i]);
    if (length <= solver->target && length != UNREACHED)
      reach(solver, other_node(solver, network->ends[i]), length);
  }
}

/* Settles all nodes that are no farther than the nearest lack. False: no excess is left. */
static bool find_lengths(struct solver *solver) {
  uint32_t kept = 0;
  solver->now++;
  solver->heap_count = solver->reached_count = 0;
  solver->target = UNREACHED;
  for (uint32_t i = 0; i < solver->source_count; i++)
    if (solver->network.excess[solver->sources[i]] > 0)
      solver->sources[kept++] = solver->sources[i];
  solver->source_count = kept;
  solver->work += kept;
  for (uint32_t i = 0; i < kept; i++)
    reach(solver, solver->sources[i], 0);
  while (solver->heap_count && solver->heap[0].length <= solver->target) {
    struct waiting nearest = pop(solver);
    if (solver->length[nearest.node] != nearest.length)
      continue;
    if (solver->network.excess[nearest.node] < 0)
      solver->target = nearest.length;
    settle(solver, nearest.node);
  }
  return kept > 0 && solver->target != UNREACHED;
}

/* ---- sending ----------------------------------------------------------------------------------
 */

/* Walks on shortest paths from a source to a lack; the number of ends of the path, 0: there is
 * none (any more). */
static uint32_t walk(struct solver *solver, uint32_t source) {
  const struct be_network *network = &solver->network;
  uint32_t depth = 0, node = source;
  for (;;) {
    if (network->excess[node] < 0 && solver->length[node] == solver->target)
      return depth;
    uint32_t i = solver->next[node];
    for (; i < network->first[node + 1]; i++, solver->work++) {
      uint32_t other = other_node(solver, network->ends[i]);
      uint64_t length = length_over(solver, node, network->ends[i]);
      if (solver->round[other] == solver->now && length <= solver->target &&
          solver->length[other] == length)
        break;
    }
    solver->next[node] = i;
    if (i < network->first[node + 1]) {
      solver->path[depth++] = network->ends[i];
      node = other_node(solver, network->ends[i]);
    } else if (depth) {
      node = other_node(solver, solver->path[--depth] ^ 1);
      solver->next[node]++;
    } else {
      return 0;
    }
  }
}

static void send_along(struct solver *solver, uint32_t source, uint32_t depth) {
  int64_t *excess = solver->network.excess, cost;
  uint32_t sink = other_node(solver, solver->path[depth - 1]);
  uint64_t amount = (uint64_t)(excess[source] < -excess[sink] ? excess[source] : -excess[sink]);
  for (uint32_t i = 0; i < depth; i++) {
    uint64_t room = room_at(solver, solver->path[i], &cost);
    amount = room < amount ? room : amount;
  }
  for (uint32_t i = 0; i < depth; i++) {
    uint64_t *count = &solver->flow->arcs[solver->path[i] / 2].count;
    *count = solver->path[i] & 1 ? *count - amount : *count + amount;
  }
  excess[source] -= (int64_t)amount;
  excess[sink] += (int64_t)amount;
  solver->stats->augments++;
  solver->work += depth;
}

static void send_all(struct solver *solver) {
  for (uint32_t i = 0; i < solver->source_count; i++)
    while (solver->network.excess[solver->sources[i]] > 0) {
      uint32_t depth = walk(solver, solver->sources[i]);
      if (!depth || solver->work > solver->work_max)
        break;
      send_along(solver, solver->sources[i], depth);
    }
}

/* Potentials are lengths of shortest paths; all that lies no nearer than the lacks keeps its own.
 */
static void update_potentials(struct solver *solver) {
  int64_t farthest = (int64_t)(solver->target / COST_UNIT);
  for (uint32_t i = 0; i < solver->reached_count; i++) {
    uint32_t node = solver->reached[i];
    solver->potential[node] += (int64_t)(solver->length[node] / COST_UNIT) - farthest;
  }
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static int init(struct solver *solver, struct be_flow *flow) {
  size_t nodes = flow->node_count + 1, arcs = flow->arc_count;
  int status = be_network_init(&solver->network, flow);
  if (status)
    return status;
  solver->potential = calloc(nodes, sizeof *solver->potential);
  solver->length = malloc(nodes * sizeof *solver->length);
  solver->round = calloc(nodes, sizeof *solver->round);
  solver->next = malloc(nodes * sizeof *solver->next);
  solver->reached = malloc(nodes * sizeof *solver->reached);
  solver->path = malloc(nodes * sizeof *solver->path);
  solver->sources = malloc(nodes * sizeof *solver->sources);
  solver->heap = malloc((2 * arcs + nodes) * sizeof *solver->heap);
  if (!solver->potential || !solver->length || !solver->round || !solver->next ||
      !solver->reached || !solver->path || !solver->sources || !solver->heap)
    return -ENOMEM;
  for (uint32_t v = 0; v < flow->node_count; v++)
    if (solver->network.excess[v] > 0)
      solver->sources[solver->source_count++] = v;
  return 0;
}

static void destroy(struct solver *solver) {
  be_network_destroy(&solver->network);
  free(solver->potential);
  free(solver->length);
  free(solver->round);
  free(solver->next);
  free(solver->reached);
  free(solver->path);
  free(solver->sources);
  free(solver->heap);
}

static void add_cost(struct solver *solver) {
  for (uint32_t i = 0; i < solver->flow->arc_count; i++) {
    const struct be_flow_arc *arc = &solver->flow->arcs[i];
    uint64_t observed = solver->network.observed[i];
    solver->stats->cost += arc->count > observed ? (arc->count - observed) * arc->raise
                                                 : (observed - arc->count) * arc->lower;
  }
}

static int solve(struct solver *solver) {
  int status = be_network_check(&solver->network, solver->reached, solver->path);
  if (status)
    return status;
  while (solver->work <= solver->work_max && find_lengths(solver)) {
    send_all(solver);
    update_potentials(solver);
  }
  if (solver->work > solver->work_max) {
    solver->stats->finished++;
    be_network_mend(&solver->network, solver->reached, solver->path);
  }
  add_cost(solver);
  return 0;
}

int be_flow_solve_within(struct be_flow *flow, uint64_t work_max, struct be_flow_stats *stats) {
  struct solver solver = {.flow = flow, .stats = stats, .work_max = work_max};
  int status = init(&solver, flow);
  if (!status)
    status = solve(&solver);
  stats->functions++;
  stats->arcs += flow->arc_count;
  stats->work += solver.work;
  destroy(&solver);
  return status;
}

int be_flow_solve(struct be_flow *flow, struct be_flow_stats *stats) {
  uint64_t work_max = (uint64_t)WORK_PER_ARC * flow->arc_count;
  return be_flow_solve_within(flow, work_max < WORK_LEAST ? WORK_LEAST : work_max, stats);
}

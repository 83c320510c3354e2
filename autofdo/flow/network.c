/* network.c - a flow as a network, and the way to mend it that asks for no least cost. */
#include "network.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { COST_MAX = 1 << 14, NODES_MAX = 1 << 23 };

static bool is_in_range(const struct be_flow *flow) {
  uint64_t most = flow->arc_count ? BE_FLOW_COUNT_MAX / flow->arc_count : 0;
  for (uint32_t i = 0; i < flow->arc_count; i++) {
    const struct be_flow_arc *arc = &flow->arcs[i];
    if (arc->from >= flow->node_count || arc->to >= flow->node_count || arc->count > most ||
        arc->raise > COST_MAX || arc->lower > COST_MAX)
      return false;
  }
  return flow->arc_count < UINT32_MAX / 2 && flow->node_count && flow->node_count <= NODES_MAX;
}

static void fill_ends(struct be_network *network) {
  const struct be_flow *flow = network->flow;
  uint32_t *first = network->first;
  for (uint32_t i = 0; i < flow->arc_count; i++) {
    const struct be_flow_arc *arc = &flow->arcs[i];
    first[arc->from + 1]++;
    first[arc->to + 1]++;
    network->observed[i] = arc->count;
    network->excess[arc->from] -= (int64_t)arc->count;
    network->excess[arc->to] += (int64_t)arc->count;
  }
  for (uint32_t v = 0; v < flow->node_count; v++)
    first[v + 1] += first[v];
  for (uint32_t i = 2 * flow->arc_count; i-- > 0;) {
    const struct be_flow_arc *arc = &flow->arcs[i / 2];
    network->ends[--first[(i & 1 ? arc->to : arc->from) + 1]] = i;
  }
  memmove(first, first + 1, flow->node_count * sizeof *first);
  first[flow->node_count] = 2 * flow->arc_count;
}

int be_network_init(struct be_network *network, struct be_flow *flow) {
  *network = (struct be_network){.flow = flow};
  if (!is_in_range(flow))
    return -EINVAL;
  network->observed = malloc((flow->arc_count + 1) * sizeof *network->observed);
  network->excess = calloc(flow->node_count + 1, sizeof *network->excess);
  network->first = calloc(flow->node_count + 2, sizeof *network->first);
  network->ends = malloc((2 * (size_t)flow->arc_count + 1) * sizeof *network->ends);
  if (!network->observed || !network->excess || !network->first || !network->ends)
    return -ENOMEM;
  fill_ends(network);
  return 0;
}

void be_network_destroy(struct be_network *network) {
  free(network->observed);
  free(network->excess);
  free(network->first);
  free(network->ends);
}

/* ---- mending ----------------------------------------------------------------------------------
 */

/* From node 0 along arcs (or against them), breadth first: the order, and of each node but the
 * first the arc by which it was reached. Returns how many were reached. */
static uint32_t search(const struct be_network *network, bool is_against, uint32_t *order,
                       uint32_t *back) {
  const struct be_flow *flow = network->flow;
  uint32_t count = 0;
  for (uint32_t v = 0; v < flow->node_count; v++)
    back[v] = UINT32_MAX;
  order[count++] = 0;
  for (uint32_t next = 0; next < count; next++) {
    uint32_t node = order[next];
    for (uint32_t i = network->first[node]; i < network->first[node + 1]; i++) {
      uint32_t arc = network->ends[i] / 2;
      bool comes_in = network->ends[i] & 1;
      uint32_t other = comes_in ? flow->arcs[arc].from : flow->arcs[arc].to;
      if (comes_in != is_against || other == 0 || back[other] != UINT32_MAX)
        continue;
      back[other] = arc;
      order[count++] = other;
    }
  }
  return count;
}

/* The farthest first, so that each passes on what it was given. */
static void send(struct be_network *network, bool is_against, const uint32_t *order,
                 const uint32_t *back, uint32_t count) {
  struct be_flow *flow = network->flow;
  for (uint32_t i = count; i-- > 1;) {
    uint32_t node = order[i];
    struct be_flow_arc *arc = &flow->arcs[back[node]];
    int64_t amount = network->excess[node];
    if (is_against ? amount <= 0 : amount >= 0)
      continue;
    arc->count += (uint64_t)(is_against ? amount : -amount);
    network->excess[arc->from] -= is_against ? amount : -amount;
    network->excess[arc->to] += is_against ? amount : -amount;
  }
}

int be_network_check(const struct be_network *network, uint32_t *order, uint32_t *back) {
  uint32_t nodes = network->flow->node_count;
  return search(network, false, order, back) == nodes && search(network, true, order, back) == nodes
             ? 0
             : -EINVAL;
}

void be_network_mend(struct be_network *network, uint32_t *order, uint32_t *back) {
  for (int is_against = 1; is_against >= 0; is_against--) {
    uint32_t count = search(network, is_against, order, back);
    send(network, is_against, order, back, count);
  }
}

/* observed.c - puts traces and samples on the graph of a function. */
#include "observed.h"
#include "backedge/profile/code.h"
#include "room.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int be_observed_begin(struct be_observed *observed, const struct be_graph *graph) {
  size_t blocks = graph->block_count + 1, edges = graph->edge_count + 1;
  observed->graph = *graph;
  observed->is_branches = false;
  if (blocks > observed->block_room) {
    if (!BE_RESIZE(observed->blocks, blocks) || !BE_RESIZE(observed->entries, blocks) ||
        !BE_RESIZE(observed->exits, blocks) || !BE_RESIZE(observed->passed, blocks) ||
        !BE_RESIZE(observed->breaks, blocks))
      return -ENOMEM;
    observed->block_room = blocks;
  }
  if (edges > observed->edge_room) {
    if (!BE_RESIZE(observed->edges, edges) || !BE_RESIZE(observed->mispredicted, edges))
      return -ENOMEM;
    observed->edge_room = edges;
  }
  memset(observed->blocks, 0, blocks * sizeof *observed->blocks);
  memset(observed->entries, 0, blocks * sizeof *observed->entries);
  memset(observed->exits, 0, blocks * sizeof *observed->exits);
  memset(observed->passed, 0, blocks * sizeof *observed->passed);
  memset(observed->edges, 0, edges * sizeof *observed->edges);
  memset(observed->mispredicted, 0, edges * sizeof *observed->mispredicted);
  observed->breaks[0] = 0;
  for (size_t i = 0; i < graph->block_count; i++) {
    bool leads_on = be_graph_edge_between(graph, i, i + 1) < graph->edge_count &&
                    graph->blocks[i].place + graph->blocks[i].size == graph->blocks[i + 1].place;
    observed->breaks[i + 1] = observed->breaks[i] + !leads_on;
  }
  return 0;
}

void be_observed_destroy(struct be_observed *observed) {
  free(observed->blocks);
  free(observed->entries);
  free(observed->exits);
  free(observed->passed);
  free(observed->breaks);
  free(observed->edges);
  free(observed->mispredicted);
}

/* ---- traces -----------------------------------------------------------------------------------
 */

/* The branch leaves a block of the function. True when it leads along an edge of it. */
static bool add_leaving(struct be_observed *observed, const struct be_trace *trace, size_t from,
                        size_t to) {
  const struct be_graph *graph = &observed->graph;
  const struct be_graph_block *block = &graph->blocks[from];
  if (trace->from != block->last)
    return false;
  size_t edge = graph->edge_count;
  if (to < graph->block_count && graph->blocks[to].place == trace->to &&
      !(block->flags & BE_GRAPH_ENDS_CALL))
    edge = be_graph_edge_between(graph, from, to);
  if (edge < graph->edge_count) {
    observed->edges[edge] += trace->count;
    observed->mispredicted[edge] += trace->mispredicted;
    return true;
  }
  if (block->flags & (BE_GRAPH_LEAVES | BE_GRAPH_STOPS | BE_GRAPH_UNKNOWN))
    observed->exits[from] += trace->count;
  return false;
}

/* A run passes the ends of the blocks from one to the one before the last. */
static bool add_run(struct be_observed *observed, size_t first, size_t last, uint32_t count) {
  if (last == observed->graph.block_count || last < first ||
      observed->breaks[first] != observed->breaks[last])
    return false;
  observed->passed[first] += count;
  observed->passed[last] -= count;
  return true;
}

/* Where a branch from elsewhere leads to, code runs on. Returns the first block of which the end is
 * passed: when a call comes back to behind the block that it ends, that one. */
static size_t add_entering(struct be_observed *observed, const struct be_binary *binary,
                           const struct be_trace *trace, size_t to) {
  const struct be_graph_block *block = &observed->graph.blocks[to];
  bool follows_call = to && block[-1].flags & BE_GRAPH_ENDS_CALL &&
                      observed->breaks[to - 1] == observed->breaks[to];
  bool is_entry = block->flags & (BE_GRAPH_ENTRY | BE_GRAPH_LANDING);
  if (trace->to != block->place)
    return to;
  if (is_entry && !(follows_call && be_code_branch_kind(binary, trace->from) == BE_BRANCH_RETURN)) {
    observed->entries[to] += trace->count;
    return to;
  }
  return follows_call ? to - 1 : to;
}

bool be_observed_trace(struct be_observed *observed, const struct be_binary *binary,
                       const struct be_trace *trace) {
  const struct be_graph *graph = &observed->graph;
  size_t from = be_graph_block_at(graph, trace->from), to = be_graph_block_at(graph, trace->to);
  observed->is_branches = true;
  bool is_edge = from < graph->block_count && add_leaving(observed, trace, from, to);
  if (to == graph->block_count)
    return true;
  size_t first = is_edge ? to : add_entering(observed, binary, trace, to), last = to;
  if (trace->next <= BE_PLACE_MAX)
    last = be_graph_block_at(graph, trace->next);
  return first == last || add_run(observed, first, last, trace->count);
}

bool be_observed_ip(struct be_observed *observed, const struct be_ip *ip) {
  size_t block = be_graph_block_at(&observed->graph, ip->place);
  if (block == observed->graph.block_count)
    return false;
  observed->blocks[block] += ip->count;
  return true;
}

/* ---- all together -----------------------------------------------------------------------------
 */

/* A block ran as often as it was entered or left, whatever was seen more. */
static void count_blocks(struct be_observed *observed) {
  const struct be_graph *graph = &observed->graph;
  uint64_t *entered = observed->blocks;
  memcpy(entered, observed->entries, graph->block_count * sizeof *entered);
  for (size_t i = 0; i < graph->edge_count; i++)
    entered[graph->edges[i].to] += observed->edges[i];
  for (size_t i = 0; i < graph->block_count; i++) {
    uint64_t left = observed->exits[i];
    for (uint32_t edge = graph->blocks[i].edge; edge < graph->blocks[i + 1].edge; edge++)
      left += observed->edges[edge];
    observed->blocks[i] = entered[i] > left ? entered[i] : left;
  }
}

void be_observed_end(struct be_observed *observed) {
  const struct be_graph *graph = &observed->graph;
  int64_t passed = 0;
  if (!observed->is_branches)
    return;
  for (size_t i = 0; i + 1 < graph->block_count; i++) {
    passed += observed->passed[i];
    if (passed > 0)
      observed->edges[be_graph_edge_between(graph, i, i + 1)] += (uint64_t)passed;
  }
  count_blocks(observed);
}

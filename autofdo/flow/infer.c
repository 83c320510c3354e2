/* infer.c - the profile of a recording: function by function, what was seen is put on the graph,
 * made consistent, and noted.
 */
#include "backedge/profile/code.h"
#include "observed.h"
#include "room.h"
#include "search.h"
#include <errno.h>
#include <stdlib.h>

struct range {
  size_t begin, end;
};

struct maker {
  const struct be_binary *binary;
  const struct be_traces *traces;
  const struct be_ips *ips;
  struct be_graph_reader *reader;
  struct be_observed observed;
  struct be_model *model;
  struct be_profile *profile;
  struct be_infer_stats *stats;
  size_t *first;    /* of each function: its traces in order; one more at the end */
  uint32_t *order;  /* traces by function: one that leads from one to another stands twice */
  uint8_t *has_ips; /* of each function */
  struct be_graph_jump *jumps; /* that were seen, of the function at hand */
  size_t jump_count, jump_room, block_room, edge_room, call_room;
};

/* ---- which function has what ------------------------------------------------------------------
 */

/* The function of a place, with its fragments; UINT32_MAX outside of all. */
static uint32_t whole_at(const struct maker *maker, uint32_t place) {
  const struct be_function *function =
      place <= BE_PLACE_MAX ? be_binary_function_at(maker->binary, place) : NULL;
  return function ? be_graph_whole(maker->reader, (uint32_t)(function - maker->binary->functions))
                  : UINT32_MAX;
}

/* Counts the traces of each function when order is NULL; else notes them. */
static void group_traces(struct maker *maker, uint32_t *order) {
  for (size_t i = 0; i < maker->traces->count; i++) {
    const struct be_trace *trace = &maker->traces->slots[i];
    uint32_t to = whole_at(maker, trace->to), from = whole_at(maker, trace->from);
    uint32_t both[2] = {to, from == to ? UINT32_MAX : from};
    for (int k = 0; k < 2; k++) {
      if (both[k] == UINT32_MAX)
        continue;
      if (order)
        order[maker->first[both[k] + 1]++] = (uint32_t)i;
      else
        maker->first[both[k] + 2]++;
    }
    if (!order && to == UINT32_MAX && from == UINT32_MAX)
      maker->stats->outside += trace->count;
  }
}

static void note_ips(struct maker *maker) {
  for (size_t i = 0; maker->ips && i < maker->ips->count; i++) {
    uint32_t function = whole_at(maker, maker->ips->slots[i].place);
    if (function == UINT32_MAX)
      maker->stats->outside += maker->ips->slots[i].count;
    else
      maker->has_ips[function] = 1;
  }
}

static int sort_inputs(struct maker *maker) {
  size_t count = maker->binary->function_count;
  maker->has_ips = calloc(count + 1, 1);
  maker->first = calloc(count + 3, sizeof *maker->first);
  if (!maker->first || !maker->has_ips)
    return -ENOMEM;
  note_ips(maker);
  if (!maker->traces)
    return 0;
  group_traces(maker, NULL);
  for (size_t i = 0; i <= count; i++)
    maker->first[i + 2] += maker->first[i + 1];
  maker->order = malloc((maker->first[count + 1] + 1) * sizeof *maker->order);
  if (!maker->order)
    return -ENOMEM;
  group_traces(maker, maker->order);
  return 0;
}

/* The ips in a part of a function. */
static struct range ips_in(const struct be_ips *ips, const struct be_function *part) {
  uint64_t end = (uint64_t)part->place + part->size;
  struct range range = {0, 0};
  size_t count = ips ? ips->count : 0;
  BE_FIND_FIRST(range.begin, count, ips->slots[range.begin].place >= part->place);
  BE_FIND_FIRST(range.end, count, ips->slots[range.end].place >= end);
  return range;
}

/* ---- one function -----------------------------------------------------------------------------
 */

/* Indirect jumps in the function, and direct ones into it from elsewhere, are news to its graph. */
static int note_jumps(struct maker *maker, uint32_t function) {
  maker->jump_count = 0;
  for (size_t i = maker->first[function]; i < maker->first[function + 1]; i++) {
    const struct be_trace *trace = &maker->traces->slots[maker->order[i]];
    uint32_t from = whole_at(maker, trace->from);
    if (whole_at(maker, trace->to) != function || from == UINT32_MAX)
      continue;
    enum be_branch_kind kind = be_code_branch_kind(maker->binary, trace->from);
    if (from == function ? kind != BE_BRANCH_OTHER : kind != BE_BRANCH_DIRECT)
      continue;
    if (!BE_MAKE_ROOM(maker->jumps, maker->jump_count, maker->jump_room))
      return -ENOMEM;
    maker->jumps[maker->jump_count++] = (struct be_graph_jump){trace->from, trace->to};
  }
  return 0;
}

static void observe(struct maker *maker, uint32_t function) {
  const struct be_graph *graph = &maker->observed.graph;
  for (size_t i = maker->first[function]; i < maker->first[function + 1]; i++) {
    const struct be_trace *trace = &maker->traces->slots[maker->order[i]];
    if (!be_observed_trace(&maker->observed, maker->binary, trace))
      maker->stats->unmatched += trace->count;
  }
  for (size_t i = 0; i < graph->part_count && !maker->observed.is_branches; i++) {
    struct range range = ips_in(maker->ips, graph->parts[i]);
    for (; range.begin < range.end; range.begin++)
      if (!be_observed_ip(&maker->observed, &maker->ips->slots[range.begin]))
        maker->stats->unmatched += maker->ips->slots[range.begin].count;
  }
  be_observed_end(&maker->observed);
}

static int add_blocks(struct maker *maker) {
  const struct be_graph *graph = &maker->observed.graph;
  struct be_profile *profile = maker->profile;
  for (size_t i = 0; i < graph->block_count; i++) {
    if (!BE_MAKE_ROOM(profile->blocks, profile->block_count, maker->block_room))
      return -ENOMEM;
    profile->blocks[profile->block_count++] = (struct be_counted_block){
        graph->blocks[i].place, graph->blocks[i].size, maker->observed.blocks[i]};
  }
  for (size_t i = 0; i < graph->edge_count; i++) {
    const struct be_graph_edge *edge = &graph->edges[i];
    if (!maker->observed.edges[i])
      continue;
    if (!BE_MAKE_ROOM(profile->edges, profile->edge_count, maker->edge_room))
      return -ENOMEM;
    profile->edges[profile->edge_count++] =
        (struct be_counted_edge){graph->blocks[edge->from].last, 0, graph->blocks[edge->to].place,
                                 maker->observed.edges[i], maker->observed.mispredicted[i]};
  }
  return 0;
}

static int add_call(struct maker *maker, uint32_t from, uint32_t to, uint64_t count) {
  struct be_profile *profile = maker->profile;
  if (!BE_MAKE_ROOM(profile->calls, profile->call_count, maker->call_room))
    return -ENOMEM;
  profile->calls[profile->call_count++] = (struct be_counted_call){from, to, count};
  return 0;
}

/* Where no calls were seen, direct ones are as frequent as their blocks. Of how often the function
 * is entered, they take their part away later. */
static int add_direct_calls(struct maker *maker) {
  const struct be_graph *graph = &maker->observed.graph;
  if (maker->observed.is_branches)
    return 0;
  for (size_t i = 0; i < graph->block_count; i++)
    if (graph->blocks[i].flags & BE_GRAPH_ENTRY && maker->observed.entries[i] &&
        add_call(maker, BE_PLACE_OUTSIDE, graph->blocks[i].place, maker->observed.entries[i]))
      return -ENOMEM;
  for (size_t i = 0; i < graph->call_count; i++) {
    const struct be_graph_call *call = &graph->calls[i];
    const struct be_graph_block *block = &graph->blocks[call->block];
    bool is_jump = call->place == block->last && !(block->flags & BE_GRAPH_ENDS_CALL);
    uint64_t count =
        is_jump ? maker->observed.exits[call->block] : maker->observed.blocks[call->block];
    const struct be_function *callee = be_binary_function_at(maker->binary, call->target);
    if (count && callee && callee->place == call->target &&
        add_call(maker, call->place, call->target, count))
      return -ENOMEM;
  }
  return 0;
}

static bool has_counts(const struct be_observed *observed) {
  for (size_t i = 0; i < observed->graph.block_count; i++)
    if (observed->blocks[i])
      return true;
  return false;
}

static int add_function(struct maker *maker, uint32_t function) {
  struct be_graph graph;
  if (maker->binary->functions[function].flags & (BE_FUNCTION_PLT | BE_FUNCTION_SECTION))
    return 0;
  if (note_jumps(maker, function))
    return -ENOMEM;
  int status = be_graph_read(maker->reader, &maker->binary->functions[function], maker->jumps,
                             maker->jump_count, &graph);
  if (status == -EILSEQ)
    maker->stats->unread++;
  if (status)
    return status == -EILSEQ ? 0 : status;
  if (be_observed_begin(&maker->observed, &graph))
    return -ENOMEM;
  observe(maker, function);
  if (!has_counts(&maker->observed))
    return 0;
  status = be_model_solve(maker->model, &maker->observed, &maker->stats->flow);
  if (!status)
    status = add_blocks(maker);
  return status ? status : add_direct_calls(maker);
}

/* ---- all of them ------------------------------------------------------------------------------
 */

static bool is_beginning(const struct be_binary *binary, uint32_t place) {
  const struct be_function *function =
      place <= BE_PLACE_MAX ? be_binary_function_at(binary, place) : NULL;
  return function && function->place == place && !(function->flags & BE_FUNCTION_FRAGMENT);
}

/* Calls that were seen, and jumps in their place. A jump in a function to its own beginning is an
 * edge. */
static int add_calls(struct maker *maker) {
  for (size_t i = 0; maker->traces && i < maker->traces->count; i++) {
    const struct be_trace *trace = &maker->traces->slots[i];
    enum be_branch_kind kind = be_code_branch_kind(maker->binary, trace->from);
    bool is_inside = is_beginning(maker->binary, trace->to);
    uint32_t from = whole_at(maker, trace->from);
    if (kind == BE_BRANCH_RETURN || (!is_inside && whole_at(maker, trace->to) != UINT32_MAX) ||
        (kind == BE_BRANCH_DIRECT && from == whole_at(maker, trace->to)))
      continue;
    if (from == UINT32_MAX && !is_inside)
      continue;
    if (add_call(maker, from == UINT32_MAX ? (uint32_t)BE_PLACE_OUTSIDE : trace->from,
                 is_inside ? trace->to : (uint32_t)BE_PLACE_OUTSIDE, trace->count))
      return -ENOMEM;
  }
  return 0;
}

static int block_order(const void *left, const void *right) {
  const struct be_counted_block *a = left, *b = right;
  return (a->place > b->place) - (a->place < b->place);
}

static int edge_order(const void *left, const void *right) {
  const struct be_counted_edge *a = left, *b = right;
  if (a->from != b->from)
    return a->from < b->from ? -1 : 1;
  return (a->to > b->to) - (a->to < b->to);
}

static int call_order(const void *left, const void *right) {
  const struct be_counted_call *a = left, *b = right;
  if (a->from != b->from)
    return a->from < b->from ? -1 : 1;
  return (a->to > b->to) - (a->to < b->to);
}

static void sort_calls(struct be_profile *profile) {
  size_t used = 0;
  if (profile->call_count)
    qsort(profile->calls, profile->call_count, sizeof *profile->calls, call_order);
  for (size_t i = 0; i < profile->call_count; i++)
    if (used && call_order(&profile->calls[used - 1], &profile->calls[i]) == 0)
      profile->calls[used - 1].count += profile->calls[i].count;
    else if (profile->calls[i].count)
      profile->calls[used++] = profile->calls[i];
  profile->call_count = used;
}

static int callee_order(const void *left, const void *right) {
  const struct be_counted_call *a = left, *b = right;
  if (a->to != b->to)
    return a->to < b->to ? -1 : 1;
  return (a->from > b->from) - (a->from < b->from);
}

/* What direct calls do not explain, comes from elsewhere. */
static void subtract_calls(struct be_profile *profile) {
  uint64_t known = 0;
  if (profile->call_count)
    qsort(profile->calls, profile->call_count, sizeof *profile->calls, callee_order);
  for (size_t i = 0; i < profile->call_count; i++) {
    struct be_counted_call *call = &profile->calls[i];
    if (i && call[-1].to != call->to)
      known = 0;
    if (call->from != BE_PLACE_OUTSIDE)
      known += call->count;
    else
      call->count -= known < call->count ? known : call->count;
  }
}

/* Edges lead out of blocks in the blocks' order. */
static void sort_profile(struct be_profile *profile) {
  size_t block = 0;
  if (profile->block_count)
    qsort(profile->blocks, profile->block_count, sizeof *profile->blocks, block_order);
  if (profile->edge_count)
    qsort(profile->edges, profile->edge_count, sizeof *profile->edges, edge_order);
  for (size_t i = 0; i < profile->edge_count; i++) {
    while (block + 1 < profile->block_count &&
           profile->blocks[block + 1].place <= profile->edges[i].from)
      block++;
    profile->edges[i].block = (uint32_t)block;
  }
  sort_calls(profile);
}

static int add_all(struct maker *maker) {
  if (maker->traces && maker->traces->count)
    maker->ips = NULL;
  int status = sort_inputs(maker);
  for (uint32_t i = 0; i < maker->binary->function_count && !status; i++)
    if (maker->first[i] < maker->first[i + 1] || maker->has_ips[i])
      status = add_function(maker, i);
  if (!status && maker->ips)
    subtract_calls(maker->profile);
  return status ? status : add_calls(maker);
}

int be_profile_infer(const struct be_binary *binary, const struct be_traces *traces,
                     const struct be_ips *ips, struct be_profile *profile,
                     struct be_infer_stats *stats, struct be_error *error) {
  struct maker maker = {
      .binary = binary,
      .traces = traces,
      .ips = ips,
      .model = be_model_create(),
      .profile = profile,
      .stats = stats,
  };
  *profile = (struct be_profile){.binary = binary};
  *stats = (struct be_infer_stats){0};
  int status = be_graph_open(binary, &maker.reader, error);
  if (!status && (!maker.model || add_all(&maker)))
    status = be_error_set(error, -ENOMEM, "no memory for the profile of '%s'", binary->path);
  if (status)
    be_profile_destroy(profile);
  else
    sort_profile(profile);
  be_graph_close(maker.reader);
  be_model_destroy(maker.model);
  be_observed_destroy(&maker.observed);
  free(maker.first);
  free(maker.order);
  free(maker.has_ips);
  free(maker.jumps);
  return status;
}

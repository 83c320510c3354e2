/* edges.c - makes edges of traces: branches, and the ends of blocks that straight runs pass. */
#include "backedge/profile/edges.h"
#include "backedge/profile/code.h"
#include "backedge/profile/profile.h"
#include <errno.h>
#include <stdlib.h>

struct maker {
  const struct be_binary *binary;
  struct be_code_reader *code;
  struct be_edges *edges;
  size_t room;
  struct be_edge_stats *stats;
  uint32_t *entries; /* of the function at hand: where others jump into it */
  size_t entry_count, entry_room;
  int64_t
      *passed; /* of its blocks: difference to the block before of how often runs passed its end */
  uint32_t *falls; /* of its blocks: how many before it do not lead on to the next */
  size_t block_room;
};

static uint32_t known_place(const struct be_binary *binary, uint32_t place) {
  bool is_known = place <= BE_PLACE_MAX && be_binary_function_at(binary, place);
  return is_known ? place : (uint32_t)BE_PLACE_OUTSIDE;
}

static int add_edge(struct maker *maker, uint32_t from, uint32_t to, uint64_t count,
                    uint64_t mispredicted) {
  struct be_edges *edges = maker->edges;
  struct be_edge *last = edges->count ? &edges->at[edges->count - 1] : NULL;
  if (last && last->from == from && last->to == to) {
    last->count += count;
    last->mispredicted += mispredicted;
    return 0;
  }
  if (!edges->at || edges->count == maker->room) {
    size_t room = maker->room ? 2 * maker->room : 4096;
    struct be_edge *grown = realloc(edges->at, room * sizeof *grown);
    if (!grown)
      return -ENOMEM;
    edges->at = grown;
    maker->room = room;
  }
  edges->at[edges->count++] = (struct be_edge){from, to, count, mispredicted};
  return 0;
}

/* ---- one function -----------------------------------------------------------------------------
 */

/* The index of the block that a place is in; the count of blocks when it is in none. */
static size_t block_at(const struct be_blocks *blocks, const struct be_function *function,
                       uint32_t place) {
  size_t low = 0, high = blocks->count;
  if (place - function->place >= function->size)
    return blocks->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (blocks->at[middle].place <= place)
      low = middle + 1;
    else
      high = middle;
  }
  return low ? low - 1 : blocks->count;
}

static int make_block_room(struct maker *maker, const struct be_blocks *blocks) {
  size_t room = blocks->count + 1;
  if (room > maker->block_room) {
    int64_t *passed = realloc(maker->passed, room * sizeof *passed);
    maker->passed = passed ? passed : maker->passed;
    uint32_t *falls = passed ? realloc(maker->falls, room * sizeof *falls) : NULL;
    if (!falls)
      return -ENOMEM;
    maker->falls = falls;
    maker->block_room = room;
  }
  maker->falls[0] = 0;
  for (size_t i = 0; i < blocks->count; i++) {
    maker->passed[i] = 0;
    maker->falls[i + 1] = maker->falls[i] + !(blocks->at[i].flags & BE_BLOCK_FALLS);
  }
  maker->passed[blocks->count] = 0;
  return 0;
}

/* A return comes back to behind a call: when that ends a block, it passed that end. So does what
 * comes from outside, unless the block is where others enter. */
static bool passed_call(const struct be_blocks *blocks, const struct be_function *function,
                        const struct be_trace *trace, size_t block, bool is_return) {
  if (block == 0 || trace->to != blocks->at[block].place ||
      trace->from - function->place < function->extent)
    return false;
  if (!is_return && blocks->at[block].flags & BE_BLOCK_ENTERED)
    return false;
  unsigned wanted = BE_BLOCK_CALLS | BE_BLOCK_FALLS;
  return (blocks->at[block - 1].flags & wanted) == wanted;
}

static void count_run(struct maker *maker, const struct be_function *function,
                      const struct be_blocks *blocks, const struct be_trace *trace) {
  struct be_edge_stats *stats = maker->stats;
  bool is_return = be_code_branch_kind(maker->binary, trace->from) == BE_BRANCH_RETURN;
  size_t first = block_at(blocks, function, trace->to),
         last = block_at(blocks, function, trace->next);
  if (first == blocks->count || last == blocks->count || trace->next < trace->to) {
    stats->runs_broken += trace->count;
    return;
  }
  if (passed_call(blocks, function, trace, first, is_return))
    first--;
  if (maker->falls[first] != maker->falls[last]) {
    stats->runs_broken += trace->count;
    return;
  }
  maker->passed[first] += (int64_t)trace->count;
  maker->passed[last] -= (int64_t)trace->count;
}

static bool has_run(const struct be_trace *trace) { return trace->next <= BE_PLACE_MAX; }

/* Where other functions jump into this one: blocks begin there. */
static int note_entries(struct maker *maker, const struct be_function *function,
                        const struct be_trace *traces, size_t count) {
  maker->entry_count = 0;
  for (size_t i = 0; i < count; i++) {
    if (traces[i].from - function->place < function->extent || traces[i].from > BE_PLACE_MAX ||
        be_code_branch_kind(maker->binary, traces[i].from) != BE_BRANCH_DIRECT)
      continue;
    if (maker->entry_count == maker->entry_room) {
      size_t room = maker->entry_room ? 2 * maker->entry_room : 64;
      uint32_t *grown = realloc(maker->entries, room * sizeof *grown);
      if (!grown)
        return -ENOMEM;
      maker->entries = grown;
      maker->entry_room = room;
    }
    maker->entries[maker->entry_count++] = traces[i].to;
  }
  return 0;
}

static int add_passed(struct maker *maker, const struct be_blocks *blocks) {
  int64_t count = 0;
  for (size_t i = 0; i + 1 < blocks->count; i++) {
    count += maker->passed[i];
    if (count && add_edge(maker, blocks->at[i].last, blocks->at[i + 1].place, (uint64_t)count, 0))
      return -ENOMEM;
  }
  return 0;
}

/* The runs that begin in a function. */
static int add_runs(struct maker *maker, const struct be_function *function,
                    const struct be_trace *traces, size_t count) {
  struct be_blocks blocks;
  uint64_t runs = 0;
  for (size_t i = 0; i < count; i++)
    if (has_run(&traces[i]))
      runs += traces[i].count;
  if (!runs || function->flags & (BE_FUNCTION_PLT | BE_FUNCTION_SECTION))
    return 0;
  if (note_entries(maker, function, traces, count))
    return -ENOMEM;
  int status = be_code_read(maker->code, function, maker->entries, maker->entry_count, &blocks);
  if (status == -EILSEQ) {
    maker->stats->unread++;
    maker->stats->runs_unread += runs;
    return 0;
  }
  if (status || make_block_room(maker, &blocks))
    return -ENOMEM;
  for (size_t i = 0; i < count; i++)
    if (has_run(&traces[i]))
      count_run(maker, function, &blocks, &traces[i]);
  return add_passed(maker, &blocks);
}

/* ---- all of them ------------------------------------------------------------------------------
 */

static int add_branch(struct maker *maker, const struct be_trace *trace) {
  if (trace->next == BE_PLACE_NONE)
    maker->stats->newest += trace->count;
  else
    maker->stats->runs += trace->count;
  if (trace->from <= BE_PLACE_MAX &&
      be_code_branch_kind(maker->binary, trace->from) == BE_BRANCH_RETURN &&
      be_binary_function_at(maker->binary, trace->from)) {
    maker->stats->returns += trace->count;
    return 0;
  }
  uint32_t from = known_place(maker->binary, trace->from),
           to = known_place(maker->binary, trace->to);
  return from == BE_PLACE_OUTSIDE && to == BE_PLACE_OUTSIDE
             ? 0
             : add_edge(maker, from, to, trace->count, trace->mispredicted);
}

static int add_all(struct maker *maker, const struct be_traces *traces) {
  for (size_t i = 0, next; i < traces->count; i = next) {
    uint32_t to = traces->slots[i].to;
    const struct be_function *function =
        to <= BE_PLACE_MAX ? be_binary_function_at(maker->binary, to) : NULL;
    for (next = i; next < traces->count; next++) {
      const struct be_trace *trace = &traces->slots[next];
      if (next > i && (!function || trace->to - function->place >= function->extent))
        break;
      if (add_branch(maker, trace))
        return -ENOMEM;
      if (trace->next != BE_PLACE_NONE && (!function || !has_run(trace)))
        maker->stats->runs_outside += trace->count;
    }
    maker->stats->functions += function != NULL;
    if (function && add_runs(maker, function, &traces->slots[i], next - i))
      return -ENOMEM;
  }
  return 0;
}

static int order(const void *left, const void *right) {
  const struct be_edge *a = left, *b = right;
  if (a->from != b->from)
    return a->from < b->from ? -1 : 1;
  return (a->to > b->to) - (a->to < b->to);
}

static void sort_and_merge(struct be_edges *edges) {
  size_t used = 0;
  if (edges->count)
    qsort(edges->at, edges->count, sizeof *edges->at, order);
  for (size_t i = 0; i < edges->count; i++) {
    struct be_edge *last = used ? &edges->at[used - 1] : NULL;
    if (last && order(last, &edges->at[i]) == 0) {
      last->count += edges->at[i].count;
      last->mispredicted += edges->at[i].mispredicted;
    } else {
      edges->at[used++] = edges->at[i];
    }
  }
  edges->count = used;
}

int be_edges_make(const struct be_binary *binary, const struct be_traces *traces,
                  struct be_edges *edges, struct be_edge_stats *stats, struct be_error *error) {
  struct maker maker = {.binary = binary, .edges = edges, .stats = stats};
  *edges = (struct be_edges){0};
  *stats = (struct be_edge_stats){0};
  int status = be_code_open(binary, &maker.code, error);
  if (!status && add_all(&maker, traces))
    status = be_error_set(error, -ENOMEM, "no memory for the edges of '%s'", binary->path);
  if (status) {
    free(edges->at);
    *edges = (struct be_edges){0};
  } else {
    sort_and_merge(edges);
  }
  be_code_close(maker.code);
  free(maker.entries);
  free(maker.passed);
  free(maker.falls);
  return status;
}

int be_edges_of_profile(const struct be_profile *profile, struct be_edges *edges,
                        struct be_error *error) {
  size_t count = profile->edge_count + profile->call_count;
  *edges = (struct be_edges){calloc(count + 1, sizeof *edges->at), count};
  if (!edges->at)
    return be_error_set(error, -ENOMEM, "no memory for the edges of '%s'", profile->binary->path);
  for (size_t i = 0; i < profile->edge_count; i++) {
    const struct be_counted_edge *edge = &profile->edges[i];
    edges->at[i] = (struct be_edge){edge->from, edge->to, edge->count, edge->mispredicted};
  }
  for (size_t i = 0; i < profile->call_count; i++) {
    const struct be_counted_call *call = &profile->calls[i];
    edges->at[profile->edge_count + i] = (struct be_edge){call->from, call->to, call->count, 0};
  }
  sort_and_merge(edges);
  return 0;
}

/* profile.c - makes a profile of traces: blocks by the straight runs through them, edges and calls
 * by the branches.
 */
#include "backedge/profile/profile.h"
#include "backedge/profile/code.h"
#include "backedge/profile/edges.h"
#include "binary/decode.h"
#include "room.h"
#include "search.h"
#include <errno.h>
#include <stdlib.h>

struct event { /* from this place on, runs are more or fewer */
  uint32_t place;
  int64_t change;
};

struct maker {
  const struct be_binary *binary;
  struct be_code_reader *code;
  struct be_profile *profile;
  struct event *events; /* of the function at hand */
  size_t event_count;
  uint32_t *calls; /* in it: places, sorted */
  size_t call_count;
  size_t *stops; /* of its blocks: the first from there on that does not lead on to the next */
  size_t stop_room;
  size_t block_room, edge_room, call_room, event_room, inst_room;
};

static bool read_inst(const struct be_binary *binary, uint32_t place, struct be_inst *inst) {
  size_t size = 0;
  const uint8_t *code = place <= BE_PLACE_MAX ? be_binary_bytes(binary, place, &size) : NULL;
  return code && be_decode(code, size, binary->base + place, inst);
}

/* ---- blocks -----------------------------------------------------------------------------------
 */

static int event_order(const void *left, const void *right) {
  const struct event *a = left, *b = right;
  return (a->place > b->place) - (a->place < b->place);
}

/* The index of the block a place is in; block_count when it is before them. */
static size_t block_at(const struct be_block *blocks, size_t count, uint32_t place) {
  size_t low;
  BE_FIND_FIRST(low, count, blocks[low].place > place);
  return low ? low - 1 : count;
}

/* A call is a branch that is taken: a run does not pass it, or what was recorded is not whole. */
static int find_calls(struct maker *maker, const struct be_blocks *blocks) {
  struct be_inst inst;
  maker->call_count = 0;
  for (size_t i = 0; i < blocks->count; i++)
    for (uint32_t at = blocks->at[i].place;
         at <= blocks->at[i].last && read_inst(maker->binary, at, &inst); at += inst.length) {
      if (inst.kind != BE_INST_CALL && inst.kind != BE_INST_CALL_INDIRECT)
        continue;
      if (!be_make_room(&maker->calls, maker->call_count, &maker->inst_room, sizeof *maker->calls))
        return -ENOMEM;
      maker->calls[maker->call_count++] = at;
    }
  return 0;
}

static bool passes_call(const struct maker *maker, uint32_t from, uint32_t to) {
  size_t low;
  BE_FIND_FIRST(low, maker->call_count, maker->calls[low] >= from);
  return low < maker->call_count && maker->calls[low] < to;
}

static int find_stops(struct maker *maker, const struct be_blocks *blocks) {
  while (maker->stop_room < blocks->count)
    if (!be_make_room(&maker->stops, maker->stop_room, &maker->stop_room, sizeof *maker->stops))
      return -ENOMEM;
  for (size_t i = blocks->count; i-- > 0;)
    maker->stops[i] =
        blocks->at[i].flags & BE_BLOCK_FALLS && i + 1 < blocks->count ? maker->stops[i + 1] : i;
  return 0;
}

/* Does code that runs on from one place come to the other? */
static bool runs_to(const struct maker *maker, const struct be_blocks *blocks, uint32_t from,
                    uint32_t to) {
  size_t at = block_at(blocks->at, blocks->count, from),
         last = block_at(blocks->at, blocks->count, to);
  if (at == blocks->count || last == blocks->count || to < from || passes_call(maker, from, to))
    return false;
  return at <= last && maker->stops[at] >= last;
}

static int add_run(struct maker *maker, const struct be_trace *trace) {
  struct be_inst inst;
  uint32_t behind = trace->next + (read_inst(maker->binary, trace->next, &inst) ? inst.length : 1u);
  for (int end = 0; end < 2; end++) {
    if (!be_make_room(&maker->events, maker->event_count, &maker->event_room,
                      sizeof *maker->events))
      return -ENOMEM;
    maker->events[maker->event_count++] = end ? (struct event){behind, -(int64_t)trace->count}
                                              : (struct event){trace->to, (int64_t)trace->count};
  }
  return 0;
}

static int add_block(struct maker *maker, uint32_t place, uint32_t end, int64_t count) {
  struct be_profile *profile = maker->profile;
  if (!be_make_room(&profile->blocks, profile->block_count, &maker->block_room,
                    sizeof *profile->blocks))
    return -ENOMEM;
  profile->blocks[profile->block_count++] =
      (struct be_counted_block){place, end - place, (uint64_t)count};
  return 0;
}

/* A run ends at a call, and the next one begins behind it: there a block is cut in two, when its
 * parts did not run equally often. */
static int count_block(struct maker *maker, const struct be_block *block, size_t *at,
                       int64_t *now) {
  struct be_inst inst;
  uint32_t place = block->place,
           end = block->last + (read_inst(maker->binary, block->last, &inst) ? inst.length : 1u);
  while (*at < maker->event_count && maker->events[*at].place <= block->last) {
    uint32_t next = maker->events[*at].place;
    int64_t before = *now;
    for (; *at < maker->event_count && maker->events[*at].place == next; ++*at)
      *now += maker->events[*at].change;
    if (next > place && *now != before) {
      if (add_block(maker, place, next, before))
        return -ENOMEM;
      place = next;
    }
  }
  return add_block(maker, place, end, *now);
}

static int count_blocks(struct maker *maker, const struct be_blocks *blocks) {
  size_t at = 0;
  int64_t now = 0;
  if (maker->event_count)
    qsort(maker->events, maker->event_count, sizeof *maker->events, event_order);
  for (size_t i = 0; i < blocks->count; i++)
    if (count_block(maker, &blocks->at[i], &at, &now))
      return -ENOMEM;
  return 0;
}

static int add_function(struct maker *maker, const struct be_function *function,
                        const struct be_trace *traces, size_t count) {
  struct be_blocks blocks;
  if (function->flags & (BE_FUNCTION_PLT | BE_FUNCTION_SECTION))
    return 0;
  int status = be_code_read(maker->code, function, NULL, 0, &blocks);
  if (status)
    return status == -EILSEQ ? 0 : status;
  maker->event_count = 0;
  status = find_calls(maker, &blocks);
  if (!status)
    status = find_stops(maker, &blocks);
  for (size_t i = 0; i < count && !status; i++)
    if (traces[i].next - function->place < function->size &&
        runs_to(maker, &blocks, traces[i].to, traces[i].next))
      status = add_run(maker, &traces[i]);
  return status ? status : count_blocks(maker, &blocks);
}

static int add_blocks(struct maker *maker, const struct be_traces *traces) {
  int status = 0;
  for (size_t i = 0, next; i < traces->count && !status; i = next) {
    uint32_t to = traces->slots[i].to;
    const struct be_function *function =
        to <= BE_PLACE_MAX ? be_binary_function_at(maker->binary, to) : NULL;
    for (next = i + 1; function && next < traces->count; next++)
      if (traces->slots[next].to - function->place >= function->extent)
        break;
    if (function)
      status = add_function(maker, function, &traces->slots[i], next - i);
  }
  return status;
}

/* ---- edges and calls --------------------------------------------------------------------------
 */

/* The index of the block a place is in; the count of blocks when it is in none. */
static size_t counted_block_at(const struct be_profile *profile, uint32_t place) {
  size_t low;
  BE_FIND_FIRST(low, profile->block_count, profile->blocks[low].place > place);
  bool is_inside = low && place - profile->blocks[low - 1].place < profile->blocks[low - 1].size;
  return is_inside ? low - 1 : profile->block_count;
}

static bool is_call(const struct be_binary *binary, const struct be_edge *edge) {
  const struct be_function *from =
      edge->from <= BE_PLACE_MAX ? be_binary_function_at(binary, edge->from) : NULL;
  const struct be_function *to =
      edge->to <= BE_PLACE_MAX ? be_binary_function_at(binary, edge->to) : NULL;
  struct be_inst inst;
  if (from && read_inst(binary, edge->from, &inst) &&
      (inst.kind == BE_INST_CALL || inst.kind == BE_INST_CALL_INDIRECT))
    return true;
  return from != to && (!to || (to->place == edge->to && !(to->flags & BE_FUNCTION_FRAGMENT)));
}

static int add_edge(struct maker *maker, const struct be_edge *edge) {
  struct be_profile *profile = maker->profile;
  if (is_call(maker->binary, edge)) {
    if (!be_make_room(&profile->calls, profile->call_count, &maker->call_room,
                      sizeof *profile->calls))
      return -ENOMEM;
    profile->calls[profile->call_count++] =
        (struct be_counted_call){edge->from, edge->to, edge->count};
    return 0;
  }
  size_t block = counted_block_at(profile, edge->from), to = counted_block_at(profile, edge->to);
  if (block == profile->block_count || to == profile->block_count ||
      profile->blocks[to].place != edge->to)
    return 0;
  if (!be_make_room(&profile->edges, profile->edge_count, &maker->edge_room,
                    sizeof *profile->edges))
    return -ENOMEM;
  profile->edges[profile->edge_count++] = (struct be_counted_edge){
      edge->from, (uint32_t)block, edge->to, edge->count, edge->mispredicted};
  return 0;
}

int be_profile_make(const struct be_binary *binary, const struct be_traces *traces,
                    struct be_profile *profile, struct be_error *error) {
  struct maker maker = {.binary = binary, .profile = profile};
  struct be_edges edges = {0};
  struct be_edge_stats stats;
  *profile = (struct be_profile){.binary = binary};
  int status = be_edges_make(binary, traces, &edges, &stats, error);
  if (!status)
    status = be_code_open(binary, &maker.code, error);
  if (!status && add_blocks(&maker, traces))
    status = be_error_set(error, -ENOMEM, "no memory for the blocks of '%s'", binary->path);
  for (size_t i = 0; i < edges.count && !status; i++)
    if (add_edge(&maker, &edges.at[i]))
      status = be_error_set(error, -ENOMEM, "no memory for the edges of '%s'", binary->path);
  if (status)
    be_profile_destroy(profile);
  be_code_close(maker.code);
  free(edges.at);
  free(maker.events);
  free(maker.calls);
  free(maker.stops);
  return status;
}

void be_profile_destroy(struct be_profile *profile) {
  free(profile->blocks);
  free(profile->edges);
  free(profile->calls);
  *profile = (struct be_profile){0};
}

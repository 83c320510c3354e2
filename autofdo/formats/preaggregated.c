/* preaggregated.c - writes counts of addresses, as `perf2bolt -pa` reads them. */
#include "backedge/profile/formats.h"
#include "room.h"
#include <errno.h>

static unsigned long long address(const struct be_binary *binary, uint32_t place) {
  return place <= BE_PLACE_MAX ? binary->base + place : 0;
}

/* Traces of one branch stand together, in order of what follows it. */
static size_t write_branch(const struct be_binary *binary, const struct be_traces *traces,
                           size_t at, FILE *out) {
  const struct be_trace *first = &traces->slots[at];
  unsigned long long count = 0, mispredicted = 0;
  for (; at < traces->count && traces->slots[at].from == first->from &&
         traces->slots[at].to == first->to;
       at++) {
    count += traces->slots[at].count;
    mispredicted += traces->slots[at].mispredicted;
  }
  fprintf(out, "B %llx %llx %llu %llu\n", address(binary, first->from), address(binary, first->to),
          count, mispredicted);
  return at;
}

struct run { /* from a place that is known */
  uint32_t next;
  bool is_own; /* after a branch within the function */
  uint64_t count;
};

struct runs {
  struct run *at;
  size_t count, room;
};

static int run_order(const void *left, const void *right) {
  const struct run *a = left, *b = right;
  if (a->next != b->next)
    return a->next < b->next ? -1 : 1;
  return a->is_own - b->is_own;
}

/* The runs from one place, each extent once, whatever led there. Returns where the traces of the
 * next place begin. */
static size_t gather_runs(const struct be_binary *binary, const struct be_traces *traces,
                          struct runs *runs, size_t at) {
  uint32_t to = traces->slots[at].to;
  const struct be_function *function =
      to <= BE_PLACE_MAX ? be_binary_function_at(binary, to) : NULL;
  size_t used = 0;
  runs->count = 0;
  for (; at < traces->count && traces->slots[at].to == to; at++) {
    const struct be_trace *trace = &traces->slots[at];
    if (to > BE_PLACE_MAX || trace->next > BE_PLACE_MAX)
      continue;
    if (!BE_MAKE_ROOM(runs->at, runs->count, runs->room))
      return SIZE_MAX;
    bool is_own = function && trace->from - function->place < function->extent;
    runs->at[runs->count++] = (struct run){trace->next, is_own, trace->count};
  }
  if (runs->count)
    qsort(runs->at, runs->count, sizeof *runs->at, run_order);
  for (size_t i = 0; i < runs->count; i++)
    if (used && run_order(&runs->at[used - 1], &runs->at[i]) == 0)
      runs->at[used - 1].count += runs->at[i].count;
    else
      runs->at[used++] = runs->at[i];
  runs->count = used;
  return at;
}

int be_preaggregated_write(const struct be_binary *binary, const struct be_traces *traces,
                           FILE *out) {
  struct runs runs = {0};
  size_t next = 0;
  for (size_t i = 0; i < traces->count;)
    i = write_branch(binary, traces, i, out);
  for (size_t i = 0; i < traces->count && next != SIZE_MAX; i = next) {
    next = gather_runs(binary, traces, &runs, i);
    for (size_t k = 0; k < runs.count && next != SIZE_MAX; k++)
      fprintf(out, "%c %llx %llx %llu\n", runs.at[k].is_own ? 'F' : 'f',
              address(binary, traces->slots[i].to), address(binary, runs.at[k].next),
              (unsigned long long)runs.at[k].count);
  }
  free(runs.at);
  return next == SIZE_MAX ? -ENOMEM : 0;
}

void be_preaggregated_write_samples(const struct be_binary *binary, const struct be_ips *ips,
                                    FILE *out) {
  if (ips->count)
    fputs("E samples\n", out);
  for (size_t i = 0; i < ips->count; i++)
    fprintf(out, "S %llx %llu\n", address(binary, ips->slots[i].place),
            (unsigned long long)ips->slots[i].count);
}

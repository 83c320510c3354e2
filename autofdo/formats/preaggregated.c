/* preaggregated.c - writes counts of addresses, as `perf2bolt -pa` reads them. */
#include "backedge/profile/formats.h"

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

/* Runs of one extent that several branches led to are several lines: their reader adds them up.
 * False when there is none. */
static bool write_run(const struct be_binary *binary, const struct be_trace *trace, FILE *out) {
  if (trace->to > BE_PLACE_MAX || trace->next > BE_PLACE_MAX)
    return false;
  const struct be_function *function = be_binary_function_at(binary, trace->to);
  bool is_own = function && trace->from - function->place < function->extent;
  fprintf(out, "%c %llx %llx %llu\n", is_own ? 'F' : 'f', address(binary, trace->to),
          address(binary, trace->next), (unsigned long long)trace->count);
  return true;
}

uint64_t be_preaggregated_write(const struct be_binary *binary, const struct be_traces *traces,
                                FILE *out) {
  uint64_t lines = 0;
  for (size_t i = 0; i < traces->count; lines++)
    i = write_branch(binary, traces, i, out);
  for (size_t i = 0; i < traces->count; i++)
    lines += write_run(binary, &traces->slots[i], out);
  return lines;
}

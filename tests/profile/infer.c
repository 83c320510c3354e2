/* infer.c - prints the profile that is inferred from counts in a text, for suites and benchmarks.
 *
 * usage: profile-infer BINARY < TEXT
 *
 * Lines in: T FROM TO NEXT COUNT (a branch and how far the code ran on; NEXT - is not known), I
 * ADDRESS COUNT (samples); in hexadecimal but the count; FROM and TO 0 are outside. Lines out:
 * block ADDRESS COUNT, edge FROM TO COUNT, call FROM TO COUNT; then what it took.
 */
#include "backedge/profile/infer.h"
#include "counts/traces.h"
#include "perfwrite.h"
#include <stdlib.h>

static uint32_t place_of(const struct be_binary *binary, unsigned long long address) {
  uint64_t place = address - binary->base;
  return address && place <= BE_PLACE_MAX ? (uint32_t)place : (uint32_t)BE_PLACE_OUTSIDE;
}

static void add_trace(struct be_traces *traces, struct be_trace trace) {
  if (be_traces_reserve(traces, 1))
    die("no memory");
  struct be_trace *slot = be_traces_slot(traces, &trace, be_trace_hash(&trace));
  traces->count += !slot->count;
  trace.count += slot->count;
  *slot = trace;
}

static void add_ip(struct be_ips *ips, uint32_t place, unsigned long long count) {
  if (be_ips_add(ips, place, count))
    die("no memory");
}

static void read_text(const struct be_binary *binary, struct be_traces *traces,
                      struct be_ips *ips) {
  char line[256], next[32];
  unsigned long long from, to, count;
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "T %llx %llx %31s %llu", &from, &to, next, &count) == 4)
      add_trace(traces, (struct be_trace){place_of(binary, from), place_of(binary, to),
                                          *next == '-' ? BE_PLACE_NONE
                                                       : place_of(binary, strtoull(next, NULL, 16)),
                                          (uint32_t)count, 0});
    else if (sscanf(line, "I %llx %llu", &from, &count) == 2)
      add_ip(ips, place_of(binary, from), count);
    else
      die("what is this line: %s", line);
  }
  be_traces_sort(traces);
  be_ips_sort(ips);
}

static void print(const struct be_binary *binary, const struct be_profile *profile,
                  const struct be_infer_stats *stats) {
  typedef unsigned long long number;
  for (size_t i = 0; i < profile->block_count; i++)
    printf("block %llx %llu\n", (number)(binary->base + profile->blocks[i].place),
           (number)profile->blocks[i].count);
  for (size_t i = 0; i < profile->edge_count; i++)
    printf("edge %llx %llx %llu\n", (number)(binary->base + profile->edges[i].from),
           (number)(binary->base + profile->edges[i].to), (number)profile->edges[i].count);
  for (size_t i = 0; i < profile->call_count; i++)
    printf("call %x %x %llu\n", profile->calls[i].from, profile->calls[i].to,
           (number)profile->calls[i].count);
  printf("functions %llu arcs %llu cost %llu work %llu paths %llu mended %llu unread %llu outside "
         "%llu unmatched %llu\n",
         (number)stats->flow.functions, (number)stats->flow.arcs, (number)stats->flow.cost,
         (number)stats->flow.work, (number)stats->flow.augments, (number)stats->flow.finished,
         (number)stats->unread, (number)stats->outside, (number)stats->unmatched);
}

int main(int argc, char **argv) {
  struct be_binary *binary;
  struct be_traces traces;
  struct be_ips ips;
  struct be_profile profile;
  struct be_infer_stats stats;
  struct be_error error;
  if (argc != 2)
    die("usage: %s BINARY < TEXT", argv[0]);
  if (be_binary_open(argv[1], &binary, &error))
    die("%s", error.text);
  if (be_traces_init(&traces, binary) || be_ips_init(&ips))
    die("no memory");
  read_text(binary, &traces, &ips);
  if (be_profile_infer(binary, &traces, &ips, &profile, &stats, &error))
    die("%s", error.text);
  print(binary, &profile, &stats);
  be_profile_destroy(&profile);
  be_traces_destroy(&traces);
  be_ips_destroy(&ips);
  be_binary_close(binary);
  return 0;
}

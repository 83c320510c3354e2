/* infer.c - prints the profile that is inferred from counts of addresses, for suites and
 * benchmarks.
 *
 * usage: profile-infer BINARY COUNTS
 *
 * A line for each: block ADDRESS COUNT, edge FROM TO COUNT; then what it took.
 */
#include "backedge/profile/infer.h"
#include "backedge/profile/aggregated.h"
#include "perfwrite.h"
#include <inttypes.h>

static void print(const struct be_binary *binary, const struct be_profile *profile,
                  const struct be_infer_stats *stats) {
  typedef unsigned long long number;
  for (size_t i = 0; i < profile->block_count; i++)
    printf("block %" PRIx64 " %llu\n", binary->base + profile->blocks[i].place,
           (number)profile->blocks[i].count);
  for (size_t i = 0; i < profile->edge_count; i++)
    printf("edge %" PRIx64 " %" PRIx64 " %llu\n", binary->base + profile->edges[i].from,
           binary->base + profile->edges[i].to, (number)profile->edges[i].count);
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
  struct be_aggregated_stats read;
  struct be_infer_stats stats;
  struct be_error error;
  if (argc != 3)
    die("usage: %s BINARY COUNTS", argv[0]);
  if (be_binary_open(argv[1], &binary, &error))
    die("%s", error.text);
  if (be_traces_init(&traces, binary) || be_ips_init(&ips))
    die("no memory");
  if (be_aggregated_read(binary, argv[2], &traces, &ips, &read, &error))
    die("%s", error.text);
  be_traces_sort(&traces);
  be_ips_sort(&ips);
  if (be_profile_infer(binary, &traces, &ips, &profile, &stats, &error))
    die("%s", error.text);
  print(binary, &profile, &stats);
  be_profile_destroy(&profile);
  be_traces_destroy(&traces);
  be_ips_destroy(&ips);
  be_binary_close(binary);
  return 0;
}

/* aggregated.c - fuzzes the readers of what others have counted, with a binary of three functions.
 */
#include "backedge/profile/aggregated.h"
#include "fuzz.h"
#include <stdlib.h>

static struct be_segment segments[] = {{0x1000, 0, 0x3000}};
static struct be_function functions[] = {
    {.place = 0x10, .size = 0x20, .extent = 0x20, .number = 1, .name = "main"},
    {0x1020, 0x30, 0x40, 1, "a b", BE_FUNCTION_LOCAL},
    {0x2000, 0x10, 0x10, 1, "far", BE_FUNCTION_PLT}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct be_binary binary = {.path = "binary",
                                   .base = 0x1000,
                                   .segments = segments,
                                   .segment_count = 1,
                                   .functions = functions,
                                   .function_count = 3};
  struct be_aggregated_stats stats;
  struct be_traces traces = {calloc(64, sizeof(struct be_trace)), 64, 0};
  struct be_ips ips;
  struct be_error error;
  const char *path = fuzz_file(data, size);
  int (*read)(const struct be_binary *, const char *, struct be_traces *, struct be_ips *,
              struct be_aggregated_stats *, struct be_error *) = be_fdata_is(path) ? be_fdata_read
                                                                 : be_aggregated_is(path)
                                                                     ? be_aggregated_read
                                                                     : NULL;
  if (be_ips_init(&ips) == 0 && read && read(&binary, path, &traces, &ips, &stats, &error) == 0) {
    be_traces_sort(&traces);
    fuzz_touch(traces.slots, traces.count * sizeof *traces.slots);
    be_ips_sort(&ips);
    fuzz_touch(ips.slots, ips.count * sizeof *ips.slots);
  }
  be_traces_destroy(&traces);
  be_ips_destroy(&ips);
  return 0;
}

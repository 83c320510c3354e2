/* aggregated.c - fuzzes the reader of counts of addresses; the binary is the fuzzer itself. */
#include "backedge/profile/aggregated.h"
#include "fuzz.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct be_binary *binary;
  struct be_aggregated_stats stats;
  struct be_traces traces;
  struct be_ips ips;
  struct be_error error;
  const char *path = fuzz_file(data, size);
  if (!binary && be_binary_open("/proc/self/exe", &binary, &error))
    abort();
  if (!be_aggregated_is(path) || be_traces_init(&traces, binary) || be_ips_init(&ips))
    return 0;
  if (be_aggregated_read(binary, path, &traces, &ips, &stats, &error) == 0) {
    be_traces_sort(&traces);
    fuzz_touch(traces.slots, traces.count * sizeof *traces.slots);
    be_ips_sort(&ips);
    fuzz_touch(ips.slots, ips.count * sizeof *ips.slots);
  }
  be_traces_destroy(&traces);
  be_ips_destroy(&ips);
  return 0;
}

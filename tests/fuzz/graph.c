/* graph.c - fuzzes what is made of code: graphs of functions, and counts inferred on them.
 */
#include "backedge/profile/graph.h"
#include "backedge/profile/infer.h"
#include "fuzz.h"

enum { FUNCTIONS_MAX = 64 };

/* Jumps as the bytes want them. */
static void read_graphs(const struct be_binary *binary, const uint8_t *data, size_t size) {
  struct be_graph_reader *reader;
  struct be_graph graph;
  struct be_error error;
  if (be_graph_open(binary, &reader, &error))
    return;
  for (uint32_t i = 0; i < binary->function_count && i < FUNCTIONS_MAX; i++) {
    const struct be_function *function = &binary->functions[i];
    struct be_graph_jump jump = {function->place + data[i % size],
                                 function->place + data[(i + 7) % size]};
    if (be_graph_whole(reader, i) != i || be_graph_read(reader, function, &jump, 1, &graph))
      continue;
    fuzz_touch(graph.blocks, graph.block_count * sizeof *graph.blocks);
    fuzz_touch(graph.edges, graph.edge_count * sizeof *graph.edges);
    fuzz_touch(graph.calls, graph.call_count * sizeof *graph.calls);
  }
  be_graph_close(reader);
}

/* Samples all over the functions. */
static void infer(const struct be_binary *binary, const uint8_t *data, size_t size) {
  struct be_profile profile;
  struct be_infer_stats stats;
  struct be_error error;
  struct be_ips ips;
  if (be_ips_init(&ips))
    return;
  for (size_t i = 0; i < binary->function_count && i < FUNCTIONS_MAX; i++)
    for (size_t k = 0; k < 16; k++)
      if (be_ips_add(&ips, binary->functions[i].place + data[(16 * i + k) % size], 1))
        break;
  be_ips_sort(&ips);
  if (!be_profile_infer(binary, NULL, &ips, &profile, &stats, &error)) {
    fuzz_touch(profile.blocks, profile.block_count * sizeof *profile.blocks);
    fuzz_touch(profile.edges, profile.edge_count * sizeof *profile.edges);
    fuzz_touch(profile.calls, profile.call_count * sizeof *profile.calls);
    be_profile_destroy(&profile);
  }
  be_ips_destroy(&ips);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct be_binary *binary;
  struct be_error error;
  if (!size || be_binary_open(fuzz_file(data, size), &binary, &error))
    return 0;
  read_graphs(binary, data, size);
  infer(binary, data, size);
  be_binary_close(binary);
  return 0;
}

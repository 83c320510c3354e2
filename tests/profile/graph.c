/* graph.c - prints the control-flow graphs of a binary's functions, for the suite to judge.
 *
 * usage: profile-graph BINARY
 *
 * A line for each: function ADDRESS NAME; block ADDRESS LAST FLAGS; edge LAST ADDRESS KIND.
 */
#include "backedge/profile/graph.h"
#include "perfwrite.h"
#include <inttypes.h>

static void print(const struct be_binary *binary, const struct be_graph *graph) {
  for (size_t i = 0; i < graph->block_count; i++)
    printf("block %" PRIx64 " %" PRIx64 " %x\n", binary->base + graph->blocks[i].place,
           binary->base + graph->blocks[i].last, graph->blocks[i].flags);
  for (size_t i = 0; i < graph->edge_count; i++)
    printf("edge %" PRIx64 " %" PRIx64 " %u\n",
           binary->base + graph->blocks[graph->edges[i].from].last,
           binary->base + graph->blocks[graph->edges[i].to].place, graph->edges[i].kind);
}

int main(int argc, char **argv) {
  struct be_binary *binary;
  struct be_graph_reader *reader;
  struct be_graph graph;
  struct be_error error;
  if (argc != 2)
    die("usage: %s BINARY", argv[0]);
  if (be_binary_open(argv[1], &binary, &error) || be_graph_open(binary, &reader, &error))
    die("%s", error.text);
  for (uint32_t i = 0; i < binary->function_count; i++) {
    const struct be_function *function = &binary->functions[i];
    if (be_graph_whole(reader, i) != i || function->flags & (BE_FUNCTION_PLT | BE_FUNCTION_SECTION))
      continue;
    int status = be_graph_read(reader, function, NULL, 0, &graph);
    printf("function %" PRIx64 " %s\n", binary->base + function->place,
           status ? "unread" : function->name);
    if (!status)
      print(binary, &graph);
  }
  be_graph_close(reader);
  be_binary_close(binary);
  return 0;
}

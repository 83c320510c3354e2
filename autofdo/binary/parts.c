/* parts.c - which function a fragment (name.cold) is a part of, when several have its name. */
#include "decode.h"
#include "graph.h"
#include <errno.h>
#include <stdlib.h>

uint32_t be_graph_function_at(const struct be_graph_reader *reader, uint32_t place) {
  const struct be_function *function =
      place <= BE_PLACE_MAX ? be_binary_function_at(reader->binary, place) : NULL;
  return function ? (uint32_t)(function - reader->binary->functions) : UINT32_MAX;
}

static bool is_fragment(const struct be_graph_reader *reader, uint32_t function) {
  return reader->binary->functions[function].flags & BE_FUNCTION_FRAGMENT;
}

static bool is_related(const struct be_graph_reader *reader, uint32_t a, uint32_t b) {
  return be_code_is_related(&reader->binary->functions[a], &reader->binary->functions[b]);
}

/* A function that jumps into a fragment of its name, or is jumped into by it, is its whole. */
static int join_by_jumps(struct be_graph_reader *reader, uint32_t function) {
  struct be_code_reader *code = reader->code;
  code->other_count = 0;
  if (be_code_decode(code, &reader->binary->functions[function], &code->others, &code->other_count,
                     &code->other_room) == -ENOMEM)
    return -ENOMEM;
  for (size_t i = 0; i < code->other_count; i++) {
    uint8_t kind = code->others[i].kind;
    uint32_t other = kind == BE_INST_JUMP || kind == BE_INST_JUMP_IF
                         ? be_graph_function_at(reader, code->others[i].target)
                         : UINT32_MAX;
    if (other == UINT32_MAX || is_fragment(reader, other) == is_fragment(reader, function) ||
        !is_related(reader, other, function))
      continue;
    uint32_t fragment = is_fragment(reader, function) ? function : other;
    reader->whole[fragment] = fragment == function ? other : function;
  }
  return 0;
}

/* All functions of one name: code->fragments[begin .. end). */
static int join_group(struct be_graph_reader *reader, size_t begin, size_t end) {
  const struct be_function **group = reader->code->fragments,
                           *functions = reader->binary->functions;
  size_t fragments = 0;
  uint32_t whole = UINT32_MAX;
  for (size_t i = begin; i < end; i++) {
    uint32_t index = (uint32_t)(group[i] - functions);
    fragments += is_fragment(reader, index);
    whole = is_fragment(reader, index) ? whole : index;
  }
  if (!fragments || whole == UINT32_MAX)
    return 0;
  bool is_clear = fragments + 1 == end - begin;
  for (size_t i = begin; i < end; i++) {
    uint32_t index = (uint32_t)(group[i] - functions);
    if (is_clear)
      reader->whole[index] = whole;
    else if (join_by_jumps(reader, index))
      return -ENOMEM;
  }
  return 0;
}

int be_graph_find_parts(struct be_graph_reader *reader) {
  const struct be_code_reader *code = reader->code;
  size_t count = reader->binary->function_count;
  reader->whole = malloc((count + 1) * sizeof *reader->whole);
  if (!reader->whole)
    return -ENOMEM;
  for (size_t i = 0; i < count; i++)
    reader->whole[i] = (uint32_t)i;
  for (size_t begin = 0, end; begin < code->fragment_count; begin = end) {
    for (end = begin + 1; end < code->fragment_count; end++)
      if (!be_code_is_related(code->fragments[begin], code->fragments[end]))
        break;
    if (end > begin + 1 && join_group(reader, begin, end))
      return -ENOMEM;
  }
  return 0;
}

/* noreturn.c - which functions never return to their caller. */
#include "decode.h"
#include "graph.h"
#include <stdlib.h>

/* Functions that jump on to each other are looked at together, up to so many. */
enum { TOGETHER_MAX = 16 };

static int name_order(const void *left, const void *right) {
  return strcmp(left, *(const char *const *)right);
}

/* By their names, since their code is elsewhere. A program's own functions may have such a name,
 * but for the names reserved to compilers and libraries. */
static bool is_known(const char *name) {
  static const char *const names[] = {/* sorted */
                                      "_Exit",
                                      "_Unwind_Resume",
                                      "_ZSt9terminatev",
                                      "__assert",
                                      "__assert_fail",
                                      "__assert_perror_fail",
                                      "__chk_fail",
                                      "__clang_call_terminate",
                                      "__cxa_bad_cast",
                                      "__cxa_bad_typeid",
                                      "__cxa_call_terminate",
                                      "__cxa_call_unexpected",
                                      "__cxa_pure_virtual",
                                      "__cxa_rethrow",
                                      "__cxa_throw",
                                      "__cxa_throw_bad_array_new_length",
                                      "__fortify_fail",
                                      "__libc_start_main",
                                      "__longjmp_chk",
                                      "__stack_chk_fail",
                                      "_exit",
                                      "_longjmp",
                                      "abort",
                                      "err",
                                      "errx",
                                      "exit",
                                      "longjmp",
                                      "pthread_exit",
                                      "quick_exit",
                                      "siglongjmp",
                                      "thrd_exit",
                                      "verr",
                                      "verrx"};
  if (strncmp(name, "_ZSt", 4) == 0 && strstr(name, "__throw_"))
    return true;
  return bsearch(name, names, sizeof names / sizeof *names, sizeof *names, name_order);
}

struct group {
  uint32_t at[TOGETHER_MAX];
  size_t count;
};

/* A function that this one goes on to; false: one may come back from there. */
static bool go_on_to(struct be_graph_reader *reader, struct group *group, uint32_t place) {
  uint32_t function = be_graph_function_at(reader, place);
  if (function == UINT32_MAX || reader->returns[function] == BE_RETURNS)
    return false;
  if (reader->returns[function] == BE_RETURNS_NEVER)
    return true;
  for (size_t i = 0; i < group->count; i++)
    if (group->at[i] == function)
      return true;
  if (group->count == TOGETHER_MAX)
    return false;
  group->at[group->count++] = function;
  return true;
}

/* May the function return, seen alone? What it jumps on to is added to the group. */
static bool may_return(struct be_graph_reader *reader, struct group *group, uint32_t index) {
  const struct be_function *function = &reader->binary->functions[index];
  bool is_reserved = function->name[0] == '_' || function->flags & BE_FUNCTION_PLT;
  if (is_reserved && is_known(function->name))
    return false;
  size_t have = 0;
  const uint8_t *code = be_binary_bytes(reader->binary, function->place, &have);
  struct be_inst inst = {.kind = BE_INST_RETURN};
  if (!code || have < function->size || function->flags & (BE_FUNCTION_PLT | BE_FUNCTION_SECTION))
    return true;
  for (uint32_t at = 0; at < function->size; at += inst.length) {
    if (!be_decode(code + at, function->size - at, reader->binary->base + function->place + at,
                   &inst) ||
        inst.kind == BE_INST_RETURN || inst.kind == BE_INST_JUMP_INDIRECT)
      return true;
    if (inst.kind != BE_INST_JUMP && inst.kind != BE_INST_JUMP_IF)
      continue;
    uint32_t target = be_code_place(reader->binary, inst.target);
    if (target - function->place >= function->size && !go_on_to(reader, group, target))
      return true;
  }
  return inst.kind != BE_INST_JUMP && inst.kind != BE_INST_STOP && inst.kind != BE_INST_CALL;
}

bool be_graph_never_returns(struct be_graph_reader *reader, uint32_t place) {
  uint32_t function = be_graph_function_at(reader, place);
  struct group group = {{function}, 1};
  bool returns = false;
  if (function == UINT32_MAX || reader->binary->functions[function].place != place)
    return false;
  if (reader->returns[function] == BE_RETURNS_UNKNOWN) {
    for (size_t i = 0; i < group.count && !returns; i++)
      returns = may_return(reader, &group, group.at[i]);
    reader->returns[function] = BE_RETURNS;
    for (size_t i = 0; i < group.count && !returns; i++)
      reader->returns[group.at[i]] = BE_RETURNS_NEVER;
  }
  return reader->returns[function] == BE_RETURNS_NEVER;
}

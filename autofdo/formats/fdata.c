/* fdata.c - writes BOLT's profile: 1 FROM_FUNCTION OFFSET 1 TO_FUNCTION OFFSET MISPREDICTED COUNT.
 *
 * What is in no function is "0 [unknown] 0". Offsets are hexadecimal.
 */
#include "backedge/profile/formats.h"
#include <stdlib.h>

struct name { /* of the last function, printed */
  const struct be_function *function;
  char *text;
  size_t room;
};

/* The function's name; NULL when there is no memory. */
static const char *print_name(struct name *name, const struct be_function *function) {
  if (name->function == function)
    return name->text;
  size_t length = be_function_print(function, name->text, name->room);
  if (length >= name->room) {
    char *grown = realloc(name->text, 2 * length + 64);
    if (!grown)
      return NULL;
    name->text = grown;
    name->room = 2 * length + 64;
    be_function_print(function, name->text, name->room);
  }
  name->function = function;
  return name->text;
}

static void write_place(const struct be_binary *binary, struct name *name, uint32_t place,
                        FILE *out) {
  const struct be_function *function =
      place <= BE_PLACE_MAX ? be_binary_function_at(binary, place) : NULL;
  const char *text = function ? print_name(name, function) : NULL;
  if (text)
    fprintf(out, "1 %s %x ", text, place - function->place);
  else
    fputs("0 [unknown] 0 ", out);
}

uint64_t be_fdata_write(const struct be_binary *binary, const struct be_edges *edges, FILE *out) {
  struct name from = {0}, to = {0};
  for (size_t i = 0; i < edges->count; i++) {
    const struct be_edge *edge = &edges->at[i];
    write_place(binary, &from, edge->from, out);
    write_place(binary, &to, edge->to, out);
    fprintf(out, "%llu %llu\n", (unsigned long long)edge->mispredicted,
            (unsigned long long)edge->count);
  }
  free(from.text);
  free(to.text);
  return edges->count;
}

/* llvmtext.c - writes LLVM's sample profile as text.
 *
 * A function is NAME:TOTAL:HEAD, then a line for each position, OFFSET[.DISCRIMINATOR]: COUNT and
 * the targets of its calls as NAME:COUNT, then what was inlined: OFFSET[.DISCRIMINATOR]: NAME:TOTAL
 * and so on, one blank further to the right.
 */
#include "backedge/profile/formats.h"

typedef unsigned long long number;

static void put_place(uint32_t indent, uint32_t line, uint32_t discriminator, FILE *out) {
  fprintf(out, "%*s%u", (int)indent, "", line);
  if (discriminator)
    fprintf(out, ".%u", discriminator);
  fputs(": ", out);
}

static void put_instance(const struct be_source_profile *source, const struct be_instance *instance,
                         FILE *out) {
  uint32_t indent = instance->depth + 1;
  fprintf(out, "%s:%llu", source->names[instance->name], (number)instance->total);
  if (instance->parent == BE_SOURCE_NONE)
    fprintf(out, ":%llu", (number)instance->head);
  fputc('\n', out);
  for (uint32_t i = 0; i < instance->position_count; i++) {
    const struct be_position *position = &source->positions[instance->first_position + i];
    put_place(indent, position->line, position->discriminator, out);
    fprintf(out, "%llu", (number)position->count);
    for (uint32_t j = 0; j < position->target_count; j++) {
      const struct be_target *target = &source->targets[position->first_target + j];
      fprintf(out, " %s:%llu", source->names[target->name], (number)target->count);
    }
    fputc('\n', out);
  }
  for (uint32_t i = 0; i < instance->child_count; i++) {
    const struct be_instance *child =
        &source->instances[source->children[instance->first_child + i]];
    put_place(indent, child->line, child->discriminator, out);
    put_instance(source, child, out);
  }
}

int be_llvmtext_write(const struct be_source_profile *source, FILE *out) {
  for (size_t i = 0; i < source->function_count; i++)
    put_instance(source, &source->instances[source->children[i]], out);
  return 0;
}

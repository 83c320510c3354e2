/* json.c - writes a source profile as JSON, for programs that nobody has thought of yet. */
#include "backedge/profile/formats.h"

typedef unsigned long long number;

/* How many bytes of a UTF-8 character begin here; 0 when it is none, 1 also for ASCII. */
static unsigned character_length(const uint8_t *at) {
  unsigned length = *at < 0x80 ? 1 : *at >= 0xc2 && *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
  if (*at >= 0xf5 || (*at >= 0x80 && *at < 0xc2))
    return 0;
  for (unsigned i = 1; i < length; i++)
    if ((at[i] & 0xc0) != 0x80)
      return 0;
  bool is_too_long = (*at == 0xe0 && at[1] < 0xa0) || (*at == 0xf0 && at[1] < 0x90),
       is_surrogate = *at == 0xed && at[1] >= 0xa0, is_too_large = *at == 0xf4 && at[1] >= 0x90;
  return is_too_long || is_surrogate || is_too_large ? 0 : length;
}

static void put_text(FILE *out, const char *text) {
  fputc('"', out);
  for (const uint8_t *at = (const uint8_t *)text; *at;) {
    unsigned length = character_length(at);
    if (*at == '"' || *at == '\\')
      fprintf(out, "\\%c", *at);
    else if (*at < 0x20 || !length)
      fprintf(out, "\\u%04x", *at);
    else
      fwrite(at, length, 1, out);
    at += length ? length : 1;
  }
  fputc('"', out);
}

static void put_targets(const struct be_source_profile *source, const struct be_position *position,
                        FILE *out) {
  const char *between = ", \"targets\": [";
  for (uint32_t i = 0; i < position->target_count; i++) {
    const struct be_target *target = &source->targets[position->first_target + i];
    fputs(between, out);
    fputs("{\"name\": ", out);
    put_text(out, source->names[target->name]);
    fprintf(out, ", \"count\": %llu, \"indirect\": %s}", (number)target->count,
            target->is_indirect ? "true" : "false");
    between = ", ";
  }
  if (position->target_count)
    fputc(']', out);
}

static void put_instance(const struct be_source_profile *source, const struct be_instance *instance,
                         FILE *out) {
  int indent = 2 * (int)instance->depth + 4;
  fputs("{\"name\": ", out);
  put_text(out, source->names[instance->name]);
  if (instance->parent == BE_SOURCE_NONE)
    fprintf(out, ", \"declared\": %u, \"head\": %llu", instance->line, (number)instance->head);
  else
    fprintf(out, ", \"line\": %u, \"discriminator\": %u", instance->line, instance->discriminator);
  fprintf(out, ", \"total\": %llu,\n%*s\"positions\": [", (number)instance->total, indent, "");
  for (uint32_t i = 0; i < instance->position_count; i++) {
    const struct be_position *position = &source->positions[instance->first_position + i];
    fprintf(out, "%s\n%*s{\"line\": %u, \"discriminator\": %u, \"count\": %llu", i ? "," : "",
            indent + 1, "", position->line, position->discriminator, (number)position->count);
    put_targets(source, position, out);
    fputc('}', out);
  }
  fprintf(out, "],\n%*s\"inlined\": [", indent, "");
  for (uint32_t i = 0; i < instance->child_count; i++) {
    fprintf(out, "%s\n%*s", i ? "," : "", indent + 1, "");
    put_instance(source, &source->instances[source->children[instance->first_child + i]], out);
  }
  fputs("]}", out);
}

void be_json_write(const struct be_source_profile *source, const struct be_binary *binary,
                   FILE *out) {
  char build_id[2 * BE_BUILD_ID_MAX + 1] = "";
  if (binary && binary->build_id.size)
    be_build_id_print(&binary->build_id, build_id);
  fputs("{\"format\": \"backedge source profile\", \"version\": 1,\n \"binary\": ", out);
  put_text(out, binary ? binary->path : "");
  fprintf(out, ", \"build_id\": \"%s\",\n \"producer\": ", build_id);
  put_text(out, source->producer ? source->producer : "");
  fputs(",\n \"functions\": [", out);
  for (size_t i = 0; i < source->function_count; i++) {
    fputs(i ? ",\n  " : "\n  ", out);
    put_instance(source, &source->instances[source->children[i]], out);
  }
  fputs("]}\n", out);
}

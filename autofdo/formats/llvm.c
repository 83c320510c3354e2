/* llvm.c - writes LLVM's sample profile in its extensible binary form.
 *
 * Numbers are LEB128, but for those of the table of sections. Sections: a summary (which the
 * compiler takes its thresholds of hot and cold from), names, where each function begins,
 * functions.
 */
#include "backedge/profile/formats.h"
#include <errno.h>
#include <stdlib.h>

enum section { SUMMARY = 1, NAMES = 2, OFFSETS = 4, FUNCTIONS = 32 };
enum { SECTIONS = 4, VERSION = 103, EXT_BINARY = 4 };
static const uint64_t magic = 0x5350524f46343200ull + EXT_BINARY; /* SPROF42, the form */
static const uint64_t flag_flow_discriminators = 1ull << 34;      /* of the summary */
static const uint64_t flag_unique_names = 1ull << 34;             /* of the names */

struct part {
  char *bytes;
  size_t size;
  FILE *out;
  uint64_t flags;
};

struct writer {
  const struct be_source_profile *source;
  uint32_t *names; /* by index in the file: the profile's */
  uint32_t *indices;
  struct part parts[SECTIONS];
};

static void put(FILE *out, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    fputc((int)(value & 0x7f) | 0x80, out);
  fputc((int)value, out);
}

static void put_fixed(FILE *out, uint64_t value) { fwrite(&value, sizeof value, 1, out); }

/* ---- the summary ------------------------------------------------------------------------------
 */

static int count_order(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return (a < b) - (a > b);
}

/* For each share of all counts: the smallest of the greatest counts that make it up, and how many
 * they are; counts that are equal belong together. */
static void put_shares(const uint64_t *counts, size_t count, uint64_t total, FILE *out) {
  static const uint32_t millionths[] = {10000,  100000, 200000, 300000, 400000, 500000,
                                        600000, 700000, 800000, 900000, 950000, 990000,
                                        999000, 999900, 999990, 999999};
  enum { SHARES = sizeof millionths / sizeof *millionths, WHOLE = 1000000 };
  uint64_t sum = 0, least = 0;
  size_t at = 0;
  put(out, SHARES);
  for (int i = 0; i < SHARES; i++) {
    uint64_t wanted = total / WHOLE * millionths[i] + total % WHOLE * millionths[i] / WHOLE;
    while (sum < wanted && at < count) {
      least = counts[at];
      for (; at < count && counts[at] == least; at++)
        sum += least;
    }
    put(out, millionths[i]);
    put(out, least);
    put(out, at);
  }
}

/* Positions of functions that were left out do not count. */
static void mark_written(const struct be_source_profile *source, uint8_t *is_written) {
  for (size_t i = 0; i < source->function_count; i++)
    is_written[source->children[i]] = 1;
  for (size_t i = 0; i < source->instance_count; i++) /* parents stand before their children */
    if (source->instances[i].parent != BE_SOURCE_NONE)
      is_written[i] = is_written[source->instances[i].parent];
}

static int put_summary(const struct writer *writer, const uint8_t *is_written, FILE *out) {
  const struct be_source_profile *source = writer->source;
  uint64_t *counts = malloc((source->position_count + 1) * sizeof *counts), total = 0, head = 0;
  size_t count = 0;
  if (!counts)
    return -ENOMEM;
  for (size_t i = 0; i < source->position_count; i++)
    if (is_written[source->positions[i].instance]) {
      counts[count++] = source->positions[i].count;
      total += source->positions[i].count;
    }
  qsort(counts, count, sizeof *counts, count_order);
  for (size_t i = 0; i < source->function_count; i++) {
    uint64_t own = source->instances[source->children[i]].head;
    head = own > head ? own : head;
  }
  put(out, total);
  put(out, count ? counts[0] : 0);
  put(out, head);
  put(out, count);
  put(out, source->function_count);
  put_shares(counts, count, total, out);
  free(counts);
  return 0;
}

/* ---- names and functions ----------------------------------------------------------------------
 */

static int name_order(const void *left, const void *right, void *names) {
  char *const *at = names;
  return strcmp(at[*(const uint32_t *)left], at[*(const uint32_t *)right]);
}

static void put_names(struct writer *writer, const uint8_t *is_written, struct part *part) {
  const struct be_source_profile *source = writer->source;
  uint32_t count = 0;
  for (size_t i = 0; i < source->instance_count; i++)
    if (is_written[i])
      writer->indices[source->instances[i].name] = 1;
  for (size_t i = 0; i < source->target_count; i++)
    if (is_written[source->positions[source->targets[i].position].instance])
      writer->indices[source->targets[i].name] = 1;
  for (uint32_t i = 0; i < source->name_count; i++)
    if (writer->indices[i])
      writer->names[count++] = i;
  qsort_r(writer->names, count, sizeof *writer->names, name_order, source->names);
  for (uint32_t i = 0; i < count; i++)
    writer->indices[writer->names[i]] = i;
  put(part->out, count);
  for (uint32_t i = 0; i < count; i++) {
    const char *name = source->names[writer->names[i]];
    fwrite(name, strlen(name) + 1, 1, part->out);
    if (strstr(name, ".__uniq."))
      part->flags |= flag_unique_names;
  }
}

static void put_position(const struct writer *writer, const struct be_position *position,
                         FILE *out) {
  put(out, position->line);
  put(out, position->discriminator);
  put(out, position->count);
  put(out, position->target_count);
  for (uint32_t i = 0; i < position->target_count; i++) {
    const struct be_target *target = &writer->source->targets[position->first_target + i];
    put(out, writer->indices[target->name]);
    put(out, target->count);
  }
}

/* Instances are at most BE_SOURCE_DEPTH_MAX deep. */
static void put_instance(const struct writer *writer, const struct be_instance *instance,
                         FILE *out) {
  const struct be_source_profile *source = writer->source;
  put(out, writer->indices[instance->name]);
  put(out, instance->total);
  put(out, instance->position_count);
  for (uint32_t i = 0; i < instance->position_count; i++)
    put_position(writer, &source->positions[instance->first_position + i], out);
  put(out, instance->child_count);
  for (uint32_t i = 0; i < instance->child_count; i++) {
    const struct be_instance *child =
        &source->instances[source->children[instance->first_child + i]];
    put(out, child->line);
    put(out, child->discriminator);
    put_instance(writer, child, out);
  }
}

static void put_functions(struct writer *writer, FILE *offsets, FILE *out) {
  const struct be_source_profile *source = writer->source;
  put(offsets, source->function_count);
  for (size_t i = 0; i < source->function_count; i++) {
    const struct be_instance *function = &source->instances[source->children[i]];
    put(offsets, writer->indices[function->name]);
    put(offsets, (uint64_t)ftello(out));
    put(out, function->head);
    put_instance(writer, function, out);
  }
}

/* ---- the file ---------------------------------------------------------------------------------
 */

static int make_parts(struct writer *writer) {
  const struct be_source_profile *source = writer->source;
  struct part *parts = writer->parts;
  uint8_t *is_written = calloc(source->instance_count + 1, 1);
  int status = is_written && writer->names && writer->indices ? 0 : -ENOMEM;
  for (int i = 0; i < SECTIONS && !status; i++)
    if (!(parts[i].out = open_memstream(&parts[i].bytes, &parts[i].size)))
      status = -ENOMEM;
  if (!status) {
    mark_written(source, is_written);
    parts[0].flags = source->has_flow_discriminators ? flag_flow_discriminators : 0;
    status = put_summary(writer, is_written, parts[0].out);
    put_names(writer, is_written, &parts[1]);
    put_functions(writer, parts[2].out, parts[3].out);
  }
  for (int i = 0; i < SECTIONS; i++)
    if (parts[i].out && fclose(parts[i].out))
      status = -ENOMEM;
  free(is_written);
  return status;
}

static void put_file(const struct writer *writer, FILE *out) {
  static const uint64_t types[SECTIONS] = {SUMMARY, NAMES, OFFSETS, FUNCTIONS};
  enum { MAGIC_SIZE = 9, VERSION_SIZE = 1 };
  uint64_t entry[4]; /* of the table of sections: type, flags, offset, size */
  uint64_t offset = MAGIC_SIZE + VERSION_SIZE + sizeof(uint64_t) + sizeof entry * SECTIONS;
  put(out, magic);
  put(out, VERSION);
  put_fixed(out, SECTIONS);
  for (int i = 0; i < SECTIONS; i++) {
    put_fixed(out, types[i]);
    put_fixed(out, writer->parts[i].flags);
    put_fixed(out, offset);
    put_fixed(out, writer->parts[i].size);
    offset += writer->parts[i].size;
  }
  for (int i = 0; i < SECTIONS; i++)
    fwrite(writer->parts[i].bytes, 1, writer->parts[i].size, out);
}

int be_llvm_write(const struct be_source_profile *source, FILE *out) {
  struct writer writer = {.source = source};
  writer.names = calloc(source->name_count + 1, sizeof *writer.names);
  writer.indices = calloc(source->name_count + 1, sizeof *writer.indices);
  int status = make_parts(&writer);
  if (!status)
    put_file(&writer, out);
  for (int i = 0; i < SECTIONS; i++)
    free(writer.parts[i].bytes);
  free(writer.names);
  free(writer.indices);
  return status;
}

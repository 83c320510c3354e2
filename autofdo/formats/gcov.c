/* gcov.c - writes what GCC reads with -fauto-profile.
 *
 * The file is little-endian words of 32 bits; a number of 64 bits is its low word, then its high
 * one. Names are cut at the first dot, as the reader cuts its own, and functions found by them. Of
 * several values at a line the reader keeps the last: the profile must be one without
 * discriminators. Calls whose target the compiler knows are no targets: it would take them for
 * those of an indirect call in the same line. Lines that never ran are written, too: of blocks
 * whose lines it does not find, the reader knows nothing, not that they never run.
 */
#include "backedge/profile/formats.h"
#include <errno.h>
#include <stdlib.h>

enum tag {
  MAGIC = 0x67636461,
  TAG_NAMES = (int)0xaa000000,
  TAG_FUNCTIONS = (int)0xac000000,
  TAG_MODULES = (int)0xae000000,
  TAG_WORKING_SET = (int)0xaf000000
};

enum { LINE_SHIFT = 16, TARGET_INDIRECT_CALL = 1 };

struct writer {
  const struct be_source_profile *source;
  enum be_gcov_version version;
  uint32_t *indices;  /* by name of the profile: in the file; 0: not in it */
  uint32_t *names;    /* by index in the file: name of the profile */
  uint32_t *function; /* by index in the file: the function of that name; BE_SOURCE_NONE: none */
  uint32_t name_count;
  FILE *out;
};

static void put32(FILE *out, uint32_t value) { fwrite(&value, sizeof value, 1, out); }

static void put64(FILE *out, uint64_t value) {
  put32(out, (uint32_t)value);
  put32(out, (uint32_t)(value >> 32));
}

/* Version 2: bytes with the zero. Version 1: words, the last of which holds a zero at least. */
static void put_name(const struct writer *writer, const char *name, size_t length) {
  static const char zeros[4];
  if (writer->version == BE_GCOV_2) {
    put32(writer->out, (uint32_t)length + 1);
    fwrite(name, length, 1, writer->out);
    fputc(0, writer->out);
  } else {
    put32(writer->out, (uint32_t)(length + 4) / 4);
    fwrite(name, 1, length, writer->out);
    fwrite(zeros, 1, 4 - length % 4, writer->out);
  }
}

/* ---- names ------------------------------------------------------------------------------------
 */

static const char *name_of(const struct writer *writer, uint32_t name) {
  return writer->source->names[name];
}

static size_t cut_length(const char *name) { return strcspn(name, "."); }

static int cut_order(const void *left, const void *right, void *user) {
  const struct writer *writer = user;
  const char *a = name_of(writer, *(const uint32_t *)left),
             *b = name_of(writer, *(const uint32_t *)right);
  size_t a_length = cut_length(a), b_length = cut_length(b);
  int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
  return order ? order : (a_length > b_length) - (a_length < b_length);
}

/* Names that are one when cut have one index. */
static void number_names(struct writer *writer) {
  size_t count = 0;
  for (uint32_t i = 0; i < writer->source->name_count; i++)
    if (writer->indices[i])
      writer->names[count++] = i;
  if (count)
    qsort_r(writer->names, count, sizeof *writer->names, cut_order, writer);
  for (size_t i = 0; i < count; i++) {
    uint32_t name = writer->names[i];
    if (!writer->name_count ||
        cut_order(&name, &writer->names[writer->name_count - 1], writer) != 0)
      writer->names[writer->name_count++] = name;
    writer->indices[name] = writer->name_count; /* index 0 is nobody's */
  }
}

static bool has_counts(const struct be_instance *instance) {
  return instance->total || instance->head;
}

static void note_names(struct writer *writer) {
  const struct be_source_profile *source = writer->source;
  for (size_t i = 0; i < source->instance_count; i++)
    if (has_counts(&source->instances[i]))
      writer->indices[source->instances[i].name] = 1;
  for (size_t i = 0; i < source->target_count; i++)
    if (source->targets[i].is_indirect)
      writer->indices[source->targets[i].name] = 1;
}

/* Of functions that have one name in the file, the one with the most counts. */
static size_t choose_functions(struct writer *writer) {
  const struct be_source_profile *source = writer->source;
  size_t count = 0;
  for (uint32_t i = 0; i <= writer->name_count; i++)
    writer->function[i] = BE_SOURCE_NONE;
  for (size_t i = 0; i < source->function_count; i++) {
    const struct be_instance *function = &source->instances[source->children[i]];
    uint32_t *chosen = &writer->function[writer->indices[function->name]];
    if (!has_counts(function) ||
        (*chosen != BE_SOURCE_NONE && source->instances[*chosen].total >= function->total))
      continue;
    count += *chosen == BE_SOURCE_NONE;
    *chosen = source->children[i];
  }
  return count;
}

/* ---- functions --------------------------------------------------------------------------------
 */

static void put_position(const struct writer *writer, const struct be_position *position) {
  const struct be_target *targets = &writer->source->targets[position->first_target];
  uint32_t count = 0;
  for (uint32_t i = 0; i < position->target_count; i++)
    count += targets[i].is_indirect;
  put32(writer->out, position->line << LINE_SHIFT);
  put32(writer->out, count);
  put64(writer->out, position->count);
  for (uint32_t i = 0; i < position->target_count; i++) {
    if (!targets[i].is_indirect)
      continue;
    put32(writer->out, TARGET_INDIRECT_CALL);
    put64(writer->out, writer->indices[targets[i].name]);
    put64(writer->out, targets[i].count);
  }
}

/* Instances are at most BE_SOURCE_DEPTH_MAX deep. */
static void put_instance(const struct writer *writer, const struct be_instance *instance) {
  const struct be_source_profile *source = writer->source;
  const struct be_position *positions = &source->positions[instance->first_position];
  const uint32_t *children = &source->children[instance->first_child];
  uint32_t child_count = 0;
  for (uint32_t i = 0; i < instance->child_count; i++)
    child_count += has_counts(&source->instances[children[i]]);
  put32(writer->out, writer->indices[instance->name]);
  put32(writer->out, instance->position_count);
  put32(writer->out, child_count);
  for (uint32_t i = 0; i < instance->position_count; i++)
    put_position(writer, &positions[i]);
  for (uint32_t i = 0; i < instance->child_count; i++) {
    const struct be_instance *child = &source->instances[children[i]];
    if (!has_counts(child))
      continue;
    put32(writer->out, child->line << LINE_SHIFT);
    put_instance(writer, child);
  }
}

static void put_all(struct writer *writer, size_t function_count) {
  put32(writer->out, MAGIC);
  put32(writer->out, writer->version);
  put32(writer->out, 0);
  put32(writer->out, (uint32_t)TAG_NAMES);
  put32(writer->out, 0); /* lengths of sections are not read */
  put32(writer->out, writer->name_count + 1);
  put_name(writer, "", 0);
  for (uint32_t i = 0; i < writer->name_count; i++)
    put_name(writer, name_of(writer, writer->names[i]),
             cut_length(name_of(writer, writer->names[i])));
  put32(writer->out, (uint32_t)TAG_FUNCTIONS);
  put32(writer->out, 0);
  put32(writer->out, (uint32_t)function_count);
  for (uint32_t i = 1; i <= writer->name_count; i++) {
    if (writer->function[i] == BE_SOURCE_NONE)
      continue;
    const struct be_instance *function = &writer->source->instances[writer->function[i]];
    put64(writer->out, function->head);
    put_instance(writer, function);
  }
  put32(writer->out, (uint32_t)TAG_MODULES);
  put32(writer->out, 0);
  put32(writer->out, 0);
  put32(writer->out, (uint32_t)TAG_WORKING_SET);
  put32(writer->out, 0);
  put32(writer->out, 0);
}

int be_gcov_version_of(const char *producer) {
  enum { FIRST_OF_2 = 12, FIRST_OF_3 = 16 };
  const char *at = producer && strncmp(producer, "GNU ", 4) == 0 ? producer + 4 : NULL;
  at = at ? strchr(at, ' ') : NULL; /* the language */
  if (!at)
    return BE_GCOV_2;
  long major = strtol(at, NULL, 10);
  return major >= FIRST_OF_3 ? 0 : major >= FIRST_OF_2 ? BE_GCOV_2 : BE_GCOV_1;
}

int be_gcov_write(const struct be_source_profile *source, enum be_gcov_version version, FILE *out) {
  struct writer writer = {.source = source, .version = version, .out = out};
  size_t room = source->name_count + 1;
  writer.indices = calloc(room, sizeof *writer.indices);
  writer.names = calloc(room, sizeof *writer.names);
  writer.function = calloc(room, sizeof *writer.function);
  int status = writer.indices && writer.names && writer.function ? 0 : -ENOMEM;
  if (!status) {
    note_names(&writer);
    number_names(&writer);
    put_all(&writer, choose_functions(&writer));
  }
  free(writer.indices);
  free(writer.names);
  free(writer.function);
  return status;
}

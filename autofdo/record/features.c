/* features.c - what a perf.data file says of the machine, the command and the files that ran. */
#include "load.h"
#include "writer.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Their numbers in perf's header.h, and the order in which they stand. */
enum feature {
  FEATURE_BUILD_ID = BE_FEATURE_BUILD_ID,
  FEATURE_HOSTNAME = 3,
  FEATURE_OSRELEASE = 4,
  FEATURE_VERSION = 5,
  FEATURE_ARCH = 6,
  FEATURE_NRCPUS = 7,
  FEATURE_CPUDESC = 8,
  FEATURE_TOTAL_MEM = 10,
  FEATURE_CMDLINE = 11,
  FEATURE_EVENT_DESC = 12,
  FEATURE_BRANCH_STACK = 15, /* empty: samples have stacks */
  FEATURE_SAMPLE_TIME = 21
};

enum { TEXT_ALIGN = 64 };

static void put(struct be_features *features, const void *bytes, size_t size) {
  if (features->size + size > features->capacity) {
    size_t capacity = 2 * (features->size + size);
    uint8_t *grown = realloc(features->bytes, capacity);
    if (!grown) {
      features->is_out_of_memory = true;
      return;
    }
    features->bytes = grown;
    features->capacity = capacity;
  }
  memcpy(features->bytes + features->size, bytes, size);
  features->size += size;
}

static void put_zeros(struct be_features *features, size_t size) {
  static const uint8_t zeros[TEXT_ALIGN];
  put(features, zeros, size);
}

static void put64(struct be_features *features, uint64_t value) { put(features, &value, 8); }
static void put32(struct be_features *features, uint32_t value) { put(features, &value, 4); }

/* Its padded length, then it, padded. */
static void put_text(struct be_features *features, const char *text) {
  size_t len = strlen(text) + 1, padded = (len + TEXT_ALIGN - 1) / TEXT_ALIGN * TEXT_ALIGN;
  put32(features, (uint32_t)padded);
  put(features, text, len);
  put_zeros(features, padded - len);
}

/* ---- the machine ------------------------------------------------------------------------------
 */

/* The value behind a name in a file of lines "name : value". */
static bool find_line(const char *path, const char *name, char *value, size_t size) {
  char line[512];
  bool is_found = false;
  FILE *file = fopen(path, "re");
  while (file && !is_found && fgets(line, sizeof line, file)) {
    char *colon = strchr(line, ':');
    if (strncmp(line, name, strlen(name)) != 0 || !colon)
      continue;
    snprintf(value, size, "%s", colon + 1 + strspn(colon + 1, " \t"));
    value[strcspn(value, "\n")] = '\0';
    is_found = true;
  }
  if (file)
    fclose(file);
  return is_found;
}

static void put_processor(struct be_features *features) {
  char text[256];
  put_text(features, find_line("/proc/cpuinfo", "model name", text, sizeof text) ? text : "");
}

static void put_memory(struct be_features *features) {
  char text[64];
  put64(features,
        find_line("/proc/meminfo", "MemTotal", text, sizeof text) ? strtoull(text, NULL, 10) : 0);
}

/* The words of this process's command line. */
static void put_command(struct be_features *features) {
  char *word = NULL;
  size_t room = 0, at = features->size;
  uint32_t count = 0;
  FILE *file = fopen("/proc/self/cmdline", "re");
  put32(features, count);
  for (; file && getdelim(&word, &room, '\0', file) > 0; count++)
    put_text(features, word);
  if (!features->is_out_of_memory)
    memcpy(features->bytes + at, &count, sizeof count);
  free(word);
  if (file)
    fclose(file);
}

/* ---- the recording ----------------------------------------------------------------------------
 */

static void put_event(struct be_features *features, const struct be_writer *writer,
                      const char *name) {
  put32(features, 1); /* event */
  put32(features, writer->attr.size);
  put(features, &writer->attr, writer->attr.size);
  put32(features, 0); /* ids */
  put_text(features, name);
}

/* A record for each file: process -1, the id in a field of 24 bytes, the padded path. */
static void put_build_ids(struct be_features *features, const struct be_modules *modules) {
  enum { BUILD_ID = 67, ID_SIZE = 1 << 15, ID_ROOM = 20, HEAD = 36 };
  for (size_t i = 0; i < modules->size; i++) {
    const struct be_module *module = &modules->table[i];
    if (!module->path || !module->id_size)
      continue;
    size_t len = strlen(module->path) + 1;
    size_t padded = (len + TEXT_ALIGN - 1) / TEXT_ALIGN * TEXT_ALIGN;
    if (HEAD + padded > UINT16_MAX)
      continue;
    struct perf_event_header head = {BUILD_ID, PERF_RECORD_MISC_USER | ID_SIZE,
                                     (uint16_t)(HEAD + padded)};
    put(features, &head, sizeof head);
    put32(features, UINT32_MAX);
    put(features, module->id, ID_ROOM);
    put32(features, module->id_size);
    put(features, module->path, len);
    put_zeros(features, padded - len);
  }
}

static void put_feature(struct be_features *features, enum feature feature,
                        const struct be_writer *writer, const struct be_machine *machine,
                        const struct utsname *system) {
  switch (feature) {
  case FEATURE_BUILD_ID:
    put_build_ids(features, &writer->modules);
    break;
  case FEATURE_HOSTNAME:
    put_text(features, system->nodename);
    break;
  case FEATURE_OSRELEASE:
    put_text(features, system->release);
    break;
  case FEATURE_VERSION:
    put_text(features, machine->version);
    break;
  case FEATURE_ARCH:
    put_text(features, system->machine);
    break;
  case FEATURE_NRCPUS:
    put32(features, (uint32_t)sysconf(_SC_NPROCESSORS_CONF));
    put32(features, (uint32_t)sysconf(_SC_NPROCESSORS_ONLN));
    break;
  case FEATURE_CPUDESC:
    put_processor(features);
    break;
  case FEATURE_TOTAL_MEM:
    put_memory(features);
    break;
  case FEATURE_CMDLINE:
    put_command(features);
    break;
  case FEATURE_EVENT_DESC:
    put_event(features, writer, machine->event_name);
    break;
  case FEATURE_BRANCH_STACK:
    break;
  case FEATURE_SAMPLE_TIME:
    put64(features, writer->first_time);
    put64(features, writer->last_time);
    break;
  }
}

int be_features_make(struct be_features *features, const struct be_writer *writer,
                     const struct be_machine *machine, struct be_error *error) {
  static const enum feature all[] = {FEATURE_BUILD_ID,   FEATURE_HOSTNAME,     FEATURE_OSRELEASE,
                                     FEATURE_VERSION,    FEATURE_ARCH,         FEATURE_NRCPUS,
                                     FEATURE_CPUDESC,    FEATURE_TOTAL_MEM,    FEATURE_CMDLINE,
                                     FEATURE_EVENT_DESC, FEATURE_BRANCH_STACK, FEATURE_SAMPLE_TIME};
  struct utsname system;
  uname(&system);
  *features = (struct be_features){0};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (all[i] == FEATURE_BRANCH_STACK && !(writer->attr.sample_type & PERF_SAMPLE_BRANCH_STACK))
      continue;
    features->has[all[i]] = true;
    features->begin[all[i]] = features->size;
    put_feature(features, all[i], writer, machine, &system);
    features->begin[all[i] + 1] = features->size;
  }
  return features->is_out_of_memory
             ? be_error_set(error, -ENOMEM, "no memory for the end of '%s'", writer->path)
             : 0;
}

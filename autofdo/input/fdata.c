/* fdata.c - reads BOLT's profile: functions by name, and offsets in them.
 *
 *     1 FUNCTION OFFSET 1 FUNCTION OFFSET MISPREDICTED COUNT      0 [unknown] 0: outside
 *     no_lbr EVENT, then 1 FUNCTION OFFSET COUNT                  samples
 *
 * A backslash before a space in a name keeps it from being its end.
 */
#include "backedge/profile/aggregated.h"
#include "peek.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIELDS_MAX = 8, SAMPLE_FIELDS = 4, NAME_MAX_HERE = 8192 };

struct reader {
  const struct be_binary *binary;
  struct be_traces *traces;
  struct be_ips *ips;
  struct be_aggregated_stats *stats;
  uint32_t *table; /* functions by name: index + 1; open addressing */
  size_t size;     /* a power of two */
};

/* ---- names ------------------------------------------------------------------------------------
 */

static uint64_t hash_of(const char *name) {
  uint64_t hash = 0xcbf29ce484222325ull; /* FNV-1a */
  for (; *name; name++)
    hash = (hash ^ (uint8_t)*name) * 0x100000001b3ull;
  return hash;
}

/* Of two functions of one name, which cannot be told apart, the first one counts. */
static int index_names(struct reader *reader) {
  char name[NAME_MAX_HERE];
  reader->size = 16;
  while (reader->size < 2 * reader->binary->function_count)
    reader->size *= 2;
  reader->table = calloc(reader->size, sizeof *reader->table);
  if (!reader->table)
    return -ENOMEM;
  for (size_t i = 0; i < reader->binary->function_count; i++) {
    be_function_print(&reader->binary->functions[i], name, sizeof name);
    size_t at = hash_of(name) & (reader->size - 1);
    while (reader->table[at])
      at = (at + 1) & (reader->size - 1);
    reader->table[at] = (uint32_t)i + 1;
  }
  return 0;
}

static const struct be_function *find_function(const struct reader *reader, const char *wanted) {
  char name[NAME_MAX_HERE];
  for (size_t at = hash_of(wanted) & (reader->size - 1); reader->table[at];
       at = (at + 1) & (reader->size - 1)) {
    const struct be_function *function = &reader->binary->functions[reader->table[at] - 1];
    be_function_print(function, name, sizeof name);
    if (strcmp(name, wanted) == 0)
      return function;
  }
  return NULL;
}

/* ---- lines ------------------------------------------------------------------------------------
 */

/* Cuts the line into its fields; how many there are, at most one more than room is for. */
static size_t cut(char *line, char *fields[FIELDS_MAX]) {
  size_t count = 0;
  line[strcspn(line, "\r\n")] = '\0';
  for (char *at = line; *at; count++) {
    if (count == FIELDS_MAX)
      return FIELDS_MAX + 1;
    fields[count] = at;
    for (; *at && *at != ' '; at++)
      if (*at == '\\' && at[1])
        at++;
    if (*at)
      *at++ = '\0';
  }
  return count;
}

static bool read_number(const char *text, int base, uint64_t *value) {
  static const char digits[] = "0123456789abcdefABCDEF";
  size_t len = strspn(text, digits);
  char *end;
  errno = 0;
  *value = strtoull(text, &end, base);
  return len && !text[len] && !*end && !errno;
}

static bool is_kind(const char *field) { return field[0] >= '0' && field[0] <= '2' && !field[1]; }

/* A place by its three fields. False: they make no sense; BE_PLACE_NONE: there is no such one. */
static bool read_place(const struct reader *reader, char *const fields[3], uint32_t *place) {
  uint64_t offset;
  if (!is_kind(fields[0]) || !read_number(fields[2], 16, &offset))
    return false;
  *place = BE_PLACE_OUTSIDE;
  if (fields[0][0] == '0')
    return true;
  const struct be_function *function = find_function(reader, fields[1]);
  *place = function && offset < function->extent ? function->place + (uint32_t)offset
                                                 : (uint32_t)BE_PLACE_NONE;
  return true;
}

static int take_branch(struct reader *reader, char *const *fields) {
  struct be_trace trace = {.next = BE_PLACE_NONE};
  uint64_t count, mispredicted;
  if (!read_place(reader, fields, &trace.from) || !read_place(reader, fields + 3, &trace.to) ||
      !read_number(fields[6], 10, &mispredicted) || !read_number(fields[7], 10, &count) ||
      mispredicted > count || count > BE_COUNT_MAX)
    return -EINVAL;
  reader->stats->branches += count;
  if (trace.from == BE_PLACE_NONE || trace.to == BE_PLACE_NONE) {
    reader->stats->unknown += count;
    return 0;
  }
  if (trace.from == BE_PLACE_OUTSIDE && trace.to == BE_PLACE_OUTSIDE) {
    reader->stats->outside += count;
    return 0;
  }
  return be_traces_add(reader->traces, &trace, count, mispredicted);
}

static int take_samples(struct reader *reader, char *const *fields) {
  uint32_t place;
  uint64_t count;
  if (!read_place(reader, fields, &place) || !read_number(fields[3], 10, &count) ||
      count > BE_COUNT_MAX)
    return -EINVAL;
  reader->stats->samples += count;
  if (place <= BE_PLACE_MAX)
    return reader->ips ? be_ips_add(reader->ips, place, count) : 0;
  *(place == BE_PLACE_NONE ? &reader->stats->unknown : &reader->stats->outside) += count;
  return 0;
}

/* -EINVAL, without a message, for a line that makes no sense; -ESTALE for a profile of a binary
 * that BOLT has made. */
static int take_line(struct reader *reader, char *line) {
  char *fields[FIELDS_MAX];
  size_t count = cut(line, fields);
  if (count == 0)
    return 0;
  reader->stats->lines++;
  if (strcmp(fields[0], "boltedcollection") == 0)
    return -ESTALE;
  if (strcmp(fields[0], "no_lbr") == 0)
    return 0;
  if (count != FIELDS_MAX && count != SAMPLE_FIELDS)
    return -EINVAL;
  if (!reader->table && index_names(reader))
    return -ENOMEM;
  return count == FIELDS_MAX ? take_branch(reader, fields) : take_samples(reader, fields);
}

/* ---- the file ---------------------------------------------------------------------------------
 */

bool be_fdata_is(const char *path) {
  char text[4096], *fields[FIELDS_MAX];
  uint64_t number;
  be_file_peek(path, text, sizeof text);
  size_t count = cut(text, fields);
  if (count && (strcmp(fields[0], "boltedcollection") == 0 || strcmp(fields[0], "no_lbr") == 0))
    return true;
  return count == FIELDS_MAX && is_kind(fields[0]) && read_number(fields[2], 16, &number) &&
         is_kind(fields[3]) && read_number(fields[5], 16, &number) &&
         read_number(fields[6], 10, &number) && read_number(fields[7], 10, &number);
}

static int read_lines(struct reader *reader, FILE *file, const char *path, struct be_error *error) {
  char *line = NULL;
  size_t room = 0;
  int status = 0;
  for (unsigned long long number = 1; !status && getline(&line, &room, file) > 0; number++) {
    status = take_line(reader, line);
    if (status == -EINVAL)
      be_error_set(error, status, "'%s' makes no sense in line %llu", path, number);
    else if (status == -ESTALE)
      be_error_set(
          error, status,
          "'%s' was recorded with a binary that BOLT had made: its places are not those of "
          "another one",
          path);
  }
  free(line);
  if (!status && ferror(file))
    return be_error_set(error, -EIO, "cannot read '%s': %s", path, strerror(errno));
  return status;
}

int be_fdata_read(const struct be_binary *binary, const char *path, struct be_traces *traces,
                  struct be_ips *ips, struct be_aggregated_stats *stats, struct be_error *error) {
  struct reader reader = {.binary = binary, .traces = traces, .ips = ips, .stats = stats};
  *stats = (struct be_aggregated_stats){0};
  FILE *file = fopen(path, "re");
  if (!file)
    return be_error_set(error, -errno, "cannot read '%s': %s", path, strerror(errno));
  int status = read_lines(&reader, file, path, error);
  if (status == -ENOMEM)
    be_error_set(error, status, "no memory for the branches of '%s'", path);
  fclose(file);
  free(reader.table);
  if (!status && stats->branches + stats->samples == stats->outside + stats->unknown)
    return be_error_set(error, -ENODATA,
                        "none of the functions in '%s' is in '%s': is it a profile of it?", path,
                        binary->path);
  return status;
}

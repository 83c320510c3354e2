/* aggregated.c - counts of addresses become traces again.
 *
 * Branches and runs stand on lines of their own. Which run followed which branch is not said, but a
 * run begins where a branch led to: each is given to branches to its beginning, as often as they
 * were taken.
 */
#include "backedge/profile/aggregated.h"
#include "peek.h"
#include "room.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct branch {
  uint32_t from, to;
  uint64_t count, mispredicted;
};

struct run {
  uint32_t begin, end;
  uint64_t count;
  bool is_own; /* after a branch within the function */
};

struct reader {
  const struct be_binary *binary;
  struct be_traces *traces;
  struct be_ips *ips;
  struct be_aggregated_stats *stats;
  struct branch *branches;
  struct run *runs;
  size_t branch_count, branch_room, run_count, run_room;
};

/* ---- words ------------------------------------------------------------------------------------
 */

static uint32_t place_of(const struct be_binary *binary, uint64_t address) {
  for (size_t i = 0; i < binary->segment_count; i++)
    if (address - binary->segments[i].address < binary->segments[i].size)
      return (uint32_t)(address - binary->base);
  return BE_PLACE_OUTSIDE;
}

static bool read_place(const struct be_binary *binary, char **at, uint32_t *place) {
  char *end;
  *at += strspn(*at, " \t");
  size_t len = strcspn(*at, " \t\n");
  bool is_outside = strncmp(*at, "X:", 2) == 0;
  char *colon = memrchr(*at, ':', len);
  char *begin = colon ? colon + 1 : *at;
  errno = 0;
  unsigned long long address = strtoull(begin, &end, 16);
  if (end == begin || end != *at + len || errno || *begin == '-' || *begin == '+')
    return false;
  *at = end;
  *place = is_outside || !address ? (uint32_t)BE_PLACE_OUTSIDE : place_of(binary, address);
  return true;
}

static bool read_count(char **at, uint64_t *count) {
  char *end;
  *at += strspn(*at, " \t");
  if (**at < '0' || **at > '9')
    return false;
  errno = 0;
  *count = strtoull(*at, &end, 10);
  *at = end;
  return !errno && *count <= BE_COUNT_MAX;
}

static bool is_at_end(const char *at) { return at[strspn(at, " \t\r\n")] == '\0'; }

/* ---- lines ------------------------------------------------------------------------------------
 */

static int add_branch(struct reader *reader, const struct branch *branch) {
  reader->stats->branches += branch->count;
  if (branch->from == BE_PLACE_OUTSIDE && branch->to == BE_PLACE_OUTSIDE) {
    reader->stats->outside += branch->count;
    return 0;
  }
  if (!BE_MAKE_ROOM(reader->branches, reader->branch_count, reader->branch_room))
    return -ENOMEM;
  reader->branches[reader->branch_count++] = *branch;
  return 0;
}

static int add_run(struct reader *reader, const struct run *run) {
  reader->stats->runs += run->count;
  if (!BE_MAKE_ROOM(reader->runs, reader->run_count, reader->run_room))
    return -ENOMEM;
  reader->runs[reader->run_count++] = *run;
  return 0;
}

static int take_branch(struct reader *reader, char *at) {
  struct branch branch;
  if (!read_place(reader->binary, &at, &branch.from) ||
      !read_place(reader->binary, &at, &branch.to) || !read_count(&at, &branch.count) ||
      !read_count(&at, &branch.mispredicted) || !is_at_end(at) ||
      branch.mispredicted > branch.count)
    return -EINVAL;
  return add_branch(reader, &branch);
}

static int take_run(struct reader *reader, char *at, bool is_own) {
  struct run run = {.is_own = is_own};
  if (!read_place(reader->binary, &at, &run.begin) || !read_place(reader->binary, &at, &run.end) ||
      !read_count(&at, &run.count) || !is_at_end(at))
    return -EINVAL;
  return add_run(reader, &run);
}

static int take_trace(struct reader *reader, char *at) {
  struct be_trace trace = {0};
  uint64_t count;
  if (!read_place(reader->binary, &at, &trace.from) ||
      !read_place(reader->binary, &at, &trace.to) ||
      !read_place(reader->binary, &at, &trace.next) || !read_count(&at, &count) || !is_at_end(at))
    return -EINVAL;
  reader->stats->branches += count;
  reader->stats->runs += count;
  if (trace.from == BE_PLACE_OUTSIDE && trace.to == BE_PLACE_OUTSIDE) {
    reader->stats->outside += count;
    return 0;
  }
  return be_traces_add(reader->traces, &trace, count, 0);
}

static int take_samples(struct reader *reader, char *at) {
  uint32_t place;
  uint64_t count;
  if (!read_place(reader->binary, &at, &place) || !read_count(&at, &count) || !is_at_end(at))
    return -EINVAL;
  reader->stats->samples += count;
  if (place != BE_PLACE_OUTSIDE)
    return reader->ips ? be_ips_add(reader->ips, place, count) : 0;
  reader->stats->outside += count;
  return 0;
}

/* -EINVAL, without a message, for a line that makes no sense. */
static int take_line(struct reader *reader, char *line) {
  if (is_at_end(line) || *line == '#')
    return 0;
  reader->stats->lines++;
  if (line[1] != ' ' && line[1] != '\t')
    return -EINVAL;
  switch (line[0]) {
  case 'B':
    return take_branch(reader, line + 1);
  case 'F':
  case 'f':
    return take_run(reader, line + 1, line[0] == 'F');
  case 'T':
    return take_trace(reader, line + 1);
  case 'S':
    return take_samples(reader, line + 1);
  case 'E':
    return 0;
  default:
    return -EINVAL;
  }
}

/* ---- joining ----------------------------------------------------------------------------------
 */

static int branch_order(const void *left, const void *right) {
  const struct branch *a = left, *b = right;
  if (a->to != b->to)
    return a->to < b->to ? -1 : 1;
  return (a->from > b->from) - (a->from < b->from);
}

static size_t first_branch_to(const struct reader *reader, uint32_t place) {
  size_t low = 0, high = reader->branch_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (reader->branches[middle].to < place)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Takes so many of a branch's count, with their share of what was mispredicted. */
static int take_from(struct reader *reader, struct branch *branch, uint32_t next, uint64_t count) {
  uint64_t mispredicted =
      branch->count
          ? (uint64_t)((double)branch->mispredicted * (double)count / (double)branch->count)
          : 0;
  struct be_trace trace = {.from = branch->from, .to = branch->to, .next = next};
  branch->count -= count;
  branch->mispredicted -= mispredicted;
  return be_traces_add(reader->traces, &trace, count, mispredicted);
}

static int join_run(struct reader *reader, struct run *run) {
  const struct be_function *function =
      run->begin <= BE_PLACE_MAX ? be_binary_function_at(reader->binary, run->begin) : NULL;
  for (size_t i = first_branch_to(reader, run->begin);
       i < reader->branch_count && reader->branches[i].to == run->begin && run->count; i++) {
    struct branch *branch = &reader->branches[i];
    bool is_own = function && branch->from - function->place < function->extent;
    uint64_t count = branch->count < run->count ? branch->count : run->count;
    if (is_own != run->is_own || !count)
      continue;
    if (take_from(reader, branch, run->end, count))
      return -ENOMEM;
    run->count -= count;
  }
  reader->stats->runs_alone += run->count;
  return 0;
}

static int join(struct reader *reader) {
  int status = 0;
  if (reader->branch_count)
    qsort(reader->branches, reader->branch_count, sizeof *reader->branches, branch_order);
  for (size_t i = 0; i < reader->run_count && !status; i++)
    status = join_run(reader, &reader->runs[i]);
  for (size_t i = 0; i < reader->branch_count && !status; i++)
    status = take_from(reader, &reader->branches[i], BE_PLACE_NONE, reader->branches[i].count);
  return status;
}

/* ---- the file ---------------------------------------------------------------------------------
 */

bool be_aggregated_is(const char *path) {
  char text[4096];
  be_file_peek(path, text, sizeof text);
  char *line = text;
  while (*line && (*line == '#' || is_at_end((char[]){*line, '\0'})))
    line += strcspn(line, "\n") + (line[strcspn(line, "\n")] == '\n');
  if (!*line || !strchr("BFfTSE", *line) || line[1] != ' ')
    return false;
  if (*line == 'E')
    return true;
  size_t digits = strspn(line + 2, "0123456789abcdefABCDEFX:");
  return digits && line[2 + digits] == ' ';
}

static int read_lines(struct reader *reader, FILE *file, const char *path, struct be_error *error) {
  char *line = NULL;
  size_t room = 0;
  int status = 0;
  for (unsigned long long number = 1; !status && getline(&line, &room, file) > 0; number++) {
    status = take_line(reader, line);
    if (status == -EINVAL)
      be_error_set(error, status, "'%s' makes no sense in line %llu: %.60s", path, number, line);
  }
  free(line);
  if (!status && ferror(file))
    return be_error_set(error, -EIO, "cannot read '%s': %s", path, strerror(errno));
  return status;
}

int be_aggregated_read(const struct be_binary *binary, const char *path, struct be_traces *traces,
                       struct be_ips *ips, struct be_aggregated_stats *stats,
                       struct be_error *error) {
  struct reader reader = {.binary = binary, .traces = traces, .ips = ips, .stats = stats};
  *stats = (struct be_aggregated_stats){0};
  FILE *file = fopen(path, "re");
  if (!file)
    return be_error_set(error, -errno, "cannot read '%s': %s", path, strerror(errno));
  int status = read_lines(&reader, file, path, error);
  if (!status)
    status = join(&reader);
  if (status == -ENOMEM)
    be_error_set(error, status, "no memory for the branches of '%s'", path);
  fclose(file);
  free(reader.branches);
  free(reader.runs);
  if (!status && stats->branches + stats->samples == stats->outside)
    return be_error_set(error, -ENODATA, "none of the branches in '%s' is in '%s'", path,
                        binary->path);
  return status;
}

/* script.c - fuzzes the reader of what perf script prints: line by line, and as a recording. */
#include "input/script.h"
#include "backedge/profile/perfdata.h"
#include "fuzz.h"

static void read_lines(const char *text, size_t size) {
  static uint64_t branches[BE_SCRIPT_BRANCHES_MAX][3];
  struct be_script_line line = {.branches = branches};
  for (const char *at = text, *end = text + size, *stop; at < end; at = stop + 1) {
    stop = memchr(at, '\n', (size_t)(end - at));
    stop = stop ? stop : end;
    be_script_read(at, stop, &line);
    fuzz_touch(line.path, line.path_size);
    fuzz_touch(branches, line.branch_count * sizeof *branches);
  }
}

static int take_sample(void *user, const struct be_sample *sample, struct be_error *error) {
  fuzz_touch(sample->branches, (size_t)sample->branch_count * BE_BRANCH_SIZE);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct be_perfdata_calls calls = {.sample = take_sample};
  struct be_perfdata *recording;
  struct be_perfdata_stats stats;
  struct be_error error;
  read_lines((const char *)data, size);
  if (be_perfdata_open(fuzz_file(data, size), &recording, &error))
    return 0;
  be_perfdata_read(recording, &calls, &stats, &error);
  be_perfdata_close(recording);
  return 0;
}

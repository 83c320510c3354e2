/* perfdata.c - fuzzes the reader of perf's recordings. */
#include "backedge/profile/perfdata.h"
#include "fuzz.h"

static int take_sample(void *user, const struct be_sample *sample, struct be_error *error) {
  fuzz_touch(sample->branches, (size_t)sample->branch_count * BE_BRANCH_SIZE);
  return 0;
}

static int take_mapping(void *user, const struct be_mapping *mapping, struct be_error *error) {
  fuzz_touch(mapping->path, strlen(mapping->path));
  fuzz_touch(mapping->build_id.bytes, mapping->build_id.size);
  return 0;
}

static void take_build_id(void *user, const char *path, const struct be_build_id *id) {
  fuzz_touch(path, strlen(path));
  fuzz_touch(id->bytes, id->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct be_perfdata_calls calls = {.sample = take_sample, .mapping = take_mapping};
  struct be_perfdata *recording;
  struct be_perfdata_stats stats;
  struct be_error error;
  if (be_perfdata_open(fuzz_file(data, size), &recording, &error))
    return 0;
  be_perfdata_each_build_id(recording, NULL, take_build_id);
  be_perfdata_read(recording, &calls, &stats, &error);
  be_perfdata_close(recording);
  return 0;
}

/* source.c - fuzzes the readers of debug information, and the writers of what comes of it: of a
 * binary all of whose code ran.
 */
#include "backedge/profile/formats.h"
#include "fuzz.h"
#include <stdio.h>
#include <stdlib.h>

enum { PARTS = 4 };

/* Blocks of a quarter of each function; each was called. */
static void count_all(const struct be_binary *binary, struct be_profile *profile) {
  *profile = (struct be_profile){.binary = binary};
  profile->blocks = calloc(PARTS * binary->function_count + 1, sizeof *profile->blocks);
  profile->calls = calloc(binary->function_count + 1, sizeof *profile->calls);
  if (!profile->blocks || !profile->calls)
    abort();
  for (size_t i = 0; i < binary->function_count; i++) {
    const struct be_function *function = &binary->functions[i];
    uint32_t step = function->size / PARTS + 1;
    for (uint32_t at = 0; at < function->size; at += step)
      profile->blocks[profile->block_count++] = (struct be_counted_block){
          function->place + at, function->size - at < step ? function->size - at : step, i % 7};
    profile->calls[profile->call_count++] =
        (struct be_counted_call){function->place, function->place, 3};
  }
}

static void write_all(const struct be_binary *binary, const struct be_source_profile *source) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (!out)
    abort();
  be_gcov_write(source, BE_GCOV_1, out);
  be_gcov_write(source, BE_GCOV_2, out);
  be_llvm_write(source, out);
  be_llvmtext_write(source, out);
  be_json_write(source, binary, out);
  fclose(out);
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct be_binary *binary;
  struct be_profile profile;
  struct be_source_profile *source;
  struct be_source_stats stats;
  struct be_error error;
  if (be_binary_open(fuzz_file(data, size), &binary, &error))
    return 0;
  count_all(binary, &profile);
  if (be_source_make(&profile, size % 3, &source, &stats, &error) == 0) {
    write_all(binary, source);
    be_source_destroy(source);
  }
  be_profile_destroy(&profile);
  be_binary_close(binary);
  return 0;
}

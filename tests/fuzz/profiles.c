/* profiles.c - fuzzes the readers of compilers' profiles; what they read is written again. */
#include "backedge/profile/formats.h"
#include "fuzz.h"
#include <stdlib.h>

static void write_all(const struct be_source_profile *source) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (!out)
    abort();
  be_gcov_write(source, BE_GCOV_2, out);
  be_llvm_write(source, out);
  be_llvmtext_write(source, out);
  be_json_write(source, NULL, out);
  fclose(out);
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct be_source_profile *source = be_source_create();
  struct be_error error;
  size_t dropped;
  const char *path = fuzz_file(data, size);
  if (!source)
    abort();
  be_source_is(path);
  be_source_read(path, size % 2, source, &error);
  if (be_source_sort(source, &dropped) == 0)
    write_all(source);
  be_source_destroy(source);
  return 0;
}

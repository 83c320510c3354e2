/* binary.c - fuzzes the reader of ELF files: segments, symbols, unwind tables, the code's blocks.
 */
#include "backedge/profile/code.h"
#include "fuzz.h"

static void read_code(const struct be_binary *binary) {
  struct be_code_reader *reader;
  struct be_blocks blocks;
  struct be_error error;
  char name[256];
  if (be_code_open(binary, &reader, &error))
    return;
  for (size_t i = 0; i < binary->function_count; i++) {
    const struct be_function *function = &binary->functions[i];
    be_function_print(function, name, sizeof name);
    if (be_code_read(reader, function, NULL, 0, &blocks) == 0)
      fuzz_touch(blocks.at, blocks.count * sizeof *blocks.at);
  }
  be_code_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct be_binary *binary;
  struct be_error error;
  if (be_binary_open(fuzz_file(data, size), &binary, &error))
    return 0;
  read_code(binary);
  be_binary_close(binary);
  return 0;
}

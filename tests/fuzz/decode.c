/* decode.c - fuzzes the decoder: every length it gives is within what it may read. */
#include "x86/decode.h"
#include "fuzz.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct be_x86_inst inst;
  for (size_t at = 0; at < size; at++) {
    int length = be_x86_decode(data + at, size - at, 0x401000 + at, &inst);
    if (length < 0 || length > BE_X86_LENGTH_MAX || (size_t)length > size - at)
      abort();
    if (length && inst.displacement_offset + inst.displacement_size > length)
      abort();
  }
  return 0;
}

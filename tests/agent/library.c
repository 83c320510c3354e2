/* library.c - what code.c loads and unloads: compiled twice, with another NUMBER. */
#include <stdint.h>

uint64_t compute(uint64_t rounds) {
  uint64_t x = NUMBER;
  for (uint64_t i = 0; i < 50 * rounds; i++)
    x = x & 1 ? x * 3 + NUMBER : x / 2 + i;
  return x;
}

/* path.c - branches in a known order: a period of some thousand that repeats.
 *
 * usage: agent-path REPEATS; 0: three periods between two breakpoints, for truth.c.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static volatile uint64_t sink;

static uint64_t add(uint64_t x) { return x + 3; }

static uint64_t turn(uint64_t x) { return x << 7 | x >> 57; }

static uint64_t mix(uint64_t x) { return x * 0x9e3779b97f4a7c15u ^ x >> 31; }

static uint64_t (*const volatile functions[])(uint64_t) = {add, turn, mix, add, turn};

__attribute__((noinline)) static uint64_t descend(uint64_t x, unsigned depth) {
  if (!depth)
    return x;
  if (x & 1)
    return descend(mix(x), depth - 1) + 1;
  return descend(turn(x), depth - 1) ^ descend(add(x), depth / 3);
}

__attribute__((noinline)) static uint64_t choose(uint64_t x) {
  switch (x % 9) {
  case 0:
    return add(x);
  case 1:
    return x * 5;
  case 2:
    return x ^ 0x5555;
  case 3:
    return turn(x) - 1;
  case 4:
    return x / 3;
  case 5:
    return x + (x >> 9);
  case 6:
    return ~x;
  case 7:
    return x | 4;
  default:
    return mix(x);
  }
}

__attribute__((noinline)) static uint64_t period(void) {
  uint64_t x = 12345;
  for (unsigned i = 0; i < 300; i++) {
    x = functions[x % 5](x);
    x = choose(x);
    if (x % 7 > 3)
      x = descend(x, (unsigned)(x % 5));
    for (uint64_t k = x % 6; k; k--)
      x += mix(k);
  }
  return x;
}

__attribute__((noinline)) static void repeat(unsigned times) {
  while (times--)
    sink += period();
}

int main(int argc, char **argv) {
  unsigned times = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
  if (!times) {
    __asm__ volatile("int3");
    repeat(3);
    __asm__ volatile("int3");
    return 0;
  }
  repeat(times);
  printf("%lu\n", sink);
  return 0;
}

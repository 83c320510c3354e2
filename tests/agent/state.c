/* state.c - all registers keep their values across whatever the agent does.
 *
 * Code in state.S sets every register and flag, spins, and stores them again.
 */
#include <cpuid.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 1200, SPINS = 2000 };

struct state {
  uint64_t general[16]; /* 4: spins instead of rsp */
  uint64_t flags;
  uint64_t masks[8];
  uint8_t vector[32][64];
  uint32_t mxcsr, padding;
  uint16_t control, word[3];
  double x87[8];
  uint8_t saved[512] __attribute__((aligned(64)));
};

struct state in, out;

/* Load all of `in`, spin `in.general[4]` times, and store all to `out`. */
void state_spin(void);
void state_spin_avx512(void);

static void check(int good, const char *what, int round) {
  if (good)
    return;
  printf("round %d: %s differs\n", round, what);
  exit(1);
}

static void fill(void *to, size_t size) {
  for (size_t i = 0; i < size; i++)
    ((uint8_t *)to)[i] = (uint8_t)rand();
}

/* Only what may differ: carry, parity, adjust, zero, sign, direction, overflow. */
static uint64_t random_flags(void) { return 0x202 | ((uint64_t)rand() & 0xcd5); }

static void round_of(int round, int wide) {
  fill(&in, sizeof in);
  memset(&out, 0, sizeof out);
  in.general[4] = SPINS;
  in.flags = random_flags();
  in.mxcsr = 0x1f80 | ((uint32_t)rand() & 0xe03f); /* all masked */
  in.control = (uint16_t)(0x37f & ~0xc00) | (uint16_t)((rand() & 3) << 10);
  for (int i = 0; i < 8; i++)
    in.x87[i] = rand() / 7.0;
  if (wide)
    state_spin_avx512();
  else
    state_spin();
  in.general[4] = 0;
  check(!memcmp(in.general, out.general, sizeof in.general), "a general register", round);
  check((in.flags & 0xcd5) == (out.flags & 0xcd5), "a flag", round);
  check(in.mxcsr == out.mxcsr, "mxcsr", round);
  check(in.control == out.control, "the x87 control word", round);
  for (int i = 0; i < (wide ? 32 : 16); i++)
    check(!memcmp(in.vector[i], out.vector[i], wide ? 64 : 16), "a vector register", round);
  check(!wide || !memcmp(in.masks, out.masks, sizeof in.masks), "a mask register", round);
  for (int i = 0; i < 5; i++) {
    long double value;
    memcpy(&value, out.saved + 32 + 16 * i, 10);
    check(value == (long double)in.x87[4 - i], "an x87 register", round);
  }
  uint64_t ip;
  memcpy(&ip, out.saved + 8, sizeof ip);
  uint64_t start = (uint64_t)(wide ? state_spin_avx512 : state_spin);
  check(ip >= start && ip < start + 4096, "the place of the last x87 instruction", round);
}

int main(void) {
  unsigned a, b = 0, c, d;
  _Static_assert(offsetof(struct state, flags) == 128 && offsetof(struct state, masks) == 136 &&
                     offsetof(struct state, vector) == 200 &&
                     offsetof(struct state, mxcsr) == 2248 &&
                     offsetof(struct state, control) == 2256 &&
                     offsetof(struct state, x87) == 2264 && offsetof(struct state, saved) == 2368,
                 "the assembler's offsets");
  enum { AVX512F = 1 << 16, AVX512BW = 1 << 30 };
  int wide = __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & AVX512F && b & AVX512BW;
  srand(1);
  for (int round = 0; round < ROUNDS; round++)
    round_of(round, wide && round % 2);
  puts("all registers are as they were");
  return 0;
}

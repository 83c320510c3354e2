/* discriminator.h - what LLVM packs into a discriminator: three numbers, each in 1, 7 or 14 bits.
 *
 * The first tells the blocks of a line apart, the second says how many copies of the block a loop's
 * unrolling or vectorising made, the third tells those copies apart. A number is a 1 when it is 0;
 * else a 0, five bits, and a bit that says whether seven more follow.
 */
#ifndef BACKEDGE_SOURCE_DISCRIMINATOR_H
#define BACKEDGE_SOURCE_DISCRIMINATOR_H

#include <stdint.h>

static inline uint32_t be_discriminator_first(uint32_t packed) {
  if (packed & 1)
    return 0;
  packed >>= 1;
  return packed & 0x20 ? (packed >> 1 & 0xfe0) | (packed & 0x1f) : packed & 0x1f;
}

static inline uint32_t be_discriminator_rest(uint32_t packed) {
  return packed & 1 ? packed >> 1 : packed & 0x40 ? packed >> 14 : packed >> 7;
}

static inline uint32_t be_discriminator_block(uint32_t packed) {
  return be_discriminator_first(packed);
}

static inline uint32_t be_discriminator_copies(uint32_t packed) {
  uint32_t copies = be_discriminator_first(be_discriminator_rest(packed));
  return copies ? copies : 1;
}

#endif

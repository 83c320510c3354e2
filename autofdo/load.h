/* load.h - numbers from bytes that may stand at any address. Little-endian, as the machine is. */
#ifndef BACKEDGE_PROFILE_LOAD_H
#define BACKEDGE_PROFILE_LOAD_H

#include <stdint.h>
#include <string.h>

static inline uint64_t be_load64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static inline uint32_t be_load32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static inline uint16_t be_load16(const uint8_t *at) {
  uint16_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

#endif

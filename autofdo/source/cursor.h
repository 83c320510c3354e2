/* cursor.h - reads numbers out of bytes that nobody vouches for.
 *
 * What would lie beyond the end is 0, and leaves the cursor at the end and marked as bad.
 */
#ifndef BACKEDGE_SOURCE_CURSOR_H
#define BACKEDGE_SOURCE_CURSOR_H

#include "load.h"
#include <stdbool.h>
#include <stddef.h>

struct be_bytes {
  const uint8_t *at;
  size_t size;
};

struct be_cursor {
  const uint8_t *at, *end;
  bool is_bad;
};

/* From an offset on; at the end, and bad, when the bytes do not reach there. */
static inline struct be_cursor be_cursor_at(struct be_bytes bytes, uint64_t offset) {
  if (offset > bytes.size || !bytes.at)
    return (struct be_cursor){NULL, NULL, true};
  return (struct be_cursor){bytes.at + offset, bytes.at + bytes.size, false};
}

static inline size_t be_cursor_left(const struct be_cursor *cursor) {
  return (size_t)(cursor->end - cursor->at);
}

/* The next so many bytes; NULL when there are fewer. */
static inline const uint8_t *be_cursor_take(struct be_cursor *cursor, uint64_t size) {
  const uint8_t *at = cursor->at;
  if (size > be_cursor_left(cursor)) {
    cursor->at = cursor->end;
    cursor->is_bad = true;
    return NULL;
  }
  if (size)
    cursor->at += size;
  return at;
}

static inline uint8_t be_read8(struct be_cursor *cursor) {
  const uint8_t *at = be_cursor_take(cursor, 1);
  return at ? *at : 0;
}

static inline uint16_t be_read16(struct be_cursor *cursor) {
  const uint8_t *at = be_cursor_take(cursor, 2);
  return at ? be_load16(at) : 0;
}

static inline uint32_t be_read32(struct be_cursor *cursor) {
  const uint8_t *at = be_cursor_take(cursor, 4);
  return at ? be_load32(at) : 0;
}

static inline uint64_t be_read64(struct be_cursor *cursor) {
  const uint8_t *at = be_cursor_take(cursor, 8);
  return at ? be_load64(at) : 0;
}

/* A number of 1 to 8 bytes. */
static inline uint64_t be_read_sized(struct be_cursor *cursor, unsigned size) {
  const uint8_t *at = be_cursor_take(cursor, size);
  uint64_t value = 0;
  for (unsigned i = 0; at && i < size && i < sizeof value; i++)
    value |= (uint64_t)at[i] << (8 * i);
  return value;
}

static inline uint64_t be_read_uleb(struct be_cursor *cursor) {
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint8_t byte = be_read8(cursor);
    if (shift < 64)
      value |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return value;
  }
}

static inline int64_t be_read_sleb(struct be_cursor *cursor) {
  uint64_t value = 0;
  for (unsigned shift = 0;;) {
    uint8_t byte = be_read8(cursor);
    if (shift < 64)
      value |= (uint64_t)(byte & 0x7f) << shift;
    shift += 7;
    if (byte & 0x80)
      continue;
    if (byte & 0x40 && shift < 64)
      value |= ~(uint64_t)0 << shift;
    return (int64_t)value;
  }
}

/* A text that ends in a zero byte; NULL when it does not end. */
static inline const char *be_read_text(struct be_cursor *cursor) {
  const uint8_t *at = cursor->at;
  size_t left = be_cursor_left(cursor);
  const uint8_t *end = left ? memchr(at, 0, left) : NULL;
  if (!end) {
    be_cursor_take(cursor, left + 1);
    return NULL;
  }
  cursor->at = end + 1;
  return (const char *)at;
}

#endif

/* unwind.c - the tables for exceptions: .eh_frame_hdr, .eh_frame, .gcc_except_table.
 *
 * The first is a sorted list of functions and where their description stands in the second; that
 * says where the function's part of the third stands, and there the landing places are listed.
 */
#include "unwind.h"
#include "image.h"
#include <stdlib.h>

/* How a pointer is encoded: form in the low half, what it counts from in the high one. */
enum {
  FORM = 0x0f,
  FORM_ABSOLUTE = 0x00,
  FORM_ULEB = 0x01,
  FORM_UDATA4 = 0x03,
  FORM_UDATA8 = 0x04,
  FORM_SDATA4 = 0x0b,
  FORM_SDATA8 = 0x0c,
  BASE = 0x70,
  BASE_SELF = 0x10,
  ENCODED_AS_USUAL = 0x3b, /* of the list: 4 bytes, counted from its section */
  OMITTED = 0xff
};

struct be_unwind {
  const struct be_binary *binary;
  const uint8_t *rows; /* of the list: {i32 function, i32 description}; NULL: there is none */
  size_t row_count;
  uint64_t base; /* address that the list counts from */
};

struct cursor {
  const uint8_t *at, *end;
  uint64_t address; /* of at */
  bool is_short;    /* once set, it stays, and 0 is read */
};

/* ---- reading ----------------------------------------------------------------------------------
 */

static struct cursor cursor_at(const struct be_unwind *unwind, uint64_t address) {
  const struct be_section *section = be_image_section_at(unwind->binary->image, address);
  if (!section || !section->bytes)
    return (struct cursor){NULL, NULL, address, true};
  const uint8_t *at = section->bytes + (address - section->address);
  return (struct cursor){at, section->bytes + section->size, address, false};
}

static const uint8_t *take(struct cursor *cursor, size_t size) {
  static const uint8_t zeros[8];
  if (cursor->is_short || (size_t)(cursor->end - cursor->at) < size) {
    cursor->is_short = true;
    return zeros;
  }
  const uint8_t *at = cursor->at;
  cursor->at += size;
  cursor->address += size;
  return at;
}

static uint64_t take_uleb(struct cursor *cursor) {
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint8_t byte = *take(cursor, 1);
    if (shift < 64)
      value |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return value;
  }
}

static uint64_t take_form(struct cursor *cursor, unsigned form) {
  switch (form) {
  case FORM_ULEB:
    return take_uleb(cursor);
  case FORM_UDATA4:
    return be_load32(take(cursor, 4));
  case FORM_SDATA4:
    return (uint64_t)(int64_t)(int32_t)be_load32(take(cursor, 4));
  case FORM_ABSOLUTE:
  case FORM_UDATA8:
  case FORM_SDATA8:
    return be_load64(take(cursor, 8));
  default:
    cursor->is_short = true;
    return 0;
  }
}

/* An encoded address; 0 is none. */
static uint64_t take_pointer(struct cursor *cursor, uint8_t encoding) {
  uint64_t self = cursor->address, value = take_form(cursor, encoding & FORM);
  return value && (encoding & BASE) == BASE_SELF ? value + self : value;
}

/* ---- from a function to its list of landing places --------------------------------------------
 */

/* Where a function's description stands in .eh_frame; 0 when there is none. */
static uint64_t find_description(const struct be_unwind *unwind, uint64_t address) {
  size_t low = 0, high = unwind->row_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int32_t start = (int32_t)be_load32(unwind->rows + 8 * middle);
    if (unwind->base + (uint64_t)(int64_t)start < address)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == unwind->row_count)
    return 0;
  int32_t start = (int32_t)be_load32(unwind->rows + 8 * low);
  int32_t description = (int32_t)be_load32(unwind->rows + 8 * low + 4);
  return unwind->base + (uint64_t)(int64_t)start == address
             ? unwind->base + (uint64_t)(int64_t)description
             : 0;
}

struct encodings {
  uint8_t code, list; /* of addresses of code, and of the list of landing places */
};

/* What descriptions have in common stands in a head that several share. */
static struct encodings read_head(struct cursor cursor) {
  struct encodings encodings = {FORM_ABSOLUTE, OMITTED};
  take(&cursor, 8); /* size; 0 */
  uint8_t version = *take(&cursor, 1);
  const uint8_t *letters = cursor.at;
  while (*take(&cursor, 1))
    ;
  if (cursor.is_short || *letters != 'z')
    return encodings;
  take_uleb(&cursor);
  take_uleb(&cursor);
  if (version == 1)
    take(&cursor, 1);
  else
    take_uleb(&cursor);
  take_uleb(&cursor);
  for (letters++; *letters && !cursor.is_short; letters++) {
    if (*letters == 'R')
      encodings.code = *take(&cursor, 1);
    else if (*letters == 'L')
      encodings.list = *take(&cursor, 1);
    else if (*letters == 'P')
      take_form(&cursor, *take(&cursor, 1) & FORM);
  }
  return cursor.is_short ? (struct encodings){FORM_ABSOLUTE, OMITTED} : encodings;
}

/* The address of a function's list of landing places; 0 when it has none. */
static uint64_t find_list(const struct be_unwind *unwind, uint64_t address) {
  uint64_t description = find_description(unwind, address);
  if (!description)
    return 0;
  struct cursor cursor = cursor_at(unwind, description);
  take(&cursor, 4); /* size */
  uint64_t here = cursor.address;
  uint32_t distance = be_load32(take(&cursor, 4));
  struct encodings encodings = read_head(cursor_at(unwind, here - distance));
  if (cursor.is_short || encodings.list == OMITTED)
    return 0;
  take_form(&cursor, encodings.code & FORM);
  take_form(&cursor, encodings.code & FORM);
  take_uleb(&cursor);
  uint64_t list = take_pointer(&cursor, encodings.list);
  return cursor.is_short ? 0 : list;
}

void be_unwind_each_landing(const struct be_unwind *unwind, const struct be_function *function,
                            void *user,
                            void (*each)(void *, const struct be_function *, uint32_t)) {
  uint64_t start = unwind->binary->base + function->place;
  uint64_t list = unwind->rows ? find_list(unwind, start) : 0;
  if (!list)
    return;
  struct cursor cursor = cursor_at(unwind, list);
  uint8_t encoding = *take(&cursor, 1);
  if (encoding != OMITTED)
    start = take_pointer(&cursor, encoding);
  if (*take(&cursor, 1) != OMITTED)
    take_uleb(&cursor);
  encoding = *take(&cursor, 1);
  uint64_t size = take_uleb(&cursor);
  if (!cursor.is_short && size < (uint64_t)(cursor.end - cursor.at))
    cursor.end = cursor.at + size;
  while (cursor.at < cursor.end && !cursor.is_short) {
    take_form(&cursor, encoding & FORM);
    take_form(&cursor, encoding & FORM);
    uint64_t landing = take_form(&cursor, encoding & FORM);
    take_uleb(&cursor);
    uint64_t place = start + landing - unwind->binary->base;
    if (landing && !cursor.is_short && place <= BE_PLACE_MAX)
      each(user, function, (uint32_t)place);
  }
}

/* ---- the list of functions --------------------------------------------------------------------
 */

static void find_rows(struct be_unwind *unwind, const struct be_section *section) {
  struct cursor cursor = {section->bytes, section->bytes + section->size, section->address, false};
  take(&cursor, 1); /* version */
  uint8_t frame = *take(&cursor, 1), count = *take(&cursor, 1), rows = *take(&cursor, 1);
  take_pointer(&cursor, frame);
  uint64_t row_count = take_pointer(&cursor, count);
  if (cursor.is_short || rows != ENCODED_AS_USUAL ||
      row_count > (uint64_t)(cursor.end - cursor.at) / 8)
    return;
  unwind->rows = cursor.at;
  unwind->row_count = row_count;
  unwind->base = section->address;
}

struct be_unwind *be_unwind_open(const struct be_binary *binary) {
  struct be_unwind *unwind = calloc(1, sizeof *unwind);
  if (!unwind)
    return NULL;
  unwind->binary = binary;
  for (size_t i = 0; i < binary->image->section_count; i++)
    if (strcmp(binary->image->sections[i].name, ".eh_frame_hdr") == 0 &&
        binary->image->sections[i].bytes)
      find_rows(unwind, &binary->image->sections[i]);
  return unwind;
}

void be_unwind_close(struct be_unwind *unwind) { free(unwind); }

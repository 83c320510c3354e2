/* form.c - reads values of attributes, and the texts and addresses they stand for. */
#include "form.h"

enum form {
  FORM_ADDR = 0x01,
  FORM_BLOCK2 = 0x03,
  FORM_BLOCK4,
  FORM_DATA2,
  FORM_DATA4,
  FORM_DATA8,
  FORM_STRING,
  FORM_BLOCK,
  FORM_BLOCK1,
  FORM_DATA1,
  FORM_FLAG,
  FORM_SDATA,
  FORM_STRP,
  FORM_UDATA,
  FORM_REF_ADDR,
  FORM_REF1,
  FORM_REF2,
  FORM_REF4,
  FORM_REF8,
  FORM_REF_UDATA,
  FORM_INDIRECT,
  FORM_SEC_OFFSET,
  FORM_EXPRLOC,
  FORM_FLAG_PRESENT,
  FORM_STRX,
  FORM_ADDRX,
  FORM_REF_SUP4,
  FORM_STRP_SUP,
  FORM_DATA16,
  FORM_LINE_STRP,
  FORM_REF_SIG8,
  FORM_IMPLICIT_CONST,
  FORM_LOCLISTX,
  FORM_RNGLISTX,
  FORM_REF_SUP8,
  FORM_STRX1,
  FORM_STRX2,
  FORM_STRX3,
  FORM_STRX4,
  FORM_ADDRX1,
  FORM_ADDRX2,
  FORM_ADDRX3,
  FORM_ADDRX4,
  FORM_GNU_ADDR_INDEX = 0x1f01,
  FORM_GNU_STR_INDEX,
  FORM_GNU_REF_ALT = 0x1f20,
  FORM_GNU_STRP_ALT
};

/* How a form is stored: in so many bytes, or one of the ways below. */
enum { LEB = 0x20, SIGNED_LEB, TEXT, BLOCK_OF, BLOCK_LEB = BLOCK_OF + 8, OFFSET, ADDRESS, UNKNOWN };

struct layout {
  uint8_t stored, kind;
};

static const struct layout layouts[] = {
    [0] = {UNKNOWN, 0},
    [FORM_ADDR] = {ADDRESS, BE_VALUE_ADDRESS},
    [0x02] = {UNKNOWN, 0},
    [FORM_BLOCK2] = {BLOCK_OF + 2, BE_VALUE_NONE},
    [FORM_BLOCK4] = {BLOCK_OF + 4, BE_VALUE_NONE},
    [FORM_DATA2] = {2, BE_VALUE_NUMBER},
    [FORM_DATA4] = {4, BE_VALUE_NUMBER},
    [FORM_DATA8] = {8, BE_VALUE_NUMBER},
    [FORM_STRING] = {TEXT, BE_VALUE_TEXT},
    [FORM_BLOCK] = {BLOCK_LEB, BE_VALUE_NONE},
    [FORM_BLOCK1] = {BLOCK_OF + 1, BE_VALUE_NONE},
    [FORM_DATA1] = {1, BE_VALUE_NUMBER},
    [FORM_FLAG] = {1, BE_VALUE_NUMBER},
    [FORM_SDATA] = {SIGNED_LEB, BE_VALUE_NUMBER},
    [FORM_STRP] = {OFFSET, BE_VALUE_STRING},
    [FORM_UDATA] = {LEB, BE_VALUE_NUMBER},
    [FORM_REF_ADDR] = {OFFSET, BE_VALUE_ENTRY},
    [FORM_REF1] = {1, BE_VALUE_UNIT},
    [FORM_REF2] = {2, BE_VALUE_UNIT},
    [FORM_REF4] = {4, BE_VALUE_UNIT},
    [FORM_REF8] = {8, BE_VALUE_UNIT},
    [FORM_REF_UDATA] = {LEB, BE_VALUE_UNIT},
    [FORM_INDIRECT] = {LEB, 0},
    [FORM_SEC_OFFSET] = {OFFSET, BE_VALUE_OFFSET},
    [FORM_EXPRLOC] = {BLOCK_LEB, BE_VALUE_NONE},
    [FORM_FLAG_PRESENT] = {0, BE_VALUE_NUMBER},
    [FORM_STRX] = {LEB, BE_VALUE_STRING},
    [FORM_ADDRX] = {LEB, BE_VALUE_INDEX},
    [FORM_REF_SUP4] = {4, BE_VALUE_SHARED},
    [FORM_STRP_SUP] = {OFFSET, BE_VALUE_STRING},
    [FORM_DATA16] = {16, BE_VALUE_NONE},
    [FORM_LINE_STRP] = {OFFSET, BE_VALUE_STRING},
    [FORM_REF_SIG8] = {8, BE_VALUE_NONE},
    [FORM_IMPLICIT_CONST] = {0, BE_VALUE_NUMBER},
    [FORM_LOCLISTX] = {LEB, BE_VALUE_NONE},
    [FORM_RNGLISTX] = {LEB, BE_VALUE_LIST},
    [FORM_REF_SUP8] = {8, BE_VALUE_SHARED},
    [FORM_STRX1] = {1, BE_VALUE_STRING},
    [FORM_STRX2] = {2, BE_VALUE_STRING},
    [FORM_STRX3] = {3, BE_VALUE_STRING},
    [FORM_STRX4] = {4, BE_VALUE_STRING},
    [FORM_ADDRX1] = {1, BE_VALUE_INDEX},
    [FORM_ADDRX2] = {2, BE_VALUE_INDEX},
    [FORM_ADDRX3] = {3, BE_VALUE_INDEX},
    [FORM_ADDRX4] = {4, BE_VALUE_INDEX},
};

static struct layout layout_of(const struct be_unit *unit, uint16_t form) {
  static const struct layout gnu[] = {{LEB, BE_VALUE_INDEX}, {LEB, BE_VALUE_STRING}},
                             shared[] = {{OFFSET, BE_VALUE_SHARED}, {OFFSET, BE_VALUE_STRING}};
  struct layout layout = {UNKNOWN, 0};
  if (form < sizeof layouts / sizeof *layouts)
    layout = layouts[form];
  else if (form == FORM_GNU_ADDR_INDEX || form == FORM_GNU_STR_INDEX)
    layout = gnu[form - FORM_GNU_ADDR_INDEX];
  else if (form == FORM_GNU_REF_ALT || form == FORM_GNU_STRP_ALT)
    layout = shared[form - FORM_GNU_REF_ALT];
  if (layout.stored == OFFSET)
    layout.stored = unit->offset_size;
  if (layout.stored == ADDRESS || (form == FORM_REF_ADDR && unit->version <= 2))
    layout.stored = unit->address_size;
  return layout;
}

void be_form_read(const struct be_unit *unit, struct be_cursor *cursor,
                  const struct be_attribute *attribute, struct be_value *value) {
  uint16_t form = attribute->form;
  if (form == FORM_INDIRECT) {
    uint64_t real = be_read_uleb(cursor);
    form = real <= UINT16_MAX && real != FORM_INDIRECT ? (uint16_t)real : 0;
  }
  struct layout layout = layout_of(unit, form);
  *value = (struct be_value){.kind = layout.kind, .form = form};
  if (layout.stored < LEB) {
    value->number = be_read_sized(cursor, layout.stored);
    if (form == FORM_IMPLICIT_CONST)
      value->number = (uint64_t)attribute->implicit;
    else if (form == FORM_FLAG_PRESENT)
      value->number = 1;
  } else if (layout.stored == LEB) {
    value->number = be_read_uleb(cursor);
  } else if (layout.stored == SIGNED_LEB) {
    value->number = (uint64_t)be_read_sleb(cursor);
  } else if (layout.stored == TEXT) {
    value->text = be_read_text(cursor);
  } else if (layout.stored == BLOCK_LEB) {
    be_cursor_take(cursor, be_read_uleb(cursor));
  } else if (layout.stored > BLOCK_OF && layout.stored < BLOCK_LEB) {
    be_cursor_take(cursor, be_read_sized(cursor, layout.stored - (unsigned)BLOCK_OF));
  } else {
    be_cursor_take(cursor, UINT64_MAX);
  }
}

void be_form_skip(const struct be_unit *unit, struct be_cursor *cursor,
                  const struct be_attribute *attribute) {
  struct layout layout = layout_of(unit, attribute->form);
  struct be_value ignored;
  if (layout.stored < LEB)
    be_cursor_take(cursor, layout.stored);
  else
    be_form_read(unit, cursor, attribute, &ignored);
}

/* ---- what values stand for --------------------------------------------------------------------
 */

static const char *text_at(struct be_bytes section, uint64_t offset) {
  struct be_cursor cursor = be_cursor_at(section, offset);
  return cursor.is_bad ? NULL : be_read_text(&cursor);
}

static const char *indexed_text(const struct be_unit *unit, uint64_t index) {
  uint64_t offset;
  if (index > UINT32_MAX ||
      __builtin_add_overflow(unit->string_base, index * unit->offset_size, &offset))
    return NULL;
  struct be_cursor cursor = be_cursor_at(unit->sections[BE_DEBUG_STR_OFFSETS], offset);
  offset = be_read_sized(&cursor, unit->offset_size);
  return cursor.is_bad ? NULL : text_at(unit->sections[BE_DEBUG_STR], offset);
}

const char *be_value_text(const struct be_unit *unit, const struct be_value *value) {
  if (value->kind == BE_VALUE_TEXT)
    return value->text;
  if (value->kind != BE_VALUE_STRING)
    return NULL;
  switch (value->form) {
  case FORM_STRP:
    return text_at(unit->sections[BE_DEBUG_STR], value->number);
  case FORM_LINE_STRP:
    return text_at(unit->sections[BE_DEBUG_LINE_STR], value->number);
  case FORM_STRP_SUP:
  case FORM_GNU_STRP_ALT:
    return unit->shared ? text_at(unit->shared[BE_DEBUG_STR], value->number) : NULL;
  default:
    return indexed_text(unit, value->number);
  }
}

bool be_value_address(const struct be_unit *unit, const struct be_value *value, uint64_t *address) {
  if (value->kind == BE_VALUE_ADDRESS) {
    *address = value->number;
    return true;
  }
  if (value->kind != BE_VALUE_INDEX || value->number > UINT32_MAX)
    return false;
  const struct be_unit *from = unit->skeleton ? unit->skeleton : unit;
  uint64_t offset;
  if (__builtin_add_overflow(from->address_base, value->number * from->address_size, &offset))
    return false;
  struct be_cursor cursor = be_cursor_at(from->sections[BE_DEBUG_ADDR], offset);
  *address = be_read_sized(&cursor, from->address_size);
  return !cursor.is_bad;
}

/* unit.c - reads units and their entries. */
#include "unit.h"
#include "form.h"
#include <errno.h>
#include <stdlib.h>

enum { UNIT_TYPE = 2, UNIT_SKELETON = 4, UNIT_SPLIT = 5, UNIT_SPLIT_TYPE = 6 };

enum attribute {
  AT_NAME = 0x03,
  AT_STMT_LIST = 0x10,
  AT_LOW_PC,
  AT_HIGH_PC,
  AT_COMP_DIR = 0x1b,
  AT_PRODUCER = 0x25,
  AT_ABSTRACT_ORIGIN = 0x31,
  AT_DECL_LINE = 0x3b,
  AT_SPECIFICATION = 0x47,
  AT_RANGES = 0x55,
  AT_CALL_LINE = 0x59,
  AT_LINKAGE_NAME = 0x6e,
  AT_STR_OFFSETS_BASE = 0x72,
  AT_ADDR_BASE,
  AT_RNGLISTS_BASE,
  AT_DWO_NAME = 0x76,
  AT_MIPS_LINKAGE_NAME = 0x2007,
  AT_GNU_DWO_NAME = 0x2130,
  AT_GNU_DWO_ID,
  AT_GNU_RANGES_BASE,
  AT_GNU_ADDR_BASE,
  AT_GNU_DISCRIMINATOR = 0x2136
};

bool be_unit_read(struct be_unit *unit, const struct be_bytes *sections, uint64_t offset) {
  struct be_cursor cursor = be_cursor_at(sections[BE_DEBUG_INFO], offset);
  const uint8_t *begin = cursor.at;
  uint64_t length = be_read32(&cursor);
  *unit = (struct be_unit){.sections = sections, .begin = offset, .offset_size = 4};
  if (length == UINT32_MAX) {
    length = be_read64(&cursor);
    unit->offset_size = 8;
  }
  if (cursor.is_bad || length > be_cursor_left(&cursor))
    return false;
  unit->end = offset + (uint64_t)(cursor.at - begin) + length;
  cursor.end = cursor.at + length;
  unit->version = be_read16(&cursor);
  if (unit->version < 2 || unit->version > 5)
    return false;
  if (unit->version >= 5) {
    unit->type = be_read8(&cursor);
    unit->address_size = be_read8(&cursor);
  }
  unit->abbrev_offset = be_read_sized(&cursor, unit->offset_size);
  if (unit->version < 5)
    unit->address_size = be_read8(&cursor);
  else if (unit->type == UNIT_SKELETON || unit->type == UNIT_SPLIT)
    unit->dwo_id = be_read64(&cursor);
  else if (unit->type == UNIT_TYPE || unit->type == UNIT_SPLIT_TYPE)
    be_cursor_take(&cursor, 8u + unit->offset_size);
  unit->first = (uint64_t)(cursor.at - begin);
  return !cursor.is_bad && unit->address_size == 8;
}

int be_unit_open(struct be_unit *unit) {
  if (unit->abbrevs)
    return 0;
  unit->abbrevs = malloc(sizeof *unit->abbrevs);
  if (!unit->abbrevs)
    return -ENOMEM;
  return be_abbrevs_read(unit->abbrevs, unit->sections[BE_DEBUG_ABBREV], unit->abbrev_offset, 0);
}

void be_unit_close(struct be_unit *unit) {
  if (unit->abbrevs)
    be_abbrevs_destroy(unit->abbrevs);
  free(unit->abbrevs);
  unit->abbrevs = NULL;
}

struct be_cursor be_unit_cursor(const struct be_unit *unit, uint64_t offset) {
  struct be_bytes info = unit->sections[BE_DEBUG_INFO];
  if (offset < unit->first || offset >= unit->end - unit->begin)
    return (struct be_cursor){.is_bad = true};
  return (struct be_cursor){info.at + unit->begin + offset, info.at + unit->end, false};
}

/* ---- entries ----------------------------------------------------------------------------------
 */

/* Where an attribute of an entry is kept; NULL when it is not looked at. */
static struct be_value *slot_of(struct be_die *die, uint16_t name) {
  switch (name) {
  case AT_NAME:
    return &die->name;
  case AT_STMT_LIST:
    return &die->lines;
  case AT_LOW_PC:
    return &die->low;
  case AT_HIGH_PC:
    return &die->high;
  case AT_COMP_DIR:
    return &die->folder;
  case AT_PRODUCER:
    return &die->producer;
  case AT_ABSTRACT_ORIGIN:
    return &die->origin;
  case AT_DECL_LINE:
    return &die->line;
  case AT_SPECIFICATION:
    return &die->specification;
  case AT_RANGES:
    return &die->ranges;
  case AT_CALL_LINE:
    return &die->call_line;
  case AT_LINKAGE_NAME:
  case AT_MIPS_LINKAGE_NAME:
    return &die->linkage_name;
  case AT_GNU_DISCRIMINATOR:
    return &die->discriminator;
  default:
    return NULL;
  }
}

/* Those that only the first entry of a unit has. */
static struct be_value *root_slot_of(struct be_die *die, uint16_t name) {
  switch (name) {
  case AT_STR_OFFSETS_BASE:
    return &die->string_base;
  case AT_ADDR_BASE:
  case AT_GNU_ADDR_BASE:
    return &die->address_base;
  case AT_RNGLISTS_BASE:
    return &die->list_base;
  case AT_GNU_RANGES_BASE:
    return &die->range_base;
  case AT_DWO_NAME:
  case AT_GNU_DWO_NAME:
    return &die->dwo_name;
  case AT_GNU_DWO_ID:
    return &die->dwo_id;
  default:
    return NULL;
  }
}

static bool read_die(const struct be_unit *unit, const struct be_abbrevs *abbrevs,
                     struct be_cursor *cursor, bool (*wanted)(uint16_t tag), bool is_root,
                     struct be_die *die) {
  uint64_t code = be_read_uleb(cursor);
  die->tag = 0;
  if (cursor->is_bad)
    return false;
  if (!code)
    return true;
  const struct be_abbrev *abbrev = be_abbrevs_find(abbrevs, code);
  if (!abbrev || !abbrev->tag)
    return false;
  const struct be_attribute *attributes = &abbrevs->attributes[abbrev->first];
  bool takes = !wanted || wanted(abbrev->tag);
  if (takes)
    *die = (struct be_die){0};
  die->tag = abbrev->tag;
  die->has_children = abbrev->has_children;
  for (uint32_t i = 0; i < abbrev->count; i++) {
    struct be_value *slot = takes ? slot_of(die, attributes[i].name) : NULL;
    if (!slot && is_root)
      slot = root_slot_of(die, attributes[i].name);
    if (slot)
      be_form_read(unit, cursor, &attributes[i], slot);
    else
      be_form_skip(unit, cursor, &attributes[i]);
  }
  return !cursor->is_bad;
}

bool be_die_read(const struct be_unit *unit, struct be_cursor *cursor, bool (*wanted)(uint16_t tag),
                 struct be_die *die) {
  return read_die(unit, unit->abbrevs, cursor, wanted, false, die);
}

/* Bases that a split unit's sections have by themselves: they begin with a head in DWARF 5. */
static void set_default_bases(struct be_unit *unit) {
  enum { STRING_HEAD = 8, STRING_HEAD_64 = 16, LIST_HEAD = 12, LIST_HEAD_64 = 20 };
  if (unit->version < 5)
    return;
  unit->string_base = unit->offset_size == 8 ? STRING_HEAD_64 : STRING_HEAD;
  unit->list_base = unit->offset_size == 8 ? LIST_HEAD_64 : LIST_HEAD;
}

bool be_unit_root(struct be_unit *unit, struct be_die *root) {
  struct be_cursor cursor = be_unit_cursor(unit, unit->first), ahead = cursor;
  struct be_abbrevs one;
  uint64_t code = be_read_uleb(&ahead);
  bool is_good = code && !ahead.is_bad &&
                 !be_abbrevs_read(&one, unit->sections[BE_DEBUG_ABBREV], unit->abbrev_offset, code);
  if (code && !ahead.is_bad) {
    is_good = is_good && read_die(unit, &one, &cursor, NULL, true, root);
    be_abbrevs_destroy(&one);
  }
  if (!is_good)
    return false;
  set_default_bases(unit);
  if (root->string_base.kind)
    unit->string_base = root->string_base.number;
  if (root->address_base.kind)
    unit->address_base = root->address_base.number;
  if (root->list_base.kind)
    unit->list_base = root->list_base.number;
  if (root->range_base.kind)
    unit->range_base = root->range_base.number;
  if (root->dwo_id.kind)
    unit->dwo_id = root->dwo_id.number;
  if (!be_value_address(unit, &root->low, &unit->low) && unit->skeleton)
    unit->low = unit->skeleton->low;
  unit->has_root = true;
  return true;
}

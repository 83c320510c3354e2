/* ranges.c - the addresses that an entry covers: low and high, .debug_ranges, .debug_rnglists. */
#include "room.h"
#include "unit.h"
#include <errno.h>

enum range_kind {
  RANGE_END,
  RANGE_BASE_INDEX,
  RANGE_INDEX_INDEX,
  RANGE_INDEX_LENGTH,
  RANGE_OFFSETS,
  RANGE_BASE,
  RANGE_START_END,
  RANGE_START_LENGTH
};

static int add_range(struct be_ranges *ranges, uint64_t low, uint64_t high) {
  ranges->work++;
  if (low >= high)
    return 0;
  if (!be_make_room(&ranges->at, ranges->count, &ranges->room, sizeof *ranges->at))
    return -ENOMEM;
  ranges->at[ranges->count++] = (struct be_range){low, high};
  return 0;
}

/* DWARF 2 to 4: pairs; one that begins with all ones sets the base. */
static int read_pairs(const struct be_unit *unit, uint64_t offset, struct be_ranges *ranges) {
  const struct be_unit *from = unit->skeleton ? unit->skeleton : unit;
  uint64_t base = unit->low;
  if (unit->skeleton && __builtin_add_overflow(offset, from->range_base, &offset))
    return 0;
  struct be_cursor cursor = be_cursor_at(from->sections[BE_DEBUG_RANGES], offset);
  for (;;) {
    uint64_t low = be_read64(&cursor), high = be_read64(&cursor);
    if (cursor.is_bad || (!low && !high))
      return 0;
    if (low == UINT64_MAX)
      base = high;
    else if (add_range(ranges, base + low, base + high))
      return -ENOMEM;
  }
}

static uint64_t indexed(const struct be_unit *unit, struct be_cursor *cursor) {
  struct be_value value = {.kind = BE_VALUE_INDEX, .number = be_read_uleb(cursor)};
  uint64_t address = 0;
  return be_value_address(unit, &value, &address) ? address : 0;
}

/* DWARF 5. */
static int read_list(const struct be_unit *unit, uint64_t offset, struct be_ranges *ranges) {
  struct be_cursor cursor = be_cursor_at(unit->sections[BE_DEBUG_RNGLISTS], offset);
  uint64_t base = unit->low, low, high;
  while (!cursor.is_bad) {
    enum range_kind kind = be_read8(&cursor);
    switch (kind) {
    case RANGE_BASE_INDEX:
      base = indexed(unit, &cursor);
      continue;
    case RANGE_BASE:
      base = be_read64(&cursor);
      continue;
    case RANGE_INDEX_INDEX:
      low = indexed(unit, &cursor);
      high = indexed(unit, &cursor);
      break;
    case RANGE_INDEX_LENGTH:
      low = indexed(unit, &cursor);
      high = low + be_read_uleb(&cursor);
      break;
    case RANGE_OFFSETS:
      low = base + be_read_uleb(&cursor);
      high = base + be_read_uleb(&cursor);
      break;
    case RANGE_START_END:
      low = be_read64(&cursor);
      high = be_read64(&cursor);
      break;
    case RANGE_START_LENGTH:
      low = be_read64(&cursor);
      high = low + be_read_uleb(&cursor);
      break;
    default: /* the end, or something nobody knows */
      return 0;
    }
    if (!cursor.is_bad && add_range(ranges, low, high))
      return -ENOMEM;
  }
  return 0;
}

/* The list that an index stands for: its offset stands at the head of the lists. */
static int read_indexed_list(const struct be_unit *unit, uint64_t index, struct be_ranges *ranges) {
  uint64_t offset;
  if (index > UINT32_MAX ||
      __builtin_add_overflow(unit->list_base, index * unit->offset_size, &offset))
    return 0;
  struct be_cursor cursor = be_cursor_at(unit->sections[BE_DEBUG_RNGLISTS], offset);
  offset = be_read_sized(&cursor, unit->offset_size);
  if (cursor.is_bad || __builtin_add_overflow(offset, unit->list_base, &offset))
    return 0;
  return read_list(unit, offset, ranges);
}

int be_die_ranges(const struct be_unit *unit, const struct be_die *die, struct be_ranges *ranges) {
  uint64_t low, high;
  if (die->ranges.kind == BE_VALUE_LIST)
    return read_indexed_list(unit, die->ranges.number, ranges);
  if (die->ranges.kind == BE_VALUE_OFFSET || die->ranges.kind == BE_VALUE_NUMBER)
    return unit->version >= 5 ? read_list(unit, die->ranges.number, ranges)
                              : read_pairs(unit, die->ranges.number, ranges);
  if (!be_value_address(unit, &die->low, &low))
    return 0;
  if (die->high.kind == BE_VALUE_NUMBER)
    high = low + die->high.number;
  else if (!be_value_address(unit, &die->high, &high))
    return 0;
  return add_range(ranges, low, high);
}

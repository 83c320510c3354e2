/* unit.h - DWARF 2 to 5: units and their entries (DIEs).
 *
 * Offsets and sizes in the sections are checked before they are used; what is damaged ends the
 * unit, or leaves an attribute out. Nothing recurses.
 */
#ifndef BACKEDGE_SOURCE_UNIT_H
#define BACKEDGE_SOURCE_UNIT_H

#include "abbrev.h"
#include "debug.h"

enum be_value_kind {
  BE_VALUE_NONE,
  BE_VALUE_NUMBER,  /* number; may be the bits of a negative one */
  BE_VALUE_ADDRESS, /* number */
  BE_VALUE_INDEX,   /* number: of an address in .debug_addr */
  BE_VALUE_LIST,    /* number: of a list of ranges */
  BE_VALUE_OFFSET,  /* number: into a section */
  BE_VALUE_TEXT,    /* text */
  BE_VALUE_STRING,  /* number: offset into .debug_str, or as the form says */
  BE_VALUE_UNIT,    /* number: an entry of this unit, counted from its beginning */
  BE_VALUE_ENTRY,   /* number: an entry by its offset in the section */
  BE_VALUE_SHARED   /* number: an entry by its offset in the shared file */
};

struct be_value {
  uint8_t kind;
  uint16_t form;
  uint64_t number;
  const char *text;
};

struct be_unit {
  const struct be_bytes *sections; /* of its file, by enum be_debug_section */
  const struct be_bytes *shared;   /* of the file that its own shares with; NULL: none */
  const struct be_unit *skeleton;  /* of a split unit: the one in the binary */
  struct be_abbrevs *abbrevs;      /* NULL: not read yet; owned */
  uint64_t begin, end;             /* in .debug_info */
  uint64_t first;                  /* offset of the first entry, from begin */
  uint64_t abbrev_offset;
  uint64_t dwo_id; /* 0: none */
  uint64_t string_base, address_base, list_base, range_base;
  uint64_t low; /* base address */
  uint16_t version;
  uint8_t type, address_size, offset_size;
  bool has_root; /* the attributes of its first entry were taken */
};

/* What entries are looked at for. */
struct be_die {
  uint16_t tag; /* 0: the end of a list of children */
  bool has_children;
  struct be_value name, linkage_name, low, high, ranges, origin, specification;
  struct be_value line;                     /* where it is declared */
  struct be_value call_line, discriminator; /* where it is inlined */
  struct be_value lines, folder, producer;  /* from here on: only of a unit's first entry */
  struct be_value dwo_name, dwo_id, string_base, address_base, list_base, range_base;
};

struct be_range {
  uint64_t low, high; /* addresses: low <= x < high */
};

struct be_ranges {
  struct be_range *at;
  size_t count, room;
  uint64_t work; /* entries of lists that were read, also those of no addresses */
};

/* Reads the head of the unit at an offset of .debug_info. False when there is none or it cannot be
 * read; unit->end is where the next one begins, 0 when that is not known. */
bool be_unit_read(struct be_unit *unit, const struct be_bytes *sections, uint64_t offset);

/* Reads the unit's first entry, and what the unit's other entries need of it. False when it is
 * damaged. */
bool be_unit_root(struct be_unit *unit, struct be_die *root);

/* Reads the unit's abbreviations, when that was not done yet. 0, -EINVAL, -ENOMEM. */
int be_unit_open(struct be_unit *unit);
void be_unit_close(struct be_unit *unit);

/* Reads the entry at the cursor, which is in the unit, and leaves the cursor behind it. `wanted`
 * says of which tags to take the attributes: all when it is NULL. False at the end or at damage. */
bool be_die_read(const struct be_unit *unit, struct be_cursor *cursor, bool (*wanted)(uint16_t tag),
                 struct be_die *die);

/* A cursor on the unit's entry, at an offset from the unit's beginning. */
struct be_cursor be_unit_cursor(const struct be_unit *unit, uint64_t offset);

/* The text; NULL when there is none. */
const char *be_value_text(const struct be_unit *unit, const struct be_value *value);

/* An address; false when there is none. */
bool be_value_address(const struct be_unit *unit, const struct be_value *value, uint64_t *address);

/* Adds the entry's ranges of addresses. 0 or -ENOMEM. */
int be_die_ranges(const struct be_unit *unit, const struct be_die *die, struct be_ranges *ranges);

#endif

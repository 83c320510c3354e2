/* dwarf.h - all units of a binary's debug information. */
#ifndef BACKEDGE_SOURCE_DWARF_H
#define BACKEDGE_SOURCE_DWARF_H

#include "unit.h"

struct be_units {
  struct be_unit *at; /* sorted by begin */
  size_t count, room;
};

struct be_dwarf {
  const struct be_binary *binary;
  struct be_debug_file *file;
  struct be_debug_file *shared;  /* what dwz moved out of it; NULL: none */
  struct be_debug_file *package; /* the .dwp; NULL: none */
  struct be_units units, shared_units;
};

/* A unit whose entries are in a .dwo file, or in the package. */
struct be_split {
  struct be_debug_file *file; /* NULL: in the package */
  struct be_bytes sections[BE_DEBUG_SECTIONS];
  struct be_unit unit;
};

/* -ENODATA when there is no debug information. */
int be_dwarf_open(const struct be_binary *binary, struct be_dwarf *dwarf, struct be_error *error);
void be_dwarf_close(struct be_dwarf *dwarf);

/* Opens what a skeleton stands for. 0; -ENOENT when it is not there; -ENOMEM. */
int be_split_open(const struct be_dwarf *dwarf, const struct be_unit *skeleton,
                  const struct be_die *root, struct be_split *split);
void be_split_close(struct be_split *split);

/* The unit that an entry is in which another one refers to, with its abbreviations; *offset is from
 * the unit's beginning. NULL when there is none. */
struct be_unit *be_dwarf_entry(struct be_dwarf *dwarf, struct be_unit *from,
                               const struct be_value *reference, uint64_t *offset);

#endif

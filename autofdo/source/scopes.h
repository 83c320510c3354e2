/* scopes.h - the functions of a unit and what was inlined into them, by address. */
#ifndef BACKEDGE_SOURCE_SCOPES_H
#define BACKEDGE_SOURCE_SCOPES_H

#include "dwarf.h"

enum { BE_SCOPE_NONE = 0xffffffffu };

struct be_subject {   /* what is declared somewhere: the same for all its copies */
  const uint8_t *die; /* where its entry is; NULL: an empty slot */
  const char *name;   /* as the linker knows it, where that is said; NULL: it has none */
  uint32_t line;
  bool is_linkage; /* the name is the linker's */
};

struct be_scope {
  uint32_t parent;                   /* BE_SCOPE_NONE: a function */
  uint32_t call_line, discriminator; /* where it was inlined */
  uint32_t depth;
  uint32_t function; /* the scope of the function it is in; its own when it is one */
  uint32_t entry;    /* place where it begins */
  const char *name;
  uint32_t line; /* where it is declared */
  bool is_linkage;
};

struct be_scope_range { /* sorted, no two overlap */
  uint32_t start, end;
  uint32_t scope;
};

struct be_scopes {
  struct be_scope *at;
  size_t count, room;
  struct be_scope_range *ranges;
  size_t range_count, range_room;
  struct be_scope_range *spare; /* of the same size */
  size_t spare_room;
  struct be_subject *subjects; /* open addressing */
  size_t subject_count, subject_size;
  struct be_ranges addresses;
  uint32_t *levels; /* of the entries above the one at hand: their scopes */
  size_t level_room;
};

/* Reads the unit's entries; what was read before is given up, but for the subjects. A damaged unit
 * is read up to there. 0 or -ENOMEM. */
int be_scopes_read(struct be_scopes *scopes, struct be_dwarf *dwarf, struct be_unit *unit);

/* Gives up the subjects: before a file is closed that they are in. */
void be_scopes_forget(struct be_scopes *scopes);
void be_scopes_destroy(struct be_scopes *scopes);

#endif

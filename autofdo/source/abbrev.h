/* abbrev.h - abbreviations: which attributes a kind of entry has, and in which form. */
#ifndef BACKEDGE_SOURCE_ABBREV_H
#define BACKEDGE_SOURCE_ABBREV_H

#include "cursor.h"

struct be_attribute {
  uint16_t name, form;
  int32_t implicit; /* the value itself, where the form says so */
};

struct be_abbrev {
  uint64_t code;
  uint32_t first, count; /* of its attributes */
  uint16_t tag;
  bool has_children;
};

struct be_abbrevs {
  struct be_abbrev *at; /* sorted by code */
  struct be_attribute *attributes;
  size_t count, attribute_count;
  size_t room, attribute_room;
};

/* Reads the list at an offset of .debug_abbrev; up to the abbreviation `only`, and nothing but
 * that, when it is not 0. 0, -EINVAL, -ENOMEM. *abbrevs is the caller's, also after a failure. */
int be_abbrevs_read(struct be_abbrevs *abbrevs, struct be_bytes section, uint64_t offset,
                    uint64_t only);
void be_abbrevs_destroy(struct be_abbrevs *abbrevs);

/* NULL when there is none. */
const struct be_abbrev *be_abbrevs_find(const struct be_abbrevs *abbrevs, uint64_t code);

#endif

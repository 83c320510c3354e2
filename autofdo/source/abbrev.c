/* abbrev.c - reads lists of abbreviations. */
#include "abbrev.h"
#include "room.h"
#include "search.h"
#include <errno.h>
#include <stdlib.h>

enum { FORM_IMPLICIT_CONST = 0x21 };

/* Reads the attributes of one abbreviation; keeps them or passes over them. */
static int read_attributes(struct be_abbrevs *abbrevs, struct be_cursor *cursor, bool keep) {
  for (;;) {
    uint64_t name = be_read_uleb(cursor), form = be_read_uleb(cursor);
    int64_t implicit = form == FORM_IMPLICIT_CONST ? be_read_sleb(cursor) : 0;
    if (cursor->is_bad || (!name && !form))
      return cursor->is_bad ? -EINVAL : 0;
    if (!keep)
      continue;
    if (!be_make_room(&abbrevs->attributes, abbrevs->attribute_count, &abbrevs->attribute_room,
                      sizeof *abbrevs->attributes))
      return -ENOMEM;
    abbrevs->attributes[abbrevs->attribute_count++] = (struct be_attribute){
        name > UINT16_MAX ? 0 : (uint16_t)name, form > UINT16_MAX ? 0 : (uint16_t)form,
        implicit == (int32_t)implicit ? (int32_t)implicit : 0};
  }
}

static int order(const void *left, const void *right) {
  const struct be_abbrev *a = left, *b = right;
  return (a->code > b->code) - (a->code < b->code);
}

static int read_list(struct be_abbrevs *abbrevs, struct be_cursor *cursor, uint64_t only,
                     bool *is_sorted) {
  uint64_t code, last = 0;
  while ((code = be_read_uleb(cursor)) != 0) {
    uint64_t tag = be_read_uleb(cursor);
    bool has_children = be_read8(cursor) != 0, keep = !only || only == code;
    struct be_abbrev abbrev = {code, (uint32_t)abbrevs->attribute_count, 0,
                               tag > UINT16_MAX ? 0 : (uint16_t)tag, has_children};
    int status = read_attributes(abbrevs, cursor, keep);
    if (status)
      return status;
    if (!keep)
      continue;
    abbrev.count = (uint32_t)(abbrevs->attribute_count - abbrev.first);
    if (!be_make_room(&abbrevs->at, abbrevs->count, &abbrevs->room, sizeof *abbrevs->at))
      return -ENOMEM;
    abbrevs->at[abbrevs->count++] = abbrev;
    *is_sorted &= code > last;
    last = code;
    if (only)
      return 0;
  }
  return cursor->is_bad ? -EINVAL : 0;
}

int be_abbrevs_read(struct be_abbrevs *abbrevs, struct be_bytes section, uint64_t offset,
                    uint64_t only) {
  struct be_cursor cursor = be_cursor_at(section, offset);
  bool is_sorted = true;
  *abbrevs = (struct be_abbrevs){0};
  int status = cursor.is_bad ? -EINVAL : read_list(abbrevs, &cursor, only, &is_sorted);
  if (!status && !is_sorted)
    qsort(abbrevs->at, abbrevs->count, sizeof *abbrevs->at, order);
  return status;
}

void be_abbrevs_destroy(struct be_abbrevs *abbrevs) {
  free(abbrevs->at);
  free(abbrevs->attributes);
}

const struct be_abbrev *be_abbrevs_find(const struct be_abbrevs *abbrevs, uint64_t code) {
  size_t at;
  if (code - 1 < abbrevs->count &&
      abbrevs->at[code - 1].code == code) /* as compilers number them */
    return &abbrevs->at[code - 1];
  BE_FIND_FIRST(at, abbrevs->count, abbrevs->at[at].code >= code);
  return at < abbrevs->count && abbrevs->at[at].code == code ? &abbrevs->at[at] : NULL;
}

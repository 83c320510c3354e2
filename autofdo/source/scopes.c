/* scopes.c - reads the functions of a unit, and the copies of others that were inlined. */
#include "scopes.h"
#include "backedge/profile/source.h"
#include "binary/image.h"
#include "room.h"
#include <errno.h>

enum { TAG_INLINED = 0x1d, TAG_SUBPROGRAM = 0x2e, CHAIN_MAX = 8 };

/* ---- what is declared -------------------------------------------------------------------------
 */

static size_t subject_slot(const struct be_scopes *scopes, const uint8_t *die) {
  size_t at = (size_t)(((uint64_t)(uintptr_t)die * 0x9e3779b97f4a7c15ull) >> 20);
  for (at &= scopes->subject_size - 1;; at = (at + 1) & (scopes->subject_size - 1))
    if (!scopes->subjects[at].die || scopes->subjects[at].die == die)
      return at;
}

static bool make_subject_room(struct be_scopes *scopes) {
  struct be_scopes grown = *scopes;
  if (scopes->subject_count < scopes->subject_size / 2)
    return true;
  grown.subject_size = scopes->subject_size ? 2 * scopes->subject_size : 1024;
  grown.subjects = calloc(grown.subject_size, sizeof *grown.subjects);
  if (!grown.subjects)
    return false;
  for (size_t i = 0; i < scopes->subject_size; i++)
    if (scopes->subjects[i].die)
      grown.subjects[subject_slot(&grown, scopes->subjects[i].die)] = scopes->subjects[i];
  free(scopes->subjects);
  scopes->subjects = grown.subjects;
  scopes->subject_size = grown.subject_size;
  return true;
}

/* Takes what an entry says itself, where one before it in the chain did not. */
static void describe(const struct be_unit *unit, const struct be_die *die,
                     struct be_subject *subject) {
  if (!subject->line && die->line.kind == BE_VALUE_NUMBER && die->line.number <= INT32_MAX)
    subject->line = (uint32_t)die->line.number;
  if (subject->is_linkage)
    return;
  const char *name = be_value_text(unit, &die->linkage_name);
  subject->is_linkage = name && *name;
  if (!subject->is_linkage && !subject->name)
    name = be_value_text(unit, &die->name);
  if (name && *name)
    subject->name = name;
}

static const struct be_value *next_in_chain(const struct be_die *die) {
  return die->origin.kind ? &die->origin : &die->specification;
}

/* Follows an entry's origin and specification. They are the same for all copies: kept. */
static int find_subject(struct be_scopes *scopes, struct be_dwarf *dwarf, struct be_unit *unit,
                        const struct be_value *reference, struct be_subject *subject) {
  uint64_t offset;
  struct be_die die;
  struct be_unit *in = be_dwarf_entry(dwarf, unit, reference, &offset);
  *subject = (struct be_subject){0};
  struct be_cursor cursor = in ? be_unit_cursor(in, offset) : (struct be_cursor){.is_bad = true};
  if (cursor.is_bad)
    return 0;
  if (!make_subject_room(scopes))
    return -ENOMEM;
  size_t slot = subject_slot(scopes, cursor.at);
  if (scopes->subjects[slot].die) {
    *subject = scopes->subjects[slot];
    return 0;
  }
  subject->die = cursor.at;
  for (int i = 0; i < CHAIN_MAX && be_die_read(in, &cursor, NULL, &die) && die.tag; i++) {
    describe(in, &die, subject);
    if (!next_in_chain(&die)->kind)
      break;
    in = be_dwarf_entry(dwarf, in, next_in_chain(&die), &offset);
    cursor = in ? be_unit_cursor(in, offset) : (struct be_cursor){.is_bad = true};
    if (cursor.is_bad)
      break;
  }
  scopes->subjects[slot] = *subject;
  scopes->subject_count++;
  return 0;
}

/* ---- entries ----------------------------------------------------------------------------------
 */

static bool is_wanted(uint16_t tag) { return tag == TAG_SUBPROGRAM || tag == TAG_INLINED; }

/* Code that the linker dropped is at addresses where there is none. */
static int add_range(struct be_scopes *scopes, const struct be_binary *binary,
                     const struct be_range *range) {
  uint64_t start = range->low - binary->base, end = range->high - binary->base;
  const struct be_section *section = be_image_section_at(binary->image, range->low);
  if (!section || !(section->flags & SHF_EXECINSTR) || start > BE_PLACE_MAX || end > BE_PLACE_MAX)
    return 0;
  if (!be_make_room(&scopes->ranges, scopes->range_count, &scopes->range_room,
                    sizeof *scopes->ranges))
    return -ENOMEM;
  scopes->ranges[scopes->range_count++] =
      (struct be_scope_range){(uint32_t)start, (uint32_t)end, (uint32_t)scopes->count};
  return 0;
}

static uint32_t small_number(const struct be_value *value) {
  return value->kind == BE_VALUE_NUMBER ? (uint32_t)value->number : 0;
}

/* Makes the scope of an entry; *scope is BE_SCOPE_NONE when it is of no code. */
static int add_scope(struct be_scopes *scopes, struct be_dwarf *dwarf, struct be_unit *unit,
                     const struct be_die *die, uint32_t parent, uint32_t *scope) {
  struct be_subject own = {0}, origin = {0};
  size_t before = scopes->range_count;
  *scope = BE_SCOPE_NONE;
  scopes->addresses.count = 0;
  if (be_die_ranges(unit, die, &scopes->addresses))
    return -ENOMEM;
  for (size_t i = 0; i < scopes->addresses.count; i++)
    if (add_range(scopes, dwarf->binary, &scopes->addresses.at[i]))
      return -ENOMEM;
  if (scopes->range_count == before)
    return 0;
  describe(unit, die, &own);
  if (next_in_chain(die)->kind && find_subject(scopes, dwarf, unit, next_in_chain(die), &origin))
    return -ENOMEM;
  if (!own.name || (!own.is_linkage && origin.is_linkage)) {
    own.name = origin.name;
    own.is_linkage = origin.is_linkage;
  }
  if (!be_make_room(&scopes->at, scopes->count, &scopes->room, sizeof *scopes->at))
    return -ENOMEM;
  *scope = (uint32_t)scopes->count++;
  scopes->at[*scope] = (struct be_scope){
      .parent = parent,
      .call_line = small_number(&die->call_line),
      .discriminator = small_number(&die->discriminator),
      .depth = parent == BE_SCOPE_NONE ? 0 : scopes->at[parent].depth + 1,
      .function = parent == BE_SCOPE_NONE ? *scope : scopes->at[parent].function,
      .entry = scopes->ranges[before].start,
      .name = own.name,
      .line = own.line ? own.line : origin.line,
      .is_linkage = own.is_linkage,
  };
  return 0;
}

/* The scope that an entry's children are in. */
static int scope_of(struct be_scopes *scopes, struct be_dwarf *dwarf, struct be_unit *unit,
                    const struct be_die *die, uint32_t above, uint32_t *scope) {
  if (die->tag == TAG_SUBPROGRAM)
    return add_scope(scopes, dwarf, unit, die, BE_SCOPE_NONE, scope);
  *scope = above;
  if (die->tag != TAG_INLINED || above == BE_SCOPE_NONE ||
      scopes->at[above].depth >= BE_SOURCE_DEPTH_MAX)
    return 0;
  return add_scope(scopes, dwarf, unit, die, above, scope);
}

/* How many entries of lists of ranges a unit may have: more are there only when one list is read
 * again and again. */
static uint64_t work_max(const struct be_unit *unit) {
  const struct be_unit *from = unit->skeleton ? unit->skeleton : unit;
  return unit->end - unit->begin + unit->sections[BE_DEBUG_RNGLISTS].size +
         from->sections[BE_DEBUG_RANGES].size;
}

static int read_entries(struct be_scopes *scopes, struct be_dwarf *dwarf, struct be_unit *unit) {
  uint64_t until = scopes->addresses.work + work_max(unit);
  struct be_cursor cursor = be_unit_cursor(unit, unit->first);
  struct be_die die;
  size_t level = 0; /* how many entries are above the next one */
  while (scopes->addresses.work <= until && be_die_read(unit, &cursor, is_wanted, &die)) {
    uint32_t above = level ? scopes->levels[level - 1] : (uint32_t)BE_SCOPE_NONE, scope;
    if (!die.tag) {
      if (!level || --level == 0)
        return 0;
      continue;
    }
    if (scope_of(scopes, dwarf, unit, &die, above, &scope))
      return -ENOMEM;
    if (!die.has_children)
      continue;
    if (!be_make_room(&scopes->levels, level, &scopes->level_room, sizeof *scopes->levels))
      return -ENOMEM;
    scopes->levels[level++] = scope;
  }
  return 0;
}

/* ---- by address -------------------------------------------------------------------------------
 */

static int order(const void *left, const void *right) {
  const struct be_scope_range *a = left, *b = right;
  if (a->start != b->start)
    return a->start < b->start ? -1 : 1;
  if (a->end != b->end)
    return a->end > b->end ? -1 : 1;
  return (a->scope > b->scope) - (a->scope < b->scope);
}

struct sweep {
  struct be_scopes *scopes;
  struct be_scope_range *open; /* those that the place is in, innermost last */
  size_t open_count;
  struct be_scope_range *out;
  size_t count, room;
  uint32_t place;
};

/* The innermost range holds up to a place. */
static bool emit(struct sweep *sweep, uint32_t until) {
  if (!sweep->open_count || until <= sweep->place)
    return true;
  uint32_t scope = sweep->open[sweep->open_count - 1].scope;
  if (!be_make_room(&sweep->out, sweep->count, &sweep->room, sizeof *sweep->out))
    return false;
  sweep->out[sweep->count++] = (struct be_scope_range){sweep->place, until, scope};
  sweep->place = until;
  return true;
}

static bool close_until(struct sweep *sweep, uint32_t place) {
  while (sweep->open_count && sweep->open[sweep->open_count - 1].end <= place) {
    if (!emit(sweep, sweep->open[sweep->open_count - 1].end))
      return false;
    sweep->open_count--;
  }
  return true;
}

/* Replaces the ranges, which nest, by the innermost one at each place. */
static int flatten(struct be_scopes *scopes) {
  struct sweep sweep = {.scopes = scopes, .out = scopes->spare, .room = scopes->spare_room};
  size_t count = scopes->range_count;
  sweep.open = malloc((count + 1) * sizeof *sweep.open);
  bool is_good = sweep.open != NULL;
  if (count)
    qsort(scopes->ranges, count, sizeof *scopes->ranges, order);
  for (size_t i = 0; i < count && is_good; i++) {
    struct be_scope_range range = scopes->ranges[i];
    is_good = close_until(&sweep, range.start) && emit(&sweep, range.start);
    if (sweep.open_count && range.end > sweep.open[sweep.open_count - 1].end)
      range.end = sweep.open[sweep.open_count - 1].end;
    sweep.place = range.start;
    sweep.open[sweep.open_count++] = range;
  }
  is_good = is_good && close_until(&sweep, UINT32_MAX);
  free(sweep.open);
  scopes->spare = scopes->ranges;
  scopes->spare_room = scopes->range_room;
  scopes->ranges = sweep.out;
  scopes->range_room = sweep.room;
  scopes->range_count = sweep.count;
  return is_good ? 0 : -ENOMEM;
}

int be_scopes_read(struct be_scopes *scopes, struct be_dwarf *dwarf, struct be_unit *unit) {
  scopes->count = scopes->range_count = 0;
  int status = be_unit_open(unit);
  if (status)
    return status == -ENOMEM ? status : 0;
  status = read_entries(scopes, dwarf, unit);
  return status ? status : flatten(scopes);
}

void be_scopes_forget(struct be_scopes *scopes) {
  free(scopes->subjects);
  scopes->subjects = NULL;
  scopes->subject_count = scopes->subject_size = 0;
}

void be_scopes_destroy(struct be_scopes *scopes) {
  free(scopes->at);
  free(scopes->ranges);
  free(scopes->spare);
  be_scopes_forget(scopes);
  free(scopes->addresses.at);
  free(scopes->levels);
}

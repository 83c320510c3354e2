/* make.c - makes a profile in terms of the source of a binary's blocks and calls.
 *
 * In one copy of a function a line ran as often as that instruction of it that ran most often: its
 * instructions run one after the other. Where the blocks of a line are not told apart it is the
 * mean over them. Copies of a function (clones, templates in several units) are added up.
 */
#include "backedge/profile/source.h"
#include "binary/decode.h"
#include "discriminator.h"
#include "lines.h"
#include "room.h"
#include "scopes.h"
#include "search.h"
#include <errno.h>

struct head { /* how often a function was called */
  uint32_t place;
  uint64_t count;
};

struct pending {          /* of a position: in the copy of the function at hand */
  uint64_t count;         /* the greatest */
  uint64_t bytes, passed; /* of its code; and how many were passed in all */
  uint32_t copy;
};

struct maker {
  const struct be_profile *profile;
  enum be_discriminators discriminators;
  struct be_source_profile *source;
  struct be_source_stats *stats;
  struct be_dwarf dwarf;
  struct be_scopes scopes;
  struct be_lines lines;
  struct head *heads; /* sorted by place */
  size_t head_count;
  struct pending *pending; /* by position */
  size_t pending_count, pending_room;
  uint32_t *instances; /* by scope; BE_SOURCE_NONE: not made yet */
  size_t instance_room;
  uint32_t copy, copies; /* number of the copy of a function at hand; of those in earlier units */
  bool is_llvm, has_flow_discriminators; /* the unit at hand; the binary */
  const char *unit_producer;
  uint64_t unit_bytes, most_bytes;
};

/* ---- instances and positions ------------------------------------------------------------------
 */

static uint32_t offset_of(uint32_t line, uint32_t from) { return (line - from) & 0xffff; }

/* The linker's name where the debug information has none, as of static functions in GCC's C++. */
static uint32_t name_of(struct maker *maker, const struct be_scope *scope) {
  const char *name = scope->name ? scope->name : "";
  const struct be_function *function =
      scope->parent == BE_SCOPE_NONE && !scope->is_linkage
          ? be_binary_function_at(maker->profile->binary, scope->entry)
          : NULL;
  if (function && function->place == scope->entry &&
      (!*name || strncmp(function->name, "_Z", 2) == 0))
    name = function->name;
  return be_source_name(maker->source, name, be_source_stem(name));
}

static uint32_t block_discriminator(const struct maker *maker, uint32_t discriminator) {
  if (maker->discriminators == BE_DISCRIMINATORS_DROP)
    return 0;
  if (maker->is_llvm)
    return maker->has_flow_discriminators ? discriminator : be_discriminator_block(discriminator);
  return maker->discriminators == BE_DISCRIMINATORS_LLVM ? 0 : discriminator;
}

/* The instance of a scope whose parents have theirs. */
static uint32_t make_instance(struct maker *maker, uint32_t index) {
  const struct be_scope *scope = &maker->scopes.at[index];
  uint32_t name = name_of(maker, scope);
  if (name == BE_SOURCE_NONE)
    return name;
  if (scope->parent == BE_SCOPE_NONE)
    return be_source_function(maker->source, name, scope->line);
  return be_source_inlined(maker->source, maker->instances[scope->parent],
                           offset_of(scope->call_line, maker->scopes.at[scope->parent].line),
                           block_discriminator(maker, scope->discriminator), name);
}

/* The instance of a scope: made, with those above it, when it is needed for the first time. */
static uint32_t instance_of(struct maker *maker, uint32_t scope) {
  uint32_t chain[BE_SOURCE_DEPTH_MAX + 1];
  size_t count = 0;
  for (uint32_t at = scope; at != BE_SCOPE_NONE && maker->instances[at] == BE_SOURCE_NONE;
       at = maker->scopes.at[at].parent)
    chain[count++] = at;
  while (count--) {
    uint32_t made = make_instance(maker, chain[count]);
    if (made == BE_SOURCE_NONE)
      return made;
    maker->instances[chain[count]] = made;
  }
  return maker->instances[scope];
}

/* How often the position ran in one copy. Without discriminators, several blocks are one: then the
 * mean over the code says more than the greatest count, since GCC gives a block the greatest value
 * of its lines. With two million branches of lua it takes away 22.9 % of the branches taken, the
 * greatest count 21.1 %. What ran at all is not taken for what never did. */
static uint64_t value_of(const struct maker *maker, const struct pending *pending) {
  if (maker->discriminators != BE_DISCRIMINATORS_DROP || !pending->bytes)
    return pending->count;
  return pending->passed / pending->bytes + (pending->passed % pending->bytes != 0);
}

/* Counts a piece of the position's code. What was counted in an earlier copy is added up. */
static int count_position(struct maker *maker, uint32_t position, uint64_t count, uint32_t bytes) {
  while (maker->pending_count <= position) {
    if (!be_make_room(&maker->pending, maker->pending_count, &maker->pending_room,
                      sizeof *maker->pending))
      return -ENOMEM;
    maker->pending[maker->pending_count++] = (struct pending){0};
  }
  struct pending *pending = &maker->pending[position];
  if (pending->copy != maker->copy) {
    maker->source->positions[position].count += value_of(maker, pending);
    *pending = (struct pending){.copy = maker->copy};
  }
  if (count > pending->count)
    pending->count = count;
  pending->bytes += bytes;
  pending->passed += count * bytes;
  return 0;
}

/* ---- counting ---------------------------------------------------------------------------------
 */

static bool is_indirect(const struct be_binary *binary, uint32_t place) {
  struct be_inst inst;
  size_t size = 0;
  const uint8_t *code = be_binary_bytes(binary, place, &size);
  return code && be_decode(code, size, binary->base + place, &inst) &&
         (inst.kind == BE_INST_CALL_INDIRECT || inst.kind == BE_INST_JUMP_INDIRECT);
}

/* Calls that are made in a piece of code of one position. */
static int count_targets(struct maker *maker, uint32_t position, uint32_t start, uint32_t end) {
  const struct be_profile *profile = maker->profile;
  size_t low;
  BE_FIND_FIRST(low, profile->call_count, profile->calls[low].from >= start);
  for (; low < profile->call_count && profile->calls[low].from < end; low++) {
    const struct be_counted_call *call = &profile->calls[low];
    const struct be_function *to =
        call->to <= BE_PLACE_MAX ? be_binary_function_at(profile->binary, call->to) : NULL;
    if (!to || to->place != call->to || to->flags & (BE_FUNCTION_PLT | BE_FUNCTION_SECTION))
      continue;
    uint32_t name = be_source_name(maker->source, to->name, be_source_stem(to->name));
    uint32_t target = name == BE_SOURCE_NONE
                          ? name
                          : be_source_target(maker->source, position, name,
                                             is_indirect(profile->binary, call->from));
    if (target == BE_SOURCE_NONE)
      return -ENOMEM;
    maker->source->targets[target].count += call->count;
  }
  return 0;
}

/* A piece of a block, in one scope and of one line. */
static int count_piece(struct maker *maker, uint32_t scope, const struct be_row *row,
                       uint32_t start, uint32_t end, uint64_t count) {
  uint64_t bytes = count * (end - start);
  uint32_t instance = maker->instances[scope];
  maker->stats->undescribed -= bytes;
  maker->unit_bytes += bytes;
  if (!row || !row->line) {
    maker->stats->lineless += bytes;
    /* LLVM knows such instructions, and looks them up like others. */
    if (!row || !maker->is_llvm || maker->discriminators != BE_DISCRIMINATORS_LLVM)
      return 0;
  }
  maker->source->instances[instance].total += bytes;
  if (maker->is_llvm && !maker->has_flow_discriminators)
    count *= be_discriminator_copies(row->discriminator);
  uint32_t position = be_source_position(maker->source, instance,
                                         offset_of(row->line, maker->scopes.at[scope].line),
                                         block_discriminator(maker, row->discriminator));
  if (position == BE_SOURCE_NONE || count_position(maker, position, count, end - start))
    return -ENOMEM;
  return count_targets(maker, position, start, end);
}

/* The index of the last row that begins at the place or before; the count when there is none. */
static size_t row_at(const struct be_lines *lines, uint32_t place) {
  size_t low;
  BE_FIND_FIRST(low, lines->count, lines->at[low].place > place);
  return low ? low - 1 : lines->count;
}

static int count_block(struct maker *maker, uint32_t scope, uint32_t start, uint32_t end,
                       uint64_t count) {
  const struct be_lines *lines = &maker->lines;
  size_t at = row_at(lines, start);
  while (start < end) {
    bool is_before = at == lines->count; /* the first row */
    size_t next = is_before ? 0 : at + 1;
    uint32_t stop =
        next < lines->count && lines->at[next].place < end ? lines->at[next].place : end;
    if (count_piece(maker, scope, is_before ? NULL : &lines->at[at], start, stop, count))
      return -ENOMEM;
    start = stop;
    at = next;
  }
  return 0;
}

/* The index of the first block that ends behind a place. */
static size_t block_behind(const struct be_profile *profile, uint32_t place) {
  size_t low;
  BE_FIND_FIRST(low, profile->block_count,
                (uint64_t)profile->blocks[low].place + profile->blocks[low].size > place);
  return low;
}

/* Calls of the function whose beginning is in a range. A part of a function is not its beginning.
 */
static void count_heads(struct maker *maker, const struct be_scope_range *range) {
  size_t low;
  BE_FIND_FIRST(low, maker->head_count, maker->heads[low].place >= range->start);
  for (; low < maker->head_count && maker->heads[low].place < range->end; low++) {
    const struct head *head = &maker->heads[low];
    const struct be_function *function = be_binary_function_at(maker->profile->binary, head->place);
    if (!function || function->place != head->place || function->flags & BE_FUNCTION_FRAGMENT ||
        strstr(function->name, ".part."))
      continue;
    uint32_t instance = maker->instances[maker->scopes.at[range->scope].function];
    maker->source->instances[instance].head += head->count;
  }
}

static int count_range(struct maker *maker, const struct be_scope_range *range) {
  const struct be_profile *profile = maker->profile;
  size_t at = block_behind(profile, range->start);
  if (at == profile->block_count || profile->blocks[at].place >= range->end)
    return 0;
  if (instance_of(maker, range->scope) == BE_SOURCE_NONE)
    return -ENOMEM;
  maker->copy = maker->copies + maker->scopes.at[range->scope].function + 1;
  count_heads(maker, range);
  for (; at < profile->block_count && profile->blocks[at].place < range->end; at++) {
    const struct be_counted_block *block = &profile->blocks[at];
    uint32_t end = block->place + block->size;
    if (count_block(maker, range->scope, block->place > range->start ? block->place : range->start,
                    end < range->end ? end : range->end, block->count))
      return -ENOMEM;
  }
  return 0;
}

/* ---- units ------------------------------------------------------------------------------------
 */

/* Is code of the unit among what has counts? Units that do not say where their code is have none.
 */
static bool has_counts(struct maker *maker, const struct be_ranges *ranges) {
  const struct be_profile *profile = maker->profile;
  for (size_t i = 0; i < ranges->count; i++) {
    uint64_t start = ranges->at[i].low - profile->binary->base,
             end = ranges->at[i].high - profile->binary->base;
    size_t at =
        start <= BE_PLACE_MAX ? block_behind(profile, (uint32_t)start) : profile->block_count;
    if (at < profile->block_count && profile->blocks[at].place < end)
      return true;
  }
  return false;
}

static int count_unit(struct maker *maker, struct be_unit *unit) {
  if (be_scopes_read(&maker->scopes, &maker->dwarf, unit))
    return -ENOMEM;
  while (maker->instance_room < maker->scopes.count)
    if (!be_make_room(&maker->instances, maker->instance_room, &maker->instance_room,
                      sizeof *maker->instances))
      return -ENOMEM;
  for (size_t i = 0; i < maker->scopes.count; i++)
    maker->instances[i] = BE_SOURCE_NONE;
  for (size_t i = 0; i < maker->scopes.range_count; i++)
    if (count_range(maker, &maker->scopes.ranges[i]))
      return -ENOMEM;
  maker->copies += (uint32_t)maker->scopes.count;
  return 0;
}

/* The compiler of the unit with the most counts. */
static int note_producer(struct maker *maker) {
  if (!maker->unit_producer || maker->unit_bytes <= maker->most_bytes)
    return 0;
  char *copy = strdup(maker->unit_producer);
  if (!copy)
    return -ENOMEM;
  free(maker->source->producer);
  maker->source->producer = copy;
  maker->most_bytes = maker->unit_bytes;
  return 0;
}

static void begin_unit(struct maker *maker, const struct be_unit *unit, const struct be_die *root) {
  const char *producer = be_value_text(unit, &root->producer);
  maker->unit_producer = producer;
  maker->unit_bytes = 0;
  maker->is_llvm = producer && (strstr(producer, "clang") || strstr(producer, "LLVM"));
}

static int read_split(struct maker *maker, const struct be_unit *skeleton,
                      const struct be_die *root) {
  struct be_split split;
  struct be_die split_root;
  int status = be_split_open(&maker->dwarf, skeleton, root, &split);
  if (status) {
    maker->stats->missing++;
    return status == -ENOENT ? 0 : status;
  }
  if (be_unit_root(&split.unit, &split_root))
    begin_unit(maker, &split.unit, &split_root);
  status = count_unit(maker, &split.unit);
  if (!status)
    status = note_producer(maker);
  be_scopes_forget(&maker->scopes);
  be_split_close(&split);
  return status;
}

static int read_unit(struct maker *maker, struct be_unit *unit, struct be_ranges *ranges) {
  struct be_die root;
  ranges->count = 0;
  if (!be_unit_root(unit, &root))
    return 0;
  if (be_die_ranges(unit, &root, ranges))
    return -ENOMEM;
  if (!has_counts(maker, ranges))
    return 0;
  maker->stats->units++;
  if (be_lines_read(maker->profile->binary, unit->sections[BE_DEBUG_LINE], root.lines.number,
                    &maker->lines))
    return -ENOMEM;
  begin_unit(maker, unit, &root);
  if (root.dwo_name.kind)
    return read_split(maker, unit, &root);
  int status = count_unit(maker, unit);
  return status ? status : note_producer(maker);
}

static int read_units(struct maker *maker) {
  struct be_ranges ranges = {0};
  int status = 0;
  for (size_t i = 0; i < maker->dwarf.units.count && !status; i++)
    status = read_unit(maker, &maker->dwarf.units.at[i], &ranges);
  free(ranges.at);
  return status;
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static int head_order(const void *left, const void *right) {
  const struct head *a = left, *b = right;
  return (a->place > b->place) - (a->place < b->place);
}

/* How often each function was called, from wherever. */
static int make_heads(struct maker *maker) {
  const struct be_profile *profile = maker->profile;
  size_t used = 0;
  maker->heads = malloc((profile->call_count + 1) * sizeof *maker->heads);
  if (!maker->heads)
    return -ENOMEM;
  for (size_t i = 0; i < profile->call_count; i++)
    if (profile->calls[i].to <= BE_PLACE_MAX)
      maker->heads[used++] = (struct head){profile->calls[i].to, profile->calls[i].count};
  qsort(maker->heads, used, sizeof *maker->heads, head_order);
  for (size_t i = 0; i < used; i++) {
    struct head *last = maker->head_count ? &maker->heads[maker->head_count - 1] : NULL;
    if (last && last->place == maker->heads[i].place)
      last->count += maker->heads[i].count;
    else
      maker->heads[maker->head_count++] = maker->heads[i];
  }
  return 0;
}

/* LLVM expects that a line ran at least as often as calls were made from it. */
static int raise_callers(struct be_source_profile *source) {
  uint64_t *calls = calloc(source->position_count + 1, sizeof *calls);
  if (!calls)
    return -ENOMEM;
  for (size_t i = 0; i < source->target_count; i++)
    calls[source->targets[i].position] += source->targets[i].count;
  for (size_t i = 0; i < source->position_count; i++)
    if (calls[i] > source->positions[i].count)
      source->positions[i].count = calls[i];
  free(calls);
  return 0;
}

/* What was counted last is added up; totals hold what is inlined. */
static int finish(struct maker *maker) {
  struct be_source_profile *source = maker->source;
  for (size_t i = 0; i < maker->pending_count; i++)
    source->positions[i].count += value_of(maker, &maker->pending[i]);
  for (size_t i = source->instance_count; i-- > 0;) /* parents stand before their children */
    if (source->instances[i].parent != BE_SOURCE_NONE)
      source->instances[source->instances[i].parent].total += source->instances[i].total;
  if (maker->discriminators == BE_DISCRIMINATORS_LLVM && raise_callers(source))
    return -ENOMEM;
  return be_source_sort(source, &maker->stats->same_name);
}

static int check(const struct maker *maker, struct be_error *error) {
  const struct be_source_stats *stats = maker->stats;
  const char *path = maker->profile->binary->path;
  if (!stats->bytes)
    return be_error_set(error, -ENODATA, "nothing was counted in '%s'", path);
  if (stats->missing && stats->missing == stats->units)
    return be_error_set(error, -ENODATA,
                        "the debug information of '%s' is in .dwo files, of which %zu of %zu are "
                        "not there: keep them where they were compiled, or make '%s.dwp' of them",
                        path, stats->missing, stats->units, path);
  if (stats->undescribed == stats->bytes)
    return be_error_set(error, -ENODATA,
                        "the debug information of '%s' describes none of the code that ran: build "
                        "all of it with -g",
                        path);
  if (stats->undescribed + stats->lineless == stats->bytes)
    return be_error_set(error, -ENODATA,
                        "the debug information of '%s' has no lines for the code that ran: build "
                        "it with -g",
                        path);
  return 0;
}

static int make(struct maker *maker, struct be_error *error) {
  const struct be_profile *profile = maker->profile;
  int status = be_dwarf_open(profile->binary, &maker->dwarf, error);
  if (status)
    return status;
  for (size_t i = 0; i < profile->block_count; i++)
    maker->stats->bytes += profile->blocks[i].count * profile->blocks[i].size;
  maker->stats->undescribed = maker->stats->bytes;
  maker->has_flow_discriminators =
      be_debug_has_symbol(maker->dwarf.file, "__llvm_fs_discriminator__");
  maker->source = be_source_create();
  if (maker->source)
    maker->source->has_flow_discriminators = maker->has_flow_discriminators;
  if (!maker->source || make_heads(maker) || read_units(maker) || finish(maker))
    return be_error_set(error, -ENOMEM, "no memory for the lines of '%s'", profile->binary->path);
  return check(maker, error);
}

int be_source_make(const struct be_profile *profile, enum be_discriminators discriminators,
                   struct be_source_profile **source, struct be_source_stats *stats,
                   struct be_error *error) {
  struct maker maker = {.profile = profile, .discriminators = discriminators, .stats = stats};
  *stats = (struct be_source_stats){0};
  int status = make(&maker, error);
  if (status)
    be_source_destroy(maker.source);
  else
    *source = maker.source;
  be_scopes_destroy(&maker.scopes);
  be_dwarf_close(&maker.dwarf);
  free(maker.lines.at);
  free(maker.heads);
  free(maker.pending);
  free(maker.instances);
  return status;
}

/* blocks.c - the basic blocks of a function.
 *
 * A function is looked at together with its fragments (name.cold), or with the function it is one
 * of: they jump into each other and share tables of jumps.
 */
#include "backedge/profile/code.h"
#include "decode.h"
#include "reader.h"
#include "room.h"
#include <errno.h>
#include <stdlib.h>

/* Of functions of one name no more are looked at together. */
enum { RELATED_MAX = 1000 };

/* ---- fragments --------------------------------------------------------------------------------
 */

static size_t stem_length(const struct be_function *function) {
  const char *cold =
      function->flags & BE_FUNCTION_FRAGMENT ? strstr(function->name, ".cold") : NULL;
  return cold ? (size_t)(cold - function->name) : strlen(function->name);
}

static int compare_stems(const struct be_function *a, const struct be_function *b) {
  size_t a_size = stem_length(a), b_size = stem_length(b);
  int order = memcmp(a->name, b->name, a_size < b_size ? a_size : b_size);
  return order ? order : (a_size > b_size) - (a_size < b_size);
}

bool be_code_is_related(const struct be_function *a, const struct be_function *b) {
  return compare_stems(a, b) == 0;
}

static int stem_order(const void *left, const void *right) {
  return compare_stems(*(const struct be_function *const *)left,
                       *(const struct be_function *const *)right);
}

/* All functions by stem when the binary has fragments; else none. */
static int find_fragments(struct be_code_reader *reader) {
  const struct be_binary *binary = reader->binary;
  size_t fragments = 0;
  for (size_t i = 0; i < binary->function_count; i++)
    fragments += !!(binary->functions[i].flags & BE_FUNCTION_FRAGMENT);
  if (!fragments)
    return 0;
  reader->fragments = malloc(binary->function_count * sizeof *reader->fragments);
  if (!reader->fragments)
    return -ENOMEM;
  for (size_t i = 0; i < binary->function_count; i++)
    if (!(binary->functions[i].flags & (BE_FUNCTION_PLT | BE_FUNCTION_SECTION)))
      reader->fragments[reader->fragment_count++] = &binary->functions[i];
  qsort(reader->fragments, reader->fragment_count, sizeof *reader->fragments, stem_order);
  return 0;
}

size_t be_code_first_related(const struct be_code_reader *reader,
                             const struct be_function *function) {
  size_t low = 0, high = reader->fragment_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (compare_stems(reader->fragments[middle], function) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* ---- reading code -----------------------------------------------------------------------------
 */

/* Notes data that may be a table of jumps. */
static bool note_table(struct be_code_reader *reader, const struct be_inst *inst, uint32_t place) {
  const struct be_section *section = be_image_section_at(reader->binary->image, inst->data);
  if (!section || !section->bytes || section->flags & SHF_EXECINSTR)
    return true;
  if (!be_make_room(&reader->tables, reader->table_count, &reader->table_room,
                    sizeof *reader->tables))
    return false;
  reader->tables[reader->table_count++] =
      (struct be_code_table){inst->data, place, inst->data_reg, inst->entry_size};
  return true;
}

static bool is_zero(const uint8_t *bytes, size_t size) {
  while (size && !*bytes) {
    bytes++;
    size--;
  }
  return !size;
}

int be_code_decode(struct be_code_reader *reader, const struct be_function *function,
                   struct be_code_inst **insts, size_t *count, size_t *room) {
  size_t have = 0;
  const uint8_t *code = be_binary_bytes(reader->binary, function->place, &have);
  struct be_inst inst;
  if (!code || have < function->size)
    return -EILSEQ;
  for (uint32_t at = 0; at < function->size; at += inst.length) {
    uint64_t address = reader->binary->base + function->place + at;
    if (!be_decode(code + at, have - at, address, &inst))
      return is_zero(code + at, function->size - at) ? 0 : -EILSEQ;
    if (!be_make_room(insts, *count, room, sizeof **insts) ||
        (inst.entry_size && !note_table(reader, &inst, function->place + at)))
      return -ENOMEM;
    reader->has_indirect |= inst.kind == BE_INST_JUMP_INDIRECT;
    (*insts)[(*count)++] = (struct be_code_inst){
        function->place + at,
        inst.target ? be_code_place(reader->binary, inst.target) : BE_PLACE_OUTSIDE, inst.length,
        inst.kind, inst.lock};
  }
  return 0;
}

/* ---- what leads where -------------------------------------------------------------------------
 */

static void mark(struct be_code_reader *reader, const struct be_function *function, uint32_t place,
                 unsigned marks) {
  uint32_t into = place - function->place;
  if (into < function->size && reader->marks[into] & BE_MARK_INST)
    reader->marks[into] |= (uint8_t)marks;
}

static void mark_targets(struct be_code_reader *reader, const struct be_function *function,
                         const struct be_code_inst *insts, size_t count, unsigned marks) {
  for (size_t i = 0; i < count; i++) {
    bool is_call = insts[i].kind == BE_INST_CALL;
    if (insts[i].target != BE_PLACE_OUTSIDE && !(is_call && insts[i].target == function->place))
      mark(reader, function, insts[i].target, marks);
  }
}

static int table_order(const void *left, const void *right) {
  uint64_t a = ((const struct be_code_table *)left)->address,
           b = ((const struct be_code_table *)right)->address;
  return (a > b) - (a < b);
}

/* The address that an entry of a table leads to. */
static uint64_t entry_at(const struct be_code_table *table, const uint8_t *bytes) {
  if (table->entry_size == 8)
    return be_load64(bytes);
  int32_t distance;
  memcpy(&distance, bytes, sizeof distance);
  return table->address + (uint64_t)(int64_t)distance;
}

/* May a table of the function's lead there? To an instruction of its own, or behind its end, where
 * the compiler knew that nothing comes to. */
static bool is_own(const struct be_code_reader *reader, const struct be_function *function,
                   uint32_t place) {
  uint32_t into = place - function->place;
  return into == function->size || (into < function->size && reader->marks[into] & BE_MARK_INST);
}

static bool is_related(const struct be_code_reader *reader, const struct be_function *function,
                       uint32_t place) {
  if (!reader->fragment_count)
    return false;
  const struct be_function *other = be_binary_function_at(reader->binary, place);
  return other && compare_stems(other, function) == 0;
}

/* Reads a table up to the next one, or to the first entry that leads elsewhere. */
static void mark_table(struct be_code_reader *reader, const struct be_function *function,
                       const struct be_code_table *table, uint64_t end) {
  const struct be_section *section = be_image_section_at(reader->binary->image, table->address);
  if (section->address + section->size < end)
    end = section->address + section->size;
  const uint8_t *bytes = section->bytes + (table->address - section->address);
  size_t room = (size_t)(end - table->address) / table->entry_size, count = 0;
  while (count < room) {
    uint64_t target = entry_at(table, bytes + count * table->entry_size);
    uint32_t place = be_code_place(reader->binary, target);
    if (!is_own(reader, function, place) && !is_related(reader, function, place))
      break;
    count++;
  }
  for (size_t i = 0; i < count && count > 1; i++)
    mark(reader, function,
         be_code_place(reader->binary, entry_at(table, bytes + i * table->entry_size)),
         BE_MARK_LABEL);
}

static void mark_tables(struct be_code_reader *reader, const struct be_function *function) {
  if (!reader->has_indirect || !reader->table_count)
    return;
  qsort(reader->tables, reader->table_count, sizeof *reader->tables, table_order);
  for (size_t i = 0; i < reader->table_count; i++) {
    size_t next = i + 1;
    while (next < reader->table_count && reader->tables[next].address == reader->tables[i].address)
      next++;
    mark_table(reader, function, &reader->tables[i],
               next < reader->table_count ? reader->tables[next].address : UINT64_MAX);
    i = next - 1;
  }
}

static void mark_symbols(struct be_code_reader *reader, const struct be_function *function) {
  const struct be_binary *binary = reader->binary;
  size_t low = 0, high = binary->entry_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (binary->entries[middle] < function->place)
      low = middle + 1;
    else
      high = middle;
  }
  for (; low < binary->entry_count && binary->entries[low] - function->place < function->size;
       low++)
    mark(reader, function, binary->entries[low], BE_MARK_LABEL | BE_MARK_ENTERED | BE_MARK_SYMBOL);
}

static void mark_landing(void *user, const struct be_function *function, uint32_t place) {
  mark(user, function, place, BE_MARK_LABEL | BE_MARK_ENTERED | BE_MARK_LANDING);
}

/* Decodes the functions that this one is looked at with, and marks what they lead to. */
static int mark_from_related(struct be_code_reader *reader, const struct be_function *function) {
  size_t at = reader->fragment_count ? be_code_first_related(reader, function) : 0;
  size_t end =
      reader->fragment_count - at < RELATED_MAX ? reader->fragment_count : at + RELATED_MAX;
  for (; at < end && compare_stems(reader->fragments[at], function) == 0; at++) {
    const struct be_function *other = reader->fragments[at];
    if (other == function || !((other->flags | function->flags) & BE_FUNCTION_FRAGMENT))
      continue;
    reader->other_count = 0;
    if (be_code_decode(reader, other, &reader->others, &reader->other_count, &reader->other_room) ==
        -ENOMEM)
      return -ENOMEM;
    mark_targets(reader, function, reader->others, reader->other_count,
                 BE_MARK_LABEL | BE_MARK_ENTERED);
  }
  return 0;
}

/* ---- blocks -----------------------------------------------------------------------------------
 */

static bool ends_block(const struct be_code_inst *inst) {
  return inst->kind == BE_INST_JUMP || inst->kind == BE_INST_JUMP_IF ||
         inst->kind == BE_INST_JUMP_INDIRECT || inst->kind == BE_INST_RETURN ||
         inst->kind == BE_INST_STOP;
}

/* A conditional jump and the unconditional one behind it share a block; not when either leaves the
 * function. */
static bool joins(const struct be_function *function, const struct be_code_inst *last,
                  const struct be_code_inst *inst) {
  return inst->kind == BE_INST_JUMP && inst->target - function->place < function->size &&
         (last->kind == BE_INST_STOP ||
          (last->kind == BE_INST_JUMP_IF && last->target - function->place < function->size));
}

static unsigned end_flags(const struct be_code_inst *last, uint32_t next) {
  bool falls = !ends_block(last) || last->kind == BE_INST_JUMP_IF ||
               (last->kind == BE_INST_JUMP && last->target == next);
  bool calls = last->kind == BE_INST_CALL || last->kind == BE_INST_CALL_INDIRECT;
  return (falls ? BE_BLOCK_FALLS : 0u) | (calls ? BE_BLOCK_CALLS : 0u);
}

static int make_blocks(struct be_code_reader *reader, const struct be_function *function) {
  const struct be_code_inst *last = NULL;
  reader->block_count = 0;
  for (size_t i = 0; i < reader->inst_count; last = &reader->insts[i++]) {
    const struct be_code_inst *inst = &reader->insts[i];
    uint8_t marks = reader->marks[inst->place - function->place];
    struct be_block *block = reader->block_count ? &reader->blocks[reader->block_count - 1] : NULL;
    bool begins =
        !last || marks & BE_MARK_LABEL || (ends_block(last) && !joins(function, last, inst));
    if (!begins) {
      block->last = inst->place + inst->lock;
      continue;
    }
    if (block)
      block->flags |= end_flags(last, inst->place);
    if (!be_make_room(&reader->blocks, reader->block_count, &reader->block_room,
                      sizeof *reader->blocks))
      return -ENOMEM;
    reader->blocks[reader->block_count++] =
        (struct be_block){inst->place, inst->place + inst->lock,
                          !last || marks & BE_MARK_ENTERED ? BE_BLOCK_ENTERED : 0u};
  }
  return 0;
}

int be_code_scan(struct be_code_reader *reader, const struct be_function *function,
                 const uint32_t *entries, size_t entry_count) {
  reader->inst_count = reader->table_count = 0;
  reader->has_indirect = false;
  int status =
      be_code_decode(reader, function, &reader->insts, &reader->inst_count, &reader->inst_room);
  while (!status && reader->mark_room <= function->size)
    if (!be_make_room(&reader->marks, reader->mark_room, &reader->mark_room, 1))
      status = -ENOMEM;
  if (status)
    return status;
  memset(reader->marks, 0, function->size);
  for (size_t i = 0; i < reader->inst_count; i++)
    reader->marks[reader->insts[i].place - function->place] = BE_MARK_INST;
  mark_targets(reader, function, reader->insts, reader->inst_count, BE_MARK_LABEL);
  if (mark_from_related(reader, function))
    return -ENOMEM;
  mark_tables(reader, function);
  mark_symbols(reader, function);
  for (size_t i = 0; i < entry_count; i++)
    mark(reader, function, entries[i], BE_MARK_LABEL | BE_MARK_ENTERED);
  be_unwind_each_landing(reader->unwind, function, reader, mark_landing);
  return 0;
}

int be_code_read(struct be_code_reader *reader, const struct be_function *function,
                 const uint32_t *entries, size_t entry_count, struct be_blocks *blocks) {
  int status = be_code_scan(reader, function, entries, entry_count);
  if (!status)
    status = make_blocks(reader, function);
  *blocks = (struct be_blocks){reader->blocks, reader->block_count};
  return status;
}

int be_code_open(const struct be_binary *binary, struct be_code_reader **reader,
                 struct be_error *error) {
  struct be_code_reader *made = calloc(1, sizeof *made);
  if (made) {
    made->binary = binary;
    made->unwind = be_unwind_open(binary);
    if (made->unwind && !find_fragments(made)) {
      *reader = made;
      return 0;
    }
  }
  be_code_close(made);
  return be_error_set(error, -ENOMEM, "no memory to read the code of '%s'", binary->path);
}

void be_code_close(struct be_code_reader *reader) {
  if (!reader)
    return;
  be_unwind_close(reader->unwind);
  free(reader->fragments);
  free(reader->insts);
  free(reader->others);
  free(reader->tables);
  free(reader->marks);
  free(reader->blocks);
  free(reader);
}

/* lines.c - runs the line programs of DWARF 2 to 5. Files are not looked at: a place in a profile
 * is a line counted from the beginning of its function.
 */
#include "lines.h"
#include "binary/image.h"
#include "room.h"
#include <errno.h>
#include <stdlib.h>

enum standard_opcode {
  LINE_COPY = 1,
  LINE_ADVANCE_PC,
  LINE_ADVANCE_LINE,
  LINE_CONST_ADD_PC = 8,
  LINE_FIXED_ADVANCE_PC
};

enum extended_opcode { LINE_END_SEQUENCE = 1, LINE_SET_ADDRESS, LINE_SET_DISCRIMINATOR = 4 };

/* Units may share a program, but not all of them the longest. */
enum { TIMES_MAX = 64 };

struct sequence { /* rows of increasing addresses */
  uint32_t first, count;
};

struct program {
  const struct be_binary *binary;
  struct be_lines *lines;
  struct sequence *sequences;
  size_t sequence_count, sequence_room;
  size_t begin; /* of the sequence at hand: index of its first row */
  uint8_t min_length, line_range, opcode_base;
  int8_t line_base;
  uint8_t lengths[256]; /* of the standard opcodes: how many operands */
  uint64_t address;
  uint32_t line, discriminator;
};

static bool read_head(struct program *program, struct be_cursor *cursor) {
  unsigned offset_size = 4;
  uint64_t length = be_read32(cursor);
  if (length == UINT32_MAX) {
    length = be_read64(cursor);
    offset_size = 8;
  }
  if (cursor->is_bad || length > be_cursor_left(cursor))
    return false;
  cursor->end = cursor->at + length;
  uint16_t version = be_read16(cursor);
  if (version < 2 || version > 5)
    return false;
  if (version >= 5)
    be_cursor_take(cursor, 2); /* sizes of an address and a segment selector */
  uint64_t head = be_read_sized(cursor, offset_size);
  struct be_cursor inner = *cursor;
  if (!be_cursor_take(cursor, head) && head)
    return false;
  program->min_length = be_read8(&inner);
  be_cursor_take(&inner, version >= 4 ? 2 : 1); /* operations of an instruction; is_stmt */
  program->line_base = (int8_t)be_read8(&inner);
  program->line_range = be_read8(&inner);
  program->opcode_base = be_read8(&inner);
  for (unsigned i = 1; i < program->opcode_base; i++)
    program->lengths[i] = be_read8(&inner);
  return !inner.is_bad && program->line_range && program->opcode_base;
}

static int add_row(struct program *program, bool is_end) {
  struct be_lines *lines = program->lines;
  uint64_t place = program->address - program->binary->base;
  if (place > BE_PLACE_MAX)
    return 0;
  uint32_t line = is_end ? 0 : program->line;
  struct be_row *last = lines->count > program->begin ? &lines->at[lines->count - 1] : NULL;
  if (last && last->place == place) { /* it held for no instruction */
    *last = (struct be_row){(uint32_t)place, line, program->discriminator};
    return 0;
  }
  if (last && last->line == line && last->discriminator == program->discriminator &&
      last->place < place)
    return 0;
  if (!be_make_room(&lines->at, lines->count, &lines->room, sizeof *lines->at))
    return -ENOMEM;
  lines->at[lines->count++] = (struct be_row){(uint32_t)place, line, program->discriminator};
  return 0;
}

/* Linkers leave the lines of code they dropped, at addresses where there is no code. */
static bool is_code(const struct program *program, const struct be_row *row) {
  const struct be_section *section =
      be_image_section_at(program->binary->image, program->binary->base + row->place);
  return section && section->flags & SHF_EXECINSTR;
}

static int end_sequence(struct program *program) {
  struct be_lines *lines = program->lines;
  size_t count = lines->count - program->begin;
  if (!count || !is_code(program, &lines->at[program->begin])) {
    lines->count = program->begin;
    return 0;
  }
  if (!be_make_room(&program->sequences, program->sequence_count, &program->sequence_room,
                    sizeof *program->sequences))
    return -ENOMEM;
  program->sequences[program->sequence_count++] =
      (struct sequence){(uint32_t)program->begin, (uint32_t)count};
  program->begin = lines->count;
  return 0;
}

static void restart(struct program *program) {
  program->address = 0;
  program->line = 1;
  program->discriminator = 0;
}

static int run_extended(struct program *program, struct be_cursor *cursor) {
  uint64_t size = be_read_uleb(cursor);
  const uint8_t *at = be_cursor_take(cursor, size);
  if (!at || !size)
    return 0;
  struct be_cursor inner = {at + 1, at + size, false};
  int status = 0;
  switch (*at) {
  case LINE_END_SEQUENCE:
    status = add_row(program, true);
    if (!status)
      status = end_sequence(program);
    restart(program);
    break;
  case LINE_SET_ADDRESS:
    program->address = be_read_sized(&inner, (unsigned)(size - 1 < 8 ? size - 1 : 8));
    break;
  case LINE_SET_DISCRIMINATOR:
    program->discriminator = (uint32_t)be_read_uleb(&inner);
    break;
  default:
    break;
  }
  return status;
}

static int run_standard(struct program *program, struct be_cursor *cursor, uint8_t opcode) {
  int status = 0;
  switch (opcode) {
  case LINE_COPY:
    status = add_row(program, false);
    program->discriminator = 0;
    break;
  case LINE_ADVANCE_PC:
    program->address += be_read_uleb(cursor) * program->min_length;
    break;
  case LINE_ADVANCE_LINE:
    program->line += (uint32_t)be_read_sleb(cursor);
    break;
  case LINE_CONST_ADD_PC:
    program->address +=
        (uint64_t)((255 - program->opcode_base) / program->line_range) * program->min_length;
    break;
  case LINE_FIXED_ADVANCE_PC:
    program->address += be_read16(cursor);
    break;
  default:
    for (unsigned i = 0; i < program->lengths[opcode]; i++)
      be_read_uleb(cursor);
    break;
  }
  return status;
}

static int run_program(struct program *program, struct be_cursor *cursor) {
  int status = 0;
  restart(program);
  while (!status && !cursor->is_bad && be_cursor_left(cursor)) {
    uint8_t opcode = be_read8(cursor);
    if (opcode >= program->opcode_base) {
      unsigned special = (unsigned)opcode - program->opcode_base;
      program->address += (uint64_t)(special / program->line_range) * program->min_length;
      program->line += (uint32_t)(program->line_base + (int)(special % program->line_range));
      status = add_row(program, false);
      program->discriminator = 0;
    } else if (opcode) {
      status = run_standard(program, cursor, opcode);
    } else {
      status = run_extended(program, cursor);
    }
  }
  program->lines->count = program->begin; /* of a sequence that has no end */
  return status;
}

/* ---- the rows in order ------------------------------------------------------------------------
 */

static int order(const void *left, const void *right, void *rows) {
  const struct sequence *a = left, *b = right;
  const struct be_row *at = rows;
  if (at[a->first].place != at[b->first].place)
    return at[a->first].place < at[b->first].place ? -1 : 1;
  return (a->first > b->first) - (a->first < b->first);
}

static int sort_rows(struct program *program) {
  struct be_lines *lines = program->lines, sorted = {.bytes = lines->bytes};
  if (program->sequence_count)
    qsort_r(program->sequences, program->sequence_count, sizeof *program->sequences, order,
            lines->at);
  sorted.room = lines->count;
  sorted.at = malloc((lines->count + 1) * sizeof *sorted.at);
  if (!sorted.at)
    return -ENOMEM;
  for (size_t i = 0; i < program->sequence_count; i++) {
    const struct sequence *sequence = &program->sequences[i];
    for (size_t j = 0; j < sequence->count; j++) {
      const struct be_row *row = &lines->at[sequence->first + j];
      struct be_row *last = sorted.count ? &sorted.at[sorted.count - 1] : NULL;
      if (last && row->place == last->place)
        *last = *row;
      else if (!last || row->place > last->place)
        sorted.at[sorted.count++] = *row;
    }
  }
  free(lines->at);
  *lines = sorted;
  return 0;
}

int be_lines_read(const struct be_binary *binary, struct be_bytes section, uint64_t offset,
                  struct be_lines *lines) {
  struct program program = {.binary = binary, .lines = lines};
  struct be_cursor cursor = be_cursor_at(section, offset);
  lines->count = 0;
  bool is_good = lines->bytes / TIMES_MAX <= section.size && read_head(&program, &cursor);
  lines->bytes += is_good ? be_cursor_left(&cursor) : 0;
  int status = is_good ? run_program(&program, &cursor) : 0;
  if (!status)
    status = sort_rows(&program);
  free(program.sequences);
  return status;
}

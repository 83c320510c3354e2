/* gcov_read.c - reads GCC's profiles for -fauto-profile: what gcov.c writes. */
#include "readers.h"
#include "room.h"
#include <errno.h>

enum { TAG_NAMES = (int)0xaa000000, TAG_FUNCTIONS = (int)0xac000000, LINE_SHIFT = 16 };

struct gcov {
  struct be_source_reader *reader;
  struct be_cursor cursor;
  size_t name_room;
  uint32_t version;
  uint32_t above[BE_SOURCE_DEPTH_MAX + 1]; /* the instances that the one at hand is in */
  uint32_t left[BE_SOURCE_DEPTH_MAX + 1];  /* how many are still to come in each of them */
};

static int damaged(const struct gcov *gcov, const char *what) {
  const struct be_source_reader *reader = gcov->reader;
  return be_error_set(reader->error, -EINVAL, "'%s' %s at byte %zu", reader->path, what,
                      (size_t)(gcov->cursor.at - reader->bytes.at));
}

static int no_memory(const struct gcov *gcov) {
  return be_error_set(gcov->reader->error, -ENOMEM, "no memory to read '%s'", gcov->reader->path);
}

static uint64_t read_count(struct gcov *gcov) {
  uint64_t low = be_read32(&gcov->cursor);
  return low | (uint64_t)be_read32(&gcov->cursor) << 32;
}

static int read_names(struct gcov *gcov) {
  struct be_source_reader *reader = gcov->reader;
  if (be_read32(&gcov->cursor) != (uint32_t)TAG_NAMES)
    return damaged(gcov, "has no names");
  be_read32(&gcov->cursor);
  for (uint32_t count = be_read32(&gcov->cursor); count; count--) {
    uint64_t size = be_read32(&gcov->cursor) * (gcov->version == 1 ? UINT64_C(4) : 1);
    const uint8_t *at = be_cursor_take(&gcov->cursor, size);
    if (!at || !size)
      return damaged(gcov, "ends in its names");
    if (!be_make_room(&reader->names, reader->name_count, &gcov->name_room, sizeof *reader->names))
      return no_memory(gcov);
    uint32_t name =
        be_source_name(reader->source, (const char *)at, strnlen((const char *)at, size));
    if (name == BE_SOURCE_NONE)
      return no_memory(gcov);
    reader->names[reader->name_count++] = name;
  }
  return 0;
}

static int read_targets(struct gcov *gcov, uint32_t position, uint32_t count) {
  struct be_source_reader *reader = gcov->reader;
  for (; count; count--) {
    be_read32(&gcov->cursor); /* the kind: there is but one */
    uint64_t name = read_count(gcov), calls = read_count(gcov);
    if (gcov->cursor.is_bad || name >= reader->name_count)
      return damaged(gcov, "has a call of no function");
    if (be_reader_target(reader, position, reader->names[name], calls, true))
      return no_memory(gcov);
  }
  return 0;
}

static int read_positions(struct gcov *gcov, unsigned depth, uint32_t count) {
  struct be_source_reader *reader = gcov->reader;
  struct be_line_read last = {0};
  int status = 0;
  for (; count && !status; count--) {
    uint32_t place = be_read32(&gcov->cursor), targets = be_read32(&gcov->cursor);
    uint64_t times = read_count(gcov);
    if (gcov->cursor.is_bad)
      return damaged(gcov, "ends");
    uint32_t position = be_reader_position(reader, gcov->above[depth], place >> LINE_SHIFT,
                                           place & 0xffff, times, &last);
    if (position == BE_SOURCE_NONE)
      return no_memory(gcov);
    for (unsigned i = 0; i <= depth; i++)
      be_reader_add(&reader->source->instances[gcov->above[i]].total, times);
    status = read_targets(gcov, position, targets);
  }
  return status;
}

/* Reads an instance up to those that are inlined in it. */
static int read_instance(struct gcov *gcov, unsigned depth) {
  struct be_source_reader *reader = gcov->reader;
  uint32_t place = depth ? be_read32(&gcov->cursor) : 0;
  uint64_t head = depth ? 0 : read_count(gcov);
  uint32_t name = be_read32(&gcov->cursor), positions = be_read32(&gcov->cursor);
  gcov->left[depth] = be_read32(&gcov->cursor);
  if (gcov->cursor.is_bad || name >= reader->name_count)
    return damaged(gcov, gcov->cursor.is_bad ? "ends" : "has a function without a name");
  gcov->above[depth] =
      be_reader_instance(reader, depth ? gcov->above[depth - 1] : (uint32_t)BE_SOURCE_NONE,
                         place >> LINE_SHIFT, place & 0xffff, reader->names[name]);
  if (gcov->above[depth] == BE_SOURCE_NONE)
    return no_memory(gcov);
  be_reader_add(&reader->source->instances[gcov->above[depth]].head, head);
  return read_positions(gcov, depth, positions);
}

/* A function, and what is inlined in it, however deep. */
static int read_function(struct gcov *gcov) {
  unsigned depth = 0;
  int status = read_instance(gcov, 0);
  while (!status) {
    while (!gcov->left[depth]) {
      if (depth-- == 0)
        return 0;
    }
    gcov->left[depth]--;
    if (++depth > BE_SOURCE_DEPTH_MAX)
      return damaged(gcov, "is inlined too deep");
    status = read_instance(gcov, depth);
  }
  return status;
}

int be_gcov_read(struct be_source_reader *reader) {
  struct gcov gcov = {.reader = reader, .cursor = be_cursor_at(reader->bytes, 4)};
  gcov.version = be_read32(&gcov.cursor);
  be_read32(&gcov.cursor);
  if (gcov.version != 1 && gcov.version != 2)
    return be_error_set(reader->error, -EINVAL,
                        "'%s' is of version %u: those of GCC up to 15 (1 and 2) are read",
                        reader->path, gcov.version);
  int status = read_names(&gcov);
  if (!status && be_read32(&gcov.cursor) != (uint32_t)TAG_FUNCTIONS)
    status = damaged(&gcov, "has no functions");
  be_read32(&gcov.cursor);
  for (uint32_t count = be_read32(&gcov.cursor); count && !status; count--)
    status = read_function(&gcov);
  return status;
}

/* llvmtext_read.c - reads LLVM's sample profiles as text: what llvmtext.c writes. */
#include "readers.h"
#include <errno.h>

struct text {
  struct be_source_reader *reader;
  size_t number;                           /* of the line */
  uint32_t above[BE_SOURCE_DEPTH_MAX + 1]; /* the instances that the line may be in */
  struct be_line_read last[BE_SOURCE_DEPTH_MAX + 1];
  unsigned depth; /* of the last instance */
  bool has_function;
};

static int damaged(const struct text *text, const char *what) {
  return be_error_set(text->reader->error, -EINVAL, "'%s' %s in line %zu", text->reader->path, what,
                      text->number);
}

static int no_memory(const struct text *text) {
  return be_error_set(text->reader->error, -ENOMEM, "no memory to read '%s'", text->reader->path);
}

/* A decimal number at the cursor; false when there is none. */
static bool read_number(struct be_cursor *cursor, uint64_t *number) {
  const uint8_t *begin = cursor->at;
  *number = 0;
  for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++)
    if (__builtin_mul_overflow(*number, UINT64_C(10), number) ||
        __builtin_add_overflow(*number, (uint64_t)(*cursor->at - '0'), number))
      return false;
  return cursor->at > begin;
}

static bool read_char(struct be_cursor *cursor, char wanted) {
  if (cursor->at == cursor->end || *cursor->at != (uint8_t)wanted)
    return false;
  cursor->at++;
  return true;
}

/* NAME:COUNT at the end of a field; takes them off it. */
static bool take_count(struct be_cursor *field, uint64_t *count) {
  const uint8_t *at = field->end;
  while (at > field->at && at[-1] != ':')
    at--;
  struct be_cursor number = {at, field->end, false};
  if (at == field->at || !read_number(&number, count) || number.at != number.end)
    return false;
  field->end = at - 1;
  return true;
}

static uint32_t name_of(const struct text *text, const struct be_cursor *field) {
  return be_source_name(text->reader->source, (const char *)field->at, be_cursor_left(field));
}

static int begin_instance(struct text *text, unsigned depth, uint64_t line, uint64_t discriminator,
                          struct be_cursor *field) {
  struct be_source_reader *reader = text->reader;
  uint64_t head = 0, total;
  if ((depth == 0 && !take_count(field, &head)) || !take_count(field, &total))
    return damaged(text, "has a function without counts");
  uint32_t name = name_of(text, field);
  uint32_t instance =
      name == BE_SOURCE_NONE
          ? name
          : be_reader_instance(reader, depth ? text->above[depth - 1] : (uint32_t)BE_SOURCE_NONE,
                               line, discriminator, name);
  if (instance == BE_SOURCE_NONE)
    return no_memory(text);
  be_reader_add(&reader->source->instances[instance].head, head);
  be_reader_add(&reader->source->instances[instance].total, total);
  text->above[depth] = instance;
  text->last[depth] = (struct be_line_read){0};
  text->depth = depth;
  text->has_function = true;
  return 0;
}

/* The targets of calls behind a count: NAME:COUNT, blanks between them. */
static int read_targets(struct text *text, uint32_t position, struct be_cursor *cursor) {
  while (read_char(cursor, ' ')) {
    struct be_cursor field = *cursor;
    uint64_t calls;
    while (cursor->at < cursor->end && *cursor->at != ' ')
      cursor->at++;
    field.end = cursor->at;
    if (!take_count(&field, &calls))
      return damaged(text, "has a target without a count");
    uint32_t name = name_of(text, &field);
    if (name == BE_SOURCE_NONE || be_reader_target(text->reader, position, name, calls, true))
      return no_memory(text);
  }
  return cursor->at == cursor->end ? 0 : damaged(text, "has something behind the counts");
}

/* OFFSET[.DISCRIMINATOR]: and what is there. */
static int read_place(struct text *text, unsigned indent, struct be_cursor *cursor) {
  uint64_t line, discriminator = 0, count;
  if (*cursor->at == '!') /* what LLVM notes of a function: nothing that counts */
    return 0;
  if (!text->has_function || indent > text->depth + 1 || !read_number(cursor, &line) ||
      (read_char(cursor, '.') && !read_number(cursor, &discriminator)) || !read_char(cursor, ':') ||
      !read_char(cursor, ' ') || cursor->at == cursor->end)
    return damaged(text, "has no position");
  struct be_cursor number = *cursor;
  if (!read_number(&number, &count) || (number.at < number.end && *number.at != ' '))
    return indent > BE_SOURCE_DEPTH_MAX ? damaged(text, "is inlined too deep")
                                        : begin_instance(text, indent, line, discriminator, cursor);
  text->depth = indent - 1;
  uint32_t position = be_reader_position(text->reader, text->above[indent - 1], line, discriminator,
                                         count, &text->last[indent - 1]);
  return position == BE_SOURCE_NONE ? no_memory(text) : read_targets(text, position, &number);
}

int be_llvmtext_read(struct be_source_reader *reader) {
  struct text text = {.reader = reader};
  const uint8_t *at = reader->bytes.at, *end = at + reader->bytes.size;
  int status = 0;
  while (at < end && !status) {
    const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
    struct be_cursor cursor = {at, stop ? stop : end, false};
    unsigned indent = 0;
    text.number++;
    while (indent <= BE_SOURCE_DEPTH_MAX && read_char(&cursor, ' '))
      indent++;
    if (cursor.at < cursor.end && *cursor.at != '#')
      status =
          indent ? read_place(&text, indent, &cursor) : begin_instance(&text, 0, 0, 0, &cursor);
    at = stop ? stop + 1 : end;
  }
  return status;
}

/* llvm_read.c - reads LLVM's sample profiles in their extensible binary form. */
#include "readers.h"
#include "room.h"
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

enum { NAMES = 2, FUNCTIONS = 32, MAGIC_SIZE = 9, VERSION = 103, RATIO_MAX = 1100 };
enum { FLAG_COMPRESSED = 1 };
static const uint64_t flag_hashes = 3ull << 32; /* names are not there, but numbers made of them */

struct llvm {
  struct be_source_reader *reader;
  struct be_cursor cursor; /* in the section at hand */
  size_t name_room;
  uint32_t above[BE_SOURCE_DEPTH_MAX + 1]; /* the instances that the one at hand is in */
  uint64_t left[BE_SOURCE_DEPTH_MAX + 1];  /* how many are still to come in each of them */
};

static int damaged(const struct llvm *llvm, const char *what) {
  return be_error_set(llvm->reader->error, -EINVAL, "'%s' is damaged: %s", llvm->reader->path,
                      what);
}

static int no_memory(const struct llvm *llvm) {
  return be_error_set(llvm->reader->error, -ENOMEM, "no memory to read '%s'", llvm->reader->path);
}

static int read_names(struct llvm *llvm) {
  struct be_source_reader *reader = llvm->reader;
  for (uint64_t count = be_read_uleb(&llvm->cursor); count; count--) {
    const char *text = be_read_text(&llvm->cursor);
    if (!text)
      return damaged(llvm, "its names end early");
    if (!be_make_room(&reader->names, reader->name_count, &llvm->name_room, sizeof *reader->names))
      return no_memory(llvm);
    uint32_t name = be_source_name(reader->source, text, strlen(text));
    if (name == BE_SOURCE_NONE)
      return no_memory(llvm);
    reader->names[reader->name_count++] = name;
  }
  return 0;
}

/* The profile's index of a name; BE_SOURCE_NONE when the file has no such name. */
static uint32_t read_name(struct llvm *llvm) {
  uint64_t index = be_read_uleb(&llvm->cursor);
  return !llvm->cursor.is_bad && index < llvm->reader->name_count ? llvm->reader->names[index]
                                                                  : (uint32_t)BE_SOURCE_NONE;
}

static int read_position(struct llvm *llvm, uint32_t instance, struct be_line_read *last) {
  uint64_t line = be_read_uleb(&llvm->cursor), discriminator = be_read_uleb(&llvm->cursor),
           count = be_read_uleb(&llvm->cursor), targets = be_read_uleb(&llvm->cursor);
  if (llvm->cursor.is_bad)
    return damaged(llvm, "its functions end early");
  uint32_t position = be_reader_position(llvm->reader, instance, line, discriminator, count, last);
  if (position == BE_SOURCE_NONE)
    return no_memory(llvm);
  for (; targets; targets--) {
    uint32_t name = read_name(llvm);
    uint64_t calls = be_read_uleb(&llvm->cursor);
    if (name == BE_SOURCE_NONE)
      return damaged(llvm, "a call is of no function");
    if (be_reader_target(llvm->reader, position, name, calls, true))
      return no_memory(llvm);
  }
  return 0;
}

/* Reads an instance up to those that are inlined in it. */
static int read_instance(struct llvm *llvm, unsigned depth) {
  struct be_source_reader *reader = llvm->reader;
  struct be_line_read last = {0};
  uint64_t line = depth ? be_read_uleb(&llvm->cursor) : 0,
           discriminator = depth ? be_read_uleb(&llvm->cursor) : 0,
           head = depth ? 0 : be_read_uleb(&llvm->cursor);
  uint32_t name = read_name(llvm);
  int status = 0;
  if (name == BE_SOURCE_NONE)
    return damaged(llvm, "a function has no name");
  uint32_t instance = be_reader_instance(
      reader, depth ? llvm->above[depth - 1] : (uint32_t)BE_SOURCE_NONE, line, discriminator, name);
  if (instance == BE_SOURCE_NONE)
    return no_memory(llvm);
  llvm->above[depth] = instance;
  be_reader_add(&reader->source->instances[instance].head, head);
  be_reader_add(&reader->source->instances[instance].total, be_read_uleb(&llvm->cursor));
  for (uint64_t count = be_read_uleb(&llvm->cursor); count && !status; count--)
    status = read_position(llvm, instance, &last);
  llvm->left[depth] = be_read_uleb(&llvm->cursor);
  return status;
}

static int read_functions(struct llvm *llvm) {
  int status = 0;
  while (!status && be_cursor_left(&llvm->cursor)) {
    unsigned depth = 0;
    status = read_instance(llvm, 0);
    while (!status && (llvm->left[depth] || depth)) {
      if (!llvm->left[depth]) {
        depth--;
        continue;
      }
      llvm->left[depth]--;
      if (++depth > BE_SOURCE_DEPTH_MAX)
        return damaged(llvm, "a function is inlined too deep");
      status = read_instance(llvm, depth);
    }
  }
  return status;
}

/* The bytes of a compressed section, owned; NULL when they cannot be had. */
static uint8_t *inflate_section(struct llvm *llvm) {
  uint64_t size = be_read_uleb(&llvm->cursor), packed = be_read_uleb(&llvm->cursor);
  const uint8_t *from = be_cursor_take(&llvm->cursor, packed);
  uint8_t *bytes = from && size <= packed * RATIO_MAX ? malloc(size + 1) : NULL;
  uLongf made = size;
  if (bytes && (uncompress(bytes, &made, from, packed) != Z_OK || made != size)) {
    free(bytes);
    bytes = NULL;
  }
  llvm->cursor = (struct be_cursor){bytes, bytes ? bytes + size : NULL, !bytes};
  return bytes;
}

struct section {
  uint64_t type, flags, offset, size;
};

static int read_section(struct llvm *llvm, const struct section *section) {
  struct be_bytes bytes = llvm->reader->bytes;
  uint8_t *owned = NULL;
  int status = 0;
  if (section->offset > bytes.size || section->size > bytes.size - section->offset)
    return damaged(llvm, "it ends before a section does");
  const uint8_t *at = bytes.at + section->offset;
  llvm->cursor = (struct be_cursor){at, at + section->size, false};
  if (section->type == NAMES && section->flags & flag_hashes)
    return be_error_set(llvm->reader->error, -EINVAL,
                        "'%s' has hashes (MD5) for names: they cannot be undone",
                        llvm->reader->path);
  if (section->flags & FLAG_COMPRESSED && section->size)
    owned = inflate_section(llvm);
  if (llvm->cursor.is_bad)
    status = damaged(llvm, "a section cannot be decompressed");
  else
    status = section->type == NAMES ? read_names(llvm) : read_functions(llvm);
  free(owned);
  return status;
}

int be_llvm_read(struct be_source_reader *reader) {
  struct llvm llvm = {.reader = reader};
  struct be_cursor head = be_cursor_at(reader->bytes, MAGIC_SIZE);
  struct section section;
  int status = 0;
  if (be_read_uleb(&head) != VERSION)
    return damaged(&llvm, "its version is not 103");
  for (uint64_t count = be_read64(&head); count && !status; count--) {
    section.type = be_read64(&head);
    section.flags = be_read64(&head);
    section.offset = be_read64(&head);
    section.size = be_read64(&head);
    if (head.is_bad)
      return damaged(&llvm, "its table of sections ends early");
    if (section.type == NAMES || section.type == FUNCTIONS)
      status = read_section(&llvm, &section);
  }
  return status;
}

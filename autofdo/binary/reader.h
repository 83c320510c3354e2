/* reader.h - the code of one function as it is read: its instructions, and what leads to them. */
#ifndef BACKEDGE_BINARY_READER_H
#define BACKEDGE_BINARY_READER_H

#include "backedge/profile/code.h"
#include "image.h"
#include "unwind.h"

enum be_mark {
  BE_MARK_INST = 1 << 0,    /* an instruction begins here */
  BE_MARK_LABEL = 1 << 1,   /* something leads here */
  BE_MARK_ENTERED = 1 << 2, /* from outside the function, or by an exception */
  BE_MARK_SYMBOL = 1 << 3,  /* a symbol stands here */
  BE_MARK_LANDING = 1 << 4, /* exceptions land here */
};

struct be_code_inst {
  uint32_t place;
  uint32_t target; /* BE_PLACE_OUTSIDE: none in the binary */
  uint8_t length, kind;
  uint8_t lock; /* bytes of a lock prefix: BOLT takes it for an instruction of its own */
};

struct be_code_table { /* of jumps */
  uint64_t address;
  uint32_t place; /* of the instruction that names it */
  uint8_t reg;    /* that its address is loaded to, when the size is 4 */
  uint8_t entry_size;
};

struct be_code_reader {
  const struct be_binary *binary;
  struct be_unwind *unwind;
  const struct be_function **fragments; /* and functions that have some; by stem of their name */
  size_t fragment_count;
  struct be_code_inst *insts; /* of the function at hand */
  size_t inst_count, inst_room;
  struct be_code_inst *others; /* of those it is looked at with */
  size_t other_count, other_room;
  struct be_code_table *tables;
  size_t table_count, table_room;
  bool has_indirect;
  uint8_t *marks; /* one for each byte of the function */
  size_t mark_room;
  struct be_block *blocks;
  size_t block_count, block_room;
};

/* Decodes a function and marks what leads where: all of be_code_read but the blocks. */
int be_code_scan(struct be_code_reader *reader, const struct be_function *function,
                 const uint32_t *entries, size_t entry_count);

/* The index of the first of reader->fragments that shares a function's stem; their end is where
 * be_code_is_related says no. */
size_t be_code_first_related(const struct be_code_reader *reader,
                             const struct be_function *function);
bool be_code_is_related(const struct be_function *a, const struct be_function *b);

/* Appends a function's instructions to an array. */
int be_code_decode(struct be_code_reader *reader, const struct be_function *function,
                   struct be_code_inst **insts, size_t *count, size_t *room);

static inline uint32_t be_code_place(const struct be_binary *binary, uint64_t address) {
  uint64_t place = address - binary->base;
  return place <= BE_PLACE_MAX ? (uint32_t)place : (uint32_t)BE_PLACE_OUTSIDE;
}

#endif

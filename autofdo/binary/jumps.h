/* jumps.h - where indirect jumps lead: through which table, and what stands in it. */
#ifndef BACKEDGE_BINARY_JUMPS_H
#define BACKEDGE_BINARY_JUMPS_H

#include "reader.h"

struct be_word;

/* Addresses that the dynamic linker writes, as it will write them in an unmoved file. */
struct be_words {
  const struct be_binary *binary;
  struct be_word *at; /* sorted by address */
  size_t count;
};

int be_words_init(struct be_words *words, const struct be_binary *binary); /* 0 or -ENOMEM */
void be_words_destroy(struct be_words *words);

/* What will stand in the 8 bytes at an address; 0 when that is not known. */
uint64_t be_words_get(const struct be_words *words, uint64_t address);

struct be_jump_table {
  uint64_t address;
  uint64_t base;  /* that entries of 4 bytes count from */
  uint64_t bound; /* entries at most */
  uint8_t entry_size;
};

/* The tables that the indirect jump insts[index] of the function at hand may go through: the one
 * that its code names; else, when it goes through one, all that the function has. Returns how
 * many. */
size_t be_jump_find_tables(const struct be_code_reader *reader, size_t index,
                           struct be_jump_table *tables, size_t table_max);

/* An entry's place; BE_PLACE_OUTSIDE when there is none. */
uint32_t be_jump_table_entry(const struct be_jump_table *table, const struct be_words *words,
                             uint64_t index);

#endif

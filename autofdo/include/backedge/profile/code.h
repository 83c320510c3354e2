/* code.h - the basic blocks of a function, as far as straight runs through it need them.
 *
 * A block begins where code can be entered, or behind a jump, and ends before the next one begins.
 * A call ends none. The boundaries are those that BOLT finds: an unconditional jump behind a
 * conditional one, with nothing leading to it, belongs to the same block.
 */
#ifndef BACKEDGE_PROFILE_CODE_H
#define BACKEDGE_PROFILE_CODE_H

#include "backedge/profile/binary.h"

enum be_block_flag {
  BE_BLOCK_FALLS = 1 << 0,   /* its end leads on to the next block */
  BE_BLOCK_CALLS = 1 << 1,   /* its last instruction is a call */
  BE_BLOCK_ENTERED = 1 << 2, /* may be entered from outside the function, or by an exception */
};

struct be_block {
  uint32_t place;
  uint32_t last; /* place of its last instruction */
  uint32_t flags;
};

struct be_blocks {
  struct be_block *at; /* sorted; owned by the reader, valid until the next be_code_read */
  size_t count;
};

struct be_code_reader;

/* The binary must outlive the reader. */
int be_code_open(const struct be_binary *binary, struct be_code_reader **reader,
                 struct be_error *error);
void be_code_close(struct be_code_reader *reader);

/* The blocks of a function. `entries` are places in it that code elsewhere is known to jump to.
 * -EILSEQ when there are bytes in it that are no instructions, or no bytes; -ENOMEM. */
int be_code_read(struct be_code_reader *reader, const struct be_function *function,
                 const uint32_t *entries, size_t entry_count, struct be_blocks *blocks);

enum be_branch_kind { BE_BRANCH_OTHER, BE_BRANCH_DIRECT, BE_BRANCH_RETURN };

/* What kind of branch stands at a place; BE_BRANCH_DIRECT is a jump, not a call. */
enum be_branch_kind be_code_branch_kind(const struct be_binary *binary, uint32_t place);

#endif

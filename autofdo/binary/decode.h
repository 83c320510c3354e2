/* decode.h - one instruction, as much of it as finding blocks needs. */
#ifndef BACKEDGE_BINARY_DECODE_H
#define BACKEDGE_BINARY_DECODE_H

#include <stddef.h>
#include <stdint.h>

enum be_inst_kind {
  BE_INST_PLAIN,
  BE_INST_JUMP,          /* always */
  BE_INST_JUMP_IF,       /* or goes on */
  BE_INST_JUMP_INDIRECT, /* through a register or memory */
  BE_INST_CALL,          /* direct */
  BE_INST_CALL_INDIRECT,
  BE_INST_RETURN,
  BE_INST_STOP /* a trap: what follows is reached in another way */
};

struct be_inst {
  uint8_t length; /* in bytes */
  uint8_t lock;   /* 1: begins with a lock prefix */
  uint8_t kind;
  uint8_t entry_size; /* of the table that data may be: 4 relative to it, 8 addresses; 0: none */
  uint8_t data_reg;   /* where its address is loaded to, by number, when the size is 4 */
  uint64_t target;    /* of a direct jump or call */
  uint64_t data;      /* address of data that may be a table of jumps */
};

/* Decodes what stands at code, of which size bytes may be read. 0 when it is no instruction. */
size_t be_decode(const uint8_t *code, size_t size, uint64_t address, struct be_inst *inst);

#endif

/* decode.c - instructions: what the runtime's decoder says, as far as blocks need it. */
#include "decode.h"
#include "backedge/profile/code.h"
#include "x86/decode.h"

static enum be_inst_kind kind_of(const struct be_x86_inst *inst) {
  enum { HLT = 0xf4, UD2 = 0x0b };
  switch (inst->kind) {
  case BE_X86_JUMP:
    return BE_INST_JUMP;
  case BE_X86_JUMP_IF:
  case BE_X86_JUMP_COUNT:
    return BE_INST_JUMP_IF;
  case BE_X86_JUMP_INDIRECT:
  case BE_X86_JUMP_FAR:
    return BE_INST_JUMP_INDIRECT;
  case BE_X86_CALL:
    return BE_INST_CALL;
  case BE_X86_CALL_INDIRECT:
  case BE_X86_CALL_FAR:
    return BE_INST_CALL_INDIRECT;
  case BE_X86_RETURN:
  case BE_X86_RETURN_FAR:
    return BE_INST_RETURN;
  case BE_X86_TRAP: /* a debugger's traps go on */
    return (inst->map == 0 && inst->opcode == HLT) || (inst->map == 1 && inst->opcode == UD2)
               ? BE_INST_STOP
               : BE_INST_PLAIN;
  default:
    return BE_INST_PLAIN;
  }
}

/* lea table(%rip), and what loads from, or jumps through, a table at a fixed address. */
static void find_data(const struct be_x86_inst *from, struct be_inst *inst) {
  enum { LEA = 0x8d, MOV = 0x8b, GROUP5 = 0xff };
  if (from->map != 0 || from->space != BE_X86_LEGACY)
    return;
  if (from->opcode == LEA && from->flags & BE_X86_RELATIVE) {
    inst->data = from->memory_address;
    inst->data_reg = from->reg;
    inst->entry_size = 4;
  } else if ((from->opcode == MOV || from->opcode == GROUP5) && from->memory_base == BE_X86_NONE &&
             from->memory_index != BE_X86_NONE && from->memory_scale == 8) {
    inst->data = (uint64_t)from->displacement;
    inst->entry_size = 8;
  }
}

size_t be_decode(const uint8_t *code, size_t size, uint64_t address, struct be_inst *inst) {
  struct be_x86_inst from;
  if (!be_x86_decode(code, size, address, &from))
    return 0;
  *inst = (struct be_inst){
      .length = from.length,
      .lock = !!(from.prefixes & BE_X86_PREFIX_LOCK),
      .kind = (uint8_t)kind_of(&from),
      .target = from.kind == BE_X86_XBEGIN ? 0 : from.target,
  };
  find_data(&from, inst);
  return inst->length;
}

enum be_branch_kind be_code_branch_kind(const struct be_binary *binary, uint32_t place) {
  struct be_inst inst;
  size_t size = 0;
  const uint8_t *code = be_binary_bytes(binary, place, &size);
  if (!code || !be_decode(code, size, binary->base + place, &inst))
    return BE_BRANCH_OTHER;
  return inst.kind == BE_INST_RETURN                                 ? BE_BRANCH_RETURN
         : inst.kind == BE_INST_JUMP || inst.kind == BE_INST_JUMP_IF ? BE_BRANCH_DIRECT
                                                                     : BE_BRANCH_OTHER;
}

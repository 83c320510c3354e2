/* decode.c - instructions: Capstone finds where they end, their bytes say where they lead. */
#include "decode.h"
#include "backedge/profile/code.h"
#include <capstone/capstone.h>
#include <stdlib.h>
#include <string.h>

struct be_decoder {
  csh handle;
  cs_insn *inst;
};

struct be_decoder *be_decoder_create(void) {
  struct be_decoder *decoder = calloc(1, sizeof *decoder);
  if (decoder && cs_open(CS_ARCH_X86, CS_MODE_64, &decoder->handle) == CS_ERR_OK &&
      (decoder->inst = cs_malloc(decoder->handle)))
    return decoder;
  be_decoder_destroy(decoder);
  return NULL;
}

void be_decoder_destroy(struct be_decoder *decoder) {
  if (!decoder)
    return;
  if (decoder->inst)
    cs_free(decoder->inst, 1);
  if (decoder->handle)
    cs_close(&decoder->handle);
  free(decoder);
}

/* How many bytes of legacy prefixes there are. */
static size_t prefixes(const uint8_t *code, size_t size) {
  static const uint8_t all[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3};
  size_t count = 0;
  while (count < size && memchr(all, code[count], sizeof all))
    count++;
  return count;
}

static uint64_t relative(const uint8_t *field, size_t field_size, uint64_t end) {
  int8_t near;
  int32_t far;
  if (field_size == 1)
    memcpy(&near, field, 1);
  else
    memcpy(&far, field, 4);
  return end + (uint64_t)(field_size == 1 ? (int64_t)near : (int64_t)far);
}

/* lea table(%rip), and what loads from, or jumps through, a table at a fixed address. */
static void find_data(const uint8_t *op, const uint8_t *end, uint64_t next, struct be_inst *inst) {
  enum { LEA = 0x8d, MOV = 0x8b, GROUP5 = 0xff, SIB = 4, SIB_8_WITHOUT_BASE = 0xc5 };
  if (end - op >= 6 && op[0] == LEA && (op[1] & 0xc7) == 5) {
    inst->data = relative(op + 2, 4, next);
    inst->entry_size = 4;
  } else if (end - op >= 7 && (op[0] == MOV || op[0] == GROUP5) && (op[1] & 0xc7) == SIB &&
             (op[2] & 0xc7) == SIB_8_WITHOUT_BASE) {
    inst->data = relative(op + 3, 4, 0);
    inst->entry_size = 8;
  }
}

static void classify_indirect(uint8_t modrm, struct be_inst *inst) {
  unsigned member = modrm >> 3 & 7;
  if (member == 2 || member == 3)
    inst->kind = BE_INST_CALL_INDIRECT;
  else if (member == 4 || member == 5)
    inst->kind = BE_INST_JUMP_INDIRECT;
}

/* The instruction has inst->length bytes. */
static void classify(const uint8_t *code, uint64_t address, struct be_inst *inst) {
  const uint8_t *end = code + inst->length, *op = code + prefixes(code, inst->length);
  uint64_t next = address + inst->length;
  if (op < end && (*op & 0xf0) == 0x40) /* REX */
    op++;
  if (op == end)
    return;
  if ((op[0] & 0xf0) == 0x70 || (op[0] >= 0xe0 && op[0] <= 0xe3)) {
    inst->kind = BE_INST_JUMP_IF;
    inst->target = relative(end - 1, 1, next);
  } else if (op[0] == 0xeb) {
    inst->kind = BE_INST_JUMP;
    inst->target = relative(end - 1, 1, next);
  } else if ((op[0] == 0xe9 || op[0] == 0xe8) && end - op == 5) {
    inst->kind = op[0] == 0xe9 ? BE_INST_JUMP : BE_INST_CALL;
    inst->target = relative(op + 1, 4, next);
  } else if (op[0] == 0x0f && end - op == 6 && (op[1] & 0xf0) == 0x80) {
    inst->kind = BE_INST_JUMP_IF;
    inst->target = relative(op + 2, 4, next);
  } else if (op[0] == 0xc2 || op[0] == 0xc3 || op[0] == 0xca || op[0] == 0xcb || op[0] == 0xcf) {
    inst->kind = BE_INST_RETURN;
  } else if (op[0] == 0xf4 || (op[0] == 0x0f && end - op >= 2 && op[1] == 0x0b)) {
    inst->kind = BE_INST_STOP;
  } else if (op[0] == 0xff && end - op >= 2) {
    classify_indirect(op[1], inst);
  }
  find_data(op, end, next, inst);
}

size_t be_decode(struct be_decoder *decoder, const uint8_t *code, size_t size, uint64_t address,
                 struct be_inst *inst) {
  const uint8_t *at = code;
  uint64_t next = address;
  if (!cs_disasm_iter(decoder->handle, &at, &size, &next, decoder->inst))
    return 0;
  *inst = (struct be_inst){
      .length = (uint8_t)(at - code), .kind = BE_INST_PLAIN, .lock = *code == 0xf0};
  classify(code, address, inst);
  return inst->length;
}

enum be_branch_kind be_code_branch_kind(const struct be_binary *binary, uint32_t place) {
  size_t size;
  const uint8_t *code = be_binary_bytes(binary, place, &size);
  if (!code)
    return BE_BRANCH_OTHER;
  size_t at = prefixes(code, size);
  if (at >= size)
    return BE_BRANCH_OTHER;
  uint8_t op = code[at];
  if (op == 0xc2 || op == 0xc3 || op == 0xca || op == 0xcb || op == 0xcf)
    return BE_BRANCH_RETURN;
  if ((op & 0xf0) == 0x70 || op == 0xeb || op == 0xe9 || (op >= 0xe0 && op <= 0xe3) ||
      (op == 0x0f && at + 1 < size && (code[at + 1] & 0xf0) == 0x80))
    return BE_BRANCH_DIRECT;
  return BE_BRANCH_OTHER;
}

/* ir.c - the context, the vocabulary, and the verifier of the backedge ops. */
#include "backedge/ir.h"
#include "internal.h"
#include "mlir-c/Support.h"
#include <stdlib.h>
#include <string.h>

static const char *const opcode_names[BE_OP_COUNT] = {
    [BE_OP_OTHER] = "?",
#define BE_OPCODE(ENUM, NAME, EFFECTS) [BE_OP_##ENUM] = NAME,
#include "backedge/ops.def"
};

struct be_opcode_slot {
  const void *name; /* the MlirIdentifier */
  enum be_opcode code;
};
enum { OPCODE_SLOTS = 512 }; /* a power of two, at least twice BE_OP_COUNT */

static size_t slot_of(const void *name) {
  uintptr_t key = (uintptr_t)name;
  return ((key >> 4) ^ (key >> 13)) & (OPCODE_SLOTS - 1);
}

const char *be_opcode_name(enum be_opcode code) { return opcode_names[code]; }

static MlirIdentifier identifier(MlirContext ctx, const char *name) {
  return mlirIdentifierGet(ctx, mlirStringRefCreateFromCString(name));
}

static void index_opcodes(struct be_ir *ir) {
  _Static_assert(OPCODE_SLOTS >= 2 * BE_OP_COUNT, "the opcode table is too small");
  ir->opcodes = be_calloc(OPCODE_SLOTS, sizeof *ir->opcodes);
  for (int code = BE_OP_OTHER + 1; code < BE_OP_COUNT; code++) {
    const void *name = identifier(ir->ctx, opcode_names[code]).ptr;
    size_t i = slot_of(name);
    while (ir->opcodes[i].name)
      i = (i + 1) & (OPCODE_SLOTS - 1);
    ir->opcodes[i] = (struct be_opcode_slot){name, (enum be_opcode)code};
  }
}

enum be_opcode be_op_code(const struct be_ir *ir, MlirOperation op) {
  const void *name = mlirOperationGetName(op).ptr;
  for (size_t i = slot_of(name); ir->opcodes[i].name; i = (i + 1) & (OPCODE_SLOTS - 1))
    if (ir->opcodes[i].name == name)
      return ir->opcodes[i].code;
  return BE_OP_OTHER;
}

static void make_attributes(struct be_ir *ir) {
  static const char *const overflow[4] = {"none", "nsw", "nuw", "nsw, nuw"};
  for (int i = 0; i < 4; i++) {
    char text[64];
    snprintf(text, sizeof text, "#llvm.overflow<%s>", overflow[i]);
    ir->overflow[i] = mlirAttributeParseGet(ir->ctx, mlirStringRefCreateFromCString(text));
  }
  ir->unit = mlirUnitAttrGet(ir->ctx);
  ir->name_id = identifier(ir->ctx, BE_ATTR_ID);
  ir->name_access = identifier(ir->ctx, BE_ATTR_ACCESS);
  ir->name_count = identifier(ir->ctx, BE_ATTR_COUNT);
  ir->name_alias = identifier(ir->ctx, BE_ATTR_ALIAS);
}

int be_ir_create(struct be_ir *ir) {
  memset(ir, 0, sizeof *ir);
  ir->ctx = mlirContextCreateWithThreading(false);
  mlirContextSetAllowUnregisteredDialects(ir->ctx, true);
  mlirDialectHandleLoadDialect(mlirGetDialectHandle__llvm__(), ir->ctx);
  ir->unknown_loc = mlirLocationUnknownGet(ir->ctx);
  ir->i1 = mlirIntegerTypeGet(ir->ctx, 1);
  ir->i8 = mlirIntegerTypeGet(ir->ctx, 8);
  ir->i16 = mlirIntegerTypeGet(ir->ctx, 16);
  ir->i32 = mlirIntegerTypeGet(ir->ctx, 32);
  ir->i64 = mlirIntegerTypeGet(ir->ctx, 64);
  ir->f32 = mlirF32TypeGet(ir->ctx);
  ir->f64 = mlirF64TypeGet(ir->ctx);
  ir->ptr = mlirLLVMPointerTypeGet(ir->ctx, 0);
  ir->void_type = mlirLLVMVoidTypeGet(ir->ctx);
  make_attributes(ir);
  be_cache_create(ir);
  index_opcodes(ir);
  return 0;
}

void be_ir_destroy(struct be_ir *ir) {
  be_cache_destroy(ir);
  free(ir->opcodes);
  if (ir->ctx.ptr)
    mlirContextDestroy(ir->ctx);
  memset(ir, 0, sizeof *ir);
}

/* ---- the verifier --------------------------------------------------------------------------- */

struct verify_state {
  const struct be_ir *ir;
  bool ok;
};

static bool is_string(MlirOperation op, const char *name) {
  MlirAttribute attr = be_op_attr(op, name);
  return !mlirAttributeIsNull(attr) && mlirAttributeIsAString(attr);
}

static MlirWalkResult verify_op(MlirOperation op, void *user) {
  struct verify_state *state = user;
  intptr_t results = mlirOperationGetNumResults(op);
  switch (be_op_code(state->ir, op)) {
  case BE_OP_STMT:
    state->ok = is_string(op, "kind") && is_string(op, "effects");
    break;
  case BE_OP_HOST:
    state->ok = results == 1 && be_op_int(op, "ref", -1) >= 0;
    break;
  case BE_OP_SELECTOR:
    state->ok = results == 1 &&
                mlirTypeEqual(mlirValueGetType(mlirOperationGetResult(op, 0)), state->ir->i32);
    break;
  default: {
    MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
    state->ok = !(name.length >= 9 && memcmp(name.data, "backedge.", 9) == 0);
  }
  }
  return state->ok ? MlirWalkResultAdvance : MlirWalkResultInterrupt;
}

bool be_ir_verify(const struct be_ir *ir, MlirOperation op) {
  struct verify_state state = {ir, true};
  if (!mlirOperationVerify(op))
    return false;
  mlirOperationWalk(op, verify_op, &state, MlirWalkPreOrder);
  return state.ok;
}

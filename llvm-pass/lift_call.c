/* lift_call.c - calls, intrinsics, invokes, landing pads. */
#include "internal.h"
#include <stdlib.h>
#include <string.h>

/* ---- intrinsics that are ops of their own
 * -------------------------------------------------------- */

/* `operands`: how many of the arguments are operands; `attr`: where the next one goes. */
static const struct intrinsic {
  const char *name;
  enum be_opcode code;
  unsigned char operands;
  const char *attr;
} intrinsics[] = {
    {"llvm.smax", BE_OP_SMAX, 2, NULL},
    {"llvm.smin", BE_OP_SMIN, 2, NULL},
    {"llvm.umax", BE_OP_UMAX, 2, NULL},
    {"llvm.umin", BE_OP_UMIN, 2, NULL},
    {"llvm.abs", BE_OP_ABS, 1, "is_int_min_poison"},
    {"llvm.ctpop", BE_OP_CTPOP, 1, NULL},
    {"llvm.ctlz", BE_OP_CTLZ, 1, "is_zero_poison"},
    {"llvm.cttz", BE_OP_CTTZ, 1, "is_zero_poison"},
    {"llvm.bswap", BE_OP_BSWAP, 1, NULL},
    {"llvm.bitreverse", BE_OP_BITREVERSE, 1, NULL},
    {"llvm.fshl", BE_OP_FSHL, 3, NULL},
    {"llvm.fshr", BE_OP_FSHR, 3, NULL},
    {"llvm.fma", BE_OP_FMA, 3, NULL},
    {"llvm.fmuladd", BE_OP_FMULADD, 3, NULL},
    {"llvm.fabs", BE_OP_FABS, 1, NULL},
    {"llvm.copysign", BE_OP_COPYSIGN, 2, NULL},
    {"llvm.maxnum", BE_OP_MAXNUM, 2, NULL},
    {"llvm.minnum", BE_OP_MINNUM, 2, NULL},
    {"llvm.memcpy", BE_OP_MEMCPY, 3, NULL},
    {"llvm.memmove", BE_OP_MEMMOVE, 3, NULL},
    {"llvm.memset", BE_OP_MEMSET, 3, NULL},
    {"llvm.prefetch", BE_OP_PREFETCH, 1, NULL},
    {"llvm.lifetime.start", BE_OP_LIFETIME_START, 1, NULL},
    {"llvm.lifetime.end", BE_OP_LIFETIME_END, 1, NULL},
};
enum { INTRINSIC_COUNT = sizeof intrinsics / sizeof intrinsics[0], ARGS_MAX = 255 };
_Static_assert((int)INTRINSIC_COUNT <= (int)BE_INTRINSICS_MAX, "room in struct bridge");

const char *lower_intrinsic(enum be_opcode code) {
  for (unsigned i = 0; i < INTRINSIC_COUNT; i++)
    if (intrinsics[i].code == code)
      return intrinsics[i].name;
  return NULL;
}

/* The numbers differ from one LLVM to the next: asked for once in a module. */
static const struct intrinsic *find_intrinsic(struct bridge *bridge, unsigned id) {
  unsigned *ids = bridge->intrinsics;
  if (!ids[0])
    for (unsigned i = 0; i < INTRINSIC_COUNT; i++)
      ids[i] = LLVMLookupIntrinsicID(intrinsics[i].name, strlen(intrinsics[i].name));
  for (unsigned i = 0; i < INTRINSIC_COUNT; i++)
    if (ids[i] == id)
      return &intrinsics[i];
  return NULL;
}

static int64_t int_argument(LLVMValueRef inst, unsigned i) {
  return (int64_t)LLVMConstIntGetZExtValue(LLVMGetOperand(inst, i));
}

static bool lift_hint(struct lift *l, LLVMValueRef inst) {
  if (int_argument(inst, 3) != 1)
    return false;
  be_build_prefetch(l->b, lift_value(l, LLVMGetOperand(inst, 0)), (unsigned)int_argument(inst, 1),
                    (unsigned)int_argument(inst, 2));
  return true;
}

/* The size went out of use in LLVM 22: -1 there, as for "all of it" before. */
static bool lift_lifetime(struct lift *l, LLVMValueRef inst, enum be_opcode code) {
  unsigned count = LLVMGetNumArgOperands(inst);
  MlirValue address = lift_value(l, LLVMGetOperand(inst, count - 1));
  int64_t size = count == 2 ? LLVMConstIntGetSExtValue(LLVMGetOperand(inst, 0)) : -1;
  MlirNamedAttribute attr = be_attr(l->ir, "size", mlirIntegerAttrGet(l->ir->i64, size));
  struct be_op_parts parts = {
      .operands = &address, .operand_count = 1, .attrs = &attr, .attr_count = 1};
  be_build(l->b, code, &parts);
  return true;
}

static bool lift_math(struct lift *l, LLVMValueRef inst, const struct intrinsic *intrinsic) {
  MlirValue operands[3];
  MlirAttribute value = {NULL};
  if (!type_is_modelled(LLVMTypeOf(inst)))
    return false;
  for (unsigned i = 0; i < intrinsic->operands; i++)
    operands[i] = lift_value(l, LLVMGetOperand(inst, i));
  if (intrinsic->attr)
    value = mlirIntegerAttrGet(l->ir->i1, int_argument(inst, intrinsic->operands));
  lift_define(l, inst,
              be_build_simple(l->b, intrinsic->code, type_lift(l->bridge, LLVMTypeOf(inst)),
                              operands, intrinsic->operands, intrinsic->attr, value));
  return true;
}

static bool lift_intrinsic(struct lift *l, LLVMValueRef inst, const struct intrinsic *intrinsic) {
  switch (intrinsic->code) {
  case BE_OP_MEMCPY:
  case BE_OP_MEMMOVE:
  case BE_OP_MEMSET:
    return lift_copy(l, inst, intrinsic->code);
  case BE_OP_PREFETCH:
    return lift_hint(l, inst);
  case BE_OP_LIFETIME_START:
  case BE_OP_LIFETIME_END:
    return lift_lifetime(l, inst, intrinsic->code);
  default:
    return lift_math(l, inst, intrinsic);
  }
}

/* ---- calls
 * --------------------------------------------------------------------------------------- */

struct callee {
  const char *symbol; /* NULL: an operand */
  size_t symbol_len;
  MlirType result;   /* null: none */
  MlirType variadic; /* null: not */
};

static bool is_modelled(struct lift *l, LLVMValueRef inst) {
  LLVMTypeRef type = LLVMTypeOf(inst);
  if (LLVMIsAInlineAsm(LLVMGetCalledValue(inst)) || LLVMGetNumOperandBundles(inst) ||
      LLVMGetNumArgOperands(inst) >= ARGS_MAX || !type_lift(l->bridge, type).ptr)
    return false;
  if (LLVMIsACallInst(inst) && LLVMGetTailCallKind(inst) == LLVMTailCallKindMustTail)
    return false;
  for (unsigned i = LLVMGetNumArgOperands(inst); i-- > 0;)
    if (!lift_is_operand(l, LLVMGetOperand(inst, i)))
      return false;
  return type_lift(l->bridge, LLVMGetCalledFunctionType(inst)).ptr != NULL;
}

/* Fills `callee` and puts the operands into args; returns how many. */
static size_t lift_callee(struct lift *l, LLVMValueRef inst, struct callee *callee,
                          MlirValue *args) {
  LLVMValueRef called = LLVMGetCalledValue(inst);
  LLVMTypeRef type = LLVMGetCalledFunctionType(inst);
  size_t n = 0;
  *callee = (struct callee){NULL, 0, {NULL}, {NULL}};
  if (LLVMGetTypeKind(LLVMTypeOf(inst)) != LLVMVoidTypeKind)
    callee->result = type_lift(l->bridge, LLVMTypeOf(inst));
  if (LLVMIsFunctionVarArg(type))
    callee->variadic = type_lift(l->bridge, type);
  if (LLVMIsAFunction(called) && LLVMGlobalGetValueType(called) == type && lift_symbol(l, called))
    callee->symbol = LLVMGetValueName2(called, &callee->symbol_len);
  else
    args[n++] = lift_value(l, called);
  unsigned count = LLVMGetNumArgOperands(inst);
  for (unsigned i = 0; i < count; i++)
    args[n++] = lift_value(l, LLVMGetOperand(inst, i));
  return n;
}

/* On a call that does less than calls may do. */
static void note_effects(struct lift *l, LLVMValueRef inst, MlirOperation op) {
  unsigned effects = register_effects(inst) & 63;
  if ((effects & 7) == 7 && !(effects & BE_EFFECT_PIN))
    return;
  MlirNamedAttribute *known = &l->bridge->effects[effects];
  if (!known->attribute.ptr) {
    char text[64];
    be_effects_text(effects, text, sizeof text);
    *known = be_attr(l->ir, BE_ATTR_EFFECTS,
                     mlirStringAttrGet(l->ir->ctx, mlirStringRefCreateFromCString(text)));
  }
  mlirOperationSetDiscardableAttributeByName(op, mlirIdentifierStr(known->name), known->attribute);
}

bool lift_call(struct lift *l, LLVMValueRef inst) {
  MlirValue args[ARGS_MAX + 1];
  struct callee callee;
  if (!is_modelled(l, inst))
    return false;
  LLVMValueRef called = LLVMGetCalledValue(inst);
  unsigned id = LLVMIsAFunction(called) ? LLVMGetIntrinsicID(called) : 0;
  const struct intrinsic *intrinsic = id ? find_intrinsic(l->bridge, id) : NULL;
  if (intrinsic)
    return lift_intrinsic(l, inst, intrinsic);
  size_t count = lift_callee(l, inst, &callee, args);
  MlirOperation op = be_build_call(l->b, callee.symbol, callee.symbol_len, callee.result, args,
                                   count, callee.variadic);
  note_effects(l, inst, op);
  if (callee.result.ptr)
    lift_define(l, inst, mlirOperationGetResult(op, 0));
  return true;
}

/* ---- exceptions
 * ------------------------------------------------------------------------------------ */

static MlirOperation build_invoke(struct lift *l, LLVMValueRef inst, const struct callee *callee,
                                  MlirValue *args, size_t count) {
  MlirBlock ways[2] = {lift_block_of(l, LLVMGetNormalDest(inst)),
                       lift_block_of(l, LLVMGetUnwindDest(inst))};
  int32_t segments[3] = {(int32_t)count, 0, 0};
  intptr_t edge = (intptr_t)be_map_get(&l->edge_of, inst);
  lift_reserve_args(l, count);
  memcpy(l->args, args, count * sizeof *args);
  l->arg_count = count;
  if (edge)
    ways[0] = be_function_block(l->out, (int)edge - 1);
  else
    segments[1] = (int32_t)lift_edge(l, LLVMGetInstructionParent(inst), LLVMGetNormalDest(inst));
  segments[2] = (int32_t)lift_edge(l, LLVMGetInstructionParent(inst), LLVMGetUnwindDest(inst));
  MlirNamedAttribute attrs[3] = {
      be_attr(l->ir, "operandSegmentSizes", mlirDenseI32ArrayGet(l->ir->ctx, 3, segments))};
  size_t n = 1;
  if (callee->symbol)
    attrs[n++] = be_attr(l->ir, "callee",
                         mlirFlatSymbolRefAttrGet(
                             l->ir->ctx, mlirStringRefCreate(callee->symbol, callee->symbol_len)));
  if (callee->variadic.ptr)
    attrs[n++] = be_attr(l->ir, "var_callee_type", mlirTypeAttrGet(callee->variadic));
  struct be_op_parts parts = {.operands = l->args,
                              .operand_count = l->arg_count,
                              .results = &callee->result,
                              .result_count = callee->result.ptr != NULL,
                              .attrs = attrs,
                              .attr_count = n,
                              .successors = ways,
                              .successor_count = 2};
  return be_build(l->b, BE_OP_INVOKE, &parts);
}

/* The block that stands for the edge the result is handed over on. */
static void fill_edge_block(struct lift *l, LLVMValueRef inst, int number) {
  l->arg_count = 0;
  size_t count = lift_edge(l, LLVMGetInstructionParent(inst), LLVMGetNormalDest(inst));
  struct be_succ to = {lift_block_of(l, LLVMGetNormalDest(inst)), l->args, count, 0};
  be_function_at_block(l->out, number);
  be_function_at_stmt(l->out, -1, l->loc);
  be_build_br(l->b, &to);
  be_function_at_block(l->out, l->block);
}

bool lift_invoke(struct lift *l, LLVMValueRef inst) {
  MlirValue args[ARGS_MAX + 1];
  struct callee callee;
  if (!is_modelled(l, inst))
    return false;
  size_t count = lift_callee(l, inst, &callee, args);
  MlirOperation op = build_invoke(l, inst, &callee, args, count);
  if (callee.result.ptr)
    lift_define(l, inst, mlirOperationGetResult(op, 0));
  intptr_t edge = (intptr_t)be_map_get(&l->edge_of, inst);
  if (edge)
    fill_edge_block(l, inst, (int)edge - 1);
  return true;
}

/* MLIR checks that a catch names null or a symbol. */
static bool is_clause(struct lift *l, LLVMValueRef clause) {
  if (LLVMGetTypeKind(LLVMTypeOf(clause)) == LLVMArrayTypeKind ||
      LLVMIsAConstantPointerNull(clause))
    return true;
  return LLVMIsAGlobalVariable(clause) && lift_symbol(l, clause);
}

bool lift_landingpad(struct lift *l, LLVMValueRef inst) {
  unsigned count = LLVMGetNumClauses(inst);
  MlirType result = type_lift(l->bridge, LLVMTypeOf(inst));
  lift_reserve_args(l, count);
  l->arg_count = 0;
  for (unsigned i = 0; i < count; i++) {
    if (!is_clause(l, LLVMGetClause(inst, i)))
      lift_decline(l, BE_REASON_UNSUPPORTED_CFG, "a clause of a landing pad");
    l->args[l->arg_count++] = lift_value(l, LLVMGetClause(inst, i));
  }
  MlirNamedAttribute attr = be_attr(l->ir, "cleanup", l->ir->unit);
  struct be_op_parts parts = {.operands = l->args,
                              .operand_count = count,
                              .results = &result,
                              .result_count = 1,
                              .attrs = &attr,
                              .attr_count = LLVMIsCleanup(inst) ? 1 : 0};
  lift_define(l, inst, mlirOperationGetResult(be_build(l->b, BE_OP_LANDINGPAD, &parts), 0));
  return true;
}

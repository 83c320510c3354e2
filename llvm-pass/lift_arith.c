/* lift_arith.c - arithmetic, compares, conversions, aggregates. */
#include "internal.h"

/* Each instruction that is an op with the same operands. */
static const unsigned char codes[] = {
    [LLVMAdd] = BE_OP_ADD,
    [LLVMSub] = BE_OP_SUB,
    [LLVMMul] = BE_OP_MUL,
    [LLVMUDiv] = BE_OP_UDIV,
    [LLVMSDiv] = BE_OP_SDIV,
    [LLVMURem] = BE_OP_UREM,
    [LLVMSRem] = BE_OP_SREM,
    [LLVMAnd] = BE_OP_AND,
    [LLVMOr] = BE_OP_OR,
    [LLVMXor] = BE_OP_XOR,
    [LLVMShl] = BE_OP_SHL,
    [LLVMLShr] = BE_OP_LSHR,
    [LLVMAShr] = BE_OP_ASHR,
    [LLVMFAdd] = BE_OP_FADD,
    [LLVMFSub] = BE_OP_FSUB,
    [LLVMFMul] = BE_OP_FMUL,
    [LLVMFDiv] = BE_OP_FDIV,
    [LLVMFRem] = BE_OP_FREM,
    [LLVMFNeg] = BE_OP_FNEG,
    [LLVMTrunc] = BE_OP_TRUNC,
    [LLVMZExt] = BE_OP_ZEXT,
    [LLVMSExt] = BE_OP_SEXT,
    [LLVMFPTrunc] = BE_OP_FPTRUNC,
    [LLVMFPExt] = BE_OP_FPEXT,
    [LLVMFPToUI] = BE_OP_FPTOUI,
    [LLVMFPToSI] = BE_OP_FPTOSI,
    [LLVMUIToFP] = BE_OP_UITOFP,
    [LLVMSIToFP] = BE_OP_SITOFP,
    [LLVMPtrToInt] = BE_OP_PTRTOINT,
    [LLVMIntToPtr] = BE_OP_INTTOPTR,
    [LLVMBitCast] = BE_OP_BITCAST,
    [LLVMAddrSpaceCast] = BE_OP_ADDRSPACECAST,
    [LLVMFreeze] = BE_OP_FREEZE,
    [LLVMSelect] = BE_OP_SELECT,
    [LLVMICmp] = BE_OP_ICMP,
    [LLVMFCmp] = BE_OP_FCMP,
    [LLVMExtractElement] = BE_OP_EXTRACTELEMENT,
    [LLVMInsertElement] = BE_OP_INSERTELEMENT,
    [LLVMShuffleVector] = BE_OP_SHUFFLEVECTOR,
    [LLVMExtractValue] = BE_OP_EXTRACTVALUE,
    [LLVMInsertValue] = BE_OP_INSERTVALUE,
};
enum { OPERANDS_MAX = 3, OPCODES = sizeof codes };

enum be_opcode lift_opcode(LLVMOpcode opcode) {
  return (unsigned)opcode < OPCODES ? (enum be_opcode)codes[opcode] : BE_OP_OTHER;
}

LLVMOpcode lower_opcode(enum be_opcode code) {
  for (unsigned i = 0; i < OPCODES && code != BE_OP_OTHER; i++)
    if (codes[i] == code)
      return (LLVMOpcode)i;
  return (LLVMOpcode)0;
}

static unsigned overflow_of(LLVMValueRef inst) {
  return (LLVMGetNSW(inst) ? BE_OVERFLOW_NSW : 0) | (LLVMGetNUW(inst) ? BE_OVERFLOW_NUW : 0);
}

MlirValue lift_compare(struct lift *l, LLVMValueRef inst, const MlirValue *operands) {
  static const enum be_icmp predicates[] = {BE_ICMP_EQ,  BE_ICMP_NE,  BE_ICMP_UGT, BE_ICMP_UGE,
                                            BE_ICMP_ULT, BE_ICMP_ULE, BE_ICMP_SGT, BE_ICMP_SGE,
                                            BE_ICMP_SLT, BE_ICMP_SLE};
  if (LLVMGetInstructionOpcode(inst) == LLVMICmp)
    return be_build_icmp(l->b, predicates[LLVMGetICmpPredicate(inst) - LLVMIntEQ], operands[0],
                         operands[1]);
  return be_build_simple(l->b, BE_OP_FCMP, type_lift(l->bridge, LLVMTypeOf(inst)), operands, 2,
                         "predicate",
                         mlirIntegerAttrGet(l->ir->i64, (int64_t)LLVMGetFCmpPredicate(inst)));
}

static MlirAttribute shuffle_mask(struct lift *l, LLVMValueRef inst) {
  int32_t mask[256];
  unsigned count = LLVMGetNumMaskElements(inst);
  for (unsigned i = 0; i < count; i++)
    mask[i] = LLVMGetMaskValue(inst, i);
  return mlirDenseI32ArrayGet(l->ir->ctx, count, mask);
}

static bool is_simple_shuffle(LLVMValueRef inst) {
  return LLVMGetNumMaskElements(inst) <= 256 &&
         LLVMGetTypeKind(LLVMTypeOf(inst)) == LLVMVectorTypeKind;
}

/* extractvalue, insertvalue, shufflevector: one attribute. */
static MlirValue lift_indexed(struct lift *l, LLVMValueRef inst, enum be_opcode code,
                              const MlirValue *operands, size_t count) {
  const char *name = "mask";
  MlirAttribute value;
  if (code == BE_OP_SHUFFLEVECTOR) {
    value = shuffle_mask(l, inst);
  } else {
    int64_t index = LLVMGetIndices(inst)[0];
    name = "position";
    value = mlirDenseI64ArrayGet(l->ir->ctx, 1, &index);
  }
  return be_build_simple(l->b, code, type_lift(l->bridge, LLVMTypeOf(inst)), operands, count, name,
                         value);
}

static bool is_modelled(LLVMValueRef inst, enum be_opcode code) {
  switch (code) {
  case BE_OP_OTHER:
    return false;
  case BE_OP_EXTRACTVALUE:
    return LLVMGetNumIndices(inst) == 1 && type_is_modelled(LLVMTypeOf(inst));
  case BE_OP_INSERTVALUE:
    return LLVMGetNumIndices(inst) == 1 && type_is_modelled(LLVMTypeOf(LLVMGetOperand(inst, 1)));
  case BE_OP_SHUFFLEVECTOR:
    return is_simple_shuffle(inst) && type_is_modelled(LLVMTypeOf(inst));
  case BE_OP_FREEZE:
  case BE_OP_SELECT:
    return type_is_modelled(LLVMTypeOf(inst));
  default:
    return type_is_modelled(LLVMTypeOf(inst)) &&
           type_is_modelled(LLVMTypeOf(LLVMGetOperand(inst, 0)));
  }
}

static MlirValue build_plain(struct lift *l, LLVMValueRef inst, enum be_opcode code,
                             const MlirValue *operands, size_t count) {
  switch (code) {
  case BE_OP_ADD:
  case BE_OP_SUB:
  case BE_OP_MUL:
  case BE_OP_SHL:
    return be_build_binary(l->b, code, operands[0], operands[1], overflow_of(inst));
  case BE_OP_ICMP:
  case BE_OP_FCMP:
    return lift_compare(l, inst, operands);
  case BE_OP_SHUFFLEVECTOR:
  case BE_OP_EXTRACTVALUE:
  case BE_OP_INSERTVALUE:
    return lift_indexed(l, inst, code, operands, count);
  default:
    return be_build_simple(l->b, code, type_lift(l->bridge, LLVMTypeOf(inst)), operands, count,
                           NULL, (MlirAttribute){NULL});
  }
}

bool lift_assign(struct lift *l, LLVMValueRef inst) {
  enum be_opcode code = lift_opcode(LLVMGetInstructionOpcode(inst));
  MlirValue operands[OPERANDS_MAX] = {{NULL}};
  if (!is_modelled(inst, code))
    return false;
  int count = LLVMGetNumOperands(inst);
  for (int i = 0; i < count; i++)
    operands[i] = lift_value(l, LLVMGetOperand(inst, (unsigned)i));
  lift_define(l, inst, build_plain(l, inst, code, operands, (size_t)count));
  return true;
}

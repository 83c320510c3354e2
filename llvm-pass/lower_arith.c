/* lower_arith.c - arithmetic, compares, conversions, aggregates. */
#include "internal.h"

bool lower_arith_can(struct lower *l, const struct be_plan_op *op) {
  if (!lower_opcode(op->code) || op->code == BE_OP_OTHER)
    return false;
  if (op->code == BE_OP_EXTRACTVALUE || op->code == BE_OP_INSERTVALUE) {
    MlirAttribute position = be_op_attr(op->op, "position");
    return mlirDenseArrayGetNumElements(position) == 1;
  }
  return lower_result_type(l, op) != NULL;
}

static LLVMValueRef lower_compare(struct lower *l, const struct be_plan_op *op, LLVMValueRef a,
                                  LLVMValueRef b) {
  static const LLVMIntPredicate predicates[] = {LLVMIntEQ,  LLVMIntNE,  LLVMIntSLT, LLVMIntSLE,
                                                LLVMIntSGT, LLVMIntSGE, LLVMIntULT, LLVMIntULE,
                                                LLVMIntUGT, LLVMIntUGE};
  if (op->code == BE_OP_ICMP)
    return LLVMBuildICmp(l->builder, predicates[be_op_icmp(op->op)], a, b, "");
  return LLVMBuildFCmp(l->builder, (LLVMRealPredicate)be_op_int(op->op, "predicate", 0), a, b, "");
}

/* Two operands of one type. */
static LLVMValueRef lower_binary(struct lower *l, const struct be_plan_op *op, LLVMValueRef a,
                                 LLVMValueRef b) {
  LLVMValueRef built = LLVMBuildBinOp(l->builder, lower_opcode(op->code), a, b, "");
  bool flags = op->code == BE_OP_ADD || op->code == BE_OP_SUB || op->code == BE_OP_MUL ||
               op->code == BE_OP_SHL;
  if (!flags || !LLVMIsAInstruction(built))
    return built;
  unsigned overflow = be_op_overflow(l->ir, op->op);
  LLVMSetNSW(built, (overflow & BE_OVERFLOW_NSW) != 0);
  LLVMSetNUW(built, (overflow & BE_OVERFLOW_NUW) != 0);
  return built;
}

static LLVMValueRef lower_shuffle(struct lower *l, const struct be_plan_op *op) {
  MlirAttribute mask = be_op_attr(op->op, "mask");
  LLVMTypeRef i32 = LLVMInt32TypeInContext(l->bridge->ctx);
  LLVMValueRef elements[256];
  intptr_t count = mlirDenseArrayGetNumElements(mask);
  for (intptr_t i = 0; i < count && i < 256; i++) {
    int32_t element = mlirDenseI32ArrayGetElement(mask, i);
    elements[i] = element < 0 ? LLVMGetPoison(i32) : LLVMConstInt(i32, (unsigned)element, false);
  }
  return LLVMBuildShuffleVector(l->builder, lower_operand(l, op->op, 0),
                                lower_operand(l, op->op, 1),
                                LLVMConstVector(elements, (unsigned)count), "");
}

static unsigned position_of(MlirOperation op) {
  return (unsigned)mlirDenseI64ArrayGetElement(be_op_attr(op, "position"), 0);
}

static LLVMValueRef lower_special(struct lower *l, const struct be_plan_op *op) {
  LLVMBuilderRef b = l->builder;
  LLVMValueRef operands[3] = {NULL};
  for (intptr_t i = mlirOperationGetNumOperands(op->op); i-- > 0;)
    operands[i] = lower_operand(l, op->op, i);
  switch (op->code) {
  case BE_OP_FNEG:
    return LLVMBuildFNeg(b, operands[0], "");
  case BE_OP_FREEZE:
    return LLVMBuildFreeze(b, operands[0], "");
  case BE_OP_SELECT:
    return LLVMBuildSelect(b, operands[0], operands[1], operands[2], "");
  case BE_OP_EXTRACTELEMENT:
    return LLVMBuildExtractElement(b, operands[0], operands[1], "");
  case BE_OP_INSERTELEMENT:
    return LLVMBuildInsertElement(b, operands[0], operands[1], operands[2], "");
  case BE_OP_EXTRACTVALUE:
    return LLVMBuildExtractValue(b, operands[0], position_of(op->op), "");
  case BE_OP_INSERTVALUE:
    return LLVMBuildInsertValue(b, operands[0], operands[1], position_of(op->op), "");
  default:
    return NULL;
  }
}

LLVMValueRef lower_arith(struct lower *l, const struct be_plan_op *op) {
  if (op->code == BE_OP_SHUFFLEVECTOR)
    return lower_shuffle(l, op);
  if (op->code >= BE_OP_ADD && op->code <= BE_OP_ASHR)
    return lower_binary(l, op, lower_operand(l, op->op, 0), lower_operand(l, op->op, 1));
  if (op->code >= BE_OP_FADD && op->code <= BE_OP_FREM)
    return lower_binary(l, op, lower_operand(l, op->op, 0), lower_operand(l, op->op, 1));
  if (op->code == BE_OP_ICMP || op->code == BE_OP_FCMP)
    return lower_compare(l, op, lower_operand(l, op->op, 0), lower_operand(l, op->op, 1));
  if (op->code >= BE_OP_TRUNC && op->code <= BE_OP_ADDRSPACECAST)
    return LLVMBuildCast(l->builder, lower_opcode(op->code), lower_operand(l, op->op, 0),
                         lower_result_type(l, op), "");
  return lower_special(l, op);
}

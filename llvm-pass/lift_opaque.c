/* lift_opaque.c - instructions that are not modelled: their operands, results and effects. */
#include "internal.h"
#include <stdlib.h>

/* The instruction's name, for people: "indirectbr". */
static const char *kind_of(LLVMValueRef inst) {
  switch (LLVMGetInstructionOpcode(inst)) {
  case LLVMCall:
    return LLVMIsAInlineAsm(LLVMGetCalledValue(inst)) ? "asm" : "call";
  case LLVMCallBr:
    return "callbr";
  case LLVMIndirectBr:
    return "indirectbr";
  case LLVMResume:
    return "resume";
  case LLVMVAArg:
    return "va_arg";
  case LLVMLoad:
    return "load";
  case LLVMStore:
    return "store";
  case LLVMAlloca:
    return "alloca";
  case LLVMGetElementPtr:
    return "getelementptr";
  default:
    return "instruction";
  }
}

unsigned lift_effects(LLVMValueRef inst) {
  unsigned effects = register_effects(inst);
  if (LLVMIsATerminatorInst(inst))
    effects |= BE_EFFECT_TERM;
  return effects;
}

static MlirValue *operands_of(struct lift *l, LLVMValueRef inst, size_t *count) {
  unsigned total = (unsigned)LLVMGetNumOperands(inst);
  MlirValue *operands = malloc((total + 1) * sizeof *operands);
  *count = 0;
  for (unsigned i = 0; i < total; i++)
    if (lift_is_operand(l, LLVMGetOperand(inst, i)))
      operands[(*count)++] = lift_value(l, LLVMGetOperand(inst, i));
  return operands;
}

static MlirOperation build(struct lift *l, LLVMValueRef inst, bool selector) {
  LLVMTypeRef type = LLVMTypeOf(inst);
  MlirType results[2];
  size_t count, result_count = 0;
  if (LLVMGetTypeKind(type) != LLVMVoidTypeKind) {
    results[result_count] = type_lift(l->bridge, type);
    if (!results[result_count].ptr) {
      lift_decline(l, BE_REASON_UNSUPPORTED_TYPE, "the result of an instruction");
      results[result_count] = l->ir->i8;
    }
    result_count++;
  }
  if (selector)
    results[result_count++] = l->ir->i32;
  MlirValue *operands = operands_of(l, inst, &count);
  MlirOperation op = be_build_stmt(l->b, kind_of(inst), lift_effects(inst), results, result_count,
                                   operands, count);
  free(operands);
  if (result_count > selector)
    lift_define(l, inst, mlirOperationGetResult(op, 0));
  l->opaque[l->stmt] = true;
  return op;
}

void lift_opaque(struct lift *l, LLVMValueRef inst) { build(l, inst, false); }

MlirValue lift_opaque_selector(struct lift *l, LLVMValueRef inst) {
  MlirOperation op = build(l, inst, true);
  return mlirOperationGetResult(op, mlirOperationGetNumResults(op) - 1);
}

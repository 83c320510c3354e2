/* lift_cfg.c - block arguments and terminators. */
#include "internal.h"
#include <stdlib.h>

size_t lift_phis(LLVMBasicBlockRef bb) {
  size_t count = 0;
  for (LLVMValueRef inst = LLVMGetFirstInstruction(bb);
       inst && LLVMGetInstructionOpcode(inst) == LLVMPHI; inst = LLVMGetNextInstruction(inst))
    count++;
  return count;
}

MlirBlock lift_block_of(struct lift *l, LLVMBasicBlockRef bb) {
  return be_function_block(l->out, (int)(intptr_t)be_map_get(&l->block_of, bb) - 1);
}

void lift_reserve_args(struct lift *l, size_t more) {
  if (l->arg_count + more <= l->arg_capacity)
    return;
  l->arg_capacity = 2 * (l->arg_count + more) + 16;
  l->args = realloc(l->args, l->arg_capacity * sizeof *l->args);
}

size_t lift_edge(struct lift *l, LLVMBasicBlockRef from, LLVMBasicBlockRef to) {
  size_t count = lift_phis(to);
  unsigned at = 0; /* PHIs of one block mostly list the predecessors in one order */
  LLVMValueRef phi = LLVMGetFirstInstruction(to);
  lift_reserve_args(l, count);
  for (size_t i = 0; i < count; i++, phi = LLVMGetNextInstruction(phi)) {
    if (at >= LLVMCountIncoming(phi) || LLVMGetIncomingBlock(phi, at) != from)
      for (at = 0; LLVMGetIncomingBlock(phi, at) != from;)
        at++;
    l->args[l->arg_count++] = lift_value(l, LLVMGetIncomingValue(phi, at));
  }
  return count;
}

/* ---- terminators ------------------------------------------------------------------------------
 */

/* The terminator's ways out with what they hand over; freed by the caller. Arguments are placed
 * once all are known: the buffer may move. */
static struct be_succ *successors(struct lift *l, LLVMValueRef inst) {
  unsigned count = LLVMGetNumSuccessors(inst);
  struct be_succ *succ = calloc(count + 1, sizeof *succ);
  l->arg_count = 0;
  for (unsigned i = 0; i < count; i++) {
    LLVMBasicBlockRef to = LLVMGetSuccessor(inst, i);
    succ[i].block = lift_block_of(l, to);
    succ[i].weight = count_weight(l, i);
    succ[i].arg_count = lift_edge(l, LLVMGetInstructionParent(inst), to);
  }
  const MlirValue *args = l->args;
  for (unsigned i = 0; i < count; args += succ[i++].arg_count)
    succ[i].args = args;
  return succ;
}

static MlirOperation lift_branch(struct lift *l, LLVMValueRef inst) {
  MlirValue cond = {NULL};
  if (LLVMIsConditional(inst))
    cond = lift_value(l, LLVMGetCondition(inst));
  struct be_succ *succ = successors(l, inst);
  MlirOperation op =
      cond.ptr ? be_build_cond_br(l->b, cond, &succ[0], &succ[1]) : be_build_br(l->b, &succ[0]);
  free(succ);
  return op;
}

static LLVMValueRef case_value(LLVMValueRef inst, unsigned i) {
#if LLVM_VERSION_MAJOR >= 22
  return LLVMGetSwitchCaseValue(inst, i);
#else
  return LLVMGetOperand(inst, 2 * i);
#endif
}

static MlirOperation lift_switch(struct lift *l, LLVMValueRef inst) {
  MlirValue value = lift_value(l, LLVMGetOperand(inst, 0));
  struct be_succ *succ = successors(l, inst);
  unsigned count = LLVMGetNumSuccessors(inst) - 1;
  int64_t *values = malloc((count + 1) * sizeof *values);
  for (unsigned i = 0; i < count; i++)
    values[i] = LLVMConstIntGetSExtValue(case_value(inst, i + 1));
  MlirOperation op = be_build_switch(l->b, value, succ, values, count);
  free(values);
  free(succ);
  return op;
}

/* An opaque op that says which way, and a switch on it. */
static MlirOperation lift_selector(struct lift *l, LLVMValueRef inst) {
  unsigned count = LLVMGetNumSuccessors(inst);
  if (!count) {
    lift_opaque(l, inst);
    return be_build_unreachable(l->b);
  }
  MlirValue selector = lift_opaque_selector(l, inst);
  struct be_succ *succ = successors(l, inst);
  int64_t *values = malloc(count * sizeof *values);
  for (unsigned i = 0; i < count; i++)
    values[i] = i + 1;
  MlirOperation op = be_build_switch(l->b, selector, succ, values, count - 1);
  free(values);
  free(succ);
  return op;
}

static MlirOperation lift_return(struct lift *l, LLVMValueRef inst) {
  MlirValue value = {NULL};
  if (LLVMGetNumOperands(inst))
    value = lift_value(l, LLVMGetOperand(inst, 0));
  return be_build_return(l->b, value);
}

/* MLIR allows only a landing pad's own value to be resumed. */
static MlirOperation lift_resume(struct lift *l, LLVMValueRef inst) {
  LLVMValueRef value = LLVMGetOperand(inst, 0);
  if (!LLVMIsALandingPadInst(value))
    return lift_selector(l, inst);
  MlirValue operand = lift_value(l, value);
  struct be_op_parts parts = {.operands = &operand, .operand_count = 1};
  return be_build(l->b, BE_OP_RESUME, &parts);
}

static MlirOperation lift_known(struct lift *l, LLVMValueRef inst) {
  switch (LLVMGetInstructionOpcode(inst)) {
  case LLVMBr:
    return lift_branch(l, inst);
  case LLVMSwitch:
    if (LLVMGetIntTypeWidth(LLVMTypeOf(LLVMGetOperand(inst, 0))) > 64)
      return lift_selector(l, inst);
    return lift_switch(l, inst);
  case LLVMRet:
    return lift_return(l, inst);
  case LLVMUnreachable:
    return be_build_unreachable(l->b);
  case LLVMResume:
    return lift_resume(l, inst);
  case LLVMIndirectBr:
  case LLVMCallBr:
    return lift_selector(l, inst);
  default:
    lift_decline(l, BE_REASON_UNSUPPORTED_CFG, "a terminator of another language's exceptions");
    return be_build_unreachable(l->b);
  }
}

static void finish(struct lift *l, LLVMBasicBlockRef bb, LLVMValueRef inst, MlirOperation op) {
  count_block(l, bb, op);
  request_loop(l, op, inst);
}

void lift_terminator(struct lift *l, LLVMValueRef inst) {
  LLVMBasicBlockRef bb = LLVMGetInstructionParent(inst);
  bool jump = LLVMGetInstructionOpcode(inst) == LLVMBr && !LLVMIsConditional(inst);
  lift_begin(l, inst);
  count_read(l, inst);
  if (LLVMGetInstructionOpcode(inst) != LLVMInvoke)
    finish(l, bb, inst, lift_known(l, inst));
  else if (!lift_invoke(l, inst))
    lift_decline(l, BE_REASON_UNSUPPORTED_CFG, "an invoke of inline assembly or with bundles");
  if (l->opaque[l->stmt])
    l->opaque_count++;
  else
    l->modelled += !jump;
}

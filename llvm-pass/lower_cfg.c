/* lower_cfg.c - blocks, edges, PHIs, terminators. */
#include "internal.h"
#include <stdlib.h>

bool lower_is_terminator(enum be_opcode code) {
  return (code >= BE_OP_BR && code <= BE_OP_UNREACHABLE) || code == BE_OP_INVOKE;
}

size_t lower_block_index(const struct lower *l, MlirBlock block) {
  return (size_t)(intptr_t)be_map_get(&l->blocks, block.ptr) - 1;
}

static const struct be_plan_op *terminator_of(const struct lower *l, size_t block) {
  const struct be_plan_block *planned = &l->plan->blocks[block];
  return &l->plan->ops[planned->first + planned->count - 1];
}

static size_t successor(const struct lower *l, const struct be_plan_op *op, size_t i) {
  return lower_block_index(l, mlirOperationGetSuccessor(op->op, (intptr_t)i));
}

static size_t successor_count(const struct be_plan_op *op) {
  return (size_t)mlirOperationGetNumSuccessors(op->op);
}

/* ---- check --------------------------------------------------------------------------------------
 */

static bool switch_can(const struct be_plan_op *op) {
  MlirType type = mlirValueGetType(mlirOperationGetOperand(op->op, 0));
  return mlirTypeIsAInteger(type) && mlirIntegerTypeGetWidth(type) <= 64;
}

bool lower_cfg_can(struct lower *l, const struct be_plan_block *block,
                   const struct be_plan_op *op) {
  if (lower_is_opaque(l, op->id)) { /* the op before it is the instruction itself */
    LLVMValueRef inst = lower_stmt_of(l, op->id);
    return op->fate == BE_FATE_BUILD && block->count > 1 && op[-1].code == BE_OP_STMT &&
           op[-1].fate == BE_FATE_BUILD && lower_stmt_of(l, op[-1].id) == inst &&
           LLVMGetNumSuccessors(inst) == successor_count(op);
  }
  if (!lower_operands_can(l, op->op))
    return false;
  switch (op->code) {
  case BE_OP_SWITCH:
    return switch_can(op);
  case BE_OP_INVOKE:
    return lower_call_can(l, op);
  default:
    return true;
  }
}

/* ---- blocks and PHIs
 * ------------------------------------------------------------------------------ */

static void make_blocks(struct lower *l) {
  for (size_t i = 0; i < l->plan->block_count; i++) {
    if (l->bb_of[i])
      continue;
    l->bb_of[i] = LLVMAppendBasicBlockInContext(l->bridge->ctx, l->lift->fun, "");
    LLVMMoveBasicBlockAfter(l->bb_of[i], l->bb_of[i - 1]);
  }
}

/* A kept invoke now goes through the block that stood for its edge. */
static void enter_edge_block(struct lower *l, size_t block) {
  const struct be_plan_op *op = terminator_of(l, block);
  LLVMValueRef inst = lower_stmt_of(l, op->id);
  if (op->fate == BE_FATE_KEEP && inst && LLVMIsAInvokeInst(inst))
    LLVMSetNormalDest(inst, l->bb_of[successor(l, op, 0)]);
}

/* A block's PHIs are made anew unless each way in is as it was. */
static void find_dirty(struct lower *l) {
  size_t blocks = l->plan->block_count;
  unsigned *edges = calloc(blocks + 1, sizeof *edges);
  for (size_t i = 0; i < blocks; i++) {
    const struct be_plan_op *op = terminator_of(l, i);
    bool kept = lower_fate(l, op) == BE_FATE_KEEP && lower_stmt_of(l, op->id);
    for (size_t k = successor_count(op); k-- > 0;) {
      size_t to = successor(l, op, k);
      edges[to]++;
      l->dirty[to] |= !kept;
    }
  }
  for (size_t i = 1; i < blocks; i++) {
    LLVMValueRef first = LLVMGetFirstInstruction(l->bb_of[i]);
    bool has_phis = first && LLVMGetInstructionOpcode(first) == LLVMPHI;
    l->dirty[i] |= l->rebuild || (has_phis && LLVMCountIncoming(first) != edges[i]);
  }
  free(edges);
}

static LLVMValueRef old_phi(const struct lower *l, size_t block, MlirValue arg) {
  LLVMValueRef phi = be_map_get(&l->lift->phis, arg.ptr);
  return phi && LLVMGetInstructionParent(phi) == l->bb_of[block] ? phi : NULL;
}

static void place_phi(struct lower *l, LLVMBasicBlockRef bb) {
  LLVMValueRef first = LLVMGetFirstInstruction(bb);
  if (!first)
    LLVMPositionBuilderAtEnd(l->builder, bb);
  else if (LLVMGetInstructionOpcode(first) == LLVMPHI)
    LLVMPositionBuilderBefore(l->builder, first);
  else
    LLVMPositionBuilderBeforeInstrAndDbgRecords(l->builder, first);
}

static void kill_phis(struct lower *l, LLVMBasicBlockRef bb) {
  for (LLVMValueRef inst = LLVMGetFirstInstruction(bb);
       inst && LLVMGetInstructionOpcode(inst) == LLVMPHI; inst = LLVMGetNextInstruction(inst))
    lower_kill(l, inst);
}

static LLVMValueRef new_phi(struct lower *l, LLVMTypeRef type, LLVMValueRef old) {
  LLVMValueRef phi = LLVMBuildPhi(l->builder, type, "");
  if (!old)
    return phi;
  register_copy_facts(phi, old, l->rebuild);
  LLVMReplaceAllUsesWith(old, phi);
  return phi;
}

static void make_phis(struct lower *l, size_t block) {
  MlirBlock args = l->plan->blocks[block].block;
  LLVMBasicBlockRef bb = l->bb_of[block];
  intptr_t count = mlirBlockGetNumArguments(args);
  if (l->dirty[block])
    kill_phis(l, bb);
  place_phi(l, bb);
  for (intptr_t i = 0; i < count; i++) {
    MlirValue arg = mlirBlockGetArgument(args, i);
    LLVMValueRef phi = old_phi(l, block, arg);
    LLVMTypeRef type = type_lower(l->bridge, mlirValueGetType(arg));
    if (phi && mlirTypeEqual(type_lift(l->bridge, LLVMTypeOf(phi)), mlirValueGetType(arg)))
      type = LLVMTypeOf(phi);
    else
      phi = NULL;
    if (l->dirty[block])
      phi = new_phi(l, type, phi);
    be_map_set(&l->values, arg.ptr, phi);
  }
}

void lower_cfg_begin(struct lower *l) {
  make_blocks(l);
  for (size_t i = 0; i < l->plan->block_count; i++)
    enter_edge_block(l, i);
  find_dirty(l);
  MlirBlock entry = l->plan->blocks[0].block;
  for (intptr_t i = mlirBlockGetNumArguments(entry); i-- > 0;)
    be_map_set(&l->values, mlirBlockGetArgument(entry, i).ptr,
               LLVMGetParam(l->lift->fun, (unsigned)i));
  for (size_t i = 1; i < l->plan->block_count; i++)
    make_phis(l, i);
}

/* ---- order: reverse postorder, then what cannot be reached
 * ----------------------------------------- */

struct walk {
  size_t block, next;
};

size_t *lower_cfg_order(struct lower *l) {
  size_t total = l->plan->block_count, left = total, depth = 0;
  size_t *order = malloc((total + 1) * sizeof *order),
         *sorted = malloc((total + 1) * sizeof *order);
  struct walk *stack = malloc((total + 1) * sizeof *stack);
  bool *seen = calloc(total + 1, sizeof *seen);
  stack[depth++] = (struct walk){0, 0};
  seen[0] = true;
  while (depth) {
    struct walk *top = &stack[depth - 1];
    const struct be_plan_op *op = terminator_of(l, top->block);
    if (top->next < successor_count(op)) {
      size_t to = successor(l, op, top->next++);
      if (!seen[to])
        stack[depth++] = (struct walk){to, 0};
      seen[to] = true;
    } else {
      order[--left] = top->block;
      depth--;
    }
  }
  size_t n = 0;
  for (size_t i = left; i < total; i++)
    sorted[n++] = order[i];
  for (size_t i = 0; i < total; i++)
    if (!seen[i])
      sorted[n++] = i;
  free(stack);
  free(seen);
  free(order);
  return sorted;
}

/* ---- terminators
 * ---------------------------------------------------------------------------------- */

static bool same_arguments(struct lower *l, const struct be_plan_op *op, size_t a, size_t b) {
  size_t first_a, first_b, count = be_succ_operands(l->ir, op->op, a, &first_a);
  be_succ_operands(l->ir, op->op, b, &first_b);
  for (size_t i = 0; i < count; i++)
    if (!mlirValueEqual(mlirOperationGetOperand(op->op, (intptr_t)(first_a + i)),
                        mlirOperationGetOperand(op->op, (intptr_t)(first_b + i))))
      return false;
  return true;
}

/* A PHI has one value for each predecessor: a second edge with other values gets a block. */
static LLVMBasicBlockRef target(struct lower *l, size_t block, const struct be_plan_op *op,
                                size_t i) {
  size_t to = successor(l, op, i);
  bool split = false;
  for (size_t k = 0; k < i; k++)
    split |= successor(l, op, k) == to && !same_arguments(l, op, i, k);
  if (!split)
    return l->bb_of[to];
  LLVMBasicBlockRef between = LLVMAppendBasicBlockInContext(l->bridge->ctx, l->lift->fun, "");
  LLVMBuilderRef builder = LLVMCreateBuilderInContext(l->bridge->ctx);
  LLVMPositionBuilderAtEnd(builder, between);
  LLVMBuildBr(builder, l->bb_of[to]);
  LLVMDisposeBuilder(builder);
  l->edge_bb[l->first_edge[block] + i] = between;
  return between;
}

static LLVMValueRef lower_switch(struct lower *l, size_t block, const struct be_plan_op *op) {
  LLVMValueRef value = lower_operand(l, op->op, 0);
  size_t count = successor_count(op) - 1;
  LLVMValueRef built = LLVMBuildSwitch(l->builder, value, target(l, block, op, 0), (unsigned)count);
  MlirAttribute cases = be_op_attr(op->op, "case_values");
  for (size_t i = 0; i < count; i++) {
    MlirAttribute element = mlirElementsAttrGetValue(cases, 1, &(uint64_t){i});
    LLVMAddCase(built,
                LLVMConstInt(LLVMTypeOf(value),
                             (unsigned long long)mlirIntegerAttrGetValueInt(element), true),
                target(l, block, op, i + 1));
  }
  return built;
}

/* The old instruction with the operands of the opaque op and the ways on of the switch after it. */
static LLVMValueRef lower_selector(struct lower *l, size_t block, const struct be_plan_op *op) {
  LLVMValueRef inst = lower_stmt_of(l, op->id), copy = LLVMInstructionClone(inst);
  LLVMInsertIntoBuilder(l->builder, copy);
  LLVMInstructionSetDebugLoc(copy, LLVMInstructionGetDebugLoc(inst));
  intptr_t n = 0;
  for (unsigned i = 0; i < (unsigned)LLVMGetNumOperands(inst); i++)
    if (lift_is_operand(l->lift, LLVMGetOperand(inst, i)))
      LLVMSetOperand(copy, i, lower_operand(l, l->pending->op, n++));
  for (size_t i = 0; i < successor_count(op); i++)
    LLVMSetSuccessor(copy, (unsigned)i, target(l, block, op, i));
  if (mlirOperationGetNumResults(l->pending->op) > (successor_count(op) > 0))
    lower_result(l, l->pending, copy);
  l->pending = NULL;
  return copy;
}

static LLVMValueRef lower_branch(struct lower *l, size_t block, const struct be_plan_op *op) {
  if (op->code == BE_OP_BR)
    return LLVMBuildBr(l->builder, target(l, block, op, 0));
  LLVMValueRef cond = lower_operand(l, op->op, 0);
  LLVMBasicBlockRef yes = target(l, block, op, 0);
  return LLVMBuildCondBr(l->builder, cond, yes, target(l, block, op, 1));
}

LLVMValueRef lower_terminator(struct lower *l, size_t block, const struct be_plan_op *op) {
  LLVMValueRef built;
  if (l->pending)
    return lower_selector(l, block, op);
  switch (op->code) {
  case BE_OP_SWITCH:
    built = lower_switch(l, block, op);
    break;
  case BE_OP_RETURN:
    return mlirOperationGetNumOperands(op->op)
               ? LLVMBuildRet(l->builder, lower_operand(l, op->op, 0))
               : LLVMBuildRetVoid(l->builder);
  case BE_OP_RESUME:
    return LLVMBuildResume(l->builder, lower_operand(l, op->op, 0));
  case BE_OP_UNREACHABLE:
    return LLVMBuildUnreachable(l->builder);
  case BE_OP_INVOKE:
    return lower_invoke(l, op, target(l, block, op, 0), target(l, block, op, 1));
  default:
    built = lower_branch(l, block, op);
  }
  count_edges(l, built, op->op);
  return built;
}

/* ---- what the edges hand over
 * ----------------------------------------------------------------------- */

static void fill_edge(struct lower *l, size_t block, const struct be_plan_op *op, size_t i) {
  size_t to = successor(l, op, i), first;
  size_t count = be_succ_operands(l->ir, op->op, i, &first);
  LLVMBasicBlockRef from = l->edge_bb[l->first_edge[block] + i];
  if (!from)
    from = l->bb_of[block];
  LLVMPositionBuilderBefore(l->builder, LLVMGetBasicBlockTerminator(from));
  for (size_t k = 0; k < count; k++) {
    MlirValue arg = mlirBlockGetArgument(l->plan->blocks[to].block, (intptr_t)k);
    LLVMValueRef value = lower_operand(l, op->op, (intptr_t)(first + k));
    LLVMAddIncoming(be_map_get(&l->values, arg.ptr), &value, &from, 1);
  }
}

void lower_cfg(struct lower *l) {
  for (size_t i = 0; i < l->plan->block_count; i++) {
    const struct be_plan_op *op = terminator_of(l, i);
    for (size_t k = 0; k < successor_count(op); k++)
      if (l->dirty[successor(l, op, k)])
        fill_edge(l, i, op, k);
  }
}

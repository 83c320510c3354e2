/* lower.c - making the function do what the MLIR now says, by plan: check, then build in place.
 *
 * An old instruction stays in its place until all is built; what is built in its stead takes over
 * its uses, those of debug records too. */
#include "internal.h"
#include <stdlib.h>
#include <string.h>

LLVMValueRef lower_stmt_of(const struct lower *l, int id) {
  if (id < 0)
    return NULL;
  int stmt = be_function_entry(l->lift->out, id)->stmt;
  return stmt >= 0 ? l->lift->stmts[stmt] : NULL;
}

bool lower_is_opaque(const struct lower *l, int id) {
  if (id < 0)
    return false;
  int stmt = be_function_entry(l->lift->out, id)->stmt;
  return stmt >= 0 && l->lift->opaque[stmt];
}

enum be_fate lower_fate(const struct lower *l, const struct be_plan_op *op) {
  return op->fate == BE_FATE_BUILD && l->rebuild && lower_is_opaque(l, op->id) ? BE_FATE_KEEP
                                                                               : op->fate;
}

void lower_kill(struct lower *l, LLVMValueRef inst) {
  if (l->dead_count == l->dead_capacity) {
    l->dead_capacity = l->dead_capacity ? 2 * l->dead_capacity : 64;
    l->dead = realloc(l->dead, l->dead_capacity * sizeof(LLVMValueRef));
  }
  l->dead[l->dead_count++] = inst;
}

/* ---- begin --------------------------------------------------------------------------------------
 */

static void map_results(struct lower *l, const struct be_plan_op *op) {
  if (op->fate == BE_FATE_NEW || !mlirOperationGetNumResults(op->op))
    return;
  const struct be_entry *entry = be_function_entry(l->lift->out, op->id);
  LLVMValueRef inst = lower_stmt_of(l, op->id);
  if (!inst || !(entry->main || op->code == BE_OP_STMT))
    return;
  if (LLVMGetTypeKind(LLVMTypeOf(inst)) != LLVMVoidTypeKind)
    be_map_set(&l->values, mlirOperationGetResult(op->op, 0).ptr, inst);
}

static void map_blocks(struct lower *l) {
  const struct be_plan *plan = l->plan;
  size_t edges = 0;
  l->bb_of = calloc(plan->block_count + 1, sizeof *l->bb_of);
  l->first_edge = calloc(plan->block_count + 1, sizeof *l->first_edge);
  l->dirty = calloc(plan->block_count + 1, sizeof *l->dirty);
  for (size_t i = 0; i < plan->block_count; i++) {
    const struct be_plan_block *block = &plan->blocks[i];
    be_map_set(&l->blocks, block->block.ptr, (void *)(i + 1));
    if (block->lifted >= 0)
      l->bb_of[i] = l->lift->bb_of[block->lifted];
    l->first_edge[i] = edges;
    if (block->count)
      edges += (size_t)mlirOperationGetNumSuccessors(plan->ops[block->first + block->count - 1].op);
  }
  l->edge_bb = calloc(edges + 1, sizeof *l->edge_bb);
}

bool lower_begin(struct lower *l, struct lift *lifted, const struct be_plan *plan, bool rebuild) {
  memset(l, 0, sizeof *l);
  l->bridge = lifted->bridge;
  l->lift = lifted;
  l->ir = lifted->ir;
  l->plan = plan;
  l->rebuild = rebuild;
  l->builder = LLVMCreateBuilderInContext(l->bridge->ctx);
  for (size_t i = 0; i < plan->op_count; i++) {
    be_map_set(&l->ops, plan->ops[i].op.ptr, (void *)&plan->ops[i]);
    map_results(l, &plan->ops[i]);
  }
  map_blocks(l);
  return true;
}

/* ---- check: nothing is touched
 * ------------------------------------------------------------------- */

static bool fail(struct lower *l, const char *detail) {
  if (!l->detail)
    l->detail = detail;
  return false;
}

static bool is_host_const(enum be_opcode code) {
  return code >= BE_OP_CONSTANT && code <= BE_OP_HOST;
}

static bool can_build(struct lower *l, const struct be_plan_block *block,
                      const struct be_plan_op *op) {
  if (op->code == BE_OP_OTHER)
    return fail(l, "an op that is not in the vocabulary");
  if (is_host_const(op->code)) /* made where it is used, where it can be */
    return true;
  if (lower_is_terminator(op->code))
    return lower_cfg_can(l, block, op) || fail(l, be_opcode_name(op->code));
  if (!lower_operands_can(l, op->op))
    return fail(l, "a constant that cannot be made");
  return lower_arith_can(l, op) || lower_memory_can(l, op) || lower_call_can(l, op) ||
         fail(l, be_opcode_name(op->code));
}

static bool check_block(struct lower *l, const struct be_plan_block *block) {
  if (!block->count)
    return fail(l, "an empty block");
  for (size_t i = 0; i < block->count; i++) {
    const struct be_plan_op *op = &l->plan->ops[block->first + i];
    if (lower_fate(l, op) != BE_FATE_KEEP && !can_build(l, block, op))
      return false;
  }
  return true;
}

bool lower_check(struct lower *l) {
  const struct be_plan *plan = l->plan;
  MlirBlock entry = plan->blocks[0].block;
  if (plan->blocks[0].lifted != 0 ||
      mlirBlockGetNumArguments(entry) != (intptr_t)LLVMCountParams(l->lift->fun))
    return fail(l, "the entry block");
  for (size_t i = 0; i < plan->block_count; i++) {
    if (!check_block(l, &plan->blocks[i]))
      return false;
    MlirBlock block = plan->blocks[i].block;
    for (intptr_t a = mlirBlockGetNumArguments(block); a-- > 0;)
      if (!type_lower(l->bridge, mlirValueGetType(mlirBlockGetArgument(block, a))))
        return fail(l, "the type of a block argument");
  }
  return true;
}

/* ---- build -------------------------------------------------------------------------------------
 */

/* True when the lifted op still stands in its block, after all those before it. */
static bool in_order(const struct lower *l, const struct be_plan_block *block,
                     const struct be_plan_op *op) {
  return op->fate != BE_FATE_NEW &&
         be_function_entry(l->lift->out, op->id)->block == block->lifted && op->id > l->last_id;
}

/* New instructions go before the cursor, after what debug records stand there. */
static void place(struct lower *l, LLVMValueRef before) {
  LLVMValueRef near = before ? before : LLVMGetLastInstruction(l->bb);
  if (before)
    LLVMPositionBuilderBefore(l->builder, before);
  else
    LLVMPositionBuilderAtEnd(l->builder, l->bb);
  LLVMSetCurrentDebugLocation2(l->builder, near ? LLVMInstructionGetDebugLoc(near) : NULL);
}

static LLVMValueRef build(struct lower *l, size_t block, const struct be_plan_op *op) {
  if (lower_is_terminator(op->code))
    return lower_terminator(l, block, op);
  if (op->code == BE_OP_STMT)
    return lower_opaque(l, op);
  if (lower_arith_can(l, op))
    return lower_arith(l, op);
  if (lower_memory_can(l, op))
    return lower_memory(l, op);
  return lower_call(l, op);
}

static void lower_op(struct lower *l, size_t block, const struct be_plan_op *op) {
  LLVMValueRef inst = lower_stmt_of(l, op->id);
  bool here = inst && in_order(l, &l->plan->blocks[block], op);
  if (here) {
    l->last_id = op->id;
    l->cursor = inst;
  }
  if (lower_fate(l, op) == BE_FATE_KEEP) {
    if (inst) /* what stands between a computed jump and the switch on it goes before the jump */
      l->cursor = LLVMIsAIndirectBrInst(inst) ? inst : LLVMGetNextInstruction(inst);
    if (inst || !lower_is_terminator(op->code))
      return; /* a jump without an instruction stands for an edge: built with its block */
  }
  if (is_host_const(op->code))
    return;
  if (lower_is_terminator(op->code)) /* after what is dead, whose debug records it takes over */
    l->cursor = LLVMGetBasicBlockTerminator(l->bb);
  place(l, l->cursor);
  LLVMValueRef built = build(l, block, op);
  if (built)
    lower_result(l, op, built);
  if (here && be_function_entry(l->lift->out, op->id)->main)
    l->cursor = LLVMGetNextInstruction(inst);
}

static LLVMValueRef first_after_phis(LLVMBasicBlockRef bb) {
  LLVMValueRef inst = LLVMGetFirstInstruction(bb);
  while (inst && LLVMGetInstructionOpcode(inst) == LLVMPHI)
    inst = LLVMGetNextInstruction(inst);
  return inst;
}

static void lower_block(struct lower *l, size_t index) {
  const struct be_plan_block *block = &l->plan->blocks[index];
  l->bb = l->bb_of[index];
  l->cursor = first_after_phis(l->bb);
  l->last_id = -1;
  l->pending = NULL;
  for (size_t i = 0; i < block->count; i++)
    lower_op(l, index, &l->plan->ops[block->first + i]);
}

/* ---- what is gone
 * ---------------------------------------------------------------------------------- */

static void kill_statements(struct lower *l) {
  struct be_function *out = l->lift->out;
  for (size_t id = 0; id < be_function_entry_count(out); id++) {
    const struct be_entry *entry = be_function_entry(out, (int)id);
    if (entry->main && entry->stmt >= 0 && !l->plan->live[id])
      lower_kill(l, l->lift->stmts[entry->stmt]);
  }
  for (size_t i = 0; i < l->plan->op_count; i++) {
    const struct be_plan_op *op = &l->plan->ops[i];
    if (lower_fate(l, op) != BE_FATE_BUILD)
      continue;
    const struct be_entry *entry = be_function_entry(out, op->id);
    if (entry->main && entry->stmt >= 0)
      lower_kill(l, l->lift->stmts[entry->stmt]);
  }
}

static void kill_blocks(struct lower *l) {
  for (int i = 0; i < l->lift->block_count; i++) {
    LLVMBasicBlockRef bb = l->lift->bb_of[i];
    if (l->plan->block_live[i] || !bb)
      continue;
    for (LLVMValueRef inst = LLVMGetFirstInstruction(bb);
         inst && LLVMGetInstructionOpcode(inst) == LLVMPHI; inst = LLVMGetNextInstruction(inst))
      lower_kill(l, inst);
  }
}

static void erase_dead(struct lower *l) {
  for (size_t i = 0; i < l->dead_count; i++)
    if (LLVMGetFirstUse(l->dead[i]))
      LLVMReplaceAllUsesWith(l->dead[i], LLVMGetPoison(LLVMTypeOf(l->dead[i])));
  for (size_t i = 0; i < l->dead_count; i++)
    LLVMInstructionEraseFromParent(l->dead[i]);
  for (int i = 0; i < l->lift->block_count; i++)
    if (!l->plan->block_live[i] && l->lift->bb_of[i])
      LLVMDeleteBasicBlock(l->lift->bb_of[i]);
}

void lower_function(struct lower *l) {
  lower_cfg_begin(l);
  size_t *order = lower_cfg_order(l);
  for (size_t i = 0; i < l->plan->block_count; i++)
    lower_block(l, order[i]);
  free(order);
  kill_statements(l);
  kill_blocks(l);
  erase_dead(l);
  lower_cfg(l);
}

void lower_release(struct lower *l) {
  LLVMDisposeBuilder(l->builder);
  be_map_clear(&l->values);
  be_map_clear(&l->blocks);
  be_map_clear(&l->ops);
  free(l->bb_of);
  free(l->first_edge);
  free(l->edge_bb);
  free(l->dirty);
  free(l->dead);
}

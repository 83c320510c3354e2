/* lower.cc - makes the function do what the IR says, by plan: a dry run, then the work. */
#include "internal.h"

bool lower_cannot(lower *l, const char *detail) {
  if (!l->detail)
    l->detail = detail;
  return false;
}

const be_plan_op *lower_op_of(const lower *l, MlirOperation op) {
  return (const be_plan_op *)be_map_get(&l->ops, op.ptr);
}

gimple *lower_stmt_of(const lower *l, const be_plan_op *op) {
  int stmt = op->id < 0 ? -1 : be_function_entry(l->lift->out, op->id)->stmt;
  return stmt < 0 ? NULL : l->lift->stmts[stmt];
}

gimple *lower_main_stmt_of(const lower *l, const be_plan_op *op) {
  return op->id >= 0 && be_function_entry(l->lift->out, op->id)->main ? lower_stmt_of(l, op) : NULL;
}

static int stmt_number(const lower *l, const be_plan_op *op) {
  return op->id < 0 || op->fate == BE_FATE_NEW ? -1 : be_function_entry(l->lift->out, op->id)->stmt;
}

/* ---- preparing ------------------------------------------------------------------------------- */

static void map_names(lower *l) {
  for (unsigned i = 1; i < l->lift->ssa_count; i++)
    if (l->lift->ssa[i] && ssa_name(i))
      be_map_set(&l->names, l->lift->ssa[i], ssa_name(i));
}

/* True for a new way for an address to get into memory: what GCC knows of pointers then is too
 * little. In rebuild mode there is none. */
static bool publishes(const lower *l, const be_plan_op *op) {
  if (op->fate == BE_FATE_KEEP || l->rebuild)
    return false;
  if (op->code == BE_OP_STORE)
    return mlirTypeEqual(mlirValueGetType(mlirOperationGetOperand(op->op, 0)), l->ir->ptr);
  return op->code == BE_OP_CALL || op->code == BE_OP_PTRTOINT || op->code == BE_OP_MEMCPY ||
         op->code == BE_OP_MEMMOVE;
}

/* Values of ops that still are the lifted ones are the old names; so are arguments of old blocks.
 */
static void map_value(lower *l, MlirValue value) {
  void *name = be_map_get(&l->names, value.ptr);
  if (name)
    be_map_set(&l->values, value.ptr, name);
}

static void map_ops(lower *l) {
  for (size_t i = 0; i < l->plan->op_count; i++) {
    const be_plan_op *op = &l->plan->ops[i];
    int stmt = stmt_number(l, op);
    be_map_set(&l->ops, op->op.ptr, (void *)op);
    l->publishes |= publishes(l, op);
    if (stmt >= 0 && (op->code == BE_OP_SELECTOR || op->code == BE_OP_STMT))
      l->selected[stmt] = true;
    if (op->fate == BE_FATE_NEW || op->code == BE_OP_HOST)
      continue;
    for (intptr_t k = 0; k < mlirOperationGetNumResults(op->op); k++)
      map_value(l, mlirOperationGetResult(op->op, k));
  }
}

static void map_blocks(lower *l) {
  for (size_t i = 0; i < l->plan->block_count; i++) {
    const be_plan_block *block = &l->plan->blocks[i];
    if (block->lifted < 0)
      continue;
    be_map_set(&l->blocks, block->block.ptr, l->lift->bb_of[block->lifted]);
    for (intptr_t k = 0; k < mlirBlockGetNumArguments(block->block); k++)
      map_value(l, mlirBlockGetArgument(block->block, k));
  }
}

/* A kept helper op has no value in the host: one is made for users that are not kept. */
static void want(lower *l, MlirValue value) {
  if (!mlirValueIsAOpResult(value) || be_map_get(&l->values, value.ptr))
    return;
  const be_plan_op *op = lower_op_of(l, mlirOpResultGetOwner(value));
  if (!op || op->fate != BE_FATE_KEEP || l->wanted[op - l->plan->ops])
    return;
  l->wanted[op - l->plan->ops] = true;
  for (intptr_t k = 0; k < mlirOperationGetNumOperands(op->op); k++)
    want(l, mlirOperationGetOperand(op->op, k));
}

static void want_helpers(lower *l) {
  for (size_t i = 0; i < l->plan->op_count; i++) {
    const be_plan_op *op = &l->plan->ops[i];
    if (op->fate == BE_FATE_KEEP)
      continue;
    for (intptr_t k = 0; k < mlirOperationGetNumOperands(op->op); k++)
      want(l, mlirOperationGetOperand(op->op, k));
  }
}

bool lower_begin(lower *l, struct lift *lifted, const be_plan *plan) {
  memset(l, 0, sizeof *l);
  l->lift = lifted;
  l->ir = lifted->ir;
  l->plan = plan;
  l->rebuild = the_bridge.mode == BE_MODE_REBUILD;
  l->wanted = XCNEWVEC(bool, plan->op_count + 1);
  l->done = XCNEWVEC(bool, lifted->stmt_count + 1);
  l->selected = XCNEWVEC(bool, lifted->stmt_count + 1);
  l->routes = new auto_vec<route>;
  map_names(l);
  map_ops(l);
  map_blocks(l);
  want_helpers(l);
  return true;
}

/* ---- checking -------------------------------------------------------------------------------- */

enum family { CONSTANTS, ARITHMETIC, MEMORY, CALLS, OPAQUE, TERMINATORS, UNKNOWN };

static family family_of(be_opcode code) {
  if (code == BE_OP_OTHER)
    return UNKNOWN;
  if (code <= BE_OP_HOST)
    return CONSTANTS;
  if (code < BE_OP_ALLOCA)
    return ARITHMETIC;
  if (code < BE_OP_CALL)
    return MEMORY;
  if (code == BE_OP_CALL)
    return CALLS;
  return code == BE_OP_STMT || code == BE_OP_SELECTOR ? OPAQUE : TERMINATORS;
}

/* An opaque statement stays what it is; its operands may be replaced. */
static bool opaque_can(lower *l, const be_plan_op *op, const be_plan_block *block) {
  int stmt = stmt_number(l, op);
  if (stmt < 0 || l->lift->stmt_block[stmt] != block->lifted)
    return lower_cannot(l, "an opaque statement was moved or copied");
  if (op->code == BE_OP_SELECTOR)
    return true;
  ssa_op_iter iter;
  tree use;
  intptr_t i = 0, count = mlirOperationGetNumOperands(op->op);
  FOR_EACH_SSA_TREE_OPERAND(use, l->lift->stmts[stmt], iter, SSA_OP_USE) {
    if (i == count || SSA_NAME_OCCURS_IN_ABNORMAL_PHI(use))
      return lower_cannot(l, "an opaque statement was edited");
    i++;
  }
  return i == count || lower_cannot(l, "an opaque statement was edited");
}

/* A selector is no value of GCC's: which way a statement is left is in its edges. */
static bool operands_can(lower *l, const be_plan_op *op) {
  for (intptr_t k = 0; k < mlirOperationGetNumOperands(op->op); k++) {
    MlirValue value = mlirOperationGetOperand(op->op, k);
    bool selects =
        op->code == BE_OP_SWITCH && k == 0 && be_value_code(l->ir, value) == BE_OP_SELECTOR;
    if (!selects && !lower_can_name(l, value))
      return lower_cannot(l, "an operand has no counterpart");
  }
  return true;
}

static bool op_can(lower *l, const be_plan_op *op, const be_plan_block *block) {
  family family = family_of(op->code);
  if (op->fate == BE_FATE_KEEP && !l->wanted[op - l->plan->ops])
    return family != TERMINATORS || lower_cfg_can(l, block, op);
  if (family != OPAQUE && !operands_can(l, op))
    return false;
  switch (family) {
  case CONSTANTS:
    return lower_constant_can(l, op);
  case ARITHMETIC:
    return lower_arith_can(l, op);
  case MEMORY:
    return lower_memory_can(l, op);
  case CALLS:
    return lower_call_can(l, op);
  case OPAQUE:
    return opaque_can(l, op, block);
  case TERMINATORS:
    return lower_cfg_can(l, block, op);
  default:
    return lower_cannot(l, "an op that GCC has no counterpart for");
  }
}

/* True when the op's statement stays where it is: nothing before it in the block was after it. */
static bool stays(const lower *l, const be_plan_op *op) {
  return (op->fate == BE_FATE_KEEP || family_of(op->code) == OPAQUE) && lower_main_stmt_of(l, op);
}

static bool is_abnormal(const lower *l, MlirValue value) {
  tree name = (tree)be_map_get(&l->values, value.ptr);
  return name && TREE_CODE(name) == SSA_NAME && SSA_NAME_OCCURS_IN_ABNORMAL_PHI(name);
}

/* True for what makes a statement of its own, other than the block's last. */
static bool is_statement(const be_plan_op *op) {
  return op->code != BE_OP_SELECTOR && op->code > BE_OP_HOST && family_of(op->code) != TERMINATORS;
}

/* True when the op's statement is the last one that its block can have. */
static bool ends_block(const lower *l, const be_plan_op *op) {
  gimple *stmt = lower_stmt_of(l, op);
  return stmt && (op->code == BE_OP_CALL || op->code == BE_OP_STMT) && stmt_ends_bb_p(stmt);
}

/* In a function with computed jumps, values that they hand over live in one variable: they must not
 * live longer than they did. */
static bool lifetimes_can(lower *l, const be_plan_op *op) {
  if (op->fate == BE_FATE_KEEP || l->rebuild)
    return true;
  for (intptr_t k = 0; k < mlirOperationGetNumOperands(op->op); k++)
    if (is_abnormal(l, mlirOperationGetOperand(op->op, k)))
      return lower_cannot(l, "a value that a computed jump hands over was used elsewhere");
  for (intptr_t k = 0; k < mlirOperationGetNumResults(op->op); k++)
    if (is_abnormal(l, mlirOperationGetResult(op->op, k)))
      return lower_cannot(l, "a value that a computed jump hands over was edited");
  return true;
}

static bool block_can(lower *l, const be_plan_block *block) {
  int last = -1;
  bool ended = false;
  for (size_t i = 0; i < block->count; i++) {
    const be_plan_op *op = &l->plan->ops[block->first + i];
    if (!op_can(l, op, block) || !lifetimes_can(l, op))
      return false;
    if (ended && is_statement(op))
      return lower_cannot(l, "an operation after the one that ends its block");
    ended |= ends_block(l, op);
    if (!stays(l, op))
      continue;
    if (stmt_number(l, op) < last)
      return lower_cannot(l, "an opaque statement was moved");
    last = stmt_number(l, op);
  }
  return true;
}

/* The dry run: touches nothing. */
bool lower_check(lower *l) {
  for (size_t i = 0; i < l->plan->block_count; i++)
    if (!block_can(l, &l->plan->blocks[i]))
      return false;
  return true;
}

/* ---- building -------------------------------------------------------------------------------- */

static void pass_by(lower *l, const be_plan_op *op) {
  int stmt = stmt_number(l, op);
  if (stmt < 0 || !be_function_entry(l->lift->out, op->id)->main)
    return;
  gcall *call = dyn_cast<gcall *>(l->lift->stmts[stmt]);
  if (call && !gimple_call_must_tail_p(call))
    gimple_call_set_tail(call, false); /* found when other statements followed */
  l->done[stmt] = true;
  l->last_stmt = stmt;
  l->location = gimple_location(l->lift->stmts[stmt]);
  l->gsi = gsi_for_stmt(l->lift->stmts[stmt]);
  gsi_next(&l->gsi);
}

static void edit_opaque(lower *l, const be_plan_op *op) {
  gimple *stmt = lower_stmt_of(l, op);
  ssa_op_iter iter;
  use_operand_p use;
  unsigned i = 0;
  l->gsi = gsi_for_stmt(stmt);
  FOR_EACH_SSA_USE_OPERAND(use, stmt, iter, SSA_OP_USE) {
    tree value = lower_operand(l, op, i++, TREE_TYPE(USE_FROM_PTR(use)));
    if (value != USE_FROM_PTR(use))
      SET_USE(use, TREE_CODE(value) == SSA_NAME ? value
                                                : lower_emit(l, TREE_TYPE(USE_FROM_PTR(use)),
                                                             TREE_CODE(value), value, NULL));
  }
  update_stmt(stmt);
}

static void lower_op(lower *l, const be_plan_op *op) {
  family family = family_of(op->code);
  bool kept = op->fate == BE_FATE_KEEP;
  if (kept && l->wanted[op - l->plan->ops] && family != OPAQUE)
    kept = false;
  if (family == OPAQUE && op->code == BE_OP_STMT && op->fate == BE_FATE_BUILD)
    edit_opaque(l, op);
  if (!kept) {
    if (family == ARITHMETIC)
      lower_arith(l, op);
    else if (family == MEMORY)
      lower_memory(l, op);
    else if (family == CALLS)
      lower_call(l, op);
  }
  if (family == TERMINATORS)
    lower_terminator(l, op);
  if (op->fate == BE_FATE_KEEP || family == OPAQUE)
    pass_by(l, op);
}

static void lower_block(lower *l, const be_plan_block *block) {
  l->bb = (basic_block)be_map_get(&l->blocks, block->block.ptr);
  if (l->bb == ENTRY_BLOCK_PTR_FOR_FN(l->lift->fun))
    return; /* constants: they are made where they are used */
  l->gsi = gsi_after_labels(l->bb);
  l->last_stmt = -1;
  l->location = UNKNOWN_LOCATION;
  for (size_t i = 0; i < block->count; i++)
    lower_op(l, &l->plan->ops[block->first + i]);
}

static void remove_stmt(gimple *stmt) {
  gimple_stmt_iterator gsi = gsi_for_stmt(stmt);
  unlink_stmt_vdef(stmt);
  if (gsi_remove(&gsi, true))
    gimple_purge_dead_eh_edges(gimple_bb(stmt));
  release_defs(stmt);
}

static void remove_dead_stmts(lower *l) {
  for (int i = l->lift->stmt_count - 1; i >= 0; i--)
    if (!l->done[i] && l->plan->block_live[l->lift->stmt_block[i]])
      remove_stmt(l->lift->stmts[i]);
}

/* What GCC keeps about loops and values that no longer holds. */
static void forget_analyses(lower *l) {
  function *fun = l->lift->fun;
  if (l->cfg_changed) {
    free_dominance_info(CDI_DOMINATORS);
    free_dominance_info(CDI_POST_DOMINATORS);
  }
  mark_virtual_operands_for_renaming(fun);
  update_ssa(TODO_update_ssa);
  /* Only now: it moves edges, and GCC then mixes up the arguments of PHIs when one lacks its own,
   * as those of memory did. */
  if (l->cfg_changed && loops_for_fn(fun)) {
    loops_state_set(LOOPS_NEED_FIXUP);
    calculate_dominance_info(CDI_DOMINATORS);
    fix_loop_structure(NULL);
  }
  if (loops_for_fn(fun)) {
    free_numbers_of_iterations_estimates(fun);
    if (scev_initialized_p())
      scev_reset();
    if (loops_state_satisfies_p(LOOP_CLOSED_SSA))
      rewrite_into_loop_closed_ssa(NULL, TODO_update_ssa);
  }
}

void lower_function(lower *l) {
  lower_make_blocks(l);
  for (size_t i = 0; i < l->plan->block_count; i++)
    lower_block(l, &l->plan->blocks[i]);
  lower_cfg(l);
  remove_dead_stmts(l);
  forget_analyses(l);
}

void lower_release(lower *l) {
  be_map_clear(&l->values);
  be_map_clear(&l->names);
  be_map_clear(&l->blocks);
  be_map_clear(&l->ops);
  XDELETEVEC(l->wanted);
  XDELETEVEC(l->done);
  XDELETEVEC(l->selected);
  delete l->routes;
}

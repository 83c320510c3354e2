/* stir.c - a pass that changes everything and means nothing: for testing lower.
 *
 * In:  any function.
 * Out: copies of ops in place of ops, values sent through memory and through new block arguments,
 *      branches turned round, new blocks on edges. The program does the same as before.
 * Declines: nothing; option `seed` chooses what is done where. */
#include "backedge/pass.h"

struct stir {
  struct be_run *run;
  const struct be_ir *ir;
  uint64_t state;
  MlirBlock entry;
  MlirRegion body;
};

static bool chance(struct stir *s, unsigned one_in) {
  s->state = s->state * 6364136223846793005u + 1442695040888963407u;
  return (s->state >> 33) % one_in == 0;
}

static bool is_plain(const struct stir *s, MlirOperation op) {
  enum be_opcode code = be_op_code(s->ir, op);
  return code > BE_OP_HOST && code < BE_OP_ALLOCA && mlirOperationGetNumResults(op) == 1 &&
         !(be_op_effects(s->ir, op) & BE_EFFECT_TRAP);
}

/* A copy takes over; the op goes. Returns the copy. */
static MlirOperation copy_op(MlirOperation op) {
  MlirOperation copy = mlirOperationClone(op);
  mlirBlockInsertOwnedOperationBefore(mlirOperationGetBlock(op), op, copy);
  mlirValueReplaceAllUsesOfWith(mlirOperationGetResult(op, 0), mlirOperationGetResult(copy, 0));
  mlirOperationDestroy(op);
  return copy;
}

/* The value is stored in a new local and read back at once. */
static void through_memory(struct stir *s, MlirOperation op) {
  MlirValue value = mlirOperationGetResult(op, 0);
  MlirType type = mlirValueGetType(value);
  MlirOperation next = mlirOperationGetNextInBlock(op);
  if (!mlirTypeEqual(type, s->ir->i32) && !mlirTypeEqual(type, s->ir->i64) &&
      !mlirTypeEqual(type, s->ir->f64) && !mlirTypeEqual(type, s->ir->ptr))
    return;
  struct be_builder at = be_builder_before(s->ir, mlirBlockGetTerminator(s->entry));
  MlirValue one = be_build_int(&at, s->ir->i64, 1);
  MlirNamedAttribute attr = be_attr(s->ir, "elem_type", mlirTypeAttrGet(type));
  struct be_op_parts parts = {.operands = &one,
                              .operand_count = 1,
                              .results = &s->ir->ptr,
                              .result_count = 1,
                              .attrs = &attr,
                              .attr_count = 1};
  MlirValue local = mlirOperationGetResult(be_build(&at, BE_OP_ALLOCA, &parts), 0);
  struct be_builder b = be_builder_before(s->ir, next);
  struct be_access access = {0};
  MlirValue loaded = be_build_load(&b, type, local, &access);
  mlirValueReplaceAllUsesOfWith(value, loaded);
  b.before = mlirOpResultGetOwner(loaded);
  be_build_store(&b, value, local, &access);
}

static struct be_succ successor(struct stir *s, MlirOperation term, unsigned i, MlirValue *args) {
  size_t first, count = be_succ_operands(s->ir, term, i, &first);
  for (size_t k = 0; k < count; k++)
    args[k] = mlirOperationGetOperand(term, (intptr_t)(first + k));
  return (struct be_succ){.block = mlirOperationGetSuccessor(term, i),
                          .args = args,
                          .arg_count = count,
                          .weight = be_succ_weight(s->ir, term, i)};
}

enum { ARGS_MAX = 64 };

static bool has_few_operands(MlirOperation term) {
  return mlirOperationGetNumOperands(term) < ARGS_MAX;
}

static void turn_round(struct stir *s, MlirOperation term) {
  MlirValue yes_args[ARGS_MAX], no_args[ARGS_MAX];
  struct be_builder b = be_builder_before(s->ir, term);
  struct be_succ yes = successor(s, term, 0, yes_args), no = successor(s, term, 1, no_args);
  MlirValue cond = mlirOperationGetOperand(term, 0);
  cond = be_build_binary(&b, BE_OP_XOR, cond, be_build_int(&b, s->ir->i1, 1), 0);
  be_build_cond_br(&b, cond, &no, &yes);
  mlirOperationDestroy(term);
}

/* A new block with arguments of its own on the way. */
static void detour(struct stir *s, MlirOperation term) {
  MlirType types[ARGS_MAX];
  MlirLocation locs[ARGS_MAX];
  MlirValue args[ARGS_MAX];
  struct be_succ to = successor(s, term, 0, args);
  for (size_t i = 0; i < to.arg_count; i++) {
    types[i] = mlirValueGetType(args[i]);
    locs[i] = mlirOperationGetLocation(term);
  }
  MlirBlock block = mlirBlockCreate((intptr_t)to.arg_count, types, locs);
  mlirRegionInsertOwnedBlockAfter(s->body, mlirOperationGetBlock(term), block);
  struct be_succ via = {.block = block, .args = args, .arg_count = to.arg_count};
  struct be_builder b = be_builder_before(s->ir, term);
  be_build_br(&b, &via);
  MlirLocation loc = mlirOperationGetLocation(term);
  mlirOperationDestroy(term);
  for (size_t i = 0; i < to.arg_count; i++)
    args[i] = mlirBlockGetArgument(block, (intptr_t)i);
  b = be_builder_at_end(s->ir, block, loc);
  be_build_br(&b, &to);
}

static void stir_block(struct stir *s, MlirBlock block) {
  MlirOperation next, op = mlirBlockGetFirstOperation(block);
  for (; !mlirOperationIsNull(op); op = next) {
    next = mlirOperationGetNextInBlock(op);
    if (mlirOperationIsNull(next) || !is_plain(s, op))
      continue;
    if (chance(s, 4) && be_run_change(s->run))
      op = copy_op(op);
    if (chance(s, 8) && be_run_change(s->run))
      through_memory(s, op);
  }
  MlirOperation term = mlirBlockGetTerminator(block);
  enum be_opcode code = be_op_code(s->ir, term);
  if (!has_few_operands(term))
    return;
  if (code == BE_OP_COND_BR && chance(s, 3) && be_run_change(s->run))
    turn_round(s, term);
  else if (code == BE_OP_BR && chance(s, 3) && be_run_change(s->run))
    detour(s, term);
}

static void run(struct be_run *r, MlirOperation func) {
  struct stir s = {.run = r, .ir = be_run_ir(r)};
  s.state = (uint64_t)be_run_option(r, "seed", 1) * 0x9e3779b97f4a7c15u;
  s.body = mlirOperationGetRegion(func, 0);
  s.entry = mlirRegionGetFirstBlock(s.body);
  MlirBlock next, block = mlirBlockGetNextInRegion(s.entry);
  for (; !mlirBlockIsNull(block); block = next) {
    next = mlirBlockGetNextInRegion(block);
    stir_block(&s, block);
  }
}

static const char *const stir_options[] = {"seed", "what is done where", NULL};
const struct be_pass be_pass_stir = {
    .name = "stir",
    .summary = "change everything, mean nothing (for tests)",
    .needs = 0,
    .options = stir_options,
    .run = run,
};

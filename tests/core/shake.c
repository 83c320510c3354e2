/* shake.c - a pass that edits without changing what the program does, for tests of lowering: built
 * in with BACKEDGE_EXTRA_PASSES. Each kind of edit is one bit of its option. */
#include "backedge/pass.h"
#include <stdlib.h>

enum {
  KIND_CLONE = 1,   /* an op's first user gets a copy of it */
  KIND_REPLACE = 2, /* a copy takes all uses, the op goes */
  KIND_SWAP = 4,    /* the operands of commutative ops change places */
  KIND_SPLIT = 8,   /* a new block on each edge of a branch */
  KIND_INVERT = 16, /* a branch on the inverted condition */
  KIND_TWICE = 32,  /* a jump becomes a branch with both ways to one block */
  KIND_HAND = 64,   /* a block argument more */
  KIND_LOCAL = 128, /* a value goes through a new local */
  KIND_SINK = 256,  /* an op moves to right before its only user in the block */
};

struct shake {
  struct be_run *run;
  const struct be_ir *ir;
  MlirRegion body;
  int64_t kinds;
  unsigned count;
};

static bool wants(struct shake *s, int kind) {
  return (s->kinds & kind) && s->count++ % 2 == 0 && be_run_change(s->run);
}

static bool is_pure(const struct be_ir *ir, MlirOperation op) {
  enum be_opcode code = be_op_code(ir, op);
  return code >= BE_OP_ADD && code <= BE_OP_INSERTVALUE && code != BE_OP_FREEZE &&
         mlirOperationGetNumResults(op) == 1;
}

/* ---- ops --------------------------------------------------------------------------------------
 */

static void swap_operands(struct shake *s, MlirOperation op) {
  enum be_opcode code = be_op_code(s->ir, op);
  if ((code != BE_OP_ADD && code != BE_OP_MUL && code != BE_OP_AND && code != BE_OP_XOR) ||
      !wants(s, KIND_SWAP))
    return;
  MlirValue first = mlirOperationGetOperand(op, 0);
  mlirOperationSetOperand(op, 0, mlirOperationGetOperand(op, 1));
  mlirOperationSetOperand(op, 1, first);
}

static MlirOperation copy_before(MlirOperation op) {
  MlirOperation copy = mlirOperationClone(op);
  mlirBlockInsertOwnedOperationBefore(mlirOperationGetBlock(op), op, copy);
  return copy;
}

/* False when the op is gone. */
static bool copy(struct shake *s, MlirOperation op) {
  MlirValue value = mlirOperationGetResult(op, 0);
  MlirOpOperand use = mlirValueGetFirstUse(value);
  if (mlirOpOperandIsNull(use))
    return true;
  if (wants(s, KIND_CLONE)) {
    MlirOperation made = copy_before(op);
    mlirOperationSetOperand(mlirOpOperandGetOwner(use), mlirOpOperandGetOperandNumber(use),
                            mlirOperationGetResult(made, 0));
  } else if (wants(s, KIND_REPLACE)) {
    mlirValueReplaceAllUsesOfWith(value, mlirOperationGetResult(copy_before(op), 0));
    mlirOperationDestroy(op);
    return false;
  }
  return true;
}

static void sink(struct shake *s, MlirOperation op) {
  MlirOpOperand use = mlirValueGetFirstUse(mlirOperationGetResult(op, 0));
  if (mlirOpOperandIsNull(use) || !mlirOpOperandIsNull(mlirOpOperandGetNextUse(use)))
    return;
  MlirOperation user = mlirOpOperandGetOwner(use);
  if (mlirBlockEqual(mlirOperationGetBlock(user), mlirOperationGetBlock(op)) && wants(s, KIND_SINK))
    mlirOperationMoveBefore(op, user);
}

static void through_local(struct shake *s, MlirOperation op) {
  MlirValue value = mlirOperationGetResult(op, 0);
  MlirType type = mlirValueGetType(value);
  MlirOpOperand use = mlirValueGetFirstUse(value);
  if (mlirOpOperandIsNull(use) ||
      (!mlirTypeEqual(type, s->ir->i32) && !mlirTypeEqual(type, s->ir->ptr)) ||
      !wants(s, KIND_LOCAL))
    return;
  MlirBlock entry = mlirRegionGetFirstBlock(s->body);
  struct be_builder b = be_builder_before(s->ir, mlirBlockGetFirstOperation(entry));
  MlirValue one = be_build_int(&b, s->ir->i64, 1);
  MlirNamedAttribute attrs[2] = {be_attr(s->ir, "elem_type", mlirTypeAttrGet(type)),
                                 be_attr(s->ir, "alignment", mlirIntegerAttrGet(s->ir->i64, 8))};
  struct be_op_parts parts = {.operands = &one,
                              .operand_count = 1,
                              .results = &s->ir->ptr,
                              .result_count = 1,
                              .attrs = attrs,
                              .attr_count = 2};
  MlirValue local = mlirOperationGetResult(be_build(&b, BE_OP_ALLOCA, &parts), 0);
  struct be_access access = {.align = 8};
  b = be_builder_before(s->ir, mlirOperationGetNextInBlock(op));
  be_build_store(&b, value, local, &access);
  mlirOperationSetOperand(mlirOpOperandGetOwner(use), mlirOpOperandGetOperandNumber(use),
                          be_build_load(&b, type, local, &access));
}

static void shake_op(struct shake *s, MlirOperation op) {
  if (!is_pure(s->ir, op))
    return;
  swap_operands(s, op);
  if (!copy(s, op))
    return;
  through_local(s, op);
  sink(s, op);
}

/* ---- branches ---------------------------------------------------------------------------------
 */

/* The successor with its arguments; they are freed by the caller. */
static struct be_succ way(struct shake *s, MlirOperation term, size_t i) {
  size_t first, count = be_succ_operands(s->ir, term, i, &first);
  MlirValue *args = malloc((count + 1) * sizeof *args);
  for (size_t k = 0; k < count; k++)
    args[k] = mlirOperationGetOperand(term, (intptr_t)(first + k));
  return (struct be_succ){mlirOperationGetSuccessor(term, (intptr_t)i), args, count,
                          be_succ_weight(s->ir, term, i)};
}

/* A block of its own on the way; it goes through an argument of that block. */
static struct be_succ between(struct shake *s, MlirBlock from, struct be_succ to,
                              MlirLocation loc) {
  MlirBlock block = mlirBlockCreate(0, NULL, NULL);
  mlirRegionInsertOwnedBlockAfter(s->body, from, block);
  struct be_succ on = to;
  MlirValue *args = malloc((to.arg_count + 1) * sizeof *args);
  for (size_t i = 0; i < to.arg_count; i++)
    args[i] = mlirBlockAddArgument(block, mlirValueGetType(to.args[i]), loc);
  on.args = args;
  struct be_builder b = be_builder_at_end(s->ir, block, loc);
  be_build_br(&b, &on);
  free(args);
  return (struct be_succ){block, to.args, to.arg_count, to.weight};
}

static void shake_branch(struct shake *s, MlirOperation term) {
  struct be_succ yes = way(s, term, 0), no = way(s, term, 1);
  MlirBlock block = mlirOperationGetBlock(term);
  MlirValue cond = mlirOperationGetOperand(term, 0);
  struct be_builder b = be_builder_before(s->ir, term);
  bool changed = false;
  if (wants(s, KIND_SPLIT)) {
    yes = between(s, block, yes, b.loc);
    changed = true;
  }
  if (wants(s, KIND_INVERT)) {
    struct be_succ other = yes;
    yes = no;
    no = other;
    cond = be_build_binary(&b, BE_OP_XOR, cond, be_build_int(&b, s->ir->i1, 1), 0);
    changed = true;
  }
  if (changed) {
    be_build_cond_br(&b, cond, &yes, &no);
    mlirOperationDestroy(term);
  }
  free((void *)yes.args);
  free((void *)no.args);
}

/* Both ways go to one block; what they hand over differs by name only. */
static void shake_jump(struct shake *s, MlirOperation term) {
  struct be_succ to = way(s, term, 0);
  MlirValue *args = (MlirValue *)to.args;
  struct be_builder b = be_builder_before(s->ir, term);
  MlirBlock entry = mlirRegionGetFirstBlock(s->body);
  if (mlirBlockGetNumArguments(entry) && to.arg_count &&
      mlirTypeEqual(mlirValueGetType(mlirBlockGetArgument(entry, 0)), s->ir->i32) &&
      wants(s, KIND_TWICE)) {
    MlirValue *others = malloc(to.arg_count * sizeof *others);
    MlirValue zero = be_build_int(&b, s->ir->i32, 7);
    MlirValue param = mlirBlockGetArgument(entry, 0); /* poison is nothing to branch on */
    param = be_build_simple(&b, BE_OP_FREEZE, s->ir->i32, &param, 1, NULL, (MlirAttribute){NULL});
    MlirValue cond = be_build_icmp(&b, BE_ICMP_SLT, param, zero);
    for (size_t i = 0; i < to.arg_count; i++)
      others[i] = be_build_select(&b, cond, args[i], args[i]);
    struct be_succ no = {to.block, others, to.arg_count, to.weight};
    be_build_cond_br(&b, cond, &to, &no);
    mlirOperationDestroy(term);
    free(others);
  }
  free(args);
}

/* ---- block arguments ----------------------------------------------------------------------------
 */

/* How many ways lead to the block; -1 when one of them is no plain branch. */
static int ways_to(struct shake *s, MlirBlock block) {
  int ways = 0;
  for (MlirBlock from = mlirRegionGetFirstBlock(s->body); !mlirBlockIsNull(from);
       from = mlirBlockGetNextInRegion(from)) {
    MlirOperation term = mlirBlockGetTerminator(from);
    enum be_opcode code = be_op_code(s->ir, term);
    for (intptr_t i = mlirOperationGetNumSuccessors(term); i-- > 0;)
      if (mlirBlockEqual(mlirOperationGetSuccessor(term, i), block)) {
        if (code != BE_OP_BR && code != BE_OP_COND_BR)
          return -1;
        ways++;
      }
  }
  return ways;
}

/* The first parameter reaches the block as an argument, too. */
static void hand_over(struct shake *s, MlirBlock block) {
  MlirBlock entry = mlirRegionGetFirstBlock(s->body);
  if (!mlirBlockGetNumArguments(entry) || ways_to(s, block) < 1 || !wants(s, KIND_HAND))
    return;
  MlirValue param = mlirBlockGetArgument(entry, 0);
  for (MlirBlock from = entry; !mlirBlockIsNull(from); from = mlirBlockGetNextInRegion(from)) {
    MlirOperation term = mlirBlockGetTerminator(from);
    for (intptr_t i = mlirOperationGetNumSuccessors(term); i-- > 0;) {
      if (!mlirBlockEqual(mlirOperationGetSuccessor(term, i), block))
        continue;
      struct be_succ to = way(s, term, (size_t)i);
      ((MlirValue *)to.args)[to.arg_count] = param;
      be_succ_set_operands(s->ir, term, (size_t)i, to.args, to.arg_count + 1);
      free((void *)to.args);
    }
  }
  MlirValue arg = mlirBlockAddArgument(block, mlirValueGetType(param), s->ir->unknown_loc);
  for (MlirOperation op = mlirBlockGetFirstOperation(block); !mlirOperationIsNull(op);
       op = mlirOperationGetNextInBlock(op))
    for (intptr_t i = mlirOperationGetNumOperands(op); i-- > 0;)
      if (mlirValueEqual(mlirOperationGetOperand(op, i), param) && is_pure(s->ir, op))
        mlirOperationSetOperand(op, i, arg);
}

static void run(struct be_run *run, MlirOperation func) {
  struct shake s = {.run = run,
                    .ir = be_run_ir(run),
                    .body = mlirOperationGetRegion(func, 0),
                    .kinds = be_run_option(run, "kinds", 511)};
  MlirBlock next;
  for (MlirBlock block = mlirRegionGetFirstBlock(s.body); !mlirBlockIsNull(block); block = next) {
    next = mlirBlockGetNextInRegion(block);
    MlirOperation after;
    for (MlirOperation op = mlirBlockGetFirstOperation(block); !mlirOperationIsNull(op);
         op = after) {
      after = mlirOperationGetNextInBlock(op);
      shake_op(&s, op);
    }
    if (!mlirBlockEqual(block, mlirRegionGetFirstBlock(s.body)))
      hand_over(&s, block);
    MlirOperation term = mlirBlockGetTerminator(block);
    enum be_opcode code = be_op_code(s.ir, term);
    if (code == BE_OP_COND_BR)
      shake_branch(&s, term);
    else if (code == BE_OP_BR && be_op_id(s.ir, term) >= 0)
      shake_jump(&s, term);
  }
}

static const char *const options[] = {"kinds", "set of kinds of edits (511)", NULL};

const struct be_pass be_pass_shake = {.name = "shake",
                                      .summary = "edits and changes nothing, for tests",
                                      .options = options,
                                      .run = run};

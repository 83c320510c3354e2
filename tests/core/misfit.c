/* misfit.c - a pass that makes one op which MLIR takes and a compiler may not, for tests.
 *
 * In:  a function (pointer, i32, ...). Option `kind` says which op.
 * Out: the op in the last block. Nothing uses it: the function does what it did. */
#include "backedge/pass.h"

struct misfit {
  const struct be_ir *ir;
  struct be_builder b;
  MlirBlock entry;
  MlirValue pointer, number;
};

static MlirValue undef(struct misfit *m, MlirType type) { return be_build_undef(&m->b, type); }

static MlirType odd_type(struct misfit *m) { return mlirIntegerTypeGet(m->ir->ctx, 24); }

static void widening_bitcast(struct misfit *m) {
  be_build_cast(&m->b, BE_OP_BITCAST, m->ir->i64, m->number);
}

static void widening_trunc(struct misfit *m) {
  be_build_cast(&m->b, BE_OP_TRUNC, m->ir->i64, m->number);
}

static void odd_load(struct misfit *m) {
  struct be_access access = {.align = 1};
  be_build_load(&m->b, odd_type(m), m->pointer, &access);
}

static void odd_store(struct misfit *m) {
  struct be_access access = {.align = 1};
  be_build_store(&m->b, undef(m, odd_type(m)), m->pointer, &access);
}

/* More than any processor has a register for. */
static void wide_vector(struct misfit *m) {
  int64_t lanes = 64;
  MlirValue value = undef(m, mlirVectorTypeGet(1, &lanes, m->ir->i64));
  be_build_binary(&m->b, BE_OP_UDIV, value, value, 0);
}

/* Registers there are, but no instruction. */
static void vector_division(struct misfit *m) {
  int64_t lanes = 2;
  MlirValue value = undef(m, mlirVectorTypeGet(1, &lanes, m->ir->i64));
  be_build_binary(&m->b, BE_OP_UDIV, value, value, 0);
}

static void distant_prefetch(struct misfit *m) { be_build_prefetch(&m->b, m->pointer, 7, 9); }

static void local(struct misfit *m, int64_t align) {
  MlirValue one = be_build_int(&m->b, m->ir->i64, 1);
  MlirNamedAttribute attrs[2] = {
      be_attr(m->ir, "elem_type", mlirTypeAttrGet(m->ir->i64)),
      be_attr(m->ir, "alignment", mlirIntegerAttrGet(m->ir->i64, align))};
  struct be_op_parts parts = {.operands = &one,
                              .operand_count = 1,
                              .results = &m->ir->ptr,
                              .result_count = 1,
                              .attrs = attrs,
                              .attr_count = 2};
  be_build(&m->b, BE_OP_ALLOCA, &parts);
}

static void late_local(struct misfit *m) { local(m, 8); }

static void vast_alignment(struct misfit *m) {
  m->b = be_builder_before(m->ir, mlirBlockGetTerminator(m->entry));
  local(m, INT64_C(1) << 40);
}

static void odd_argument(struct misfit *m) {
  MlirValue args[2] = {m->pointer, undef(m, odd_type(m))};
  be_build_call(&m->b, NULL, 0, m->ir->i32, args, 2, (MlirType){NULL});
}

static void funnel_shift(struct misfit *m) {
  MlirValue operands[3] = {m->number, undef(m, m->ir->i32), m->number};
  be_build_simple(&m->b, BE_OP_FSHL, m->ir->i32, operands, 3, NULL, (MlirAttribute){NULL});
}

static void atomic_load(struct misfit *m) {
  struct be_access access = {.align = 4, .ordering = 4};
  be_build_load(&m->b, m->ir->i32, m->pointer, &access);
}

/* Both ways out of the switch for one value. */
static void double_case(struct misfit *m) {
  MlirOperation term = mlirBlockGetTerminator(m->b.block);
  MlirBlock block = mlirBlockCreate(0, NULL, NULL);
  mlirRegionInsertOwnedBlockAfter(mlirBlockGetParentRegion(m->b.block), m->b.block, block);
  mlirOperationRemoveFromParent(term);
  mlirBlockAppendOwnedOperation(block, term);
  struct be_succ to[3] = {{.block = block}, {.block = block}, {.block = block}};
  int64_t values[2] = {1, 1};
  m->b = be_builder_at_end(m->ir, m->b.block, m->b.loc);
  be_build_switch(&m->b, m->number, to, values, 2);
}

static void (*const kinds[])(struct misfit *) = {
    widening_bitcast, widening_trunc, odd_load,       odd_store,        wide_vector,
    vector_division,  late_local,     vast_alignment, distant_prefetch, odd_argument,
    funnel_shift,     atomic_load,    double_case};

static void run(struct be_run *run, MlirOperation func) {
  MlirRegion body = mlirOperationGetRegion(func, 0);
  struct misfit m = {.ir = be_run_ir(run), .entry = mlirRegionGetFirstBlock(body)};
  size_t kind = (size_t)be_run_option(run, "kind", 0);
  MlirBlock last = m.entry, next = m.entry;
  for (; !mlirBlockIsNull(next); next = mlirBlockGetNextInRegion(next))
    last = next;
  if (kind >= sizeof kinds / sizeof *kinds || !be_run_change(run))
    return;
  m.b = be_builder_before(m.ir, mlirBlockGetTerminator(last));
  m.pointer = mlirBlockGetArgument(m.entry, 0);
  m.number = mlirBlockGetArgument(m.entry, 1);
  kinds[kind](&m);
}

static const char *const options[] = {"kind", "which op", NULL};

const struct be_pass be_pass_misfit = {.name = "misfit",
                                       .summary = "makes ops that do not fit, for tests",
                                       .options = options,
                                       .run = run};

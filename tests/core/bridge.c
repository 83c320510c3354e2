/* bridge.c - the core without a compiler: lift by hand, edit, and look at the plan. */
#include "backedge/compiler.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void expect(bool ok, const char *what) {
  printf("%s: %s\n", ok ? "ok" : "FAILED", what);
  failures += !ok;
}

static void on_remark(void *host, const struct be_remark *remark) {
  (void)host;
  (void)remark;
}

static void on_warn(void *host, const char *text) {
  (void)host;
  fprintf(stderr, "warning: %s\n", text);
}

static struct be_session *session_in_mode(enum be_mode mode) {
  static const struct be_host host = {
      .compiler = "test", .unit = "bridge.c", .remark = on_remark, .warn = on_warn};
  struct be_options options;
  struct be_session *session;
  char err[256];
  be_options_init(&options);
  options.mode = mode;
  options.verify = true;
  if (be_session_create(&host, &options, &session, err, sizeof err)) {
    fprintf(stderr, "%s\n", err);
    exit(1);
  }
  be_options_destroy(&options);
  return session;
}

/* int f(int *p, int n) { do { n = n + 7; *p = n; } while (n < 100); return n; } as two blocks. */
static struct be_function *lift(struct be_session *session) {
  const struct be_ir *ir = be_session_ir(session);
  MlirType params[2] = {ir->ptr, ir->i32};
  struct be_function *f =
      be_function_create(session, "f", params, 2, ir->i32, false, ir->unknown_loc);
  struct be_builder *b = be_function_builder(f);
  int loop = be_function_add_block(f, &ir->i32, 1), end = be_function_add_block(f, NULL, 0);
  MlirBlock entry = be_function_block(f, 0), body = be_function_block(f, loop);
  MlirValue n = mlirBlockGetArgument(entry, 1);
  MlirValue seven = be_build_int(b, ir->i32, 7), hundred = be_build_int(b, ir->i32, 100);
  be_build_br(b, &(struct be_succ){.block = body, .args = &n, .arg_count = 1});
  be_function_at_block(f, loop);
  be_function_at_stmt(f, 0, ir->unknown_loc);
  MlirValue sum =
      be_build_binary(b, BE_OP_ADD, mlirBlockGetArgument(body, 0), seven, BE_OVERFLOW_NSW);
  be_function_at_stmt(f, 1, ir->unknown_loc);
  MlirValue addr = be_build_offset(b, mlirBlockGetArgument(entry, 0), 4, true);
  struct be_access access = {.align = 4, .field = be_access_field(ir, "pair", "second")};
  be_build_store(b, sum, addr, &access);
  be_function_at_stmt(f, 2, ir->unknown_loc);
  MlirValue less = be_build_icmp(b, BE_ICMP_SLT, sum, hundred);
  be_build_cond_br(b, less,
                   &(struct be_succ){.block = body, .args = &sum, .arg_count = 1, .weight = 9},
                   &(struct be_succ){.block = be_function_block(f, end), .weight = 1});
  be_function_at_block(f, end);
  be_function_at_stmt(f, 3, ir->unknown_loc);
  be_build_return(b, sum);
  be_function_count(f, 4, 0);
  return f;
}

static MlirOperation op_of_stmt(struct be_function *f, int stmt) {
  for (size_t id = 0; id < be_function_entry_count(f); id++) {
    const struct be_entry *entry = be_function_entry(f, (int)id);
    if (entry->stmt == stmt && entry->main)
      return entry->op;
  }
  return (MlirOperation){NULL};
}

static enum be_fate fate_of_stmt(struct be_function *f, const struct be_plan *plan, int stmt) {
  MlirOperation op = op_of_stmt(f, stmt);
  for (size_t i = 0; i < plan->op_count; i++)
    if (mlirOperationEqual(plan->ops[i].op, op))
      return plan->ops[i].fate;
  return BE_FATE_NEW;
}

static void check_identity(void) {
  struct be_session *session = session_in_mode(BE_MODE_IDENTITY);
  struct be_function *f = lift(session);
  expect(be_function_run(f), "identity mode asks to lower");
  const struct be_plan *plan = be_function_plan(f, false);
  expect(!plan->changed, "identity changes nothing");
  plan = be_function_plan(f, true);
  expect(plan->changed, "rebuild changes everything");
  for (int stmt = 0; stmt < 4; stmt++)
    expect(fate_of_stmt(f, plan, stmt) == BE_FATE_BUILD, "rebuild builds each statement");
  be_function_lowered(f, BE_REASON_NONE, NULL);
  be_function_destroy(f);
  be_session_destroy(session);
}

static void check_effects(void) {
  struct be_session *session = session_in_mode(BE_MODE_IDENTITY);
  const struct be_ir *ir = be_session_ir(session);
  struct be_function *f = lift(session);
  MlirOperation store = op_of_stmt(f, 1), branch = op_of_stmt(f, 2), add = op_of_stmt(f, 0);
  size_t first;
  expect(be_op_effects(ir, store) == (BE_EFFECT_WRITE | BE_EFFECT_TRAP), "a store writes");
  expect(be_op_effects(ir, add) == BE_EFFECT_NONE, "an add has no effect");
  expect(be_op_overflow(ir, add) == BE_OVERFLOW_NSW, "nsw is read back");
  expect(be_succ_operands(ir, branch, 0, &first) == 1 && first == 1, "operands of an edge");
  expect(be_succ_operands(ir, branch, 1, &first) == 0, "no operands on the other edge");
  expect(be_succ_weight(ir, branch, 0) == 9 && be_succ_weight(ir, branch, 1) == 1, "weights");
  expect(be_type_size(mlirLLVMArrayTypeGet(ir->f64, 12)) == 96, "size of an array");
  be_function_destroy(f);
  be_session_destroy(session);
}

int main(void) {
  check_identity();
  check_effects();
  return failures != 0;
}

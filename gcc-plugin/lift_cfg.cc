/* lift_cfg.cc - block arguments and terminators. */
#include "internal.h"

enum { CASES_MAX = 4096, RANGE_MAX = 256 };

size_t lift_phis(basic_block bb) {
  size_t n = 0;
  for (gphi_iterator gsi = gsi_start_phis(bb); !gsi_end_p(gsi); gsi_next(&gsi))
    n += !virtual_operand_p(gimple_phi_result(gsi.phi()));
  return n;
}

/* The edge as a successor; its arguments are appended to *args, owned by the caller. */
static be_succ successor(lift *l, edge e, auto_vec<MlirValue> *args) {
  unsigned first = args->length();
  if (l->block_of[e->dest->index] < 0) {
    lift_decline(l, BE_REASON_UNSUPPORTED_CFG, "an edge to the exit without a return");
    return be_succ{be_function_block(l->out, 0), NULL, 0, 0};
  }
  for (gphi_iterator gsi = gsi_start_phis(e->dest); !gsi_end_p(gsi); gsi_next(&gsi))
    if (!virtual_operand_p(gimple_phi_result(gsi.phi())))
      args->safe_push(lift_value(l, PHI_ARG_DEF_FROM_EDGE(gsi.phi(), e)));
  return be_succ{be_function_block(l->out, l->block_of[e->dest->index]), NULL,
                 args->length() - first, count_weight(e)};
}

/* The pool has stopped growing: point the successors into it. */
static void settle(be_succ *succ, size_t count, auto_vec<MlirValue> *args) {
  size_t n = 0;
  for (size_t i = 0; i < count; i++) {
    succ[i].args = args->address() + n;
    n += succ[i].arg_count;
  }
}

static void finish(lift *l, basic_block bb, MlirOperation op) {
  count_block(l, bb, op);
  request_loop(op, bb);
}

/* ---- kinds of terminators
 * ------------------------------------------------------------------------ */

/* One successor per edge, in the edges' order; the first is the default. */
static void build_selected(lift *l, basic_block bb, MlirValue selector) {
  auto_vec<MlirValue> args;
  unsigned n = EDGE_COUNT(bb->succs);
  be_succ *succ = XCNEWVEC(be_succ, n);
  int64_t *values = XCNEWVEC(int64_t, n);
  for (unsigned i = 0; i < n; i++) {
    succ[i] = successor(l, EDGE_SUCC(bb, i), &args);
    values[i] = i + 1;
  }
  settle(succ, n, &args);
  finish(l, bb, be_build_switch(l->b, selector, succ, values, n - 1));
  XDELETEVEC(succ);
  XDELETEVEC(values);
}

static void build_unreachable(lift *l) {
  lift_begin_none(l);
  be_build_unreachable(l->b);
}

static void lift_opaque_terminator(lift *l, basic_block bb, gimple *stmt) {
  if (EDGE_COUNT(bb->succs) == 0) {
    lift_opaque(l, stmt);
    build_unreachable(l);
  } else {
    build_selected(l, bb, lift_opaque_selector(l, stmt));
  }
}

static bool lift_cond(lift *l, basic_block bb, gcond *stmt) {
  edge yes, no;
  auto_vec<MlirValue> args;
  tree a = gimple_cond_lhs(stmt), b = gimple_cond_rhs(stmt);
  if (!lift_can_compare(gimple_cond_code(stmt), a, b))
    return false;
  extract_true_false_edges_from_block(bb, &yes, &no);
  MlirValue cond = lift_compare(l, gimple_cond_code(stmt), a, b);
  be_succ succ[2];
  succ[0] = successor(l, yes, &args);
  succ[1] = successor(l, no, &args);
  settle(succ, 2, &args);
  finish(l, bb, be_build_cond_br(l->b, cond, &succ[0], &succ[1]));
  return true;
}

/* The number of values in a case label; 0: too many, or too wide. */
static unsigned HOST_WIDE_INT case_size(tree label) {
  tree low = CASE_LOW(label), high = CASE_HIGH(label);
  if (!wi::fits_shwi_p(wi::to_wide(low)) || (high && !wi::fits_shwi_p(wi::to_wide(high))))
    return 0;
  unsigned HOST_WIDE_INT more =
      high ? (unsigned HOST_WIDE_INT)wi::to_wide(high).to_shwi() - wi::to_wide(low).to_shwi() : 0;
  return more < RANGE_MAX ? more + 1 : 0;
}

static bool lift_switch(lift *l, basic_block bb, gswitch *stmt) {
  tree index = gimple_switch_index(stmt);
  unsigned labels = gimple_switch_num_labels(stmt), n = 0;
  unsigned HOST_WIDE_INT total = 0;
  auto_vec<MlirValue> args;
  if (!lift_is_operand(index) || !INTEGRAL_TYPE_P(TREE_TYPE(index)) ||
      TYPE_PRECISION(TREE_TYPE(index)) > HOST_BITS_PER_WIDE_INT)
    return false;
  for (unsigned i = 1; i < labels; i++) {
    unsigned HOST_WIDE_INT size = case_size(gimple_switch_label(stmt, i));
    total += size;
    if (!size || total > CASES_MAX)
      return false;
  }
  MlirValue value = lift_value(l, index);
  be_succ *succ = XCNEWVEC(be_succ, total + 1);
  int64_t *values = XCNEWVEC(int64_t, total + 1);
  succ[0] = successor(l, find_edge(bb, gimple_switch_default_bb(l->fun, stmt)), &args);
  for (unsigned i = 1; i < labels; i++) {
    tree label = gimple_switch_label(stmt, i);
    edge e = find_edge(bb, label_to_block(l->fun, CASE_LABEL(label)));
    unsigned HOST_WIDE_INT size = case_size(label);
    for (unsigned HOST_WIDE_INT k = 0; k < size; k++) {
      succ[++n] = successor(l, e, &args);
      values[n - 1] = wi::to_wide(CASE_LOW(label)).to_shwi() + (HOST_WIDE_INT)k;
    }
  }
  settle(succ, n + 1, &args);
  finish(l, bb, be_build_switch(l->b, value, succ, values, n));
  XDELETEVEC(succ);
  XDELETEVEC(values);
  return true;
}

static bool lift_return(lift *l, basic_block bb, greturn *stmt) {
  tree value = gimple_return_retval(stmt);
  MlirValue operand = {NULL};
  if (l->returns_value && value)
    operand = lift_value(l, value);
  else if (l->returns_value)
    operand = be_build_undef(l->b, type_lift(TREE_TYPE(DECL_RESULT(l->fun->decl))));
  finish(l, bb, be_build_return(l->b, operand));
  return true;
}

/* A call with more ways out than the next statement. */
static bool lift_call_terminator(lift *l, basic_block bb, gcall *stmt) {
  edge e;
  edge_iterator ei;
  FOR_EACH_EDGE(e, ei, bb->succs)
  if (e->flags & EDGE_ABNORMAL && !(e->flags & EDGE_EH))
    return false;
  if (!lift_call(l, stmt))
    return false;
  be_op_parts parts = {NULL, 0, &l->ir->i32, 1, NULL, 0, NULL, 0};
  build_selected(l, bb, mlirOperationGetResult(be_build(l->b, BE_OP_SELECTOR, &parts), 0));
  return true;
}

static bool lift_modelled_terminator(lift *l, basic_block bb, gimple *stmt) {
  switch (gimple_code(stmt)) {
  case GIMPLE_COND:
    return lift_cond(l, bb, as_a<gcond *>(stmt));
  case GIMPLE_SWITCH:
    return lift_switch(l, bb, as_a<gswitch *>(stmt));
  case GIMPLE_RETURN:
    return lift_return(l, bb, as_a<greturn *>(stmt));
  case GIMPLE_CALL:
    return lift_call_terminator(l, bb, as_a<gcall *>(stmt));
  default:
    return false;
  }
}

/* ---- blocks -------------------------------------------------------------------------------------
 */

bool lift_is_terminator(basic_block bb, gimple *stmt) {
  if (is_ctrl_stmt(stmt))
    return true;
  if (stmt != last_stmt(bb) || EDGE_COUNT(bb->succs) == 0)
    return false;
  return !single_succ_p(bb) || (single_succ_edge(bb)->flags & EDGE_COMPLEX);
}

/* Ends the block: by `stmt`, or by falling through when it is NULL. */
void lift_terminator(lift *l, basic_block bb, gimple *stmt) {
  if (stmt) {
    lift_begin(l, stmt);
    if (lift_modelled_terminator(l, bb, stmt)) {
      l->modelled++;
    } else {
      lift_opaque_terminator(l, bb, stmt);
      l->opaque++;
    }
    return;
  }
  lift_begin_none(l);
  if (EDGE_COUNT(bb->succs) == 0) {
    be_build_unreachable(l->b);
    return;
  }
  auto_vec<MlirValue> args;
  if (!single_succ_p(bb)) {
    lift_decline(l, BE_REASON_UNSUPPORTED_CFG, "a block with several ways out and no statement");
    return;
  }
  be_succ next = successor(l, single_succ_edge(bb), &args);
  settle(&next, 1, &args);
  finish(l, bb, be_build_br(l->b, &next));
}

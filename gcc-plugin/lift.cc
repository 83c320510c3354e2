/* lift.cc - a GIMPLE function into MLIR: blocks, statements, and the tables that lead back. */
#include "internal.h"

void lift_decline(lift *l, be_reason reason, const char *detail) {
  if (l->reason != BE_REASON_NONE)
    return;
  l->reason = reason;
  l->detail = detail;
}

MlirLocation lift_location(location_t location) {
  location = LOCATION_LOCUS(location);
  if (location <= BUILTINS_LOCATION)
    return the_bridge.ir->unknown_loc;
  size_t slot = (location ^ (location >> 9)) % BE_LOCATION_SLOTS;
  if (the_bridge.location_key[slot] != location) {
    expanded_location at = expand_location(location);
    MlirStringRef file = mlirStringRefCreateFromCString(at.file ? at.file : "");
    the_bridge.location_key[slot] = location;
    the_bridge.location_value[slot] = mlirLocationFileLineColGet(
        the_bridge.ir->ctx, file, (unsigned)at.line, (unsigned)at.column);
  }
  return the_bridge.location_value[slot];
}

/* ---- statements -------------------------------------------------------------------------------
 */

void lift_begin(lift *l, gimple *stmt) {
  if (l->stmt_count == l->stmt_capacity) {
    l->stmt_capacity = l->stmt_capacity ? 2 * l->stmt_capacity : 256;
    l->stmts = XRESIZEVEC(gimple *, l->stmts, l->stmt_capacity);
    l->stmt_block = XRESIZEVEC(int, l->stmt_block, l->stmt_capacity);
  }
  l->stmts[l->stmt_count] = stmt;
  l->stmt_block[l->stmt_count] = l->block;
  l->stmt = l->stmt_count++;
  l->loc = lift_location(gimple_location(stmt));
  be_function_at_stmt(l->out, l->stmt, l->loc);
}

void lift_begin_none(lift *l) {
  l->stmt = -1;
  l->loc = l->ir->unknown_loc;
  be_function_at_stmt(l->out, -1, l->loc);
}

/* Carried in the host where they stand, and never ops: -g must not change what a pass sees. */
static bool is_carried(gimple *stmt) {
  switch (gimple_code(stmt)) {
  case GIMPLE_LABEL:
  case GIMPLE_DEBUG:
  case GIMPLE_PREDICT:
  case GIMPLE_NOP:
    return true;
  default:
    return false;
  }
}

static bool lift_modelled(lift *l, gimple *stmt) {
  if (cfun->can_throw_non_call_exceptions && stmt_could_throw_p(l->fun, stmt) &&
      !is_gimple_call(stmt))
    return false;
  if (gassign *assign = dyn_cast<gassign *>(stmt))
    return !gimple_clobber_p(stmt) && lift_assign(l, assign);
  if (gcall *call = dyn_cast<gcall *>(stmt))
    return lift_call(l, call);
  return false;
}

static void lift_statement(lift *l, gimple *stmt) {
  lift_begin(l, stmt);
  if (lift_modelled(l, stmt)) {
    l->modelled++;
    return;
  }
  lift_opaque(l, stmt);
  l->opaque += !gimple_clobber_p(stmt);
}

/* ---- blocks -----------------------------------------------------------------------------------
 */

static void lift_block(lift *l, basic_block bb) {
  gimple *terminator = NULL;
  l->block = l->block_of[bb->index];
  be_function_at_block(l->out, l->block);
  for (gimple_stmt_iterator gsi = gsi_start_bb(bb); !gsi_end_p(gsi); gsi_next(&gsi)) {
    gimple *stmt = gsi_stmt(gsi);
    if (is_carried(stmt))
      continue;
    if (lift_is_terminator(bb, stmt)) {
      terminator = stmt;
      break;
    }
    lift_statement(l, stmt);
  }
  lift_terminator(l, bb, terminator);
}

/* Makes the block with its arguments: the PHIs of real values. */
static bool add_block(lift *l, basic_block bb) {
  size_t count = lift_phis(bb), n = 0;
  MlirType *types = XNEWVEC(MlirType, count + 1);
  for (gphi_iterator gsi = gsi_start_phis(bb); !gsi_end_p(gsi); gsi_next(&gsi)) {
    tree result = gimple_phi_result(gsi.phi());
    if (!virtual_operand_p(result))
      types[n++] = type_lift(TREE_TYPE(result));
  }
  bool ok = true;
  for (size_t i = 0; i < n; i++)
    ok &= types[i].ptr != NULL;
  if (ok) {
    int block = be_function_add_block(l->out, types, n);
    l->block_of[bb->index] = block;
    l->bb_of[block] = bb;
    l->block_count = block + 1;
  }
  XDELETEVEC(types);
  return ok;
}

static void define_phis(lift *l, basic_block bb) {
  MlirBlock block = be_function_block(l->out, l->block_of[bb->index]);
  intptr_t n = 0;
  for (gphi_iterator gsi = gsi_start_phis(bb); !gsi_end_p(gsi); gsi_next(&gsi)) {
    tree result = gimple_phi_result(gsi.phi());
    if (!virtual_operand_p(result))
      lift_define(l, result, mlirBlockGetArgument(block, n++));
  }
}

static bool add_blocks(lift *l) {
  basic_block bb;
  l->block_of = XNEWVEC(int, last_basic_block_for_fn(l->fun));
  l->bb_of = XCNEWVEC(basic_block, n_basic_blocks_for_fn(l->fun) + 1);
  for (int i = 0; i < last_basic_block_for_fn(l->fun); i++)
    l->block_of[i] = -1;
  l->block_of[ENTRY_BLOCK] = 0;
  l->bb_of[0] = ENTRY_BLOCK_PTR_FOR_FN(l->fun);
  FOR_EACH_BB_FN(bb, l->fun)
  if (!add_block(l, bb))
    return false;
  FOR_EACH_BB_FN(bb, l->fun)
  define_phis(l, bb);
  return true;
}

/* Definitions before uses, then what cannot be reached. */
static void lift_blocks(lift *l) {
  int *order = XNEWVEC(int, n_basic_blocks_for_fn(l->fun));
  int n = pre_and_rev_post_order_compute_fn(l->fun, NULL, order, false);
  if (n != n_basic_blocks_for_fn(l->fun) - NUM_FIXED_BLOCKS)
    lift_decline(l, BE_REASON_UNSUPPORTED_CFG, "unreachable blocks");
  for (int i = 0; i < n && l->reason == BE_REASON_NONE; i++)
    lift_block(l, BASIC_BLOCK_FOR_FN(l->fun, order[i]));
  XDELETEVEC(order);
  l->block = 0;
  be_function_at_block(l->out, 0);
  if (l->reason == BE_REASON_NONE)
    lift_terminator(l, l->bb_of[0], NULL);
}

/* ---- the function ------------------------------------------------------------------------------
 */

/* True when every return hands over a register value: it is llvm.return's operand then. */
static bool returns_register(function *fun) {
  edge e;
  edge_iterator ei;
  bool any = false;
  FOR_EACH_EDGE(e, ei, EXIT_BLOCK_PTR_FOR_FN(fun)->preds) {
    gimple *last = last_stmt(e->src);
    greturn *stmt = last ? dyn_cast<greturn *>(last) : NULL;
    tree value = stmt ? gimple_return_retval(stmt) : NULL_TREE;
    if (value && !lift_is_operand(value))
      return false;
    any |= value != NULL_TREE;
  }
  return any;
}

static void define_params(lift *l) {
  MlirBlock entry = be_function_block(l->out, 0);
  intptr_t n = 0;
  for (tree parm = DECL_ARGUMENTS(l->fun->decl); parm; parm = DECL_CHAIN(parm), n++) {
    tree name = is_gimple_reg(parm) ? ssa_default_def(l->fun, parm) : NULL_TREE;
    if (name)
      lift_define(l, name, mlirBlockGetArgument(entry, n));
  }
}

static bool create_function(lift *l) {
  tree decl = l->fun->decl, result = TREE_TYPE(DECL_RESULT(decl));
  size_t n = 0;
  MlirType *params = XNEWVEC(MlirType, list_length(DECL_ARGUMENTS(decl)) + 1);
  for (tree parm = DECL_ARGUMENTS(decl); parm; parm = DECL_CHAIN(parm)) {
    MlirType type = is_gimple_reg(parm) ? type_lift(TREE_TYPE(parm)) : l->ir->ptr;
    params[n++] = type.ptr ? type : l->ir->ptr;
    if (!type.ptr)
      lift_decline(l, BE_REASON_UNSUPPORTED_TYPE, "a parameter");
  }
  l->returns_value = returns_register(l->fun);
  MlirType type = l->returns_value ? type_lift(result) : l->ir->void_type;
  if (!type.ptr)
    lift_decline(l, BE_REASON_UNSUPPORTED_TYPE, "the result");
  const char *name = IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(decl));
  l->out = be_function_create(the_bridge.session, *name == '*' ? name + 1 : name, params, n,
                              type.ptr ? type : l->ir->void_type, stdarg_p(TREE_TYPE(decl)),
                              lift_location(DECL_SOURCE_LOCATION(decl)));
  XDELETEVEC(params);
  n = 0;
  for (tree parm = DECL_ARGUMENTS(decl); parm; parm = DECL_CHAIN(parm), n++)
    if (POINTER_TYPE_P(TREE_TYPE(parm)) && TYPE_RESTRICT(TREE_TYPE(parm)) && is_gimple_reg(parm))
      be_function_mark_noalias(l->out, n);
  return l->reason == BE_REASON_NONE;
}

bool lift_function(lift *l, function *fun) {
  memset(l, 0, sizeof *l);
  l->fun = fun;
  l->ir = the_bridge.ir;
  l->stmt = -1;
  l->ssa_count = SSANAMES(fun)->length();
  l->ssa = XCNEWVEC(void *, l->ssa_count);
  if (!create_function(l))
    return false;
  l->b = be_function_builder(l->out);
  if (!add_blocks(l)) {
    lift_decline(l, BE_REASON_UNSUPPORTED_TYPE, "a PHI");
    return false;
  }
  define_params(l);
  lift_blocks(l);
  be_function_count(l->out, l->modelled, l->opaque);
  return l->reason == BE_REASON_NONE;
}

void lift_release(lift *l) {
  be_function_destroy(l->out);
  be_map_clear(&l->constants);
  be_map_clear(&l->symbols);
  XDELETEVEC(l->block_of);
  XDELETEVEC(l->bb_of);
  XDELETEVEC(l->ssa);
  XDELETEVEC(l->stmts);
  XDELETEVEC(l->stmt_block);
  XDELETEVEC(l->refs);
}

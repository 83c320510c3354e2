/* lift_opaque.cc - statements that are carried, not modelled: real operands, results, effects. */
#include "internal.h"

enum { OPERANDS_MAX = 128 };

static unsigned call_effects(gimple *stmt) {
  int flags = gimple_call_flags(stmt);
  if (gimple_call_internal_p(stmt) && !gimple_vuse(stmt) && (flags & (ECF_CONST | ECF_NOVOPS)))
    return flags & ECF_LEAF ? BE_EFFECT_TRAP : BE_EFFECT_PIN | BE_EFFECT_TRAP;
  return BE_EFFECT_PIN | BE_EFFECT_READ | BE_EFFECT_WRITE | BE_EFFECT_THROW | BE_EFFECT_TRAP;
}

unsigned lift_effects(gimple *stmt) {
  unsigned effects = 0;
  if (is_gimple_call(stmt))
    return call_effects(stmt);
  if (!is_gimple_assign(stmt))
    effects |= BE_EFFECT_PIN | BE_EFFECT_READ | BE_EFFECT_WRITE | BE_EFFECT_THROW | BE_EFFECT_TRAP;
  if (gimple_vuse(stmt) || gimple_assign_load_p(stmt))
    effects |= BE_EFFECT_READ | BE_EFFECT_TRAP;
  if (gimple_vdef(stmt) || gimple_store_p(stmt))
    effects |= BE_EFFECT_WRITE | BE_EFFECT_TRAP;
  if (gimple_has_volatile_ops(stmt) || gimple_has_side_effects(stmt))
    effects |= BE_EFFECT_PIN;
  if (gimple_could_trap_p(stmt))
    effects |= BE_EFFECT_TRAP;
  if (stmt_could_throw_p(cfun, stmt))
    effects |= BE_EFFECT_THROW | BE_EFFECT_PIN;
  return effects;
}

static const char *kind(gimple *stmt) {
  if (gimple_clobber_p(stmt))
    return "clobber";
  if (is_gimple_assign(stmt))
    return get_tree_code_name(gimple_assign_rhs_code(stmt));
  if (is_gimple_call(stmt) && gimple_call_internal_p(stmt))
    return internal_fn_name(gimple_call_internal_fn(stmt));
  return gimple_code_name[gimple_code(stmt)];
}

static size_t operands(lift *l, gimple *stmt, MlirValue *values) {
  size_t n = 0;
  ssa_op_iter iter;
  tree use;
  FOR_EACH_SSA_TREE_OPERAND(use, stmt, iter, SSA_OP_USE) {
    if (n == OPERANDS_MAX)
      lift_decline(l, BE_REASON_UNSUPPORTED_FUNCTION, "a statement with too many operands");
    else
      values[n++] = lift_value(l, use);
  }
  return n;
}

static MlirOperation build(lift *l, gimple *stmt, bool selector) {
  MlirValue values[OPERANDS_MAX];
  MlirType types[OPERANDS_MAX];
  size_t count = operands(l, stmt, values), n = 0;
  ssa_op_iter iter;
  tree def;
  FOR_EACH_SSA_TREE_OPERAND(def, stmt, iter, SSA_OP_DEF) {
    types[n] = type_lift(TREE_TYPE(def));
    if (!types[n].ptr) {
      lift_decline(l, BE_REASON_UNSUPPORTED_TYPE, "a result");
      types[n] = l->ir->i8;
    }
    n++;
  }
  if (selector)
    types[n++] = l->ir->i32;
  unsigned effects = lift_effects(stmt) | (selector ? BE_EFFECT_TERM | BE_EFFECT_PIN : 0);
  MlirOperation op = be_build_stmt(l->b, kind(stmt), effects, types, n, values, count);
  intptr_t k = 0;
  FOR_EACH_SSA_TREE_OPERAND(def, stmt, iter, SSA_OP_DEF)
  lift_define(l, def, mlirOperationGetResult(op, k++));
  return op;
}

void lift_opaque(lift *l, gimple *stmt) { build(l, stmt, false); }

/* With an i32 selector of the way out as its last result. */
MlirValue lift_opaque_selector(lift *l, gimple *stmt) {
  MlirOperation op = build(l, stmt, true);
  return mlirOperationGetResult(op, mlirOperationGetNumResults(op) - 1);
}

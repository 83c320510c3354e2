/* lower_value.cc - operands and results: MLIR values as trees. */
#include "internal.h"

/* ---- constants ---------------------------------------------------------------------------------
 */

bool lower_constant_can(lower *l, const be_plan_op *op) {
  MlirType type = mlirValueGetType(mlirOperationGetResult(op->op, 0));
  MlirAttribute value = be_op_attr(op->op, "value");
  switch (op->code) {
  case BE_OP_CONSTANT:
    if (mlirAttributeIsAInteger(value) && type_bits(type) >= 1 && type_bits(type) <= 64)
      return true;
    return (mlirAttributeIsAFloat(value) &&
            (mlirTypeEqual(type, l->ir->f32) || mlirTypeEqual(type, l->ir->f64))) ||
           lower_cannot(l, "a constant of a type that GCC has no counterpart for");
  case BE_OP_ADDRESSOF:
    return lower_symbol(l, op) || lower_cannot(l, "the address of an unknown symbol");
  case BE_OP_HOST:
    return be_op_int(op->op, "ref", -1) < l->lift->ref_count ||
           lower_cannot(l, "an unknown host reference");
  default:
    return type_lower(type) || lower_cannot(l, "a constant of a type without counterpart");
  }
}

static tree int_constant(MlirOperation op, tree type) {
  MlirAttribute value = be_op_attr(op, "value");
  unsigned bits = type_bits(mlirValueGetType(mlirOperationGetResult(op, 0)));
  if (!type || !INTEGRAL_TYPE_P(type) || TYPE_PRECISION(type) != bits)
    type = build_nonstandard_integer_type(bits, true);
  return wide_int_to_tree(type, wi::shwi(mlirIntegerAttrGetValueInt(value), bits));
}

static tree real_constant(lower *l, MlirOperation op, tree type) {
  double number = mlirFloatAttrGetValueDouble(be_op_attr(op, "value"));
  bool is_double = mlirTypeEqual(mlirValueGetType(mlirOperationGetResult(op, 0)), l->ir->f64);
  tree plain = is_double ? double_type_node : float_type_node;
  if (!type || !SCALAR_FLOAT_TYPE_P(type) || TYPE_MODE(type) != TYPE_MODE(plain))
    type = plain;
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  long words[2];
  words[FLOAT_WORDS_BIG_ENDIAN] = (long)(bits & 0xffffffff);
  words[!FLOAT_WORDS_BIG_ENDIAN] = (long)(bits >> 32);
  REAL_VALUE_TYPE real;
  real_from_target(&real, words, DFmode);
  return build_real(type, real);
}

static tree symbol_address(tree decl) {
  if (DECL_P(decl) && TREE_CODE(decl) != FUNCTION_DECL)
    TREE_ADDRESSABLE(decl) = 1;
  return build1(ADDR_EXPR, build_pointer_type(TREE_TYPE(decl)), decl);
}

/* What an address is the address of, or NULL_TREE. */
tree lower_symbol(const lower *l, const be_plan_op *op) {
  if (op->code == BE_OP_HOST) {
    int64_t ref = be_op_int(op->op, "ref", -1);
    tree known = ref >= 0 && ref < l->lift->ref_count ? l->lift->refs[ref] : NULL_TREE;
    return known && (DECL_P(known) || TREE_CODE(known) == STRING_CST) ? known : NULL_TREE;
  }
  if (op->code == BE_OP_ALLOCA && op->fate == BE_FATE_NEW)
    return (tree)be_map_get(&l->values, mlirOperationGetResult(op->op, 0).ptr);
  if (op->code != BE_OP_ALLOCA && op->code != BE_OP_ADDRESSOF)
    return NULL_TREE;
  if (op->id >= 0)
    return (tree)be_map_get(&l->lift->symbols, (void *)(intptr_t)(op->id + 1));
  return lower_find_symbol(be_op_string(op->op, "global_name"));
}

static tree constant(lower *l, const be_plan_op *op, tree type) {
  MlirType mlir_type = mlirValueGetType(mlirOperationGetResult(op->op, 0));
  tree symbol = lower_symbol(l, op);
  if (symbol)
    return symbol_address(symbol);
  switch (op->code) {
  case BE_OP_CONSTANT:
    return type_bits(mlir_type) ? int_constant(op->op, type) : real_constant(l, op->op, type);
  case BE_OP_HOST:
    return l->lift->refs[be_op_int(op->op, "ref", -1)];
  case BE_OP_ZERO:
    return build_zero_cst(type && POINTER_TYPE_P(type) == (mlir_type.ptr == l->ir->ptr.ptr)
                              ? type
                              : type_lower(mlir_type));
  case BE_OP_UNDEF:
  case BE_OP_POISON:
    return get_or_create_ssa_default_def(l->lift->fun, create_tmp_reg(type_lower(mlir_type)));
  default: {
    HOST_WIDE_INT offset;
    tree base = lower_address(l, mlirOperationGetResult(op->op, 0), &offset);
    return lower_pointer(l, base, offset);
  }
  }
}

/* ---- what values stand for
 * ----------------------------------------------------------------------- */

bool lower_is_constant(const lower *l, MlirValue value) {
  HOST_WIDE_INT offset;
  if (!mlirValueIsAOpResult(value) || be_map_get(&l->values, value.ptr))
    return false;
  const be_plan_op *op = lower_op_of(l, mlirOpResultGetOwner(value));
  if (!op)
    return false;
  if (op->code == BE_OP_ALLOCA)
    return op->fate != BE_FATE_NEW;
  if (op->code == BE_OP_GEP)
    return lower_offset(l, op->op, &offset) &&
           lower_is_constant(l, mlirOperationGetOperand(op->op, 0));
  return op->code != BE_OP_OTHER && op->code <= BE_OP_HOST;
}

/* True when the value has or can be given a tree. */
bool lower_can_name(lower *l, MlirValue value) {
  if (be_map_get(&l->values, value.ptr) || lower_is_constant(l, value))
    return true;
  if (mlirValueIsABlockArgument(value)) {
    MlirBlock block = mlirBlockArgumentGetOwner(value);
    intptr_t n = mlirBlockArgumentGetArgNumber(value);
    if (!mlirBlockEqual(block, l->plan->blocks[0].block))
      return type_lower(mlirValueGetType(value)) != NULL_TREE;
    tree parm = DECL_ARGUMENTS(l->lift->fun->decl);
    for (; parm && n > 0; n--)
      parm = DECL_CHAIN(parm);
    return parm && is_gimple_reg(parm);
  }
  const be_plan_op *op = lower_op_of(l, mlirOpResultGetOwner(value));
  return op && op->code != BE_OP_SELECTOR && (op->code != BE_OP_STMT || op->fate == BE_FATE_KEEP) &&
         lower_result_type(l, op);
}

static tree argument(lower *l, MlirValue value) {
  if (!mlirBlockEqual(mlirBlockArgumentGetOwner(value), l->plan->blocks[0].block))
    return make_ssa_name(type_lower(mlirValueGetType(value)));
  tree parm = DECL_ARGUMENTS(l->lift->fun->decl);
  for (intptr_t n = mlirBlockArgumentGetArgNumber(value); n > 0; n--)
    parm = DECL_CHAIN(parm);
  return get_or_create_ssa_default_def(l->lift->fun, parm);
}

tree lower_type_of(lower *l, MlirValue value) {
  tree known = (tree)be_map_get(&l->values, value.ptr);
  if (known)
    return TREE_CODE(known) == SSA_NAME ? TREE_TYPE(known) : ptr_type_node;
  if (mlirValueIsABlockArgument(value))
    return type_lower(mlirValueGetType(value));
  const be_plan_op *op = lower_op_of(l, mlirOpResultGetOwner(value));
  if (op->code == BE_OP_HOST && !lower_symbol(l, op))
    return TREE_TYPE(l->lift->refs[be_op_int(op->op, "ref", -1)]);
  return lower_is_constant(l, value) ? NULL_TREE : lower_result_type(l, op);
}

static tree any(lower *l, MlirValue value, tree type) {
  tree known = (tree)be_map_get(&l->values, value.ptr);
  if (known)
    return TREE_CODE(known) == SSA_NAME ? known : symbol_address(known);
  if (mlirValueIsABlockArgument(value)) {
    tree name = argument(l, value);
    be_map_set(&l->values, value.ptr, name);
    return name;
  }
  const be_plan_op *op = lower_op_of(l, mlirOpResultGetOwner(value));
  return lower_is_constant(l, value) ? constant(l, op, type) : lower_result(l, op);
}

tree lower_value(lower *l, MlirValue value, tree type) {
  tree tree_value = any(l, value, type);
  return type ? lower_coerce(l, tree_value, type) : tree_value;
}

tree lower_operand(lower *l, const be_plan_op *op, unsigned i, tree type) {
  return lower_value(l, mlirOperationGetOperand(op->op, i), type);
}

/* ---- conversion
 * ---------------------------------------------------------------------------------- */

static bool is_int_like(tree type) { return INTEGRAL_TYPE_P(type) || POINTER_TYPE_P(type); }

tree lower_coerce(lower *l, tree value, tree type) {
  tree from = TREE_TYPE(value);
  if (useless_type_conversion_p(type, from))
    return value;
  if (TREE_CODE(value) == INTEGER_CST && is_int_like(type) &&
      TYPE_PRECISION(type) == TYPE_PRECISION(from))
    return wide_int_to_tree(type, wi::to_wide(value));
  bool plain = (is_int_like(type) && is_int_like(from)) ||
               (SCALAR_FLOAT_TYPE_P(type) && SCALAR_FLOAT_TYPE_P(from));
  return lower_emit(l, type, plain ? NOP_EXPR : VIEW_CONVERT_EXPR, value, NULL_TREE);
}

/* ---- results
 * -------------------------------------------------------------------------------------- */

/* The register a lifted statement sets, or the type it stores. */
static tree old_type(const lower *l, const be_plan_op *op) {
  gimple *stmt = lower_stmt_of(l, op);
  if (!stmt || (op->code != BE_OP_CALL && !lower_main_stmt_of(l, op)))
    return NULL_TREE;
  tree lhs = gimple_get_lhs(stmt);
  return lhs                    ? TREE_TYPE(lhs)
         : is_gimple_call(stmt) ? gimple_call_return_type(as_a<gcall *>(stmt))
                                : NULL_TREE;
}

tree lower_result_type(const lower *l, const be_plan_op *op) {
  if (mlirOperationGetNumResults(op->op) == 0)
    return NULL_TREE;
  MlirValue value = mlirOperationGetResult(op->op, 0);
  tree name = (tree)be_map_get(&l->values, value.ptr);
  if (name && TREE_CODE(name) == SSA_NAME)
    return TREE_TYPE(name);
  tree old = old_type(l, op);
  if (old && is_gimple_reg_type(old) && mlirTypeEqual(type_lift(old), mlirValueGetType(value)))
    return old;
  return type_lower(mlirValueGetType(value));
}

tree lower_result(lower *l, const be_plan_op *op) {
  MlirValue value = mlirOperationGetResult(op->op, 0);
  tree name = (tree)be_map_get(&l->values, value.ptr);
  if (name)
    return name;
  name = make_ssa_name(lower_result_type(l, op));
  be_map_set(&l->values, value.ptr, name);
  return name;
}

/* ---- statements
 * ------------------------------------------------------------------------------------ */

void lower_insert(lower *l, gimple *stmt) {
  gimple_set_location(stmt, l->location);
  gsi_insert_before(&l->gsi, stmt, GSI_SAME_STMT);
}

tree lower_emit(lower *l, tree type, tree_code code, tree a, tree b) {
  tree name = make_ssa_name(type);
  gassign *stmt;
  if (code == VIEW_CONVERT_EXPR || code == REALPART_EXPR || code == IMAGPART_EXPR)
    stmt = gimple_build_assign(name, build1(code, type, a));
  else if (get_gimple_rhs_class(code) == GIMPLE_SINGLE_RHS)
    stmt = gimple_build_assign(name, a);
  else
    stmt = b ? gimple_build_assign(name, code, a, b) : gimple_build_assign(name, code, a);
  lower_insert(l, stmt);
  return name;
}

/* What GCC knew about the value where it was computed may not hold where it is now. */
static void forget_facts(gimple *stmt) {
  tree lhs = gimple_get_lhs(stmt);
  if (lhs && TREE_CODE(lhs) == SSA_NAME)
    reset_flow_sensitive_info(lhs);
}

static void take_away(gimple *old) {
  gimple_stmt_iterator gsi = gsi_for_stmt(old);
  unlink_stmt_vdef(old);
  if (gimple_vdef(old) && TREE_CODE(gimple_vdef(old)) == SSA_NAME)
    release_ssa_name(gimple_vdef(old));
  gsi_remove(&gsi, true);
}

static void copy_traits(gimple *stmt, gimple *old) {
  gimple_set_location(stmt, gimple_location(old));
  if (is_gimple_assign(old) && is_gimple_assign(stmt) &&
      gimple_assign_load_p(old) == gimple_assign_load_p(stmt))
    gimple_assign_set_nontemporal_move(as_a<gassign *>(stmt),
                                       gimple_assign_nontemporal_move_p(as_a<gassign *>(old)));
}

/* In place, at the cursor; GCC's own way where it allows it: not for another memory reference. */
static void replace(lower *l, gimple *old, gimple *stmt) {
  tree lhs = gimple_get_lhs(old);
  gimple_move_vops(stmt, old);
  if (!lhs || !gimple_get_lhs(stmt) || lhs == gimple_get_lhs(stmt)) {
    gsi_replace(&l->gsi, stmt, true);
    gsi_next(&l->gsi);
    return;
  }
  gimple_set_vdef(old, NULL_TREE);
  gsi_insert_before(&l->gsi, stmt, GSI_SAME_STMT);
  maybe_clean_or_replace_eh_stmt(old, stmt);
  gsi_remove(&l->gsi, true);
}

/* The statement that goes when the op's comes: its main op's, or that of a call with handlers. */
static gimple *replaced_by(lower *l, const be_plan_op *op) {
  if (op->fate != BE_FATE_BUILD)
    return NULL;
  const be_entry *entry = be_function_entry(l->lift->out, op->id);
  bool handled = op->code == BE_OP_CALL && entry->stmt >= 0 && l->selected[entry->stmt];
  return handled ? lower_stmt_of(l, op) : lower_main_stmt_of(l, op);
}

/* Puts a finished statement in the op's place: for the old one, where that stands right here. */
void lower_put(lower *l, const be_plan_op *op, gimple *stmt) {
  gimple *old = replaced_by(l, op);
  if (!old) {
    lower_insert(l, stmt);
    return;
  }
  int number = be_function_entry(l->lift->out, op->id)->stmt;
  copy_traits(stmt, old);
  l->done[number] = true;
  l->location = gimple_location(old);
  if (gimple_bb(old) == l->bb && number > l->last_stmt) {
    l->gsi = gsi_for_stmt(old);
    l->last_stmt = number;
    replace(l, old, stmt);
    return;
  }
  tree lhs = gimple_get_lhs(stmt);
  bool is_name = lhs && TREE_CODE(lhs) == SSA_NAME;
  if (is_name)
    SSA_NAME_DEF_STMT(lhs) = old; /* while debug statements are told that it goes */
  take_away(old);
  if (is_name)
    SSA_NAME_DEF_STMT(lhs) = stmt;
  gsi_insert_before(&l->gsi, stmt, GSI_SAME_STMT);
  forget_facts(stmt);
}

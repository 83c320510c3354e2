/* lower_call.cc - calls: to what was called before, to other symbols, through pointers. */
#include "internal.h"

/* The declaration a symbol's name stands for, or NULL_TREE. */
tree lower_find_symbol(MlirStringRef name) {
  char *text = xstrndup(name.data, name.length);
  symtab_node *node = symtab_node::get_for_asmname(get_identifier(text));
  free(text);
  return node ? node->decl : NULL_TREE;
}

static bool is_named(tree decl, MlirStringRef name) {
  if (!decl || !DECL_ASSEMBLER_NAME_SET_P(decl))
    return false;
  const char *text = IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(decl));
  text += *text == '*';
  return strlen(text) == name.length && memcmp(text, name.data, name.length) == 0;
}

/* The call the op was lifted from. */
static gcall *old_call(const lower *l, const be_plan_op *op) {
  gimple *stmt = lower_stmt_of(l, op);
  return stmt ? dyn_cast<gcall *>(stmt) : NULL;
}

static int64_t result_size(const be_plan_op *op) { return be_op_int(op->op, BE_ATTR_RESULT_AT, 0); }

/* The number of the first argument: after the callee, and where a record result goes. */
static unsigned first_arg(const be_plan_op *op) {
  return !be_op_string(op->op, "callee").data + (result_size(op) != 0);
}

/* The bytes of a record that argument i is the address of, or 0. */
static int64_t by_value(const be_plan_op *op, unsigned i) {
  MlirAttribute sizes = be_op_attr(op->op, BE_ATTR_BY_VALUE);
  bool known = !mlirAttributeIsNull(sizes) && mlirDenseArrayGetNumElements(sizes) > (intptr_t)i;
  return known ? mlirDenseI64ArrayGetElement(sizes, i) : 0;
}

/* The bytes of a record in memory; 0 for a value. */
static int64_t record_size(tree value) {
  tree size =
      value && !is_gimple_reg_type(TREE_TYPE(value)) ? TYPE_SIZE_UNIT(TREE_TYPE(value)) : NULL_TREE;
  return size && tree_fits_shwi_p(size) ? tree_to_shwi(size) : 0;
}

/* Where the call has records, the old one has them, too. */
static bool same_records(const be_plan_op *op, gcall *old) {
  if (result_size(op) != record_size(gimple_call_lhs(old)))
    return false;
  for (unsigned i = 0; i < gimple_call_num_args(old); i++)
    if (by_value(op, i) != record_size(gimple_call_arg(old, i)))
      return false;
  return true;
}

static bool same_shape(const be_plan_op *op, gcall *old) {
  MlirStringRef callee = be_op_string(op->op, "callee");
  intptr_t args = mlirOperationGetNumOperands(op->op) - first_arg(op);
  return old && (intptr_t)gimple_call_num_args(old) == args && same_records(op, old) &&
         (!callee.data || is_named(gimple_call_fndecl(old), callee));
}

/* Only the old call knows the types of records; also of one that nobody looks at. */
static bool has_records(const be_plan_op *op, gcall *old) {
  return result_size(op) || be_op_has(op->op, BE_ATTR_BY_VALUE) ||
         (old && AGGREGATE_TYPE_P(gimple_call_return_type(old)));
}

/* A function type for a call of something new. */
static tree new_function_type(lower *l, const be_plan_op *op, unsigned first) {
  auto_vec<tree> params;
  for (intptr_t i = first; i < mlirOperationGetNumOperands(op->op); i++)
    params.safe_push(type_lower(mlirValueGetType(mlirOperationGetOperand(op->op, i))));
  tree result = mlirOperationGetNumResults(op->op)
                    ? type_lower(mlirValueGetType(mlirOperationGetResult(op->op, 0)))
                    : void_type_node;
  return build_function_type_array(result, (int)params.length(), params.address());
}

static bool has_exceptional_edges(const lower *l, const be_plan_op *op) {
  gimple *stmt = lower_stmt_of(l, op);
  return stmt && (lookup_stmt_eh_lp(stmt) > 0 || stmt_ends_bb_p(stmt));
}

/* True when the op stands for its own statement, in its block. */
static bool is_in_place(const lower *l, const be_plan_op *op) {
  const be_entry *entry = be_function_entry(l->lift->out, op->id);
  MlirBlock block = be_function_block(l->lift->out, entry->block);
  return op->fate == BE_FATE_BUILD && mlirBlockEqual(block, mlirOperationGetBlock(op->op));
}

/* Such a call is in place, with constants for arguments. */
static bool eh_builtin_can(const lower *l, const be_plan_op *op, gcall *old, bool same) {
  if (!old || !lift_is_eh_builtin(gimple_call_fndecl(old)))
    return true;
  if (!same || !is_in_place(l, op))
    return false;
  for (unsigned i = 0; i < gimple_call_num_args(old); i++) {
    int64_t now;
    tree arg = gimple_call_arg(old, i);
    if (TREE_CODE(arg) == INTEGER_CST &&
        (!be_value_constant(l->ir, mlirOperationGetOperand(op->op, i), &now) ||
         now != wi::to_wide(arg).to_shwi()))
      return false;
  }
  return true;
}

/* A type that values of which are passed and returned as they are. */
static bool is_passed(MlirType type) {
  return type_lower(type) && (type_bits(type) == 1 || type_is_whole(type));
}

/* A function that can be called from a place where it was not called before. */
static bool callee_can(lower *l, MlirStringRef callee) {
  tree decl = lower_find_symbol(callee);
  if (decl && TREE_CODE(decl) != FUNCTION_DECL)
    return lower_cannot(l, "a call of what is no function");
  if (!decl) {
    char *name = xstrndup(callee.data, callee.length);
    decl = build_fn_decl(name, build_function_type_list(void_type_node, NULL_TREE));
    free(name);
  }
  return !(flags_from_decl_or_type(decl) & ECF_RETURNS_TWICE || setjmp_call_p(decl)) ||
         lower_cannot(l, "a new call of a function that returns twice");
}

static bool new_call_can(lower *l, const be_plan_op *op) {
  MlirStringRef callee = be_op_string(op->op, "callee");
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op->op); i++)
    if (!is_passed(mlirValueGetType(mlirOperationGetOperand(op->op, i))))
      return lower_cannot(l, "a call with an argument without counterpart");
  if (mlirOperationGetNumResults(op->op) &&
      !is_passed(mlirValueGetType(mlirOperationGetResult(op->op, 0))))
    return lower_cannot(l, "a call with a result without counterpart");
  if (be_op_has(op->op, "var_callee_type"))
    return lower_cannot(l, "a new call of a variadic function");
  return !callee.data || callee_can(l, callee);
}

bool lower_call_can(lower *l, const be_plan_op *op) {
  gcall *old = old_call(l, op);
  bool same = same_shape(op, old);
  if (!same && has_records(op, old))
    return lower_cannot(l, "another call that passes or returns a record");
  if (!eh_builtin_can(l, op, old, same))
    return lower_cannot(l, "a builtin about an EH region was moved, copied or edited");
  if (!same && !new_call_can(l, op))
    return false;
  if (mlirOperationGetNumResults(op->op) && !lower_result_type(l, op))
    return lower_cannot(l, "a call with a result without counterpart");
  if (has_exceptional_edges(l, op) && !is_in_place(l, op))
    return lower_cannot(l, "a call that ends its block was copied or moved");
  return true;
}

static tree callee_of(lower *l, const be_plan_op *op, gcall *old, bool same, tree type) {
  MlirStringRef callee = be_op_string(op->op, "callee");
  if (!callee.data)
    return lower_operand(l, op, 0,
                         same ? TREE_TYPE(gimple_call_fn(old)) : build_pointer_type(type));
  tree decl = same ? gimple_call_fndecl(old) : lower_find_symbol(callee);
  if (!decl) {
    char *name = xstrndup(callee.data, callee.length);
    decl = build_fn_decl(name, type);
    free(name);
  }
  return build_fold_addr_expr(decl);
}

static void call_args(lower *l, const be_plan_op *op, gcall *old, bool same, auto_vec<tree> *args) {
  unsigned first = first_arg(op);
  for (intptr_t i = first; i < mlirOperationGetNumOperands(op->op); i++) {
    if (by_value(op, (unsigned)i - first)) {
      args->safe_push(lower_record(l, mlirOperationGetOperand(op->op, i),
                                   gimple_call_arg(old, (unsigned)i - first)));
      continue;
    }
    tree type = same ? TREE_TYPE(gimple_call_arg(old, (unsigned)i - first))
                     : type_lower(mlirValueGetType(mlirOperationGetOperand(op->op, i)));
    args->safe_push(lower_operand(l, op, (unsigned)i, type));
  }
}

/* What the old call carried and the IR does not. Whether it is a tail call is for GCC to find. */
static void copy_call_traits(const lower *l, gcall *call, gcall *old) {
  tree lhs = gimple_call_lhs(old);
  gimple_call_copy_flags(call, old);
  /* Where a pass wants the record may be memory that the callee looks at. */
  if (!l->rebuild && lhs && !TREE_ADDRESSABLE(TREE_TYPE(lhs)))
    gimple_call_set_return_slot_opt(call, false);
  gimple_call_set_tail(call, false);
  gimple_call_set_fntype(call, gimple_call_fntype(old));
}

void lower_call(lower *l, const be_plan_op *op) {
  auto_vec<tree> args;
  gcall *old = old_call(l, op);
  bool same = same_shape(op, old);
  tree type = same ? gimple_call_fntype(old) : new_function_type(l, op, first_arg(op));
  call_args(l, op, old, same, &args);
  gcall *call = gimple_build_call_vec(callee_of(l, op, old, same, type), args);
  gimple_call_set_fntype(call, type);
  if (same)
    copy_call_traits(l, call, old);
  if (result_size(op)) {
    MlirValue address = mlirOperationGetOperand(op->op, first_arg(op) - 1);
    gimple_call_set_lhs(call, lower_record(l, address, gimple_call_lhs(old)));
  } else if (mlirOperationGetNumResults(op->op)) {
    MlirValue result = mlirOperationGetResult(op->op, 0);
    if (be_map_get(&l->values, result.ptr) || !mlirOpOperandIsNull(mlirValueGetFirstUse(result)))
      gimple_call_set_lhs(call, lower_result(l, op));
  }
  lower_put(l, op, call);
}

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

static unsigned first_arg(MlirStringRef callee) { return callee.data ? 0 : 1; }

static bool same_shape(const lower *l, const be_plan_op *op, gcall *old, MlirStringRef callee) {
  intptr_t args = mlirOperationGetNumOperands(op->op) - first_arg(callee);
  return old && (intptr_t)gimple_call_num_args(old) == args &&
         (!callee.data || is_named(gimple_call_fndecl(old), callee));
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
  return stmt && lookup_stmt_eh_lp(stmt) > 0;
}

/* Such a call stands for its own statement, in its block, with constants for arguments. */
static bool eh_builtin_can(const lower *l, const be_plan_op *op, gcall *old, bool same) {
  if (!old || !lift_is_eh_builtin(gimple_call_fndecl(old)))
    return true;
  const be_entry *entry = be_function_entry(l->lift->out, op->id);
  MlirBlock block = be_function_block(l->lift->out, entry->block);
  if (!same || op->fate != BE_FATE_BUILD || !mlirBlockEqual(block, mlirOperationGetBlock(op->op)))
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

bool lower_call_can(lower *l, const be_plan_op *op) {
  MlirStringRef callee = be_op_string(op->op, "callee");
  gcall *old = old_call(l, op);
  bool same = same_shape(l, op, old, callee);
  if (!eh_builtin_can(l, op, old, same))
    return lower_cannot(l, "a builtin about an EH region was moved, copied or edited");
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op->op); i++)
    if (!same && !type_lower(mlirValueGetType(mlirOperationGetOperand(op->op, i))))
      return lower_cannot(l, "a call with an argument without counterpart");
  if (mlirOperationGetNumResults(op->op) && !lower_result_type(l, op))
    return lower_cannot(l, "a call with a result without counterpart");
  if (!same && be_op_has(op->op, "var_callee_type"))
    return lower_cannot(l, "a new call of a variadic function");
  if (has_exceptional_edges(l, op) && op->fate != BE_FATE_BUILD)
    return lower_cannot(l, "a call with a handler was copied");
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
  unsigned first = first_arg(be_op_string(op->op, "callee"));
  for (intptr_t i = first; i < mlirOperationGetNumOperands(op->op); i++) {
    tree type = same ? TREE_TYPE(gimple_call_arg(old, (unsigned)i - first))
                     : type_lower(mlirValueGetType(mlirOperationGetOperand(op->op, i)));
    args->safe_push(lower_operand(l, op, (unsigned)i, type));
  }
}

/* What the old call carried and the IR does not. Whether it is a tail call is for GCC to find. */
static void copy_call_traits(gcall *call, gcall *old) {
  gimple_call_copy_flags(call, old);
  gimple_call_set_tail(call, false);
  gimple_call_set_fntype(call, gimple_call_fntype(old));
}

void lower_call(lower *l, const be_plan_op *op) {
  auto_vec<tree> args;
  gcall *old = old_call(l, op);
  MlirStringRef callee = be_op_string(op->op, "callee");
  bool same = same_shape(l, op, old, callee);
  tree type = same ? gimple_call_fntype(old) : new_function_type(l, op, first_arg(callee));
  call_args(l, op, old, same, &args);
  gcall *call = gimple_build_call_vec(callee_of(l, op, old, same, type), args);
  gimple_call_set_fntype(call, type);
  if (same)
    copy_call_traits(call, old);
  if (mlirOperationGetNumResults(op->op)) {
    MlirValue result = mlirOperationGetResult(op->op, 0);
    if (be_map_get(&l->values, result.ptr) || !mlirOpOperandIsNull(mlirValueGetFirstUse(result)))
      gimple_call_set_lhs(call, lower_result(l, op));
  }
  lower_put(l, op, call);
}

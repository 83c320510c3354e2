/* lift_call.cc - calls: direct, indirect, builtins. */
#include "internal.h"

enum { CALL_ARGS_MAX = 256 };

/* Builtins that are about the frame they stand in, or that GCC expands into more than a call. */
static bool is_special_builtin(tree decl) {
  if (DECL_BUILT_IN_CLASS(decl) == BUILT_IN_FRONTEND)
    return true;
  if (!fndecl_built_in_p(decl, BUILT_IN_NORMAL))
    return false;
  switch (DECL_FUNCTION_CODE(decl)) {
  CASE_BUILT_IN_ALLOCA:
  case BUILT_IN_SETJMP:
  case BUILT_IN_SETJMP_SETUP:
  case BUILT_IN_SETJMP_RECEIVER:
  case BUILT_IN_LONGJMP:
  case BUILT_IN_NONLOCAL_GOTO:
  case BUILT_IN_EH_RETURN:
  case BUILT_IN_EH_RETURN_DATA_REGNO:
  case BUILT_IN_UNWIND_INIT:
  case BUILT_IN_CXA_END_CLEANUP:
  case BUILT_IN_DWARF_CFA:
  case BUILT_IN_DWARF_SP_COLUMN:
  case BUILT_IN_INIT_DWARF_REG_SIZES:
  case BUILT_IN_FRAME_ADDRESS:
  case BUILT_IN_RETURN_ADDRESS:
  case BUILT_IN_EXTRACT_RETURN_ADDR:
  case BUILT_IN_FROB_RETURN_ADDR:
  case BUILT_IN_APPLY:
  case BUILT_IN_APPLY_ARGS:
  case BUILT_IN_RETURN:
  case BUILT_IN_SAVEREGS:
  case BUILT_IN_NEXT_ARG:
  case BUILT_IN_VA_START:
  case BUILT_IN_VA_END:
  case BUILT_IN_VA_COPY:
  case BUILT_IN_VA_ARG_PACK:
  case BUILT_IN_VA_ARG_PACK_LEN:
  case BUILT_IN_STACK_SAVE:
  case BUILT_IN_STACK_RESTORE:
  case BUILT_IN_INIT_TRAMPOLINE:
  case BUILT_IN_INIT_HEAP_TRAMPOLINE:
  case BUILT_IN_ADJUST_TRAMPOLINE:
  case BUILT_IN_INIT_DESCRIPTOR:
  case BUILT_IN_ADJUST_DESCRIPTOR:
  case BUILT_IN_CONSTANT_P:
  case BUILT_IN_UNREACHABLE:
    return true;
  default:
    return false;
  }
}

/* Builtins about an EH region of this function, which they name by constants: they stay where they
 * are and as they are. */
bool lift_is_eh_builtin(tree decl) {
  if (!decl || !fndecl_built_in_p(decl, BUILT_IN_NORMAL))
    return false;
  switch (DECL_FUNCTION_CODE(decl)) {
  case BUILT_IN_EH_POINTER:
  case BUILT_IN_EH_FILTER:
  case BUILT_IN_EH_COPY_VALUES:
  case BUILT_IN_UNWIND_RESUME:
    return true;
  default:
    return false;
  }
}

/* An argument is a value, or a record passed by value. */
static bool can_argument(tree arg) {
  HOST_WIDE_INT size;
  if (is_gimple_reg_type(TREE_TYPE(arg)))
    return lift_is_operand(arg) && type_lift(TREE_TYPE(arg)).ptr;
  return lift_can_record(arg, &size);
}

static bool is_modelled_call(gcall *stmt) {
  tree decl = gimple_call_fndecl(stmt);
  if (gimple_call_internal_p(stmt) || gimple_call_chain(stmt) || gimple_call_must_tail_p(stmt) ||
      gimple_call_va_arg_pack_p(stmt) || gimple_call_by_descriptor_p(stmt) ||
      gimple_call_num_args(stmt) >= CALL_ARGS_MAX ||
      (gimple_call_flags(stmt) & (ECF_RETURNS_TWICE | ECF_TM_PURE)))
    return false;
  if (decl ? is_special_builtin(decl)
           : !lift_is_operand(gimple_call_fn(stmt)) &&
                 TREE_CODE(gimple_call_fn(stmt)) != OBJ_TYPE_REF)
    return false;
  for (unsigned i = 0; i < gimple_call_num_args(stmt); i++)
    if (!can_argument(gimple_call_arg(stmt, i)))
      return false;
  return true;
}

/* The type of the call's value, void_type for none and for a record, whose address is an operand;
 * null when it is neither. */
static MlirType result_type(lift *l, gcall *stmt) {
  HOST_WIDE_INT size;
  tree lhs = gimple_call_lhs(stmt);
  tree type = lhs ? TREE_TYPE(lhs) : gimple_call_return_type(stmt);
  if (VOID_TYPE_P(type))
    return l->ir->void_type;
  if (!is_gimple_reg_type(type))
    return !lhs || lift_can_record(lhs, &size) ? l->ir->void_type : MlirType{NULL};
  return type_is_modelled(type) ? type_lift(type) : MlirType{NULL};
}

/* A call's operands: the callee when it is not a symbol, where a record result goes, arguments. */
struct operands {
  MlirValue values[CALL_ARGS_MAX + 2]; /* the first is for the callee */
  int64_t by_value[CALL_ARGS_MAX];     /* per argument: the size of a record, or 0 */
  size_t count, args;                  /* without the callee; arguments alone */
  HOST_WIDE_INT result_size;           /* of a record, or 0 */
  bool any_by_value;
};

static void lift_operands(lift *l, gcall *stmt, operands *o) {
  tree lhs = gimple_call_lhs(stmt);
  o->count = 0;
  o->args = gimple_call_num_args(stmt);
  o->result_size = 0;
  o->any_by_value = false;
  if (lhs && !is_gimple_reg_type(TREE_TYPE(lhs)) && lift_can_record(lhs, &o->result_size))
    o->values[++o->count] = lift_address(l, lhs);
  for (size_t i = 0; i < o->args; i++) {
    HOST_WIDE_INT size = 0;
    tree arg = gimple_call_arg(stmt, (unsigned)i);
    bool record = !is_gimple_reg_type(TREE_TYPE(arg)) && lift_can_record(arg, &size);
    o->values[++o->count] = record ? lift_address(l, arg) : lift_value(l, arg);
    o->by_value[i] = size;
    o->any_by_value |= record;
  }
}

/* The callee's type as this call sees it. */
static MlirType call_type(gcall *stmt, MlirType result, const operands *o) {
  MlirType params[CALL_ARGS_MAX + 1];
  tree type = gimple_call_fntype(stmt);
  bool variadic = type && stdarg_p(type);
  size_t fixed = o->count;
  if (variadic)
    fixed = MIN(fixed, (size_t)type_num_arguments(type) + (o->result_size != 0));
  for (size_t i = 0; i < fixed; i++)
    params[i] = mlirValueGetType(o->values[i + 1]);
  return mlirLLVMFunctionTypeGet(result, (intptr_t)fixed, params, variadic);
}

/* What the callee may do, when that is less than anything; -1 otherwise. */
static int call_effects(gcall *stmt, const operands *o) {
  int flags = gimple_call_flags(stmt);
  if (lift_is_eh_builtin(gimple_call_fndecl(stmt)))
    return BE_EFFECT_READ | BE_EFFECT_WRITE | BE_EFFECT_THROW | BE_EFFECT_TRAP | BE_EFFECT_PIN;
  if (!(flags & (ECF_CONST | ECF_PURE)))
    return -1;
  int effects = flags & ECF_CONST ? 0 : BE_EFFECT_READ;
  if ((flags & ECF_LOOPING_CONST_OR_PURE) || !(flags & ECF_NOTHROW))
    effects |= BE_EFFECT_THROW;
  effects |= (o->any_by_value ? BE_EFFECT_READ : 0) | (o->result_size ? BE_EFFECT_WRITE : 0);
  return effects | BE_EFFECT_TRAP;
}

static MlirNamedAttribute effects_attr(int effects) {
  MlirNamedAttribute *slot = &the_bridge.effects[effects];
  char text[64];
  if (!slot->name.ptr) {
    be_effects_text((unsigned)effects, text, sizeof text);
    *slot = be_attr(the_bridge.ir, BE_ATTR_EFFECTS,
                    mlirStringAttrGet(the_bridge.ir->ctx, mlirStringRefCreateFromCString(text)));
  }
  return *slot;
}

static MlirOperation build(lift *l, gcall *stmt, const char *symbol, MlirType type, MlirType result,
                           const operands *o) {
  MlirNamedAttribute attrs[5];
  size_t n = 0;
  if (symbol)
    attrs[n++] =
        be_attr(l->ir, "callee",
                mlirFlatSymbolRefAttrGet(l->ir->ctx, mlirStringRefCreateFromCString(symbol)));
  if (gimple_call_fntype(stmt) && stdarg_p(gimple_call_fntype(stmt)))
    attrs[n++] = be_attr(l->ir, "var_callee_type", mlirTypeAttrGet(type));
  int effects = call_effects(stmt, o);
  if (effects >= 0)
    attrs[n++] = effects_attr(effects);
  if (o->result_size)
    attrs[n++] = be_attr(l->ir, BE_ATTR_RESULT_AT, mlirIntegerAttrGet(l->ir->i64, o->result_size));
  if (o->any_by_value)
    attrs[n++] = be_attr(l->ir, BE_ATTR_BY_VALUE,
                         mlirDenseI64ArrayGet(l->ir->ctx, (intptr_t)o->args, o->by_value));
  bool has_result = !mlirTypeEqual(result, l->ir->void_type);
  const MlirValue *values = symbol ? o->values + 1 : o->values;
  be_op_parts parts = {values, o->count + !symbol, &result, has_result, attrs, n, NULL, 0};
  return be_build(l->b, BE_OP_CALL, &parts);
}

static const char *direct_symbol(lift *l, gcall *stmt, MlirType type) {
  tree decl = gimple_call_fndecl(stmt);
  if (!decl || !DECL_ASSEMBLER_NAME_SET_P(decl))
    return NULL;
  const char *name = IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(decl));
  name += *name == '*';
  return be_function_declare(l->out, name, strlen(name), type) ? name : NULL;
}

/* __builtin_prefetch (address, rw, locality) */
static bool lift_prefetch(lift *l, gcall *stmt) {
  static const int64_t most[2] = {1, 3};
  int64_t numbers[2] = {0, 3};
  unsigned n = gimple_call_num_args(stmt);
  if (n < 1 || n > 3 || !lift_is_operand(gimple_call_arg(stmt, 0)) ||
      !type_is_modelled(TREE_TYPE(gimple_call_arg(stmt, 0))))
    return false;
  for (unsigned i = 1; i < n; i++) {
    tree number = gimple_call_arg(stmt, i);
    if (!tree_fits_shwi_p(number) || !IN_RANGE(tree_to_shwi(number), 0, most[i - 1]))
      return false;
    numbers[i - 1] = tree_to_shwi(number);
  }
  be_build_prefetch(l->b, lift_value(l, gimple_call_arg(stmt, 0)), (unsigned)numbers[0],
                    (unsigned)numbers[1]);
  return true;
}

/* False: not modelled, nothing was built. */
bool lift_call(lift *l, gcall *stmt) {
  operands o;
  tree lhs = gimple_call_lhs(stmt);
  if (gimple_call_builtin_p(stmt, BUILT_IN_PREFETCH))
    return lift_prefetch(l, stmt);
  bool possible = is_modelled_call(stmt);
  MlirType result = possible ? result_type(l, stmt) : MlirType{NULL};
  if (!result.ptr)
    return false;
  bool stored = lhs && TREE_CODE(lhs) != SSA_NAME && !mlirTypeEqual(result, l->ir->void_type);
  if (stored && (!lift_can_access(lhs) || stmt_ends_bb_p(stmt)))
    return false;
  lift_operands(l, stmt, &o);
  MlirType type = call_type(stmt, result, &o);
  const char *symbol = direct_symbol(l, stmt, type);
  tree callee = gimple_call_fn(stmt);
  if (TREE_CODE(callee) == OBJ_TYPE_REF)
    callee = OBJ_TYPE_REF_EXPR(callee);
  if (!symbol)
    o.values[0] = lift_value(l, callee);
  MlirOperation op = build(l, stmt, symbol, type, result, &o);
  if (stored)
    lift_store(l, lhs, mlirOperationGetResult(op, 0), stmt);
  else if (lhs && mlirOperationGetNumResults(op))
    lift_define(l, lhs, mlirOperationGetResult(op, 0));
  return true;
}

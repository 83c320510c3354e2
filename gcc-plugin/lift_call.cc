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
  case BUILT_IN_PREFETCH:
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
    if (!lift_is_operand(gimple_call_arg(stmt, i)) ||
        !type_lift(TREE_TYPE(gimple_call_arg(stmt, i))).ptr)
      return false;
  return true;
}

/* The type of the call's value, void_type for none; null when it is not a register value. */
static MlirType result_type(lift *l, gcall *stmt) {
  tree lhs = gimple_call_lhs(stmt);
  tree type = lhs ? TREE_TYPE(lhs) : gimple_call_return_type(stmt);
  if (VOID_TYPE_P(type))
    return l->ir->void_type;
  if (!is_gimple_reg_type(type) || !type_is_modelled(type))
    return MlirType{NULL};
  return type_lift(type);
}

/* The callee's type as this call sees it. */
static MlirType call_type(gcall *stmt, MlirType result, const MlirValue *args, size_t count) {
  MlirType params[CALL_ARGS_MAX];
  tree type = gimple_call_fntype(stmt);
  bool variadic = type && stdarg_p(type);
  size_t fixed = variadic ? (size_t)type_num_arguments(type) : count;
  for (size_t i = 0; i < count && i < fixed; i++)
    params[i] = mlirValueGetType(args[i]);
  return mlirLLVMFunctionTypeGet(result, (intptr_t)MIN(fixed, count), params, variadic);
}

/* What the callee may do, when that is less than anything; -1 otherwise. */
static int call_effects(gcall *stmt) {
  int flags = gimple_call_flags(stmt);
  if (lift_is_eh_builtin(gimple_call_fndecl(stmt)))
    return BE_EFFECT_READ | BE_EFFECT_WRITE | BE_EFFECT_THROW | BE_EFFECT_TRAP | BE_EFFECT_PIN;
  if (!(flags & (ECF_CONST | ECF_PURE)))
    return -1;
  int effects = flags & ECF_CONST ? 0 : BE_EFFECT_READ;
  if ((flags & ECF_LOOPING_CONST_OR_PURE) || !(flags & ECF_NOTHROW))
    effects |= BE_EFFECT_THROW;
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
                           const MlirValue *args, size_t count) {
  MlirNamedAttribute attrs[3];
  size_t n = 0;
  if (symbol)
    attrs[n++] =
        be_attr(l->ir, "callee",
                mlirFlatSymbolRefAttrGet(l->ir->ctx, mlirStringRefCreateFromCString(symbol)));
  if (gimple_call_fntype(stmt) && stdarg_p(gimple_call_fntype(stmt)))
    attrs[n++] = be_attr(l->ir, "var_callee_type", mlirTypeAttrGet(type));
  int effects = call_effects(stmt);
  if (effects >= 0)
    attrs[n++] = effects_attr(effects);
  bool has_result = !mlirTypeEqual(result, l->ir->void_type);
  be_op_parts parts = {args, count, &result, has_result, attrs, n, NULL, 0};
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

/* False: not modelled, nothing was built. */
bool lift_call(lift *l, gcall *stmt) {
  MlirValue args[CALL_ARGS_MAX + 1];
  tree lhs = gimple_call_lhs(stmt);
  bool possible = is_modelled_call(stmt);
  MlirType result = possible ? result_type(l, stmt) : MlirType{NULL};
  size_t count = gimple_call_num_args(stmt);
  bool stored = lhs && TREE_CODE(lhs) != SSA_NAME;
  if (!result.ptr)
    return false;
  if (stored && (!lift_can_access(lhs) || stmt_ends_bb_p(stmt)))
    return false;
  for (size_t i = 0; i < count; i++)
    args[i + 1] = lift_value(l, gimple_call_arg(stmt, (unsigned)i));
  MlirType type = call_type(stmt, result, args + 1, count);
  const char *symbol = direct_symbol(l, stmt, type);
  tree callee = gimple_call_fn(stmt);
  if (TREE_CODE(callee) == OBJ_TYPE_REF)
    callee = OBJ_TYPE_REF_EXPR(callee);
  if (!symbol)
    args[0] = lift_value(l, callee);
  MlirOperation op =
      build(l, stmt, symbol, type, result, symbol ? args + 1 : args, count + !symbol);
  if (stored)
    lift_store(l, lhs, mlirOperationGetResult(op, 0), stmt);
  else if (lhs)
    lift_define(l, lhs, mlirOperationGetResult(op, 0));
  return true;
}

/* lower_value.c - operands and results. */
#include "internal.h"
#include <stdlib.h>
#include <string.h>

static bool is_constant(enum be_opcode code) {
  return code >= BE_OP_CONSTANT && code <= BE_OP_HOST;
}

/* ---- constants ----------------------------------------------------------------------------------
 */

LLVMValueRef lower_global(struct lower *l, MlirStringRef name) {
  LLVMModuleRef module = l->bridge->module;
  char *text = strndup(name.data, name.length);
  LLVMValueRef global = LLVMGetNamedFunction(module, text);
  if (!global)
    global = LLVMGetNamedGlobal(module, text);
  if (!global)
    global = LLVMGetNamedGlobalAlias(module, text, name.length);
  free(text);
  return global;
}

static LLVMValueRef literal(struct lower *l, MlirOperation op, LLVMTypeRef type) {
  MlirAttribute value = be_op_attr(op, "value");
  LLVMTypeKind kind = LLVMGetTypeKind(type);
  if (kind == LLVMIntegerTypeKind && LLVMGetIntTypeWidth(type) <= 64 &&
      mlirAttributeIsAInteger(value))
    return LLVMConstInt(type, (unsigned long long)mlirIntegerAttrGetValueInt(value), true);
  if ((kind == LLVMFloatTypeKind || kind == LLVMDoubleTypeKind) && mlirAttributeIsAFloat(value))
    return LLVMConstReal(type, mlirFloatAttrGetValueDouble(value));
  return NULL;
}

static LLVMValueRef host_ref(struct lower *l, MlirOperation op) {
  int64_t ref = be_op_int(op, "ref", -1);
  return ref >= 0 && ref < l->lift->ref_count ? l->lift->refs[ref] : NULL;
}

/* NULL when LLVM's C interface cannot make it. */
static LLVMValueRef constant(struct lower *l, MlirOperation op, enum be_opcode code) {
  MlirValue result = mlirOperationGetResult(op, 0);
  const struct be_plan_op *planned = be_map_get(&l->ops, op.ptr);
  if (planned && planned->fate == BE_FATE_KEEP)
    return be_map_get(&l->lift->constants, result.ptr);
  LLVMTypeRef type = type_lower(l->bridge, mlirValueGetType(result));
  if (!type)
    return NULL;
  switch (code) {
  case BE_OP_CONSTANT:
    return literal(l, op, type);
  case BE_OP_ZERO:
    return LLVMConstNull(type);
  case BE_OP_UNDEF:
    return LLVMGetUndef(type);
  case BE_OP_POISON:
    return LLVMGetPoison(type);
  case BE_OP_ADDRESSOF:
    return lower_global(l, be_op_string(op, "global_name"));
  default:
    return host_ref(l, op);
  }
}

/* ---- values -------------------------------------------------------------------------------------
 */

/* Part of a kept statement, wanted by others too: made again where it is wanted. */
static LLVMValueRef again(struct lower *l, MlirOperation op) {
  const struct be_plan_op *planned = be_map_get(&l->ops, op.ptr);
  return planned && lower_memory_can(l, planned) ? lower_memory(l, planned) : NULL;
}

LLVMValueRef lower_value(struct lower *l, MlirValue value) {
  LLVMValueRef known = be_map_get(&l->values, value.ptr), made = NULL;
  if (known)
    return known;
  MlirOperation op = be_value_def(value);
  if (!mlirOperationIsNull(op)) {
    enum be_opcode code = be_op_code(l->ir, op);
    made = is_constant(code) ? constant(l, op, code) : again(l, op);
  }
  if (made)
    return made;
  /* Only code that cannot be reached uses what has not been made. */
  return LLVMGetPoison(type_lower(l->bridge, mlirValueGetType(value)));
}

LLVMValueRef lower_operand(struct lower *l, MlirOperation op, intptr_t i) {
  return lower_value(l, mlirOperationGetOperand(op, i));
}

/* Which way an opaque terminator went is known to its own switch only. */
static bool is_selector(struct lower *l, MlirOperation def, MlirValue value) {
  const struct be_plan_op *planned = be_map_get(&l->ops, def.ptr);
  LLVMValueRef inst = planned ? lower_stmt_of(l, planned->id) : NULL;
  return inst && LLVMIsATerminatorInst(inst) && !be_map_get(&l->values, value.ptr);
}

bool lower_operands_can(struct lower *l, MlirOperation op) {
  for (intptr_t i = mlirOperationGetNumOperands(op); i-- > 0;) {
    MlirValue value = mlirOperationGetOperand(op, i);
    MlirOperation def = be_value_def(value);
    enum be_opcode code = mlirOperationIsNull(def) ? BE_OP_OTHER : be_op_code(l->ir, def);
    if (is_constant(code) && !constant(l, def, code))
      return false;
    if (code == BE_OP_STMT && is_selector(l, def, value))
      return false;
  }
  return true;
}

LLVMTypeRef lower_result_type(struct lower *l, const struct be_plan_op *op) {
  LLVMValueRef inst = op->fate == BE_FATE_BUILD ? lower_stmt_of(l, op->id) : NULL;
  MlirType type = mlirValueGetType(mlirOperationGetResult(op->op, 0));
  if (inst && be_function_entry(l->lift->out, op->id)->main &&
      mlirTypeEqual(type_lift(l->bridge, LLVMTypeOf(inst)), type))
    return LLVMTypeOf(inst);
  return type_lower(l->bridge, type);
}

void lower_result(struct lower *l, const struct be_plan_op *op, LLVMValueRef built) {
  LLVMValueRef inst = lower_stmt_of(l, op->id);
  const struct be_entry *entry = op->id >= 0 ? be_function_entry(l->lift->out, op->id) : NULL;
  bool stands_for = inst && entry && (entry->main || op->code == BE_OP_STMT);
  if (stands_for && LLVMIsAInstruction(built) && !lower_is_opaque(l, op->id))
    register_copy_facts(built, inst, op->fate == BE_FATE_BUILD && l->rebuild);
  if (mlirOperationGetNumResults(op->op) && LLVMGetTypeKind(LLVMTypeOf(built)) != LLVMVoidTypeKind)
    be_map_set(&l->values, mlirOperationGetResult(op->op, 0).ptr, built);
  if (op->fate == BE_FATE_BUILD && stands_for && LLVMTypeOf(built) == LLVMTypeOf(inst) &&
      LLVMGetTypeKind(LLVMTypeOf(built)) != LLVMVoidTypeKind)
    LLVMReplaceAllUsesWith(inst, built);
}

LLVMValueRef lower_emit(struct lower *l, const char *intrinsic, LLVMTypeRef *types,
                        size_t type_count, LLVMValueRef *args, unsigned arg_count) {
  unsigned id = LLVMLookupIntrinsicID(intrinsic, strlen(intrinsic));
  LLVMValueRef callee = LLVMGetIntrinsicDeclaration(l->bridge->module, id, types, type_count);
  return LLVMBuildCall2(l->builder, LLVMGlobalGetValueType(callee), callee, args, arg_count, "");
}

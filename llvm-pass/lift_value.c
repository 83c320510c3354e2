/* lift_value.c - operands: values, constants, symbols. */
#include "internal.h"
#include <stdlib.h>

/* ---- the entry block ----------------------------------------------------------------------------
 */

static void enter(struct lift *l) {
  be_function_at_block(l->out, 0);
  be_function_at_stmt(l->out, -1, l->ir->unknown_loc);
  if (l->anchored)
    l->b->before = l->anchor;
}

static void leave(struct lift *l) {
  l->b->before = (MlirOperation){NULL};
  be_function_at_block(l->out, l->block);
  be_function_at_stmt(l->out, l->stmt, l->loc);
}

static int add_ref(struct lift *l, LLVMValueRef value) {
  if (l->ref_count == l->ref_capacity) {
    l->ref_capacity = l->ref_capacity ? 2 * l->ref_capacity : 16;
    l->refs = realloc(l->refs, (size_t)l->ref_capacity * sizeof(LLVMValueRef));
  }
  l->refs[l->ref_count] = value;
  return l->ref_count++;
}

static MlirValue remember(struct lift *l, LLVMValueRef host, MlirValue value) {
  be_map_set(&l->values, host, (void *)value.ptr);
  be_map_set(&l->constants, value.ptr, host);
  return value;
}

/* A value that only LLVM understands. */
MlirValue lift_host(struct lift *l, LLVMValueRef value, MlirType type) {
  void *known = be_map_get(&l->values, value);
  if (known)
    return (MlirValue){known};
  enter(l);
  MlirValue host = be_build_host(l->b, type, add_ref(l, value));
  leave(l);
  return remember(l, value, host);
}

MlirValue lift_int(struct lift *l, LLVMTypeRef type, int64_t value) {
  return lift_value(l, LLVMConstInt(type, (unsigned long long)value, true));
}

/* ---- symbols
 * ------------------------------------------------------------------------------------- */

static bool declare(struct lift *l, LLVMValueRef global) {
  size_t len;
  const char *name = LLVMGetValueName2(global, &len);
  LLVMTypeRef type = LLVMGlobalGetValueType(global);
  if (!len)
    return false;
  if (LLVMIsAFunction(global)) {
    MlirType lifted = type_lift(l->bridge, type);
    return lifted.ptr && be_function_declare(l->out, name, len, lifted);
  }
  if (!LLVMIsAGlobalVariable(global) || LLVMIsThreadLocal(global) ||
      LLVMGetPointerAddressSpace(LLVMTypeOf(global)) || !LLVMTypeIsSized(type))
    return false;
  return be_function_declare_global(l->out, name, len, LLVMABISizeOfType(l->bridge->layout, type),
                                    LLVMGetAlignment(global), LLVMIsGlobalConstant(global));
}

bool lift_symbol(struct lift *l, LLVMValueRef global) {
  intptr_t known = (intptr_t)be_map_get(&l->symbols, global);
  if (!known) {
    known = declare(l, global) ? 1 : 2;
    be_map_set(&l->symbols, global, (void *)known);
  }
  return known == 1;
}

static MlirValue symbol(struct lift *l, LLVMValueRef global) {
  size_t len;
  const char *name = LLVMGetValueName2(global, &len);
  if (LLVMGetPointerAddressSpace(LLVMTypeOf(global)) || !lift_symbol(l, global))
    return lift_host(l, global, type_lift(l->bridge, LLVMTypeOf(global)));
  enter(l);
  MlirValue address = be_build_addressof(l->b, name, len);
  leave(l);
  return remember(l, global, address);
}

/* ---- constants ----------------------------------------------------------------------------------
 */

static MlirValue build_constant(struct lift *l, LLVMValueRef value, MlirType type,
                                MlirAttribute attr) {
  enter(l);
  MlirValue built = be_build_constant(l->b, type, attr);
  leave(l);
  return remember(l, value, built);
}

static MlirValue int_constant(struct lift *l, LLVMValueRef value, MlirType type) {
  if (LLVMGetIntTypeWidth(LLVMTypeOf(value)) > 64)
    return lift_host(l, value, type);
  return build_constant(l, value, type, mlirIntegerAttrGet(type, LLVMConstIntGetSExtValue(value)));
}

static MlirValue real_constant(struct lift *l, LLVMValueRef value, MlirType type) {
  LLVMTypeKind kind = LLVMGetTypeKind(LLVMTypeOf(value));
  LLVMBool loses;
  if (kind != LLVMFloatTypeKind && kind != LLVMDoubleTypeKind)
    return lift_host(l, value, type);
  double number = LLVMConstRealGetDouble(value, &loses);
  if (number != number)
    return lift_host(l, value, type);
  return build_constant(l, value, type, mlirFloatAttrDoubleGet(l->ir->ctx, type, number));
}

static MlirValue simple_constant(struct lift *l, LLVMValueRef value, enum be_opcode code,
                                 MlirType type) {
  enter(l);
  MlirValue built = be_build_simple(l->b, code, type, NULL, 0, NULL, (MlirAttribute){NULL});
  leave(l);
  return remember(l, value, built);
}

static MlirValue constant(struct lift *l, LLVMValueRef value) {
  MlirType type = type_lift(l->bridge, LLVMTypeOf(value));
  if (!type.ptr) {
    lift_decline(l, BE_REASON_UNSUPPORTED_TYPE, "a constant");
    type = l->ir->i8;
  }
  switch (LLVMGetValueKind(value)) {
  case LLVMConstantIntValueKind:
    if (LLVMGetTypeKind(LLVMTypeOf(value)) != LLVMIntegerTypeKind)
      return lift_host(l, value, type);
    return int_constant(l, value, type);
  case LLVMConstantFPValueKind:
    return real_constant(l, value, type);
  case LLVMConstantPointerNullValueKind:
  case LLVMConstantAggregateZeroValueKind:
    return simple_constant(l, value, BE_OP_ZERO, type);
  case LLVMPoisonValueValueKind:
    return simple_constant(l, value, BE_OP_POISON, type);
  case LLVMUndefValueValueKind:
    return simple_constant(l, value, BE_OP_UNDEF, type);
  case LLVMFunctionValueKind:
  case LLVMGlobalVariableValueKind:
    return symbol(l, value);
  default:
    return lift_host(l, value, type);
  }
}

/* ---- values
 * -------------------------------------------------------------------------------------- */

void lift_define(struct lift *l, LLVMValueRef inst, MlirValue value) {
  be_map_set(&l->values, inst, (void *)value.ptr);
}

bool lift_is_operand(struct lift *l, LLVMValueRef value) {
  if (LLVMIsAInlineAsm(value) || LLVMValueIsBasicBlock(value))
    return false;
  return type_lift(l->bridge, LLVMTypeOf(value)).ptr != NULL;
}

MlirValue lift_value(struct lift *l, LLVMValueRef value) {
  void *known = be_map_get(&l->values, value);
  if (known)
    return (MlirValue){known};
  if (!LLVMIsConstant(value)) {
    lift_decline(l, BE_REASON_UNSUPPORTED_CFG, "a value without a definition");
    return lift_host(l, LLVMGetUndef(LLVMInt8TypeInContext(l->bridge->ctx)), l->ir->i8);
  }
  return constant(l, value);
}

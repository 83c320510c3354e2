/* types.c - LLVM types <-> MLIR types. */
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>

static MlirType null_type(void) { return (MlirType){NULL}; }

static MlirType parse(struct bridge *bridge, const char *text) {
  return mlirTypeParseGet(bridge->ir->ctx, mlirStringRefCreateFromCString(text));
}

static MlirType vector_type(struct bridge *bridge, LLVMTypeRef type, bool scalable) {
  LLVMTypeRef element = LLVMGetElementType(type);
  int64_t count = LLVMGetVectorSize(type);
  if (LLVMGetTypeKind(element) == LLVMPointerTypeKind) {
    char text[96];
    snprintf(text, sizeof text, "!llvm.vec<%s%u x ptr<%u>>", scalable ? "? x " : "",
             (unsigned)count, LLVMGetPointerAddressSpace(element));
    return parse(bridge, text);
  }
  MlirType lifted = type_lift(bridge, element);
  return lifted.ptr ? mlirVectorTypeGetScalable(1, &count, &scalable, lifted) : null_type();
}

static MlirType struct_type(struct bridge *bridge, LLVMTypeRef type) {
  if (LLVMIsOpaqueStruct(type))
    return null_type();
  unsigned count = LLVMCountStructElementTypes(type);
  MlirType *fields = malloc((count + 1) * sizeof *fields), result = null_type();
  unsigned n = 0;
  while (n < count && (fields[n] = type_lift(bridge, LLVMStructGetTypeAtIndex(type, n))).ptr)
    n++;
  if (n == count)
    result = mlirLLVMStructTypeLiteralGet(bridge->ir->ctx, count, fields, LLVMIsPackedStruct(type));
  free(fields);
  return result;
}

static MlirType array_type(struct bridge *bridge, LLVMTypeRef type) {
  MlirType element = type_lift(bridge, LLVMGetElementType(type));
  uint64_t count = LLVMGetArrayLength2(type);
  if (!element.ptr || count > UINT32_MAX)
    return null_type();
  return mlirLLVMArrayTypeGet(element, (unsigned)count);
}

static MlirType function_type(struct bridge *bridge, LLVMTypeRef type) {
  unsigned count = LLVMCountParamTypes(type);
  LLVMTypeRef *host = malloc((count + 1) * sizeof *host);
  MlirType *params = malloc((count + 1) * sizeof *params), lifted = null_type();
  LLVMGetParamTypes(type, host);
  unsigned n = 0;
  while (n < count && (params[n] = type_lift(bridge, host[n])).ptr)
    n++;
  MlirType result = type_lift(bridge, LLVMGetReturnType(type));
  if (n == count && result.ptr)
    lifted = mlirLLVMFunctionTypeGet(result, count, params, LLVMIsFunctionVarArg(type));
  free(host);
  free(params);
  return lifted;
}

static MlirType convert(struct bridge *bridge, LLVMTypeRef type) {
  const struct be_ir *ir = bridge->ir;
  switch (LLVMGetTypeKind(type)) {
  case LLVMVoidTypeKind:
    return ir->void_type;
  case LLVMIntegerTypeKind:
    return mlirIntegerTypeGet(ir->ctx, LLVMGetIntTypeWidth(type));
  case LLVMHalfTypeKind:
    return mlirF16TypeGet(ir->ctx);
  case LLVMBFloatTypeKind:
    return mlirBF16TypeGet(ir->ctx);
  case LLVMFloatTypeKind:
    return ir->f32;
  case LLVMDoubleTypeKind:
    return ir->f64;
  case LLVMX86_FP80TypeKind:
    return parse(bridge, "f80");
  case LLVMFP128TypeKind:
    return parse(bridge, "f128");
  case LLVMPPC_FP128TypeKind:
    return parse(bridge, "!llvm.ppc_fp128");
  case LLVMPointerTypeKind:
    return mlirLLVMPointerTypeGet(ir->ctx, LLVMGetPointerAddressSpace(type));
  case LLVMVectorTypeKind:
    return vector_type(bridge, type, false);
  case LLVMScalableVectorTypeKind:
    return vector_type(bridge, type, true);
  case LLVMStructTypeKind:
    return struct_type(bridge, type);
  case LLVMArrayTypeKind:
    return array_type(bridge, type);
  case LLVMFunctionTypeKind:
    return function_type(bridge, type);
  default:
    return null_type();
  }
}

MlirType type_lift(struct bridge *bridge, LLVMTypeRef type) {
  void *known = be_map_get(&bridge->types, type);
  if (known)
    return (MlirType){known};
  MlirType lifted = convert(bridge, type);
  if (!lifted.ptr)
    return lifted;
  be_map_set(&bridge->types, type, (void *)lifted.ptr);
  if (!be_map_get(&bridge->host_types, lifted.ptr))
    be_map_set(&bridge->host_types, lifted.ptr, type);
  return lifted;
}

static bool is_scalar(LLVMTypeKind kind) {
  switch (kind) {
  case LLVMIntegerTypeKind:
  case LLVMHalfTypeKind:
  case LLVMBFloatTypeKind:
  case LLVMFloatTypeKind:
  case LLVMDoubleTypeKind:
  case LLVMX86_FP80TypeKind:
  case LLVMFP128TypeKind:
    return true;
  default:
    return false;
  }
}

bool type_is_modelled(LLVMTypeRef type) {
  LLVMTypeKind kind = LLVMGetTypeKind(type);
  if (kind == LLVMVectorTypeKind || kind == LLVMScalableVectorTypeKind)
    return is_scalar(LLVMGetTypeKind(LLVMGetElementType(type)));
  return kind == LLVMPointerTypeKind || is_scalar(kind);
}

static LLVMTypeRef lower_vector(struct bridge *bridge, MlirType type) {
  if (mlirShapedTypeGetRank(type) != 1 || mlirVectorTypeIsScalable(type))
    return NULL;
  LLVMTypeRef element = type_lower(bridge, mlirShapedTypeGetElementType(type));
  return element ? LLVMVectorType(element, (unsigned)mlirShapedTypeGetDimSize(type, 0)) : NULL;
}

LLVMTypeRef type_lower(struct bridge *bridge, MlirType type) {
  LLVMTypeRef known = be_map_get(&bridge->host_types, type.ptr);
  if (known)
    return known;
  if (mlirTypeIsAInteger(type))
    return LLVMIntTypeInContext(bridge->ctx, mlirIntegerTypeGetWidth(type));
  if (mlirTypeIsAF32(type))
    return LLVMFloatTypeInContext(bridge->ctx);
  if (mlirTypeIsAF64(type))
    return LLVMDoubleTypeInContext(bridge->ctx);
  if (mlirTypeIsALLVMPointerType(type))
    return LLVMPointerTypeInContext(bridge->ctx, mlirLLVMPointerTypeGetAddressSpace(type));
  if (mlirTypeIsAVector(type))
    return lower_vector(bridge, type);
  if (mlirTypeEqual(type, bridge->ir->void_type))
    return LLVMVoidTypeInContext(bridge->ctx);
  return NULL;
}

MlirType type_sized(struct bridge *bridge, LLVMTypeRef type) {
  uint64_t size = LLVMABISizeOfType(bridge->layout, type);
  MlirType same = type_is_modelled(type) ? type_lift(bridge, type) : null_type();
  if (same.ptr && be_type_size(same) == size)
    return same;
  if (size > UINT32_MAX)
    return null_type();
  return mlirLLVMArrayTypeGet(bridge->ir->i8, (unsigned)size);
}

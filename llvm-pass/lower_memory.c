/* lower_memory.c - addresses, loads, stores, atomics, copies of memory. */
#include "internal.h"

/* ---- addresses ----------------------------------------------------------------------------------
 */

/* The type a GEP or an alloca counts in: only its size matters. NULL when unknown. */
static LLVMTypeRef sized_type(struct lower *l, MlirType type) {
  uint64_t size = be_type_size(type);
  LLVMTypeRef same = type_lower(l->bridge, type);
  if (same && LLVMTypeIsSized(same) &&
      (!size || LLVMABISizeOfType(l->bridge->layout, same) == size))
    return same;
  if (!size && !mlirTypeEqual(type, l->ir->i8))
    return NULL;
  return LLVMArrayType2(LLVMInt8TypeInContext(l->bridge->ctx), size);
}

static bool gep_can(struct lower *l, const struct be_plan_op *op) {
  return be_gep_index_count(op->op) == 1 && sized_type(l, be_gep_element(op->op));
}

static LLVMValueRef lower_gep(struct lower *l, const struct be_plan_op *op) {
  MlirValue dynamic = {NULL};
  int32_t index = be_gep_index(op->op, 0, &dynamic);
  LLVMValueRef base = lower_operand(l, op->op, 0), by;
  if (dynamic.ptr)
    by = lower_value(l, dynamic);
  else
    by = LLVMConstInt(LLVMInt64TypeInContext(l->bridge->ctx), (unsigned long long)(int64_t)index,
                      true);
  LLVMTypeRef type = sized_type(l, be_gep_element(op->op));
  return be_op_has(op->op, "inbounds") ? LLVMBuildInBoundsGEP2(l->builder, type, base, &by, 1, "")
                                       : LLVMBuildGEP2(l->builder, type, base, &by, 1, "");
}

/* ---- loads and stores ---------------------------------------------------------------------------
 */

static void set_access(struct lower *l, const struct be_plan_op *op, LLVMValueRef built) {
  int64_t align = be_op_int(op->op, "alignment", 0);
  if (align)
    LLVMSetAlignment(built, (unsigned)align);
  LLVMSetVolatile(built, be_op_has(op->op, "volatile_"));
  LLVMSetOrdering(built, (LLVMAtomicOrdering)be_op_int(op->op, "ordering", 0));
  if (be_op_has(op->op, "nontemporal")) {
    LLVMTypeRef i32 = LLVMInt32TypeInContext(l->bridge->ctx);
    LLVMMetadataRef one = LLVMValueAsMetadata(LLVMConstInt(i32, 1, false));
    LLVMMetadataRef node = LLVMMDNodeInContext2(l->bridge->ctx, &one, 1);
    LLVMSetMetadata(built, l->bridge->md_nontemporal, LLVMMetadataAsValue(l->bridge->ctx, node));
  }
}

static LLVMValueRef lower_load(struct lower *l, const struct be_plan_op *op) {
  LLVMValueRef built =
      LLVMBuildLoad2(l->builder, lower_result_type(l, op), lower_operand(l, op->op, 0), "");
  set_access(l, op, built);
  return built;
}

static LLVMValueRef lower_store(struct lower *l, const struct be_plan_op *op) {
  LLVMValueRef built =
      LLVMBuildStore(l->builder, lower_operand(l, op->op, 0), lower_operand(l, op->op, 1));
  set_access(l, op, built);
  return built;
}

/* ---- locals -------------------------------------------------------------------------------------
 */

static LLVMTypeRef allocated_type(struct lower *l, const struct be_plan_op *op) {
  MlirType type = mlirTypeAttrGetValue(be_op_attr(op->op, "elem_type"));
  LLVMValueRef inst = lower_stmt_of(l, op->id);
  LLVMTypeRef host = inst && LLVMIsAAllocaInst(inst) ? LLVMGetAllocatedType(inst) : NULL;
  /* The host's own type, where it is this one: optimizers and debuggers like to see it. */
  if (host && mlirTypeEqual(type_sized(l->bridge, host), type))
    return host;
  return sized_type(l, type);
}

static LLVMValueRef lower_alloca(struct lower *l, const struct be_plan_op *op) {
  LLVMTypeRef type = allocated_type(l, op);
  LLVMValueRef count = lower_operand(l, op->op, 0);
  LLVMValueRef built = LLVMIsAConstantInt(count) && LLVMConstIntGetZExtValue(count) == 1
                           ? LLVMBuildAlloca(l->builder, type, "")
                           : LLVMBuildArrayAlloca(l->builder, type, count, "");
  int64_t align = be_op_int(op->op, "alignment", 0);
  if (align)
    LLVMSetAlignment(built, (unsigned)align);
  return built;
}

/* ---- atomics
 * -------------------------------------------------------------------------------------- */

static LLVMAtomicOrdering ordering(const struct be_plan_op *op, const char *name) {
  return (LLVMAtomicOrdering)be_op_int(op->op, name, LLVMAtomicOrderingSequentiallyConsistent);
}

static LLVMValueRef lower_atomicrmw(struct lower *l, const struct be_plan_op *op) {
  return LLVMBuildAtomicRMW(l->builder, (LLVMAtomicRMWBinOp)be_op_int(op->op, "bin_op", 0),
                            lower_operand(l, op->op, 0), lower_operand(l, op->op, 1),
                            ordering(op, "ordering"), false);
}

static LLVMValueRef lower_cmpxchg(struct lower *l, const struct be_plan_op *op) {
  LLVMValueRef built =
      LLVMBuildAtomicCmpXchg(l->builder, lower_operand(l, op->op, 0), lower_operand(l, op->op, 1),
                             lower_operand(l, op->op, 2), ordering(op, "success_ordering"),
                             ordering(op, "failure_ordering"), false);
  LLVMSetWeak(built, be_op_has(op->op, "weak"));
  return built;
}

static LLVMValueRef lower_atomic(struct lower *l, const struct be_plan_op *op) {
  LLVMValueRef built = op->code == BE_OP_ATOMICRMW ? lower_atomicrmw(l, op) : lower_cmpxchg(l, op);
  int64_t align = be_op_int(op->op, "alignment", 0);
  if (align)
    LLVMSetAlignment(built, (unsigned)align);
  LLVMSetVolatile(built, be_op_has(op->op, "volatile_"));
  return built;
}

/* ---- copies and hints
 * ----------------------------------------------------------------------------- */

static LLVMValueRef lower_copy(struct lower *l, const struct be_plan_op *op) {
  LLVMValueRef args[4];
  for (intptr_t i = 0; i < 3; i++)
    args[i] = lower_operand(l, op->op, i);
  args[3] = LLVMConstInt(LLVMInt1TypeInContext(l->bridge->ctx),
                         be_op_int(op->op, "isVolatile", 0) != 0, false);
  LLVMTypeRef types[3] = {LLVMTypeOf(args[0]), LLVMTypeOf(args[1]), LLVMTypeOf(args[2])};
  if (op->code == BE_OP_MEMSET) { /* the byte's type is fixed */
    types[1] = types[2];
    return lower_emit(l, "llvm.memset", types, 2, args, 4);
  }
  return lower_emit(l, lower_intrinsic(op->code), types, 3, args, 4);
}

static LLVMValueRef lower_prefetch(struct lower *l, const struct be_plan_op *op) {
  LLVMTypeRef i32 = LLVMInt32TypeInContext(l->bridge->ctx);
  LLVMValueRef address = lower_operand(l, op->op, 0);
  LLVMValueRef args[4] = {address, LLVMConstInt(i32, (unsigned)be_op_int(op->op, "rw", 0), false),
                          LLVMConstInt(i32, (unsigned)be_op_int(op->op, "hint", 3), false),
                          LLVMConstInt(i32, (unsigned)be_op_int(op->op, "cache", 1), false)};
  LLVMTypeRef type = LLVMTypeOf(address);
  return lower_emit(l, "llvm.prefetch", &type, 1, args, 4);
}

static LLVMValueRef lower_lifetime(struct lower *l, const struct be_plan_op *op) {
  LLVMTypeRef i64 = LLVMInt64TypeInContext(l->bridge->ctx);
  LLVMValueRef address = lower_operand(l, op->op, 0);
  LLVMValueRef args[2] = {
      LLVMConstInt(i64, (unsigned long long)be_op_int(op->op, "size", -1), true), address};
  LLVMTypeRef type = LLVMTypeOf(address);
  bool has_size = LLVM_VERSION_MAJOR < 22;
  return lower_emit(l, lower_intrinsic(op->code), &type, 1, has_size ? args : &args[1],
                    has_size ? 2 : 1);
}

/* ---- all of them
 * ------------------------------------------------------------------------------------ */

bool lower_memory_can(struct lower *l, const struct be_plan_op *op) {
  switch (op->code) {
  case BE_OP_GEP:
    return gep_can(l, op);
  case BE_OP_LOAD:
  case BE_OP_ATOMICRMW:
  case BE_OP_CMPXCHG:
    return !be_op_has(op->op, "syncscope") && lower_result_type(l, op);
  case BE_OP_STORE:
  case BE_OP_FENCE:
    return !be_op_has(op->op, "syncscope");
  case BE_OP_ALLOCA:
    return !be_op_has(op->op, "inalloca") && allocated_type(l, op);
  case BE_OP_MEMCPY:
  case BE_OP_MEMMOVE:
  case BE_OP_MEMSET:
  case BE_OP_PREFETCH:
  case BE_OP_LIFETIME_START:
  case BE_OP_LIFETIME_END:
    return true;
  default:
    return false;
  }
}

LLVMValueRef lower_memory(struct lower *l, const struct be_plan_op *op) {
  switch (op->code) {
  case BE_OP_GEP:
    return lower_gep(l, op);
  case BE_OP_LOAD:
    return lower_load(l, op);
  case BE_OP_STORE:
    return lower_store(l, op);
  case BE_OP_ALLOCA:
    return lower_alloca(l, op);
  case BE_OP_ATOMICRMW:
  case BE_OP_CMPXCHG:
    return lower_atomic(l, op);
  case BE_OP_FENCE:
    return LLVMBuildFence(l->builder, ordering(op, "ordering"), false, "");
  case BE_OP_PREFETCH:
    return lower_prefetch(l, op);
  case BE_OP_LIFETIME_START:
  case BE_OP_LIFETIME_END:
    return lower_lifetime(l, op);
  default:
    return lower_copy(l, op);
  }
}

/* lift_memory.c - addresses, loads, stores, atomics, copies of memory. */
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- addresses --------------------------------------------------------------------------------
 */

/* A GEP is taken apart into steps of one index; constants that follow one another are one step. */
struct steps {
  struct lift *l;
  MlirValue address;
  int64_t pending; /* bytes not yet added */
  bool inbounds, any;
};

static void flush(struct steps *s, bool last) {
  if (!s->pending && (!last || s->any))
    return;
  s->address = be_build_offset(s->l->b, s->address, s->pending, s->inbounds);
  s->pending = 0;
  s->any = true;
}

static bool step_index(struct steps *s, LLVMTypeRef element, LLVMValueRef index) {
  struct lift *l = s->l;
  if (LLVMIsAConstantInt(index)) {
    int64_t bytes;
    if (LLVMGetIntTypeWidth(LLVMTypeOf(index)) > 64 ||
        __builtin_mul_overflow(LLVMConstIntGetSExtValue(index),
                               (int64_t)LLVMABISizeOfType(l->bridge->layout, element), &bytes))
      return false;
    return !__builtin_add_overflow(s->pending, bytes, &s->pending);
  }
  MlirType sized = type_sized(l->bridge, element);
  flush(s, false);
  s->address = be_build_index(l->b, sized, s->address, lift_value(l, index), s->inbounds);
  s->any = true;
  return true;
}

static bool step(struct steps *s, LLVMTypeRef *type, LLVMValueRef index) {
  if (LLVMGetTypeKind(*type) == LLVMStructTypeKind) {
    unsigned field = (unsigned)LLVMConstIntGetZExtValue(index);
    uint64_t bytes = LLVMOffsetOfElement(s->l->bridge->layout, *type, field);
    *type = LLVMStructGetTypeAtIndex(*type, field);
    return !__builtin_add_overflow(s->pending, (int64_t)bytes, &s->pending);
  }
  *type = LLVMGetElementType(*type);
  return step_index(s, *type, index);
}

static bool is_fixed(LLVMTypeRef type) {
  LLVMTypeKind kind = LLVMGetTypeKind(type);
  while (kind == LLVMArrayTypeKind) {
    type = LLVMGetElementType(type);
    kind = LLVMGetTypeKind(type);
  }
  return kind != LLVMScalableVectorTypeKind && kind != LLVMTargetExtTypeKind;
}

/* Everything that could fail is tried before anything is built. */
static bool can_address(struct lift *l, LLVMValueRef inst) {
  LLVMTypeRef source = LLVMGetGEPSourceElementType(inst);
  if (LLVMGetTypeKind(LLVMTypeOf(inst)) != LLVMPointerTypeKind || !is_fixed(source))
    return false;
  for (unsigned i = 1; i < (unsigned)LLVMGetNumOperands(inst); i++) {
    LLVMValueRef index = LLVMGetOperand(inst, i);
    LLVMTypeRef type = LLVMTypeOf(index);
    if (LLVMGetTypeKind(type) != LLVMIntegerTypeKind || LLVMGetIntTypeWidth(type) > 64)
      return false;
    if (LLVMIsAConstantInt(index) && llabs(LLVMConstIntGetSExtValue(index)) > INT32_MAX)
      return false;
  }
  return LLVMABISizeOfType(l->bridge->layout, source) <= INT32_MAX;
}

bool lift_address(struct lift *l, LLVMValueRef inst) {
  if (!can_address(l, inst))
    return false;
  LLVMTypeRef type = LLVMGetGEPSourceElementType(inst);
  struct steps s = {
      .l = l, .address = lift_value(l, LLVMGetOperand(inst, 0)), .inbounds = LLVMIsInBounds(inst)};
  if (!step_index(&s, type, LLVMGetOperand(inst, 1)))
    lift_decline(l, BE_REASON_UNSUPPORTED_CFG, "an address");
  for (unsigned i = 2; i < (unsigned)LLVMGetNumOperands(inst); i++)
    if (!step(&s, &type, LLVMGetOperand(inst, i)))
      lift_decline(l, BE_REASON_UNSUPPORTED_CFG, "an address");
  flush(&s, true);
  lift_define(l, inst, s.address);
  return true;
}

/* ---- which record, which field
 * ------------------------------------------------------------------- */

enum { TAG_OPERANDS = 4, NAME_MAX_LEN = 200 };

struct tag {
  LLVMValueRef base, access;
  uint64_t offset;
};

static unsigned node_operands(LLVMValueRef node, LLVMValueRef *operands, unsigned max) {
  if (!node || !LLVMIsAMDNode(node))
    return 0;
  unsigned count = LLVMGetMDNodeNumOperands(node);
  if (count && count <= max)
    LLVMGetMDNodeOperands(node, operands);
  return count <= max ? count : 0;
}

static bool read_tag(LLVMValueRef node, struct tag *tag) {
  LLVMValueRef operands[TAG_OPERANDS];
  unsigned count = node_operands(node, operands, TAG_OPERANDS);
  if (count < 3 || !operands[2] || !LLVMIsAConstantInt(operands[2]))
    return false;
  *tag = (struct tag){operands[0], operands[1], LLVMConstIntGetZExtValue(operands[2])};
  return true;
}

/* A type node's name; false when it has none. */
static bool type_name(LLVMValueRef node, char *name, size_t size) {
  if (!node || !LLVMIsAMDNode(node) || !LLVMGetMDNodeNumOperands(node))
    return false;
  unsigned count = LLVMGetMDNodeNumOperands(node), len;
  LLVMValueRef *operands = malloc(count * sizeof *operands);
  LLVMGetMDNodeOperands(node, operands);
  const char *text = operands[0] ? LLVMGetMDString(operands[0], &len) : NULL;
  free(operands);
  if (!text || !len || len >= size)
    return false;
  memcpy(name, text, len);
  name[len] = '\0';
  return true;
}

/* "_ZTS4node" is node. */
static const char *plain_name(const char *name) {
  if (strncmp(name, "_ZTS", 4) != 0 || name[4] < '1' || name[4] > '9')
    return name;
  return name + 4 + strspn(name + 4, "0123456789");
}

static MlirAttribute field_of_tag(struct lift *l, const struct tag *tag) {
  char record[NAME_MAX_LEN], field[32];
  if (tag->base == tag->access || !type_name(tag->base, record, sizeof record))
    return (MlirAttribute){NULL};
  snprintf(field, sizeof field, "+%llu", (unsigned long long)tag->offset);
  return be_access_field(l->ir, plain_name(record), field);
}

/* The name of a scalar type right below `omnipotent char`; all pointers are one. */
static MlirAttribute alias_of_tag(struct lift *l, const struct tag *tag) {
  char name[NAME_MAX_LEN], parent[NAME_MAX_LEN];
  LLVMValueRef operands[TAG_OPERANDS];
  if (node_operands(tag->access, operands, TAG_OPERANDS) != 3 ||
      !type_name(tag->access, name, sizeof name) || !type_name(operands[1], parent, sizeof parent))
    return (MlirAttribute){NULL};
  if (strcmp(name, "any pointer") == 0 || strcmp(parent, "any pointer") == 0)
    return mlirStringAttrGet(l->ir->ctx, mlirStringRefCreateFromCString("ptr"));
  if (strcmp(parent, "omnipotent char") != 0)
    return (MlirAttribute){NULL};
  return mlirStringAttrGet(l->ir->ctx, mlirStringRefCreateFromCString(plain_name(name)));
}

/* Where there is no tag, the GEP that the address comes from tells. */
static MlirAttribute field_of_address(struct lift *l, LLVMValueRef address) {
  char field[32];
  if (!LLVMIsAGetElementPtrInst(address) || LLVMGetNumOperands(address) != 3)
    return (MlirAttribute){NULL};
  LLVMTypeRef type = LLVMGetGEPSourceElementType(address);
  LLVMValueRef index = LLVMGetOperand(address, 2);
  if (LLVMGetTypeKind(type) != LLVMStructTypeKind || LLVMIsLiteralStruct(type))
    return (MlirAttribute){NULL};
  const char *name = LLVMGetStructName(type);
  const char *dot = name ? strchr(name, '.') : NULL;
  if (!dot || (strncmp(name, "struct.", 7) != 0 && strncmp(name, "class.", 6) != 0))
    return (MlirAttribute){NULL};
  snprintf(field, sizeof field, "+%llu",
           LLVMOffsetOfElement(l->bridge->layout, type, (unsigned)LLVMConstIntGetZExtValue(index)));
  return be_access_field(l->ir, dot + 1, field);
}

/* The tag's two attributes, kept in one cache: the alias name under the tag's address plus one. */
static void describe(struct lift *l, LLVMValueRef inst, LLVMValueRef address,
                     struct be_access *access) {
  struct bridge *bridge = l->bridge;
  LLVMValueRef node = LLVMHasMetadata(inst) ? LLVMGetMetadata(inst, bridge->md_tbaa) : NULL;
  if (!node) {
    access->field = field_of_address(l, address);
    return;
  }
  const void *alias_key = (const char *)node + 1;
  access->field.ptr = be_map_get(&bridge->access, node);
  access->alias.ptr = be_map_get(&bridge->access, alias_key);
  struct tag tag;
  if (access->field.ptr || access->alias.ptr || !read_tag(node, &tag))
    return;
  access->field = field_of_tag(l, &tag);
  access->alias = alias_of_tag(l, &tag);
  if (access->field.ptr)
    be_map_set(&bridge->access, node, (void *)access->field.ptr);
  if (access->alias.ptr)
    be_map_set(&bridge->access, alias_key, (void *)access->alias.ptr);
}

/* ---- loads and stores
 * ---------------------------------------------------------------------------- */

/* False when the dialect cannot hold how the memory is accessed. */
static bool read_access(struct lift *l, LLVMValueRef inst, LLVMTypeRef type, LLVMValueRef address,
                        struct be_access *access) {
  *access = (struct be_access){.align = LLVMGetAlignment(inst),
                               .is_volatile = LLVMGetVolatile(inst),
                               .ordering = (unsigned)LLVMGetOrdering(inst)};
  if (!type_is_modelled(type))
    return false;
  if (access->ordering) {
    LLVMTypeKind kind = LLVMGetTypeKind(type);
    if (LLVMIsAtomicSingleThread(inst) ||
        (kind != LLVMIntegerTypeKind && kind != LLVMPointerTypeKind) ||
        (kind == LLVMIntegerTypeKind && LLVMGetIntTypeWidth(type) > 64))
      return false;
  }
  if (LLVMHasMetadata(inst))
    access->is_nontemporal = LLVMGetMetadata(inst, l->bridge->md_nontemporal) != NULL;
  describe(l, inst, address, access);
  return true;
}

bool lift_load(struct lift *l, LLVMValueRef inst) {
  struct be_access access;
  LLVMValueRef address = LLVMGetOperand(inst, 0);
  if (!read_access(l, inst, LLVMTypeOf(inst), address, &access))
    return false;
  MlirType type = type_lift(l->bridge, LLVMTypeOf(inst));
  MlirValue value = be_build_load(l->b, type, lift_value(l, address), &access);
  request_access(l, mlirOpResultGetOwner(value), inst);
  lift_define(l, inst, value);
  return true;
}

bool lift_store(struct lift *l, LLVMValueRef inst) {
  struct be_access access;
  LLVMValueRef value = LLVMGetOperand(inst, 0), address = LLVMGetOperand(inst, 1);
  if (!read_access(l, inst, LLVMTypeOf(value), address, &access))
    return false;
  MlirValue lifted = lift_value(l, value);
  request_access(l, be_build_store(l->b, lifted, lift_value(l, address), &access), inst);
  return true;
}

/* ---- other memory
 * -------------------------------------------------------------------------------- */

static MlirAttribute i64_attr(struct lift *l, uint64_t value) {
  return mlirIntegerAttrGet(l->ir->i64, (int64_t)value);
}

static MlirOperation build(struct lift *l, enum be_opcode code, MlirType result,
                           const MlirValue *operands, size_t count, const MlirNamedAttribute *attrs,
                           size_t attr_count) {
  struct be_op_parts parts = {.operands = operands,
                              .operand_count = count,
                              .results = &result,
                              .result_count = result.ptr != NULL,
                              .attrs = attrs,
                              .attr_count = attr_count};
  return be_build(l->b, code, &parts);
}

static bool lift_alloca(struct lift *l, LLVMValueRef inst) {
  LLVMTypeRef type = LLVMGetAllocatedType(inst);
  LLVMValueRef count = LLVMGetOperand(inst, 0);
  if (!is_fixed(type) || !type_is_modelled(LLVMTypeOf(count)) ||
      register_effects(inst) & BE_EFFECT_PIN)
    return false;
  MlirType sized = type_sized(l->bridge, type);
  if (!sized.ptr)
    return false;
  MlirValue operand = lift_value(l, count);
  MlirNamedAttribute attrs[2] = {be_attr(l->ir, "elem_type", mlirTypeAttrGet(sized)),
                                 be_attr(l->ir, "alignment", i64_attr(l, LLVMGetAlignment(inst)))};
  MlirType result = type_lift(l->bridge, LLVMTypeOf(inst));
  lift_define(l, inst,
              mlirOperationGetResult(build(l, BE_OP_ALLOCA, result, &operand, 1, attrs, 2), 0));
  return true;
}

static bool lift_atomicrmw(struct lift *l, LLVMValueRef inst) {
  LLVMTypeRef type = LLVMTypeOf(inst);
  LLVMAtomicRMWBinOp operation = LLVMGetAtomicRMWBinOp(inst);
  if (LLVMGetTypeKind(type) != LLVMIntegerTypeKind || LLVMGetIntTypeWidth(type) > 64 ||
      LLVMGetIntTypeWidth(type) < 8 || LLVMIsAtomicSingleThread(inst) ||
      operation > LLVMAtomicRMWBinOpUMin)
    return false;
  MlirValue operands[2] = {lift_value(l, LLVMGetOperand(inst, 0)),
                           lift_value(l, LLVMGetOperand(inst, 1))};
  MlirNamedAttribute attrs[4] = {be_attr(l->ir, "bin_op", i64_attr(l, operation)),
                                 be_attr(l->ir, "ordering", i64_attr(l, LLVMGetOrdering(inst))),
                                 be_attr(l->ir, "alignment", i64_attr(l, LLVMGetAlignment(inst)))};
  size_t n = 3;
  if (LLVMGetVolatile(inst))
    attrs[n++] = be_attr(l->ir, "volatile_", l->ir->unit);
  MlirType result = type_lift(l->bridge, type);
  lift_define(l, inst,
              mlirOperationGetResult(build(l, BE_OP_ATOMICRMW, result, operands, 2, attrs, n), 0));
  return true;
}

static bool lift_cmpxchg(struct lift *l, LLVMValueRef inst) {
  LLVMTypeRef type = LLVMTypeOf(LLVMGetOperand(inst, 1));
  LLVMTypeKind kind = LLVMGetTypeKind(type);
  bool fits = kind == LLVMIntegerTypeKind
                  ? LLVMGetIntTypeWidth(type) >= 8 && LLVMGetIntTypeWidth(type) <= 64
                  : kind == LLVMPointerTypeKind;
  if (!fits || LLVMIsAtomicSingleThread(inst))
    return false;
  MlirValue operands[3];
  for (unsigned i = 0; i < 3; i++)
    operands[i] = lift_value(l, LLVMGetOperand(inst, i));
  MlirNamedAttribute attrs[5] = {
      be_attr(l->ir, "success_ordering", i64_attr(l, LLVMGetCmpXchgSuccessOrdering(inst))),
      be_attr(l->ir, "failure_ordering", i64_attr(l, LLVMGetCmpXchgFailureOrdering(inst))),
      be_attr(l->ir, "alignment", i64_attr(l, LLVMGetAlignment(inst)))};
  size_t n = 3;
  if (LLVMGetWeak(inst))
    attrs[n++] = be_attr(l->ir, "weak", l->ir->unit);
  if (LLVMGetVolatile(inst))
    attrs[n++] = be_attr(l->ir, "volatile_", l->ir->unit);
  MlirType result = type_lift(l->bridge, LLVMTypeOf(inst));
  lift_define(l, inst,
              mlirOperationGetResult(build(l, BE_OP_CMPXCHG, result, operands, 3, attrs, n), 0));
  return true;
}

static bool lift_fence(struct lift *l, LLVMValueRef inst) {
  if (LLVMIsAtomicSingleThread(inst))
    return false;
  MlirNamedAttribute attr = be_attr(l->ir, "ordering", i64_attr(l, LLVMGetOrdering(inst)));
  build(l, BE_OP_FENCE, (MlirType){NULL}, NULL, 0, &attr, 1);
  return true;
}

bool lift_memory(struct lift *l, LLVMValueRef inst) {
  switch (LLVMGetInstructionOpcode(inst)) {
  case LLVMAlloca:
    return lift_alloca(l, inst);
  case LLVMAtomicRMW:
    return lift_atomicrmw(l, inst);
  case LLVMAtomicCmpXchg:
    return lift_cmpxchg(l, inst);
  default:
    return lift_fence(l, inst);
  }
}

bool lift_copy(struct lift *l, LLVMValueRef inst, enum be_opcode code) {
  LLVMValueRef is_volatile = LLVMGetOperand(inst, 3);
  MlirValue operands[3];
  for (unsigned i = 0; i < 3; i++)
    operands[i] = lift_value(l, LLVMGetOperand(inst, i));
  MlirNamedAttribute attr =
      be_attr(l->ir, "isVolatile",
              mlirIntegerAttrGet(l->ir->i1, (int64_t)LLVMConstIntGetZExtValue(is_volatile)));
  build(l, code, (MlirType){NULL}, operands, 3, &attr, 1);
  return true;
}

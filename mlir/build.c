/* build.c - making ops. */
#include "backedge/ir.h"
#include "internal.h"
#include <stdlib.h>
#include <string.h>

enum { ATTRS_MAX = 16 };

struct be_builder be_builder_before(const struct be_ir *ir, MlirOperation op) {
  return (struct be_builder){.ir = ir,
                             .block = mlirOperationGetBlock(op),
                             .before = op,
                             .loc = mlirOperationGetLocation(op)};
}

struct be_builder be_builder_at_end(const struct be_ir *ir, MlirBlock block, MlirLocation loc) {
  return (struct be_builder){.ir = ir, .block = block, .loc = loc};
}

MlirNamedAttribute be_attr(const struct be_ir *ir, const char *name, MlirAttribute value) {
  return mlirNamedAttributeGet(mlirIdentifierGet(ir->ctx, mlirStringRefCreateFromCString(name)),
                               value);
}

MlirOperation be_build(struct be_builder *b, enum be_opcode code, const struct be_op_parts *parts) {
  MlirOperationState state =
      mlirOperationStateGet(mlirStringRefCreateFromCString(be_opcode_name(code)), b->loc);
  mlirOperationStateAddOperands(&state, (intptr_t)parts->operand_count, parts->operands);
  mlirOperationStateAddResults(&state, (intptr_t)parts->result_count, parts->results);
  mlirOperationStateAddSuccessors(&state, (intptr_t)parts->successor_count, parts->successors);
  mlirOperationStateAddAttributes(&state, (intptr_t)parts->attr_count, parts->attrs);
  MlirOperation op = mlirOperationCreate(&state);
  if (mlirOperationIsNull(b->before))
    mlirBlockAppendOwnedOperation(b->block, op);
  else
    mlirBlockInsertOwnedOperationBefore(b->block, b->before, op);
  if (b->lifted)
    be_function_record(b->lifted, op, parts);
  return op;
}

static MlirValue build_value(struct be_builder *b, enum be_opcode code, MlirType result,
                             const MlirValue *operands, size_t count,
                             const MlirNamedAttribute *attr) {
  struct be_op_parts parts = {.operands = operands,
                              .operand_count = count,
                              .results = &result,
                              .result_count = 1,
                              .attrs = attr,
                              .attr_count = attr != NULL};
  return mlirOperationGetResult(be_build(b, code, &parts), 0);
}

MlirValue be_build_simple(struct be_builder *b, enum be_opcode code, MlirType result,
                          const MlirValue *operands, size_t count, const char *attr,
                          MlirAttribute value) {
  MlirNamedAttribute named = attr ? be_attr(b->ir, attr, value) : (MlirNamedAttribute){0};
  return build_value(b, code, result, operands, count, attr ? &named : NULL);
}

/* ---- constants ---------------------------------------------------------------------------- */

MlirValue be_build_constant(struct be_builder *b, MlirType type, MlirAttribute value) {
  MlirNamedAttribute attr = be_named(b->ir, BE_NAME_VALUE, value);
  return build_value(b, BE_OP_CONSTANT, type, NULL, 0, &attr);
}

MlirValue be_build_int(struct be_builder *b, MlirType type, int64_t value) {
  return be_build_constant(b, type, mlirIntegerAttrGet(type, value));
}

MlirValue be_build_zero(struct be_builder *b, MlirType type) {
  return build_value(b, BE_OP_ZERO, type, NULL, 0, NULL);
}

MlirValue be_build_undef(struct be_builder *b, MlirType type) {
  return build_value(b, BE_OP_UNDEF, type, NULL, 0, NULL);
}

static MlirAttribute symbol_attr(const struct be_ir *ir, const char *symbol, size_t len) {
  return mlirFlatSymbolRefAttrGet(ir->ctx, mlirStringRefCreate(symbol, len));
}

MlirValue be_build_addressof(struct be_builder *b, const char *symbol, size_t len) {
  MlirNamedAttribute attr = be_named(b->ir, BE_NAME_GLOBAL_NAME, symbol_attr(b->ir, symbol, len));
  return build_value(b, BE_OP_ADDRESSOF, b->ir->ptr, NULL, 0, &attr);
}

MlirValue be_build_host(struct be_builder *b, MlirType type, int ref) {
  MlirNamedAttribute attr = be_named(b->ir, BE_NAME_REF, be_cache_i32(b->ir, ref));
  return build_value(b, BE_OP_HOST, type, NULL, 0, &attr);
}

/* ---- arithmetic --------------------------------------------------------------------------- */

MlirValue be_build_binary(struct be_builder *b, enum be_opcode code, MlirValue lhs, MlirValue rhs,
                          unsigned overflow) {
  MlirValue operands[2] = {lhs, rhs};
  MlirNamedAttribute attr = be_named(b->ir, BE_NAME_OVERFLOW, b->ir->overflow[overflow & 3]);
  return build_value(b, code, mlirValueGetType(lhs), operands, 2, overflow ? &attr : NULL);
}

MlirValue be_build_cast(struct be_builder *b, enum be_opcode code, MlirType type, MlirValue value) {
  return build_value(b, code, type, &value, 1, NULL);
}

MlirValue be_build_resize(struct be_builder *b, MlirValue value, MlirType type) {
  unsigned from = mlirIntegerTypeGetWidth(mlirValueGetType(value));
  unsigned to = mlirIntegerTypeGetWidth(type);
  if (from == to)
    return value;
  return be_build_cast(b, from < to ? BE_OP_ZEXT : BE_OP_TRUNC, type, value);
}

/* i1, or a vector of it when the operands are vectors. */
static MlirType compare_type(const struct be_ir *ir, MlirType type) {
  if (!mlirTypeIsAVector(type))
    return ir->i1;
  int64_t shape = mlirShapedTypeGetDimSize(type, 0);
  return mlirVectorTypeGet(1, &shape, ir->i1);
}

MlirValue be_build_icmp(struct be_builder *b, enum be_icmp predicate, MlirValue lhs,
                        MlirValue rhs) {
  MlirValue operands[2] = {lhs, rhs};
  MlirNamedAttribute attr =
      be_named(b->ir, BE_NAME_PREDICATE, be_cache_i64(b->ir, (int64_t)predicate));
  return build_value(b, BE_OP_ICMP, compare_type(b->ir, mlirValueGetType(lhs)), operands, 2, &attr);
}

MlirValue be_build_select(struct be_builder *b, MlirValue cond, MlirValue yes, MlirValue no) {
  MlirValue operands[3] = {cond, yes, no};
  return build_value(b, BE_OP_SELECT, mlirValueGetType(yes), operands, 3, NULL);
}

/* ---- addresses and memory ----------------------------------------------------------------- */

static MlirValue build_gep(struct be_builder *b, MlirType element, const MlirValue *operands,
                           size_t count, int32_t index, bool inbounds) {
  MlirNamedAttribute attrs[3] = {be_named(b->ir, BE_NAME_INDICES, be_cache_index(b->ir, index)),
                                 be_named(b->ir, BE_NAME_ELEMENT, be_cache_type(b->ir, element))};
  if (inbounds)
    attrs[2] = be_named(b->ir, BE_NAME_INBOUNDS, b->ir->unit);
  MlirType result = mlirValueGetType(operands[0]);
  struct be_op_parts parts = {.operands = operands,
                              .operand_count = count,
                              .results = &result,
                              .result_count = 1,
                              .attrs = attrs,
                              .attr_count = inbounds ? 3 : 2};
  return mlirOperationGetResult(be_build(b, BE_OP_GEP, &parts), 0);
}

MlirValue be_build_offset(struct be_builder *b, MlirValue base, int64_t bytes, bool inbounds) {
  if (bytes > INT32_MIN && bytes <= INT32_MAX)
    return build_gep(b, b->ir->i8, &base, 1, (int32_t)bytes, inbounds);
  MlirValue operands[2] = {base, be_build_int(b, b->ir->i64, bytes)};
  return build_gep(b, b->ir->i8, operands, 2, BE_GEP_DYNAMIC, inbounds);
}

MlirValue be_build_index(struct be_builder *b, MlirType element, MlirValue base, MlirValue index,
                         bool inbounds) {
  MlirValue operands[2] = {base, index};
  return build_gep(b, element, operands, 2, BE_GEP_DYNAMIC, inbounds);
}

MlirAttribute be_access_field(const struct be_ir *ir, const char *record, const char *field) {
  MlirAttribute names[2] = {mlirStringAttrGet(ir->ctx, mlirStringRefCreateFromCString(record)),
                            mlirStringAttrGet(ir->ctx, mlirStringRefCreateFromCString(field))};
  return mlirArrayAttrGet(ir->ctx, 2, names);
}

static size_t access_attrs(const struct be_ir *ir, const struct be_access *access,
                           MlirNamedAttribute *attrs) {
  size_t n = 0;
  if (access->align)
    attrs[n++] = be_named(ir, BE_NAME_ALIGNMENT, be_cache_i64(ir, access->align));
  if (access->is_volatile)
    attrs[n++] = be_named(ir, BE_NAME_VOLATILE, ir->unit);
  if (access->is_nontemporal)
    attrs[n++] = be_named(ir, BE_NAME_NONTEMPORAL, ir->unit);
  if (access->ordering)
    attrs[n++] = be_named(ir, BE_NAME_ORDERING, be_cache_i64(ir, access->ordering));
  if (!mlirAttributeIsNull(access->field))
    attrs[n++] = mlirNamedAttributeGet(ir->name_access, access->field);
  if (!mlirAttributeIsNull(access->alias))
    attrs[n++] = mlirNamedAttributeGet(ir->name_alias, access->alias);
  return n;
}

MlirValue be_build_load(struct be_builder *b, MlirType type, MlirValue addr,
                        const struct be_access *access) {
  MlirNamedAttribute attrs[ATTRS_MAX];
  struct be_op_parts parts = {.operands = &addr,
                              .operand_count = 1,
                              .results = &type,
                              .result_count = 1,
                              .attrs = attrs,
                              .attr_count = access_attrs(b->ir, access, attrs)};
  return mlirOperationGetResult(be_build(b, BE_OP_LOAD, &parts), 0);
}

MlirOperation be_build_store(struct be_builder *b, MlirValue value, MlirValue addr,
                             const struct be_access *access) {
  MlirNamedAttribute attrs[ATTRS_MAX];
  MlirValue operands[2] = {value, addr};
  struct be_op_parts parts = {.operands = operands,
                              .operand_count = 2,
                              .attrs = attrs,
                              .attr_count = access_attrs(b->ir, access, attrs)};
  return be_build(b, BE_OP_STORE, &parts);
}

void be_build_prefetch(struct be_builder *b, MlirValue addr, unsigned rw, unsigned locality) {
  const struct be_ir *ir = b->ir;
  MlirNamedAttribute attrs[3] = {be_named(ir, BE_NAME_RW, be_cache_i32(ir, rw)),
                                 be_named(ir, BE_NAME_HINT, be_cache_i32(ir, locality)),
                                 be_named(ir, BE_NAME_CACHE, be_cache_i32(ir, 1))};
  struct be_op_parts parts = {
      .operands = &addr, .operand_count = 1, .attrs = attrs, .attr_count = 3};
  be_build(b, BE_OP_PREFETCH, &parts);
}

/* ---- calls and opaque statements ------------------------------------------------------------ */

MlirOperation be_build_call(struct be_builder *b, const char *symbol, size_t symbol_len,
                            MlirType result, const MlirValue *args, size_t count,
                            MlirType variadic) {
  MlirNamedAttribute attrs[2];
  size_t n = 0;
  if (symbol)
    attrs[n++] = be_named(b->ir, BE_NAME_CALLEE, symbol_attr(b->ir, symbol, symbol_len));
  if (!mlirTypeIsNull(variadic))
    attrs[n++] = be_named(b->ir, BE_NAME_VAR_CALLEE_TYPE, mlirTypeAttrGet(variadic));
  struct be_op_parts parts = {.operands = args,
                              .operand_count = count,
                              .results = &result,
                              .result_count = !mlirTypeIsNull(result),
                              .attrs = attrs,
                              .attr_count = n};
  return be_build(b, BE_OP_CALL, &parts);
}

MlirOperation be_build_stmt(struct be_builder *b, const char *kind, unsigned effects,
                            const MlirType *results, size_t result_count, const MlirValue *operands,
                            size_t operand_count) {
  char text[64];
  be_effects_text(effects, text, sizeof text);
  MlirContext ctx = b->ir->ctx;
  MlirNamedAttribute attrs[2] = {
      be_named(b->ir, BE_NAME_KIND, mlirStringAttrGet(ctx, mlirStringRefCreateFromCString(kind))),
      be_named(b->ir, BE_NAME_EFFECTS,
               mlirStringAttrGet(ctx, mlirStringRefCreateFromCString(text)))};
  struct be_op_parts parts = {.operands = operands,
                              .operand_count = operand_count,
                              .results = results,
                              .result_count = result_count,
                              .attrs = attrs,
                              .attr_count = 2};
  return be_build(b, BE_OP_STMT, &parts);
}

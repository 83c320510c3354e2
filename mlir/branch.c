/* branch.c - making and reading terminators. */
#include "backedge/ir.h"
#include "internal.h"
#include <stdlib.h>
#include <string.h>

static MlirAttribute i32_array(const struct be_ir *ir, const int32_t *values, size_t count) {
  return mlirDenseI32ArrayGet(ir->ctx, (intptr_t)count, values);
}

/* What a terminator with successors is made of; freed by parts_free. */
struct term_parts {
  MlirValue *operands;
  MlirBlock *successors;
  int32_t *segments, *weights;
  size_t operand_count, successor_count;
  bool weighted;
};

/* `head`: the condition or selector, or null. */
static struct term_parts parts_make(MlirValue head, const struct be_succ *succ, size_t count) {
  struct term_parts parts = {.successor_count = count, .weighted = count > 1};
  size_t total = 1;
  for (size_t i = 0; i < count; i++)
    total += succ[i].arg_count;
  parts.operands = be_calloc(total, sizeof *parts.operands);
  parts.successors = be_calloc(count, sizeof *parts.successors);
  parts.segments = be_calloc(count, sizeof *parts.segments);
  parts.weights = be_calloc(count, sizeof *parts.weights);
  if (!mlirValueIsNull(head))
    parts.operands[parts.operand_count++] = head;
  for (size_t i = 0; i < count; i++) {
    parts.successors[i] = succ[i].block;
    parts.segments[i] = (int32_t)succ[i].arg_count;
    parts.weights[i] = (int32_t)(succ[i].weight > INT32_MAX ? INT32_MAX : succ[i].weight);
    parts.weighted &= succ[i].weight != 0;
    if (succ[i].arg_count)
      memcpy(parts.operands + parts.operand_count, succ[i].args,
             succ[i].arg_count * sizeof *parts.operands);
    parts.operand_count += succ[i].arg_count;
  }
  return parts;
}

static void parts_free(struct term_parts *parts) {
  free(parts->operands);
  free(parts->successors);
  free(parts->segments);
  free(parts->weights);
}

static MlirOperation build_term(struct be_builder *b, enum be_opcode code,
                                const struct term_parts *parts, const MlirNamedAttribute *attrs,
                                size_t attr_count) {
  struct be_op_parts op = {.operands = parts->operands,
                           .operand_count = parts->operand_count,
                           .attrs = attrs,
                           .attr_count = attr_count,
                           .successors = parts->successors,
                           .successor_count = parts->successor_count};
  return be_build(b, code, &op);
}

MlirOperation be_build_br(struct be_builder *b, const struct be_succ *to) {
  struct term_parts parts = parts_make((MlirValue){NULL}, to, 1);
  MlirOperation op = build_term(b, BE_OP_BR, &parts, NULL, 0);
  parts_free(&parts);
  return op;
}

MlirOperation be_build_cond_br(struct be_builder *b, MlirValue cond, const struct be_succ *yes,
                               const struct be_succ *no) {
  struct be_succ succ[2] = {*yes, *no};
  struct term_parts parts = parts_make(cond, succ, 2);
  int32_t segments[3] = {1, parts.segments[0], parts.segments[1]};
  MlirNamedAttribute attrs[2] = {
      be_named(b->ir, BE_NAME_OPERAND_SEGMENTS, i32_array(b->ir, segments, 3))};
  if (parts.weighted)
    attrs[1] = be_named(b->ir, BE_NAME_BRANCH_WEIGHTS, i32_array(b->ir, parts.weights, 2));
  MlirOperation op = build_term(b, BE_OP_COND_BR, &parts, attrs, parts.weighted ? 2 : 1);
  parts_free(&parts);
  return op;
}

static MlirAttribute case_values_attr(MlirType type, const int64_t *values, size_t count) {
  MlirAttribute *elements = be_calloc(count, sizeof *elements);
  for (size_t i = 0; i < count; i++)
    elements[i] = mlirIntegerAttrGet(type, values[i]);
  int64_t shape = (int64_t)count;
  MlirAttribute attr =
      mlirDenseElementsAttrGet(mlirVectorTypeGet(1, &shape, type), (intptr_t)count, elements);
  free(elements);
  return attr;
}

MlirOperation be_build_switch(struct be_builder *b, MlirValue value, const struct be_succ *succ,
                              const int64_t *case_values, size_t case_count) {
  const struct be_ir *ir = b->ir;
  struct term_parts parts = parts_make(value, succ, case_count + 1);
  int32_t segments[3] = {1, parts.segments[0], 0};
  for (size_t i = 1; i <= case_count; i++)
    segments[2] += parts.segments[i];
  MlirNamedAttribute attrs[4] = {
      be_named(ir, BE_NAME_OPERAND_SEGMENTS, i32_array(ir, segments, 3)),
      be_named(ir, BE_NAME_CASE_SEGMENTS, i32_array(ir, parts.segments + 1, case_count))};
  size_t n = 2;
  if (case_count)
    attrs[n++] = be_named(ir, BE_NAME_CASE_VALUES,
                          case_values_attr(mlirValueGetType(value), case_values, case_count));
  if (parts.weighted)
    attrs[n++] = be_named(ir, BE_NAME_BRANCH_WEIGHTS, i32_array(ir, parts.weights, case_count + 1));
  MlirOperation op = build_term(b, BE_OP_SWITCH, &parts, attrs, n);
  parts_free(&parts);
  return op;
}

MlirOperation be_build_return(struct be_builder *b, MlirValue value) {
  struct be_op_parts parts = {.operands = &value, .operand_count = !mlirValueIsNull(value)};
  return be_build(b, BE_OP_RETURN, &parts);
}

MlirOperation be_build_unreachable(struct be_builder *b) {
  struct be_op_parts parts = {.operand_count = 0};
  return be_build(b, BE_OP_UNREACHABLE, &parts);
}

/* ---- reading ------------------------------------------------------------------------------- */

size_t be_succ_operands(const struct be_ir *ir, MlirOperation term, size_t succ, size_t *first) {
  enum be_opcode code = be_op_code(ir, term);
  if (code == BE_OP_BR) {
    *first = 0;
    return (size_t)mlirOperationGetNumOperands(term);
  }
  *first = 0;
  if (code != BE_OP_COND_BR && code != BE_OP_SWITCH && code != BE_OP_INVOKE)
    return 0;
  MlirAttribute segments = be_op_attr(term, "operandSegmentSizes");
  *first = (size_t)mlirDenseI32ArrayGetElement(segments, 0);
  if (code != BE_OP_SWITCH || succ == 0) {
    for (size_t i = 0; i < succ; i++)
      *first += (size_t)mlirDenseI32ArrayGetElement(segments, (intptr_t)i + 1);
    return (size_t)mlirDenseI32ArrayGetElement(segments, (intptr_t)succ + 1);
  }
  *first += (size_t)mlirDenseI32ArrayGetElement(segments, 1);
  MlirAttribute cases = be_op_attr(term, "case_operand_segments");
  for (size_t i = 1; i < succ; i++)
    *first += (size_t)mlirDenseI32ArrayGetElement(cases, (intptr_t)i - 1);
  return (size_t)mlirDenseI32ArrayGetElement(cases, (intptr_t)succ - 1);
}

uint32_t be_succ_weight(const struct be_ir *ir, MlirOperation term, size_t succ) {
  (void)ir;
  MlirAttribute weights = be_op_attr(term, "branch_weights");
  if (mlirAttributeIsNull(weights) || (intptr_t)succ >= mlirDenseArrayGetNumElements(weights))
    return 0;
  return (uint32_t)mlirDenseI32ArrayGetElement(weights, (intptr_t)succ);
}

/* ---- editing ------------------------------------------------------------------------------- */

/* A copy of an i32 array attribute with element i set to value. */
static MlirAttribute array_with(const struct be_ir *ir, MlirAttribute array, size_t i,
                                int32_t value) {
  size_t count = (size_t)mlirDenseArrayGetNumElements(array);
  int32_t *values = be_calloc(count, sizeof *values);
  for (size_t k = 0; k < count; k++)
    values[k] = mlirDenseI32ArrayGetElement(array, (intptr_t)k);
  values[i] = value;
  MlirAttribute result = i32_array(ir, values, count);
  free(values);
  return result;
}

static void set_attr(MlirOperation op, const char *name, MlirAttribute value) {
  mlirOperationSetAttributeByName(op, mlirStringRefCreateFromCString(name), value);
}

/* Brings the segment attributes in line with `count` operands for successor succ. */
static void set_segments(const struct be_ir *ir, MlirOperation term, enum be_opcode code,
                         size_t succ, size_t old_count, size_t count) {
  if (code == BE_OP_BR)
    return;
  MlirAttribute segments = be_op_attr(term, "operandSegmentSizes");
  size_t group = code == BE_OP_SWITCH && succ > 0 ? 2 : succ + 1;
  int32_t size = mlirDenseI32ArrayGetElement(segments, (intptr_t)group);
  size += (int32_t)count - (int32_t)old_count;
  set_attr(term, "operandSegmentSizes", array_with(ir, segments, group, size));
  if (code == BE_OP_SWITCH && succ > 0)
    set_attr(term, "case_operand_segments",
             array_with(ir, be_op_attr(term, "case_operand_segments"), succ - 1, (int32_t)count));
}

void be_succ_set_operands(const struct be_ir *ir, MlirOperation term, size_t succ,
                          const MlirValue *values, size_t count) {
  size_t first, old_count = be_succ_operands(ir, term, succ, &first);
  size_t total = (size_t)mlirOperationGetNumOperands(term);
  size_t new_total = total - old_count + count, n = 0;
  MlirValue *operands = be_calloc(new_total + 1, sizeof *operands);
  for (size_t i = 0; i < first; i++)
    operands[n++] = mlirOperationGetOperand(term, (intptr_t)i);
  for (size_t i = 0; i < count; i++)
    operands[n++] = values[i];
  for (size_t i = first + old_count; i < total; i++)
    operands[n++] = mlirOperationGetOperand(term, (intptr_t)i);
  set_segments(ir, term, be_op_code(ir, term), succ, old_count, count);
  mlirOperationSetOperands(term, (intptr_t)new_total, operands);
  free(operands);
}

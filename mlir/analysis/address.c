/* address.c - what an address is made of, how far it can reach, and which accesses may meet. */
#include "backedge/analysis.h"
#include "internal.h"
#include <stdlib.h>
#include <string.h>

MlirValue be_access_pointer(const struct be_ir *ir, MlirOperation op) {
  return mlirOperationGetOperand(op, be_op_code(ir, op) == BE_OP_STORE ? 1 : 0);
}

MlirType be_access_type(const struct be_ir *ir, MlirOperation op) {
  return mlirValueGetType(be_op_code(ir, op) == BE_OP_STORE ? mlirOperationGetOperand(op, 0)
                                                            : mlirOperationGetResult(op, 0));
}

/* The pointer that an address is computed from. */
static MlirValue root_of(const struct be_ir *ir, MlirValue pointer) {
  pointer = be_value_strip(ir, pointer);
  while (be_value_code(ir, pointer) == BE_OP_GEP)
    pointer = be_value_strip(ir, mlirOperationGetOperand(be_value_def(pointer), 0));
  return pointer;
}

static uint64_t access_alignment(const struct be_ir *ir, MlirOperation access) {
  return (uint64_t)be_op_int(access, "alignment",
                             (int64_t)be_type_size(be_access_type(ir, access)));
}

bool be_access_covers(const struct be_ir *ir, MlirOperation there, MlirOperation load) {
  if (mlirOperationIsNull(there))
    return false;
  uint64_t size = be_type_size(be_access_type(ir, load));
  return size && size <= be_type_size(be_access_type(ir, there)) &&
         access_alignment(ir, load) <= access_alignment(ir, there);
}

/* ---- decomposition ---- */

static bool small(int64_t value) { return value > -(1LL << 31) && value < 1LL << 31; }

static bool add_term(const struct be_ir *ir, struct be_address *out, MlirValue index,
                     int64_t scale) {
  int64_t constant;
  for (;;) {
    index = be_value_strip(ir, index);
    enum be_opcode code = be_value_code(ir, index);
    MlirOperation op = be_value_def(index);
    if (be_value_constant(ir, index, &constant)) {
      if (!small(constant) || !small(scale))
        return false;
      out->offset += constant * scale;
      return true;
    }
    bool exact =
        (code == BE_OP_ADD || code == BE_OP_SUB || code == BE_OP_MUL || code == BE_OP_SHL) &&
        ((be_op_overflow(ir, op) & BE_OVERFLOW_NSW) ||
         mlirIntegerTypeGetWidth(mlirValueGetType(index)) == 64);
    if (exact && be_value_constant(ir, mlirOperationGetOperand(op, 1), &constant) &&
        small(constant) && small(scale)) {
      if (code == BE_OP_ADD)
        out->offset += constant * scale;
      else if (code == BE_OP_SUB)
        out->offset -= constant * scale;
      else if (code == BE_OP_MUL)
        scale *= constant;
      else if (constant >= 0 && constant < 16)
        scale *= 1LL << constant;
      else
        break;
    } else if (code != BE_OP_SEXT) {
      break;
    }
    index = mlirOperationGetOperand(op, 0);
  }
  if (out->term_count == BE_ADDRESS_TERMS)
    return false;
  out->terms[out->term_count++] = (struct be_address_term){index, scale};
  return true;
}

void be_address_read(const struct be_ir *ir, MlirValue pointer, struct be_address *out) {
  *out = (struct be_address){.base = be_value_strip(ir, pointer)};
  for (;;) {
    MlirOperation op = be_value_def(out->base);
    if (be_value_code(ir, out->base) != BE_OP_GEP || be_gep_index_count(op) != 1)
      return;
    struct be_address saved = *out;
    MlirValue dynamic;
    int64_t index = be_gep_index(op, 0, &dynamic);
    int64_t size = (int64_t)be_type_size(be_gep_element(op));
    bool fits = size > 0 && small(size);
    if (fits && mlirValueIsNull(dynamic))
      out->offset += index * size;
    else
      fits = fits && add_term(ir, out, dynamic, size);
    if (!fits) {
      *out = saved;
      return;
    }
    out->base = be_value_strip(ir, mlirOperationGetOperand(op, 0));
  }
}

/* ---- spans ---- */

/* An upper bound of a value read as unsigned; UINT64_MAX when nothing is known. */
static uint64_t value_range(const struct be_ir *ir, MlirValue value, unsigned depth) {
  value = be_value_strip(ir, value);
  MlirType type = mlirValueGetType(value);
  if (!mlirTypeIsAInteger(type))
    return UINT64_MAX;
  unsigned width = mlirIntegerTypeGetWidth(type);
  uint64_t range = width >= 32 ? UINT64_MAX : (1ull << width) - 1;
  MlirOperation op = be_value_def(value);
  int64_t constant = 0;
  if (mlirOperationIsNull(op) || depth == 0)
    return range;
  bool known = mlirOperationGetNumOperands(op) == 2 &&
               be_value_constant(ir, mlirOperationGetOperand(op, 1), &constant) && constant >= 0;
  switch (be_op_code(ir, op)) {
  case BE_OP_AND:
    return known && (uint64_t)constant < range ? (uint64_t)constant : range;
  case BE_OP_UREM:
  case BE_OP_SREM:
    return known && constant > 0 ? (uint64_t)constant - 1 : range;
  case BE_OP_LSHR:
    return known && (uint64_t)constant < width ? (UINT64_MAX >> (64 - width)) >> constant : range;
  case BE_OP_ZEXT:
  case BE_OP_SEXT:
  case BE_OP_TRUNC: {
    uint64_t from = value_range(ir, mlirOperationGetOperand(op, 0), depth - 1);
    return from < range ? from : range;
  }
  default:
    return range;
  }
}

/* The size of the global named, from its declaration in the module around func. */
static uint64_t global_size(MlirOperation func, MlirStringRef name) {
  MlirOperation module = mlirOperationGetParentOperation(func);
  if (mlirOperationIsNull(module) || !name.data)
    return 0;
  MlirOperation op =
      mlirBlockGetFirstOperation(mlirRegionGetFirstBlock(mlirOperationGetRegion(module, 0)));
  for (; !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    MlirAttribute type = be_op_attr(op, "global_type");
    if (!mlirAttributeIsNull(type) && mlirStringRefEqual(be_op_string(op, "sym_name"), name))
      return be_type_size(mlirTypeAttrGetValue(type));
  }
  return 0;
}

static uint64_t object_size(const struct be_ir *ir, MlirOperation func, MlirValue base) {
  enum be_opcode code = be_value_code(ir, base);
  MlirOperation op = be_value_def(base);
  int64_t count;
  if (code == BE_OP_ADDRESSOF)
    return global_size(func, be_op_string(op, "global_name"));
  if (code != BE_OP_ALLOCA || !be_value_constant(ir, mlirOperationGetOperand(op, 0), &count))
    return 0;
  MlirAttribute type = be_op_attr(op, "elem_type");
  return mlirAttributeIsNull(type) ? 0 : be_type_size(mlirTypeAttrGetValue(type)) * (uint64_t)count;
}

uint64_t be_address_span(const struct be_ir *ir, MlirOperation func,
                         const struct be_address *address) {
  uint64_t span = object_size(ir, func, root_of(ir, address->base));
  if (span || address->term_count == 0)
    return span;
  for (unsigned i = 0; i < address->term_count; i++) {
    uint64_t range = value_range(ir, address->terms[i].index, 6);
    uint64_t scale = (uint64_t)llabs(address->terms[i].scale);
    if (range > UINT32_MAX || scale > UINT32_MAX)
      return 0;
    span += (range + 1) * scale;
  }
  return span;
}

/* ---- aliasing ---- */

static bool is_object(const struct be_ir *ir, MlirValue base) {
  enum be_opcode code = be_value_code(ir, base);
  return code == BE_OP_ADDRESSOF || code == BE_OP_ALLOCA;
}

static bool different_objects(const struct be_ir *ir, MlirValue a, MlirValue b) {
  if (!is_object(ir, a) || !is_object(ir, b) || mlirValueEqual(a, b))
    return false;
  if (be_value_code(ir, a) != be_value_code(ir, b) || be_value_code(ir, a) == BE_OP_ALLOCA)
    return true;
  /* Two names may be one object (an alias, a weak symbol): only sized declarations are told apart
   * by the type rule; here nothing is claimed. */
  return false;
}

/* A parameter of the function, by number; -1: something else. */
static intptr_t parameter(MlirValue base) {
  if (!mlirValueIsABlockArgument(base))
    return -1;
  MlirBlock block = mlirBlockArgumentGetOwner(base);
  MlirOperation func = mlirBlockGetParentOperation(block);
  return mlirBlockEqual(block, mlirRegionGetFirstBlock(mlirOperationGetRegion(func, 0)))
             ? mlirBlockArgumentGetArgNumber(base)
             : -1;
}

/* True for a parameter that is a restrict pointer. */
static bool is_restrict(MlirValue base) {
  intptr_t number = parameter(base);
  if (number < 0)
    return false;
  MlirAttribute list =
      be_op_attr(mlirBlockGetParentOperation(mlirBlockArgumentGetOwner(base)), BE_ATTR_NOALIAS);
  for (intptr_t i = mlirAttributeIsNull(list) ? 0 : mlirDenseArrayGetNumElements(list); i-- > 0;)
    if (mlirDenseI32ArrayGetElement(list, i) == number)
      return true;
  return false;
}

/* A pointer that is known not to come from a restrict parameter other than itself. */
static bool comes_from_elsewhere(const struct be_ir *ir, MlirValue base) {
  return parameter(base) >= 0 || is_object(ir, base);
}

static bool restrict_apart(const struct be_ir *ir, MlirValue a, MlirValue b) {
  return !mlirValueEqual(a, b) && ((is_restrict(a) && comes_from_elsewhere(ir, b)) ||
                                   (is_restrict(b) && comes_from_elsewhere(ir, a)));
}

bool be_access_may_alias(const struct be_ir *ir, MlirOperation a, MlirOperation b) {
  MlirStringRef type_a = be_op_string(a, BE_ATTR_ALIAS), type_b = be_op_string(b, BE_ATTR_ALIAS);
  if (type_a.data && type_b.data && !mlirStringRefEqual(type_a, type_b))
    return false;
  MlirValue left = root_of(ir, be_access_pointer(ir, a));
  MlirValue right = root_of(ir, be_access_pointer(ir, b));
  return !different_objects(ir, left, right) && !restrict_apart(ir, left, right);
}

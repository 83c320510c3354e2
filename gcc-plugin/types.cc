/* types.cc - GCC's register types and MLIR's. */
#include "internal.h"

/* ---- lift -------------------------------------------------------------------------------------
 */

static MlirType int_type(unsigned bits) {
  if (bits == 0 || bits > 128)
    return MlirType{NULL};
  MlirType *slot = &the_bridge.int_types[bits];
  if (!slot->ptr)
    *slot = mlirIntegerTypeGet(the_bridge.ir->ctx, bits);
  return *slot;
}

static MlirType parse_once(MlirType *slot, const char *text) {
  if (!slot->ptr)
    *slot = mlirTypeParseGet(the_bridge.ir->ctx, mlirStringRefCreateFromCString(text));
  return *slot;
}

/* By format, not by size: long double is one thing on x86-64 and another on AArch64. */
static MlirType float_type(tree type) {
  if (DECIMAL_FLOAT_TYPE_P(type))
    return MlirType{NULL};
  const real_format *format = REAL_MODE_FORMAT(TYPE_MODE(type));
  if (format == &ieee_single_format)
    return the_bridge.ir->f32;
  if (format == &ieee_double_format)
    return the_bridge.ir->f64;
  if (format == &ieee_half_format)
    return parse_once(&the_bridge.f16, "f16");
  if (format == &ieee_extended_intel_96_format || format == &ieee_extended_intel_128_format)
    return parse_once(&the_bridge.f80, "f80");
  if (format == &ieee_quad_format)
    return parse_once(&the_bridge.f128, "f128");
  return MlirType{NULL};
}

static MlirType bytes_type(tree type) {
  if (!tree_fits_uhwi_p(TYPE_SIZE_UNIT(type)) || !tree_to_uhwi(TYPE_SIZE_UNIT(type)))
    return MlirType{NULL};
  return mlirLLVMArrayTypeGet(the_bridge.ir->i8, (unsigned)tree_to_uhwi(TYPE_SIZE_UNIT(type)));
}

static MlirType vector_type(tree type) {
  unsigned HOST_WIDE_INT lanes;
  if (!TYPE_VECTOR_SUBPARTS(type).is_constant(&lanes))
    return MlirType{NULL};
  MlirType lane = type_lift(TREE_TYPE(type));
  int64_t shape = (int64_t)lanes;
  if (!lane.ptr || !(mlirTypeIsAInteger(lane) || mlirTypeIsAFloat(lane)))
    return bytes_type(type);
  return mlirVectorTypeGet(1, &shape, lane);
}

static MlirType complex_type(tree type) {
  MlirType part = type_lift(TREE_TYPE(type));
  MlirType parts[2] = {part, part};
  return part.ptr ? mlirLLVMStructTypeLiteralGet(the_bridge.ir->ctx, 2, parts, false) : part;
}

MlirType type_lift(tree type) {
  switch (TREE_CODE(type)) {
  case VOID_TYPE:
    return the_bridge.ir->void_type;
  case BOOLEAN_TYPE:
  case INTEGER_TYPE:
  case ENUMERAL_TYPE:
  case OFFSET_TYPE:
  case OPAQUE_TYPE:
    return TREE_CODE(type) == OPAQUE_TYPE ? bytes_type(type) : int_type(TYPE_PRECISION(type));
  case POINTER_TYPE:
  case REFERENCE_TYPE:
  case NULLPTR_TYPE:
    return the_bridge.ir->ptr;
  case REAL_TYPE: {
    MlirType real = float_type(type);
    return real.ptr ? real : bytes_type(type);
  }
  case COMPLEX_TYPE:
    return complex_type(type);
  case VECTOR_TYPE:
    return vector_type(type);
  default:
    return MlirType{NULL};
  }
}

bool type_is_modelled(tree type) {
  switch (TREE_CODE(type)) {
  case BOOLEAN_TYPE:
  case INTEGER_TYPE:
  case ENUMERAL_TYPE:
  case OFFSET_TYPE:
    return TYPE_PRECISION(type) <= 128;
  case POINTER_TYPE:
  case REFERENCE_TYPE:
    return TYPE_ADDR_SPACE(TREE_TYPE(type)) == ADDR_SPACE_GENERIC && TYPE_MODE(type) == ptr_mode;
  case REAL_TYPE:
    return float_type(type).ptr != NULL;
  case VECTOR_TYPE:
    return TYPE_VECTOR_SUBPARTS(type).is_constant() && !VECTOR_BOOLEAN_TYPE_P(type) &&
           !POINTER_TYPE_P(TREE_TYPE(type)) && type_is_modelled(TREE_TYPE(type));
  default:
    return false;
  }
}

/* ---- lower ------------------------------------------------------------------------------------
 */

unsigned type_bits(MlirType type) {
  return mlirTypeIsAInteger(type) ? mlirIntegerTypeGetWidth(type) : 0;
}

unsigned type_real_bits(MlirType type) {
  const bridge *b = &the_bridge;
  const struct {
    MlirType type;
    unsigned bits;
  } known[] = {{b->ir->f32, 32}, {b->ir->f64, 64}, {b->f16, 16}, {b->f80, 80}, {b->f128, 128}};
  for (size_t i = 0; i < ARRAY_SIZE(known); i++)
    if (mlirTypeEqual(known[i].type, type))
      return known[i].bits;
  return 0;
}

bool type_is_whole(MlirType type) {
  unsigned bits = type_bits(type);
  return !bits || (bits >= BITS_PER_UNIT && bits <= 128 && pow2p_hwi(bits));
}

static tree lower_int_type(unsigned bits) {
  return bits == 1 ? boolean_type_node : build_nonstandard_integer_type(bits, true);
}

static tree lower_vector_type(MlirType type) {
  tree lane = type_lower(mlirShapedTypeGetElementType(type));
  if (!lane || mlirShapedTypeGetRank(type) != 1 || lane == boolean_type_node)
    return NULL_TREE;
  tree vector = build_vector_type(lane, (poly_int64)mlirShapedTypeGetDimSize(type, 0));
  return VECTOR_MODE_P(TYPE_MODE(vector)) ? vector : NULL_TREE;
}

tree type_lower(MlirType type) {
  const be_ir *ir = the_bridge.ir;
  if (mlirTypeEqual(type, ir->ptr))
    return ptr_type_node;
  if (type_bits(type))
    return type_bits(type) <= 128 ? lower_int_type(type_bits(type)) : NULL_TREE;
  if (mlirTypeEqual(type, ir->f32))
    return float_type_node;
  if (mlirTypeEqual(type, ir->f64))
    return double_type_node;
  if (the_bridge.f80.ptr && mlirTypeEqual(type, the_bridge.f80))
    return long_double_type_node;
  if (mlirTypeIsAVector(type))
    return lower_vector_type(type);
  return NULL_TREE;
}

tree type_with_sign(tree type, bool is_unsigned) {
  if (TREE_CODE(type) != BOOLEAN_TYPE && (bool)TYPE_UNSIGNED(type) == is_unsigned)
    return type;
  return build_nonstandard_integer_type(TYPE_PRECISION(type), is_unsigned);
}

bool type_wraps(tree type) { return ANY_INTEGRAL_TYPE_P(type) && TYPE_OVERFLOW_WRAPS(type); }

bool type_is_undefined_on_overflow(tree type) {
  return ANY_INTEGRAL_TYPE_P(type) && TYPE_OVERFLOW_UNDEFINED(type);
}

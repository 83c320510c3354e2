/* lift_memory.cc - references taken apart into addresses; loads, stores, copies. */
#include "internal.h"

/* ---- what can be taken apart
 * --------------------------------------------------------------------- */

/* Where a field starts in its record, in bits. */
static bool field_bits(tree field, HOST_WIDE_INT *bits) {
  if (!tree_fits_shwi_p(DECL_FIELD_OFFSET(field)) ||
      !tree_fits_shwi_p(DECL_FIELD_BIT_OFFSET(field)) ||
      !IN_RANGE(tree_to_shwi(DECL_FIELD_OFFSET(field)), 0, INT_MAX))
    return false;
  *bits = tree_to_shwi(DECL_FIELD_OFFSET(field)) * BITS_PER_UNIT +
          tree_to_shwi(DECL_FIELD_BIT_OFFSET(field));
  return true;
}

static bool field_offset(tree ref, HOST_WIDE_INT *offset) {
  HOST_WIDE_INT bits;
  if (TREE_OPERAND(ref, 2) || !field_bits(TREE_OPERAND(ref, 1), &bits))
    return false;
  *offset = bits / BITS_PER_UNIT;
  return bits % BITS_PER_UNIT == 0;
}

static bool element_size(tree ref, HOST_WIDE_INT *size, HOST_WIDE_INT *low) {
  tree elements = array_ref_element_size(ref), bound = array_ref_low_bound(ref);
  if (!tree_fits_shwi_p(elements) || !tree_fits_shwi_p(bound))
    return false;
  *size = tree_to_shwi(elements);
  *low = tree_to_shwi(bound);
  return *size > 0 && *size < INT_MAX;
}

static bool can_base(tree base) {
  switch (TREE_CODE(base)) {
  case VAR_DECL:
    if (DECL_HARD_REGISTER(base))
      return false;
    /* fall through */
  case PARM_DECL:
  case RESULT_DECL:
    return !DECL_HAS_VALUE_EXPR_P(base) && ADDR_SPACE_GENERIC_P(TYPE_ADDR_SPACE(TREE_TYPE(base)));
  case CONST_DECL:
  case STRING_CST:
  case FUNCTION_DECL:
    return true;
  case MEM_REF:
    return lift_is_operand(TREE_OPERAND(base, 0)) &&
           TREE_CODE(TREE_OPERAND(base, 1)) == INTEGER_CST &&
           type_is_modelled(TREE_TYPE(TREE_OPERAND(base, 0)));
  case TARGET_MEM_REF:
    return lift_is_operand(TMR_BASE(base)) && TREE_CODE(TMR_OFFSET(base)) == INTEGER_CST &&
           type_is_modelled(TREE_TYPE(TMR_BASE(base))) &&
           (!TMR_STEP(base) || (tree_fits_shwi_p(TMR_STEP(base)) &&
                                IN_RANGE(tree_to_shwi(TMR_STEP(base)), 1, INT_MAX)));
  default:
    return false;
  }
}

/* Whole bytes of an object. */
static bool bytes_offset(tree ref, HOST_WIDE_INT *offset) {
  poly_uint64 poly = bit_field_offset(ref);
  unsigned HOST_WIDE_INT bits;
  if (!poly.is_constant(&bits) || bits % BITS_PER_UNIT)
    return false;
  *offset = (HOST_WIDE_INT)(bits / BITS_PER_UNIT);
  return known_eq(bit_field_size(ref), TREE_INT_CST_LOW(TYPE_SIZE(TREE_TYPE(ref))));
}

bool lift_can_address(tree ref) {
  HOST_WIDE_INT offset, low;
  for (;; ref = TREE_OPERAND(ref, 0)) {
    switch (TREE_CODE(ref)) {
    case COMPONENT_REF:
      if (!field_offset(ref, &offset))
        return false;
      break;
    case ARRAY_REF:
      if (!element_size(ref, &offset, &low) || !lift_is_operand(TREE_OPERAND(ref, 1)) ||
          TYPE_PRECISION(TREE_TYPE(TREE_OPERAND(ref, 1))) > POINTER_SIZE)
        return false;
      break;
    case BIT_FIELD_REF:
      if (!bytes_offset(ref, &offset))
        return false;
      break;
    case REALPART_EXPR:
    case IMAGPART_EXPR:
    case VIEW_CONVERT_EXPR:
      break;
    default:
      return can_base(ref);
    }
  }
}

static bool is_reversed(tree ref) {
  for (; handled_component_p(ref); ref = TREE_OPERAND(ref, 0))
    if (reverse_storage_order_for_component_p(ref))
      return true;
  return reverse_storage_order_for_component_p(ref);
}

/* True for a whole scalar or vector in bytes of its own. */
bool lift_can_access(tree ref) {
  tree type = TREE_TYPE(ref);
  if (!type_is_modelled(type) || !lift_can_address(ref) || is_reversed(ref))
    return false;
  if (lift_is_bits(ref))
    return false;
  if (!ADDR_SPACE_GENERIC_P(TYPE_ADDR_SPACE(type)))
    return false;
  return !INTEGRAL_TYPE_P(type) || TREE_CODE(type) == BOOLEAN_TYPE ||
         GET_MODE_BITSIZE(SCALAR_INT_TYPE_MODE(type)) == TYPE_PRECISION(type);
}

/* A record in memory as a whole: of known size, and not volatile. */
bool lift_can_record(tree ref, HOST_WIDE_INT *bytes) {
  tree size = TYPE_SIZE_UNIT(TREE_TYPE(ref));
  if (is_gimple_reg_type(TREE_TYPE(ref)) || !size || !tree_fits_shwi_p(size) ||
      TREE_THIS_VOLATILE(ref) || !lift_can_address(ref) || is_reversed(ref))
    return false;
  *bytes = tree_to_shwi(size);
  return *bytes > 0;
}

/* ---- addresses
 * ----------------------------------------------------------------------------------- */

/* Constant bytes not yet added. */
struct pending {
  HOST_WIDE_INT bytes;
  bool inbounds;
};

/* The offset of a MEM_REF has a pointer's type, which is unsigned, and is negative all the same. */
static HOST_WIDE_INT signed_offset(tree offset) { return wi::to_wide(offset).to_shwi(); }

static MlirValue flush(lift *l, MlirValue base, pending *rest) {
  MlirValue address = rest->bytes ? be_build_offset(l->b, base, rest->bytes, rest->inbounds) : base;
  rest->bytes = 0;
  rest->inbounds = true;
  return address;
}

static MlirType element_type(lift *l, tree type, HOST_WIDE_INT size) {
  MlirType element =
      is_gimple_reg_type(type) && type_is_modelled(type) ? type_lift(type) : MlirType{NULL};
  if (element.ptr && be_type_size(element) == (uint64_t)size && type_bits(element) % 8 == 0)
    return element;
  return size == 1 ? l->ir->i8 : mlirLLVMArrayTypeGet(l->ir->i8, (unsigned)size);
}

/* A subscript in the pointer's width. */
static MlirValue wide_index(lift *l, tree index) {
  MlirValue value = lift_value(l, index);
  if (TYPE_PRECISION(TREE_TYPE(index)) == POINTER_SIZE)
    return value;
  return be_build_cast(l->b, TYPE_UNSIGNED(TREE_TYPE(index)) ? BE_OP_ZEXT : BE_OP_SEXT,
                       type_lift(pointer_sized_int_node), value);
}

static MlirValue address(lift *l, tree ref, pending *rest);

static MlirValue element_address(lift *l, tree ref, pending *rest) {
  HOST_WIDE_INT size, low;
  tree index = TREE_OPERAND(ref, 1);
  MlirValue base = address(l, TREE_OPERAND(ref, 0), rest);
  element_size(ref, &size, &low);
  if (tree_fits_shwi_p(index)) {
    rest->bytes += (HOST_WIDE_INT)((unsigned HOST_WIDE_INT)(tree_to_shwi(index) - low) * size);
    return base;
  }
  rest->bytes -= low * size;
  base = flush(l, base, rest);
  MlirType element = element_type(l, TREE_TYPE(ref), size);
  return be_build_index(l->b, element, base, wide_index(l, index), true);
}

static MlirValue target_address(lift *l, tree ref, pending *rest) {
  HOST_WIDE_INT step = TMR_STEP(ref) ? tree_to_shwi(TMR_STEP(ref)) : 1;
  MlirValue base = lift_value(l, TMR_BASE(ref));
  rest->inbounds = false;
  if (TMR_INDEX2(ref))
    base = be_build_index(l->b, l->ir->i8, base, wide_index(l, TMR_INDEX2(ref)), false);
  if (TMR_INDEX(ref)) {
    MlirType element = step == 1 ? l->ir->i8 : mlirLLVMArrayTypeGet(l->ir->i8, (unsigned)step);
    base = be_build_index(l->b, element, base, wide_index(l, TMR_INDEX(ref)), false);
  }
  rest->bytes += signed_offset(TMR_OFFSET(ref));
  return base;
}

/* The address of what `ref` is a part of, with the part's offset still to be added. */
static MlirValue part_address(lift *l, tree ref, HOST_WIDE_INT offset, pending *rest) {
  MlirValue base = address(l, TREE_OPERAND(ref, 0), rest);
  rest->bytes += offset;
  return base;
}

static MlirValue address(lift *l, tree ref, pending *rest) {
  HOST_WIDE_INT offset = 0;
  switch (TREE_CODE(ref)) {
  case COMPONENT_REF:
    field_offset(ref, &offset);
    return part_address(l, ref, offset, rest);
  case ARRAY_REF:
    return element_address(l, ref, rest);
  case BIT_FIELD_REF:
    bytes_offset(ref, &offset);
    return part_address(l, ref, offset, rest);
  case IMAGPART_EXPR:
    return part_address(l, ref, tree_to_shwi(TYPE_SIZE_UNIT(TREE_TYPE(ref))), rest);
  case REALPART_EXPR:
  case VIEW_CONVERT_EXPR:
    return part_address(l, ref, 0, rest);
  case MEM_REF:
    rest->bytes += signed_offset(TREE_OPERAND(ref, 1));
    rest->inbounds = rest->bytes == 0;
    return lift_value(l, TREE_OPERAND(ref, 0));
  case TARGET_MEM_REF:
    return target_address(l, ref, rest);
  default:
    return lift_symbol(l, ref);
  }
}

MlirValue lift_address(lift *l, tree ref) {
  pending rest = {0, true};
  MlirValue base = address(l, ref, &rest);
  return flush(l, base, &rest);
}

/* ---- which field of which record
 * ------------------------------------------------------------------ */

static const char *record_name(tree type) {
  tree name = TYPE_NAME(TYPE_MAIN_VARIANT(type));
  if (name && TREE_CODE(name) == TYPE_DECL)
    name = DECL_NAME(name);
  return name && TREE_CODE(name) == IDENTIFIER_NODE ? IDENTIFIER_POINTER(name) : "";
}

/* The innermost field named in the reference. */
static MlirAttribute access_field(lift *l, tree ref) {
  while (handled_component_p(ref) && TREE_CODE(ref) != COMPONENT_REF)
    ref = TREE_OPERAND(ref, 0);
  if (TREE_CODE(ref) != COMPONENT_REF)
    return MlirAttribute{NULL};
  tree field = TREE_OPERAND(ref, 1);
  void *known = be_map_get(&the_bridge.access, field);
  if (known)
    return MlirAttribute{known};
  const char *name = DECL_NAME(field) ? IDENTIFIER_POINTER(DECL_NAME(field)) : "";
  MlirAttribute attr = be_access_field(l->ir, record_name(DECL_CONTEXT(field)), name);
  be_map_set(&the_bridge.access, field, (void *)attr.ptr);
  return attr;
}

/* The kind of scalar as type-based aliasing tells them apart; NULL: it may overlap anything. Kinds
 * that GCC tells apart and this does not (long and long long) share a name, which is safe. */
static const char *alias_name(tree type) {
  if (POINTER_TYPE_P(type))
    return "ptr";
  if (SCALAR_FLOAT_TYPE_P(type))
    return TYPE_PRECISION(type) == 32 ? "f32" : TYPE_PRECISION(type) == 64 ? "f64" : "float";
  if (TREE_CODE(type) != INTEGER_TYPE && TREE_CODE(type) != ENUMERAL_TYPE)
    return NULL;
  switch (TYPE_PRECISION(type)) {
  case 16:
    return "i16";
  case 32:
    return "i32";
  case 64:
    return "i64";
  default:
    return NULL;
  }
}

/* Only for passes: to ask GCC for alias sets numbers them. */
static MlirAttribute alias_of(lift *l, tree ref) {
  tree type = TREE_TYPE(ref);
  const char *name = alias_name(type);
  if (the_bridge.mode != BE_MODE_PASSES || !flag_strict_aliasing || !name)
    return MlirAttribute{NULL};
  alias_set_type set = get_alias_set(ref);
  if (set == 0 || set != get_alias_set(TYPE_MAIN_VARIANT(type)))
    return MlirAttribute{NULL};
  return mlirStringAttrGet(l->ir->ctx, mlirStringRefCreateFromCString(name));
}

static be_access access_of(lift *l, tree ref, gimple *stmt) {
  be_access access = {};
  access.align = get_object_alignment(ref) / BITS_PER_UNIT;
  access.is_volatile = TREE_THIS_VOLATILE(ref) || gimple_has_volatile_ops(stmt);
  access.is_nontemporal =
      is_gimple_assign(stmt) && gimple_assign_nontemporal_move_p(as_a<gassign *>(stmt));
  access.field = access_field(l, ref);
  access.alias = alias_of(l, ref);
  return access;
}

/* ---- bit-fields
 * ---------------------------------------------------------------------------------- */

/* A bit-field as bits of an integer in memory: its representative, the bytes that GCC itself reads
 * and writes for it, so that no other thread's variable is ever touched. */
struct bits {
  HOST_WIDE_INT offset;        /* of the integer in the record, in bytes */
  unsigned size, shift, width; /* in bits: the integer's; where the field starts; the field's */
};

static bool bits_of(tree ref, bits *at) {
  HOST_WIDE_INT first, start;
  tree field = TREE_OPERAND(ref, 1), whole = DECL_BIT_FIELD_REPRESENTATIVE(field);
  if (BYTES_BIG_ENDIAN || TREE_OPERAND(ref, 2) || !whole || DECL_MODE(whole) == BLKmode ||
      !field_bits(field, &first) || !field_bits(whole, &start))
    return false;
  at->offset = start / BITS_PER_UNIT;
  at->size = (unsigned)tree_to_uhwi(DECL_SIZE(whole));
  at->shift = (unsigned)(first - start);
  at->width = (unsigned)tree_to_uhwi(DECL_SIZE(field));
  return start % BITS_PER_UNIT == 0 && first >= start && at->shift + at->width <= at->size &&
         at->size <= 64 && pow2p_hwi(at->size) && at->width == TYPE_PRECISION(TREE_TYPE(ref));
}

bool lift_is_bits(tree ref) {
  return TREE_CODE(ref) == COMPONENT_REF && DECL_BIT_FIELD(TREE_OPERAND(ref, 1));
}

bool lift_can_bits(tree ref, gimple *stmt) {
  bits at;
  return INTEGRAL_TYPE_P(TREE_TYPE(ref)) && bits_of(ref, &at) &&
         lift_can_address(TREE_OPERAND(ref, 0)) && !is_reversed(ref) && !TREE_THIS_VOLATILE(ref) &&
         !gimple_has_volatile_ops(stmt) && ADDR_SPACE_GENERIC_P(TYPE_ADDR_SPACE(TREE_TYPE(ref)));
}

static be_access bits_access(lift *l, tree ref, const bits *at) {
  be_access access = {};
  unsigned align;
  unsigned HOST_WIDE_INT past;
  get_object_alignment_1(ref, &align, &past);
  past = (past - at->shift) & (align - 1);
  access.align = (unsigned)(past ? least_bit_hwi(past) : align) / BITS_PER_UNIT;
  access.field = access_field(l, ref);
  return access;
}

/* The integer's address. */
static MlirValue bits_address(lift *l, tree ref, const bits *at) {
  pending rest = {0, true};
  MlirValue base = part_address(l, ref, at->offset, &rest);
  return flush(l, base, &rest);
}

void lift_load_bits(lift *l, tree lhs, tree ref) {
  bits at;
  bits_of(ref, &at);
  be_access access = bits_access(l, ref, &at);
  MlirType type = mlirIntegerTypeGet(l->ir->ctx, at.size);
  MlirValue value = be_build_load(l->b, type, bits_address(l, ref, &at), &access);
  request_access(mlirOpResultGetOwner(value), ref);
  if (at.shift)
    value = be_build_binary(l->b, BE_OP_LSHR, value, lift_int(l, type, at.shift), 0);
  if (at.width < at.size)
    value = be_build_cast(l->b, BE_OP_TRUNC, type_lift(TREE_TYPE(ref)), value);
  lift_define(l, lhs, value);
}

/* The bits around the field are read and written back. */
void lift_store_bits(lift *l, tree ref, MlirValue value) {
  bits at;
  bits_of(ref, &at);
  be_access access = bits_access(l, ref, &at);
  MlirType type = mlirIntegerTypeGet(l->ir->ctx, at.size);
  MlirValue address = bits_address(l, ref, &at);
  if (at.width < at.size) {
    unsigned HOST_WIDE_INT mask = ((HOST_WIDE_INT_1U << at.width) - 1) << at.shift;
    MlirValue rest = be_build_load(l->b, type, address, &access);
    rest = be_build_binary(l->b, BE_OP_AND, rest,
                           lift_int(l, type, sext_hwi((HOST_WIDE_INT)~mask, at.size)), 0);
    value = be_build_cast(l->b, BE_OP_ZEXT, type, value);
    if (at.shift)
      value = be_build_binary(l->b, BE_OP_SHL, value, lift_int(l, type, at.shift), 0);
    value = be_build_binary(l->b, BE_OP_OR, rest, value, 0);
  }
  request_access(be_build_store(l->b, value, address, &access), ref);
}

/* ---- loads, stores, copies
 * ------------------------------------------------------------------------- */

void lift_load(lift *l, tree lhs, tree ref, gimple *stmt) {
  be_access access = access_of(l, ref, stmt);
  MlirValue from = lift_address(l, ref);
  MlirValue value = be_build_load(l->b, type_lift(TREE_TYPE(ref)), from, &access);
  request_access(mlirOpResultGetOwner(value), ref);
  lift_define(l, lhs, value);
}

void lift_store(lift *l, tree ref, MlirValue value, gimple *stmt) {
  be_access access = access_of(l, ref, stmt);
  request_access(be_build_store(l->b, value, lift_address(l, ref), &access), ref);
}

/* Copies and clears aggregates of constant size. */
bool lift_copy(lift *l, gassign *stmt) {
  tree to = gimple_assign_lhs(stmt), from = gimple_assign_rhs1(stmt);
  tree size = TYPE_SIZE_UNIT(TREE_TYPE(to));
  bool clear = TREE_CODE(from) == CONSTRUCTOR;
  if (is_gimple_reg_type(TREE_TYPE(to)) || gimple_has_volatile_ops(stmt) || !size ||
      !tree_fits_shwi_p(size) || integer_zerop(size) || !lift_can_address(to) || is_reversed(to))
    return false;
  if (clear ? CONSTRUCTOR_NELTS(from) != 0 : !lift_can_address(from) || is_reversed(from))
    return false;
  if (!clear && !tree_int_cst_equal(size, TYPE_SIZE_UNIT(TREE_TYPE(from))))
    return false;
  MlirValue dst = lift_address(l, to);
  MlirValue src = clear ? lift_int(l, l->ir->i8, 0) : lift_address(l, from);
  MlirValue operands[3] = {dst, src, lift_int(l, l->ir->i64, tree_to_shwi(size))};
  MlirNamedAttribute attr = be_attr(l->ir, "isVolatile", mlirIntegerAttrGet(l->ir->i1, 0));
  be_op_parts parts = {operands, 3, NULL, 0, &attr, 1, NULL, 0};
  be_build(l->b, clear ? BE_OP_MEMSET : BE_OP_MEMCPY, &parts);
  return true;
}

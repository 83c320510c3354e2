/* lift_arith.cc - assignments without memory: arithmetic, compares, conversions, addresses. */
#include "internal.h"

static bool is_modelled_operand(tree value) {
  return lift_is_operand(value) && type_is_modelled(TREE_TYPE(value));
}

static void define(lift *l, gassign *stmt, MlirValue value) {
  lift_define(l, gimple_assign_lhs(stmt), value);
}

static MlirValue unary(lift *l, be_opcode code, tree type, MlirValue value) {
  return be_build_cast(l->b, code, type_lift(type), value);
}

/* ---- two operands ------------------------------------------------------------------------------
 */

static be_opcode int_code(tree_code code, bool is_unsigned) {
  switch (code) {
  case PLUS_EXPR:
    return BE_OP_ADD;
  case MINUS_EXPR:
    return BE_OP_SUB;
  case MULT_EXPR:
    return BE_OP_MUL;
  case TRUNC_DIV_EXPR:
  case EXACT_DIV_EXPR:
    return is_unsigned ? BE_OP_UDIV : BE_OP_SDIV;
  case TRUNC_MOD_EXPR:
    return is_unsigned ? BE_OP_UREM : BE_OP_SREM;
  case BIT_AND_EXPR:
    return BE_OP_AND;
  case BIT_IOR_EXPR:
    return BE_OP_OR;
  case BIT_XOR_EXPR:
    return BE_OP_XOR;
  case LSHIFT_EXPR:
    return BE_OP_SHL;
  case RSHIFT_EXPR:
    return is_unsigned ? BE_OP_LSHR : BE_OP_ASHR;
  case MIN_EXPR:
    return is_unsigned ? BE_OP_UMIN : BE_OP_SMIN;
  case MAX_EXPR:
    return is_unsigned ? BE_OP_UMAX : BE_OP_SMAX;
  default:
    return BE_OP_OTHER;
  }
}

/* GCC's MIN and MAX of floats are free with NaN and -0, LLVM's are not: opaque. */
static be_opcode float_code(tree_code code) {
  switch (code) {
  case PLUS_EXPR:
    return BE_OP_FADD;
  case MINUS_EXPR:
    return BE_OP_FSUB;
  case MULT_EXPR:
    return BE_OP_FMUL;
  case RDIV_EXPR:
    return BE_OP_FDIV;
  default:
    return BE_OP_OTHER;
  }
}

static bool is_shift(tree_code code) { return code == LSHIFT_EXPR || code == RSHIFT_EXPR; }

/* A shift count in the shifted value's type: a negative or too large one is undefined anyway. */
static MlirValue lift_shift_count(lift *l, tree count, MlirType type) {
  MlirValue value = lift_value(l, count);
  unsigned have = type_bits(mlirValueGetType(value)), want = type_bits(type);
  if (TREE_CODE(count) == INTEGER_CST && tree_fits_shwi_p(count))
    return lift_int(l, type, tree_to_shwi(count));
  if (have == want)
    return value;
  return be_build_cast(l->b, have > want ? BE_OP_TRUNC : BE_OP_ZEXT, type, value);
}

static bool lift_int_binary(lift *l, gassign *stmt, tree type) {
  tree_code code = gimple_assign_rhs_code(stmt);
  be_opcode op = int_code(code, TYPE_UNSIGNED(type));
  tree b = gimple_assign_rhs2(stmt);
  bool overflows = code == PLUS_EXPR || code == MINUS_EXPR || code == MULT_EXPR;
  bool vector = VECTOR_TYPE_P(type);
  if (op == BE_OP_OTHER || (TYPE_OVERFLOW_TRAPS(type) && overflows) ||
      (vector && (op == BE_OP_SDIV || op == BE_OP_UDIV || op == BE_OP_SREM || op == BE_OP_UREM)) ||
      (is_shift(code) && VECTOR_TYPE_P(TREE_TYPE(b)) != vector))
    return false;
  MlirValue lhs = lift_value(l, gimple_assign_rhs1(stmt));
  MlirValue rhs =
      is_shift(code) && !vector ? lift_shift_count(l, b, mlirValueGetType(lhs)) : lift_value(l, b);
  if (!mlirTypeEqual(mlirValueGetType(lhs), mlirValueGetType(rhs)))
    return false;
  unsigned nsw = overflows && type_is_undefined_on_overflow(type) ? BE_OVERFLOW_NSW : 0;
  define(l, stmt, be_build_binary(l->b, op, lhs, rhs, nsw));
  return true;
}

static bool lift_float_binary(lift *l, gassign *stmt) {
  be_opcode op = float_code(gimple_assign_rhs_code(stmt));
  if (op == BE_OP_OTHER || flag_rounding_math)
    return false;
  define(l, stmt,
         be_build_binary(l->b, op, lift_value(l, gimple_assign_rhs1(stmt)),
                         lift_value(l, gimple_assign_rhs2(stmt)), 0));
  return true;
}

/* Bits of pointers: through integers. */
static bool lift_pointer_bits(lift *l, gassign *stmt) {
  tree type = TREE_TYPE(gimple_assign_lhs(stmt));
  tree_code code = gimple_assign_rhs_code(stmt);
  if (code != BIT_AND_EXPR && code != BIT_IOR_EXPR && code != BIT_XOR_EXPR)
    return false;
  MlirType word = type_lift(pointer_sized_int_node);
  MlirValue a = lift_value(l, gimple_assign_rhs1(stmt)),
            b = lift_value(l, gimple_assign_rhs2(stmt));
  a = be_build_cast(l->b, BE_OP_PTRTOINT, word, a);
  b = be_build_cast(l->b, BE_OP_PTRTOINT, word, b);
  MlirValue bits = be_build_binary(l->b, int_code(code, true), a, b, 0);
  define(l, stmt, unary(l, BE_OP_INTTOPTR, type, bits));
  return true;
}

static bool lift_pointer_plus(lift *l, gassign *stmt) {
  tree offset = gimple_assign_rhs2(stmt);
  MlirValue base = lift_value(l, gimple_assign_rhs1(stmt)), address;
  if (TYPE_PRECISION(TREE_TYPE(offset)) != POINTER_SIZE)
    return false;
  if (tree_fits_shwi_p(offset) || TREE_CODE(offset) == INTEGER_CST)
    address = be_build_offset(l->b, base, wi::to_wide(offset).to_shwi(), false);
  else
    address = be_build_index(l->b, l->ir->i8, base, lift_value(l, offset), false);
  define(l, stmt, address);
  return true;
}

static bool lift_pointer_diff(lift *l, gassign *stmt) {
  MlirType word = type_lift(TREE_TYPE(gimple_assign_lhs(stmt)));
  if (type_bits(word) != POINTER_SIZE)
    return false;
  MlirValue a = be_build_cast(l->b, BE_OP_PTRTOINT, word, lift_value(l, gimple_assign_rhs1(stmt)));
  MlirValue b = be_build_cast(l->b, BE_OP_PTRTOINT, word, lift_value(l, gimple_assign_rhs2(stmt)));
  define(l, stmt, be_build_binary(l->b, BE_OP_SUB, a, b, 0));
  return true;
}

static bool lift_rotate(lift *l, gassign *stmt) {
  tree type = TREE_TYPE(gimple_assign_lhs(stmt));
  be_opcode op = gimple_assign_rhs_code(stmt) == LROTATE_EXPR ? BE_OP_FSHL : BE_OP_FSHR;
  if (!INTEGRAL_TYPE_P(type) || !INTEGRAL_TYPE_P(TREE_TYPE(gimple_assign_rhs2(stmt))))
    return false;
  MlirValue value = lift_value(l, gimple_assign_rhs1(stmt));
  MlirValue count = lift_shift_count(l, gimple_assign_rhs2(stmt), mlirValueGetType(value));
  MlirValue operands[3] = {value, value, count};
  define(
      l, stmt,
      be_build_simple(l->b, op, mlirValueGetType(value), operands, 3, NULL, MlirAttribute{NULL}));
  return true;
}

/* ---- compares ---------------------------------------------------------------------------------
 */

static int int_predicate(tree_code code, bool is_unsigned) {
  switch (code) {
  case EQ_EXPR:
    return BE_ICMP_EQ;
  case NE_EXPR:
    return BE_ICMP_NE;
  case LT_EXPR:
    return is_unsigned ? BE_ICMP_ULT : BE_ICMP_SLT;
  case LE_EXPR:
    return is_unsigned ? BE_ICMP_ULE : BE_ICMP_SLE;
  case GT_EXPR:
    return is_unsigned ? BE_ICMP_UGT : BE_ICMP_SGT;
  case GE_EXPR:
    return is_unsigned ? BE_ICMP_UGE : BE_ICMP_SGE;
  default:
    return -1;
  }
}

/* llvm.fcmp's numbering: oeq 1, ogt, oge, olt, ole, one, ord 7, ueq 8, ugt, uge, ult, ule, une,
 * uno. */
static int float_predicate(tree_code code) {
  static const struct {
    tree_code code;
    int predicate;
  } table[] = {{EQ_EXPR, 1},   {GT_EXPR, 2},        {GE_EXPR, 3},      {LT_EXPR, 4},
               {LE_EXPR, 5},   {LTGT_EXPR, 6},      {ORDERED_EXPR, 7}, {UNEQ_EXPR, 8},
               {UNGT_EXPR, 9}, {UNGE_EXPR, 10},     {UNLT_EXPR, 11},   {UNLE_EXPR, 12},
               {NE_EXPR, 13},  {UNORDERED_EXPR, 14}};
  for (size_t i = 0; i < ARRAY_SIZE(table); i++)
    if (table[i].code == code)
      return table[i].predicate;
  return -1;
}

bool lift_can_compare(tree_code code, tree a, tree b) {
  tree type = TREE_TYPE(a);
  if (!is_modelled_operand(a) || !is_modelled_operand(b) || VECTOR_TYPE_P(type))
    return false;
  if (!mlirTypeEqual(type_lift(type), type_lift(TREE_TYPE(b))))
    return false;
  return SCALAR_FLOAT_TYPE_P(type) ? float_predicate(code) >= 0 : int_predicate(code, true) >= 0;
}

MlirValue lift_compare(lift *l, tree_code code, tree a, tree b) {
  MlirValue lhs = lift_value(l, a), rhs = lift_value(l, b), operands[2] = {lhs, rhs};
  if (!SCALAR_FLOAT_TYPE_P(TREE_TYPE(a)))
    return be_build_icmp(l->b, (be_icmp)int_predicate(code, TYPE_UNSIGNED(TREE_TYPE(a))), lhs, rhs);
  return be_build_simple(l->b, BE_OP_FCMP, l->ir->i1, operands, 2, "predicate",
                         mlirIntegerAttrGet(l->ir->i64, float_predicate(code)));
}

static bool lift_compare_stmt(lift *l, gassign *stmt) {
  tree type = TREE_TYPE(gimple_assign_lhs(stmt));
  tree a = gimple_assign_rhs1(stmt), b = gimple_assign_rhs2(stmt);
  if (!INTEGRAL_TYPE_P(type) || TYPE_PRECISION(type) != 1 ||
      !lift_can_compare(gimple_assign_rhs_code(stmt), a, b))
    return false;
  define(l, stmt, lift_compare(l, gimple_assign_rhs_code(stmt), a, b));
  return true;
}

static bool lift_select(lift *l, gassign *stmt) {
  tree cond = gimple_assign_rhs1(stmt);
  tree yes = gimple_assign_rhs2(stmt), no = gimple_assign_rhs3(stmt);
  bool compare = COMPARISON_CLASS_P(cond);
  if (!is_modelled_operand(yes) || !is_modelled_operand(no) || VECTOR_TYPE_P(TREE_TYPE(cond)))
    return false;
  if (compare ? !lift_can_compare(TREE_CODE(cond), TREE_OPERAND(cond, 0), TREE_OPERAND(cond, 1))
              : !lift_is_operand(cond) || type_bits(type_lift(TREE_TYPE(cond))) != 1)
    return false;
  MlirValue a = lift_value(l, yes), b = lift_value(l, no);
  if (!mlirTypeEqual(mlirValueGetType(a), mlirValueGetType(b)))
    return false;
  MlirValue test =
      compare ? lift_compare(l, TREE_CODE(cond), TREE_OPERAND(cond, 0), TREE_OPERAND(cond, 1))
              : lift_value(l, cond);
  define(l, stmt, be_build_select(l->b, test, a, b));
  return true;
}

/* ---- one operand ------------------------------------------------------------------------------
 */

static be_opcode int_conversion(tree to, tree from) {
  if (POINTER_TYPE_P(to))
    return POINTER_TYPE_P(from)                         ? BE_OP_BITCAST
           : TYPE_PRECISION(from) == TYPE_PRECISION(to) ? BE_OP_INTTOPTR
                                                        : BE_OP_OTHER;
  if (POINTER_TYPE_P(from))
    return TYPE_PRECISION(to) <= TYPE_PRECISION(from) ? BE_OP_PTRTOINT : BE_OP_OTHER;
  if (TYPE_PRECISION(to) == TYPE_PRECISION(from))
    return BE_OP_BITCAST;
  if (TYPE_PRECISION(to) < TYPE_PRECISION(from))
    return BE_OP_TRUNC;
  return TYPE_UNSIGNED(from) ? BE_OP_ZEXT : BE_OP_SEXT;
}

static be_opcode conversion(tree to, tree from) {
  bool real_to = SCALAR_FLOAT_TYPE_P(to), real_from = SCALAR_FLOAT_TYPE_P(from);
  if (VECTOR_TYPE_P(to) || VECTOR_TYPE_P(from))
    return mlirTypeEqual(type_lift(to), type_lift(from)) ? BE_OP_BITCAST : BE_OP_OTHER;
  if (real_to && real_from)
    return mlirTypeEqual(type_lift(to), type_lift(from)) ? BE_OP_BITCAST
           : flag_rounding_math                          ? BE_OP_OTHER
           : TYPE_PRECISION(to) > TYPE_PRECISION(from)   ? BE_OP_FPEXT
           : TYPE_PRECISION(to) < TYPE_PRECISION(from)   ? BE_OP_FPTRUNC
                                                         : BE_OP_OTHER;
  if (real_to || real_from)
    return BE_OP_OTHER;
  return int_conversion(to, from);
}

static bool lift_conversion(lift *l, gassign *stmt) {
  tree to = TREE_TYPE(gimple_assign_lhs(stmt)), value = gimple_assign_rhs1(stmt);
  be_opcode op = conversion(to, TREE_TYPE(value));
  if (op == BE_OP_OTHER)
    return false;
  define(l, stmt, unary(l, op, to, lift_value(l, value)));
  return true;
}

static bool lift_float_conversion(lift *l, gassign *stmt) {
  tree to = TREE_TYPE(gimple_assign_lhs(stmt)), from = TREE_TYPE(gimple_assign_rhs1(stmt));
  if (VECTOR_TYPE_P(to) || POINTER_TYPE_P(to) || POINTER_TYPE_P(from) || flag_rounding_math)
    return false;
  bool to_real = SCALAR_FLOAT_TYPE_P(to);
  bool is_unsigned = TYPE_UNSIGNED(to_real ? from : to);
  be_opcode op = to_real ? (is_unsigned ? BE_OP_UITOFP : BE_OP_SITOFP)
                         : (is_unsigned ? BE_OP_FPTOUI : BE_OP_FPTOSI);
  define(l, stmt, unary(l, op, to, lift_value(l, gimple_assign_rhs1(stmt))));
  return true;
}

static MlirValue zero_of(lift *l, tree type) {
  return VECTOR_TYPE_P(type) ? lift_host(l, build_zero_cst(type), type_lift(type))
                             : lift_int(l, type_lift(type), 0);
}

static bool lift_negate(lift *l, gassign *stmt, tree type) {
  tree value = gimple_assign_rhs1(stmt);
  if (FLOAT_TYPE_P(type)) {
    define(l, stmt, unary(l, BE_OP_FNEG, type, lift_value(l, value)));
    return true;
  }
  if (TYPE_OVERFLOW_TRAPS(type))
    return false;
  unsigned nsw = type_is_undefined_on_overflow(type) ? BE_OVERFLOW_NSW : 0;
  define(l, stmt, be_build_binary(l->b, BE_OP_SUB, zero_of(l, type), lift_value(l, value), nsw));
  return true;
}

static bool lift_abs(lift *l, gassign *stmt, tree type) {
  MlirValue value = lift_value(l, gimple_assign_rhs1(stmt));
  if (FLOAT_TYPE_P(type)) {
    define(l, stmt, unary(l, BE_OP_FABS, type, value));
    return true;
  }
  if (VECTOR_TYPE_P(type) || TYPE_OVERFLOW_TRAPS(type))
    return false;
  bool undefined = gimple_assign_rhs_code(stmt) == ABS_EXPR && type_is_undefined_on_overflow(type);
  define(l, stmt,
         be_build_simple(l->b, BE_OP_ABS, type_lift(type), &value, 1, "is_int_min_poison",
                         mlirIntegerAttrGet(l->ir->i1, undefined ? -1 : 0)));
  return true;
}

static bool lift_not(lift *l, gassign *stmt, tree type) {
  if (!INTEGRAL_TYPE_P(type))
    return false;
  define(l, stmt,
         be_build_binary(l->b, BE_OP_XOR, lift_value(l, gimple_assign_rhs1(stmt)),
                         lift_int(l, type_lift(type), -1), 0));
  return true;
}

/* ---- copies and parts --------------------------------------------------------------------------
 */

static bool lift_copy_value(lift *l, gassign *stmt) {
  tree lhs = gimple_assign_lhs(stmt), value = gimple_assign_rhs1(stmt);
  MlirType type = type_lift(TREE_TYPE(lhs));
  if (!type_is_modelled(TREE_TYPE(lhs)) || !type_is_modelled(TREE_TYPE(value)) ||
      !mlirTypeEqual(type, type_lift(TREE_TYPE(value))))
    return false;
  define(l, stmt, be_build_cast(l->b, BE_OP_BITCAST, type, lift_value(l, value)));
  return true;
}

static bool lift_address_of(lift *l, gassign *stmt) {
  tree ref = TREE_OPERAND(gimple_assign_rhs1(stmt), 0);
  if (!type_is_modelled(TREE_TYPE(gimple_assign_lhs(stmt))) || !lift_can_address(ref))
    return false;
  MlirValue address = lift_address(l, ref);
  int count = (int)be_function_entry_count(l->out);
  const be_entry *last = count ? be_function_entry(l->out, count - 1) : NULL;
  bool made = last && last->stmt == l->stmt && mlirOperationGetNumResults(last->op) == 1 &&
              mlirValueEqual(mlirOperationGetResult(last->op, 0), address);
  if (!made)
    address = be_build_cast(l->b, BE_OP_BITCAST, l->ir->ptr, address);
  define(l, stmt, address);
  return true;
}

static bool lift_view(lift *l, gassign *stmt) {
  tree to = TREE_TYPE(gimple_assign_lhs(stmt)), value = TREE_OPERAND(gimple_assign_rhs1(stmt), 0);
  if (!lift_is_operand(value) || !type_is_modelled(to) || !type_is_modelled(TREE_TYPE(value)))
    return false;
  tree from = TREE_TYPE(value);
  MlirType type = type_lift(to), old = type_lift(from);
  be_opcode op = BE_OP_BITCAST;
  if (POINTER_TYPE_P(to) != POINTER_TYPE_P(from)) {
    tree other = POINTER_TYPE_P(to) ? from : to;
    if (!INTEGRAL_TYPE_P(other) || TYPE_PRECISION(other) != POINTER_SIZE)
      return false;
    op = POINTER_TYPE_P(to) ? BE_OP_INTTOPTR : BE_OP_PTRTOINT;
  } else if (!mlirTypeEqual(type, old) &&
             (mlirTypeEqual(type, the_bridge.f80) || mlirTypeEqual(old, the_bridge.f80) ||
              type_bits(type) == 1 || type_bits(old) == 1 ||
              be_type_size(type) * 8 !=
                  (INTEGRAL_TYPE_P(to) ? TYPE_PRECISION(to) : be_type_size(type) * 8) ||
              (INTEGRAL_TYPE_P(from) && be_type_size(old) * 8 != TYPE_PRECISION(from)) ||
              be_type_size(type) != be_type_size(old))) {
    return false;
  }
  define(l, stmt, unary(l, op, to, lift_value(l, value)));
  return true;
}

/* One half of a complex value. */
static bool lift_part(lift *l, gassign *stmt) {
  tree value = TREE_OPERAND(gimple_assign_rhs1(stmt), 0);
  tree type = TREE_TYPE(gimple_assign_lhs(stmt));
  if (TREE_CODE(value) != SSA_NAME || !type_is_modelled(type) ||
      !type_is_modelled(TREE_TYPE(TREE_TYPE(value))))
    return false;
  int64_t part = gimple_assign_rhs_code(stmt) == IMAGPART_EXPR;
  MlirValue whole = lift_value(l, value);
  define(l, stmt,
         be_build_simple(l->b, BE_OP_EXTRACTVALUE, type_lift(type), &whole, 1, "position",
                         mlirDenseI64ArrayGet(l->ir->ctx, 1, &part)));
  return true;
}

/* ---- vectors
 * ------------------------------------------------------------------------------------- */

/* True when each lane is a scalar in bits of its own. */
static bool has_lanes(tree type) {
  tree lane = VECTOR_TYPE_P(type) ? TREE_TYPE(type) : NULL_TREE;
  return lane && type_is_modelled(type) && !VECTOR_TYPE_P(lane) &&
         mlirTypeIsAVector(type_lift(type)) &&
         (SCALAR_FLOAT_TYPE_P(lane) ||
          GET_MODE_BITSIZE(SCALAR_INT_TYPE_MODE(lane)) == TYPE_PRECISION(lane));
}

/* { a, b }: put into the lanes one by one. */
static bool lift_lanes(lift *l, gassign *stmt) {
  tree vector = gimple_assign_rhs1(stmt), type = TREE_TYPE(vector), lane;
  unsigned i;
  if (!has_lanes(type) || !CONSTRUCTOR_NELTS(vector) ||
      maybe_ne(TYPE_VECTOR_SUBPARTS(type), CONSTRUCTOR_NELTS(vector)))
    return false;
  FOR_EACH_CONSTRUCTOR_VALUE(CONSTRUCTOR_ELTS(vector), i, lane)
  if (!is_modelled_operand(lane) ||
      !mlirTypeEqual(type_lift(TREE_TYPE(lane)), type_lift(TREE_TYPE(type))))
    return false;
  MlirValue value = lift_undef(l, type_lift(type));
  FOR_EACH_CONSTRUCTOR_VALUE(CONSTRUCTOR_ELTS(vector), i, lane) {
    MlirValue operands[3] = {value, lift_value(l, lane), lift_int(l, l->ir->i64, i)};
    value = be_build_simple(l->b, BE_OP_INSERTELEMENT, type_lift(type), operands, 3, NULL,
                            MlirAttribute{NULL});
  }
  define(l, stmt, value);
  return true;
}

/* One lane of a vector. */
static bool lift_lane(lift *l, gassign *stmt) {
  tree ref = gimple_assign_rhs1(stmt), vector = TREE_OPERAND(ref, 0), type = TREE_TYPE(vector);
  unsigned HOST_WIDE_INT at, size;
  if (!has_lanes(type) || !type_is_modelled(TREE_TYPE(ref)) ||
      !mlirTypeEqual(type_lift(TREE_TYPE(ref)), type_lift(TREE_TYPE(type))) ||
      !bit_field_offset(ref).is_constant(&at) || !bit_field_size(ref).is_constant(&size) ||
      size != tree_to_uhwi(TYPE_SIZE(TREE_TYPE(type))) || at % size)
    return false;
  MlirValue operands[2] = {lift_value(l, vector),
                           lift_int(l, l->ir->i64, (HOST_WIDE_INT)(at / size))};
  define(l, stmt,
         be_build_simple(l->b, BE_OP_EXTRACTELEMENT, type_lift(TREE_TYPE(ref)), operands, 2, NULL,
                         MlirAttribute{NULL}));
  return true;
}

/* ---- single right-hand sides -------------------------------------------------------------------
 */

static bool lift_single_store(lift *l, gassign *stmt) {
  tree lhs = gimple_assign_lhs(stmt), rhs = gimple_assign_rhs1(stmt);
  if (!lift_is_operand(rhs) || !is_gimple_reg_type(TREE_TYPE(rhs)))
    return lift_copy(l, stmt);
  bool bits = lift_is_bits(lhs);
  if (!(bits ? lift_can_bits(lhs, stmt) : lift_can_access(lhs)) ||
      !type_is_modelled(TREE_TYPE(rhs)) ||
      !mlirTypeEqual(type_lift(TREE_TYPE(lhs)), type_lift(TREE_TYPE(rhs))))
    return false;
  if (bits)
    lift_store_bits(l, lhs, lift_value(l, rhs));
  else
    lift_store(l, lhs, lift_value(l, rhs), stmt);
  return true;
}

static bool lift_single_load(lift *l, gassign *stmt) {
  tree lhs = gimple_assign_lhs(stmt), rhs = gimple_assign_rhs1(stmt);
  bool bits = lift_is_bits(rhs);
  if (!(bits ? lift_can_bits(rhs, stmt) : lift_can_access(rhs)) ||
      !mlirTypeEqual(type_lift(TREE_TYPE(lhs)), type_lift(TREE_TYPE(rhs))))
    return false;
  if (bits)
    lift_load_bits(l, lhs, rhs);
  else
    lift_load(l, lhs, rhs, stmt);
  return true;
}

static bool lift_single(lift *l, gassign *stmt) {
  tree rhs = gimple_assign_rhs1(stmt);
  if (TREE_CODE(gimple_assign_lhs(stmt)) != SSA_NAME)
    return lift_single_store(l, stmt);
  if (lift_is_operand(rhs) && TREE_CODE(rhs) != ADDR_EXPR)
    return lift_copy_value(l, stmt);
  switch (TREE_CODE(rhs)) {
  case ADDR_EXPR:
    return lift_address_of(l, stmt);
  case REALPART_EXPR:
  case IMAGPART_EXPR:
    if (TREE_CODE(TREE_OPERAND(rhs, 0)) == SSA_NAME)
      return lift_part(l, stmt);
    break;
  case VIEW_CONVERT_EXPR:
    if (lift_is_operand(TREE_OPERAND(rhs, 0)))
      return lift_view(l, stmt);
    break;
  case BIT_FIELD_REF:
    if (lift_is_operand(TREE_OPERAND(rhs, 0)))
      return lift_lane(l, stmt);
    break;
  case CONSTRUCTOR:
    return lift_lanes(l, stmt);
  default:
    break;
  }
  return lift_single_load(l, stmt);
}

/* ---- assignments
 * --------------------------------------------------------------------------------- */

static bool operands_are_modelled(gassign *stmt) {
  if (!type_is_modelled(TREE_TYPE(gimple_assign_lhs(stmt))))
    return false;
  for (unsigned i = 1; i < gimple_num_ops(stmt); i++)
    if (!is_modelled_operand(gimple_op(stmt, i)))
      return false;
  return true;
}

static bool lift_unary(lift *l, gassign *stmt) {
  tree type = TREE_TYPE(gimple_assign_lhs(stmt));
  switch (gimple_assign_rhs_code(stmt)) {
  CASE_CONVERT:
    return lift_conversion(l, stmt);
  case FIX_TRUNC_EXPR:
  case FLOAT_EXPR:
    return lift_float_conversion(l, stmt);
  case NEGATE_EXPR:
    return lift_negate(l, stmt, type);
  case ABS_EXPR:
  case ABSU_EXPR:
    return lift_abs(l, stmt, type);
  case BIT_NOT_EXPR:
    return lift_not(l, stmt, type);
  default:
    return false;
  }
}

static bool lift_binary(lift *l, gassign *stmt) {
  tree type = TREE_TYPE(gimple_assign_lhs(stmt));
  tree_code code = gimple_assign_rhs_code(stmt);
  if (TREE_CODE_CLASS(code) == tcc_comparison)
    return lift_compare_stmt(l, stmt);
  if (code == POINTER_PLUS_EXPR)
    return lift_pointer_plus(l, stmt);
  if (code == POINTER_DIFF_EXPR)
    return lift_pointer_diff(l, stmt);
  if (code == LROTATE_EXPR || code == RROTATE_EXPR)
    return lift_rotate(l, stmt);
  if (POINTER_TYPE_P(type))
    return lift_pointer_bits(l, stmt);
  if (FLOAT_TYPE_P(type))
    return lift_float_binary(l, stmt);
  return ANY_INTEGRAL_TYPE_P(type) && lift_int_binary(l, stmt, type);
}

/* False: not modelled, nothing was built. */
bool lift_assign(lift *l, gassign *stmt) {
  if (gimple_assign_single_p(stmt))
    return lift_single(l, stmt);
  if (gimple_assign_rhs_code(stmt) == COND_EXPR)
    return type_is_modelled(TREE_TYPE(gimple_assign_lhs(stmt))) && lift_select(l, stmt);
  if (!operands_are_modelled(stmt))
    return false;
  switch (gimple_num_ops(stmt)) {
  case 2:
    return lift_unary(l, stmt);
  case 3:
    return lift_binary(l, stmt);
  default:
    return false;
  }
}

/* lower_arith.cc - arithmetic, compares, conversions. */
#include "internal.h"

enum sign { AS_IT_IS, AS_SIGNED, AS_UNSIGNED };

/* GCC's code for an op on whole values, and the sign its operands must have. */
static tree_code simple_code(be_opcode code, sign *sign) {
  static const struct {
    be_opcode op;
    tree_code code;
    enum sign sign;
  } table[] = {{BE_OP_ADD, PLUS_EXPR, AS_IT_IS},        {BE_OP_SUB, MINUS_EXPR, AS_IT_IS},
               {BE_OP_MUL, MULT_EXPR, AS_IT_IS},        {BE_OP_UDIV, TRUNC_DIV_EXPR, AS_UNSIGNED},
               {BE_OP_SDIV, TRUNC_DIV_EXPR, AS_SIGNED}, {BE_OP_UREM, TRUNC_MOD_EXPR, AS_UNSIGNED},
               {BE_OP_SREM, TRUNC_MOD_EXPR, AS_SIGNED}, {BE_OP_AND, BIT_AND_EXPR, AS_IT_IS},
               {BE_OP_OR, BIT_IOR_EXPR, AS_IT_IS},      {BE_OP_XOR, BIT_XOR_EXPR, AS_IT_IS},
               {BE_OP_SHL, LSHIFT_EXPR, AS_IT_IS},      {BE_OP_LSHR, RSHIFT_EXPR, AS_UNSIGNED},
               {BE_OP_ASHR, RSHIFT_EXPR, AS_SIGNED},    {BE_OP_SMAX, MAX_EXPR, AS_SIGNED},
               {BE_OP_SMIN, MIN_EXPR, AS_SIGNED},       {BE_OP_UMAX, MAX_EXPR, AS_UNSIGNED},
               {BE_OP_UMIN, MIN_EXPR, AS_UNSIGNED},     {BE_OP_FADD, PLUS_EXPR, AS_IT_IS},
               {BE_OP_FSUB, MINUS_EXPR, AS_IT_IS},      {BE_OP_FMUL, MULT_EXPR, AS_IT_IS},
               {BE_OP_FDIV, RDIV_EXPR, AS_IT_IS},       {BE_OP_FNEG, NEGATE_EXPR, AS_IT_IS},
               {BE_OP_FABS, ABS_EXPR, AS_IT_IS},        {BE_OP_TRUNC, NOP_EXPR, AS_IT_IS},
               {BE_OP_ZEXT, NOP_EXPR, AS_UNSIGNED},     {BE_OP_SEXT, NOP_EXPR, AS_SIGNED},
               {BE_OP_FPTRUNC, NOP_EXPR, AS_IT_IS},     {BE_OP_FPEXT, NOP_EXPR, AS_IT_IS},
               {BE_OP_UITOFP, FLOAT_EXPR, AS_UNSIGNED}, {BE_OP_SITOFP, FLOAT_EXPR, AS_SIGNED}};
  for (size_t i = 0; i < ARRAY_SIZE(table); i++)
    if (table[i].op == code) {
      *sign = table[i].sign;
      return table[i].code;
    }
  return ERROR_MARK;
}

static bool is_conversion(be_opcode code) {
  return code >= BE_OP_TRUNC && code <= BE_OP_ADDRSPACECAST;
}

static MlirType operand_type(const be_plan_op *op, unsigned i) {
  return mlirValueGetType(mlirOperationGetOperand(op->op, i));
}

/* ---- checking ---------------------------------------------------------------------------------
 */

static bool compare_can(lower *l, const be_plan_op *op) {
  MlirType type = operand_type(op, 0);
  return (type_bits(type) || mlirTypeEqual(type, l->ir->ptr) || mlirTypeIsAFloat(type)) ||
         lower_cannot(l, "a compare of vectors");
}

static bool is_power_of_two(unsigned bits) { return bits && !(bits & (bits - 1)); }

static bool shift_can(lower *l, const be_plan_op *op) {
  bool in_place = op->fate == BE_FATE_BUILD && l->rebuild;
  return in_place || is_power_of_two(type_bits(operand_type(op, 0))) ||
         lower_cannot(l, "a shift of an unusual width");
}

static bool part_can(lower *l, const be_plan_op *op) {
  tree type = lower_type_of(l, mlirOperationGetOperand(op->op, 0));
  MlirAttribute position = be_op_attr(op->op, "position");
  return (type && TREE_CODE(type) == COMPLEX_TYPE && mlirDenseArrayGetNumElements(position) == 1) ||
         lower_cannot(l, "a member of a value that is no complex number");
}

/* Bits that mean the same in both types. */
static bool bitcast_fits(MlirType from, MlirType to) {
  if (mlirTypeEqual(from, to))
    return true;
  bool pointer = mlirTypeEqual(from, the_bridge.ir->ptr) || mlirTypeEqual(to, the_bridge.ir->ptr);
  bool known = (type_bits(from) || type_real_bits(from) || mlirTypeIsAVector(from)) &&
               (type_bits(to) || type_real_bits(to) || mlirTypeIsAVector(to));
  return known && !pointer && type_is_whole(from) && type_is_whole(to) &&
         type_real_bits(from) != 80 && type_real_bits(to) != 80 &&
         be_type_size(from) == be_type_size(to);
}

/* MLIR does not look whether a conversion goes the way its name says. */
static bool cast_fits(be_opcode code, MlirType from, MlirType to) {
  unsigned int_from = type_bits(from), int_to = type_bits(to);
  unsigned real_from = type_real_bits(from), real_to = type_real_bits(to);
  switch (code) {
  case BE_OP_TRUNC:
    return int_to && int_from > int_to;
  case BE_OP_ZEXT:
  case BE_OP_SEXT:
    return int_from && int_from < int_to;
  case BE_OP_FPTRUNC:
    return real_to && real_from > real_to;
  case BE_OP_FPEXT:
    return real_from && real_from < real_to;
  case BE_OP_FPTOUI:
  case BE_OP_FPTOSI:
    return real_from && int_to;
  case BE_OP_UITOFP:
  case BE_OP_SITOFP:
    return int_from && real_to;
  case BE_OP_PTRTOINT:
    return mlirTypeEqual(from, the_bridge.ir->ptr) && int_to;
  case BE_OP_INTTOPTR:
    return mlirTypeEqual(to, the_bridge.ir->ptr) && int_from;
  default:
    return code == BE_OP_BITCAST && bitcast_fits(from, to);
  }
}

static bool cast_can(lower *l, const be_plan_op *op) {
  MlirType from = operand_type(op, 0), to = mlirValueGetType(mlirOperationGetResult(op->op, 0));
  return cast_fits(op->code, from, to) ||
         lower_cannot(l, "a conversion between types that it does not go between");
}

/* A vector operation that nothing would take apart any more: the target must have it. */
static bool vector_can(lower *l, const be_plan_op *op, tree_code code) {
  tree type = lower_result_type(l, op);
  if (!VECTOR_TYPE_P(type) || (op->fate == BE_FATE_BUILD && l->rebuild))
    return true;
  return (VECTOR_MODE_P(TYPE_MODE(type)) && target_supports_op_p(type, code, optab_vector)) ||
         lower_cannot(l, "a vector operation that the target does not have");
}

/* Which lane the op is about; false: it is not known, or there is none such. */
static bool lane_of(const lower *l, MlirOperation op, int64_t *lane) {
  MlirValue vector = mlirOperationGetOperand(op, 0);
  intptr_t position = mlirOperationGetNumOperands(op) - 1;
  return be_value_constant(l->ir, mlirOperationGetOperand(op, position), lane) && *lane >= 0 &&
         *lane < mlirShapedTypeGetDimSize(mlirValueGetType(vector), 0);
}

static bool lane_can(lower *l, const be_plan_op *op) {
  int64_t lane;
  return (lane_of(l, op->op, &lane) && type_lower(operand_type(op, 0))) ||
         lower_cannot(l, "a lane of a vector that is not known");
}

bool lower_arith_can(lower *l, const be_plan_op *op) {
  enum sign sign;
  if (!lower_result_type(l, op))
    return lower_cannot(l, "a type that GCC has no counterpart for");
  switch (op->code) {
  case BE_OP_ICMP:
  case BE_OP_FCMP:
    return compare_can(l, op);
  case BE_OP_SHL:
  case BE_OP_LSHR:
  case BE_OP_ASHR:
    return shift_can(l, op);
  case BE_OP_FSHL:
  case BE_OP_FSHR:
    return (mlirValueEqual(mlirOperationGetOperand(op->op, 0),
                           mlirOperationGetOperand(op->op, 1)) &&
            shift_can(l, op)) ||
           lower_cannot(l, "a funnel shift");
  case BE_OP_SELECT:
    return type_bits(operand_type(op, 0)) == 1 || lower_cannot(l, "a select of vectors");
  case BE_OP_EXTRACTVALUE:
    return part_can(l, op);
  case BE_OP_EXTRACTELEMENT:
  case BE_OP_INSERTELEMENT:
    return lane_can(l, op);
  case BE_OP_ABS:
    return type_bits(operand_type(op, 0)) || lower_cannot(l, "a vector's absolute value");
  case BE_OP_FREEZE:
    return true;
  default:
    if (is_conversion(op->code))
      return cast_can(l, op);
    if (simple_code(op->code, &sign) == ERROR_MARK)
      return lower_cannot(l, "an operation that GCC has no statement for");
    return vector_can(l, op, simple_code(op->code, &sign));
  }
}

/* ---- helpers ----------------------------------------------------------------------------------
 */

static tree unsigned_variant(tree type) {
  return INTEGRAL_TYPE_P(type) ? type_with_sign(type, true) : unsigned_type_for(type);
}

/* The type to compute in: that of the result, with the sign and overflow the op asks for. */
static tree work_type(lower *l, const be_plan_op *op, tree type, enum sign sign) {
  bool arithmetic = op->code == BE_OP_ADD || op->code == BE_OP_SUB || op->code == BE_OP_MUL;
  if (!ANY_INTEGRAL_TYPE_P(type) && !POINTER_TYPE_P(type))
    return type;
  if (POINTER_TYPE_P(type))
    return build_nonstandard_integer_type(TYPE_PRECISION(type), true);
  if (arithmetic && TREE_CODE(type) == BOOLEAN_TYPE)
    return build_nonstandard_integer_type(TYPE_PRECISION(type), true);
  bool promised = l->rebuild && (be_op_overflow(l->ir, op->op) & BE_OVERFLOW_NSW);
  if (arithmetic && !promised && !type_wraps(type))
    return unsigned_variant(type);
  if (sign == AS_IT_IS)
    return type;
  if (INTEGRAL_TYPE_P(type))
    return type_with_sign(type, sign == AS_UNSIGNED);
  return sign == AS_UNSIGNED ? unsigned_type_for(type) : signed_type_for(type);
}

/* result = a code b, computed in `type`. */
static void assign(lower *l, const be_plan_op *op, tree type, tree_code code, tree a, tree b) {
  tree result = lower_result(l, op);
  if (code == NOP_EXPR && useless_type_conversion_p(TREE_TYPE(result), TREE_TYPE(a)))
    code = TREE_CODE(a);
  if (!useless_type_conversion_p(TREE_TYPE(result), type)) {
    a = lower_emit(l, type, code, a, b);
    b = NULL_TREE;
    bool plain = !VECTOR_TYPE_P(type) && !SCALAR_FLOAT_TYPE_P(type);
    code = plain ? NOP_EXPR : VIEW_CONVERT_EXPR;
  }
  if (code == VIEW_CONVERT_EXPR || code == REALPART_EXPR || code == IMAGPART_EXPR)
    lower_put(l, op, gimple_build_assign(result, build1(code, TREE_TYPE(result), a)));
  else if (get_gimple_rhs_class(code) == GIMPLE_SINGLE_RHS)
    lower_put(l, op, gimple_build_assign(result, a));
  else if (b)
    lower_put(l, op, gimple_build_assign(result, code, a, b));
  else
    lower_put(l, op, gimple_build_assign(result, code, a));
}

/* A shift count that is in range: too large a one is only poison in MLIR. */
static tree shift_count(lower *l, const be_plan_op *op, unsigned i) {
  unsigned bits = type_bits(operand_type(op, 0));
  int64_t value;
  if (!bits) /* a vector, in place */
    return lower_operand(l, op, i, NULL_TREE);
  tree count = lower_operand(l, op, i, build_nonstandard_integer_type(bits, true));
  if (be_value_constant(l->ir, mlirOperationGetOperand(op->op, i), &value) && value >= 0 &&
      value < bits)
    return count;
  if (op->fate == BE_FATE_BUILD && l->rebuild)
    return count;
  return lower_emit(l, TREE_TYPE(count), BIT_AND_EXPR, count,
                    build_int_cst(TREE_TYPE(count), bits - 1));
}

/* ---- compares ---------------------------------------------------------------------------------
 */

static tree_code icmp_code(be_icmp predicate) {
  static const tree_code codes[] = {EQ_EXPR, NE_EXPR, LT_EXPR, LE_EXPR, GT_EXPR,
                                    GE_EXPR, LT_EXPR, LE_EXPR, GT_EXPR, GE_EXPR};
  return codes[predicate];
}

static tree_code fcmp_code(int64_t predicate) {
  static const tree_code codes[] = {
      ERROR_MARK, EQ_EXPR,   GT_EXPR,   GE_EXPR,   LT_EXPR,   LE_EXPR, LTGT_EXPR,      ORDERED_EXPR,
      UNEQ_EXPR,  UNGT_EXPR, UNGE_EXPR, UNLT_EXPR, UNLE_EXPR, NE_EXPR, UNORDERED_EXPR, ERROR_MARK};
  return codes[predicate & 15];
}

static tree compare_type(lower *l, const be_plan_op *op) {
  tree type = lower_type_of(l, mlirOperationGetOperand(op->op, 0));
  if (!type)
    type = lower_type_of(l, mlirOperationGetOperand(op->op, 1));
  if (!type)
    type = type_lower(operand_type(op, 0));
  if (op->code == BE_OP_FCMP)
    return type;
  be_icmp predicate = be_op_icmp(op->op);
  if (predicate <= BE_ICMP_NE)
    return type;
  bool is_unsigned = predicate >= BE_ICMP_ULT;
  if (POINTER_TYPE_P(type))
    return is_unsigned ? type : ssizetype;
  return type_with_sign(type, is_unsigned);
}

tree_code lower_compare(lower *l, const be_plan_op *op, tree *a, tree *b) {
  tree type = compare_type(l, op);
  tree_code code = op->code == BE_OP_ICMP ? icmp_code(be_op_icmp(op->op))
                                          : fcmp_code(be_op_int(op->op, "predicate", 0));
  if (code == ERROR_MARK) { /* never or always */
    *a = be_op_int(op->op, "predicate", 0) ? boolean_true_node : boolean_false_node;
    *b = boolean_false_node;
    return NE_EXPR;
  }
  *a = lower_operand(l, op, 0, type);
  *b = lower_operand(l, op, 1, type);
  return code;
}

bool lower_is_fused(const lower *l, const be_plan_op *op) {
  MlirValue result = mlirOperationGetResult(op->op, 0);
  if ((op->code != BE_OP_ICMP && op->code != BE_OP_FCMP) || be_map_get(&l->values, result.ptr))
    return false;
  for (MlirOpOperand use = mlirValueGetFirstUse(result); !mlirOpOperandIsNull(use);
       use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (be_op_code(l->ir, user) != BE_OP_COND_BR || mlirOpOperandGetOperandNumber(use) != 0 ||
        !mlirBlockEqual(mlirOperationGetBlock(user), mlirOperationGetBlock(op->op)))
      return false;
  }
  return true;
}

static void lower_compare_stmt(lower *l, const be_plan_op *op) {
  tree a, b, result;
  if (lower_is_fused(l, op))
    return;
  tree_code code = lower_compare(l, op, &a, &b);
  result = lower_result(l, op);
  lower_put(l, op, gimple_build_assign(result, code, a, b));
}

/* ---- the rest ----------------------------------------------------------------------------------
 */

static void lower_select(lower *l, const be_plan_op *op) {
  tree result = lower_result(l, op), type = TREE_TYPE(result);
  tree cond = lower_operand(l, op, 0, boolean_type_node);
  tree yes = lower_operand(l, op, 1, type), no = lower_operand(l, op, 2, type);
  if (TREE_CODE(cond) != SSA_NAME)
    lower_put(l, op, gimple_build_assign(result, integer_zerop(cond) ? no : yes));
  else
    lower_put(l, op, gimple_build_assign(result, COND_EXPR, cond, yes, no));
}

static void lower_rotate(lower *l, const be_plan_op *op) {
  tree type = work_type(l, op, lower_result_type(l, op), AS_IT_IS);
  tree value = lower_operand(l, op, 0, type), count = shift_count(l, op, 2);
  assign(l, op, type, op->code == BE_OP_FSHL ? LROTATE_EXPR : RROTATE_EXPR, value, count);
}

static void lower_abs(lower *l, const be_plan_op *op) {
  tree type = type_with_sign(lower_result_type(l, op), false);
  tree value = lower_operand(l, op, 0, type);
  bool poison = be_op_int(op->op, "is_int_min_poison", 0) != 0;
  if (poison && l->rebuild)
    assign(l, op, type, ABS_EXPR, value, NULL_TREE);
  else
    assign(l, op, type_with_sign(type, true), ABSU_EXPR, value, NULL_TREE);
}

static void lower_part(lower *l, const be_plan_op *op) {
  tree value = lower_operand(l, op, 0, NULL_TREE);
  MlirAttribute position = be_op_attr(op->op, "position");
  tree_code code = mlirDenseI64ArrayGetElement(position, 0) ? IMAGPART_EXPR : REALPART_EXPR;
  assign(l, op, TREE_TYPE(TREE_TYPE(value)), code, value, NULL_TREE);
}

static void lower_pointer_cast(lower *l, const be_plan_op *op) {
  tree word = build_nonstandard_integer_type(POINTER_SIZE, true);
  tree type = lower_result_type(l, op);
  tree value = lower_operand(l, op, 0, op->code == BE_OP_PTRTOINT ? ptr_type_node : NULL_TREE);
  if (op->code == BE_OP_INTTOPTR && TYPE_PRECISION(TREE_TYPE(value)) != POINTER_SIZE) {
    value = lower_coerce(l, value, type_with_sign(TREE_TYPE(value), true));
    value = lower_emit(l, word, NOP_EXPR, value, NULL_TREE);
  }
  if (op->code == BE_OP_PTRTOINT && TYPE_PRECISION(type) > POINTER_SIZE)
    value = lower_emit(l, word, NOP_EXPR, value, NULL_TREE);
  assign(l, op, type, NOP_EXPR, value, NULL_TREE);
}

static void lower_bitcast(lower *l, const be_plan_op *op) {
  tree type = lower_result_type(l, op), value = lower_operand(l, op, 0, NULL_TREE);
  tree from = TREE_TYPE(value);
  bool same_class = (INTEGRAL_TYPE_P(type) && INTEGRAL_TYPE_P(from)) ||
                    (POINTER_TYPE_P(type) && POINTER_TYPE_P(from)) ||
                    useless_type_conversion_p(type, from) ||
                    (SCALAR_FLOAT_TYPE_P(type) && SCALAR_FLOAT_TYPE_P(from) &&
                     TYPE_MODE(type) == TYPE_MODE(from));
  if (TREE_CODE(value) == INTEGER_CST && INTEGRAL_TYPE_P(type))
    value = lower_coerce(l, value, type);
  assign(l, op, type, same_class ? NOP_EXPR : VIEW_CONVERT_EXPR, value, NULL_TREE);
}

/* Conversions between numbers: the operand's sign decides, the result's is free. */
static void lower_conversion(lower *l, const be_plan_op *op) {
  enum sign sign = AS_IT_IS;
  tree type = lower_result_type(l, op);
  tree_code code = simple_code(op->code, &sign);
  tree value = lower_operand(l, op, 0, NULL_TREE);
  if (op->code == BE_OP_FPTOSI || op->code == BE_OP_FPTOUI) {
    assign(l, op, type_with_sign(type, op->code == BE_OP_FPTOUI), FIX_TRUNC_EXPR, value, NULL_TREE);
    return;
  }
  if (sign != AS_IT_IS)
    value = lower_coerce(l, value, type_with_sign(TREE_TYPE(value), sign == AS_UNSIGNED));
  assign(l, op, type, code, value, NULL_TREE);
}

static void lower_simple(lower *l, const be_plan_op *op) {
  enum sign sign = AS_IT_IS;
  tree_code code = simple_code(op->code, &sign);
  tree type = work_type(l, op, lower_result_type(l, op), sign);
  tree a = lower_operand(l, op, 0, type), b = NULL_TREE;
  if (code == LSHIFT_EXPR || code == RSHIFT_EXPR)
    b = shift_count(l, op, 1);
  else if (mlirOperationGetNumOperands(op->op) == 2)
    b = lower_operand(l, op, 1, type);
  assign(l, op, type, code, a, b);
}

/* ---- vectors ------------------------------------------------------------------------------------
 */

enum { LANES_MAX = 64 };

/* What is put into each lane, when the op ends a chain that sets them all. */
static bool all_lanes(const lower *l, MlirOperation op, MlirValue *lanes) {
  int64_t lane,
      count = mlirShapedTypeGetDimSize(mlirValueGetType(mlirOperationGetResult(op, 0)), 0);
  int64_t missing = count;
  bool set[LANES_MAX] = {false};
  while (count <= LANES_MAX && be_op_code(l->ir, op) == BE_OP_INSERTELEMENT &&
         lane_of(l, op, &lane)) {
    missing -= !set[lane];
    if (!set[lane])
      lanes[lane] = mlirOperationGetOperand(op, 1);
    set[lane] = true;
    MlirValue base = mlirOperationGetOperand(op, 0);
    if (!missing || !mlirValueIsAOpResult(base))
      break;
    op = mlirOpResultGetOwner(base);
  }
  return missing == 0;
}

/* True when nobody needs the vector as it is here: only chains that set every lane go on from it.
 */
static bool is_link(const lower *l, MlirOperation op) {
  MlirValue lanes[LANES_MAX], result = mlirOperationGetResult(op, 0);
  if (be_map_get(&l->values, result.ptr))
    return false;
  for (MlirOpOperand use = mlirValueGetFirstUse(result); !mlirOpOperandIsNull(use);
       use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (be_op_code(l->ir, user) != BE_OP_INSERTELEMENT || mlirOpOperandGetOperandNumber(use) ||
        (!all_lanes(l, user, lanes) && !is_link(l, user)))
      return false;
  }
  return true;
}

static tree vector_of(lower *l, tree type, const MlirValue *lanes) {
  vec<constructor_elt, va_gc> *elements = NULL;
  bool constant = true;
  unsigned HOST_WIDE_INT count = TYPE_VECTOR_SUBPARTS(type).to_constant();
  for (unsigned HOST_WIDE_INT i = 0; i < count; i++) {
    tree value = lower_value(l, lanes[i], TREE_TYPE(type));
    constant &= CONSTANT_CLASS_P(value);
    CONSTRUCTOR_APPEND_ELT(elements, NULL_TREE, value);
  }
  return constant ? build_vector_from_ctor(type, elements) : build_constructor(type, elements);
}

static void lower_insert_lane(lower *l, const be_plan_op *op) {
  int64_t lane;
  MlirValue lanes[LANES_MAX];
  if (is_link(l, op->op))
    return;
  tree result = lower_result(l, op), type = TREE_TYPE(result);
  if (all_lanes(l, op->op, lanes)) {
    lower_put(l, op, gimple_build_assign(result, vector_of(l, type, lanes)));
    return;
  }
  lane_of(l, op->op, &lane);
  tree vector = lower_operand(l, op, 0, type), value = lower_operand(l, op, 1, TREE_TYPE(type));
  tree at = bitsize_int(lane * tree_to_shwi(TYPE_SIZE(TREE_TYPE(type))));
  lower_put(l, op, gimple_build_assign(result, BIT_INSERT_EXPR, vector, value, at));
}

static void lower_extract_lane(lower *l, const be_plan_op *op) {
  int64_t lane;
  tree vector = lower_operand(l, op, 0, NULL_TREE), type = TREE_TYPE(vector);
  tree size = TYPE_SIZE(TREE_TYPE(type));
  if (TREE_CODE(vector) != SSA_NAME)
    vector = lower_emit(l, type, TREE_CODE(vector), vector, NULL_TREE);
  lane_of(l, op->op, &lane);
  tree ref =
      build3(BIT_FIELD_REF, TREE_TYPE(type), vector, size, bitsize_int(lane * tree_to_shwi(size)));
  tree result = lower_result(l, op);
  if (useless_type_conversion_p(TREE_TYPE(result), TREE_TYPE(type))) {
    lower_put(l, op, gimple_build_assign(result, ref));
    return;
  }
  tree value = make_ssa_name(TREE_TYPE(type));
  lower_insert(l, gimple_build_assign(value, ref));
  lower_put(l, op, gimple_build_assign(result, lower_coerce(l, value, TREE_TYPE(result))));
}

void lower_arith(lower *l, const be_plan_op *op) {
  switch (op->code) {
  case BE_OP_ICMP:
  case BE_OP_FCMP:
    lower_compare_stmt(l, op);
    break;
  case BE_OP_SELECT:
    lower_select(l, op);
    break;
  case BE_OP_FSHL:
  case BE_OP_FSHR:
    lower_rotate(l, op);
    break;
  case BE_OP_ABS:
    lower_abs(l, op);
    break;
  case BE_OP_EXTRACTVALUE:
    lower_part(l, op);
    break;
  case BE_OP_INSERTELEMENT:
    lower_insert_lane(l, op);
    break;
  case BE_OP_EXTRACTELEMENT:
    lower_extract_lane(l, op);
    break;
  case BE_OP_PTRTOINT:
  case BE_OP_INTTOPTR:
    lower_pointer_cast(l, op);
    break;
  case BE_OP_BITCAST:
  case BE_OP_FREEZE:
    lower_bitcast(l, op);
    break;
  default:
    if (is_conversion(op->code))
      lower_conversion(l, op);
    else
      lower_simple(l, op);
  }
}

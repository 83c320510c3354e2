/* lower_memory.cc - addresses, loads, stores, copies, prefetches, new locals. */
#include "internal.h"

/* ---- addresses ---------------------------------------------------------------------------------
 */

/* A GEP that adds a constant: how many bytes. */
bool lower_offset(const lower *l, MlirOperation gep, HOST_WIDE_INT *offset) {
  MlirValue dynamic;
  int64_t index;
  if (be_gep_index_count(gep) != 1)
    return false;
  index = be_gep_index(gep, 0, &dynamic);
  if (!mlirValueIsNull(dynamic) && !be_value_constant(l->ir, dynamic, &index))
    return false;
  uint64_t size = be_type_size(be_gep_element(gep));
  *offset = (HOST_WIDE_INT)((uint64_t)index * size);
  return size != 0;
}

static bool is_address_use(const lower *l, MlirOpOperand use) {
  MlirOperation user = mlirOpOperandGetOwner(use);
  unsigned number = mlirOpOperandGetOperandNumber(use);
  switch (be_op_code(l->ir, user)) {
  case BE_OP_LOAD:
    return true;
  case BE_OP_STORE:
    return number == 1;
  case BE_OP_GEP:
    return number == 0 && lower_is_folded(l, user);
  default:
    return false;
  }
}

/* True when a GEP needs no statement: its users fold it into their addresses. */
bool lower_is_folded(const lower *l, MlirOperation gep) {
  HOST_WIDE_INT offset;
  MlirValue result = mlirOperationGetResult(gep, 0);
  if (be_map_get(&l->values, result.ptr) || !lower_offset(l, gep, &offset))
    return false;
  for (MlirOpOperand use = mlirValueGetFirstUse(result); !mlirOpOperandIsNull(use);
       use = mlirOpOperandGetNextUse(use))
    if (!is_address_use(l, use))
      return false;
  return true;
}

/* An address as base and offset. The base is fit for a MEM_REF: a name or a symbol's address. */
tree lower_address(lower *l, MlirValue address, HOST_WIDE_INT *offset) {
  HOST_WIDE_INT bytes;
  *offset = 0;
  while (mlirValueIsAOpResult(address)) {
    const be_plan_op *op = lower_op_of(l, mlirOpResultGetOwner(address));
    if (!op || op->code != BE_OP_GEP || !lower_offset(l, op->op, &bytes))
      break;
    if (!lower_is_folded(l, op->op) && !lower_is_constant(l, address))
      break;
    *offset += bytes;
    address = mlirOperationGetOperand(op->op, 0);
  }
  const be_plan_op *op =
      mlirValueIsAOpResult(address) ? lower_op_of(l, mlirOpResultGetOwner(address)) : NULL;
  tree symbol = op ? lower_symbol(l, op) : NULL_TREE;
  if (symbol)
    return build1(ADDR_EXPR, build_pointer_type(TREE_TYPE(symbol)), symbol);
  return lower_value(l, address, NULL_TREE);
}

static void take_address(tree base) {
  if (TREE_CODE(base) != ADDR_EXPR)
    return;
  tree decl = TREE_OPERAND(base, 0);
  if (DECL_P(decl) && TREE_CODE(decl) != FUNCTION_DECL && TREE_CODE(decl) != LABEL_DECL)
    TREE_ADDRESSABLE(decl) = 1;
}

/* base + offset as an invariant or by a new statement. */
tree lower_pointer(lower *l, tree base, HOST_WIDE_INT offset) {
  take_address(base);
  if (!offset)
    return base;
  if (TREE_CODE(base) == ADDR_EXPR &&
      (DECL_P(TREE_OPERAND(base, 0)) || TREE_CODE(TREE_OPERAND(base, 0)) == STRING_CST)) {
    tree bytes = build_int_cst(ptr_type_node, offset);
    return build1(ADDR_EXPR, ptr_type_node, build2(MEM_REF, char_type_node, base, bytes));
  }
  return lower_emit(l, TREE_TYPE(base), POINTER_PLUS_EXPR, base, size_int(offset));
}

/* ---- references --------------------------------------------------------------------------------
 */

/* The reference the op was lifted from, when there is one and it is of the same type. */
static tree old_reference(lower *l, const be_plan_op *op, MlirType type) {
  gimple *stmt = lower_main_stmt_of(l, op);
  tree ref = NULL_TREE;
  if (stmt && op->code == BE_OP_LOAD && gimple_assign_load_p(stmt))
    ref = gimple_assign_rhs1(stmt);
  else if (stmt && op->code == BE_OP_STORE)
    ref = gimple_get_lhs(stmt);
  bool same = ref && TREE_CODE(ref) != SSA_NAME && mlirTypeEqual(type_lift(TREE_TYPE(ref)), type);
  return same ? ref : NULL_TREE;
}

static tree aligned_type(tree type, int64_t align) {
  unsigned bits = align > 0 && align < 1 << 20 ? (unsigned)align * BITS_PER_UNIT : 0;
  return bits && bits < TYPE_ALIGN(type) ? build_aligned_type(type, bits) : type;
}

/* The memory at an address, as `old` was accessed (NULL_TREE: as char, aliasing anything). */
static tree reference(lower *l, MlirValue address, tree type, tree old, bool is_volatile) {
  HOST_WIDE_INT offset;
  tree base = lower_address(l, address, &offset);
  tree alias = old ? reference_alias_ptr_type(old) : ptr_type_node;
  if (!POINTER_TYPE_P(TREE_TYPE(base)))
    base = lower_coerce(l, base, ptr_type_node);
  if (!is_gimple_mem_ref_addr(base))
    base = lower_emit(l, ptr_type_node, TREE_CODE(base), base, NULL_TREE);
  tree symbol = TREE_CODE(base) == ADDR_EXPR ? TREE_OPERAND(base, 0) : NULL_TREE;
  if (symbol && DECL_P(symbol) && !offset && old == symbol &&
      (bool)TREE_THIS_VOLATILE(symbol) == is_volatile)
    return symbol;
  tree ref = build2(MEM_REF, type, base, build_int_cst(alias, offset));
  TREE_THIS_VOLATILE(ref) = is_volatile;
  TREE_SIDE_EFFECTS(ref) = is_volatile;
  return ref;
}

/* ---- loads and stores
 * ---------------------------------------------------------------------------- */

static bool is_volatile(const be_plan_op *op) { return be_op_has(op->op, "volatile_"); }

static tree access(lower *l, const be_plan_op *op, unsigned address, MlirType mlir_type,
                   tree type) {
  tree old = old_reference(l, op, mlir_type);
  type = aligned_type(old ? TREE_TYPE(old) : type, be_op_int(op->op, "alignment", 0));
  tree ref = reference(l, mlirOperationGetOperand(op->op, address), type, old, is_volatile(op));
  if (old && op->fate == BE_FATE_BUILD && TREE_CODE(ref) == MEM_REF && !tree_could_trap_p(old))
    TREE_THIS_NOTRAP(ref) = 1;
  return ref;
}

static void lower_load(lower *l, const be_plan_op *op) {
  tree result = lower_result(l, op);
  MlirType type = mlirValueGetType(mlirOperationGetResult(op->op, 0));
  tree ref = access(l, op, 0, type, TREE_TYPE(result));
  if (useless_type_conversion_p(TREE_TYPE(result), TREE_TYPE(ref))) {
    lower_put(l, op, gimple_build_assign(result, ref));
    return;
  }
  tree value = make_ssa_name(TYPE_MAIN_VARIANT(TREE_TYPE(ref)));
  gassign *load = gimple_build_assign(value, ref);
  lower_insert(l, load);
  lower_put(l, op, gimple_build_assign(result, lower_coerce(l, value, TREE_TYPE(result))));
}

static void lower_store(lower *l, const be_plan_op *op) {
  MlirValue stored = mlirOperationGetOperand(op->op, 0);
  tree type = lower_type_of(l, stored);
  tree ref = access(l, op, 1, mlirValueGetType(stored),
                    type ? TYPE_MAIN_VARIANT(type) : type_lower(mlirValueGetType(stored)));
  tree value = lower_value(l, stored, TYPE_MAIN_VARIANT(TREE_TYPE(ref)));
  lower_put(l, op, gimple_build_assign(ref, value));
}

/* ---- blocks of memory
 * ---------------------------------------------------------------------------- */

/* The aggregate assignment the op was lifted from, when it still moves as much. */
static gassign *old_copy(lower *l, const be_plan_op *op) {
  int64_t size;
  gimple *stmt = lower_main_stmt_of(l, op);
  gassign *old = stmt ? dyn_cast<gassign *>(stmt) : NULL;
  bool same = old && be_value_constant(l->ir, mlirOperationGetOperand(op->op, 2), &size) &&
              tree_to_shwi(TYPE_SIZE_UNIT(TREE_TYPE(gimple_assign_lhs(old)))) == size;
  return same ? old : NULL;
}

/* A record in memory, accessed as `old` was. How an address is aligned that a pass has put in the
 * place of another is not known. */
tree lower_record(lower *l, MlirValue address, tree old) {
  tree type = TREE_TYPE(old);
  unsigned align = l->rebuild               ? get_object_alignment(old)
                   : TREE_ADDRESSABLE(type) ? TYPE_ALIGN(type) /* it is made in place */
                                            : BITS_PER_UNIT;
  return reference(l, address, aligned_type(type, align / BITS_PER_UNIT), old, false);
}

static void lower_aggregate(lower *l, const be_plan_op *op, gassign *old) {
  tree to = gimple_assign_lhs(old), from = gimple_assign_rhs1(old);
  tree lhs = lower_record(l, mlirOperationGetOperand(op->op, 0), to);
  tree rhs = op->code == BE_OP_MEMSET ? build_constructor(TREE_TYPE(to), NULL)
                                      : lower_record(l, mlirOperationGetOperand(op->op, 1), from);
  lower_put(l, op, gimple_build_assign(lhs, rhs));
}

static void lower_block_call(lower *l, const be_plan_op *op) {
  built_in_function code = op->code == BE_OP_MEMSET   ? BUILT_IN_MEMSET
                           : op->code == BE_OP_MEMCPY ? BUILT_IN_MEMCPY
                                                      : BUILT_IN_MEMMOVE;
  tree to = lower_operand(l, op, 0, ptr_type_node);
  tree from =
      op->code == BE_OP_MEMSET
          ? lower_coerce(l, lower_operand(l, op, 1, unsigned_char_type_node), integer_type_node)
          : lower_operand(l, op, 1, ptr_type_node);
  tree size = lower_operand(l, op, 2, NULL_TREE);
  if (TYPE_PRECISION(TREE_TYPE(size)) < TYPE_PRECISION(size_type_node))
    size = lower_coerce(l, size, type_with_sign(TREE_TYPE(size), true));
  size = lower_coerce(l, size, size_type_node);
  lower_put(l, op, gimple_build_call(builtin_decl_implicit(code), 3, to, from, size));
}

/* ---- the rest
 * ------------------------------------------------------------------------------------ */

static void lower_prefetch(lower *l, const be_plan_op *op) {
  tree address = lower_operand(l, op, 0, ptr_type_node);
  tree rw = build_int_cst(integer_type_node, be_op_int(op->op, "rw", 0));
  tree locality = build_int_cst(integer_type_node, be_op_int(op->op, "hint", 3));
  lower_put(l, op,
            gimple_build_call(builtin_decl_explicit(BUILT_IN_PREFETCH), 3, address, rw, locality));
}

enum { ALIGN_MAX = 4096 };

/* A constant number of bytes or elements in the entry block. */
static bool alloca_size(lower *l, const be_plan_op *op, uint64_t *size) {
  int64_t count;
  MlirAttribute type = be_op_attr(op->op, "elem_type");
  if (!be_value_constant(l->ir, mlirOperationGetOperand(op->op, 0), &count) || count <= 0 ||
      !mlirAttributeIsAType(type))
    return false;
  *size = be_type_size(mlirTypeAttrGetValue(type)) * (uint64_t)count;
  int64_t align = be_op_int(op->op, "alignment", 1);
  return *size > 0 && *size < 1 << 30 && align > 0 && align <= ALIGN_MAX && pow2p_hwi(align) &&
         mlirTypeEqual(mlirValueGetType(mlirOperationGetResult(op->op, 0)), l->ir->ptr) &&
         mlirBlockEqual(mlirOperationGetBlock(op->op), l->plan->blocks[0].block);
}

static void lower_alloca(lower *l, const be_plan_op *op) {
  uint64_t size = 0;
  alloca_size(l, op, &size);
  tree local = create_tmp_var(build_array_type_nelts(unsigned_char_type_node, size));
  int64_t align = be_op_int(op->op, "alignment", 16);
  SET_DECL_ALIGN(local, (unsigned)MAX(align, 16) * BITS_PER_UNIT);
  DECL_USER_ALIGN(local) = 1;
  TREE_ADDRESSABLE(local) = 1;
  be_map_set(&l->values, mlirOperationGetResult(op->op, 0).ptr, local);
}

/* base + index * element size, by statements. */
static void lower_gep(lower *l, const be_plan_op *op) {
  HOST_WIDE_INT offset;
  MlirValue dynamic;
  if (lower_is_folded(l, op->op) || lower_is_constant(l, mlirOperationGetResult(op->op, 0)))
    return;
  tree base = lower_operand(l, op, 0, NULL_TREE), bytes;
  take_address(base);
  if (lower_offset(l, op->op, &offset)) {
    bytes = size_int(offset);
  } else {
    be_gep_index(op->op, 0, &dynamic);
    tree index = lower_value(l, dynamic, NULL_TREE);
    if (!TYPE_UNSIGNED(TREE_TYPE(index)) || TYPE_PRECISION(TREE_TYPE(index)) < POINTER_SIZE)
      index = lower_coerce(l, index, type_with_sign(TREE_TYPE(index), false));
    bytes = lower_coerce(l, index, sizetype);
    uint64_t size = be_type_size(be_gep_element(op->op));
    if (size != 1)
      bytes = lower_emit(l, sizetype, MULT_EXPR, bytes, size_int(size));
  }
  tree result = lower_result(l, op);
  if (!POINTER_TYPE_P(TREE_TYPE(base)))
    base = lower_coerce(l, base, TREE_TYPE(result));
  lower_put(l, op, gimple_build_assign(result, POINTER_PLUS_EXPR, base, bytes));
}

/* ---- checking and choosing
 * ------------------------------------------------------------------------ */

static bool access_can(lower *l, const be_plan_op *op, MlirType type) {
  if (be_op_int(op->op, "ordering", 0))
    return lower_cannot(l, "an atomic access");
  if (type_bits(type) != 1 && !type_is_whole(type))
    return lower_cannot(l, "memory of an integer that is no whole number of bytes");
  return old_reference(l, op, type) || type_lower(type) ||
         lower_cannot(l, "memory of a type without counterpart");
}

static bool block_of_memory_can(lower *l, const be_plan_op *op) {
  return !be_op_int(op->op, "isVolatile", 0) || lower_cannot(l, "a volatile copy");
}

static bool gep_can(lower *l, const be_plan_op *op) {
  MlirValue dynamic;
  if (!mlirTypeEqual(mlirValueGetType(mlirOperationGetOperand(op->op, 0)), l->ir->ptr) ||
      !mlirTypeEqual(mlirValueGetType(mlirOperationGetResult(op->op, 0)), l->ir->ptr))
    return lower_cannot(l, "an address that is no plain pointer");
  if (be_gep_index_count(op->op) != 1 || !be_type_size(be_gep_element(op->op)))
    return lower_cannot(l, "an address into a record by member number");
  be_gep_index(op->op, 0, &dynamic);
  return mlirValueIsNull(dynamic) ||
         (type_bits(mlirValueGetType(dynamic)) &&
          type_bits(mlirValueGetType(dynamic)) <= POINTER_SIZE) ||
         lower_cannot(l, "an address with an unusual index");
}

static bool prefetch_can(lower *l, const be_plan_op *op) {
  return (IN_RANGE(be_op_int(op->op, "rw", -1), 0, 1) &&
          IN_RANGE(be_op_int(op->op, "hint", -1), 0, 3) && be_op_int(op->op, "cache", -1) == 1) ||
         lower_cannot(l, "a prefetch of a kind that GCC has not");
}

bool lower_memory_can(lower *l, const be_plan_op *op) {
  uint64_t size;
  switch (op->code) {
  case BE_OP_GEP:
    return gep_can(l, op);
  case BE_OP_LOAD:
    return access_can(l, op, mlirValueGetType(mlirOperationGetResult(op->op, 0)));
  case BE_OP_STORE:
    return access_can(l, op, mlirValueGetType(mlirOperationGetOperand(op->op, 0)));
  case BE_OP_MEMCPY:
  case BE_OP_MEMMOVE:
  case BE_OP_MEMSET:
    return block_of_memory_can(l, op);
  case BE_OP_ALLOCA:
    return op->fate != BE_FATE_NEW || alloca_size(l, op, &size) ||
           lower_cannot(l, "a local that is not of known size and alignment, in the entry block");
  case BE_OP_PREFETCH:
    return prefetch_can(l, op);
  case BE_OP_LIFETIME_START:
  case BE_OP_LIFETIME_END:
    return true;
  default:
    return lower_cannot(l, "a memory operation that GCC has no statement for");
  }
}

void lower_memory(lower *l, const be_plan_op *op) {
  gassign *old;
  switch (op->code) {
  case BE_OP_GEP:
    lower_gep(l, op);
    break;
  case BE_OP_LOAD:
    lower_load(l, op);
    break;
  case BE_OP_STORE:
    lower_store(l, op);
    break;
  case BE_OP_MEMCPY:
  case BE_OP_MEMMOVE:
  case BE_OP_MEMSET:
    old = old_copy(l, op);
    if (old)
      lower_aggregate(l, op, old);
    else
      lower_block_call(l, op);
    break;
  case BE_OP_ALLOCA:
    if (op->fate == BE_FATE_NEW)
      lower_alloca(l, op);
    break;
  case BE_OP_PREFETCH:
    lower_prefetch(l, op);
    break;
  default: /* the bounds of a new local's life are left to GCC */
    break;
  }
}

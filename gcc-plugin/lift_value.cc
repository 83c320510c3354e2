/* lift_value.cc - operands: SSA names, constants, addresses of symbols and locals. */
#include "internal.h"

/* ---- the entry block ---------------------------------------------------------------------------
 */

static void enter(lift *l) {
  be_function_at_block(l->out, 0);
  be_function_at_stmt(l->out, -1, l->ir->unknown_loc);
}

static void leave(lift *l) {
  be_function_at_block(l->out, l->block);
  be_function_at_stmt(l->out, l->stmt, l->loc);
}

static int add_ref(lift *l, tree value) {
  if (l->ref_count == l->ref_capacity) {
    l->ref_capacity = l->ref_capacity ? 2 * l->ref_capacity : 16;
    l->refs = XRESIZEVEC(tree, l->refs, l->ref_capacity);
  }
  l->refs[l->ref_count] = value;
  return l->ref_count++;
}

/* A value that only GCC understands. */
MlirValue lift_host(lift *l, tree value, MlirType type) {
  void *known = be_map_get(&l->constants, value);
  if (known)
    return MlirValue{known};
  enter(l);
  MlirValue host = be_build_host(l->b, type, add_ref(l, value));
  leave(l);
  be_map_set(&l->constants, value, (void *)host.ptr);
  return host;
}

static MlirValue constant(lift *l, MlirType type, MlirAttribute attr) {
  void *known = be_map_get(&l->constants, attr.ptr);
  if (known)
    return MlirValue{known};
  enter(l);
  MlirValue value = be_build_constant(l->b, type, attr);
  leave(l);
  be_map_set(&l->constants, attr.ptr, (void *)value.ptr);
  return value;
}

MlirValue lift_int(lift *l, MlirType type, HOST_WIDE_INT value) {
  return constant(l, type, mlirIntegerAttrGet(type, value));
}

/* Of a vector; the pointers' type as a key stands for the null pointer. */
MlirValue lift_undef(lift *l, MlirType type) {
  void *known = be_map_get(&l->constants, type.ptr);
  if (known)
    return MlirValue{known};
  enter(l);
  MlirValue undef = be_build_undef(l->b, type);
  leave(l);
  be_map_set(&l->constants, type.ptr, (void *)undef.ptr);
  return undef;
}

/* ---- symbols and locals -------------------------------------------------------------------------
 */

static const char *symbol_name(tree decl) {
  if (!HAS_DECL_ASSEMBLER_NAME_P(decl) || !DECL_ASSEMBLER_NAME_SET_P(decl))
    return NULL;
  const char *name = IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(decl));
  return *name == '*' ? name + 1 : name;
}

static MlirType function_type(lift *l, tree type) {
  MlirType params[32], result = type_lift(TREE_TYPE(type));
  size_t n = 0;
  for (tree arg = TYPE_ARG_TYPES(type); arg && arg != void_list_node && n < 32;
       arg = TREE_CHAIN(arg)) {
    params[n] = type_lift(TREE_VALUE(arg));
    if (!params[n].ptr)
      params[n] = l->ir->ptr;
    n++;
  }
  return mlirLLVMFunctionTypeGet(result.ptr ? result : l->ir->void_type, (intptr_t)n, params,
                                 stdarg_p(type));
}

static uint64_t size_of(tree decl) {
  tree size = DECL_SIZE_UNIT(decl);
  return size && tree_fits_uhwi_p(size) ? tree_to_uhwi(size) : 0;
}

static MlirValue symbol(lift *l, tree decl, const char *name) {
  size_t len = strlen(name);
  if (TREE_CODE(decl) == FUNCTION_DECL)
    be_function_declare(l->out, name, len, function_type(l, TREE_TYPE(decl)));
  else
    be_function_declare_global(l->out, name, len, size_of(decl), DECL_ALIGN_UNIT(decl),
                               TREE_READONLY(decl));
  enter(l);
  return be_build_addressof(l->b, name, len);
}

/* A local in memory: an alloca of bytes. */
static MlirValue local(lift *l, tree decl) {
  MlirType bytes = mlirLLVMArrayTypeGet(l->ir->i8, (unsigned)size_of(decl));
  MlirValue one = lift_int(l, l->ir->i64, 1);
  MlirNamedAttribute attrs[2] = {
      be_attr(l->ir, "elem_type", mlirTypeAttrGet(bytes)),
      be_attr(l->ir, "alignment", mlirIntegerAttrGet(l->ir->i64, DECL_ALIGN_UNIT(decl)))};
  be_op_parts parts = {&one, 1, &l->ir->ptr, 1, attrs, 2, NULL, 0};
  enter(l);
  return mlirOperationGetResult(be_build(l->b, BE_OP_ALLOCA, &parts), 0);
}

static bool is_local(tree decl) {
  return (VAR_P(decl) || TREE_CODE(decl) == PARM_DECL || TREE_CODE(decl) == RESULT_DECL) &&
         !is_global_var(decl) && size_of(decl) && size_of(decl) <= UINT_MAX;
}

/* The address of a declaration, or of a constant in memory. */
MlirValue lift_symbol(lift *l, tree decl) {
  void *known = be_map_get(&l->constants, decl);
  if (known)
    return MlirValue{known};
  bool global = TREE_CODE(decl) == FUNCTION_DECL || (VAR_P(decl) && is_global_var(decl));
  const char *name =
      global && !(VAR_P(decl) && DECL_THREAD_LOCAL_P(decl)) ? symbol_name(decl) : NULL;
  MlirValue value;
  if (name)
    value = symbol(l, decl, name);
  else if (is_local(decl))
    value = local(l, decl);
  else {
    enter(l);
    value = be_build_host(l->b, l->ir->ptr, add_ref(l, decl));
  }
  leave(l);
  be_map_set(&l->constants, decl, (void *)value.ptr);
  be_map_set(&l->symbols, (void *)(intptr_t)be_function_entry_count(l->out), decl);
  return value;
}

/* &symbol + offset: known throughout the function. */
static MlirValue invariant_address(lift *l, tree value) {
  poly_int64 bytes;
  HOST_WIDE_INT offset;
  tree base = get_addr_base_and_unit_offset(TREE_OPERAND(value, 0), &bytes);
  if (!base || !bytes.is_constant(&offset) || TREE_CODE(base) == LABEL_DECL ||
      !(DECL_P(base) || TREE_CODE(base) == STRING_CST))
    return lift_host(l, value, l->ir->ptr);
  MlirValue address = lift_symbol(l, base);
  if (!offset)
    return address;
  enter(l);
  address = be_build_offset(l->b, address, offset, true);
  leave(l);
  return address;
}

/* ---- constants ----------------------------------------------------------------------------------
 */

static MlirValue int_constant(lift *l, tree value) {
  MlirType type = type_lift(TREE_TYPE(value));
  if (!type_bits(type) || !wi::fits_shwi_p(wi::to_wide(value)))
    return lift_host(l, value, type);
  void *known = be_map_get(&l->constants, value);
  if (known)
    return MlirValue{known};
  MlirValue made = lift_int(l, type, wi::to_wide(value).to_shwi());
  be_map_set(&l->constants, value, (void *)made.ptr);
  return made;
}

static MlirValue pointer_constant(lift *l, tree value) {
  if (!integer_zerop(value))
    return lift_host(l, value, l->ir->ptr);
  void *known = be_map_get(&l->constants, l->ir->ptr.ptr);
  if (known)
    return MlirValue{known};
  enter(l);
  MlirValue null = be_build_zero(l->b, l->ir->ptr);
  leave(l);
  be_map_set(&l->constants, l->ir->ptr.ptr, (void *)null.ptr);
  return null;
}

static MlirValue real_constant(lift *l, tree value) {
  MlirType type = type_lift(TREE_TYPE(value));
  const REAL_VALUE_TYPE *real = TREE_REAL_CST_PTR(value);
  if ((!mlirTypeEqual(type, l->ir->f32) && !mlirTypeEqual(type, l->ir->f64)) || real->cl == rvc_nan)
    return lift_host(l, value, type);
  long words[2];
  uint64_t bits;
  double number;
  real_to_target(words, real, DFmode);
  uint64_t low = (uint32_t)words[FLOAT_WORDS_BIG_ENDIAN],
           high = (uint32_t)words[!FLOAT_WORDS_BIG_ENDIAN];
  bits = high << 32 | low;
  memcpy(&number, &bits, sizeof number);
  return constant(l, type, mlirFloatAttrDoubleGet(l->ir->ctx, type, number));
}

/* ---- values
 * -------------------------------------------------------------------------------------- */

void lift_define(lift *l, tree name, MlirValue value) {
  l->ssa[SSA_NAME_VERSION(name)] = (void *)value.ptr;
}

bool lift_is_operand(tree value) {
  return TREE_CODE(value) == SSA_NAME || is_gimple_min_invariant(value);
}

static MlirValue ssa_value(lift *l, tree name) {
  void *known = l->ssa[SSA_NAME_VERSION(name)];
  if (known)
    return MlirValue{known};
  if (!SSA_NAME_IS_DEFAULT_DEF(name))
    lift_decline(l, BE_REASON_UNSUPPORTED_CFG, "a value without a definition");
  MlirType type = type_lift(TREE_TYPE(name));
  if (!type.ptr)
    lift_decline(l, BE_REASON_UNSUPPORTED_TYPE, "a value");
  MlirValue value = lift_host(l, name, type.ptr ? type : l->ir->i8);
  lift_define(l, name, value);
  return value;
}

MlirValue lift_value(lift *l, tree value) {
  switch (TREE_CODE(value)) {
  case SSA_NAME:
    return ssa_value(l, value);
  case INTEGER_CST:
    return POINTER_TYPE_P(TREE_TYPE(value)) ? pointer_constant(l, value) : int_constant(l, value);
  case REAL_CST:
    return real_constant(l, value);
  case ADDR_EXPR:
    return invariant_address(l, value);
  default: {
    MlirType type = type_lift(TREE_TYPE(value));
    if (!type.ptr)
      lift_decline(l, BE_REASON_UNSUPPORTED_TYPE, "a constant");
    return lift_host(l, value, type.ptr ? type : l->ir->i8);
  }
  }
}

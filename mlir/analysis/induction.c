/* induction.c - induction variables, and the comparison that ends a loop. */
#include "backedge/analysis.h"
#include "internal.h"

MlirValue be_value_strip(const struct be_ir *ir, MlirValue value) {
  while (be_value_code(ir, value) == BE_OP_BITCAST) {
    MlirValue from = mlirOperationGetOperand(be_value_def(value), 0);
    if (!mlirTypeEqual(mlirValueGetType(from), mlirValueGetType(value)))
      break;
    value = from;
  }
  return value;
}

/* Reads value as root + *offset, through additions of constants; *no_wrap stays true while none of
 * them may overflow. Pointers count in bytes. */
static MlirValue strip_offset(const struct be_ir *ir, MlirValue value, int64_t *offset,
                              bool *no_wrap) {
  *offset = 0;
  for (;;) {
    value = be_value_strip(ir, value);
    enum be_opcode code = be_value_code(ir, value);
    MlirOperation op = be_value_def(value);
    int64_t constant;
    if ((code == BE_OP_ADD || code == BE_OP_SUB) &&
        be_value_constant(ir, mlirOperationGetOperand(op, 1), &constant) && constant > INT32_MIN &&
        constant < INT32_MAX) {
      *no_wrap &= (be_op_overflow(ir, op) & BE_OVERFLOW_NSW) != 0;
      *offset += code == BE_OP_ADD ? constant : -constant;
    } else if (code == BE_OP_GEP && be_gep_index_count(op) == 1) {
      MlirValue dynamic;
      int64_t index = be_gep_index(op, 0, &dynamic);
      int64_t size = (int64_t)be_type_size(be_gep_element(op));
      if (!mlirValueIsNull(dynamic) && !be_value_constant(ir, dynamic, &index))
        return value;
      if (size <= 0 || size > 1 << 20 || index > 1 << 20 || index < -(1 << 20))
        return value;
      *offset += index * size;
    } else {
      return value;
    }
    value = mlirOperationGetOperand(op, 0);
  }
}

bool be_induction_read(const struct be_cfg *cfg, const struct be_loop *loop, MlirValue value,
                       struct be_induction *out) {
  value = be_value_strip(cfg->ir, value);
  if (!mlirValueIsABlockArgument(value) || be_cfg_value_block(cfg, value) != loop->header)
    return false;
  intptr_t arg = mlirBlockArgumentGetArgNumber(value);
  bool wrap_matters_not = true, found = false;
  *out = (struct be_induction){.value = value};
  for (int p = cfg->pred_first[loop->header]; p < cfg->pred_first[loop->header + 1]; p++) {
    if (!loop->contains[cfg->preds[p]])
      continue;
    int64_t step;
    MlirValue next = be_cfg_incoming(cfg, loop->header, arg, cfg->preds[p]);
    if (mlirValueIsNull(next) ||
        !mlirValueEqual(strip_offset(cfg->ir, next, &step, &wrap_matters_not), value))
      return false;
    if (step == 0 || (found && step != out->step))
      return false;
    out->step = step;
    found = true;
  }
  if (loop->entry >= 0)
    out->first = be_cfg_incoming(cfg, loop->header, arg, loop->entry);
  return found;
}

/* ---- bounds ---- */

static enum be_icmp swapped(enum be_icmp predicate) {
  static const enum be_icmp table[] = {
      [BE_ICMP_EQ] = BE_ICMP_EQ,   [BE_ICMP_NE] = BE_ICMP_NE,   [BE_ICMP_SLT] = BE_ICMP_SGT,
      [BE_ICMP_SLE] = BE_ICMP_SGE, [BE_ICMP_SGT] = BE_ICMP_SLT, [BE_ICMP_SGE] = BE_ICMP_SLE,
      [BE_ICMP_ULT] = BE_ICMP_UGT, [BE_ICMP_ULE] = BE_ICMP_UGE, [BE_ICMP_UGT] = BE_ICMP_ULT,
      [BE_ICMP_UGE] = BE_ICMP_ULE};
  return table[predicate];
}

static enum be_icmp negated(enum be_icmp predicate) {
  static const enum be_icmp table[] = {
      [BE_ICMP_EQ] = BE_ICMP_NE,   [BE_ICMP_NE] = BE_ICMP_EQ,   [BE_ICMP_SLT] = BE_ICMP_SGE,
      [BE_ICMP_SLE] = BE_ICMP_SGT, [BE_ICMP_SGT] = BE_ICMP_SLE, [BE_ICMP_SGE] = BE_ICMP_SLT,
      [BE_ICMP_ULT] = BE_ICMP_UGE, [BE_ICMP_ULE] = BE_ICMP_UGT, [BE_ICMP_UGT] = BE_ICMP_ULE,
      [BE_ICMP_UGE] = BE_ICMP_ULT};
  return table[predicate];
}

/* One side of the comparison varies with the loop, the other does not. */
static bool read_sides(const struct be_cfg *cfg, const struct be_loop *loop, MlirOperation compare,
                       struct be_bound *out) {
  for (intptr_t side = 0; side < 2; side++) {
    MlirValue varying = mlirOperationGetOperand(compare, side);
    MlirValue limit = mlirOperationGetOperand(compare, 1 - side);
    out->no_wrap = true;
    MlirValue root = strip_offset(cfg->ir, varying, &out->offset, &out->no_wrap);
    if (be_loop_has_value(cfg, loop, limit) || !be_induction_read(cfg, loop, root, &out->induction))
      continue;
    out->predicate = side == 0 ? be_op_icmp(compare) : swapped(be_op_icmp(compare));
    out->limit = limit;
    return true;
  }
  return false;
}

/* A test made before a step of one, `v > limit`, is `v - 1 >= limit` about the next iteration's
 * variable: having passed, the step cannot wrap. */
static bool next_reaches(struct be_bound *bound) {
  enum be_icmp is = bound->predicate;
  static const enum be_icmp reached[] = {[BE_ICMP_SLT] = BE_ICMP_SLE,
                                         [BE_ICMP_ULT] = BE_ICMP_ULE,
                                         [BE_ICMP_SGT] = BE_ICMP_SGE,
                                         [BE_ICMP_UGT] = BE_ICMP_UGE};
  bool up = bound->induction.step == 1 && (is == BE_ICMP_SLT || is == BE_ICMP_ULT);
  bool down = bound->induction.step == -1 && (is == BE_ICMP_SGT || is == BE_ICMP_UGT);
  if (bound->offset != 0 || !(up || down))
    return false;
  bound->predicate = reached[is];
  return true;
}

static int single_predecessor(const struct be_cfg *cfg, int block) {
  int first = cfg->pred_first[block];
  return cfg->pred_first[block + 1] == first + 1 ? cfg->preds[first] : -1;
}

bool be_bound_read(const struct be_cfg *cfg, const struct be_loop *loop, struct be_bound *out) {
  *out = (struct be_bound){0};
  if (loop->exiting < 0 || loop->exit_edges != 1)
    return false;
  MlirOperation term = cfg->terms[loop->exiting];
  if (be_op_code(cfg->ir, term) != BE_OP_COND_BR)
    return false;
  if (!be_loop_always_runs(cfg, loop, loop->exiting) ||
      cfg->loop_of[loop->exiting] != (int)(loop - cfg->loops))
    return false; /* not tested once per iteration */
  MlirOperation compare = be_value_def(mlirOperationGetOperand(term, 0));
  if (mlirOperationIsNull(compare) || be_op_code(cfg->ir, compare) != BE_OP_ICMP ||
      !read_sides(cfg, loop, compare, out))
    return false;
  int stay = be_cfg_number(cfg, mlirOperationGetSuccessor(term, 0));
  if (!loop->contains[stay]) {
    stay = be_cfg_number(cfg, mlirOperationGetSuccessor(term, 1));
    out->predicate = negated(out->predicate);
  }
  struct be_guard again;
  if (be_loop_goes_on(cfg, loop, &again)) {
    /* The test decides about the next iteration, whose variable is one step on. */
    if (!next_reaches(out))
      out->offset -= out->induction.step;
    out->no_wrap &= out->offset == 0;
    out->body = loop->header;
  } else {
    out->always_tested = true;
    out->body = stay;
    if (single_predecessor(cfg, stay) != loop->exiting)
      return false;
  }
  return true;
}

/* ---- ends ---- */

/* Steps of one meet the limit, or pass it where it is not the last value of its type. */
static bool bound_ends(const struct be_bound *bound) {
  bool strict = bound->predicate == BE_ICMP_NE || bound->predicate == BE_ICMP_SLT ||
                bound->predicate == BE_ICMP_SGT || bound->predicate == BE_ICMP_ULT ||
                bound->predicate == BE_ICMP_UGT;
  return strict && (bound->induction.step == 1 || bound->induction.step == -1);
}

static bool ends(const struct be_cfg *cfg, const struct be_loop *loop) {
  struct be_bound bound;
  if (be_bound_read(cfg, loop, &bound) && bound_ends(&bound))
    return true;
  for (int p = cfg->pred_first[loop->header]; p < cfg->pred_first[loop->header + 1]; p++)
    if (loop->contains[cfg->preds[p]] && !be_op_has(cfg->terms[cfg->preds[p]], BE_ATTR_FINITE))
      return false;
  return true;
}

/* A way back to a block that does not dominate where it comes from is a loop of several entries,
 * about which nothing is known. */
static bool is_reducible(const struct be_cfg *cfg, const struct be_loop *loop) {
  for (int b = 0; b < (int)cfg->count; b++)
    for (int p = cfg->pred_first[b]; loop->contains[b] && p < cfg->pred_first[b + 1]; p++)
      if (cfg->preds[p] >= b && loop->contains[cfg->preds[p]] &&
          !be_cfg_dominates(cfg, b, cfg->preds[p]))
        return false;
  return true;
}

bool be_loop_inner_end(const struct be_cfg *cfg, const struct be_loop *loop) {
  if (be_op_has(mlirBlockGetParentOperation(cfg->blocks[0]), BE_ATTR_FINITE))
    return true;
  for (size_t i = 0; i < cfg->loop_count; i++) {
    const struct be_loop *inner = &cfg->loops[i];
    if (loop->contains[inner->header] && inner->depth > loop->depth && !ends(cfg, inner))
      return false;
  }
  return is_reducible(cfg, loop);
}

/* A constant as the predicate reads it; NE reads it either way. */
static bool read_limit(const struct be_ir *ir, MlirValue value, bool is_unsigned, __int128 *out) {
  int64_t constant;
  if (mlirValueIsNull(value) || !be_value_constant(ir, value, &constant))
    return false;
  MlirType type = mlirValueGetType(value);
  unsigned width = mlirTypeIsAInteger(type) ? mlirIntegerTypeGetWidth(type) : 64;
  if (width > 64)
    return false;
  *out = is_unsigned ? (__int128)((uint64_t)constant & (UINT64_MAX >> (64 - width))) : constant;
  return true;
}

uint64_t be_bound_trip_count(const struct be_cfg *cfg, const struct be_bound *bound) {
  enum be_icmp is = bound->predicate;
  bool is_unsigned =
      is == BE_ICMP_ULT || is == BE_ICMP_ULE || is == BE_ICMP_UGT || is == BE_ICMP_UGE;
  bool inclusive = is == BE_ICMP_SLE || is == BE_ICMP_ULE || is == BE_ICMP_SGE || is == BE_ICMP_UGE;
  __int128 first, limit, step = bound->induction.step;
  if (!read_limit(cfg->ir, bound->induction.first, is_unsigned, &first) ||
      !read_limit(cfg->ir, bound->limit, is_unsigned, &limit))
    return 0;
  __int128 reach = limit - (first + bound->offset);
  if (step < 0) {
    reach = -reach;
    step = -step;
  }
  if (is == BE_ICMP_EQ || reach + inclusive <= 0)
    return bound->always_tested || is == BE_ICMP_NE ? 0 : 1; /* one, and then NE wraps */
  return (uint64_t)((reach + inclusive + step - 1) / step);
}

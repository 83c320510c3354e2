/* ahead.c - computing what a later iteration of a loop will compute (ahead.h). */
#include "backedge/ahead.h"
#include "internal.h"
#include <stdlib.h>

enum { DEPTH_MAX = 40, CONDITIONS_MAX = BE_AHEAD_TRIPS + 3 };

/* What is known of a value of the loop. */
struct verdict {
  int level; /* loads on the longest path; -1: not to be had */
  bool varies;
  bool changes;        /* reads memory that the loop may write */
  MlirOperation there; /* a load on the path that every iteration makes; or null */
  enum be_reason reason;
};

/* What was built for one anchor and distance. */
struct copies {
  MlirOperation anchor;
  int64_t distance;
  MlirValue iterations; /* how many iterations ahead, in the bounding induction's integer type */
  struct be_map values[BE_AHEAD_TRIPS]; /* by trip: MlirValue.ptr -> copy's ptr */
  struct copies *next;
};

struct be_ahead {
  const struct be_cfg *cfg;
  const struct be_ir *ir;
  const struct be_loop *loop;
  struct be_bound bound;
  bool bounded, may_leave;
  MlirOperation *writes; /* stores and other ops that write memory */
  size_t write_count, write_capacity;
  struct be_map verdicts[BE_AHEAD_TRIPS]; /* by trip: MlirValue.ptr -> struct verdict * */
  struct copies *copies;
  MlirValue last; /* last value of the bounding induction, built in the loop's entry; or null */
};

/* ---- the loop ---- */

static void note_op(struct be_ahead *ahead, MlirOperation op) {
  enum be_opcode code = be_op_code(ahead->ir, op);
  unsigned effects = be_op_effects(ahead->ir, op);
  if (effects & BE_EFFECT_TERM) {
    ahead->may_leave |= code != BE_OP_BR && code != BE_OP_COND_BR && code != BE_OP_SWITCH;
    return;
  }
  bool plain = code == BE_OP_PREFETCH || code == BE_OP_MEMCPY || code == BE_OP_MEMMOVE ||
               code == BE_OP_MEMSET || code == BE_OP_LIFETIME_START || code == BE_OP_LIFETIME_END;
  ahead->may_leave |= (effects & BE_EFFECT_THROW) || ((effects & BE_EFFECT_PIN) && !plain);
  if ((effects & BE_EFFECT_WRITE) && code != BE_OP_PREFETCH) {
    ahead->writes = be_grow(ahead->writes, ahead->write_count, &ahead->write_capacity, 1,
                            sizeof *ahead->writes);
    ahead->writes[ahead->write_count++] = op;
  }
}

/* The limit's form must say in which direction the loop runs. */
static bool bound_usable(const struct be_ahead *ahead) {
  const struct be_bound *bound = &ahead->bound;
  MlirType type = mlirValueGetType(bound->induction.value);
  bool integer = mlirTypeIsAInteger(type);
  unsigned width = integer ? mlirIntegerTypeGetWidth(type) : 64;
  if (!integer && !mlirTypeEqual(type, ahead->ir->ptr))
    return false;
  if (width < 16 || width > 64 ||
      (uint64_t)llabs(bound->induction.step) > (UINT64_MAX >> (64 - width)) / BE_AHEAD_MAX)
    return false;
  if (bound->predicate == BE_ICMP_NE)
    return true;
  if (bound->offset &&
      !(bound->always_tested && bound->no_wrap && integer && bound->predicate <= BE_ICMP_SGE))
    return false;
  if (!bound->always_tested && mlirValueIsNull(bound->induction.first))
    return false;
  switch (bound->predicate) {
  case BE_ICMP_SLT:
  case BE_ICMP_SLE:
  case BE_ICMP_ULT:
  case BE_ICMP_ULE:
    return bound->induction.step > 0;
  case BE_ICMP_SGT:
  case BE_ICMP_SGE:
  case BE_ICMP_UGT:
  case BE_ICMP_UGE:
    return bound->induction.step < 0;
  default:
    return false;
  }
}

struct be_ahead *be_ahead_create(const struct be_cfg *cfg, const struct be_loop *loop) {
  struct be_ahead *ahead = be_calloc(1, sizeof *ahead);
  ahead->cfg = cfg;
  ahead->ir = cfg->ir;
  ahead->loop = loop;
  for (size_t b = 0; b < cfg->count; b++) {
    if (!loop->contains[b])
      continue;
    MlirOperation op = mlirBlockGetFirstOperation(cfg->blocks[b]);
    for (; !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op))
      note_op(ahead, op);
  }
  ahead->may_leave |= !be_loop_inner_end(cfg, loop);
  ahead->bounded = be_bound_read(cfg, loop, &ahead->bound) && bound_usable(ahead);
  return ahead;
}

void be_ahead_destroy(struct be_ahead *ahead) {
  for (int trip = 0; trip < BE_AHEAD_TRIPS; trip++) {
    struct be_map *verdicts = &ahead->verdicts[trip];
    for (size_t i = 0; i < verdicts->capacity; i++)
      if (verdicts->slots[i].key)
        free(verdicts->slots[i].value);
    be_map_clear(verdicts);
  }
  for (struct copies *at = ahead->copies, *next; at; at = next) {
    next = at->next;
    for (int trip = 0; trip < BE_AHEAD_TRIPS; trip++)
      be_map_clear(&at->values[trip]);
    free(at);
  }
  free(ahead->writes);
  free(ahead);
}

const struct be_bound *be_ahead_bound(const struct be_ahead *ahead) {
  return ahead->bounded ? &ahead->bound : NULL;
}

bool be_ahead_may_leave(const struct be_ahead *ahead) { return ahead->may_leave; }

int be_ahead_place(const struct be_ahead *ahead, int block) {
  const struct be_cfg *cfg = ahead->cfg;
  int self = (int)(ahead->loop - cfg->loops);
  while (cfg->loop_of[block] != self || !be_loop_always_runs(cfg, ahead->loop, block)) {
    if (block == ahead->loop->header)
      return -1;
    block = cfg->idom[block];
  }
  if (!ahead->bound.always_tested || be_cfg_dominates(cfg, ahead->bound.body, block))
    return block;
  block = ahead->bound.body;
  return cfg->loop_of[block] == self && be_loop_always_runs(cfg, ahead->loop, block) ? block : -1;
}

/* ---- may it be had? -------------------------------------------------------------------------- */

/* `user` is the block that uses the value, `trip` the inner loop's. */
static struct verdict judge(struct be_ahead *ahead, MlirValue value, int user, int trip,
                            unsigned depth);

static struct verdict refuse(enum be_reason reason) {
  return (struct verdict){.level = -1, .reason = reason};
}

/* The innermost loop around a block, when it is inside ours. */
static const struct be_loop *inner_loop(const struct be_ahead *ahead, int block) {
  const struct be_loop *loop = &ahead->cfg->loops[ahead->cfg->loop_of[block]];
  return loop == ahead->loop ? NULL : loop;
}

/* What an argument, not of our loop's header, stands for: a value that one predecessor hands over,
 * in the trip *trip of that value's loop. Null: one of several. */
static MlirValue origin(const struct be_ahead *ahead, MlirValue argument, int *trip, int *from) {
  int block = be_cfg_value_block(ahead->cfg, argument);
  const struct be_loop *inner = inner_loop(ahead, block);
  int first = ahead->cfg->pred_first[block];
  *from = -1;
  if (inner && inner->header == block)
    *from = *trip == 0 ? inner->entry : inner->latch;
  else if (ahead->cfg->pred_first[block + 1] == first + 1)
    *from = ahead->cfg->preds[first];
  if (*from < 0)
    return (MlirValue){NULL};
  if (inner && inner->header == block)
    *trip = *trip == 0 ? 0 : *trip - 1;
  return be_cfg_incoming(ahead->cfg, block, mlirBlockArgumentGetArgNumber(argument), *from);
}

/* What a value made of several needs. */
static void add_verdict(struct verdict *all, struct verdict one) {
  if (all->level < 0)
    return;
  if (one.level < 0) {
    *all = one;
    return;
  }
  all->level = one.level > all->level ? one.level : all->level;
  all->varies |= one.varies;
  all->changes |= one.changes;
  if (mlirOperationIsNull(all->there))
    all->there = one.there;
}

/* An argument that is one of two values, as a branch of the loop decides. */
static struct verdict judge_choice(struct be_ahead *ahead, MlirValue value, int trip,
                                   unsigned depth) {
  const struct be_cfg *cfg = ahead->cfg;
  int block = be_cfg_value_block(cfg, value), preds[2];
  intptr_t number = mlirBlockArgumentGetArgNumber(value);
  const struct be_loop *inner = inner_loop(ahead, block);
  struct be_guard guard;
  if ((inner && inner->header == block) || !be_cfg_choice(cfg, block, &guard, preds))
    return refuse(BE_REASON_GUARDED);
  struct verdict all = judge(ahead, guard.value, guard.block, trip, depth);
  for (int i = 0; i < 2; i++) {
    MlirValue one = be_cfg_incoming(cfg, block, number, preds[i]);
    add_verdict(&all, mlirValueIsNull(one) ? refuse(BE_REASON_GUARDED)
                                           : judge(ahead, one, block, trip, depth));
  }
  return all;
}

static struct verdict judge_argument(struct be_ahead *ahead, MlirValue value, int trip,
                                     unsigned depth) {
  struct be_induction induction;
  if (be_cfg_value_block(ahead->cfg, value) == ahead->loop->header) {
    MlirType type = mlirValueGetType(value);
    bool usable = mlirTypeEqual(type, ahead->ir->ptr) ||
                  (mlirTypeIsAInteger(type) && mlirIntegerTypeGetWidth(type) >= 16 &&
                   mlirIntegerTypeGetWidth(type) <= 64);
    if (!usable || !be_induction_read(ahead->cfg, ahead->loop, value, &induction))
      return refuse(BE_REASON_RECURRENCE);
    return (struct verdict){.varies = true};
  }
  int from, asked = trip;
  MlirValue is = origin(ahead, value, &trip, &from);
  return mlirValueIsNull(is) ? judge_choice(ahead, value, asked, depth)
                             : judge(ahead, is, be_cfg_value_block(ahead->cfg, value), trip, depth);
}

/* A division may trap; copied only when its divisor cannot be the one that does. */
static bool division_safe(const struct be_ahead *ahead, MlirOperation op) {
  enum be_opcode code = be_op_code(ahead->ir, op);
  if (code < BE_OP_UDIV || code > BE_OP_SREM)
    return false; /* it traps for reasons of its own */
  MlirValue divisor = mlirOperationGetOperand(op, 1);
  int64_t constant;
  if (be_value_constant(ahead->ir, divisor, &constant))
    return constant != 0 && constant != -1;
  bool is_unsigned = code == BE_OP_UDIV || code == BE_OP_UREM;
  int block = be_cfg_number(ahead->cfg, mlirOperationGetBlock(op));
  return is_unsigned && !ahead->may_leave && !be_loop_has_value(ahead->cfg, ahead->loop, divisor) &&
         be_loop_always_runs(ahead->cfg, ahead->loop, block);
}

static bool may_change(const struct be_ahead *ahead, MlirOperation load) {
  for (size_t i = 0; i < ahead->write_count; i++)
    if (be_op_code(ahead->ir, ahead->writes[i]) != BE_OP_STORE ||
        be_access_may_alias(ahead->ir, load, ahead->writes[i]))
      return true;
  return false;
}

/* The conditions on which a block is run in an inner loop's trip: a condition and the trip in which
 * it is asked. */
struct condition {
  struct be_guard guard;
  int trip;
};

/* Returns their number, or -1 when they cannot be told. A trip but the first is made when the trip
 * before it was and did not end the loop. */
static int conditions_of(const struct be_ahead *ahead, int block, int trip,
                         struct condition out[CONDITIONS_MAX]) {
  int count = 0;
  if (trip > 0) {
    const struct be_loop *inner = inner_loop(ahead, block);
    struct be_guard again;
    if (!inner || !be_loop_always_runs(ahead->cfg, inner, block) ||
        !be_loop_goes_on(ahead->cfg, inner, &again))
      return -1;
    for (; trip > 0; trip--)
      out[count++] = (struct condition){again, trip - 1};
    block = inner->header;
  }
  for (; !be_loop_always_runs(ahead->cfg, ahead->loop, block); block = out[count - 1].guard.block) {
    if (count == CONDITIONS_MAX)
      return -1;
    out[count].trip = 0;
    if (!be_loop_guard(ahead->cfg, ahead->loop, block, &out[count++].guard))
      return -1;
  }
  return count;
}

/* The conditions' part in a load's verdict. */
static struct verdict judge_conditions(struct be_ahead *ahead, MlirOperation op, int trip,
                                       struct verdict address, unsigned depth) {
  struct condition conditions[CONDITIONS_MAX];
  int count =
      conditions_of(ahead, be_cfg_number(ahead->cfg, mlirOperationGetBlock(op)), trip, conditions);
  struct verdict all = address;
  if (count < 0)
    return refuse(BE_REASON_GUARDED);
  for (int i = 0; i < count; i++) {
    struct verdict one = judge(ahead, conditions[i].guard.value, conditions[i].guard.block,
                               conditions[i].trip, depth);
    if (one.level < 0)
      return refuse(BE_REASON_GUARDED);
    all.level = one.level > all.level ? one.level : all.level;
    all.changes |= one.changes;
  }
  if (count == 0)
    all.there = op;
  else if (!be_access_covers(ahead->ir, all.there, op))
    return refuse(BE_REASON_GUARDED);
  return all;
}

static struct verdict judge_load(struct be_ahead *ahead, MlirOperation op, int trip,
                                 unsigned depth) {
  if (be_op_effects(ahead->ir, op) & BE_EFFECT_PIN)
    return refuse(BE_REASON_NOT_COPYABLE);
  int block = be_cfg_number(ahead->cfg, mlirOperationGetBlock(op));
  struct verdict verdict = judge(ahead, mlirOperationGetOperand(op, 0), block, trip, depth);
  if (verdict.level < 0)
    return verdict;
  if (!ahead->bounded)
    return refuse(BE_REASON_UNKNOWN_BOUND);
  if (ahead->may_leave)
    return refuse(BE_REASON_MAY_LEAVE);
  verdict = judge_conditions(ahead, op, trip, verdict, depth);
  if (verdict.level < 0)
    return verdict;
  if (verdict.changes)
    return refuse(BE_REASON_MAY_CHANGE);
  verdict.level++;
  verdict.varies = true;
  verdict.changes = may_change(ahead, op);
  return verdict;
}

static struct verdict judge_op(struct be_ahead *ahead, MlirValue value, int trip, unsigned depth) {
  MlirOperation op = be_value_def(value);
  enum be_opcode code = be_op_code(ahead->ir, op);
  if (code == BE_OP_LOAD)
    return judge_load(ahead, op, trip, depth);
  unsigned effects = be_op_effects(ahead->ir, op);
  if (mlirTypeIsAFloat(mlirValueGetType(value)) ||
      (mlirOperationGetNumOperands(op) > 0 &&
       mlirTypeIsAFloat(mlirValueGetType(mlirOperationGetOperand(op, 0)))))
    return refuse(BE_REASON_NOT_COPYABLE); /* it may raise floating-point exceptions */
  bool division = effects == BE_EFFECT_TRAP && division_safe(ahead, op);
  if (code == BE_OP_OTHER || code == BE_OP_STMT || code == BE_OP_CALL || (effects && !division) ||
      mlirOperationGetNumResults(op) != 1)
    return refuse(BE_REASON_NOT_COPYABLE);
  int block = be_cfg_number(ahead->cfg, mlirOperationGetBlock(op));
  struct verdict all = {0};
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); i++)
    add_verdict(&all, judge(ahead, mlirOperationGetOperand(op, i), block, trip, depth));
  return all;
}

/* A value of an inner loop used after that loop would be its last trip's, which cannot be told. */
static bool leaves_inner_loop(const struct be_ahead *ahead, MlirValue value, int user) {
  int inner = ahead->cfg->loop_of[be_cfg_value_block(ahead->cfg, value)];
  return !ahead->cfg->loops[inner].contains[user];
}

/* Trips other than the first are told apart only in loops directly inside ours. */
static bool trip_known(const struct be_ahead *ahead, MlirValue value, int *trip) {
  const struct be_loop *inner = inner_loop(ahead, be_cfg_value_block(ahead->cfg, value));
  if (!inner)
    *trip = 0;
  return *trip == 0 || inner->parent == (int)(ahead->loop - ahead->cfg->loops);
}

static struct verdict judge(struct be_ahead *ahead, MlirValue value, int user, int trip,
                            unsigned depth) {
  if (!be_loop_has_value(ahead->cfg, ahead->loop, value))
    return (struct verdict){0};
  if (leaves_inner_loop(ahead, value, user))
    return refuse(BE_REASON_RECURRENCE);
  if (depth == 0 || !trip_known(ahead, value, &trip))
    return refuse(BE_REASON_NOT_COPYABLE);
  struct verdict *known = be_map_get(&ahead->verdicts[trip], value.ptr);
  if (known)
    return *known;
  known = be_calloc(1, sizeof *known);
  *known = mlirValueIsABlockArgument(value) ? judge_argument(ahead, value, trip, depth - 1)
                                            : judge_op(ahead, value, trip, depth - 1);
  be_map_set(&ahead->verdicts[trip], value.ptr, known);
  return *known;
}

int be_ahead_level(struct be_ahead *ahead, MlirValue value, int user, int trip, bool *varies,
                   enum be_reason *reason) {
  struct verdict verdict = judge(ahead, value, user, trip, DEPTH_MAX);
  *varies = verdict.varies;
  *reason = verdict.reason;
  return verdict.level;
}

/* ---- building ---- */

static MlirValue as_integer(struct be_builder *b, MlirValue value) {
  return mlirTypeEqual(mlirValueGetType(value), b->ir->ptr)
             ? be_build_cast(b, BE_OP_PTRTOINT, b->ir->i64, value)
             : value;
}

static MlirValue plus(struct be_builder *b, MlirValue value, int64_t constant) {
  if (constant == 0)
    return value;
  MlirValue amount = be_build_int(b, mlirValueGetType(value), constant);
  return be_build_binary(b, BE_OP_ADD, value, amount, 0);
}

/* How far the induction's last value lies from the limit. */
static int64_t last_from_limit(const struct be_bound *bound) {
  switch (bound->predicate) {
  case BE_ICMP_NE:
    return -bound->induction.step - bound->offset;
  case BE_ICMP_SLT:
  case BE_ICMP_ULT:
    return -1 - bound->offset;
  case BE_ICMP_SGT:
  case BE_ICMP_UGT:
    return 1 - bound->offset;
  default:
    return -bound->offset;
  }
}

/* What does not change in the loop is built before it. */
static struct be_builder before_loop(const struct be_ahead *ahead, const struct be_builder *here) {
  return ahead->loop->entry < 0
             ? *here
             : be_builder_before(ahead->ir, ahead->cfg->terms[ahead->loop->entry]);
}

/* The last value that the induction has when each iteration was tested, as an integer. */
static MlirValue build_last(struct be_ahead *ahead, struct be_builder *here) {
  const struct be_bound *bound = &ahead->bound;
  struct be_builder before = before_loop(ahead, here);
  if (!mlirValueIsNull(ahead->last))
    return ahead->last;
  MlirValue last = plus(&before, as_integer(&before, bound->limit), last_from_limit(bound));
  if (ahead->loop->entry >= 0)
    ahead->last = last;
  return last;
}

/* How many iterations ahead is wanted. Where the first iteration is not tested and would not have
 * passed, none: that iteration is the last, or the induction wraps and nothing is known. */
static MlirValue build_wanted(struct be_ahead *ahead, struct be_builder *here, MlirType type,
                              int64_t distance) {
  const struct be_bound *bound = &ahead->bound;
  if (bound->always_tested || bound->predicate == BE_ICMP_NE)
    return be_build_int(here, type, distance);
  struct be_builder before = before_loop(ahead, here);
  MlirValue entered =
      be_build_icmp(&before, bound->predicate, bound->induction.first, bound->limit);
  return be_build_select(&before, entered, be_build_int(&before, type, distance),
                         be_build_int(&before, type, 0));
}

/* min(distance, iterations left), as an unsigned number: what is left is the distance to the last
 * value, which is exact even where a signed difference would overflow. Steps other than one may
 * not hit the last value: there it is all or nothing. */
static MlirValue build_iterations(struct be_ahead *ahead, struct be_builder *b, int64_t distance) {
  int64_t step = ahead->bound.induction.step;
  MlirValue last = build_last(ahead, b);
  MlirValue now = as_integer(b, ahead->bound.induction.value);
  MlirType type = mlirValueGetType(now);
  MlirValue left = step > 0 ? be_build_binary(b, BE_OP_SUB, last, now, 0)
                            : be_build_binary(b, BE_OP_SUB, now, last, 0);
  MlirValue wanted = build_wanted(ahead, b, type, distance);
  if (llabs(step) == 1) {
    MlirValue short_of = be_build_icmp(b, BE_ICMP_ULT, left, wanted);
    return be_build_select(b, short_of, left, wanted);
  }
  MlirValue reach = be_build_int(b, type, distance * llabs(step));
  MlirValue enough = be_build_icmp(b, BE_ICMP_UGE, left, reach);
  return be_build_select(b, enough, wanted, be_build_int(b, type, 0));
}

static MlirValue build_induction(struct be_ahead *ahead, struct be_builder *b,
                                 struct copies *copies, const struct be_induction *induction) {
  MlirType type = mlirValueGetType(induction->value);
  bool pointer = mlirTypeEqual(type, b->ir->ptr);
  MlirType wide = pointer ? b->ir->i64 : type;
  if (mlirValueIsNull(copies->iterations))
    copies->iterations = build_iterations(ahead, b, copies->distance);
  MlirValue amount = be_build_resize(b, copies->iterations, wide);
  if (induction->step != 1)
    amount = be_build_binary(b, BE_OP_MUL, amount, be_build_int(b, wide, induction->step), 0);
  return pointer ? be_build_index(b, b->ir->i8, induction->value, amount, false)
                 : be_build_binary(b, BE_OP_ADD, induction->value, amount, 0);
}

static MlirValue copy(struct be_ahead *ahead, struct be_builder *b, struct copies *copies,
                      MlirValue value, int trip);

/* The address of an access: where one of its conditions does not hold, `there`'s, which is good. */
static MlirValue copy_address(struct be_ahead *ahead, struct be_builder *b, struct copies *copies,
                              MlirOperation access, MlirOperation there, int trip) {
  struct condition conditions[CONDITIONS_MAX];
  int block = be_cfg_number(ahead->cfg, mlirOperationGetBlock(access));
  int count = conditions_of(ahead, block, trip, conditions);
  MlirValue address = copy(ahead, b, copies, be_access_pointer(ahead->ir, access), trip);
  for (int i = 0; i < count; i++) {
    const struct be_guard *guard = &conditions[i].guard;
    MlirValue asked = copy(ahead, b, copies, guard->value, conditions[i].trip);
    MlirValue safe = copy(ahead, b, copies, mlirOperationGetOperand(there, 0), 0);
    address = guard->when ? be_build_select(b, asked, address, safe)
                          : be_build_select(b, asked, safe, address);
  }
  return address;
}

static MlirValue copy_op(struct be_ahead *ahead, struct be_builder *b, struct copies *copies,
                         MlirOperation op, int trip) {
  MlirOperation clone = mlirOperationClone(op);
  const struct verdict *verdict =
      be_map_get(&ahead->verdicts[trip], mlirOperationGetResult(op, 0).ptr);
  if (be_op_code(ahead->ir, op) == BE_OP_LOAD)
    mlirOperationSetOperand(clone, 0, copy_address(ahead, b, copies, op, verdict->there, trip));
  else
    for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); i++)
      mlirOperationSetOperand(clone, i,
                              copy(ahead, b, copies, mlirOperationGetOperand(op, i), trip));
  be_op_drop_promises(clone);
  mlirBlockInsertOwnedOperationBefore(b->block, b->before, clone);
  return mlirOperationGetResult(clone, 0);
}

static MlirValue copy_choice(struct be_ahead *ahead, struct be_builder *b, struct copies *copies,
                             MlirValue value, int trip) {
  int block = be_cfg_value_block(ahead->cfg, value), preds[2];
  intptr_t number = mlirBlockArgumentGetArgNumber(value);
  struct be_guard guard;
  be_cfg_choice(ahead->cfg, block, &guard, preds);
  MlirValue asked = copy(ahead, b, copies, guard.value, trip), either[2];
  for (int i = 0; i < 2; i++)
    either[i] = copy(ahead, b, copies, be_cfg_incoming(ahead->cfg, block, number, preds[i]), trip);
  return be_build_select(b, asked, either[0], either[1]);
}

static MlirValue copy(struct be_ahead *ahead, struct be_builder *b, struct copies *copies,
                      MlirValue value, int trip) {
  struct be_induction induction;
  int from;
  if (!be_loop_has_value(ahead->cfg, ahead->loop, value))
    return value;
  trip_known(ahead, value, &trip);
  struct be_map *values = &copies->values[trip];
  void *known = be_map_get(values, value.ptr);
  if (known)
    return (MlirValue){known};
  MlirValue made;
  if (!mlirValueIsABlockArgument(value)) {
    made = copy_op(ahead, b, copies, be_value_def(value), trip);
  } else if (be_induction_read(ahead->cfg, ahead->loop, value, &induction)) {
    made = build_induction(ahead, b, copies, &induction);
  } else {
    int origin_trip = trip;
    MlirValue is = origin(ahead, value, &origin_trip, &from);
    made = mlirValueIsNull(is) ? copy_choice(ahead, b, copies, value, trip)
                               : copy(ahead, b, copies, is, origin_trip);
  }
  be_map_set(values, value.ptr, (void *)made.ptr);
  return made;
}

/* A load made in every iteration on the way to the access, when its conditions are known no later
 * than its address is: waiting for more would cost what the prefetch is to save. */
static MlirOperation stand_in(struct be_ahead *ahead, MlirOperation access, int trip) {
  struct condition conditions[CONDITIONS_MAX];
  int block = be_cfg_number(ahead->cfg, mlirOperationGetBlock(access));
  int count = conditions_of(ahead, block, trip, conditions);
  struct verdict address =
      judge(ahead, be_access_pointer(ahead->ir, access), block, trip, DEPTH_MAX);
  struct verdict all = address;
  for (int i = 0; i < count; i++)
    add_verdict(&all, judge(ahead, conditions[i].guard.value, conditions[i].guard.block,
                            conditions[i].trip, DEPTH_MAX));
  return count > 0 && all.level == address.level ? all.there : (MlirOperation){NULL};
}

MlirValue be_ahead_build(struct be_ahead *ahead, MlirOperation anchor, MlirOperation access,
                         int trip, int64_t distance) {
  struct copies *copies = ahead->copies;
  while (copies && !(mlirOperationEqual(copies->anchor, anchor) && copies->distance == distance))
    copies = copies->next;
  if (!copies) {
    copies = be_calloc(1, sizeof *copies);
    copies->anchor = anchor;
    copies->distance = distance;
    copies->next = ahead->copies;
    ahead->copies = copies;
  }
  struct be_builder b = be_builder_before(ahead->ir, anchor);
  MlirOperation there = stand_in(ahead, access, trip);
  return mlirOperationIsNull(there)
             ? copy(ahead, &b, copies, be_access_pointer(ahead->ir, access), trip)
             : copy_address(ahead, &b, copies, access, there, trip);
}

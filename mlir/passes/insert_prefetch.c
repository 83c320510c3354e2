/* insert_prefetch.c - prefetches for accesses whose address comes out of memory.
 *
 * In:       loops with a known last iteration (backedge/ahead.h)
 * Out:      the same, and llvm.intr.prefetch of what later iterations will access
 * Declines: every access it looked at and left alone, with the reason
 *
 * After Ainsworth and Jones, "Software Prefetching for Indirect Memory Accesses" (CGO 2017): load l
 * of a chain of t is fetched c * (t - l) / t iterations ahead, so that each finds the one before it
 * in the cache. docs/passes/insert-prefetch.md has the cost model and the measurements behind it.
 */
#include "backedge/ahead.h"
#include "backedge/analysis.h"
#include "backedge/pass.h"
#include <stdlib.h>

enum {
  DISTANCE = 64,      /* c: iterations ahead for a whole chain */
  CACHE = 1 << 20,    /* bytes taken to stay in the second-level cache */
  NEAR_STRIDE = 1024, /* bytes; hardware follows strides that stay in a page for a few accesses */
  WINDOW = 224,       /* operations that the processor has in flight */
  OVERLAP = 6,        /* this many iterations in flight hide their misses from each other */
  SHORT_TRIPS = 16,   /* a loop known to be shorter is left to the loop around it */
  LINE = 64,
  PREFETCHES_MAX = 8, /* per loop */
  LOCALITY = 3
};

/* One prefetch that is to be made. */
struct plan {
  MlirOperation access;
  struct be_address address;
  int level;   /* loads before it */
  int trip;    /* of the inner loop that it is in */
  bool wanted; /* the source asks for it */
  int64_t distance, locality;
};

struct access {
  MlirOperation op;
  int block;
};

struct work {
  struct be_run *run;
  const struct be_ir *ir;
  MlirOperation func;
  const struct be_cfg *cfg;
  const struct be_cost *cost;
  const struct be_loop *loop;
  struct be_ahead *ahead;
  const struct access *accesses;
  struct be_map anchors;  /* MlirBlock.ptr -> the op that code is put before */
  struct be_map deciding; /* ops of the loop on which one of its branches depends */
  int decider;            /* block of the first load that holds a branch up; -1: none */
  uint64_t ops;           /* per iteration */
  uint64_t trips;         /* 0: unknown */
  bool wanted;            /* by the source */
  bool costless;          /* prefetches are taken to cost nothing */
  struct plan plans[PREFETCHES_MAX];
  unsigned plan_count;
};

/* ---- the loop, as the cost model sees it ---- */

/* With a profile: a branch that nearly always goes the same way is predicted. */
static bool predictable(const struct be_ir *ir, MlirOperation term) {
  if (!be_op_has(term, BE_ATTR_COUNT) || be_op_code(ir, term) != BE_OP_COND_BR)
    return false;
  uint64_t yes = be_succ_weight(ir, term, 0), no = be_succ_weight(ir, term, 1);
  return yes + no && (yes > 49 * no || no > 49 * yes);
}

static void mark(struct work *work, MlirValue value);

static void mark_argument(struct work *work, MlirValue value) {
  if (be_map_get(&work->deciding, value.ptr))
    return;
  be_map_set(&work->deciding, value.ptr, work);
  int block = be_cfg_value_block(work->cfg, value);
  for (int p = work->cfg->pred_first[block]; p < work->cfg->pred_first[block + 1]; p++) {
    MlirValue from = be_cfg_incoming(work->cfg, block, mlirBlockArgumentGetArgNumber(value),
                                     work->cfg->preds[p]);
    if (!mlirValueIsNull(from))
      mark(work, from);
  }
}

/* Marks what the value is computed from, within the loop. */
static void mark(struct work *work, MlirValue value) {
  if (!be_loop_has_value(work->cfg, work->loop, value))
    return;
  if (mlirValueIsABlockArgument(value)) {
    mark_argument(work, value);
    return;
  }
  MlirOperation op = be_value_def(value);
  if (be_map_get(&work->deciding, op.ptr))
    return;
  be_map_set(&work->deciding, op.ptr, work);
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); i++)
    mark(work, mlirOperationGetOperand(op, i));
}

/* A branch on loaded data cannot be predicted well, and a misprediction that waits for memory stops
 * the processor from running ahead: such loads are worth most. */
static void mark_deciding(struct work *work) {
  for (int b = 0; b < (int)work->cfg->count; b++) {
    MlirOperation term = work->cfg->terms[b];
    if (work->loop->contains[b] && mlirOperationGetNumSuccessors(term) > 1 &&
        mlirOperationGetNumOperands(term) > 0 && !predictable(work->ir, term))
      mark(work, mlirOperationGetOperand(term, 0));
  }
}

/* Does a jump back to the loop's header carry the attribute? */
static bool loop_has(const struct be_cfg *cfg, const struct be_loop *loop, const char *attribute) {
  for (int p = cfg->pred_first[loop->header]; p < cfg->pred_first[loop->header + 1]; p++)
    if (loop->contains[cfg->preds[p]] && be_op_has(cfg->terms[cfg->preds[p]], attribute))
      return true;
  return false;
}

/* The source wants no prefetches for an access: it says so there, or at a loop around it. */
static bool unwanted(const struct work *work, MlirOperation access, int block) {
  if (be_op_has(access, BE_ATTR_NOPREFETCH))
    return true;
  for (int i = work->cfg->loop_of[block]; i >= 0; i = work->cfg->loops[i].parent) {
    if (loop_has(work->cfg, &work->cfg->loops[i], BE_ATTR_NOPREFETCH))
      return true;
    if (&work->cfg->loops[i] == work->loop)
      break;
  }
  return false;
}

/* ---- choosing ---- */

static void decline(struct work *work, MlirOperation access, enum be_reason reason, const char *key,
                    int64_t number) {
  struct be_remark_arg arg = {.key = key, .number = number, .is_number = true};
  be_run_missed(work->run, access, reason, &arg, key != NULL);
}

/* An index without the extensions by zeros, through which inductions are not seen. */
static MlirValue narrow(const struct be_ir *ir, MlirValue index) {
  while (be_value_code(ir, index) == BE_OP_ZEXT)
    index = mlirOperationGetOperand(be_value_def(index), 0);
  return index;
}

/* Bytes between the addresses of one iteration and the next. False: not a constant. */
static bool read_stride(struct work *work, const struct be_address *address, int64_t *out) {
  struct be_induction induction;
  int64_t stride = 0;
  if (be_induction_read(work->cfg, work->loop, address->base, &induction))
    stride = induction.step;
  else if (be_loop_has_value(work->cfg, work->loop, address->base))
    return false;
  for (unsigned i = 0; i < address->term_count; i++) {
    MlirValue index = address->terms[i].index;
    if (!be_loop_has_value(work->cfg, work->loop, index))
      continue;
    if (!be_induction_read(work->cfg, work->loop, narrow(work->ir, index), &induction))
      return false;
    stride += induction.step * address->terms[i].scale;
  }
  *out = stride;
  return true;
}

static bool same_line(const struct be_address *a, const struct be_address *b) {
  if (!mlirValueEqual(a->base, b->base) || a->term_count != b->term_count ||
      llabs(a->offset - b->offset) >= LINE)
    return false;
  for (unsigned i = 0; i < a->term_count; i++)
    if (!mlirValueEqual(a->terms[i].index, b->terms[i].index) ||
        a->terms[i].scale != b->terms[i].scale)
      return false;
  return true;
}

/* Indices of inner loops count as what they start from, so that b->key[j] meets b->count. */
static void settle_inner(struct work *work, struct be_address *address) {
  unsigned kept = 0;
  for (unsigned i = 0; i < address->term_count; i++) {
    struct be_address_term term = address->terms[i];
    MlirValue index = narrow(work->ir, term.index);
    int block = be_cfg_value_block(work->cfg, index), loop = work->cfg->loop_of[block];
    struct be_induction induction;
    int64_t first;
    if (loop >= 0 && &work->cfg->loops[loop] != work->loop &&
        be_induction_read(work->cfg, &work->cfg->loops[loop], index, &induction) &&
        !mlirValueIsNull(induction.first) && be_value_constant(work->ir, induction.first, &first) &&
        llabs(first) < 1 << 20)
      address->offset += first * term.scale;
    else
      address->terms[kept++] = term;
  }
  address->term_count = kept;
}

/* The innermost loop around the access, unless that is the one worked on. */
static const struct be_loop *inner_loop(const struct work *work, MlirOperation access) {
  int block = be_cfg_number(work->cfg, mlirOperationGetBlock(access));
  const struct be_loop *inner = &work->cfg->loops[work->cfg->loop_of[block]];
  return inner == work->loop ? NULL : inner;
}

/* Is it data that stays in the cache, or that the hardware will have fetched? */
static enum be_reason at_hand(struct work *work, const struct plan *plan, const char **key,
                              int64_t *number) {
  uint64_t span = be_address_span(work->ir, work->func, &plan->address);
  int64_t stride = 0;
  *key = "stride";
  if (plan->level == 0 && !read_stride(work, &plan->address, &stride)) {
    *key = NULL;
    return BE_REASON_UNKNOWN_STRIDE;
  }
  *number = stride;
  if (plan->level == 0 && llabs(stride) <= NEAR_STRIDE)
    return BE_REASON_HARDWARE_STRIDE;
  *key = "bytes";
  *number = (int64_t)span;
  return span && span <= CACHE ? BE_REASON_FITS_CACHE : BE_REASON_NONE;
}

/* Does it hold a branch up, or is it behind such a branch? The processor does not run ahead to what
 * is behind a branch that it mispredicts. */
static bool held_up(struct work *work, const struct plan *plan) {
  int block = be_cfg_number(work->cfg, mlirOperationGetBlock(plan->access));
  if (be_op_code(work->ir, plan->access) == BE_OP_LOAD &&
      be_map_get(&work->deciding, plan->access.ptr)) {
    if (work->decider < 0)
      work->decider = block;
    return true;
  }
  return work->decider >= 0 && !inner_loop(work, plan->access) &&
         be_cfg_dominates(work->cfg, work->decider, block) &&
         !be_loop_always_runs(work->cfg, work->loop, block);
}

/* The reason not to prefetch an access that could be, by cost alone; *number explains. */
static enum be_reason too_dear(struct work *work, const struct plan *plan, const char **key,
                               int64_t *number) {
  enum be_reason reason = at_hand(work, plan, key, number);
  const struct be_loop *inner = inner_loop(work, plan->access);
  uint64_t inner_trips = inner ? work->cost->trips[inner - work->cfg->loops] : 0;
  if (reason)
    return reason;
  *key = "iterations";
  *number = (int64_t)work->trips;
  if (work->trips && work->trips < SHORT_TRIPS)
    return BE_REASON_SHORT_LOOP;
  *number = (int64_t)inner_trips;
  if (inner_trips > SHORT_TRIPS)
    return BE_REASON_LONG_INNER_LOOP;
  *key = "count";
  *number = be_block_count(work->cfg, work->loop->header);
  if (*number == 0)
    return BE_REASON_COLD;
  *key = "operations";
  *number = (int64_t)(inner ? work->cost->operations[inner - work->cfg->loops] : work->ops);
  int64_t overlap = be_run_option(work->run, "overlap", OVERLAP);
  return held_up(work, plan) || overlap == 0 || *number * overlap > WINDOW ? BE_REASON_NONE
                                                                           : BE_REASON_OVERLAPPED;
}

static void read_request(struct work *work, struct plan *plan) {
  MlirAttribute attr = be_op_attr(plan->access, BE_ATTR_PREFETCH);
  plan->wanted = work->wanted;
  plan->locality = LOCALITY;
  if (mlirAttributeIsNull(attr) || !mlirAttributeIsAArray(attr) ||
      mlirArrayAttrGetNumElements(attr) != 2)
    return;
  plan->wanted = true;
  plan->distance = mlirIntegerAttrGetValueInt(mlirArrayAttrGetElement(attr, 0));
  plan->locality = mlirIntegerAttrGetValueInt(mlirArrayAttrGetElement(attr, 1)) & 3;
  if (plan->distance < 0 || plan->distance > BE_AHEAD_MAX)
    plan->distance = 0;
}

static bool in_plan(struct work *work, struct plan *plan) {
  for (unsigned i = 0; i < work->plan_count; i++)
    if (work->plans[i].trip == plan->trip && same_line(&work->plans[i].address, &plan->address))
      return true;
  return work->plan_count == PREFETCHES_MAX;
}

/* Looks at one access. In a loop that holds others, what an inner loop walks through is seen as it
 * is at the inner loop's start. */
static void consider(struct work *work, MlirOperation access, int block, int trip) {
  struct plan plan = {.access = access, .trip = trip};
  enum be_reason reason;
  bool varies;
  MlirValue pointer = be_access_pointer(work->ir, access);
  if (be_op_effects(work->ir, access) & BE_EFFECT_PIN)
    return;
  plan.level = be_ahead_level(work->ahead, pointer, block, trip, &varies, &reason);
  if (plan.level >= 0 && !varies)
    return; /* the same address in every iteration */
  be_address_read(work->ir, pointer, &plan.address);
  bool own = work->cfg->loop_of[block] == (int)(work->loop - work->cfg->loops);
  settle_inner(work, &plan.address);
  read_request(work, &plan);
  if (unwanted(work, access, block)) {
    decline(work, access, BE_REASON_SWITCHED_OFF, NULL, 0);
    return;
  }
  if (plan.level < 0) {
    if (own && trip == 0)
      decline(work, access, reason, NULL, 0);
    return;
  }
  const char *key = NULL;
  int64_t number = 0;
  reason = plan.wanted || work->costless ? BE_REASON_NONE : too_dear(work, &plan, &key, &number);
  if (!be_ahead_bound(work->ahead))
    reason = reason ? reason : BE_REASON_UNKNOWN_BOUND, key = NULL;
  if (reason) {
    if (trip == 0 && (own || plan.level > 0))
      decline(work, access, reason, key, number);
    return;
  }
  if (!in_plan(work, &plan))
    work->plans[work->plan_count++] = plan;
}

/* An inner loop that leaps through memory (a list, an index) is seen for a few trips; in one that
 * walks through it, the first trip brings the line, and the hardware the rest. */
static int trips_to_see(struct work *work, const struct access *access) {
  const struct be_loop *inner = inner_loop(work, access->op);
  struct be_address address;
  struct be_induction induction;
  if (!inner || inner->parent != (int)(work->loop - work->cfg->loops))
    return 1;
  be_address_read(work->ir, be_access_pointer(work->ir, access->op), &address);
  bool walks = !be_loop_has_value(work->cfg, inner, address.base) ||
               be_induction_read(work->cfg, inner, address.base, &induction);
  for (unsigned i = 0; i < address.term_count; i++) {
    MlirValue index = narrow(work->ir, address.terms[i].index);
    walks &= !be_loop_has_value(work->cfg, inner, index) ||
             be_induction_read(work->cfg, inner, index, &induction);
  }
  return walks && !work->costless ? 1 : BE_AHEAD_TRIPS;
}

/* ---- inserting ---- */

static int64_t distance_of(struct work *work, const struct plan *plan, int chain) {
  int64_t whole = plan->distance ? plan->distance : be_run_option(work->run, "distance", DISTANCE);
  int64_t distance = plan->distance ? whole : whole * (chain + 1 - plan->level) / (chain + 1);
  if (distance > BE_AHEAD_MAX)
    distance = BE_AHEAD_MAX;
  return distance < 1 ? 1 : distance;
}

/* Where code is put in a block: before what was its first op, so that it runs as early as it can.
 */
static MlirOperation anchor_in(struct work *work, MlirBlock block) {
  MlirOperation anchor = {be_map_get(&work->anchors, block.ptr)};
  if (mlirOperationIsNull(anchor)) {
    anchor = mlirBlockGetFirstOperation(block);
    be_map_set(&work->anchors, block.ptr, anchor.ptr);
  }
  return anchor;
}

static void insert(struct work *work, struct plan *plan, int chain) {
  const struct be_cfg *cfg = work->cfg;
  int block = be_cfg_number(cfg, mlirOperationGetBlock(plan->access));
  int place = be_ahead_place(work->ahead, block);
  if (place < 0) {
    decline(work, plan->access, BE_REASON_UNKNOWN_BOUND, NULL, 0);
    return;
  }
  if (!be_run_change(work->run))
    return;
  int64_t distance = distance_of(work, plan, chain);
  bool store = be_op_code(work->ir, plan->access) == BE_OP_STORE;
  MlirOperation anchor = anchor_in(work, cfg->blocks[place]);
  MlirValue pointer = be_ahead_build(work->ahead, anchor, plan->access, plan->trip, distance);
  struct be_builder b = be_builder_before(work->ir, anchor);
  b.loc = mlirOperationGetLocation(plan->access);
  be_build_prefetch(&b, pointer, store, (unsigned)plan->locality);
  struct be_remark_arg args[] = {
      {.key = "distance", .number = distance, .is_number = true},
      {.key = "loads", .number = plan->level, .is_number = true},
      {.key = "chain", .number = chain, .is_number = true},
      {.key = "operations", .number = (int64_t)work->ops, .is_number = true},
      {.key = "depth", .number = work->loop->depth, .is_number = true},
      {.key = "trip", .number = plan->trip, .is_number = true}};
  be_run_passed(work->run, plan->access, "PrefetchInserted", "prefetch inserted", args,
                sizeof args / sizeof *args);
}

/* The function's loads and stores within loops, as they are before anything is inserted; the last
 * one's block is -1. */
static struct access *collect(const struct be_ir *ir, const struct be_cfg *cfg) {
  size_t count = 0;
  struct access *accesses = NULL;
  for (int counting = 1; counting >= 0; counting--) {
    size_t n = 0;
    for (int b = 0; b < (int)cfg->count; b++) {
      if (cfg->loop_of[b] < 0)
        continue;
      MlirOperation op = mlirBlockGetFirstOperation(cfg->blocks[b]);
      for (; !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
        enum be_opcode code = be_op_code(ir, op);
        if (code != BE_OP_LOAD && code != BE_OP_STORE)
          continue;
        if (!counting)
          accesses[n] = (struct access){op, b};
        n++;
      }
    }
    count = n;
    if (counting)
      accesses = calloc(count + 1, sizeof *accesses);
    if (!accesses)
      abort();
  }
  accesses[count].block = -1;
  return accesses;
}

static void work_on_loop(struct work *work) {
  int longest = 0;
  if (!be_ahead_bound(work->ahead) && !be_run_listens(work->run))
    return;
  work->wanted = loop_has(work->cfg, work->loop, BE_ATTR_PREFETCH);
  work->costless = be_run_option(work->run, "cost", 1) == 0;
  work->trips = work->cost->trips[work->loop - work->cfg->loops];
  work->ops = work->cost->operations[work->loop - work->cfg->loops];
  mark_deciding(work);
  for (const struct access *at = work->accesses; at->block >= 0; at++)
    if (work->loop->contains[at->block])
      for (int trip = 0; trip < trips_to_see(work, at); trip++)
        consider(work, at->op, at->block, trip);
  for (unsigned i = 0; i < work->plan_count; i++)
    longest = work->plans[i].level > longest ? work->plans[i].level : longest;
  for (unsigned i = 0; i < work->plan_count; i++)
    insert(work, &work->plans[i], longest);
}

static void run(struct be_run *run, MlirOperation func) {
  const struct be_ir *ir = be_run_ir(run);
  struct be_cfg *cfg = be_cfg_create(ir, func);
  struct be_cost *cost = be_cost_create(cfg);
  struct access *accesses = collect(ir, cfg);
  for (size_t i = cfg->loop_count; i-- > 0;) { /* from the inside out */
    struct work work = {.run = run,
                        .ir = ir,
                        .func = func,
                        .cfg = cfg,
                        .cost = cost,
                        .loop = &cfg->loops[i],
                        .decider = -1,
                        .accesses = accesses};
    work.ahead = be_ahead_create(cfg, work.loop);
    work_on_loop(&work);
    be_map_clear(&work.deciding);
    be_map_clear(&work.anchors);
    be_ahead_destroy(work.ahead);
  }
  free(accesses);
  be_cost_destroy(cost);
  be_cfg_destroy(cfg);
}

static const char *const options[] = {
    "distance",
    "iterations ahead for a whole chain of loads (64)",
    "overlap",
    "iterations in flight that hide each other's misses (6; 0: prefetch in small loops too)",
    "cost",
    "0: prefetch all that can be, whatever it costs; for tests (1)",
    NULL};

const struct be_pass be_pass_insert_prefetch = {
    .name = "insert-prefetch",
    .summary = "prefetch what loops will load through indices and pointers",
    .needs = BE_NEEDS_COUNTED_LOOPS,
    .options = options,
    .run = run};

/* cfg.c - blocks in reverse postorder, dominators, natural loops.
 *
 * Dominators as in Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001). */
#include "backedge/analysis.h"
#include "internal.h"
#include <stdlib.h>
#include <string.h>

int be_cfg_number(const struct be_cfg *cfg, MlirBlock block) {
  return (int)(intptr_t)be_map_get(&cfg->numbers, block.ptr) - 1;
}

/* ---- order ----------------------------------------------------------------------------------- */

struct walk {
  MlirBlock block;
  intptr_t next;
};

/* Depth first with a stack of our own: functions of 10,000 blocks exist. */
static void number_blocks(struct be_cfg *cfg, MlirBlock entry, size_t total) {
  struct walk *stack = be_calloc(total + 1, sizeof *stack);
  struct be_map seen = {0};
  size_t depth = 0, left = total;
  stack[depth++] = (struct walk){entry, 0};
  be_map_set(&seen, entry.ptr, cfg);
  while (depth) {
    struct walk *top = &stack[depth - 1];
    MlirOperation term = mlirBlockGetTerminator(top->block);
    if (!mlirOperationIsNull(term) && top->next < mlirOperationGetNumSuccessors(term)) {
      MlirBlock succ = mlirOperationGetSuccessor(term, top->next++);
      if (!be_map_get(&seen, succ.ptr)) {
        be_map_set(&seen, succ.ptr, cfg);
        stack[depth++] = (struct walk){succ, 0};
      }
      continue;
    }
    cfg->blocks[--left] = top->block;
    depth--;
  }
  cfg->count = total - left;
  memmove(cfg->blocks, cfg->blocks + left, cfg->count * sizeof *cfg->blocks);
  for (size_t i = 0; i < cfg->count; i++)
    be_map_set(&cfg->numbers, cfg->blocks[i].ptr, (void *)(intptr_t)(i + 1));
  be_map_clear(&seen);
  free(stack);
}

static int successor_count(const struct be_cfg *cfg, int block) {
  return cfg->succ_first[block + 1] - cfg->succ_first[block];
}

static int successor(const struct be_cfg *cfg, int block, int i) {
  return cfg->succs[cfg->succ_first[block] + i];
}

static void collect_successors(struct be_cfg *cfg) {
  cfg->terms = be_calloc(cfg->count + 1, sizeof *cfg->terms);
  cfg->succ_first = be_calloc(cfg->count + 2, sizeof *cfg->succ_first);
  for (size_t b = 0; b < cfg->count; b++) {
    MlirOperation term = cfg->terms[b] = mlirBlockGetTerminator(cfg->blocks[b]);
    intptr_t count = mlirOperationIsNull(term) ? 0 : mlirOperationGetNumSuccessors(term);
    cfg->succ_first[b + 1] = cfg->succ_first[b] + (int)count;
  }
  cfg->succs = be_calloc((size_t)cfg->succ_first[cfg->count] + 1, sizeof *cfg->succs);
  for (int b = 0; b < (int)cfg->count; b++)
    for (int s = 0; s < successor_count(cfg, b); s++)
      cfg->succs[cfg->succ_first[b] + s] =
          be_cfg_number(cfg, mlirOperationGetSuccessor(cfg->terms[b], s));
}

static void collect_predecessors(struct be_cfg *cfg) {
  int edges = cfg->succ_first[cfg->count];
  cfg->pred_first = be_calloc(cfg->count + 2, sizeof *cfg->pred_first);
  for (int e = 0; e < edges; e++)
    cfg->pred_first[cfg->succs[e] + 1]++;
  for (size_t b = 0; b < cfg->count; b++)
    cfg->pred_first[b + 1] += cfg->pred_first[b];
  int *at = be_calloc(cfg->count + 1, sizeof *at);
  cfg->preds = be_calloc((size_t)edges + 1, sizeof *cfg->preds);
  for (int b = 0; b < (int)cfg->count; b++)
    for (int s = 0; s < successor_count(cfg, b); s++) {
      int to = successor(cfg, b, s);
      cfg->preds[cfg->pred_first[to] + at[to]++] = b;
    }
  free(at);
}

/* ---- dominators ------------------------------------------------------------------------------ */

static int intersect(const int *idom, int a, int b) {
  while (a != b) {
    while (a > b)
      a = idom[a];
    while (b > a)
      b = idom[b];
  }
  return a;
}

static void find_dominators(struct be_cfg *cfg) {
  cfg->idom = be_calloc(cfg->count + 1, sizeof *cfg->idom);
  for (size_t b = 1; b < cfg->count; b++)
    cfg->idom[b] = -1;
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t b = 1; b < cfg->count; b++) {
      int idom = -1;
      for (int p = cfg->pred_first[b]; p < cfg->pred_first[b + 1]; p++)
        if (cfg->idom[cfg->preds[p]] >= 0)
          idom = idom < 0 ? cfg->preds[p] : intersect(cfg->idom, idom, cfg->preds[p]);
      changed |= idom != cfg->idom[b];
      cfg->idom[b] = idom;
    }
  }
}

bool be_cfg_dominates(const struct be_cfg *cfg, int a, int b) {
  while (b > a)
    b = cfg->idom[b];
  return a == b;
}

/* ---- loops ----------------------------------------------------------------------------------- */

static void add_body(const struct be_cfg *cfg, struct be_loop *loop, int latch, int *stack) {
  size_t depth = 0;
  if (!loop->contains[latch]) {
    loop->contains[latch] = true;
    stack[depth++] = latch;
  }
  while (depth) {
    int b = stack[--depth];
    for (int p = cfg->pred_first[b]; p < cfg->pred_first[b + 1]; p++)
      if (!loop->contains[cfg->preds[p]]) {
        loop->contains[cfg->preds[p]] = true;
        stack[depth++] = cfg->preds[p];
      }
  }
}

/* Sets *only to b, or to -1 when another was there. `seen` counts. */
static void note_only(int *only, unsigned *seen, int b) {
  if (*seen && *only == b)
    return;
  *only = (*seen)++ ? -1 : b;
}

static void find_edges(const struct be_cfg *cfg, struct be_loop *loop) {
  unsigned entries = 0, latches = 0, exits = 0;
  loop->entry = loop->latch = loop->exiting = -1;
  for (int p = cfg->pred_first[loop->header]; p < cfg->pred_first[loop->header + 1]; p++) {
    int pred = cfg->preds[p];
    if (loop->contains[pred])
      note_only(&loop->latch, &latches, pred);
    else
      note_only(&loop->entry, &entries, pred);
  }
  for (int b = 0; b < (int)cfg->count; b++)
    for (int s = 0; loop->contains[b] && s < successor_count(cfg, b); s++)
      if (!loop->contains[successor(cfg, b, s)]) {
        note_only(&loop->exiting, &exits, b);
        loop->exit_edges++;
      }
}

static void find_loops(struct be_cfg *cfg) {
  int *stack = be_calloc(cfg->count + 1, sizeof *stack);
  size_t capacity = 0;
  cfg->loop_of = be_calloc(cfg->count + 1, sizeof *cfg->loop_of);
  for (size_t h = 0; h < cfg->count; h++)
    cfg->loop_of[h] = -1;
  for (int h = 0; h < (int)cfg->count; h++) {
    struct be_loop loop = {.header = h, .parent = -1, .depth = 1, .innermost = true};
    for (int p = cfg->pred_first[h]; p < cfg->pred_first[h + 1]; p++) {
      if (!be_cfg_dominates(cfg, h, cfg->preds[p]))
        continue;
      if (!loop.contains) {
        loop.contains = be_calloc(cfg->count, sizeof *loop.contains);
        loop.contains[h] = true;
      }
      add_body(cfg, &loop, cfg->preds[p], stack);
    }
    if (!loop.contains)
      continue;
    /* A header comes after the headers around it in this order, so the last one found wins. */
    loop.parent = cfg->loop_of[h];
    if (loop.parent >= 0) {
      loop.depth = cfg->loops[loop.parent].depth + 1;
      cfg->loops[loop.parent].innermost = false;
    }
    find_edges(cfg, &loop);
    cfg->loops = be_grow(cfg->loops, cfg->loop_count, &capacity, 1, sizeof *cfg->loops);
    for (size_t b = 0; b < cfg->count; b++)
      if (loop.contains[b])
        cfg->loop_of[b] = (int)cfg->loop_count;
    cfg->loops[cfg->loop_count++] = loop;
  }
  free(stack);
}

struct be_cfg *be_cfg_create(const struct be_ir *ir, MlirOperation func) {
  struct be_cfg *cfg = be_calloc(1, sizeof *cfg);
  MlirRegion region = mlirOperationGetRegion(func, 0);
  MlirBlock entry = mlirRegionGetFirstBlock(region);
  size_t total = 0;
  for (MlirBlock b = entry; !mlirBlockIsNull(b); b = mlirBlockGetNextInRegion(b))
    total++;
  cfg->ir = ir;
  cfg->blocks = be_calloc(total + 1, sizeof *cfg->blocks);
  number_blocks(cfg, entry, total);
  collect_successors(cfg);
  collect_predecessors(cfg);
  find_dominators(cfg);
  find_loops(cfg);
  return cfg;
}

void be_cfg_destroy(struct be_cfg *cfg) {
  for (size_t i = 0; i < cfg->loop_count; i++)
    free(cfg->loops[i].contains);
  be_map_clear(&cfg->numbers);
  free(cfg->loops);
  free(cfg->loop_of);
  free(cfg->preds);
  free(cfg->pred_first);
  free(cfg->succs);
  free(cfg->succ_first);
  free(cfg->terms);
  free(cfg->idom);
  free(cfg->blocks);
  free(cfg);
}

/* ---- questions ------------------------------------------------------------------------------- */

int be_cfg_value_block(const struct be_cfg *cfg, MlirValue value) {
  return be_cfg_number(cfg, mlirValueIsABlockArgument(value)
                                ? mlirBlockArgumentGetOwner(value)
                                : mlirOperationGetBlock(mlirOpResultGetOwner(value)));
}

bool be_loop_has_block(const struct be_loop *loop, int block) {
  return block >= 0 && loop->contains[block];
}

bool be_loop_has_value(const struct be_cfg *cfg, const struct be_loop *loop, MlirValue value) {
  return be_loop_has_block(loop, be_cfg_value_block(cfg, value));
}

static bool dominates_latches(const struct be_cfg *cfg, const struct be_loop *loop, int block) {
  for (int p = cfg->pred_first[loop->header]; p < cfg->pred_first[loop->header + 1]; p++)
    if (loop->contains[cfg->preds[p]] && !be_cfg_dominates(cfg, block, cfg->preds[p]))
      return false;
  return true;
}

bool be_loop_always_runs(const struct be_cfg *cfg, const struct be_loop *loop, int block) {
  if (!be_loop_has_block(loop, block))
    return false;
  for (const struct be_loop *at = &cfg->loops[cfg->loop_of[block]];; at = &cfg->loops[at->parent]) {
    if (!dominates_latches(cfg, at, block))
      return false;
    if (at == loop)
      return true;
  }
}

/* True for an edge that begins a further trip of a loop around `block`, inside `loop` or that one.
 */
static bool begins_trip(const struct be_cfg *cfg, const struct be_loop *loop, int at, int to,
                        int block) {
  for (const struct be_loop *in = &cfg->loops[cfg->loop_of[block]];; in = &cfg->loops[in->parent]) {
    if (to == in->header && in->contains[at])
      return true;
    if (in == loop)
      return false;
  }
}

/* True when, in one iteration of the loop, what comes to `from` comes to `block` too, in the first
 * trip of inner loops: there is no way from the one to the iteration's end, out, or to a further
 * trip, that leaves out the other. */
static bool runs_with(const struct be_cfg *cfg, const struct be_loop *loop, int from, int block) {
  bool *seen = be_calloc(cfg->count, sizeof *seen), surely = true;
  int *stack = be_calloc(cfg->count + 1, sizeof *stack), depth = 0;
  if (from != block)
    stack[depth++] = from;
  seen[block] = seen[from] = true;
  while (depth && surely) {
    int at = stack[--depth];
    surely = successor_count(cfg, at) > 0;
    for (int s = 0; s < successor_count(cfg, at); s++) {
      int to = successor(cfg, at, s);
      surely &= loop->contains[to] && !begins_trip(cfg, loop, at, to, block);
      if (!seen[to])
        stack[depth++] = to;
      seen[to] = true;
    }
  }
  free(seen);
  free(stack);
  return surely;
}

/* The closest block that control has been through before `block`, in the first trip of inner loops;
 * -1: not one block. */
static int comes_from(const struct be_cfg *cfg, const struct be_loop *loop, int block) {
  const struct be_loop *around = &cfg->loops[cfg->loop_of[block]];
  if (block == loop->header)
    return -1;
  int from = around->header == block ? around->entry : cfg->idom[block];
  while (from >= 0 && loop->contains[from] && !cfg->loops[cfg->loop_of[from]].contains[block])
    from = cfg->loops[cfg->loop_of[from]].entry; /* an inner loop left behind */
  return from >= 0 && loop->contains[from] ? from : -1;
}

bool be_loop_guard(const struct be_cfg *cfg, const struct be_loop *loop, int block,
                   struct be_guard *out) {
  for (int from; (from = comes_from(cfg, loop, block)) >= 0; block = from) {
    if (runs_with(cfg, loop, from, block))
      continue;
    MlirOperation term = cfg->terms[from];
    if (be_op_code(cfg->ir, term) != BE_OP_COND_BR)
      return false;
    for (int side = 0; side < 2; side++) {
      int to = successor(cfg, from, side);
      if (!loop->contains[to] || to == loop->header || !runs_with(cfg, loop, to, block))
        continue;
      *out = (struct be_guard){from, mlirOperationGetOperand(term, 0), side == 0};
      return true;
    }
    return false;
  }
  return false;
}

/* True when control that goes from `fork` to its successor `side` may come to the block by `pred`,
 * and no other control does. */
static bool on_side(const struct be_cfg *cfg, int fork, int side, int pred, int block) {
  int to = successor(cfg, fork, side);
  if (pred == fork)
    return to == block;
  return to != block && cfg->pred_first[to + 1] == cfg->pred_first[to] + 1 &&
         be_cfg_dominates(cfg, to, pred);
}

bool be_cfg_choice(const struct be_cfg *cfg, int block, struct be_guard *out, int preds[2]) {
  int first = cfg->pred_first[block], fork = cfg->idom[block];
  MlirOperation term = cfg->terms[fork];
  if (cfg->pred_first[block + 1] != first + 2 || be_op_code(cfg->ir, term) != BE_OP_COND_BR ||
      cfg->loop_of[fork] != cfg->loop_of[block] ||
      successor(cfg, fork, 0) == successor(cfg, fork, 1))
    return false;
  for (int i = 0; i < 2; i++) {
    int one = cfg->preds[first + i], other = cfg->preds[first + 1 - i];
    if (!on_side(cfg, fork, 0, one, block) || !on_side(cfg, fork, 1, other, block))
      continue;
    *out = (struct be_guard){fork, mlirOperationGetOperand(term, 0), true};
    preds[0] = one;
    preds[1] = other;
    return true;
  }
  return false;
}

/* Follows jumps through blocks that do nothing else. */
static int through_empty(const struct be_cfg *cfg, int block) {
  MlirOperation op = mlirBlockGetFirstOperation(cfg->blocks[block]);
  while (be_op_code(cfg->ir, op) == BE_OP_BR &&
         cfg->pred_first[block + 1] == cfg->pred_first[block] + 1) {
    block = successor(cfg, block, 0);
    op = mlirBlockGetFirstOperation(cfg->blocks[block]);
  }
  return block;
}

bool be_loop_goes_on(const struct be_cfg *cfg, const struct be_loop *loop, struct be_guard *out) {
  int end = loop->exiting;
  if (end < 0 || loop->exit_edges != 1 || loop->latch < 0 || successor_count(cfg, end) != 2)
    return false;
  int stay = successor(cfg, end, 0);
  if (!loop->contains[stay])
    stay = successor(cfg, end, 1);
  MlirOperation term = cfg->terms[end];
  if (through_empty(cfg, stay) != loop->header || be_op_code(cfg->ir, term) != BE_OP_COND_BR)
    return false;
  *out = (struct be_guard){end, mlirOperationGetOperand(term, 0), successor(cfg, end, 0) == stay};
  return true;
}

MlirValue be_cfg_incoming(const struct be_cfg *cfg, int block, intptr_t arg, int pred) {
  MlirOperation term = cfg->terms[pred];
  MlirValue found = {NULL};
  for (int s = 0; s < successor_count(cfg, pred); s++) {
    if (successor(cfg, pred, s) != block)
      continue;
    size_t first;
    if (be_succ_operands(cfg->ir, term, (size_t)s, &first) <= (size_t)arg)
      return (MlirValue){NULL};
    MlirValue value = mlirOperationGetOperand(term, (intptr_t)first + arg);
    if (!mlirValueIsNull(found) && !mlirValueEqual(found, value))
      return (MlirValue){NULL};
    found = value;
  }
  return found;
}

/* analysis.h - what passes ask about a function: control flow, loops, induction, addresses.
 *
 * Everything here is read from the IR at the time of the call; nothing follows later edits but what
 * is said to. Blocks are numbered in reverse postorder from the entry (0); unreachable ones have no
 * number. Loops are natural loops, numbered so that a loop comes before those inside it.
 */
#ifndef BACKEDGE_ANALYSIS_H
#define BACKEDGE_ANALYSIS_H

#include "backedge/ir.h"
#include "backedge/map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- control flow ------------------------------------------------------------------------- */

struct be_loop {
  int header;
  int parent;  /* loop around it, or -1 */
  int depth;   /* 1: outermost */
  int entry;   /* the only block outside that jumps to the header, or -1 when there are several */
  int latch;   /* the only block inside that jumps to the header, or -1 */
  int exiting; /* the only block with an edge out, or -1 when none or several */
  unsigned exit_edges; /* edges out of the loop */
  bool *contains;      /* by block number */
  bool innermost;
};

struct be_cfg {
  const struct be_ir *ir;
  size_t count;
  MlirBlock *blocks;
  struct be_map numbers;   /* MlirBlock.ptr -> number + 1 */
  MlirOperation *terms;    /* each block's terminator; null in a block without */
  int *idom;               /* of 0: 0 */
  int *pred_first, *preds; /* predecessors of b: preds[pred_first[b] .. pred_first[b + 1]) */
  int *succ_first, *succs; /* likewise, in the terminator's order */
  int *loop_of;            /* innermost loop around a block, or -1 */
  struct be_loop *loops;
  size_t loop_count;
};

/* Reads a function with a body. Owned by the caller. */
struct be_cfg *be_cfg_create(const struct be_ir *ir, MlirOperation func);
void be_cfg_destroy(struct be_cfg *cfg);

int be_cfg_number(const struct be_cfg *cfg, MlirBlock block); /* -1: unreachable */
bool be_cfg_dominates(const struct be_cfg *cfg, int a, int b);

/* The block a value is defined in. */
int be_cfg_value_block(const struct be_cfg *cfg, MlirValue value);

/* True when the loop contains the block or, for values, the definition. */
bool be_loop_has_block(const struct be_loop *loop, int block);
bool be_loop_has_value(const struct be_cfg *cfg, const struct be_loop *loop, MlirValue value);

/* True when every trip through the loop that reaches a latch has been through the block, in the
 * first trip of each loop between: what stands in it is executed once or more per iteration. */
bool be_loop_always_runs(const struct be_cfg *cfg, const struct be_loop *loop, int block);

/* A branch on which it depends whether something is run. */
struct be_guard {
  int block;       /* ends in the branch */
  MlirValue value; /* i1 */
  bool when;       /* run when the value is this */
};

/* The nearest branch that must go one way for `block` to be run in an iteration (in the first trip
 * of inner loops), and by which it then is, if the branch itself is come to. */
bool be_loop_guard(const struct be_cfg *cfg, const struct be_loop *loop, int block,
                   struct be_guard *out);

/* True when control comes to `block` by preds[0] when the branch in out->block is taken, otherwise
 * by preds[1]. */
bool be_cfg_choice(const struct be_cfg *cfg, int block, struct be_guard *out, int preds[2]);

/* True when the loop has one way out, taken or not at the end of each iteration: *out tells when
 * there is another one. */
bool be_loop_goes_on(const struct be_cfg *cfg, const struct be_loop *loop, struct be_guard *out);

/* The value that reaches block argument `arg` of `block` from `pred`; null when pred jumps there
 * twice with different values, or not by an ordinary branch. */
MlirValue be_cfg_incoming(const struct be_cfg *cfg, int block, intptr_t arg, int pred);

/* ---- induction ---------------------------------------------------------------------------- */

/* A header argument that grows by a constant each iteration: integers, or pointers by bytes. */
struct be_induction {
  MlirValue value; /* the header's argument */
  MlirValue first; /* from the loop's entry; null when it has several */
  int64_t step;
};

/* True when `value` is such an argument of the loop's header. */
bool be_induction_read(const struct be_cfg *cfg, const struct be_loop *loop, MlirValue value,
                       struct be_induction *out);

/* How a loop ends: an iteration that begins with the induction variable at v is run when
 * `v + offset  predicate  limit`; limit does not change in the loop. `always_tested` tells that the
 * first iteration was tested too (the test stands before the body). */
struct be_bound {
  struct be_induction induction;
  enum be_icmp predicate;
  int64_t offset;
  bool no_wrap; /* v + offset does not overflow (signed) */
  MlirValue limit;
  bool always_tested;
  int body; /* blocks that this one dominates are run only when the test was passed */
};

/* False when the loop has more than one way out or its end is not of this form. */
bool be_bound_read(const struct be_cfg *cfg, const struct be_loop *loop, struct be_bound *out);

/* True when every loop within this one comes to an end: by its bound, or because it may be assumed
 * to (BE_ATTR_FINITE). */
bool be_loop_inner_end(const struct be_cfg *cfg, const struct be_loop *loop);

/* Number of iterations when it is known at compile time, else 0. */
uint64_t be_bound_trip_count(const struct be_cfg *cfg, const struct be_bound *bound);

/* ---- cost ------------------------------------------------------------------------------------ */

/* How often a block is run, from a profile; -1: unknown. */
int64_t be_block_count(const struct be_cfg *cfg, int block);

/* By loop number. */
struct be_cost {
  uint64_t *trips;      /* iterations per entry: known, or a profile's average; 0: neither */
  uint64_t *operations; /* executed per iteration, those of inner loops as often as they are run */
};

/* Owned by the caller. */
struct be_cost *be_cost_create(const struct be_cfg *cfg);
void be_cost_destroy(struct be_cost *cost);

/* ---- addresses ------------------------------------------------------------------------------ */

enum { BE_ADDRESS_TERMS = 4 };

/* base + offset + sum of index * scale, in bytes; seen through geps, copies, and additions and
 * multiplications of indices that cannot overflow. */
struct be_address {
  MlirValue base;
  int64_t offset;
  struct be_address_term {
    MlirValue index;
    int64_t scale;
  } terms[BE_ADDRESS_TERMS];
  unsigned term_count;
};

void be_address_read(const struct be_ir *ir, MlirValue pointer, struct be_address *out);

/* Upper bound of the bytes that base + ... can span: from the object's size when base is a global
 * or a local of known size, or from the ranges of the indices (masks, shifts, remainders, narrow
 * types). 0: unknown. `func` is in the module that declares the globals. */
uint64_t be_address_span(const struct be_ir *ir, MlirOperation func,
                         const struct be_address *address);

/* The address operand of a load or store; the type accessed. */
MlirValue be_access_pointer(const struct be_ir *ir, MlirOperation op);
MlirType be_access_type(const struct be_ir *ir, MlirOperation op);

/* True when what `there` (null: nothing) loads is large and aligned enough to be loaded as `load`
 * does. */
bool be_access_covers(const struct be_ir *ir, MlirOperation there, MlirOperation load);

/* True when the two accesses (loads, stores) may touch the same byte, in whatever iterations. */
bool be_access_may_alias(const struct be_ir *ir, MlirOperation a, MlirOperation b);

/* A value as wide integers read it: copies and sign changes stripped. */
MlirValue be_value_strip(const struct be_ir *ir, MlirValue value);

#ifdef __cplusplus
}
#endif
#endif

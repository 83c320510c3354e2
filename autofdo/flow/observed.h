/* observed.h - what was recorded of one function, on its graph. */
#ifndef BACKEDGE_FLOW_OBSERVED_H
#define BACKEDGE_FLOW_OBSERVED_H

#include "backedge/profile/graph.h"
#include "backedge/profile/infer.h"

struct be_observed {
  struct be_graph graph;
  bool is_branches;  /* branches were recorded; else addresses */
  uint64_t *blocks;  /* of each block: how often it ran, or samples in it */
  uint64_t *entries; /* of each block: how often it was entered from outside */
  uint64_t *exits;   /* and left */
  uint64_t *edges;   /* of each edge */
  uint64_t *mispredicted;
  int64_t *passed;  /* of each block: runs that pass its end, less those that pass the one before */
  uint32_t *breaks; /* of each block: ends before it that do not lead on to the next block */
  size_t block_room, edge_room;
};

/* Room for a graph's counts, all 0. 0 or -ENOMEM. */
int be_observed_begin(struct be_observed *observed, const struct be_graph *graph);
void be_observed_destroy(struct be_observed *observed);

/* A trace that begins or ends in the function. Returns false when the code does not allow it. */
bool be_observed_trace(struct be_observed *observed, const struct be_binary *binary,
                       const struct be_trace *trace);
bool be_observed_ip(struct be_observed *observed, const struct be_ip *ip);

/* When all were given: what follows from them. */
void be_observed_end(struct be_observed *observed);

/* Makes the counts consistent; in case of samples, counts of blocks and edges instead of them.
 * 0 or -ENOMEM. */
struct be_model; /* keeps its memory from function to function */
struct be_model *be_model_create(void);
void be_model_destroy(struct be_model *model);
int be_model_solve(struct be_model *model, struct be_observed *observed,
                   struct be_flow_stats *stats);

#endif

/* flow.h - makes counts consistent: as often as a block is entered, so often it is left.
 *
 * A circulation of least cost (He, Mestre, Pupyrev, Wang, Yu: "Profile Inference Revisited", POPL
 * 2022). Everything that was counted, or might have been, is an arc; to say that it ran more often
 * or more rarely than was counted costs something, and what costs least in all is the answer.
 */
#ifndef BACKEDGE_PROFILE_FLOW_H
#define BACKEDGE_PROFILE_FLOW_H

#include "backedge/profile/error.h"
#include <stddef.h>
#include <stdint.h>

/* In a flow with n arcs counts may be up to BE_FLOW_COUNT_MAX / n. */
#define BE_FLOW_COUNT_MAX (UINT64_C(1) << 61)

struct be_flow_arc {
  uint32_t from, to; /* nodes */
  uint32_t raise;    /* what one more than was counted costs; at most 2^14 */
  uint32_t lower;    /* what one fewer costs; at most 2^14 */
  uint64_t count;    /* in: as it was counted; out: consistent */
};

/* Node 0 is all that is outside. Each other node must be one that can be reached from there along
 * arcs, and from which it can be reached. */
struct be_flow {
  struct be_flow_arc *arcs;
  uint32_t arc_count, node_count;
};

struct be_flow_stats {
  uint64_t functions, arcs;
  uint64_t cost;     /* of what was changed */
  uint64_t work;     /* steps: how many times an arc was looked at */
  uint64_t augments; /* paths along which counts were changed */
  uint64_t finished; /* flows whose last part was made consistent without asking for the least cost,
                        since that would have been too much work */
};

/* Changes the counts to the consistent ones that cost least, and adds to stats. Does no more steps
 * than a number that grows in proportion to the arcs: what is inconsistent then is mended in
 * linear time. The same flow always gives the same answer, and k times the counts k times the
 * answer. 0; -EINVAL when a node is cut off or a number out of range; -ENOMEM. */
int be_flow_solve(struct be_flow *flow, struct be_flow_stats *stats);

/* The same with another bound on the steps. */
int be_flow_solve_within(struct be_flow *flow, uint64_t work_max, struct be_flow_stats *stats);

#endif

/* network.h - a flow with what its solving needs: which arcs stand at a node, what is too much. */
#ifndef BACKEDGE_FLOW_NETWORK_H
#define BACKEDGE_FLOW_NETWORK_H

#include "backedge/profile/flow.h"
#include <stdbool.h>

struct be_network {
  struct be_flow *flow;
  uint64_t *observed; /* of each arc: as it was counted */
  int64_t *excess;    /* of each node: what comes in more than goes out */
  uint32_t *first;    /* of each node: where its arcs begin in ends; one more at the end */
  uint32_t *ends;     /* 2 * arc + 1 for the arc that comes to the node, 2 * arc for its leaving */
};

/* -ENOMEM or 0; in both cases to be destroyed. */
int be_network_init(struct be_network *network, struct be_flow *flow);
void be_network_destroy(struct be_network *network);

/* -EINVAL when a node is cut off from the outside. order and back have room for all nodes. */
int be_network_check(const struct be_network *network, uint32_t *order, uint32_t *back);

/* Sends every excess to the outside, and from there to where something lacks, on the paths of
 * fewest arcs. */
void be_network_mend(struct be_network *network, uint32_t *order, uint32_t *back);

#endif

/* edges.h - what BOLT's profiles are made of: how often code went from one place to another. */
#ifndef BACKEDGE_PROFILE_EDGES_H
#define BACKEDGE_PROFILE_EDGES_H

#include "backedge/profile/counts.h"

struct be_edge {
  uint32_t from, to; /* places; BE_PLACE_OUTSIDE, but not both */
  uint64_t count;
  uint64_t mispredicted; /* of them */
};

struct be_edges {
  struct be_edge *at; /* sorted by (from, to) */
  size_t count;
};

/* In all of these, counts of what was recorded, not of different edges. */
struct be_edge_stats {
  uint64_t returns;      /* branches that are returns: BOLT does not want them */
  uint64_t newest;       /* branches after which nothing was recorded */
  uint64_t runs;         /* straight runs between two branches */
  uint64_t runs_outside; /* that begin or end in no function of the binary */
  uint64_t runs_broken;  /* that the code does not allow: into another function, backward, or
                            through a jump */
  uint64_t runs_unread;  /* in functions that could not be decoded */
  uint64_t functions;    /* that have counts */
  uint64_t unread;       /* of these: those that could not be decoded */
};

/* Makes edges of sorted traces: branches without returns, and from each block that a straight run
 * leaves at its end to the next. edges->at is the caller's. 0, or -ENOMEM. */
int be_edges_make(const struct be_binary *binary, const struct be_traces *traces,
                  struct be_edges *edges, struct be_edge_stats *stats, struct be_error *error);

struct be_profile;

/* The edges and calls of a profile; edges->at is the caller's. 0, or -ENOMEM. */
int be_edges_of_profile(const struct be_profile *profile, struct be_edges *edges,
                        struct be_error *error);

#endif

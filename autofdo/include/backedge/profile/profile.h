/* profile.h - the one profile in memory: how often each block of a binary's code ran, and how it
 * went on.
 *
 * Whatever was recorded (branch stacks, addresses of samples, counters) ends here, and every format
 * that speaks of more than single branches is written from here. Places are those of binary.h.
 */
#ifndef BACKEDGE_PROFILE_PROFILE_H
#define BACKEDGE_PROFILE_PROFILE_H

#include "backedge/profile/counts.h"

struct be_counted_block {
  uint32_t place;
  uint32_t size;  /* bytes up to the end of its last instruction */
  uint64_t count; /* how often it ran */
};

/* From the last instruction of one block to the beginning of another one of the same function. */
struct be_counted_edge {
  uint32_t from;  /* place of the last instruction of the block */
  uint32_t block; /* index of that block in the profile */
  uint32_t to;    /* place where the block begins that it leads to */
  uint64_t count;
  uint64_t mispredicted; /* of them */
};

/* Into a function at its beginning: a call, or a jump that takes the place of call and return. */
struct be_counted_call {
  uint32_t from; /* place of the instruction; BE_PLACE_OUTSIDE */
  uint32_t to;   /* place of the function; BE_PLACE_OUTSIDE */
  uint64_t count;
};

struct be_profile {
  const struct be_binary *binary;  /* must outlive the profile */
  struct be_counted_block *blocks; /* sorted by place; only of functions with counts */
  size_t block_count;
  struct be_counted_edge *edges; /* sorted by (from, to) */
  size_t edge_count;
  struct be_counted_call *calls; /* sorted by (from, to) */
  size_t call_count;
};

/* Makes a profile of sorted traces; it is the caller's. 0, or -ENOMEM. */
int be_profile_make(const struct be_binary *binary, const struct be_traces *traces,
                    struct be_profile *profile, struct be_error *error);
void be_profile_destroy(struct be_profile *profile);

#endif

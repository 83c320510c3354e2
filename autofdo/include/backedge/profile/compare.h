/* compare.h - what a profile says of functions, how sure it is, and how like another it is. */
#ifndef BACKEDGE_PROFILE_COMPARE_H
#define BACKEDGE_PROFILE_COMPARE_H

#include "backedge/profile/counts.h"
#include "backedge/profile/profile.h"

struct be_function_share {
  const struct be_function *function;
  double weight;    /* bytes of its code, each as often as it ran */
  uint64_t samples; /* in it; of branches: that lead into it or are taken in it to elsewhere */
  uint32_t blocks;  /* of it that ran */
};

struct be_shares {
  struct be_function_share *at; /* those that ran, the heaviest first */
  size_t count;
  double weight; /* of all */
};

/* The functions of a profile; traces and ips, sorted, say how many samples: NULL is none. It is the
 * caller's. 0 or -ENOMEM. */
int be_shares_make(const struct be_profile *profile, const struct be_traces *traces,
                   const struct be_ips *ips, struct be_shares *shares, struct be_error *error);
void be_shares_destroy(struct be_shares *shares);

/* How many of the heaviest functions make such a part (0 to 1) of all. */
size_t be_shares_covering(const struct be_shares *shares, double part);

/* The share of the counts of branches (or of blocks, where only ips are there) that is to be
 * expected to be chance: half the sum of how far counts are from their mean, as those of Poisson
 * are. Branches of one stack are not independent: a stack of so many counts as one observation,
 * so that this is rather too much than too little. */
double be_profile_chance(const struct be_profile *profile, const struct be_traces *traces,
                         const struct be_ips *ips, double stack);

struct be_overlap { /* the sum of the smaller share of each: 1 when two profiles say the same */
  double blocks, edges;
};

/* Of two profiles of one binary. */
struct be_overlap be_profile_overlap(const struct be_profile *a, const struct be_profile *b);

#endif

/* infer.h - a profile whose counts are consistent, whatever was recorded. */
#ifndef BACKEDGE_PROFILE_INFER_H
#define BACKEDGE_PROFILE_INFER_H

#include "backedge/profile/counts.h"
#include "backedge/profile/flow.h"
#include "backedge/profile/profile.h"

struct be_infer_stats {
  struct be_flow_stats flow;
  uint64_t unread;    /* functions with samples that could not be decoded */
  uint64_t outside;   /* samples or branches in none of the functions that were read */
  uint64_t unmatched; /* branches and runs that the code does not have */
};

/* Samples at addresses say how long a block took: counts are then samples for each instruction, in
 * this unit. */
enum { BE_INFER_UNIT = 1024 };

/* Makes a profile of sorted traces or, where there are none, of sorted ips; NULL is none. In it
 * each block is left as often as it is entered. It is the caller's. 0, or -ENOMEM. */
int be_profile_infer(const struct be_binary *binary, const struct be_traces *traces,
                     const struct be_ips *ips, struct be_profile *profile,
                     struct be_infer_stats *stats, struct be_error *error);

#endif

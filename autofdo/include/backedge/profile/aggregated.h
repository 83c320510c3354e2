/* aggregated.h - reads what others have counted already: by address, and BOLT's own profiles.
 *
 * By address, as `perf2bolt -pa` takes it and `backedge convert -f preaggregated` writes it:
 *
 *     B FROM TO COUNT MISPREDICTED    a branch
 *     F START END COUNT               a straight run, after a branch within the function
 *     f START END COUNT               the same, after one from elsewhere
 *     T FROM TO END COUNT             a branch and the run behind it
 *     S PLACE COUNT                   samples of an address
 *     E NAME                          the event: passed over
 *
 * Addresses are the binary's, hexadecimal; a build-id and a colon may stand before them. 0, and
 * what has X: before it, is outside.
 */
#ifndef BACKEDGE_PROFILE_AGGREGATED_H
#define BACKEDGE_PROFILE_AGGREGATED_H

#include "backedge/profile/counts.h"

struct be_aggregated_stats {
  uint64_t lines;
  uint64_t branches; /* sums of counts */
  uint64_t runs;
  uint64_t runs_alone; /* of these: to where they begin no branch leads so often; left out */
  uint64_t samples;
  uint64_t outside; /* branches wholly outside the binary, samples outside; left out */
  uint64_t unknown; /* branches and samples in functions that it does not have; left out */
};

/* Does the file begin like that? False also for "-". */
bool be_aggregated_is(const char *path);

/* Adds what the file says to traces and, where that is not NULL, to ips. -EINVAL, with the line,
 * when there is one that makes no sense; -ENODATA when nothing is in the binary. */
int be_aggregated_read(const struct be_binary *binary, const char *path, struct be_traces *traces,
                       struct be_ips *ips, struct be_aggregated_stats *stats,
                       struct be_error *error);

/* The same of fdata, BOLT's profile, of samples (no_lbr), too. Its lines are branches and ends of
 * blocks that were passed: both become traces of which it is not known how they went on. */
bool be_fdata_is(const char *path);
int be_fdata_read(const struct be_binary *binary, const char *path, struct be_traces *traces,
                  struct be_ips *ips, struct be_aggregated_stats *stats, struct be_error *error);

#endif

/* formats.h - writers of profiles, one for each format. */
#ifndef BACKEDGE_PROFILE_FORMATS_H
#define BACKEDGE_PROFILE_FORMATS_H

#include "backedge/profile/edges.h"
#include <stdio.h>

/* BOLT's fdata: a line for each edge, in functions' names and offsets. Errors stay in the stream.
 * Returns the number of lines. */
uint64_t be_fdata_write(const struct be_binary *binary, const struct be_edges *edges, FILE *out);

/* What `perf2bolt -pa` reads: lines B (a branch: from, to, count, mispredicted), and of straight
 * runs F (from, to, count) or f, when what led to the run is in no function or another one. In
 * addresses of the binary; 0 is outside. The same otherwise. */
uint64_t be_preaggregated_write(const struct be_binary *binary, const struct be_traces *traces,
                                FILE *out);

#endif

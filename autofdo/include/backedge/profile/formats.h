/* formats.h - writers of profiles, one for each format. */
#ifndef BACKEDGE_PROFILE_FORMATS_H
#define BACKEDGE_PROFILE_FORMATS_H

#include "backedge/profile/edges.h"
#include "backedge/profile/source.h"
#include <stdio.h>

/* BOLT's fdata: a line for each edge, in functions' names and offsets. Errors stay in the stream.
 * Returns the number of lines. */
uint64_t be_fdata_write(const struct be_binary *binary, const struct be_edges *edges, FILE *out);

/* What `perf2bolt -pa` reads: lines B (a branch: from, to, count, mispredicted), and of straight
 * runs F (from, to, count) or f, when what led to the run is in no function or another one. In
 * addresses of the binary; 0 is outside. Of sorted traces; the same counts always give the same
 * lines. Errors of writing stay in the stream. 0, or -ENOMEM. */
int be_preaggregated_write(const struct be_binary *binary, const struct be_traces *traces,
                           FILE *out);

/* The same of sorted samples: lines S (address, count), behind one E, since their reader wants the
 * name of an event. */
void be_preaggregated_write_samples(const struct be_binary *binary, const struct be_ips *ips,
                                    FILE *out);

enum be_gcov_version { BE_GCOV_1 = 1 /* GCC up to 11 */, BE_GCOV_2 = 2 /* GCC 12 to 15 */ };

/* The version that a compiler reads, by how it names itself (DW_AT_producer); that of GCC 12 when
 * it is no GCC. 0 when it reads none of these. */
int be_gcov_version_of(const char *producer);

/* What GCC's -fauto-profile reads. The profile must have no discriminators. 0 or -ENOMEM; errors of
 * writing stay in the stream, as in all of these. */
int be_gcov_write(const struct be_source_profile *source, enum be_gcov_version version, FILE *out);

/* LLVM's sample profiles: the extensible binary form, and text. 0 or -ENOMEM. */
int be_llvm_write(const struct be_source_profile *source, FILE *out);
int be_llvmtext_write(const struct be_source_profile *source, FILE *out);

/* JSON; docs/convert.md says what is in it. The binary is NULL when it is not known. */
void be_json_write(const struct be_source_profile *source, const struct be_binary *binary,
                   FILE *out);

#endif

/* inputs.h - a binary and what was recorded of it, for the verbs that read recordings. */
#ifndef BACKEDGE_CLI_INPUTS_H
#define BACKEDGE_CLI_INPUTS_H

#include "backedge/profile/counts.h"
#include "cli.h"

struct be_inputs {
  const struct be_args *args;
  struct be_binary *binary;
  struct be_traces traces;
  struct be_ips ips;
  struct be_collect_stats collected; /* of all recordings together */
  struct be_perfdata_stats read;     /* the same; damaged_at is not kept */
};

/* In all of these: what goes wrong is printed, and the exit status returned. Option -v asks for
 * what was counted. */

/* The binary that option -b names; nothing is recorded of it yet. To be destroyed in any case. */
enum be_exit be_inputs_open(struct be_inputs *inputs, const struct be_args *args);
void be_inputs_destroy(struct be_inputs *inputs);

/* Adds a recording, or counts of addresses. */
enum be_exit be_inputs_read(struct be_inputs *inputs, const char *path);

/* Sorts what was read; nothing can be added after that. */
void be_inputs_sort(struct be_inputs *inputs);

/* Says how many times something was left out, if ever. */
void be_inputs_warn(const struct be_inputs *inputs, const char *path, uint64_t count,
                    const char *what);

#endif

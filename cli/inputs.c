/* inputs.c - reads the recordings that a verb is given. */
#include "inputs.h"
#include "backedge/profile/aggregated.h"
#include <stdio.h>

typedef unsigned long long number;

void be_inputs_warn(const struct be_inputs *inputs, const char *path, uint64_t count,
                    const char *what) {
  if (count)
    fprintf(stderr, "backedge %s: warning: '%s': %llu %s\n", inputs->args->verb->name, path,
            (number)count, what);
}

static void warn_of_reading(const struct be_inputs *inputs, const char *path,
                            const struct be_perfdata_stats *read) {
  if (read->damaged_at)
    fprintf(stderr,
            "backedge %s: warning: '%s' ends early or is damaged at byte %llu: it is read up "
            "to there\n",
            inputs->args->verb->name, path, (number)read->damaged_at);
  be_inputs_warn(inputs, path, read->unknown, "records are of unknown types: left out");
  be_inputs_warn(inputs, path, read->without_event, "samples have the id of no event: left out");
  be_inputs_warn(inputs, path, read->malformed,
                 "samples are shorter than their event says: left out");
  be_inputs_warn(inputs, path, read->lost, "samples were lost while it was recorded");
}

static void say_collected(const char *path, const struct be_perfdata_stats *read,
                          const struct be_collect_stats *stats) {
  fprintf(stderr,
          "'%s': %llu records, %llu samples\n"
          "  samples of other processes          %12llu\n"
          "  samples without a branch stack      %12llu\n"
          "  samples used                        %12llu, of %llu processes\n"
          "  branches in them                    %12llu\n"
          "  of these in, from or to the kernel  %12llu, left out\n"
          "  of these outside the binary         %12llu, left out\n",
          path, (number)read->records, (number)read->samples, (number)stats->other_process,
          (number)stats->without_stack, (number)stats->stacks, (number)stats->processes,
          (number)stats->branches, (number)stats->kernel, (number)stats->outside);
}

static enum be_exit fail(const struct be_inputs *inputs, const struct be_error *error) {
  return be_args_fail(inputs->args, BE_EXIT_FAILED, "%s", error->text);
}

static void add_stats(struct be_inputs *inputs, const struct be_perfdata_stats *read,
                      const struct be_collect_stats *stats) {
  inputs->read.records += read->records;
  inputs->read.samples += read->samples;
  inputs->read.unknown += read->unknown;
  inputs->read.without_event += read->without_event;
  inputs->read.malformed += read->malformed;
  inputs->read.lost += read->lost;
  inputs->collected.other_process += stats->other_process;
  inputs->collected.without_stack += stats->without_stack;
  inputs->collected.ips += stats->ips;
  inputs->collected.stacks += stats->stacks;
  inputs->collected.branches += stats->branches;
  inputs->collected.kernel += stats->kernel;
  inputs->collected.outside += stats->outside;
  inputs->collected.processes += stats->processes;
  inputs->collected.newest += stats->newest;
}

/* What others have counted; read is the reader of their format. */
static enum be_exit read_counted(struct be_inputs *inputs, const char *path,
                                 int (*read)(const struct be_binary *, const char *,
                                             struct be_traces *, struct be_ips *,
                                             struct be_aggregated_stats *, struct be_error *)) {
  struct be_aggregated_stats stats;
  struct be_error error;
  if (read(inputs->binary, path, &inputs->traces, &inputs->ips, &stats, &error))
    return fail(inputs, &error);
  be_inputs_warn(inputs, path, stats.unknown,
                 "branches or samples are in functions that the binary does not have: left out");
  if (be_args_get(inputs->args, "v"))
    fprintf(stderr,
            "'%s': %llu lines\n"
            "  branches                            %12llu\n"
            "  straight runs                       %12llu\n"
            "  of these after no branch            %12llu, left out\n"
            "  outside the binary                  %12llu, left out\n",
            path, (number)stats.lines, (number)stats.branches, (number)stats.runs,
            (number)stats.runs_alone, (number)stats.outside);
  return BE_EXIT_DONE;
}

enum be_exit be_inputs_read(struct be_inputs *inputs, const char *path) {
  struct be_perfdata *recording;
  struct be_perfdata_stats read = {0};
  struct be_collect_stats stats;
  struct be_error error;
  if (be_aggregated_is(path))
    return read_counted(inputs, path, be_aggregated_read);
  if (be_fdata_is(path))
    return read_counted(inputs, path, be_fdata_read);
  if (be_perfdata_open(path, &recording, &error))
    return fail(inputs, &error);
  int status = be_collect(inputs->binary, recording, path, &inputs->traces, &inputs->ips, &read,
                          &stats, &error);
  be_perfdata_close(recording);
  warn_of_reading(inputs, path, &read);
  add_stats(inputs, &read, &stats);
  if (status)
    return fail(inputs, &error);
  if (be_args_get(inputs->args, "v"))
    say_collected(path, &read, &stats);
  return BE_EXIT_DONE;
}

enum be_exit be_inputs_open(struct be_inputs *inputs, const struct be_args *args) {
  struct be_error error;
  *inputs = (struct be_inputs){.args = args};
  if (!be_args_get(args, "b"))
    return be_args_fail(args, BE_EXIT_USAGE, "which binary? -b BINARY is wanted");
  if (!args->operand_count)
    return be_args_fail(args, BE_EXIT_USAGE, "a recording is wanted (- is stdin)");
  if (be_binary_open(be_args_get(args, "b"), &inputs->binary, &error))
    return fail(inputs, &error);
  if (be_traces_init(&inputs->traces, inputs->binary) || be_ips_init(&inputs->ips))
    return be_args_fail(args, BE_EXIT_FAILED, "out of memory");
  return BE_EXIT_DONE;
}

void be_inputs_destroy(struct be_inputs *inputs) {
  be_traces_destroy(&inputs->traces);
  be_ips_destroy(&inputs->ips);
  be_binary_close(inputs->binary);
}

void be_inputs_sort(struct be_inputs *inputs) {
  be_traces_sort(&inputs->traces);
  be_ips_sort(&inputs->ips);
}

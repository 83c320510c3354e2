/* convert.c - `backedge convert`: a recording of perf becomes a profile that other tools read. */
#include "backedge/profile/formats.h"
#include "cli.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct be_option options[] = {
    {"b", BE_TAKES_VALUE, "BINARY", "the program or library to make the profile of", false},
    {"f", BE_TAKES_VALUE, "FORMAT", "bolt (default) or preaggregated", false},
    {"o", BE_TAKES_VALUE, "OUT", "write to OUT, not to stdout", false},
    {"v", BE_TAKES_NOTHING, NULL, "say on stderr what was counted and what was left out", false},
    {0}};

enum format { FORMAT_BOLT, FORMAT_PREAGGREGATED };

struct convert {
  const struct be_args *args;
  enum format format;
  struct be_binary *binary;
  struct be_traces traces;
};

typedef unsigned long long number;

/* ---- what is said on stderr -------------------------------------------------------------------
 */

static void warn(const char *path, number count, const char *what) {
  if (count)
    fprintf(stderr, "backedge convert: warning: '%s': %llu %s\n", path, count, what);
}

static void warn_of_reading(const char *path, const struct be_perfdata_stats *read) {
  if (read->damaged_at)
    fprintf(stderr,
            "backedge convert: warning: '%s' ends early or is damaged at byte %llu: it is read up "
            "to there\n",
            path, (number)read->damaged_at);
  warn(path, read->unknown, "records are of unknown types: left out");
  warn(path, read->without_event, "samples have the id of no event: left out");
  warn(path, read->malformed, "samples are shorter than their event says: left out");
  warn(path, read->lost, "samples were lost while it was recorded");
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

static void say_edges(const struct be_edges *edges, const struct be_edge_stats *stats) {
  fprintf(stderr,
          "edges %zu, of %llu functions (%llu not decoded)\n"
          "  branches that are returns           %12llu, left out\n"
          "  newest branches, nothing follows    %12llu\n"
          "  straight runs between branches      %12llu\n"
          "  of these outside the binary         %12llu, left out\n"
          "  of these not possible in its code   %12llu, left out\n"
          "  of these in code not decoded        %12llu, left out\n",
          edges->count, (number)stats->functions, (number)stats->unread, (number)stats->returns,
          (number)stats->newest, (number)stats->runs, (number)stats->runs_outside,
          (number)stats->runs_broken, (number)stats->runs_unread);
}

/* ---- the work ---------------------------------------------------------------------------------
 */

static enum be_exit fail(const struct convert *convert, const struct be_error *error) {
  return be_args_fail(convert->args, BE_EXIT_FAILED, "%s", error->text);
}

static enum be_exit read_input(struct convert *convert, const char *path) {
  struct be_perfdata *recording;
  struct be_perfdata_stats read = {0};
  struct be_collect_stats stats;
  struct be_error error;
  if (be_perfdata_open(path, &recording, &error))
    return fail(convert, &error);
  int status =
      be_collect(convert->binary, recording, path, &convert->traces, NULL, &read, &stats, &error);
  be_perfdata_close(recording);
  warn_of_reading(path, &read);
  if (status)
    return fail(convert, &error);
  if (be_args_get(convert->args, "v"))
    say_collected(path, &read, &stats);
  return BE_EXIT_DONE;
}

static enum be_exit make_edges(const struct convert *convert, struct be_edges *edges) {
  struct be_edge_stats stats;
  struct be_error error;
  if (be_edges_make(convert->binary, &convert->traces, edges, &stats, &error))
    return fail(convert, &error);
  if (be_args_get(convert->args, "v"))
    say_edges(edges, &stats);
  if (edges->count)
    return BE_EXIT_DONE;
  free(edges->at);
  return be_args_fail(convert->args, BE_EXIT_FAILED,
                      "no branch of the recording is in a function of '%s'", convert->binary->path);
}

/* Half a profile is worse than none. */
static void remove_file(const char *path) {
  struct stat info;
  if (lstat(path, &info) == 0 && S_ISREG(info.st_mode))
    unlink(path);
}

static enum be_exit cannot_write(const struct convert *convert, const char *path) {
  return be_args_fail(convert->args, BE_EXIT_FAILED, "cannot write '%s': %s", path,
                      strerror(errno));
}

/* The file is opened only when there is something to write. */
static enum be_exit write_output(struct convert *convert) {
  const char *path = be_args_get(convert->args, "o");
  struct be_edges edges = {0};
  be_traces_sort(&convert->traces);
  if (convert->format == FORMAT_BOLT && make_edges(convert, &edges) != BE_EXIT_DONE)
    return BE_EXIT_FAILED;
  FILE *out = path ? fopen(path, "w") : stdout;
  if (!out) {
    free(edges.at);
    return cannot_write(convert, path);
  }
  if (convert->format == FORMAT_BOLT)
    be_fdata_write(convert->binary, &edges, out);
  else
    be_preaggregated_write(convert->binary, &convert->traces, out);
  free(edges.at);
  bool is_bad = fflush(out) != 0 || ferror(out);
  if (path)
    is_bad |= fclose(out) != 0;
  if (!is_bad)
    return BE_EXIT_DONE;
  enum be_exit status = cannot_write(convert, path ? path : "the standard output");
  if (path)
    remove_file(path);
  return status;
}

static enum be_exit read_and_write(struct convert *convert) {
  struct be_error error;
  if (be_binary_open(be_args_get(convert->args, "b"), &convert->binary, &error))
    return fail(convert, &error);
  if (be_traces_init(&convert->traces, convert->binary))
    return be_args_fail(convert->args, BE_EXIT_FAILED, "out of memory");
  enum be_exit status = BE_EXIT_DONE;
  for (size_t i = 0; i < convert->args->operand_count && status == BE_EXIT_DONE; i++)
    status = read_input(convert, convert->args->operands[i]);
  return status == BE_EXIT_DONE ? write_output(convert) : status;
}

static enum be_exit run(const struct be_args *args) {
  struct convert convert = {.args = args, .format = FORMAT_BOLT};
  const char *format = be_args_get(args, "f");
  if (!be_args_get(args, "b"))
    return be_args_fail(args, BE_EXIT_USAGE, "which binary? -b BINARY is wanted");
  if (!args->operand_count)
    return be_args_fail(args, BE_EXIT_USAGE, "a recording is wanted (- is stdin)");
  if (format && strcmp(format, "preaggregated") == 0)
    convert.format = FORMAT_PREAGGREGATED;
  else if (format && strcmp(format, "bolt") != 0)
    return be_args_fail(args, BE_EXIT_USAGE,
                        "there is no format '%s'; the formats are: bolt, preaggregated", format);
  enum be_exit status = read_and_write(&convert);
  be_traces_destroy(&convert.traces);
  be_binary_close(convert.binary);
  return status;
}

const struct be_verb be_verb_convert = {
    .name = "convert",
    .summary = "make a profile of a recording",
    .operands = "INPUT...",
    .text = "  perf record -j any,u -o perf.data ./program\n"
            "  backedge convert -b program -o program.fdata perf.data\n"
            "  llvm-bolt program -o program.bolt --data program.fdata ...\n"
            "\n"
            "INPUT is what 'perf record' wrote, with branch stacks; - is stdin. Several are added\n"
            "up. -f preaggregated writes addresses, for 'perf2bolt -pa'.\n",
    .options = options,
    .run = run,
};

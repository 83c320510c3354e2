/* convert.c - `backedge convert`: a recording of perf becomes a profile that other tools read. */
#include "backedge/profile/formats.h"
#include "backedge/profile/infer.h"
#include "inputs.h"
#include "output.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct be_option options[] = {
    {"b", BE_TAKES_VALUE, "BINARY", "the program or library to make the profile of", false},
    {"f", BE_TAKES_VALUE, "FORMAT", "bolt (default), gcc, llvm, llvm-text, json or preaggregated",
     false},
    {"gcc-version", BE_TAKES_VALUE, "N", "the GCC that -f gcc is for (default: the binary's)",
     false},
    {"o", BE_TAKES_VALUE, "OUT", "write to OUT, not to stdout", false},
    {"raw", BE_TAKES_NOTHING, NULL,
     "counts as they were recorded, not made consistent (llvm: always)", false},
    {"v", BE_TAKES_NOTHING, NULL, "say on stderr what was counted and what was left out", false},
    {0}};

enum format {
  FORMAT_BOLT,
  FORMAT_PREAGGREGATED,
  FORMAT_GCC,
  FORMAT_LLVM,
  FORMAT_LLVM_TEXT,
  FORMAT_JSON,
  FORMATS
};

static const char *const format_names[FORMATS] = {"bolt", "preaggregated", "gcc",
                                                  "llvm", "llvm-text",     "json"};

struct convert {
  const struct be_args *args;
  enum format format;
  struct be_inputs inputs;
  struct be_edges edges; /* what is written: one of these, by the format */
  struct be_source_profile *source;
  int gcov_version;
};

typedef unsigned long long number;

/* Of a program like sqlite3, so many give three quarters of the edges. */
enum { SAMPLES_FEW = 2000 };

/* ---- what is said on stderr -------------------------------------------------------------------
 */

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

static void say_source(const struct be_source_profile *source,
                       const struct be_source_stats *stats) {
  double all = (double)stats->bytes / 100;
  fprintf(stderr,
          "lines %zu, of %zu functions and %zu inlined copies; %zu units of %s\n"
          "  code that ran, without debug information  %6.2f %%, left out\n"
          "  code that ran, of no line                 %6.2f %%, left out\n"
          "  functions of a name that another has      %6zu, left out\n",
          source->position_count, source->function_count,
          source->instance_count - source->function_count - stats->same_name, stats->units,
          source->producer ? source->producer : "an unknown compiler",
          (double)stats->undescribed / all, (double)stats->lineless / all, stats->same_name);
}

static void say_inferred(const struct be_infer_stats *stats) {
  fprintf(stderr,
          "counts made consistent in %llu functions, %llu arcs\n"
          "  paths along which counts changed    %12llu\n"
          "  functions too large for least cost  %12llu\n"
          "  functions not decoded               %12llu, left out\n"
          "  branches or samples in no function  %12llu, left out\n"
          "  of these not possible in its code   %12llu, left out\n",
          (number)stats->flow.functions, (number)stats->flow.arcs, (number)stats->flow.augments,
          (number)stats->flow.finished, (number)stats->unread, (number)stats->outside,
          (number)stats->unmatched);
}

/* ---- the work ---------------------------------------------------------------------------------
 */

static enum be_exit fail(const struct convert *convert, const struct be_error *error) {
  return be_args_fail(convert->args, BE_EXIT_FAILED, "%s", error->text);
}

/* LLVM makes counts consistent itself, with what it knows of the source: like those of its own
 * tools, they are not to be changed before. */
static bool wants_raw(const struct convert *convert) {
  return be_args_get(convert->args, "raw") || convert->format == FORMAT_LLVM ||
         convert->format == FORMAT_LLVM_TEXT;
}

/* Counts for each block: of samples always, of branches unless they are wanted raw. */
static int make_profile(struct convert *convert, struct be_profile *profile,
                        struct be_error *error) {
  struct be_infer_stats stats;
  if (convert->inputs.traces.count && wants_raw(convert))
    return be_profile_make(convert->inputs.binary, &convert->inputs.traces, profile, error);
  int status = be_profile_infer(convert->inputs.binary, &convert->inputs.traces,
                                &convert->inputs.ips, profile, &stats, error);
  if (!status && be_args_get(convert->args, "v"))
    say_inferred(&stats);
  return status;
}

static enum be_exit make_inferred_edges(struct convert *convert) {
  struct be_profile profile;
  struct be_error error;
  if (make_profile(convert, &profile, &error))
    return fail(convert, &error);
  int status = be_edges_of_profile(&profile, &convert->edges, &error);
  be_profile_destroy(&profile);
  if (status)
    return fail(convert, &error);
  if (convert->edges.count)
    return BE_EXIT_DONE;
  return be_args_fail(convert->args, BE_EXIT_FAILED,
                      "no sample of the recording is in a function of '%s'",
                      convert->inputs.binary->path);
}

static enum be_exit make_edges(struct convert *convert) {
  struct be_edge_stats stats;
  struct be_error error;
  if (be_edges_make(convert->inputs.binary, &convert->inputs.traces, &convert->edges, &stats,
                    &error))
    return fail(convert, &error);
  if (be_args_get(convert->args, "v"))
    say_edges(&convert->edges, &stats);
  if (convert->edges.count)
    return BE_EXIT_DONE;
  return be_args_fail(convert->args, BE_EXIT_FAILED,
                      "no branch of the recording is in a function of '%s'",
                      convert->inputs.binary->path);
}

static enum be_exit make_source(struct convert *convert) {
  enum be_discriminators discriminators = convert->format == FORMAT_GCC    ? BE_DISCRIMINATORS_DROP
                                          : convert->format == FORMAT_JSON ? BE_DISCRIMINATORS_KEEP
                                                                           : BE_DISCRIMINATORS_LLVM;
  struct be_profile profile;
  struct be_source_stats stats;
  struct be_error error;
  if (make_profile(convert, &profile, &error))
    return fail(convert, &error);
  int status = be_source_make(&profile, discriminators, &convert->source, &stats, &error);
  be_profile_destroy(&profile);
  if (status)
    return fail(convert, &error);
  be_inputs_warn(&convert->inputs, convert->inputs.binary->path, stats.missing,
                 "units have their debug information in .dwo files that are not there: left out");
  if (be_args_get(convert->args, "v"))
    say_source(convert->source, &stats);
  return BE_EXIT_DONE;
}

/* The version of GCC's format: as asked for, else as the compiler of the binary reads it. */
static enum be_exit choose_gcov_version(struct convert *convert) {
  const char *wanted = be_args_get(convert->args, "gcc-version");
  char producer[64];
  snprintf(producer, sizeof producer, "GNU C %s", wanted ? wanted : "");
  convert->gcov_version = be_gcov_version_of(wanted ? producer : convert->source->producer);
  return convert->gcov_version
             ? BE_EXIT_DONE
             : be_args_fail(convert->args, BE_EXIT_FAILED,
                            "the format of GCC 16 and later is not known; --gcc-version 12 writes "
                            "that of GCC 12 to 15");
}

/* There are no branch stacks: says what is done instead. Not 0 when nothing can be. */
static int say_samples(const struct convert *convert) {
  number samples = 0;
  for (size_t i = 0; i < convert->inputs.ips.count; i++)
    samples += convert->inputs.ips.slots[i].count;
  if (convert->format == FORMAT_PREAGGREGATED || be_args_get(convert->args, "raw"))
    return be_args_fail(
        convert->args, BE_EXIT_FAILED,
        "the recording has no branch stacks: record it with 'perf record -j any,u', "
        "where the processor can");
  fprintf(stderr,
          "backedge convert: no branch stacks: the counts are inferred from %llu samples%s\n",
          samples, samples < SAMPLES_FEW ? ", which are few: record longer" : "");
  return 0;
}

/* Makes what is written. */
static enum be_exit make_output(struct convert *convert) {
  be_inputs_sort(&convert->inputs);
  bool has_branches = convert->inputs.traces.count > 0;
  if (!has_branches && say_samples(convert))
    return BE_EXIT_FAILED;
  if (convert->format == FORMAT_PREAGGREGATED)
    return BE_EXIT_DONE;
  if (convert->format == FORMAT_BOLT)
    return has_branches ? make_edges(convert) : make_inferred_edges(convert);
  enum be_exit status = make_source(convert);
  return status == BE_EXIT_DONE && convert->format == FORMAT_GCC ? choose_gcov_version(convert)
                                                                 : status;
}

static int write_format(void *user, FILE *out) {
  const struct convert *convert = user;
  switch (convert->format) {
  case FORMAT_BOLT:
    be_fdata_write(convert->inputs.binary, &convert->edges, out);
    return 0;
  case FORMAT_GCC:
    return be_gcov_write(convert->source, (enum be_gcov_version)convert->gcov_version, out);
  case FORMAT_LLVM:
    return be_llvm_write(convert->source, out);
  case FORMAT_LLVM_TEXT:
    be_llvmtext_write(convert->source, out);
    return 0;
  case FORMAT_JSON:
    be_json_write(convert->source, convert->inputs.binary, out);
    return 0;
  default:
    return be_preaggregated_write(convert->inputs.binary, &convert->inputs.traces, out);
  }
}

/* The file is opened only when there is something to write. */
static enum be_exit write_output(struct convert *convert) {
  enum be_exit status = make_output(convert);
  return status == BE_EXIT_DONE ? be_output_write(convert->args, write_format, convert) : status;
}

/* Adds up compilers' profiles. */
static enum be_exit read_sources(struct convert *convert) {
  const struct be_args *args = convert->args;
  struct be_error error;
  size_t ignored;
  if (convert->format == FORMAT_BOLT || convert->format == FORMAT_PREAGGREGATED)
    return be_args_fail(args, BE_EXIT_USAGE,
                        "'%s' speaks of lines of the source: it becomes -f gcc, llvm, llvm-text or "
                        "json, nothing with addresses",
                        args->operands[0]);
  convert->source = be_source_create();
  if (!convert->source)
    return be_args_fail(args, BE_EXIT_FAILED, "out of memory");
  for (size_t i = 0; i < args->operand_count; i++)
    if (be_source_read(args->operands[i], convert->format != FORMAT_GCC, convert->source, &error))
      return be_args_fail(args, BE_EXIT_FAILED, "%s", error.text);
  if (be_source_sort(convert->source, &ignored))
    return be_args_fail(args, BE_EXIT_FAILED, "out of memory");
  if (!convert->source->function_count)
    return be_args_fail(args, BE_EXIT_FAILED, "no function is in '%s'", args->operands[0]);
  return convert->format == FORMAT_GCC ? choose_gcov_version(convert) : BE_EXIT_DONE;
}

static enum be_exit read_and_write(struct convert *convert) {
  const struct be_args *args = convert->args;
  if (!be_args_get(args, "b") && args->operand_count && be_source_is(args->operands[0])) {
    enum be_exit made = read_sources(convert);
    return made == BE_EXIT_DONE ? be_output_write(args, write_format, convert) : made;
  }
  enum be_exit status = be_inputs_open(&convert->inputs, convert->args);
  for (size_t i = 0; i < convert->args->operand_count && status == BE_EXIT_DONE; i++)
    status = be_inputs_read(&convert->inputs, convert->args->operands[i]);
  return status == BE_EXIT_DONE ? write_output(convert) : status;
}

static bool choose_format(const char *name, enum format *format) {
  for (int i = 0; i < FORMATS; i++)
    if (strcmp(name, format_names[i]) == 0) {
      *format = (enum format)i;
      return true;
    }
  return false;
}

static enum be_exit run(const struct be_args *args) {
  struct convert convert = {.args = args, .format = FORMAT_BOLT};
  const char *format = be_args_get(args, "f");
  if (format && !choose_format(format, &convert.format))
    return be_args_fail(args, BE_EXIT_USAGE,
                        "there is no format '%s'; the formats are: bolt, gcc, llvm, llvm-text, "
                        "json, preaggregated",
                        format);
  enum be_exit status = read_and_write(&convert);
  free(convert.edges.at);
  be_source_destroy(convert.source);
  be_inputs_destroy(&convert.inputs);
  return status;
}

const struct be_verb be_verb_convert = {
    .name = "convert",
    .summary = "make a profile of a recording",
    .operands = "INPUT...",
    .text =
        "  perf record -j any,u -o perf.data ./program\n"
        "  backedge convert -b program -o program.fdata perf.data\n"
        "  llvm-bolt program -o program.bolt --data program.fdata ...\n"
        "\n"
        "  backedge convert -b program -f gcc -o program.afdo perf.data\n"
        "  gcc -O2 -fauto-profile=program.afdo ...\n"
        "\n"
        "INPUT is what 'backedge record' or 'perf record' wrote, the text of 'perf script',\n"
        "or counts for 'perf2bolt -pa'; - is stdin. Several are added up. Without branch\n"
        "stacks in it, counts are inferred from its samples. -f gcc and -f llvm (for clang\n"
        "-fprofile-sample-use=) want a binary with debug information. -f preaggregated writes\n"
        "addresses, for 'perf2bolt -pa'. Profiles for GCC and LLVM are read, too, without -b.\n",
    .options = options,
    .run = run,
};

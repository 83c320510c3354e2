/* record.c - `backedge record`: runs a command, or watches what runs, and writes a recording. */
#include "backedge/profile/record.h"
#include "cli.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct be_option options[] = {
    {"o", BE_TAKES_VALUE, "FILE", "write to FILE (default: perf.data); - is stdout", false},
    {"source", BE_TAKES_VALUE, "SOURCE", "auto (default), branch, soft or ip", false},
    {"F", BE_TAKES_VALUE, "HZ", "samples in a second of CPU time (soft: 100, else 1000)", false},
    {"branches", BE_TAKES_VALUE, "N", "of a software branch stack (default: 64)", false},
    {"overhead", BE_TAKES_VALUE, "PERCENT", "what software stacks may take (default: 1)", false},
    {"p", BE_TAKES_VALUE, "PID,...", "processes that run already", true},
    {"all", BE_TAKES_NOTHING, NULL, "everything that runs on this machine", false},
    {"q", BE_TAKES_NOTHING, NULL, "say nothing but errors", false},
    {0}};

struct record {
  const struct be_args *args;
  struct be_recording_options options;
  int *pids;
  bool is_quiet, is_terminal;
  double last; /* when the progress line was written */
};

typedef unsigned long long number;

/* ---- what is said on stderr -------------------------------------------------------------------
 */

static void say_chosen(void *user, const char *sentence) {
  const struct record *record = user;
  if (!record->is_quiet)
    fprintf(stderr, "backedge record: %s\n", sentence);
}

static void say_progress(void *user, const struct be_recording_stats *stats) {
  enum { FIRST = 2 };
  struct record *record = user;
  if (!record->is_terminal || stats->seconds < FIRST || stats->seconds - record->last < 1)
    return;
  record->last = stats->seconds;
  fprintf(stderr, "\r%.0f s: %llu samples, %llu branches, %.1f MB\033[K", stats->seconds,
          (number)stats->samples, (number)stats->branches, 1e-6 * (double)stats->bytes);
}

static double percent(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

static void say_cost(const struct be_recording_stats *stats) {
  if (stats->source == BE_SOURCE_SOFT)
    fprintf(stderr, ", overhead %.2f %%", percent(stats->target_cost, stats->target_cpu));
  else if (stats->command_cpu > 0)
    fprintf(stderr, ", %.2f s of CPU for %.2f s of the command's", stats->own_cpu,
            stats->command_cpu);
}

/* The kernel's own clock, or the agent's, lets no more ticks come. */
static void say_rate(const struct be_recording_stats *stats) {
  const double enough = 0.75, least_cpu = 1;
  double rate = stats->target_cpu > 0 ? (double)stats->ticks / stats->target_cpu : 0;
  if (stats->target_cpu >= least_cpu && rate < enough * stats->frequency)
    fprintf(stderr,
            "backedge record: %.0f ticks a second of CPU time, not %u: more would take longer than "
            "--overhead allows, or the kernel's clock has no more\n",
            rate, stats->frequency);
}

/* What is not in the file, and why. */
static void say_dropped(const struct be_recording_stats *stats) {
  if (stats->lost)
    fprintf(stderr, "backedge record: %llu records were lost: there was no room for them\n",
            (number)stats->lost);
  if (stats->throttled)
    fprintf(stderr, "backedge record: the kernel held the event up %llu times: lower -F\n",
            (number)stats->throttled);
  if (stats->source == BE_SOURCE_SOFT && stats->ticks)
    fprintf(stderr,
            "backedge record: of %llu ticks, %.1f %% of bursts ended at a system call, %.1f %% at "
            "code that is not followed; %.1f %% had none\n",
            (number)stats->ticks, percent((double)stats->cut_syscall, (double)stats->ticks),
            percent((double)stats->cut_code, (double)stats->ticks),
            percent((double)stats->not_begun, (double)stats->ticks));
}

static void say_result(const struct record *record, const struct be_recording_stats *stats) {
  if (record->is_terminal && record->last > 0)
    fprintf(stderr, "\r\033[K");
  if (record->is_quiet)
    return;
  fprintf(stderr, "backedge record: '%s': %llu samples", record->options.out,
          (number)stats->samples);
  if (stats->source != BE_SOURCE_IP)
    fprintf(stderr, ", %llu branches", (number)stats->branches);
  fprintf(stderr, ", %.2f MB in %.1f s", 1e-6 * (double)stats->bytes, stats->seconds);
  say_cost(stats);
  fputc('\n', stderr);
  if (stats->source == BE_SOURCE_SOFT)
    say_rate(stats);
  say_dropped(stats);
}

/* ---- options ----------------------------------------------------------------------------------
 */

static enum be_exit read_number(const struct be_args *args, const char *name, double least,
                                double most, double *value) {
  const char *text = be_args_get(args, name);
  char *end;
  *value = 0;
  if (!text)
    return BE_EXIT_DONE;
  *value = strtod(text, &end);
  if (end == text || *end || !(*value >= least && *value <= most))
    return be_args_fail(args, BE_EXIT_USAGE, "%s%s wants a number from %g to %g, not '%s'",
                        name[1] ? "--" : "-", name, least, most, text);
  return BE_EXIT_DONE;
}

static enum be_exit read_source(struct record *record) {
  static const char *const names[] = {[BE_SOURCE_AUTO] = "auto",
                                      [BE_SOURCE_BRANCH] = "branch",
                                      [BE_SOURCE_SOFT] = "soft",
                                      [BE_SOURCE_IP] = "ip"};
  const char *name = be_args_get(record->args, "source");
  for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
    if (strcmp(names[i], name) == 0) {
      record->options.source = (enum be_source)i;
      return BE_EXIT_DONE;
    }
  return name ? be_args_fail(record->args, BE_EXIT_USAGE,
                             "there is no source '%s'; the sources are: auto, branch, soft, ip",
                             name)
              : BE_EXIT_DONE;
}

static enum be_exit read_pids(struct record *record) {
  const char *text = be_args_get(record->args, "p");
  for (const char *at = text; at && *at;) {
    char *end;
    long pid = strtol(at, &end, 10);
    size_t count = record->options.pid_count;
    int *grown = realloc(record->pids, (count + 1) * sizeof *grown);
    if (!grown)
      return be_args_fail(record->args, BE_EXIT_FAILED, "out of memory");
    record->pids = grown;
    record->options.pids = grown;
    if (end == at || (*end && *end != ',') || pid <= 0 || pid > INT_MAX)
      return be_args_fail(record->args, BE_EXIT_USAGE,
                          "-p wants numbers of processes with commas between them, not '%s'", text);
    grown[count] = (int)pid;
    record->options.pid_count++;
    at = *end ? end + 1 : end;
  }
  return BE_EXIT_DONE;
}

static enum be_exit read_options(struct record *record) {
  enum { HZ_MAX = 1000000, BRANCHES_MAX = 1024, PERCENT_MAX = 100 };
  const struct be_args *args = record->args;
  double frequency, branches, overhead;
  enum be_exit status = read_source(record);
  if (status == BE_EXIT_DONE)
    status = read_pids(record);
  if (status == BE_EXIT_DONE)
    status = read_number(args, "F", 1, HZ_MAX, &frequency);
  if (status == BE_EXIT_DONE)
    status = read_number(args, "branches", 1, BRANCHES_MAX, &branches);
  if (status == BE_EXIT_DONE)
    status = read_number(args, "overhead", 0.01, PERCENT_MAX, &overhead);
  if (status != BE_EXIT_DONE)
    return status;
  record->options.frequency = (uint32_t)frequency;
  record->options.branches = (uint32_t)branches;
  record->options.overhead = overhead;
  record->options.all = be_args_get(args, "all") != NULL;
  record->options.out = be_args_get(args, "o") ? be_args_get(args, "o") : "perf.data";
  record->options.command = args->command;
  if (strcmp(record->options.out, "-") == 0 && isatty(STDOUT_FILENO))
    return be_args_fail(args, BE_EXIT_USAGE, "-o -: the standard output is a terminal");
  if (record->options.all && record->options.pid_count)
    return be_args_fail(args, BE_EXIT_USAGE, "-p and --all are two different things");
  if (!args->command && !record->options.all && !record->options.pid_count)
    return be_args_fail(args, BE_EXIT_USAGE, "what is to be recorded? a command, -p or --all");
  return BE_EXIT_DONE;
}

/* ---- the end ----------------------------------------------------------------------------------
 */

/* Ends as the command ended: also by the same signal, but without a core of ours. */
static enum be_exit pass_on(const struct be_recording_stats *stats) {
  struct rlimit none = {0, 0};
  if (!stats->has_status)
    return BE_EXIT_DONE;
  if (WIFEXITED(stats->status))
    return (enum be_exit)WEXITSTATUS(stats->status);
  setrlimit(RLIMIT_CORE, &none);
  fflush(NULL);
  signal(WTERMSIG(stats->status), SIG_DFL);
  raise(WTERMSIG(stats->status));
  return (enum be_exit)(128 + WTERMSIG(stats->status));
}

static enum be_exit fail(const struct record *record, const struct be_recording_stats *stats,
                         int status, const struct be_error *error) {
  enum { NOT_FOUND = 127, NOT_RUN = 126 };
  if (record->is_terminal && record->last > 0)
    fputc('\n', stderr);
  be_args_fail(record->args, BE_EXIT_FAILED, "%s", error->text);
  if (!stats->is_not_run)
    return BE_EXIT_FAILED;
  return (enum be_exit)(status == -ENOENT ? NOT_FOUND : NOT_RUN);
}

/* A recording of nothing is no success, whatever the command says. */
static enum be_exit judge(const struct record *record, const struct be_recording_stats *stats) {
  bool is_empty = true;
  if (stats->source == BE_SOURCE_SOFT && !stats->processes)
    be_args_fail(record->args, BE_EXIT_FAILED,
                 "the agent did not begin in the command: it is linked statically, or clears "
                 "LD_PRELOAD; --source ip works there");
  else if (!stats->samples)
    be_args_fail(record->args, BE_EXIT_FAILED,
                 "no samples: it ran too short a time, or hardly used the processor; -F takes more "
                 "of them");
  else
    is_empty = false;
  enum be_exit status = pass_on(stats);
  return is_empty && status == BE_EXIT_DONE ? BE_EXIT_FAILED : status;
}

static enum be_exit record_it(struct record *record) {
  struct be_recording_stats stats;
  struct be_error error;
  int status = be_recording_run(&record->options, &stats, &error);
  if (status)
    return fail(record, &stats, status, &error);
  say_result(record, &stats);
  return judge(record, &stats);
}

static enum be_exit run(const struct be_args *args) {
  static const char *const folders[] = {"../" BE_LIBDIR "/backedge", "../lib/backedge",
                                        "../" BE_LIBDIR, "../lib", NULL};
  struct record record = {.args = args,
                          .is_quiet = be_args_get(args, "q") != NULL,
                          .is_terminal = isatty(STDERR_FILENO) && !be_args_get(args, "q")};
  enum be_exit status = read_options(&record);
  if (status == BE_EXIT_DONE) {
    char *agent = be_installed_path(folders, "libbackedge-agent.so");
    record.options.agent = agent;
    record.options.version = BE_VERSION;
    record.options.user = &record;
    record.options.chosen = say_chosen;
    record.options.progress = say_progress;
    status = record_it(&record);
    free(agent);
  }
  free(record.pids);
  return status;
}

const struct be_verb be_verb_record = {
    .name = "record",
    .summary = "record what a program does, for a profile",
    .operands = "[--] COMMAND...",
    .text =
        "  backedge record ./program its arguments\n"
        "  backedge record -p 1234 -- sleep 30\n"
        "  backedge record --all -- sleep 30\n"
        "\n"
        "The file is one of perf's: 'backedge convert', 'perf report' and others read it. With\n"
        "-p or --all, COMMAND says how long; without one, ^C ends it. The exit status is the\n"
        "command's.\n",
    .runs_command = true,
    .options = options,
    .run = run,
};

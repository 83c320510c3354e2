/* show.c - `backedge show`: what is in a recording, where the time went, and whether it is enough.
 */
#include "backedge/profile/compare.h"
#include "backedge/profile/infer.h"
#include "inputs.h"
#include <stdio.h>
#include <stdlib.h>

static const struct be_option options[] = {
    {"b", BE_TAKES_VALUE, "BINARY", "the program or library that ran", false},
    {"n", BE_TAKES_VALUE, "N", "so many functions (default: 20)", false},
    {"v", BE_TAKES_NOTHING, NULL, "say for each recording what was left out", false},
    {0}};

typedef unsigned long long number;

enum { FUNCTIONS_USUAL = 20, NAME_MAX_SHOWN = 256 };

/* Of the counts, such a part may be chance. */
static const double enough = 0.10, thin = 0.25;

struct show {
  struct be_inputs inputs;
  struct be_profile profile;
  struct be_infer_stats inferred;
  struct be_shares shares;
};

/* Branch stacks of such a length were recorded, on average. */
static double stack_of(const struct be_collect_stats *collected) {
  return collected->stacks ? (double)collected->branches / (double)collected->stacks : 1;
}

/* ---- what is said -----------------------------------------------------------------------------
 */

static void say_part(const char *what, uint64_t count, uint64_t all) {
  if (count)
    printf("  %-38s %12llu  %5.1f %%\n", what, (number)count,
           100 * (double)count / (double)(all ? all : 1));
}

static void say_recorded(const struct show *show) {
  const struct be_collect_stats *collected = &show->inputs.collected;
  uint64_t samples = show->inputs.read.samples;
  if (samples) {
    printf("%llu samples, of %llu processes that ran the binary\n", (number)samples,
           (number)collected->processes);
    say_part("with a branch stack", collected->stacks, samples);
    say_part("without, in the binary", collected->ips, samples);
    say_part("without, elsewhere", collected->without_stack - collected->ips, samples);
    say_part("of other processes", collected->other_process, samples);
  }
  if (collected->branches) {
    printf("%llu branches in the stacks\n", (number)collected->branches);
    say_part("in, from or to the kernel: left out", collected->kernel, collected->branches);
    say_part("outside the binary: left out", collected->outside, collected->branches);
  }
  if (show->inferred.outside + show->inferred.unmatched) {
    uint64_t all = collected->branches ? collected->branches : collected->ips;
    printf("not explained by the binary's code\n");
    say_part("in no function", show->inferred.outside, all);
    say_part("that its code does not allow", show->inferred.unmatched, all);
  }
}

static void say_quality(const struct show *show) {
  const struct be_shares *shares = &show->shares;
  bool has_branches = show->inputs.traces.count > 0;
  double chance = be_profile_chance(&show->profile, &show->inputs.traces, &show->inputs.ips,
                                    stack_of(&show->inputs.collected));
  printf("%zu of %zu functions ran; %zu make 50 %%, %zu 90 %%, %zu 99 %% of the code that ran\n",
         shares->count, show->inputs.binary->function_count, be_shares_covering(shares, 0.5),
         be_shares_covering(shares, 0.9), be_shares_covering(shares, 0.99));
  printf("up to %.1f %% of the counts of %s may be chance: ", 100 * chance,
         has_branches ? "branches" : "blocks");
  if (chance <= enough)
    printf("that is enough\n\n");
  else
    printf("%s: record %.0f times as much for %.0f %%\n\n",
           chance <= thin ? "that is thin" : "that is too little",
           chance * chance / (enough * enough) + 0.5, 100 * enough);
}

static void say_functions(const struct show *show, size_t count) {
  char name[NAME_MAX_SHOWN];
  double sum = 0;
  printf(" share    sum      samples  blocks  function\n");
  for (size_t i = 0; i < count && i < show->shares.count; i++) {
    const struct be_function_share *share = &show->shares.at[i];
    double part = 100 * share->weight / show->shares.weight;
    sum += part;
    be_function_print(share->function, name, sizeof name);
    printf("%5.1f %%  %5.1f %%  %9llu  %6u  %s\n", part, sum, (number)share->samples, share->blocks,
           name);
  }
}

/* ---- the work ---------------------------------------------------------------------------------
 */

static enum be_exit make(struct show *show, const struct be_args *args) {
  struct be_error error;
  enum be_exit status = be_inputs_open(&show->inputs, args);
  for (size_t i = 0; i < args->operand_count && status == BE_EXIT_DONE; i++)
    status = be_inputs_read(&show->inputs, args->operands[i]);
  if (status != BE_EXIT_DONE)
    return status;
  be_inputs_sort(&show->inputs);
  if (be_profile_infer(show->inputs.binary, &show->inputs.traces, &show->inputs.ips, &show->profile,
                       &show->inferred, &error) ||
      be_shares_make(&show->profile, &show->inputs.traces, &show->inputs.ips, &show->shares,
                     &error))
    return be_args_fail(args, BE_EXIT_FAILED, "%s", error.text);
  if (show->shares.count)
    return BE_EXIT_DONE;
  return be_args_fail(args, BE_EXIT_FAILED, "nothing of the recording is in a function of '%s'",
                      show->inputs.binary->path);
}

static enum be_exit run(const struct be_args *args) {
  struct show show = {0};
  const char *wanted = be_args_get(args, "n");
  char *end = NULL;
  unsigned long count = wanted ? strtoul(wanted, &end, 10) : FUNCTIONS_USUAL;
  if (wanted && (!*wanted || *end || *wanted == '-'))
    return be_args_fail(args, BE_EXIT_USAGE, "-n wants a number, not '%s'", wanted);
  enum be_exit status = make(&show, args);
  if (status == BE_EXIT_DONE) {
    say_recorded(&show);
    say_quality(&show);
    say_functions(&show, count);
  }
  be_shares_destroy(&show.shares);
  be_profile_destroy(&show.profile);
  be_inputs_destroy(&show.inputs);
  return status;
}

const struct be_verb be_verb_show = {
    .name = "show",
    .summary = "show what is in a recording, and whether it is enough",
    .operands = "INPUT...",
    .text = "  backedge show -b program perf.data\n"
            "\n"
            "Says how many samples were used and why others were not, in which functions the\n"
            "program spent its time (bytes of code, each as often as it ran), and how much of the\n"
            "counts may be chance. INPUT is what 'backedge convert' reads.\n",
    .options = options,
    .run = run,
};

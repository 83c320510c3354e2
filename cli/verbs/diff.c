/* diff.c - `backedge diff`: how like each other two recordings of one program are. */
#include "backedge/profile/compare.h"
#include "backedge/profile/infer.h"
#include "inputs.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const struct be_option options[] = {
    {"b", BE_TAKES_VALUE, "BINARY", "the program or library that ran", false},
    {"min-overlap", BE_TAKES_VALUE, "PERCENT", "exit with 1 when fewer of the edges agree", false},
    {"n", BE_TAKES_VALUE, "N", "so many functions (default: 20)", false},
    {"v", BE_TAKES_NOTHING, NULL, "say for each recording what was left out", false},
    {0}};

enum { FUNCTIONS_USUAL = 20, NAME_MAX_SHOWN = 256 };

struct side {
  struct be_inputs inputs;
  struct be_profile profile;
  struct be_shares shares;
};

struct moved {
  const struct be_function *function;
  double before, after; /* share of the code that ran */
};

/* ---- the two sides ----------------------------------------------------------------------------
 */

static enum be_exit make_side(struct side *side, const struct be_args *args, const char *path) {
  struct be_infer_stats stats;
  struct be_error error;
  enum be_exit status = be_inputs_open(&side->inputs, args);
  if (status == BE_EXIT_DONE)
    status = be_inputs_read(&side->inputs, path);
  if (status != BE_EXIT_DONE)
    return status;
  be_inputs_sort(&side->inputs);
  if (be_profile_infer(side->inputs.binary, &side->inputs.traces, &side->inputs.ips, &side->profile,
                       &stats, &error) ||
      be_shares_make(&side->profile, NULL, NULL, &side->shares, &error))
    return be_args_fail(args, BE_EXIT_FAILED, "%s", error.text);
  if (side->shares.count)
    return BE_EXIT_DONE;
  return be_args_fail(args, BE_EXIT_FAILED, "nothing of '%s' is in a function of '%s'", path,
                      side->inputs.binary->path);
}

static void destroy_side(struct side *side) {
  be_shares_destroy(&side->shares);
  be_profile_destroy(&side->profile);
  be_inputs_destroy(&side->inputs);
}

/* ---- functions that moved ---------------------------------------------------------------------
 */

static void note_shares(struct moved *moved, const struct side *side, bool is_after) {
  for (size_t i = 0; i < side->shares.count; i++) {
    const struct be_function_share *share = &side->shares.at[i];
    struct moved *function = &moved[share->function - side->inputs.binary->functions];
    *(is_after ? &function->after : &function->before) = share->weight / side->shares.weight;
  }
}

static int moved_order(const void *left, const void *right) {
  const struct moved *a = left, *b = right;
  double a_far = fabs(a->after - a->before), b_far = fabs(b->after - b->before);
  if (a_far != b_far)
    return a_far > b_far ? -1 : 1;
  return (a->function > b->function) - (a->function < b->function);
}

static void say_moved(const struct moved *moved, size_t count) {
  char name[NAME_MAX_SHOWN];
  printf("     A        B     moved  function\n");
  for (size_t i = 0; i < count && moved[i].before != moved[i].after; i++) {
    be_function_print(moved[i].function, name, sizeof name);
    printf("%5.1f %%  %5.1f %%  %+6.1f %%  %s\n", 100 * moved[i].before, 100 * moved[i].after,
           100 * (moved[i].after - moved[i].before), name);
  }
}

static enum be_exit compare(const struct be_args *args, const struct side *a, const struct side *b,
                            size_t count, double least) {
  const struct be_binary *binary = a->inputs.binary;
  struct moved *moved = calloc(binary->function_count + 1, sizeof *moved);
  if (!moved)
    return be_args_fail(args, BE_EXIT_FAILED, "out of memory");
  for (size_t i = 0; i < binary->function_count; i++)
    moved[i].function = &binary->functions[i];
  note_shares(moved, a, false);
  note_shares(moved, b, true);
  qsort(moved, binary->function_count, sizeof *moved, moved_order);
  struct be_overlap overlap = be_profile_overlap(&a->profile, &b->profile);
  printf("overlap of blocks %.1f %%, of edges %.1f %%\n\n", 100 * overlap.blocks,
         100 * overlap.edges);
  say_moved(moved, count < binary->function_count ? count : binary->function_count);
  free(moved);
  if (100 * overlap.edges >= least)
    return BE_EXIT_DONE;
  return be_args_fail(args, BE_EXIT_FAILED,
                      "the edges agree to %.1f %%, and at least %g %% are wanted",
                      100 * overlap.edges, least);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

/* A number that an option may give; false when it is none. */
static bool read_number(const struct be_args *args, const char *name, double *value) {
  const char *text = be_args_get(args, name);
  char *end = NULL;
  double number = text ? strtod(text, &end) : *value;
  if (text && (!*text || *end || !(number >= 0 && number <= 1e9)))
    return false;
  *value = number;
  return true;
}

static enum be_exit run(const struct be_args *args) {
  struct side sides[2] = {0};
  double count = FUNCTIONS_USUAL, least = 0;
  if (!read_number(args, "n", &count) || !read_number(args, "min-overlap", &least) || least > 100)
    return be_args_fail(args, BE_EXIT_USAGE, "-n and --min-overlap want numbers, not below 0");
  if (args->operand_count != 2)
    return be_args_fail(args, BE_EXIT_USAGE, "two recordings are wanted, A and B");
  enum be_exit status = make_side(&sides[0], args, args->operands[0]);
  if (status == BE_EXIT_DONE)
    status = make_side(&sides[1], args, args->operands[1]);
  if (status == BE_EXIT_DONE)
    status = compare(args, &sides[0], &sides[1], (size_t)count, least);
  destroy_side(&sides[0]);
  destroy_side(&sides[1]);
  return status;
}

const struct be_verb be_verb_diff = {
    .name = "diff",
    .summary = "compare two recordings of one program",
    .operands = "A B",
    .text = "  backedge diff -b program --min-overlap 85 monday.data tuesday.data\n"
            "\n"
            "Says how far the two agree: of each block (and each edge between blocks) the smaller\n"
            "of its two shares, summed up. And which functions moved: the share of the code that\n"
            "ran, in A and in B. A and B are what 'backedge convert' reads.\n",
    .options = options,
    .run = run,
};

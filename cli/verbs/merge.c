/* merge.c - `backedge merge`: many recordings of one program become one small file. */
#include "backedge/profile/formats.h"
#include "inputs.h"
#include "output.h"
#include <stdlib.h>
#include <string.h>

static const struct be_option options[] = {
    {"b", BE_TAKES_VALUE, "BINARY", "the program or library that ran", false},
    {"o", BE_TAKES_VALUE, "OUT", "write to OUT, not to stdout", false},
    {"v", BE_TAKES_NOTHING, NULL, "say for each recording what was left out", false},
    {0}};

enum { WEIGHT_MAX = 1000000 };

/* The weight before a recording's name, WEIGHT:FILE; 1 when there is none. */
static unsigned long weight_of(const char **path) {
  size_t digits = strspn(*path, "0123456789");
  if (!digits || (*path)[digits] != ':')
    return 1;
  unsigned long weight = strtoul(*path, NULL, 10);
  *path += digits + 1;
  return weight;
}

/* Adds all counts of one to another, so many times. False when there is no memory. */
static bool add_weighted(struct be_inputs *all, const struct be_inputs *one, unsigned long weight) {
  for (size_t i = 0; i < one->traces.size; i++) {
    const struct be_trace *trace = &one->traces.slots[i];
    if (trace->count && be_traces_add(&all->traces, trace, (uint64_t)trace->count * weight,
                                      (uint64_t)trace->mispredicted * weight))
      return false;
  }
  for (size_t i = 0; i < one->ips.size; i++)
    if (one->ips.slots[i].count &&
        be_ips_add(&all->ips, one->ips.slots[i].place, (uint64_t)one->ips.slots[i].count * weight))
      return false;
  return true;
}

static enum be_exit add(struct be_inputs *all, const char *operand) {
  const struct be_args *args = all->args;
  struct be_inputs one;
  unsigned long weight = weight_of(&operand);
  if (weight < 1 || weight > WEIGHT_MAX)
    return be_args_fail(args, BE_EXIT_USAGE, "the weight of '%s' is not 1 to %d", operand,
                        WEIGHT_MAX);
  if (weight == 1)
    return be_inputs_read(all, operand);
  enum be_exit status = be_inputs_open(&one, args);
  if (status == BE_EXIT_DONE)
    status = be_inputs_read(&one, operand);
  if (status == BE_EXIT_DONE && !add_weighted(all, &one, weight))
    status = be_args_fail(args, BE_EXIT_FAILED, "out of memory");
  be_inputs_destroy(&one);
  return status;
}

static int write_all(void *user, FILE *out) {
  const struct be_inputs *all = user;
  int status = be_preaggregated_write(all->binary, &all->traces, out);
  if (!status)
    be_preaggregated_write_samples(all->binary, &all->ips, out);
  return status;
}

static enum be_exit run(const struct be_args *args) {
  struct be_inputs all;
  enum be_exit status = be_inputs_open(&all, args);
  for (size_t i = 0; i < args->operand_count && status == BE_EXIT_DONE; i++)
    status = add(&all, args->operands[i]);
  if (status == BE_EXIT_DONE && !all.traces.count && !all.ips.count)
    status = be_args_fail(args, BE_EXIT_FAILED, "nothing of the recordings is in '%s'",
                          all.binary->path);
  if (status == BE_EXIT_DONE) {
    be_inputs_sort(&all);
    status = be_output_write(args, write_all, &all);
  }
  be_inputs_destroy(&all);
  return status;
}

const struct be_verb be_verb_merge = {
    .name = "merge",
    .summary = "merge recordings of one program into one small file",
    .operands = "[WEIGHT:]INPUT...",
    .text =
        "  backedge merge -b program -o all.txt monday.data 2:tuesday.data\n"
        "  backedge convert -b program -f gcc -o program.afdo all.txt\n"
        "\n"
        "Adds up what was recorded, by address: what is written is read by 'backedge convert',\n"
        "'show', 'diff' and 'merge', and by 'perf2bolt -pa'. With WEIGHT before it an INPUT\n"
        "counts so many times. INPUT is what 'backedge convert' reads.\n",
    .options = options,
    .run = run,
};

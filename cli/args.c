/* args.c - the command line of a verb: reading it by the verb's table, and its help. */
#include "cli.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *dashes(const struct be_option *option) { return option->name[1] ? "--" : "-"; }

static size_t option_count(const struct be_verb *verb) {
  size_t count = 0;
  while (verb->options && verb->options[count].name)
    count++;
  return count;
}

enum be_exit be_args_fail(const struct be_args *args, enum be_exit status, const char *format,
                          ...) {
  va_list list;
  fprintf(stderr, "backedge %s: ", args->verb->name);
  va_start(list, format);
  vfprintf(stderr, format, list);
  va_end(list);
  fputc('\n', stderr);
  return status;
}

void be_verb_help(const struct be_verb *verb) {
  printf("usage: backedge %s%s%s%s\n\n%s\n", verb->name, verb->options ? " [OPTION...]" : "",
         verb->operands ? " " : "", verb->operands ? verb->operands : "", verb->summary);
  if (verb->text)
    printf("\n%s", verb->text);
  printf("\noptions:\n");
  for (size_t i = 0; i < option_count(verb); i++) {
    const struct be_option *option = &verb->options[i];
    const char *form = option->takes == BE_TAKES_VALUE      ? " %s"
                       : option->takes == BE_TAKES_OPTIONAL ? "[=%s]"
                                                            : "%s";
    char left[64];
    int len = snprintf(left, sizeof left, "%s%s", dashes(option), option->name);
    snprintf(left + len, sizeof left - (size_t)len, form, option->value ? option->value : "");
    printf("  %-22s %s\n", left, option->help);
  }
  printf("  %-22s %s\n  %-22s %s\n", "--help", "this text", "--version", "the version");
}

/* The option meant by a name of len characters: exactly, or as the beginning of just one. */
static const struct be_option *find_option(const struct be_verb *verb, const char *name,
                                           size_t len) {
  const struct be_option *found = NULL;
  size_t matches = 0;
  for (size_t i = 0; i < option_count(verb); i++) {
    if (strncmp(verb->options[i].name, name, len) != 0)
      continue;
    if (!verb->options[i].name[len])
      return &verb->options[i];
    found = &verb->options[i];
    matches++;
  }
  return matches == 1 && len ? found : NULL;
}

static enum be_exit unknown_option(const struct be_args *args, const char *arg) {
  be_args_fail(args, BE_EXIT_USAGE, "there is no option '%s'; the options are:", arg);
  for (size_t i = 0; i < option_count(args->verb); i++) {
    const struct be_option *option = &args->verb->options[i];
    fprintf(stderr, "  %s%s\n", dashes(option), option->name);
  }
  fputs("  --help\n  --version\n", stderr);
  return BE_EXIT_USAGE;
}

static void set_value(struct be_args *args, const struct be_option *option, const char *value) {
  char **slot = &args->values[option - args->verb->options];
  char *joined = NULL;
  if (!*slot || !option->adds_up)
    joined = strdup(value);
  else if (asprintf(&joined, "%s,%s", *slot, value) < 0)
    joined = NULL;
  if (!joined)
    abort();
  free(*slot);
  *slot = joined;
}

/* Reads the option argv[*at], and its value. */
static enum be_exit read_option(struct be_args *args, int argc, char **argv, int *at) {
  const char *arg = argv[*at];
  const char *name = arg + (arg[1] == '-' ? 2 : 1);
  size_t len = strcspn(name, "=");
  const char *value = name[len] ? name + len + 1 : NULL;
  const struct be_option *option = find_option(args->verb, name, len);
  if (!option)
    return unknown_option(args, arg);
  if (option->takes == BE_TAKES_NOTHING && value)
    return be_args_fail(args, BE_EXIT_USAGE, "'--%s' takes no value", option->name);
  if (option->takes == BE_TAKES_VALUE && !value) {
    if (*at + 1 == argc)
      return be_args_fail(args, BE_EXIT_USAGE, "'%s%s' wants a value: %s", dashes(option),
                          option->name, option->value);
    value = argv[++*at];
  }
  set_value(args, option, value ? value : "");
  return BE_EXIT_DONE;
}

static enum be_exit read_operand(struct be_args *args, const char *operand) {
  if (!args->verb->operands)
    return be_args_fail(args, BE_EXIT_USAGE, "'%s' is one word too many: it takes options only",
                        operand);
  if (args->operand_count == BE_OPERANDS_MAX)
    return be_args_fail(args, BE_EXIT_USAGE, "more than %d operands", BE_OPERANDS_MAX);
  args->operands[args->operand_count++] = operand;
  return BE_EXIT_DONE;
}

bool be_args_parse(const struct be_verb *verb, int argc, char **argv, struct be_args *args,
                   enum be_exit *status) {
  bool options = true;
  *args = (struct be_args){.verb = verb};
  *status = BE_EXIT_DONE;
  for (int i = 0; i < argc && *status == BE_EXIT_DONE; i++) {
    const char *arg = argv[i];
    bool is_operand = !options || arg[0] != '-' || !arg[1];
    if (is_operand && verb->runs_command) {
      args->command = argv + i;
      break;
    }
    if (is_operand) {
      *status = read_operand(args, arg);
    } else if (strcmp(arg, "--") == 0) {
      options = false;
    } else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
      be_verb_help(verb);
      return false;
    } else if (strcmp(arg, "--version") == 0) {
      printf("backedge %s %s\n", verb->name, BE_VERSION);
      return false;
    } else {
      *status = read_option(args, argc, argv, &i);
    }
  }
  return *status == BE_EXIT_DONE;
}

void be_args_destroy(struct be_args *args) {
  for (size_t i = 0; i < BE_CLI_OPTIONS_MAX; i++)
    free(args->values[i]);
}

const char *be_args_get(const struct be_args *args, const char *name) {
  for (size_t i = 0; i < option_count(args->verb); i++)
    if (strcmp(args->verb->options[i].name, name) == 0)
      return args->values[i];
  return NULL;
}

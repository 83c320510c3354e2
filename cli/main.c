/* main.c - the `backedge` command: its table of verbs. */
#include "cli.h"
#include <stdio.h>
#include <string.h>

#define BE_VERB(STEM) extern const struct be_verb be_verb_##STEM;
#include "verbs.def"
#undef BE_VERB

static const struct be_verb *const verbs[] = {
#define BE_VERB(STEM) &be_verb_##STEM,
#include "verbs.def"
#undef BE_VERB
};
enum { VERB_COUNT = sizeof verbs / sizeof *verbs };

static void print_help(void) {
  printf("usage: backedge VERB [OPTION...]\n\n"
         "Optimization passes written once, run in GCC and LLVM.\n\nverbs:\n");
  for (size_t i = 0; i < VERB_COUNT; i++)
    printf("  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
  printf("\n'backedge VERB --help' says more; so does backedge(1).\n");
}

static enum be_exit unknown_verb(const char *name) {
  fprintf(stderr, "backedge: there is no verb '%s'; the verbs are:", name);
  for (size_t i = 0; i < VERB_COUNT; i++)
    fprintf(stderr, "%s %s", i ? "," : "", verbs[i]->name);
  fputc('\n', stderr);
  return BE_EXIT_USAGE;
}

static enum be_exit run_verb(const struct be_verb *verb, int argc, char **argv) {
  struct be_args args;
  enum be_exit status;
  if (be_args_parse(verb, argc, argv, &args, &status))
    status = verb->run(&args);
  be_args_destroy(&args);
  if (fflush(stdout) || ferror(stdout)) {
    fprintf(stderr, "backedge %s: cannot write the output\n", verb->name);
    return BE_EXIT_FAILED;
  }
  return status;
}

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "";
  if (strcmp(name, "--version") == 0) {
    puts("backedge " BE_VERSION);
    return BE_EXIT_DONE;
  }
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
      (strcmp(name, "help") == 0 && argc == 2)) {
    print_help();
    return BE_EXIT_DONE;
  }
  if (argc < 2) {
    fprintf(stderr, "backedge: a verb is wanted; 'backedge --help' lists them\n");
    return BE_EXIT_USAGE;
  }
  for (size_t i = 0; i < VERB_COUNT; i++)
    if (strcmp(verbs[i]->name, name) == 0)
      return run_verb(verbs[i], argc - 2, argv + 2);
  return unknown_verb(name);
}

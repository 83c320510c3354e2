/* cli.h - what the files of the `backedge` command share.
 *
 * A verb is one file, cli/verbs/<verb>.c, that defines `const struct be_verb be_verb_<verb>`; the
 * build finds it. Its options stand in a table, from which --help and the checks are made.
 */
#ifndef BACKEDGE_CLI_H
#define BACKEDGE_CLI_H

#include <stdbool.h>
#include <stddef.h>

/* Exit codes: done; the input or the machine is not as it should be; the command line is not. */
enum be_exit { BE_EXIT_DONE = 0, BE_EXIT_FAILED = 1, BE_EXIT_USAGE = 2 };

/* ---- arguments ------------------------------------------------------------------------------ */

enum be_takes {
  BE_TAKES_NOTHING,
  BE_TAKES_VALUE,   /* --name VALUE or --name=VALUE */
  BE_TAKES_OPTIONAL /* --name or --name=VALUE */
};

struct be_option {
  const char *name; /* without dashes; one letter: with one dash */
  enum be_takes takes;
  const char *value; /* what the help calls the value */
  const char *help;
  bool adds_up; /* given again, the values are joined by a comma; else the last one counts */
};

enum { BE_CLI_OPTIONS_MAX = 24, BE_OPERANDS_MAX = 1024 };

struct be_args;

struct be_verb {
  const char *name;
  const char *summary;             /* one line for `backedge --help` */
  const char *operands;            /* for the usage line; NULL: none are taken */
  const char *text;                /* the rest of its help, lines; may be NULL */
  bool runs_command;               /* the first operand and all behind it are a command */
  const struct be_option *options; /* ends with a NULL name; may be NULL */
  enum be_exit (*run)(const struct be_args *args);
};

struct be_args {
  const struct be_verb *verb;
  char *values[BE_CLI_OPTIONS_MAX]; /* by place in verb->options; NULL: not given; owned */
  const char *operands[BE_OPERANDS_MAX];
  size_t operand_count;
  char **command; /* ends with NULL; NULL: none was given, or the verb runs none */
};

/* Reads the arguments after the verb. False: *status is how the command ends (help was asked for,
 * or there was an error and it has been printed). */
bool be_args_parse(const struct be_verb *verb, int argc, char **argv, struct be_args *args,
                   enum be_exit *status);
void be_args_destroy(struct be_args *args);

/* The option's value ("" for one given without), or NULL when it was not given. */
const char *be_args_get(const struct be_args *args, const char *name);

/* Prints "backedge <verb>: ..." on stderr; returns status. */
enum be_exit be_args_fail(const struct be_args *args, enum be_exit status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void be_verb_help(const struct be_verb *verb);

/* ---- compilers ------------------------------------------------------------------------------ */

enum be_compiler_kind { BE_COMPILER_GCC, BE_COMPILER_CLANG };

struct be_compiler {
  enum be_compiler_kind kind;
  char version[64]; /* "12.2.0" */
  char machine[64]; /* "x86_64-linux-gnu" */
  char id[128];     /* the plugin's: "gcc-12-x86_64-linux-gnu", "llvm-19" */
};

/* Asks the compiler what it is. `command` may hold several words ("ccache gcc-12"). Returns 0, or
 * a negative errno: -ENOENT cannot be run, -EINVAL is neither gcc nor clang. */
int be_compiler_ask(const char *command, struct be_compiler *compiler);

/* The path of `name` below the folder the command was installed in (its build tree counts as one):
 * owned, or NULL when there is no such file. */
char *be_installed_path(const char *const *folders, const char *name);

/* The plugin for an id; owned, or NULL when there is none. */
char *be_plugin_path(const char *id);

/* The ids there are plugins for, "a, b", or "none"; owned. */
char *be_plugin_ids(void);

/* Calls `each` with every gcc and clang on PATH, in order of name, each real program once. */
void be_compilers_find(void (*each)(const char *command, const struct be_compiler *compiler));

/* ---- flags: what cflags and ldflags have in common --------------------------------------------
 */

/* The rows of a verb's table for the options that go to a plugin. */
#define BE_OPTION_PASSES                                                                           \
  { "passes", BE_TAKES_VALUE, "A,B", "the passes to run, each NAME or NAME(OPTION=N,...)", true }
#define BE_OPTIONS_DEBUG                                                                           \
  {"dump", BE_TAKES_VALUE, "DIR", "write the IR before and after each pass into DIR", false},      \
      {"only", BE_TAKES_VALUE, "FUNCTION", "leave all other functions alone", false},              \
      {"stop-after", BE_TAKES_VALUE, "N", "make only the first N changes", false}, {               \
    "verify", BE_TAKES_NOTHING, NULL, "check the IR at every step", false                          \
  }
#define BE_OPTIONS_FLAGS                                                                           \
  {"cc", BE_TAKES_VALUE, "CC", "the compiler, as in make CC=... (default: $CC, else cc)", false},  \
      BE_OPTION_PASSES,                                                                            \
      {"mode", BE_TAKES_VALUE, "MODE", "passes (default), identity or rebuild", false},            \
      {"remarks", BE_TAKES_VALUE, "FILE", "append remarks to FILE, as LLVM's YAML", false},        \
      {"stats", BE_TAKES_VALUE, "FILE", "append a line of JSON per unit to FILE", false},          \
      BE_OPTIONS_DEBUG

struct be_flags {
  struct be_compiler compiler;
  char *plugin;
  size_t count;
  struct {
    const char *key;
    char *value;
  } pairs[BE_CLI_OPTIONS_MAX];
};

/* Checks the options, asks the compiler, finds its plugin, and prints a line of flags with `print`.
 */
enum be_exit be_flags_run(const struct be_args *args, void (*print)(const struct be_flags *flags));

/* Prints the flags for a gcc, which are the same for compiling and for linking. */
void be_flags_print_gcc(const struct be_flags *flags);

#endif

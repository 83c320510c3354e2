/* flags.c - what cflags and ldflags have in common: checked options, and gcc's flags. */
#include "backedge/options.h"
#include "cli.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const path_keys[] = {"remarks", "stats", "dump", NULL};

/* The flags are used unquoted, in $(...) and in make: nothing in them may need a quote. */
static bool needs_quotes(const char *text) {
  return text[strcspn(text, " \t\n'\"\\$`*?[]{}&|;<>#!~()")];
}

/* Files are named from the root, since make changes folders. */
static char *make_value(const char *key, const char *value) {
  char *folder, *path = NULL;
  bool is_path = false;
  for (size_t i = 0; path_keys[i]; i++)
    is_path |= strcmp(path_keys[i], key) == 0;
  if (!is_path || value[0] == '/' || !(folder = getcwd(NULL, 0)))
    return strdup(value);
  if (asprintf(&path, "%s/%s", folder, value) < 0)
    path = NULL;
  free(folder);
  return path;
}

/* "a(b=1,c=2)" as "a:b=1:c=2", which means the same and needs no quotes. */
static void unparenthesize(char *text) {
  char *to = text;
  int depth = 0;
  for (const char *from = text; *from; from++) {
    depth += (*from == '(') - (*from == ')');
    if (*from != ')')
      *to++ = *from == '(' || (*from == ',' && depth) ? ':' : *from;
  }
  *to = '\0';
}

/* Takes over one option, checked as the plugin will check it. */
static bool add_pair(const struct be_args *args, struct be_flags *flags, struct be_options *checked,
                     const char *key, enum be_exit *status) {
  char err[600];
  const char *given = be_args_get(args, key);
  if (!given)
    return true;
  char *value = make_value(key, strcmp(key, "verify") == 0 ? "1" : given);
  if (!value)
    abort();
  flags->pairs[flags->count].key = key;
  flags->pairs[flags->count++].value = value;
  if (be_options_set(checked, key, value, err, sizeof err)) {
    *status = be_args_fail(args, BE_EXIT_USAGE, "--%s: %s", key, err);
    return false;
  }
  if (strcmp(key, "passes") == 0)
    unparenthesize(value);
  if (needs_quotes(value)) {
    *status = be_args_fail(args, BE_EXIT_USAGE,
                           "--%s: '%s' has white space or a character that is special to the "
                           "shell, and flags cannot be quoted",
                           key, value);
    return false;
  }
  return true;
}

static bool read_pairs(const struct be_args *args, struct be_flags *flags, enum be_exit *status) {
  struct be_options checked;
  bool good = true;
  be_options_init(&checked);
  for (const char *const *key = be_options_keys(); *key && good; key++)
    good = add_pair(args, flags, &checked, *key, status);
  be_options_destroy(&checked);
  return good;
}

static enum be_exit no_plugin(const struct be_args *args, const struct be_flags *flags,
                              const char *command) {
  char *ids = be_plugin_ids();
  be_args_fail(args, BE_EXIT_FAILED, "no plugin for '%s' (%s %s, %s); there are plugins for: %s",
               command, flags->compiler.kind == BE_COMPILER_GCC ? "gcc" : "clang",
               flags->compiler.version, flags->compiler.machine, ids);
  free(ids);
  return BE_EXIT_FAILED;
}

static bool create(const struct be_args *args, struct be_flags *flags, enum be_exit *status) {
  const char *command = be_args_get(args, "cc");
  command = command ? command : getenv("CC");
  command = command && *command ? command : "cc";
  *flags = (struct be_flags){.count = 0};
  if (!read_pairs(args, flags, status))
    return false;
  int error = be_compiler_ask(command, &flags->compiler);
  if (error) {
    *status = be_args_fail(args, BE_EXIT_FAILED, "--cc: '%s' %s", command,
                           error == -EINVAL ? "is neither a gcc nor a clang" : strerror(-error));
    return false;
  }
  flags->plugin = be_plugin_path(flags->compiler.id);
  if (!flags->plugin) {
    *status = no_plugin(args, flags, command);
    return false;
  }
  if (needs_quotes(flags->plugin)) {
    *status =
        be_args_fail(args, BE_EXIT_FAILED, "the plugin's path needs quotes: '%s'", flags->plugin);
    return false;
  }
  return true;
}

static void destroy(struct be_flags *flags) {
  free(flags->plugin);
  for (size_t i = 0; i < flags->count; i++)
    free(flags->pairs[i].value);
}

enum be_exit be_flags_run(const struct be_args *args, void (*print)(const struct be_flags *flags)) {
  struct be_flags flags;
  enum be_exit status = BE_EXIT_DONE;
  if (create(args, &flags, &status)) {
    print(&flags);
    putchar('\n');
  }
  destroy(&flags);
  return status;
}

void be_flags_print_gcc(const struct be_flags *flags) {
  printf("-fplugin=%s", flags->plugin);
  for (size_t i = 0; i < flags->count; i++)
    printf(" -fplugin-arg-backedge-%s=%s", flags->pairs[i].key, flags->pairs[i].value);
}

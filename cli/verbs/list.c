/* list.c - `backedge list`: the passes, and the compilers with their plugins. */
#include "backedge/pass.h"
#include "cli.h"
#include <stdio.h>
#include <stdlib.h>

static void print_compiler(const char *command, const struct be_compiler *compiler) {
  char *plugin = be_plugin_path(compiler->id);
  printf("  %-26s %-8s %-20s %s\n", command, compiler->version, compiler->machine,
         plugin ? plugin : "no plugin");
  free(plugin);
}

static enum be_exit run(const struct be_args *args) {
  size_t count;
  const struct be_pass *const *passes = be_passes(&count);
  (void)args;
  printf("backedge " BE_VERSION "\n\npasses:\n");
  for (size_t i = 0; i < count; i++) {
    printf("  %-26s %s\n", passes[i]->name, passes[i]->summary);
    for (const char *const *o = passes[i]->options; o && o[0]; o += 2)
      printf("    %s=N%*s %s\n", o[0], (int)(22 - (int)snprintf(NULL, 0, "%s", o[0])), "", o[1]);
  }
  printf("\ncompilers:\n");
  be_compilers_find(print_compiler);
  return BE_EXIT_DONE;
}

const struct be_verb be_verb_list = {
    .name = "list",
    .summary = "show the passes, and the compilers found with their plugins",
    .run = run,
};

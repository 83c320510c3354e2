/* cflags.c - `backedge cflags`: the flags that make a compiler run the passes. */
#include "cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct be_option options[] = {BE_OPTIONS_FLAGS, {0}};

/* Where backedge.h is; nothing where the compiler looks anyway. */
static void print_include(void) {
  static const char *const folders[] = {"../include", NULL};
  char *header = be_installed_path(folders, "backedge.h");
  if (header) {
    *strrchr(header, '/') = '\0';
    if (strcmp(header, "/usr/include") != 0 && strcmp(header, "/usr/local/include") != 0)
      printf(" -I%s", header);
  }
  free(header);
}

static void print_clang(const struct be_flags *flags) {
  /* -fplugin makes the options known before -mllvm is read; -fpass-plugin runs the passes. */
  printf("-fplugin=%s -fpass-plugin=%s", flags->plugin, flags->plugin);
  for (size_t i = 0; i < flags->count; i++)
    printf(" -mllvm -backedge-%s=%s", flags->pairs[i].key, flags->pairs[i].value);
  printf(" -DBACKEDGE_REQUESTS"); /* for backedge.h, which cannot see that there is a plugin */
}

static void print(const struct be_flags *flags) {
  if (flags->compiler.kind == BE_COMPILER_GCC)
    be_flags_print_gcc(flags);
  else
    print_clang(flags);
  print_include();
}

static enum be_exit run(const struct be_args *args) { return be_flags_run(args, print); }

const struct be_verb be_verb_cflags = {
    .name = "cflags",
    .summary = "print the flags that make a compiler run the passes",
    .text = "  make CFLAGS=\"-O2 $(backedge cflags --cc gcc-12 --passes insert-prefetch)\"\n"
            "\n"
            "With neither --passes nor --mode the plugin is loaded and does what BACKEDGE_PASSES\n"
            "in the environment says.\n",
    .options = options,
    .run = run,
};

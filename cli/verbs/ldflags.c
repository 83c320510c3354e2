/* ldflags.c - `backedge ldflags`: the flags that make the link of an -flto build run the passes. */
#include "cli.h"
#include <stdio.h>

static const struct be_option options[] = {BE_OPTIONS_FLAGS, {0}};

/* An option of LLVM's, by way of clang and lld. -Xlinker and not -Wl, which would cut values at
 * their commas. */
static void print_option(const char *name, const char *value) {
  printf(" -Xlinker -mllvm -Xlinker -%s=%s", name, value);
}

/* clang's link-time optimizer is in the linker. -load makes our options known before they are read,
 * --load-pass-plugin runs the passes. */
static void print_lld(const struct be_flags *flags) {
  char name[64];
  printf("-fuse-ld=lld");
  print_option("load", flags->plugin);
  for (size_t i = 0; i < flags->count; i++) {
    snprintf(name, sizeof name, "backedge-%s", flags->pairs[i].key);
    print_option(name, flags->pairs[i].value);
  }
  printf(" -Xlinker --load-pass-plugin=%s", flags->plugin);
}

static void print(const struct be_flags *flags) {
  if (flags->compiler.kind == BE_COMPILER_GCC)
    be_flags_print_gcc(flags); /* gcc hands -fplugin on to lto1 itself */
  else
    print_lld(flags);
}

static enum be_exit run(const struct be_args *args) { return be_flags_run(args, print); }

const struct be_verb be_verb_ldflags = {
    .name = "ldflags",
    .summary = "print the flags that make the link of an -flto build run the passes",
    .text = "  make CFLAGS=\"-O2 -flto $(backedge cflags)\" \\\n"
            "    LDFLAGS=\"-flto $(backedge ldflags --passes insert-prefetch)\"\n"
            "\n"
            "Only -flto links compile anything; others need none of this. clang links with lld.\n",
    .options = options,
    .run = run,
};

/* ldflags.c - `backedge ldflags`: the flags that make the link of an -flto build run the passes. */
#include "cli.h"
#include <stdio.h>

static const struct be_option options[] = {BE_OPTIONS_FLAGS, {0}};

/* clang's link-time optimizer is in the linker. -Xlinker and not -Wl, which would cut values at
 * their commas. */
static void print_lld(const struct be_flags *flags) {
  printf("-fuse-ld=lld -Xlinker --load-pass-plugin=%s", flags->plugin);
  for (size_t i = 0; i < flags->count; i++)
    printf(" -Xlinker -mllvm -Xlinker -backedge-%s=%s", flags->pairs[i].key, flags->pairs[i].value);
}

static enum be_exit run(const struct be_args *args) {
  struct be_flags flags;
  enum be_exit status = BE_EXIT_DONE;
  if (be_flags_create(args, &flags, &status)) {
    /* gcc hands -fplugin on to lto1 itself. */
    if (flags.compiler.kind == BE_COMPILER_GCC)
      be_flags_print_gcc(&flags);
    else
      print_lld(&flags);
    putchar('\n');
  }
  be_flags_destroy(&flags);
  return status;
}

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

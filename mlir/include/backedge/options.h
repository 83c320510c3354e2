/* options.h - what the user asked for, in one place for both compilers and `backedge opt`. */
#ifndef BACKEDGE_OPTIONS_H
#define BACKEDGE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct be_pass;

enum be_mode {
  BE_MODE_PASSES,   /* run the passes asked for */
  BE_MODE_IDENTITY, /* lift everything, run no pass, lower: nothing changes */
  BE_MODE_REBUILD   /* lift everything, lower by building every modelled statement anew */
};

enum { BE_PASSES_MAX = 16 };

/* Keys, as written after -fplugin-arg-backedge- (gcc), -backedge- (clang, after -mllvm), or in the
 * environment as BACKEDGE_<KEY> in capitals, dashes as underscores:
 *   passes=a,b(option=value,...)  or, the same without a need of quotes, a,b:option=value:...
 *   mode=passes|identity|rebuild
 *   remarks=FILE  stats=FILE       (appended to)
 *   dump=DIR      only=FUNCTION    stop-after=N     verify=0|1 */
struct be_options {
  enum be_mode mode;
  const struct be_pass *passes[BE_PASSES_MAX];
  const char *pass_options[BE_PASSES_MAX]; /* text within the parentheses, or NULL; owned */
  unsigned pass_count;
  char *remarks, *stats, *dump, *only; /* owned; NULL: not asked for */
  long stop_after;                     /* changes allowed in all; -1: no limit */
  bool verify;
};

void be_options_init(struct be_options *options);
void be_options_destroy(struct be_options *options);

/* Sets one key. Returns 0, or -EINVAL with a message naming what is allowed in err. */
int be_options_set(struct be_options *options, const char *key, const char *value, char *err,
                   size_t err_size);

/* Reads the environment. The command line, set afterwards, wins. Same errors. */
int be_options_read_env(struct be_options *options, char *err, size_t err_size);

/* True when there is something to do at all. */
bool be_options_active(const struct be_options *options);

/* The keys that exist, NULL-terminated, for the compilers that must declare them. */
const char *const *be_options_keys(void);

#ifdef __cplusplus
}
#endif
#endif

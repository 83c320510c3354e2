/* pass.h - the interface a pass is written against.
 *
 * A pass is one file, mlir/passes/<name>.c, that defines `const struct be_pass be_pass_<name>`
 * (dashes become underscores), and one test, tests/passes/<name>.mlir. The build finds both.
 */
#ifndef BACKEDGE_PASS_H
#define BACKEDGE_PASS_H

#include "backedge/ir.h"
#include "backedge/remark.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a pass needs from the place it runs at. */
enum be_needs {
  BE_NEEDS_LOOPS = 1, /* a function without loops is not even lifted for it */
  /* Nor is one whose loops have no known end (be_bound_read), unless remarks on them are read. */
  BE_NEEDS_COUNTED_LOOPS = 2
};

/* One run of one pass over one function. Opaque to the pass but for the IR. */
struct be_run;

struct be_pass {
  const char *name;    /* verb-object: "insert-prefetch" */
  const char *summary; /* one line for `backedge list` */
  unsigned needs;      /* set of enum be_needs */
  /* Options "name=value" it accepts, name and help in turn, NULL at the end; NULL for none. */
  const char *const *options;
  /* Works on `func` (an llvm.func with a body). Must be deterministic; must leave valid IR. */
  void (*run)(struct be_run *run, MlirOperation func);
};

const struct be_ir *be_run_ir(const struct be_run *run);

/* The integer option `name` of this pass, else `missing`. */
int64_t be_run_option(const struct be_run *run, const char *name, int64_t missing);

/* To be asked before each change, once the change is known to be right. False: the change limit
 * (stop-after) is reached; leave the code alone. True: counted; now do it. Ops have their
 * `backedge.id` from the first time on that this is true. */
bool be_run_change(struct be_run *run);

/* False: remarks reach nobody, and need not be worked out. */
bool be_run_listens(const struct be_run *run);

/* Emits a remark about `op` (its location; null: the function's). `args` may be NULL. */
void be_run_passed(struct be_run *run, MlirOperation op, const char *name, const char *text,
                   const struct be_remark_arg *args, unsigned arg_count);
void be_run_missed(struct be_run *run, MlirOperation op, enum be_reason reason,
                   const struct be_remark_arg *args, unsigned arg_count);

/* The passes in the core, in the order in which they run. Static. */
const struct be_pass *const *be_passes(size_t *count);
const struct be_pass *be_pass_find(const char *name, size_t len);

#ifdef __cplusplus
}
#endif
#endif

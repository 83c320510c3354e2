/* crash.c - passes that fail, for tests/core: built in with BACKEDGE_EXTRA_PASSES. */
#include "backedge/pass.h"
#include <stddef.h>

/* Faults, or, with kind=1, leaves an op without its operands behind. */
static void run(struct be_run *run, MlirOperation func) {
  if (be_run_option(run, "kind", 0) == 0)
    *(volatile int *)NULL = 0;
  MlirBlock entry = mlirRegionGetFirstBlock(mlirOperationGetRegion(func, 0));
  MlirOperation op = mlirBlockGetTerminator(entry);
  if (be_run_change(run))
    mlirOperationDestroy(op);
}

static const char *const options[] = {"kind", "0 faults, 1 leaves invalid IR", NULL};

const struct be_pass be_pass_crash = {
    .name = "crash", .summary = "fails, for tests", .options = options, .run = run};

/* pipeline.c - the passes, in order, over one function; and what happens when one fails. */
#include "internal.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BE_PASS(STEM) extern const struct be_pass be_pass_##STEM;
#include "passes.def"
#undef BE_PASS

static const struct be_pass *const passes[] = {
#define BE_PASS(STEM) &be_pass_##STEM,
#include "passes.def"
#undef BE_PASS
    NULL};

const struct be_pass *const *be_passes(size_t *count) {
  *count = sizeof passes / sizeof *passes - 1;
  return passes;
}

const struct be_pass *be_pass_find(const char *name, size_t len) {
  for (size_t i = 0; passes[i]; i++)
    if (strlen(passes[i]->name) == len && memcmp(passes[i]->name, name, len) == 0)
      return passes[i];
  return NULL;
}

/* ---- what a pass may ask -------------------------------------------------------------------- */

const struct be_ir *be_run_ir(const struct be_run *run) { return &run->session->ir; }

int64_t be_run_option(const struct be_run *run, const char *name, int64_t missing) {
  size_t len = strlen(name);
  for (const char *at = run->options; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
    if (strncmp(at, name, len) == 0 && at[len] == '=')
      return strtoll(at + len + 1, NULL, 0);
  return missing;
}

bool be_run_listens(const struct be_run *run) { return run->listens; }

static void emit(struct be_run *run, MlirOperation op, struct be_remark remark,
                 const struct be_remark_arg *args, unsigned arg_count) {
  char file[512];
  if (!run->listens)
    return;
  MlirStringRef function = be_op_string(run->func, "sym_name");
  char *name = strndup(function.data, function.length);
  be_location_read(mlirOperationGetLocation(mlirOperationIsNull(op) ? run->func : op), file,
                   sizeof file, &remark.line, &remark.column);
  remark.file = file;
  remark.pass = run->pass->name;
  remark.function = name;
  remark.arg_count = arg_count < BE_REMARK_ARGS_MAX ? arg_count : BE_REMARK_ARGS_MAX;
  if (arg_count)
    memcpy(remark.args, args, remark.arg_count * sizeof *args);
  if (remark.kind == BE_REMARK_PASSED)
    be_session_hold(run->session, &remark);
  else
    be_session_remark(run->session, &remark);
  free(name);
}

void be_run_passed(struct be_run *run, MlirOperation op, const char *name, const char *text,
                   const struct be_remark_arg *args, unsigned arg_count) {
  struct be_remark remark = {.kind = BE_REMARK_PASSED, .name = name, .text = text};
  emit(run, op, remark, args, arg_count);
}

void be_run_missed(struct be_run *run, MlirOperation op, enum be_reason reason,
                   const struct be_remark_arg *args, unsigned arg_count) {
  struct be_remark remark = {.kind = BE_REMARK_MISSED, .name = "Declined", .reason = reason};
  emit(run, op, remark, args, arg_count);
}

bool be_run_change(struct be_run *run) {
  struct be_session *session = run->session;
  if (session->changes_left == 0) {
    if (!session->stop_reported)
      be_run_missed(run, (MlirOperation){NULL}, BE_REASON_STOPPED, NULL, 0);
    session->stop_reported = true;
    return false;
  }
  if (session->untagged)
    be_function_tag(session->untagged);
  session->untagged = NULL;
  session->changes_left -= session->changes_left > 0;
  run->changes++;
  return true;
}

/* ---- crashes --------------------------------------------------------------------------------
 * A fault inside a pass is said to be one, with the command that replays it, before the compiler's
 * own handler reports the crash as its own. */

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { SIGNAL_COUNT = sizeof fatal_signals / sizeof *fatal_signals };
static struct sigaction old_actions[SIGNAL_COUNT];
static char crash_text[1024];

static void on_crash(int signal) {
  ssize_t written = write(STDERR_FILENO, crash_text, strlen(crash_text));
  (void)written;
  for (int i = 0; i < SIGNAL_COUNT; i++)
    sigaction(fatal_signals[i], &old_actions[i], NULL);
  if (signal == SIGABRT)
    raise(signal);
  /* otherwise the faulting instruction runs again and the compiler's handler is called */
}

static void describe_replay(char *buf, size_t size, const struct be_run *run, const char *function,
                            const char *what) {
  snprintf(buf, size,
           "backedge: pass '%s' %s in function '%s' of '%s'\n"
           "backedge: to replay, compile it again with BACKEDGE_DUMP=dump BACKEDGE_ONLY='%s' in "
           "the environment, then run: backedge opt --pass %s dump/*-before-%s.mlir\n",
           run->pass->name, what, function, run->session->host.unit, function, run->pass->name,
           run->pass->name);
}

static void guard_begin(const struct be_run *run, const char *function) {
  struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
  describe_replay(crash_text, sizeof crash_text, run, function, "crashed");
  for (int i = 0; i < SIGNAL_COUNT; i++)
    sigaction(fatal_signals[i], &action, &old_actions[i]);
}

static void guard_end(void) {
  for (int i = 0; i < SIGNAL_COUNT; i++)
    sigaction(fatal_signals[i], &old_actions[i], NULL);
}

/* ---- running ----------------------------------------------------------------------------------
 */

static void dump(struct be_session *session, MlirOperation module, const char *function,
                 const char *when, const char *pass) {
  char path[4096], label[128];
  if (!session->options.dump)
    return;
  snprintf(label, sizeof label, "%s%s%s", when, pass ? "-" : "", pass ? pass : "");
  int status = be_dump(session, module, function, label, path, sizeof path);
  if (status)
    be_session_warn(session, "cannot write '%s': %s", path, strerror(-status));
}

/* Runs pass i. Returns the number of changes, or -1 when it left broken IR behind. */
static int run_pass(struct be_session *session, unsigned i, MlirOperation module,
                    MlirOperation func, const char *function) {
  struct be_run run = {.session = session,
                       .pass = session->options.passes[i],
                       .options = session->options.pass_options[i],
                       .func = func,
                       .listens = be_session_listens(session)};
  char text[1024];
  dump(session, module, function, "before", run.pass->name);
  guard_begin(&run, function);
  uint64_t start = be_now_us();
  run.pass->run(&run, func);
  session->stats.pass_us[i] += be_now_us() - start;
  guard_end();
  dump(session, module, function, "after", run.pass->name);
  if ((run.changes || session->options.verify) && !be_ir_verify(&session->ir, module)) {
    describe_replay(text, sizeof text, &run, function, "left invalid IR");
    be_session_warn(session, "%s", text);
    return -1;
  }
  return (int)run.changes;
}

bool be_pipeline_run(struct be_session *session, MlirOperation module, MlirOperation func,
                     const char *function, unsigned *changes, enum be_reason *reason) {
  *changes = 0;
  if (session->options.verify && !be_ir_verify(&session->ir, module)) {
    dump(session, module, function, "invalid", NULL);
    *reason = BE_REASON_MLIR_VERIFIER;
    return false;
  }
  if (session->options.mode != BE_MODE_PASSES) {
    dump(session, module, function, "lifted", NULL);
    return true;
  }
  for (unsigned i = 0; i < session->options.pass_count; i++) {
    int made = run_pass(session, i, module, func, function);
    if (made < 0) {
      *reason = BE_REASON_MLIR_VERIFIER;
      return false;
    }
    *changes += (unsigned)made;
  }
  return true;
}

int be_module_run(struct be_session *session, MlirModule module) {
  int status = 0;
  MlirOperation root = mlirModuleGetOperation(module);
  MlirOperation op = mlirBlockGetFirstOperation(mlirModuleGetBody(module));
  for (; !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    MlirStringRef symbol = be_op_string(op, "sym_name");
    if (mlirOperationGetNumRegions(op) != 1 || !symbol.data ||
        !mlirStringRefEqual(mlirIdentifierStr(mlirOperationGetName(op)),
                            mlirStringRefCreateFromCString("llvm.func")) ||
        mlirBlockIsNull(mlirRegionGetFirstBlock(mlirOperationGetRegion(op, 0))))
      continue;
    char *name = strndup(symbol.data, symbol.length);
    enum be_reason reason;
    unsigned changes;
    bool wanted = !session->options.only || strcmp(session->options.only, name) == 0;
    bool done = !wanted || be_pipeline_run(session, root, op, name, &changes, &reason);
    be_session_release(session, done);
    status = done ? status : -EINVAL;
    free(name);
  }
  return status;
}

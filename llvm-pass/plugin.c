/* plugin.c - a module's session, and one function's way through it. */
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one function ---------------------------------------------------------------------------- */

static void decline(struct bridge *bridge, LLVMValueRef fun, enum be_reason reason,
                    const char *detail) {
  size_t len;
  unsigned file_len = 0;
  LLVMMetadataRef subprogram = LLVMGetSubprogram(fun);
  LLVMMetadataRef file = subprogram ? LLVMDIScopeGetFile(subprogram) : NULL;
  const char *file_name = file ? LLVMDIFileGetFilename(file, &file_len) : "";
  char *copy = strndup(file_name, file_len);
  be_session_decline(bridge->session, LLVMGetValueName2(fun, &len), copy,
                     subprogram ? LLVMDISubprogramGetLine(subprogram) : 0, reason, detail);
  free(copy);
}

/* The function as it was comes back when LLVM's verifier finds fault. */
static enum be_reason build_and_verify(struct lower *l, LLVMValueRef fun) {
  struct be_copy *copy = register_save(fun);
  lower_function(l);
  bool broken = register_is_broken(fun, l->fault, sizeof l->fault);
  if (broken)
    l->detail = l->fault;
  if (!register_restore(fun, copy, broken))
    register_fail(l->bridge->module, "a function came out broken and cannot be restored");
  return broken ? BE_REASON_HOST_VERIFIER : BE_REASON_NONE;
}

/* True when the function's blocks are no longer those that LLVM's analyses have seen: what has come
 * back is the same code in new blocks. */
static bool lower_by_plan(struct lift *lifted) {
  struct bridge *bridge = lifted->bridge;
  struct lower l;
  enum be_reason reason = BE_REASON_UNSUPPORTED_EDIT;
  const struct be_plan *plan = be_function_plan(lifted->out, bridge->mode == BE_MODE_REBUILD);
  if (!plan->changed) {
    be_function_lowered(lifted->out, BE_REASON_NONE, NULL);
    return false;
  }
  if (lower_begin(&l, lifted, plan, bridge->mode == BE_MODE_REBUILD) && lower_check(&l))
    reason = build_and_verify(&l, lifted->fun);
  be_function_lowered(lifted->out, reason, l.detail);
  lower_release(&l);
  if (reason == BE_REASON_NONE && bridge->mode == BE_MODE_PASSES)
    register_set_done(lifted->fun);
  return reason == BE_REASON_NONE || reason == BE_REASON_HOST_VERIFIER;
}

/* What its loops are is looked at only where it decides. */
static bool is_wanted(const struct lift *l, enum be_place place, const char *name) {
  const struct be_session *session = l->bridge->session;
  if (be_session_wants(session, place, name, l->has_loops ? BE_LOOPS_SOME : BE_LOOPS_NONE))
    return true;
  return l->has_loops && be_session_wants(session, place, name, BE_LOOPS_COUNTED) &&
         register_has_counted_loop(l->bridge, l->fun);
}

/* What is lowered has no block that is never reached. */
static bool remove_dead_blocks(struct lift *l) {
  if (!l->has_dead_blocks || l->bridge->mode == BE_MODE_IDENTITY)
    return false;
  struct bridge *bridge = l->bridge;
  LLVMValueRef fun = l->fun;
  lift_release(l);
  register_remove_dead_blocks(fun);
  lift_prepare(l, bridge, fun);
  return true;
}

/* Lifts, runs and lowers one function. */
bool run_place(struct bridge *bridge, LLVMValueRef fun, enum be_place place) {
  struct lift l;
  size_t len;
  bool changed = false;
  const char *name = LLVMGetValueName2(fun, &len);
  if (LLVMIsDeclaration(fun) || !be_session_wants(bridge->session, place, name, BE_LOOPS_COUNTED) ||
      register_is_done(fun))
    return false;
  bridge->fun = fun;
  lift_prepare(&l, bridge, fun);
  if (is_wanted(&l, place, name)) {
    changed = remove_dead_blocks(&l);
    if (!lift_function(&l))
      decline(bridge, fun, l.reason, l.detail);
    else if (be_function_run(l.out))
      changed |= lower_by_plan(&l);
  }
  lift_release(&l);
  bridge->fun = NULL;
  return changed;
}

/* ---- the module ---------------------------------------------------------------------------------
 */

static void find_names(struct bridge *bridge, LLVMModuleRef module) {
  bridge->module = module;
  bridge->ctx = LLVMGetModuleContext(module);
  bridge->layout = LLVMGetModuleDataLayout(module);
  bridge->md_tbaa = LLVMGetMDKindIDInContext(bridge->ctx, "tbaa", 4);
  bridge->md_prof = LLVMGetMDKindIDInContext(bridge->ctx, "prof", 4);
  bridge->md_nontemporal = LLVMGetMDKindIDInContext(bridge->ctx, "nontemporal", 11);
  bridge->md_loop = LLVMGetMDKindIDInContext(bridge->ctx, "llvm.loop", 9);
  bridge->md_prefetch =
      LLVMGetMDKindIDInContext(bridge->ctx, BE_ATTR_PREFETCH, sizeof BE_ATTR_PREFETCH - 1);
}

struct bridge *plugin_start(LLVMModuleRef module, const struct be_options *options, char *err,
                            size_t err_size) {
  struct bridge *bridge = calloc(1, sizeof *bridge);
  unsigned major, minor, patch;
  size_t len;
  LLVMGetVersion(&major, &minor, &patch);
  snprintf(bridge->host_name, sizeof bridge->host_name, "LLVM %u.%u.%u", major, minor, patch);
  struct be_host host = {.compiler = bridge->host_name,
                         .unit = LLVMGetSourceFileName(module, &len),
                         .host = bridge,
                         .remark = remark_emit,
                         .listens = remark_listens,
                         .warn = remark_warn};
  find_names(bridge, module);
  if (be_session_create(&host, options, &bridge->session, err, err_size)) {
    free(bridge);
    return NULL;
  }
  bridge->ir = be_session_ir(bridge->session);
  bridge->mode = options->mode;
  return bridge;
}

void plugin_finish(struct bridge *bridge) {
  be_session_destroy(bridge->session);
  be_map_clear(&bridge->types);
  be_map_clear(&bridge->host_types);
  be_map_clear(&bridge->access);
  be_map_clear(&bridge->files);
  free(bridge);
}

bool plugin_init(struct be_options *options, char *err, size_t err_size) {
  be_options_init(options);
  return be_options_read_env(options, err, err_size) == 0;
}

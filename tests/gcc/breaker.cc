/* breaker.cc - a GCC plugin that breaks every function which backedge is about to change, for
 * tests: as a mistake in lowering would, and only until a function was refused for it.
 * -fplugin-arg-breaker-only=NAME: this function alone. */
// clang-format off
#include "gcc-plugin.h"
#include "tree.h"
#include "gimple.h"
#include "backend.h"
#include "plugin-version.h"
#include "tree-pass.h"
#include "context.h"
// clang-format on

__attribute__((visibility("default"))) int plugin_is_GPL_compatible;
static const char *only;

/* "name" stands in the list "a:name:b". */
static bool is_listed(const char *list, const char *name) {
  size_t len = strlen(name);
  for (const char *at = list; at && (at = strstr(at, name)); at += len)
    if ((at == list || at[-1] == ':') && (at[len] == ':' || !at[len]))
      return true;
  return list && strcmp(list, "*") == 0;
}

static void break_edges(function *fun) {
  basic_block bb;
  edge e;
  edge_iterator ei;
  FOR_EACH_BB_FN(bb, fun)
  FOR_EACH_EDGE(e, ei, bb->succs)
  if (e->flags & EDGE_TRUE_VALUE)
    e->flags |= EDGE_FALLTHRU;
}

namespace {
const pass_data data = {GIMPLE_PASS, "breaker", OPTGROUP_NONE, TV_PLUGIN_RUN, PROP_cfg, 0, 0, 0, 0};

class breaker : public gimple_opt_pass {
public:
  breaker() : gimple_opt_pass(data, g) {}
  unsigned int execute(function *fun) final override {
    const char *name = IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(fun->decl));
    if ((!only || strcmp(only, name) == 0) && !is_listed(getenv("BACKEDGE_REFUSED"), name))
      break_edges(fun);
    return 0;
  }
};
} // namespace

__attribute__((visibility("default"))) int plugin_init(plugin_name_args *info,
                                                       plugin_gcc_version *) {
  for (int i = 0; i < info->argc; i++)
    if (strcmp(info->argv[i].key, "only") == 0)
      only = info->argv[i].value;
  register_pass_info pass = {new breaker, "aprefetch", 1, PASS_POS_INSERT_AFTER};
  register_callback(info->base_name, PLUGIN_PASS_MANAGER_SETUP, NULL, &pass);
  return 0;
}

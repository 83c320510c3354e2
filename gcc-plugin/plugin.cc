/* plugin.cc - entry: options, the session, and the two passes in GCC's pipeline. */
#include "internal.h"

#define EXPORTED __attribute__((visibility("default")))
EXPORTED int plugin_is_GPL_compatible;
bridge the_bridge;

static be_options options;
static be_host host;
static char host_name[64];

/* ---- one function ---------------------------------------------------------------------------- */

static const char *symbol_of(function *fun) {
  const char *name = IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(fun->decl));
  return *name == '*' ? name + 1 : name;
}

static void decline(function *fun, be_reason reason, const char *detail) {
  expanded_location at = expand_location(DECL_SOURCE_LOCATION(fun->decl));
  be_session_decline(the_bridge.session, symbol_of(fun), at.file, (unsigned)at.line, reason,
                     detail);
}

enum { COUNTER_STEPS_MAX = 64 };

/* What a value is made from first: through conversions, and from an address its pointer. */
static tree made_from(tree value) {
  while (CONVERT_EXPR_P(value) || TREE_CODE(value) == VIEW_CONVERT_EXPR)
    value = TREE_OPERAND(value, 0);
  if (TREE_CODE(value) != ADDR_EXPR)
    return value;
  tree base = get_base_address(TREE_OPERAND(value, 0));
  return base && TREE_CODE(base) == MEM_REF ? TREE_OPERAND(base, 0) : value;
}

/* Does the value come from a PHI of the loop's header? */
static bool is_counter(class loop *loop, tree value) {
  for (int i = 0; i < COUNTER_STEPS_MAX && TREE_CODE(value) == SSA_NAME; i++) {
    gimple *def = SSA_NAME_DEF_STMT(value);
    if (gimple_code(def) == GIMPLE_PHI)
      return gimple_bb(def) == loop->header;
    if (!is_gimple_assign(def))
      return false;
    value = made_from(gimple_assign_rhs1(def));
  }
  return false;
}

static bool is_invariant(class loop *loop, tree value) {
  if (TREE_CODE(value) != SSA_NAME)
    return true;
  basic_block bb = gimple_bb(SSA_NAME_DEF_STMT(value));
  return !bb || !flow_bb_inside_loop_p(loop, bb);
}

/* The loop's only way out is a test of its own, once per iteration, of a counter against what the
 * loop does not compute. */
static bool is_counted(class loop *loop) {
  auto_vec<edge> exits = get_loop_exit_edges(loop);
  if (exits.length() != 1 || exits[0]->src->loop_father != loop)
    return false;
  gimple *last = last_stmt(exits[0]->src);
  gcond *test = last ? dyn_cast<gcond *>(last) : NULL;
  if (!test)
    return false;
  tree left = gimple_cond_lhs(test), right = gimple_cond_rhs(test);
  return (is_invariant(loop, right) && is_counter(loop, left)) ||
         (is_invariant(loop, left) && is_counter(loop, right));
}

static bool has_loops(function *fun) { return loops_for_fn(fun) && number_of_loops(fun) > 1; }

static bool has_counted_loop(function *fun) {
  for (unsigned i = 1; i < number_of_loops(fun); i++) {
    class loop *loop = get_loop(fun, i);
    if (loop && is_counted(loop))
      return true;
  }
  return false;
}

/* What its loops are is looked at only where it decides. */
static bool is_wanted(function *fun, be_place place) {
  const be_session *session = the_bridge.session;
  const char *name = symbol_of(fun);
  if (be_session_wants(session, place, name, has_loops(fun) ? BE_LOOPS_SOME : BE_LOOPS_NONE))
    return true;
  return has_loops(fun) && be_session_wants(session, place, name, BE_LOOPS_COUNTED) &&
         has_counted_loop(fun);
}

/* ---- lift, run, lower ---------------------------------------------------------------------------
 */

/* Returns what GCC's pass manager is to do afterwards. */
static unsigned lower_by_plan(struct lift *lifted) {
  struct lower l;
  const be_plan *plan = be_function_plan(lifted->out, the_bridge.mode == BE_MODE_REBUILD);
  if (!plan->changed) {
    be_function_lowered(lifted->out, BE_REASON_NONE, NULL);
    return 0;
  }
  bool possible = lower_begin(&l, lifted, plan) && lower_check(&l);
  if (possible)
    lower_function(&l);
  be_function_lowered(lifted->out, possible ? BE_REASON_NONE : BE_REASON_UNSUPPORTED_EDIT,
                      l.detail);
  lower_release(&l);
  if (possible)
    verify_function(lifted->fun, symbol_of(lifted->fun));
  return possible && l.publishes ? TODO_rebuild_alias : 0;
}

/* Lifts, runs and lowers one function. */
static unsigned run_place(function *fun) {
  struct lift l;
  unsigned todo = 0;
  if (verify_has_refused(symbol_of(fun))) {
    decline(fun, BE_REASON_HOST_VERIFIER, NULL);
    return 0;
  }
  if (!lift_function(&l, fun))
    decline(fun, l.reason, l.detail);
  else if (be_function_run(l.out))
    todo = lower_by_plan(&l);
  lift_release(&l);
  return todo;
}

/* ---- the passes -------------------------------------------------------------------------------
 */

namespace {

class pass_backedge : public gimple_opt_pass {
public:
  pass_backedge(const pass_data &data, be_place at) : gimple_opt_pass(data, g), place(at) {}

  bool gate(function *fun) final override {
    return the_bridge.session && !seen_error() &&
           be_session_wants(the_bridge.session, place, symbol_of(fun),
                            has_loops(fun) ? BE_LOOPS_COUNTED : BE_LOOPS_NONE);
  }

  /* Whether remarks are listened to is known only here. */
  unsigned int execute(function *fun) final override {
    return is_wanted(fun, place) ? run_place(fun) : 0;
  }

private:
  be_place place;
};

} // namespace

static pass_data data_of_pass(const char *name) {
  pass_data data = {GIMPLE_PASS, name, OPTGROUP_LOOP, TV_PLUGIN_RUN, PROP_cfg | PROP_ssa, 0, 0,
                    0,           0};
  return data;
}

static void register_pass(const char *plugin, const char *name, be_place place,
                          const char *reference, pass_positioning_ops where) {
  register_pass_info info;
  info.pass = new pass_backedge(data_of_pass(name), place);
  info.reference_pass_name = reference;
  info.ref_pass_instance_number = 1;
  info.pos_op = where;
  register_callback(plugin, PLUGIN_PASS_MANAGER_SETUP, NULL, &info);
}

/* ---- the unit ---------------------------------------------------------------------------------
 */

static void forget_trees(void *, void *) { be_map_clear(&the_bridge.access); }

static void start_unit(void *, void *) {
  char err[512];
  snprintf(host_name, sizeof host_name, "gcc %s", gcc_version.basever);
  host.compiler = host_name;
  host.unit = main_input_filename ? main_input_filename : "";
  host.remark = remark_emit;
  host.listens = remark_listens;
  host.warn = remark_warn;
  if (be_session_create(&host, &options, &the_bridge.session, err, sizeof err)) {
    error("backedge: %s", err);
    return;
  }
  the_bridge.ir = be_session_ir(the_bridge.session);
  the_bridge.mode = options.mode;
}

static void finish_unit(void *, void *) {
  be_map_clear(&the_bridge.access);
  be_session_destroy(the_bridge.session);
  the_bridge.session = NULL;
  be_options_destroy(&options);
  be_options_init(&options);
}

/* What follows -fplugin-arg-backedge- ("passes=a"), or NULL. */
static const char *own_option(const char *text) {
  static const char prefix[] = "-fplugin-arg-backedge-";
  return text && strncmp(text, prefix, strlen(prefix)) == 0 ? text + strlen(prefix) : NULL;
}

/* The producer string in debug information and the options in -flto objects are the saved ones:
 * without ours, a plugin that changes nothing leaves no trace in the object. */
static void hide_options(void) {
  for (unsigned i = 0; i < save_decoded_options_count; i++) {
    cl_decoded_option *option = &save_decoded_options[i];
    const char *text = option->canonical_option[0];
    if (option->opt_index == OPT_fplugin_ && option->arg && strstr(option->arg, "backedge"))
      option->opt_index = OPT_SPECIAL_ignore;
    else if (option->opt_index == OPT_iplugindir_ || own_option(text))
      option->opt_index = OPT_SPECIAL_ignore; /* -iplugindir: the driver's, written for -flto */
  }
}

static bool read_option(const char *text) {
  char err[512], *key = xstrdup(text), *value = strchr(key, '=');
  if (value)
    *value++ = '\0';
  int status = be_options_set(&options, key, value ? value : "", err, sizeof err);
  if (status)
    error("backedge: %s", err);
  free(key);
  return status == 0;
}

/* Read from the command line and not from plugin_name_args: of "passes=a(b=1)" GCC 12 hands on
 * "a(b=1", one character less for each further '='. */
static bool read_options(void) {
  char err[512];
  be_options_init(&options);
  bool ok = be_options_read_env(&options, err, sizeof err) == 0;
  if (!ok)
    error("backedge: %s", err);
  for (unsigned i = 0; i < save_decoded_options_count; i++) {
    const char *text = own_option(save_decoded_options[i].canonical_option[0]);
    ok &= !text || read_option(text);
  }
  return ok;
}

EXPORTED int plugin_init(plugin_name_args *info, plugin_gcc_version *version) {
  if (!plugin_default_version_check(version, &gcc_version)) {
    error("backedge: this plugin was built for gcc %s (%s), but this is gcc %s (%s)",
          gcc_version.basever, gcc_version.datestamp, version->basever, version->datestamp);
    return 1;
  }
  hide_options();
  request_register(info->base_name);
  if (!read_options())
    return 1;
  if (!be_options_active(&options))
    return 0;
  register_callback(info->base_name, PLUGIN_START_UNIT, start_unit, NULL);
  register_callback(info->base_name, PLUGIN_FINISH_UNIT, finish_unit, NULL);
  register_callback(info->base_name, PLUGIN_GGC_START, forget_trees, NULL);
  if (options.mode == BE_MODE_PASSES)
    finite_register(info->base_name);
  register_pass(info->base_name, "backedge-loops", BE_PLACE_LOOPS, "ivopts",
                PASS_POS_INSERT_BEFORE);
  if (options.mode != BE_MODE_PASSES)
    register_pass(info->base_name, "backedge-last", BE_PLACE_LAST, "optimized",
                  PASS_POS_INSERT_AFTER);
  return 0;
}

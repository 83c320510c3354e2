/* finite.cc - which loops the language lets be assumed to end.
 *
 * C++11 lets it of every loop, and then GCC has noted it. C11 (6.8.5p6) lets it of iteration
 * statements whose controlling expression is not a constant, which can no longer be seen in GIMPLE.
 * So a function of C is marked before it is lowered to GIMPLE when it has no other loops: no
 * for (;;), no while (1), no goto backwards; and no call that could be its own, since GCC makes
 * loops of tail calls: in a cycle of calls, one is of what is not defined yet. A loop may be
 * assumed to end where the function, and all that was inlined into it, is marked. */
#include "internal.h"

/* No attribute of the source can be spelt so. Streamed with the function for -flto. */
static const char mark[] = "backedge finite";

struct search {
  tree fun;
  hash_set<tree> *labels; /* seen so far */
  bool found;
};

/* A controlling expression; NULL_TREE: none. */
static bool may_be_endless(tree condition) {
  return !condition || (TREE_CONSTANT(condition) && !integer_zerop(condition));
}

static bool may_come_back(tree fun, tree callee) {
  if (!callee || callee == fun)
    return true;
  bool defined = DECL_INITIAL(callee) && DECL_INITIAL(callee) != error_mark_node;
  return !defined && !fndecl_built_in_p(callee) && !DECL_IN_SYSTEM_HEADER(callee);
}

static tree look_at(tree *at, int *, void *data) {
  search *s = (search *)data;
  switch ((int)TREE_CODE(*at)) {
  case FOR_STMT:
    s->found |= may_be_endless(FOR_COND(*at));
    break;
  case WHILE_STMT:
    s->found |= may_be_endless(WHILE_COND(*at));
    break;
  case DO_STMT:
    s->found |= may_be_endless(DO_COND(*at));
    break;
  case LABEL_EXPR:
    s->labels->add(LABEL_EXPR_LABEL(*at));
    break;
  case GOTO_EXPR:
    s->found |= TREE_CODE(GOTO_DESTINATION(*at)) != LABEL_DECL ||
                s->labels->contains(GOTO_DESTINATION(*at));
    break;
  case CALL_EXPR:
    s->found |= may_come_back(s->fun, get_callee_fndecl(*at));
    break;
  case ASM_EXPR:
    s->found |= ASM_LABELS(*at) != NULL_TREE;
    break;
  }
  return NULL_TREE;
}

/* PLUGIN_PRE_GENERICIZE: the function is as it was parsed. */
static void mark_function(void *decl, void *) {
  tree fun = (tree)decl;
  hash_set<tree> labels;
  search s = {fun, &labels, false};
  if (!lang_GNU_C() || !&flag_isoc11 || !flag_isoc11)
    return;
  walk_tree_without_duplicates(&DECL_SAVED_TREE(fun), look_at, &s);
  if (!s.found)
    DECL_ATTRIBUTES(fun) = tree_cons(get_identifier(mark), NULL_TREE, DECL_ATTRIBUTES(fun));
}

static bool is_marked(tree fun) { return lookup_attribute(mark, DECL_ATTRIBUTES(fun)) != NULL; }

/* Of a scope and those within it: each inlined function has one. */
static bool inlined_are_marked(tree block) {
  for (; block; block = BLOCK_CHAIN(block)) {
    tree origin = block_ultimate_origin(block);
    if (origin && TREE_CODE(origin) == FUNCTION_DECL && !is_marked(origin))
      return false;
    if (!inlined_are_marked(BLOCK_SUBBLOCKS(block)))
      return false;
  }
  return true;
}

static bool all_are_marked(function *fun) {
  static unsigned last; /* loops of one function are asked about one after the other */
  static bool answer;
  if (last != DECL_UID(fun->decl)) /* unlike its address, never used again */
    answer = is_marked(fun->decl) && inlined_are_marked(DECL_INITIAL(fun->decl));
  last = DECL_UID(fun->decl);
  return answer;
}

bool finite_is(class loop *loop) {
  if (loop->finite_p || loop->any_upper_bound)
    return true;
  bool forbidden = global_options_set.x_flag_finite_loops && !flag_finite_loops;
  return !forbidden && all_are_marked(cfun);
}

void finite_register(const char *plugin) {
  register_callback(plugin, PLUGIN_PRE_GENERICIZE, mark_function, NULL);
}

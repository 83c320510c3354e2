/* request.cc - prefetches asked for in the source: an attribute and two pragmas.
 *
 * __attribute__((backedge_prefetch(distance, locality))) on a pointer, an array or a member asks
 * for the accesses made through it; #pragma backedge prefetch and noprefetch speak of the next
 * loop. They become backedge.prefetch and backedge.noprefetch on loads and stores, and on the jumps
 * back. With -flto they travel on the functions. */
#include "internal.h"

/* Absent in lto1, which parses nothing. */
extern void c_register_pragma(const char *, const char *, pragma_handler_1arg)
    __attribute__((weak));

enum { PRAGMAS_MAX = 4096, PRAGMA_REACH = 4, CHAIN_MAX = 8, LOCALITY_MAX = 3 };

/* Where a pragma stands, and the lines of the function that it stands in: also where that is
 * inlined elsewhere, statements of those lines are its own. */
struct pragma {
  const char *file; /* GCC's own, for the unit's life */
  int line, first, last;
  bool wanted;
};
static struct pragma pragmas[PRAGMAS_MAX];
static int pragma_count;

/* ---- reading the source -------------------------------------------------------------------------
 */

static void add_pragma(const struct pragma *pragma) {
  if (pragma_count == PRAGMAS_MAX)
    warning(0, "backedge: more than %d pragmas, the rest is ignored", (int)PRAGMAS_MAX);
  else
    pragmas[pragma_count++] = *pragma;
}

static void note_pragma(bool wanted) {
  expanded_location at = expand_location(input_location);
  if (!current_function_decl) {
    warning(0, "backedge: a prefetch pragma outside of a function is ignored");
    return;
  }
  struct pragma made = {at.file, at.line, DECL_SOURCE_LINE(current_function_decl), INT_MAX, wanted};
  add_pragma(&made);
}

/* A function was parsed to its end. */
static void on_function(void *data, void *) {
  tree function = (tree)data;
  if (!function || !DECL_P(function))
    return;
  for (int i = pragma_count; i-- > 0 && pragmas[i].last == INT_MAX;)
    if (pragmas[i].first == DECL_SOURCE_LINE(function))
      pragmas[i].last = expand_location(input_location).line;
}

static void on_prefetch(cpp_reader *) { note_pragma(true); }
static void on_noprefetch(cpp_reader *) { note_pragma(false); }

static bool is_number(tree value, int64_t most) {
  return value && TREE_CODE(value) == INTEGER_CST && tree_fits_shwi_p(value) &&
         IN_RANGE(tree_to_shwi(value), 0, most);
}

static tree check_attribute(tree *node, tree name, tree args, int, bool *drop) {
  tree type = TREE_TYPE(*node);
  *drop = true;
  if (!DECL_P(*node) || (!POINTER_TYPE_P(type) && TREE_CODE(type) != ARRAY_TYPE))
    warning(OPT_Wattributes, "%qE is for pointers and arrays", name);
  else if (args && !is_number(TREE_VALUE(args), 4096))
    error("%qE needs a distance from 0 (let the pass choose) to 4096", name);
  else if (args && TREE_CHAIN(args) && !is_number(TREE_VALUE(TREE_CHAIN(args)), LOCALITY_MAX))
    error("%qE needs a locality from 0 to %d", name, (int)LOCALITY_MAX);
  else
    *drop = false;
  return NULL_TREE;
}

static attribute_spec prefetch_attribute = {"backedge_prefetch", 0,   2, true, false, false, false,
                                            check_attribute,     NULL};

static void on_attributes(void *, void *) { register_attribute(&prefetch_attribute); }

static void on_pragmas(void *, void *) {
  if (!c_register_pragma)
    return;
  c_register_pragma("backedge", "prefetch", on_prefetch);
  c_register_pragma("backedge", "noprefetch", on_noprefetch);
}

/* ---- from the compiler to the linker, with -flto -----------------------------------------------
 */

/* No source can write it. */
static const char travelling[] = "backedge pragmas";

/* All of the unit's, on each of its functions: one may have been inlined into any other. */
static void pack(void) {
  cgraph_node *node;
  tree all = NULL_TREE;
  for (int i = 0; i < pragma_count; i++) {
    const int numbers[] = {pragmas[i].wanted, pragmas[i].last, pragmas[i].first, pragmas[i].line};
    for (size_t k = 0; k < ARRAY_SIZE(numbers); k++)
      all = tree_cons(NULL_TREE, build_int_cst(integer_type_node, numbers[k]), all);
    all = tree_cons(NULL_TREE, get_identifier(pragmas[i].file), all);
  }
  FOR_EACH_DEFINED_FUNCTION(node)
  DECL_ATTRIBUTES(node->decl) =
      tree_cons(get_identifier(travelling), all, DECL_ATTRIBUTES(node->decl));
}

static int take_number(tree *list) {
  int number = (int)tree_to_shwi(TREE_VALUE(*list));
  *list = TREE_CHAIN(*list);
  return number;
}

static void unpack(tree all) {
  while (all) {
    struct pragma made = {IDENTIFIER_POINTER(TREE_VALUE(all)), 0, 0, 0, false};
    all = TREE_CHAIN(all);
    made.line = take_number(&all);
    made.first = take_number(&all);
    made.last = take_number(&all);
    made.wanted = take_number(&all) != 0;
    bool known = false;
    for (int i = 0; i < pragma_count; i++)
      known |= pragmas[i].line == made.line && strcmp(pragmas[i].file, made.file) == 0;
    if (!known)
      add_pragma(&made);
  }
}

/* Before functions are written to the object, and when the linker's compiler has read them. */
static void on_whole_program(void *, void *) {
  cgraph_node *node;
  tree last = NULL_TREE;
  if (!in_lto_p && flag_generate_lto && pragma_count)
    pack();
  if (!in_lto_p)
    return;
  FOR_EACH_FUNCTION(node) {
    tree found = lookup_attribute(travelling, DECL_ATTRIBUTES(node->decl));
    if (found && TREE_VALUE(found) != last)
      unpack(TREE_VALUE(found));
    last = found ? TREE_VALUE(found) : last;
  }
}

void request_register(const char *plugin) {
  register_callback(plugin, PLUGIN_ATTRIBUTES, on_attributes, NULL);
  register_callback(plugin, PLUGIN_PRAGMAS, on_pragmas, NULL);
  register_callback(plugin, PLUGIN_FINISH_PARSE_FUNCTION, on_function, NULL);
  register_callback(plugin, PLUGIN_ALL_IPA_PASSES_START, on_whole_program, NULL);
}

/* ---- accesses
 * ------------------------------------------------------------------------------------ */

static tree attribute_of(tree decl) {
  return decl && DECL_P(decl) ? lookup_attribute("backedge_prefetch", DECL_ATTRIBUTES(decl))
                              : NULL_TREE;
}

/* The variable, or the member, that a pointer was computed from. */
static tree attribute_of_pointer(tree pointer) {
  for (int i = 0; i < CHAIN_MAX && pointer && TREE_CODE(pointer) == SSA_NAME; i++) {
    tree found = attribute_of(SSA_NAME_VAR(pointer));
    gimple *def = SSA_NAME_DEF_STMT(pointer);
    if (found || SSA_NAME_IS_DEFAULT_DEF(pointer))
      return found;
    if (gimple_code(def) == GIMPLE_PHI)
      pointer = gimple_phi_arg_def(def, 0);
    else if (!is_gimple_assign(def))
      return NULL_TREE;
    else if (TREE_CODE(gimple_assign_rhs1(def)) == COMPONENT_REF)
      return attribute_of(TREE_OPERAND(gimple_assign_rhs1(def), 1));
    else
      pointer = gimple_assign_rhs1(def);
  }
  if (pointer && TREE_CODE(pointer) == ADDR_EXPR)
    pointer = get_base_address(TREE_OPERAND(pointer, 0));
  return attribute_of(pointer);
}

static tree attribute_of_access(tree ref) {
  for (; handled_component_p(ref); ref = TREE_OPERAND(ref, 0)) {
    tree found = TREE_CODE(ref) == COMPONENT_REF ? attribute_of(TREE_OPERAND(ref, 1)) : NULL_TREE;
    if (found)
      return found;
  }
  if (DECL_P(ref))
    return attribute_of(ref);
  return TREE_CODE(ref) == MEM_REF ? attribute_of_pointer(TREE_OPERAND(ref, 0)) : NULL_TREE;
}

/* [distance, locality], or null when nobody asked. */
static MlirAttribute request_of(tree found) {
  const be_ir *ir = the_bridge.ir;
  tree args = TREE_VALUE(found);
  int64_t distance = args ? tree_to_shwi(TREE_VALUE(args)) : 0;
  int64_t locality =
      args && TREE_CHAIN(args) ? tree_to_shwi(TREE_VALUE(TREE_CHAIN(args))) : (int64_t)LOCALITY_MAX;
  MlirAttribute numbers[2] = {mlirIntegerAttrGet(ir->i64, distance),
                              mlirIntegerAttrGet(ir->i64, locality)};
  return mlirArrayAttrGet(ir->ctx, 2, numbers);
}

static void note(MlirOperation op, const char *name, MlirAttribute value) {
  mlirOperationSetDiscardableAttributeByName(op, mlirStringRefCreateFromCString(name), value);
}

void request_access(MlirOperation op, tree ref) {
  tree found = the_bridge.mode == BE_MODE_PASSES ? attribute_of_access(ref) : NULL_TREE;
  if (found)
    note(op, BE_ATTR_PREFETCH, request_of(found));
}

/* ---- loops
 * --------------------------------------------------------------------------------------- */

/* The first of a loop's lines in the pragma's function; INT_MAX: it has none there. */
static int first_line(class loop *loop, const struct pragma *pragma) {
  int best = INT_MAX;
  basic_block *body = get_loop_body(loop);
  for (unsigned i = 0; i < loop->num_nodes; i++)
    for (gimple_stmt_iterator gsi = gsi_start_bb(body[i]); !gsi_end_p(gsi); gsi_next(&gsi)) {
      location_t where = LOCATION_LOCUS(gimple_location(gsi_stmt(gsi)));
      expanded_location at = expand_location(where);
      if (where > BUILTINS_LOCATION && at.file && IN_RANGE(at.line, pragma->first, pragma->last) &&
          at.line < best && strcmp(at.file, pragma->file) == 0)
        best = at.line;
    }
  free(body);
  return best;
}

/* A pragma speaks of the next loop that starts after it: the outermost one, where several start in
 * that line, and each copy of it. */
static bool speaks_of(const struct pragma *pragma, class loop *loop) {
  int line = first_line(loop, pragma);
  if (line <= pragma->line || line > pragma->line + PRAGMA_REACH)
    return false;
  class loop *outer = loop_outer(loop);
  if (outer && loop_outer(outer) && first_line(outer, pragma) == line)
    return false;
  for (unsigned i = 1; i < number_of_loops(cfun); i++) {
    class loop *other = get_loop(cfun, i);
    int start = other ? first_line(other, pragma) : INT_MAX;
    if (start > pragma->line && start < line)
      return false;
  }
  return true;
}

void request_loop(MlirOperation terminator, basic_block bb) {
  if (the_bridge.mode != BE_MODE_PASSES || !loops_for_fn(cfun))
    return;
  class loop *loop = bb->loop_father;
  if (!loop || !loop_outer(loop) || !find_edge(bb, loop->header))
    return;
  if (loop_depth(loop) > 1 && finite_is(loop))
    note(terminator, BE_ATTR_FINITE, the_bridge.ir->unit);
  for (int i = 0; i < pragma_count; i++)
    if (speaks_of(&pragmas[i], loop))
      note(terminator, pragmas[i].wanted ? BE_ATTR_PREFETCH : BE_ATTR_NOPREFETCH,
           the_bridge.ir->unit);
}

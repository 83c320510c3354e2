/* lower_cfg.cc - blocks, edges and PHIs. */
#include "internal.h"

static basic_block block_of(const lower *l, MlirBlock block) {
  return (basic_block)be_map_get(&l->blocks, block.ptr);
}

static unsigned succ_count(const be_plan_op *term) {
  return (unsigned)mlirOperationGetNumSuccessors(term->op);
}

/* The ways out are those of a statement that only GCC understands: they cannot be redirected. */
static bool is_selected(const lower *l, const be_plan_op *term) {
  int stmt = term->id < 0 || term->fate == BE_FATE_NEW
                 ? -1
                 : be_function_entry(l->lift->out, term->id)->stmt;
  return stmt >= 0 && l->selected[stmt];
}

/* ---- checking ----------------------------------------------------------------------------------
 */

static bool selected_can(lower *l, const be_plan_block *block, const be_plan_op *term) {
  basic_block bb = block->lifted >= 0 ? l->lift->bb_of[block->lifted] : NULL;
  if (!bb || be_function_entry(l->lift->out, term->id)->block != block->lifted ||
      EDGE_COUNT(bb->succs) != succ_count(term))
    return lower_cannot(l, "the ways out of an opaque statement were edited");
  for (unsigned i = 0; i < succ_count(term); i++)
    if (block_of(l, mlirOperationGetSuccessor(term->op, i)) != EDGE_SUCC(bb, i)->dest)
      return lower_cannot(l, "the ways out of an opaque statement were edited");
  return true;
}

/* Edges that GCC does not let us redirect, or computed ones, must stay as they are. */
static bool edges_can(lower *l, const be_plan_block *block) {
  edge e;
  edge_iterator ei;
  if (block->lifted <= 0)
    return true;
  FOR_EACH_EDGE(e, ei, l->lift->bb_of[block->lifted]->succs)
  if (e->flags & EDGE_COMPLEX)
    return lower_cannot(l, "an exceptional edge was edited");
  return true;
}

/* The edge that successor i of a lifted block stands for, or NULL. */
static edge old_edge(const lower *l, const be_plan_block *block, MlirOperation term, unsigned i) {
  basic_block dest = block_of(l, mlirOperationGetSuccessor(term, i));
  return block->lifted >= 0 && dest ? find_edge(l->lift->bb_of[block->lifted], dest) : NULL;
}

/* A block that exceptions or computed jumps lead to gets no further ways in. */
static bool target_can(lower *l, MlirOperation term, unsigned succ) {
  edge e;
  edge_iterator ei;
  basic_block dest = block_of(l, mlirOperationGetSuccessor(term, succ));
  if (!dest)
    return true;
  FOR_EACH_EDGE(e, ei, dest->preds)
  if (e->flags & EDGE_COMPLEX)
    return lower_cannot(l, "a new way into a block that exceptions or computed jumps lead to");
  return true;
}

/* What computed jumps hand over is in variables of their own: it must stay as it is. */
static bool abnormal_can(lower *l, MlirOperation term, unsigned succ, edge e) {
  size_t first, count = be_succ_operands(l->ir, term, succ, &first);
  MlirBlock dest = mlirOperationGetSuccessor(term, succ);
  for (size_t i = 0; i < count; i++) {
    MlirValue arg = mlirBlockGetArgument(dest, (intptr_t)i);
    MlirValue now = mlirOperationGetOperand(term, (intptr_t)(first + i));
    tree result = (tree)be_map_get(&l->values, arg.ptr);
    gimple *phi = result ? SSA_NAME_DEF_STMT(result) : NULL;
    if (!phi || gimple_code(phi) != GIMPLE_PHI || gimple_bb(phi) != e->dest ||
        PHI_ARG_DEF_FROM_EDGE(phi, e) != (tree)be_map_get(&l->values, now.ptr))
      return lower_cannot(l, "what a computed jump hands over was edited");
  }
  return true;
}

static bool arguments_can(lower *l, MlirOperation term, unsigned succ) {
  MlirBlock dest = mlirOperationGetSuccessor(term, succ);
  for (intptr_t i = 0; i < mlirBlockGetNumArguments(dest); i++) {
    MlirValue arg = mlirBlockGetArgument(dest, i);
    if (!be_map_get(&l->values, arg.ptr) && !type_lower(mlirValueGetType(arg)))
      return lower_cannot(l, "a block argument of a type without counterpart");
  }
  return true;
}

static bool return_can(lower *l, const be_plan_op *term) {
  bool has_value = mlirOperationGetNumOperands(term->op) != 0;
  return has_value == l->lift->returns_value || lower_cannot(l, "a return of something else");
}

/* Elements are stored in whole bytes, little end first as the host has it. */
static int64_t case_value(MlirAttribute values, unsigned i, unsigned bits) {
  unsigned size = (bits + 7) / 8, shift = 64 - bits;
  const char *raw = (const char *)mlirDenseElementsAttrGetRawData(values);
  uint64_t value = 0;
  memcpy(&value, raw + (mlirDenseElementsAttrIsSplat(values) ? 0 : i * size), size);
  return (int64_t)(value << shift) >> shift;
}

static MlirAttribute case_values(const be_plan_op *term) {
  return be_op_attr(term->op, "case_values");
}

static int compare_values(const void *a, const void *b) {
  int64_t one = *(const int64_t *)a, two = *(const int64_t *)b;
  return one < two ? -1 : one > two;
}

/* MLIR lets a value lead two ways. */
static bool cases_differ(const be_plan_op *term, unsigned bits) {
  bool differ = true;
  auto_vec<int64_t> values;
  for (unsigned i = 1; i < succ_count(term); i++)
    values.safe_push(case_value(case_values(term), i - 1, bits));
  values.qsort(compare_values);
  for (unsigned i = 1; i < values.length(); i++)
    differ &= values[i - 1] != values[i];
  return differ;
}

static bool switch_can(lower *l, const be_plan_op *term) {
  unsigned bits = type_bits(mlirValueGetType(mlirOperationGetOperand(term->op, 0)));
  if (bits <= 1 || bits > 64)
    return lower_cannot(l, "a switch of an unusual width");
  return cases_differ(term, bits) || lower_cannot(l, "a switch with one value twice");
}

bool lower_cfg_can(lower *l, const be_plan_block *block, const be_plan_op *term) {
  for (unsigned i = 0; !l->rebuild && i < succ_count(term); i++) {
    edge e = old_edge(l, block, term->op, i);
    if (e && (e->flags & EDGE_ABNORMAL) ? !abnormal_can(l, term->op, i, e)
                                        : !e && !target_can(l, term->op, i))
      return false;
  }
  if (term->fate == BE_FATE_KEEP)
    return true;
  for (unsigned i = 0; i < succ_count(term); i++)
    if (!arguments_can(l, term->op, i))
      return false;
  if (is_selected(l, term))
    return selected_can(l, block, term);
  if (!edges_can(l, block))
    return false;
  switch (term->code) {
  case BE_OP_BR:
  case BE_OP_COND_BR:
  case BE_OP_UNREACHABLE:
    return true;
  case BE_OP_SWITCH:
    return switch_can(l, term);
  case BE_OP_RETURN:
    return return_can(l, term);
  default:
    return lower_cannot(l, "a terminator that GCC has no statement for");
  }
}

/* ---- blocks -------------------------------------------------------------------------------------
 */

/* True when code has come to the entry block: GCC's has none. */
static bool entry_has_code(lower *l) {
  const be_plan_block *entry = &l->plan->blocks[0];
  for (size_t i = 0; i < entry->count; i++) {
    const be_plan_op *op = &l->plan->ops[entry->first + i];
    if (op->fate != BE_FATE_KEEP && (op->code > BE_OP_HOST || op->code == BE_OP_OTHER))
      return true;
  }
  return false;
}

void lower_make_blocks(lower *l) {
  basic_block last = ENTRY_BLOCK_PTR_FOR_FN(l->lift->fun);
  if (entry_has_code(l)) {
    last = split_edge(single_succ_edge(last));
    be_map_set(&l->blocks, l->plan->blocks[0].block.ptr, last);
    l->cfg_changed = true;
  }
  for (size_t i = 0; i < l->plan->block_count; i++) {
    const be_plan_block *block = &l->plan->blocks[i];
    basic_block bb = block_of(l, block->block);
    if (!bb) {
      bb = create_empty_bb(last);
      if (loops_for_fn(l->lift->fun))
        add_bb_to_loop(bb, last->loop_father          ? last->loop_father
                           : bb->prev_bb->loop_father ? bb->prev_bb->loop_father
                                                      : loops_for_fn(l->lift->fun)->tree_root);
      be_map_set(&l->blocks, block->block.ptr, bb);
      l->cfg_changed = true;
    }
    last = bb;
  }
}

/* ---- edges --------------------------------------------------------------------------------------
 */

struct wanted_edge {
  basic_block dest;
  int flags;
};

/* Makes the block's edges the wanted ones; those that are right stay. */
static void set_edges(lower *l, basic_block bb, const wanted_edge *wanted, unsigned count) {
  edge kept;
  edge_iterator ei;
  bool changed = false;
  for (unsigned i = EDGE_COUNT(bb->succs); i-- > 0;) {
    edge e = EDGE_SUCC(bb, i);
    bool right = false;
    for (unsigned k = 0; k < count; k++)
      right |= wanted[k].dest == e->dest;
    if (!right) {
      remove_edge(e);
      changed = true;
    }
  }
  for (unsigned k = 0; k < count; k++) {
    edge e = find_edge(bb, wanted[k].dest);
    if (!e) {
      e = make_edge(bb, wanted[k].dest, 0);
      changed = true;
    }
    e->flags &= ~(EDGE_TRUE_VALUE | EDGE_FALSE_VALUE | EDGE_FALLTHRU);
    e->flags |= wanted[k].flags;
  }
  l->cfg_changed |= changed;
  FOR_EACH_EDGE(kept, ei, bb->succs)
  if (changed) /* count_edges says how they share what passes through the block now */
    kept->probability = profile_probability::uninitialized();
}

static bool same_arguments(lower *l, MlirOperation term, unsigned a, unsigned b) {
  size_t first_a, first_b;
  size_t n = be_succ_operands(l->ir, term, a, &first_a);
  if (be_succ_operands(l->ir, term, b, &first_b) != n)
    return false;
  for (size_t i = 0; i < n; i++)
    if (!mlirValueEqual(mlirOperationGetOperand(term, (intptr_t)(first_a + i)),
                        mlirOperationGetOperand(term, (intptr_t)(first_b + i))))
      return false;
  return true;
}

/* A block of its own on the way to dest: one edge cannot carry two sets of values. */
static basic_block make_forwarder(lower *l, basic_block bb, basic_block dest) {
  basic_block between = create_empty_bb(bb);
  if (loops_for_fn(l->lift->fun))
    add_bb_to_loop(between, bb->loop_father);
  make_edge(between, dest, EDGE_FALLTHRU)->probability = profile_probability::always();
  l->cfg_changed = true;
  return between;
}

/* Where successor i of bb's terminator goes first: its block, or a forwarder before it. */
static basic_block way_out(lower *l, const be_plan_op *term, unsigned i, bool may_share) {
  basic_block dest = block_of(l, mlirOperationGetSuccessor(term->op, i));
  unsigned first = l->routes->length();
  route made = {term->op, i, l->bb, dest};
  while (first > 0 && mlirOperationEqual((*l->routes)[first - 1].term, term->op))
    first--;
  for (unsigned k = first; k < l->routes->length(); k++) {
    route known = (*l->routes)[k];
    if (known.to != dest)
      continue;
    if (may_share && same_arguments(l, term->op, known.succ, i))
      return known.from == l->bb ? dest : known.from;
    if (known.from == l->bb || !may_share) {
      made.from = make_forwarder(l, l->bb, dest);
      break;
    }
  }
  for (unsigned k = first; made.from == l->bb && k < l->routes->length(); k++)
    if ((*l->routes)[k].to == dest)
      made.from = make_forwarder(l, l->bb, dest);
  l->routes->safe_push(made);
  return made.from == l->bb ? dest : made.from;
}

/* ---- terminators
 * ---------------------------------------------------------------------------------- */

/* The statement that ends the block now, when it only decides where to go. */
static gimple *old_control(basic_block bb) {
  gimple *last = last_stmt(bb);
  return last && is_ctrl_stmt(last) ? last : NULL;
}

/* Puts the control statement at the end of the block; NULL: the block falls through. */
static void put_control(lower *l, const be_plan_op *term, gimple *stmt) {
  gimple *old = old_control(l->bb);
  int number = term->id >= 0 && term->fate == BE_FATE_BUILD
                   ? be_function_entry(l->lift->out, term->id)->stmt
                   : -1;
  if (old)
    for (int i = 0; i < l->lift->stmt_count; i++)
      if (l->lift->stmts[i] == old)
        l->done[i] = true;
  if (number >= 0 && gimple_bb(l->lift->stmts[number]) == l->bb)
    l->done[number] = true;
  if (stmt)
    gimple_set_location(stmt, old ? gimple_location(old) : l->location);
  if (old && stmt) {
    gimple_stmt_iterator gsi = gsi_for_stmt(old);
    gsi_replace(&gsi, stmt, true);
  } else if (old) {
    gimple_stmt_iterator gsi = gsi_for_stmt(old);
    gsi_remove(&gsi, true);
  } else if (stmt) {
    gimple_stmt_iterator gsi = gsi_last_bb(l->bb);
    gsi_insert_after(&gsi, stmt, GSI_NEW_STMT);
  }
}

/* New statements of the terminator go before the old control statement, which must be the last. */
static void to_block_end(lower *l) {
  gimple *old = old_control(l->bb);
  l->gsi = old ? gsi_for_stmt(old) : gsi_start_bb(l->bb);
  while (!old && !gsi_end_p(l->gsi))
    gsi_next(&l->gsi);
}

static void lower_cond_br(lower *l, const be_plan_op *term) {
  MlirValue cond = mlirOperationGetOperand(term->op, 0);
  const be_plan_op *compare =
      mlirValueIsAOpResult(cond) ? lower_op_of(l, mlirOpResultGetOwner(cond)) : NULL;
  tree a, b;
  tree_code code = NE_EXPR;
  if (compare && lower_is_fused(l, compare)) {
    code = lower_compare(l, compare, &a, &b);
  } else {
    a = lower_operand(l, term, 0, boolean_type_node);
    b = boolean_false_node;
  }
  wanted_edge edges[2] = {{way_out(l, term, 0, false), EDGE_TRUE_VALUE},
                          {way_out(l, term, 1, false), EDGE_FALSE_VALUE}};
  put_control(l, term, gimple_build_cond(code, a, b, NULL_TREE, NULL_TREE));
  set_edges(l, l->bb, edges, 2);
}

static void lower_switch(lower *l, const be_plan_op *term) {
  MlirAttribute values = case_values(term);
  unsigned bits = type_bits(mlirValueGetType(mlirOperationGetOperand(term->op, 0)));
  unsigned count = succ_count(term);
  tree type = lower_type_of(l, mlirOperationGetOperand(term->op, 0));
  if (!type || !INTEGRAL_TYPE_P(type))
    type = build_nonstandard_integer_type(bits, true);
  tree index = lower_operand(l, term, 0, type);
  wanted_edge *edges = XCNEWVEC(wanted_edge, count);
  auto_vec<tree> labels;
  for (unsigned i = 0; i < count; i++) {
    edges[i].dest = way_out(l, term, i, true);
    tree low =
        i ? wide_int_to_tree(type, wi::shwi(case_value(values, i - 1, bits), bits)) : NULL_TREE;
    labels.safe_push(build_case_label(low, NULL_TREE, gimple_block_label(edges[i].dest)));
  }
  tree fallback = labels[0];
  labels.ordered_remove(0);
  sort_case_labels(labels);
  put_control(l, term, gimple_build_switch(index, fallback, labels));
  set_edges(l, l->bb, edges, count);
  XDELETEVEC(edges);
}

static void lower_return(lower *l, const be_plan_op *term) {
  gimple *old = lower_stmt_of(l, term);
  tree value = old && gimple_code(old) == GIMPLE_RETURN ? gimple_return_retval(as_a<greturn *>(old))
                                                        : NULL_TREE;
  if (l->lift->returns_value && mlirOperationGetNumOperands(term->op)) {
    const be_plan_op *def = NULL;
    MlirValue operand = mlirOperationGetOperand(term->op, 0);
    if (mlirValueIsAOpResult(operand))
      def = lower_op_of(l, mlirOpResultGetOwner(operand));
    if (def && def->code == BE_OP_UNDEF)
      value = NULL_TREE;
    else
      value = lower_value(l, operand, TREE_TYPE(DECL_RESULT(l->lift->fun->decl)));
  }
  wanted_edge edge = {EXIT_BLOCK_PTR_FOR_FN(l->lift->fun), 0};
  put_control(l, term, gimple_build_return(value));
  set_edges(l, l->bb, &edge, 1);
}

static void lower_unreachable(lower *l, const be_plan_op *term) {
  gimple *old = old_control(l->bb);
  if (old)
    put_control(l, term, NULL);
  to_block_end(l);
  lower_insert(l, gimple_build_call(builtin_decl_implicit(BUILT_IN_UNREACHABLE), 0));
  set_edges(l, l->bb, NULL, 0);
}

static void remember_routes(lower *l, const be_plan_op *term) {
  for (unsigned i = 0; i < succ_count(term); i++)
    l->routes->safe_push(
        route{term->op, i, l->bb, block_of(l, mlirOperationGetSuccessor(term->op, i))});
}

void lower_terminator(lower *l, const be_plan_op *term) {
  if (term->fate == BE_FATE_KEEP || is_selected(l, term)) {
    int stmt = term->id >= 0 ? be_function_entry(l->lift->out, term->id)->stmt : -1;
    if (stmt >= 0)
      l->done[stmt] = true;
    remember_routes(l, term);
    return;
  }
  to_block_end(l);
  switch (term->code) {
  case BE_OP_BR: {
    wanted_edge edge = {way_out(l, term, 0, false), EDGE_FALLTHRU};
    put_control(l, term, NULL);
    set_edges(l, l->bb, &edge, 1);
    break;
  }
  case BE_OP_COND_BR:
    lower_cond_br(l, term);
    break;
  case BE_OP_SWITCH:
    lower_switch(l, term);
    break;
  case BE_OP_RETURN:
    lower_return(l, term);
    break;
  default:
    lower_unreachable(l, term);
    break;
  }
  count_edges(l, l->bb, term->op);
}

/* ---- PHIs
 * ----------------------------------------------------------------------------------------- */

static gphi *phi_of(lower *l, MlirValue arg, basic_block bb) {
  tree name = lower_value(l, arg, NULL_TREE);
  gimple *def = SSA_NAME_DEF_STMT(name);
  if (def && gimple_code(def) == GIMPLE_PHI && gimple_bb(def) == bb)
    return as_a<gphi *>(def);
  return create_phi_node(name, bb);
}

static void remove_old_phis(lower *l, const be_plan_block *block, basic_block bb) {
  for (gphi_iterator gsi = gsi_start_phis(bb); !gsi_end_p(gsi);) {
    tree result = gimple_phi_result(gsi.phi());
    bool stays = virtual_operand_p(result);
    for (intptr_t i = 0; !stays && i < mlirBlockGetNumArguments(block->block); i++)
      stays = be_map_get(&l->values, mlirBlockGetArgument(block->block, i).ptr) == result;
    if (stays)
      gsi_next(&gsi);
    else
      remove_phi_node(&gsi, true);
  }
}

static void make_phis(lower *l) {
  for (size_t i = 1; i < l->plan->block_count; i++) {
    const be_plan_block *block = &l->plan->blocks[i];
    basic_block bb = block_of(l, block->block);
    remove_old_phis(l, block, bb);
    for (intptr_t k = 0; k < mlirBlockGetNumArguments(block->block); k++)
      phi_of(l, mlirBlockGetArgument(block->block, k), bb);
  }
}

/* Where statements for the values on an edge go: at the end of its source. */
static void to_source_end(lower *l, basic_block from) {
  gimple *last = last_stmt(from);
  l->bb = from;
  l->gsi = gsi_last_bb(from);
  if (last && stmt_ends_bb_p(last))
    l->gsi = gsi_for_stmt(last);
  else
    l->gsi = gsi_start_bb(from);
  while (!(last && stmt_ends_bb_p(last)) && !gsi_end_p(l->gsi))
    gsi_next(&l->gsi);
}

static void fill_route(lower *l, const route *way) {
  size_t first;
  MlirBlock dest = mlirOperationGetSuccessor(way->term, way->succ);
  size_t n = be_succ_operands(l->ir, way->term, way->succ, &first);
  edge e = n ? find_edge(way->from, way->to) : NULL;
  if (!e)
    return;
  to_source_end(l, way->from);
  for (size_t i = 0; i < n; i++) {
    gphi *phi = phi_of(l, mlirBlockGetArgument(dest, (intptr_t)i), way->to);
    tree result = gimple_phi_result(phi), old = PHI_ARG_DEF_FROM_EDGE(phi, e);
    tree value = lower_value(l, mlirOperationGetOperand(way->term, (intptr_t)(first + i)),
                             TREE_TYPE(result));
    if (old && (old == value || operand_equal_p(old, value, 0)))
      continue;
    location_t where = old ? gimple_phi_arg_location_from_edge(phi, e) : UNKNOWN_LOCATION;
    add_phi_arg(phi, value, e, where);
    if (!l->rebuild)
      reset_flow_sensitive_info(result);
  }
}

static void count_new_blocks(lower *l) {
  for (size_t i = 1; i < l->plan->block_count; i++) {
    edge e;
    edge_iterator ei;
    basic_block bb = block_of(l, l->plan->blocks[i].block);
    if (bb->count.initialized_p())
      continue;
    profile_count sum = profile_count::zero();
    FOR_EACH_EDGE(e, ei, bb->preds)
    if (e->src->count.initialized_p() && e->probability.initialized_p())
      sum += e->count();
    bb->count = sum;
  }
  for (unsigned i = 0; i < l->routes->length(); i++)
    if (!(*l->routes)[i].from->count.initialized_p() && single_pred_p((*l->routes)[i].from))
      (*l->routes)[i].from->count = single_pred_edge((*l->routes)[i].from)->count();
}

/* Blocks that are gone; control no longer reaches them. */
static void remove_blocks(lower *l) {
  for (int i = l->lift->block_count - 1; i > 0; i--) {
    if (l->plan->block_live[i])
      continue;
    if (!l->cfg_changed || dom_info_available_p(CDI_DOMINATORS)) {
      free_dominance_info(CDI_DOMINATORS);
      free_dominance_info(CDI_POST_DOMINATORS);
    }
    l->cfg_changed = true;
    delete_basic_block(l->lift->bb_of[i]);
  }
}

/* After all statements: PHIs, their arguments, and blocks that are no longer there. */
void lower_cfg(lower *l) {
  make_phis(l);
  for (unsigned i = 0; i < l->routes->length(); i++)
    fill_route(l, &(*l->routes)[i]);
  count_new_blocks(l);
  remove_blocks(l);
}

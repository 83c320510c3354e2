/* lift.c - LLVM IR to MLIR: a function, its blocks and its instructions. */
#include "internal.h"
#include <stdlib.h>
#include <string.h>

void lift_decline(struct lift *l, enum be_reason reason, const char *detail) {
  if (l->reason != BE_REASON_NONE)
    return;
  l->reason = reason;
  l->detail = detail;
}

/* ---- locations --------------------------------------------------------------------------------
 */

static MlirAttribute file_name(struct bridge *bridge, LLVMMetadataRef scope) {
  LLVMMetadataRef file = LLVMDIScopeGetFile(scope);
  if (!file)
    return (MlirAttribute){NULL};
  void *known = be_map_get(&bridge->files, file);
  if (known)
    return (MlirAttribute){known};
  unsigned len;
  const char *name = LLVMDIFileGetFilename(file, &len);
  MlirAttribute text = mlirStringAttrGet(bridge->ir->ctx, mlirStringRefCreate(name, len));
  be_map_set(&bridge->files, file, (void *)text.ptr);
  return text;
}

MlirLocation lift_location(struct lift *l, LLVMMetadataRef location) {
  if (!location)
    return l->fun_loc;
  void *known = be_map_get(&l->locations, location);
  if (known)
    return (MlirLocation){known};
  MlirAttribute file = file_name(l->bridge, LLVMDILocationGetScope(location));
  MlirLocation lifted = l->fun_loc;
  if (file.ptr)
    lifted = mlirLocationFileLineColGet(l->ir->ctx, mlirStringAttrGetValue(file),
                                        LLVMDILocationGetLine(location),
                                        LLVMDILocationGetColumn(location));
  be_map_set(&l->locations, location, (void *)lifted.ptr);
  return lifted;
}

static MlirLocation function_location(struct lift *l) {
  LLVMMetadataRef subprogram = LLVMGetSubprogram(l->fun);
  MlirAttribute file = {NULL};
  if (subprogram)
    file = file_name(l->bridge, subprogram);
  if (!file.ptr)
    return l->ir->unknown_loc;
  return mlirLocationFileLineColGet(l->ir->ctx, mlirStringAttrGetValue(file),
                                    LLVMDISubprogramGetLine(subprogram), 0);
}

/* ---- instructions -----------------------------------------------------------------------------
 */

void lift_begin(struct lift *l, LLVMValueRef inst) {
  if (l->stmt_count == l->stmt_capacity) {
    l->stmt_capacity = l->stmt_capacity ? 2 * l->stmt_capacity : 64;
    l->stmts = realloc(l->stmts, (size_t)l->stmt_capacity * sizeof *l->stmts);
    l->opaque = realloc(l->opaque, (size_t)l->stmt_capacity * sizeof *l->opaque);
  }
  l->opaque[l->stmt_count] = false;
  l->stmts[l->stmt_count] = inst;
  l->stmt = l->stmt_count++;
  l->loc = lift_location(l, LLVMInstructionGetDebugLoc(inst));
  be_function_at_stmt(l->out, l->stmt, l->loc);
}

bool lift_is_carried(LLVMValueRef inst) { return LLVMIsADbgInfoIntrinsic(inst) != NULL; }

static bool lift_modelled(struct lift *l, LLVMValueRef inst) {
  switch (LLVMGetInstructionOpcode(inst)) {
  case LLVMGetElementPtr:
    return lift_address(l, inst);
  case LLVMLoad:
    return lift_load(l, inst);
  case LLVMStore:
    return lift_store(l, inst);
  case LLVMAlloca:
  case LLVMAtomicRMW:
  case LLVMAtomicCmpXchg:
  case LLVMFence:
    return lift_memory(l, inst);
  case LLVMCall:
    return lift_call(l, inst);
  case LLVMLandingPad:
    return lift_landingpad(l, inst);
  default:
    return lift_assign(l, inst);
  }
}

static void lift_statement(struct lift *l, LLVMValueRef inst) {
  lift_begin(l, inst);
  if (lift_modelled(l, inst)) {
    l->modelled++;
    return;
  }
  lift_opaque(l, inst);
  l->opaque_count++;
}

/* ---- blocks -----------------------------------------------------------------------------------
 */

/* Constants go before the first op of the entry block that is none. */
static void note_anchor(struct lift *l) {
  MlirBlock entry = be_function_block(l->out, 0);
  const struct be_entry *last = NULL;
  size_t count = be_function_entry_count(l->out);
  for (size_t i = 0; i < count && !last; i++)
    if (be_function_entry(l->out, (int)i)->stmt >= 0)
      last = be_function_entry(l->out, (int)i);
  if (!last || !mlirBlockEqual(mlirOperationGetBlock(last->op), entry))
    return;
  l->anchor = last->op;
  l->anchored = true;
}

static void lift_block(struct lift *l, LLVMBasicBlockRef bb) {
  l->block = (int)(intptr_t)be_map_get(&l->block_of, bb) - 1;
  be_function_at_block(l->out, l->block);
  for (LLVMValueRef inst = LLVMGetFirstInstruction(bb); inst && l->reason == BE_REASON_NONE;
       inst = LLVMGetNextInstruction(inst)) {
    if (LLVMGetInstructionOpcode(inst) == LLVMPHI || lift_is_carried(inst))
      continue;
    if (LLVMIsATerminatorInst(inst))
      lift_terminator(l, inst);
    else
      lift_statement(l, inst);
    if (l->block == 0 && !l->anchored)
      note_anchor(l);
  }
}

/* Makes the block with its arguments: the PHIs. */
static bool add_block(struct lift *l, LLVMBasicBlockRef bb) {
  size_t count = lift_phis(bb), n = 0;
  MlirType *types = malloc((count + 1) * sizeof *types);
  LLVMValueRef phi = LLVMGetFirstInstruction(bb);
  while (n < count && (types[n] = type_lift(l->bridge, LLVMTypeOf(phi))).ptr) {
    n++;
    phi = LLVMGetNextInstruction(phi);
  }
  bool ok = n == count;
  if (ok && l->block_count > 0)
    be_function_add_block(l->out, types, n);
  if (ok) {
    be_map_set(&l->block_of, bb, (void *)(intptr_t)(l->block_count + 1));
    l->bb_of[l->block_count++] = bb;
  }
  free(types);
  return ok;
}

/* MLIR cannot hand an invoke's result to its own successors: an edge that does gets a block. */
static void add_edge_block(struct lift *l, LLVMBasicBlockRef bb) {
  LLVMValueRef term = LLVMGetBasicBlockTerminator(bb);
  if (!term || LLVMGetInstructionOpcode(term) != LLVMInvoke)
    return;
  LLVMBasicBlockRef normal = LLVMGetNormalDest(term);
  bool own = false;
  for (LLVMValueRef phi = LLVMGetFirstInstruction(normal);
       phi && LLVMGetInstructionOpcode(phi) == LLVMPHI; phi = LLVMGetNextInstruction(phi))
    for (unsigned i = LLVMCountIncoming(phi); i-- > 0;)
      own |= LLVMGetIncomingBlock(phi, i) == bb && LLVMGetIncomingValue(phi, i) == term;
  if (!own)
    return;
  be_function_add_block(l->out, NULL, 0);
  be_map_set(&l->edge_of, term, (void *)(intptr_t)(l->block_count + 1));
  l->bb_of[l->block_count++] = NULL;
}

static void define_phis(struct lift *l, int number) {
  MlirBlock block = be_function_block(l->out, number);
  LLVMValueRef phi = LLVMGetFirstInstruction(l->bb_of[number]);
  size_t count = lift_phis(l->bb_of[number]);
  for (size_t i = 0; i < count; i++, phi = LLVMGetNextInstruction(phi)) {
    MlirValue value = mlirBlockGetArgument(block, (intptr_t)i);
    lift_define(l, phi, value);
    be_map_set(&l->phis, value.ptr, phi);
  }
}

static bool is_reachable(const struct lift *l, LLVMBasicBlockRef bb) {
  return be_map_get(&l->block_of, bb) != NULL;
}

static bool add_blocks(struct lift *l) {
  bool ok = true;
  l->bb_of = calloc(2 * (size_t)l->order_count + 1, sizeof *l->bb_of);
  for (LLVMBasicBlockRef bb = LLVMGetFirstBasicBlock(l->fun); bb && ok;
       bb = LLVMGetNextBasicBlock(bb))
    if (is_reachable(l, bb))
      ok = add_block(l, bb);
  int count = l->block_count;
  for (int i = 0; ok && i < count; i++) {
    define_phis(l, i);
    add_edge_block(l, l->bb_of[i]);
  }
  return ok;
}

/* ---- order: reverse postorder, with one walk --------------------------------------------------
 */

struct walk {
  LLVMBasicBlockRef bb;
  LLVMValueRef term;
  unsigned next;
};

enum { WALK_OPEN = 1, WALK_DONE = 2 };

static void walk_push(struct lift *l, struct walk *stack, int *depth, LLVMBasicBlockRef bb) {
  be_map_set(&l->block_of, bb, (void *)(intptr_t)WALK_OPEN);
  stack[(*depth)++] = (struct walk){bb, LLVMGetBasicBlockTerminator(bb), 0};
}

static void walk_blocks(struct lift *l, int total) {
  struct walk *stack = malloc((size_t)total * sizeof *stack);
  int depth = 0, left = total;
  walk_push(l, stack, &depth, LLVMGetEntryBasicBlock(l->fun));
  while (depth) {
    struct walk *top = &stack[depth - 1];
    if (top->next < LLVMGetNumSuccessors(top->term)) {
      LLVMBasicBlockRef succ = LLVMGetSuccessor(top->term, top->next++);
      intptr_t state = (intptr_t)be_map_get(&l->block_of, succ);
      l->has_loops |= state == WALK_OPEN;
      if (!state)
        walk_push(l, stack, &depth, succ);
    } else {
      be_map_set(&l->block_of, top->bb, (void *)(intptr_t)WALK_DONE);
      l->order[--left] = top->bb;
      depth--;
    }
  }
  free(stack);
  l->order_count = total - left;
  memmove(l->order, l->order + left, (size_t)l->order_count * sizeof *l->order);
  l->has_dead_blocks = left > 0;
}

void lift_prepare(struct lift *l, struct bridge *bridge, LLVMValueRef fun) {
  memset(l, 0, sizeof *l);
  l->bridge = bridge;
  l->ir = bridge->ir;
  l->fun = fun;
  l->stmt = -1;
  unsigned total = LLVMCountBasicBlocks(fun);
  l->order = malloc(total * sizeof *l->order);
  walk_blocks(l, (int)total);
}

/* ---- the function ------------------------------------------------------------------------------
 */

static bool create_function(struct lift *l) {
  unsigned count = LLVMCountParams(l->fun);
  MlirType *params = malloc((count + 1) * sizeof *params);
  LLVMTypeRef type = LLVMGlobalGetValueType(l->fun);
  MlirType result = type_lift(l->bridge, LLVMGetReturnType(type));
  unsigned n = 0;
  while (n < count && (params[n] = type_lift(l->bridge, LLVMTypeOf(LLVMGetParam(l->fun, n)))).ptr)
    n++;
  size_t len;
  bool ok = n == count && result.ptr;
  if (ok)
    l->out = be_function_create(l->bridge->session, LLVMGetValueName2(l->fun, &len), params, n,
                                result, LLVMIsFunctionVarArg(type), l->fun_loc);
  else
    lift_decline(l, BE_REASON_UNSUPPORTED_TYPE, "a parameter or the result");
  free(params);
  return ok;
}

static void define_params(struct lift *l) {
  MlirBlock entry = be_function_block(l->out, 0);
  unsigned noalias = LLVMGetEnumAttributeKindForName("noalias", 7);
  for (unsigned i = 0; i < LLVMCountParams(l->fun); i++) {
    lift_define(l, LLVMGetParam(l->fun, i), mlirBlockGetArgument(entry, i));
    if (LLVMGetEnumAttributeAtIndex(l->fun, i + 1, noalias))
      be_function_mark_noalias(l->out, i);
  }
}

/* MLIR wants the personality's name on the function. */
static void set_personality(struct lift *l) {
  if (!LLVMHasPersonalityFn(l->fun))
    return;
  LLVMValueRef personality = LLVMGetPersonalityFn(l->fun);
  size_t len;
  const char *name = LLVMGetValueName2(personality, &len);
  if (!LLVMIsAFunction(personality) || register_is_personality_funclet(l->fun)) {
    lift_decline(l, BE_REASON_UNSUPPORTED_FUNCTION, "its exceptions are of another kind");
    return;
  }
  lift_symbol(l, personality);
  mlirOperationSetAttributeByName(
      be_function_op(l->out), mlirStringRefCreateFromCString("personality"),
      mlirFlatSymbolRefAttrGet(l->ir->ctx, mlirStringRefCreate(name, len)));
}

bool lift_function(struct lift *l) {
  l->fun_loc = function_location(l);
  if (!create_function(l))
    return false;
  l->b = be_function_builder(l->out);
  set_personality(l);
  if (!add_blocks(l))
    lift_decline(l, BE_REASON_UNSUPPORTED_TYPE, "a PHI");
  if (l->reason != BE_REASON_NONE)
    return false;
  define_params(l);
  request_function(l);
  register_counts(l->fun, &l->counts);
  for (int i = 0; i < l->order_count && l->reason == BE_REASON_NONE; i++)
    lift_block(l, l->order[i]);
  be_function_count(l->out, l->modelled, l->opaque_count);
  return l->reason == BE_REASON_NONE;
}

void lift_release(struct lift *l) {
  be_function_destroy(l->out);
  be_map_clear(&l->values);
  be_map_clear(&l->constants);
  be_map_clear(&l->phis);
  be_map_clear(&l->block_of);
  be_map_clear(&l->edge_of);
  be_map_clear(&l->symbols);
  be_map_clear(&l->locations);
  be_map_clear(&l->counts);
  free(l->bb_of);
  free(l->order);
  free(l->stmts);
  free(l->opaque);
  free(l->refs);
  free(l->args);
  free(l->weights);
}

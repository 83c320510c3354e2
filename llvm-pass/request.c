/* request.c - prefetches asked for in the source: annotations in, metadata out.
 *
 * clang hands on annotate("backedge_prefetch", distance, locality) as calls of llvm.var.annotation
 * (locals, parameters) and llvm.ptr.annotation (members) and as rows of llvm.global.annotations,
 * and what backedge.h writes before a loop as a branch on llvm.annotation. All of them stand in the
 * optimizer's way. So before it starts they are taken out, and what they ask for is put on the
 * loads, stores and loops it is about, as metadata; lift reads it from there. What the optimizer
 * drops of it on the way is asked for no longer. */
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Metadata has the names of the attributes that it becomes. */
static const char prefetch[] = BE_ATTR_PREFETCH, noprefetch[] = BE_ATTR_NOPREFETCH;
static const char must_end[] = "llvm.loop.mustprogress";

enum { DISTANCE_MAX = 4096, LOCALITY_MAX = 3, ARGS_MAX = 2, ROW_PARTS = 5, DEPTH_MAX = 16 };

/* What an annotation says, and where. */
struct note {
  LLVMModuleRef module;
  LLVMContextRef ctx;
  const char *text; /* LLVM's own; NULL: none of ours */
  LLVMValueRef file, line, args;
};

/* ---- reading annotations ------------------------------------------------------------------------
 */

static const char *string_of(LLVMValueRef global) {
  LLVMValueRef text = global && LLVMIsAGlobalVariable(global) ? LLVMGetInitializer(global) : NULL;
  size_t len;
  return text && LLVMIsAConstantDataArray(text) && LLVMIsConstantString(text)
             ? LLVMGetAsString(text, &len)
             : NULL;
}

static struct note note_of(LLVMModuleRef module, const LLVMValueRef parts[ROW_PARTS]) {
  const char *text = string_of(parts[1]);
  struct note note = {.module = module,
                      .ctx = LLVMGetModuleContext(module),
                      .file = parts[2],
                      .line = parts[3],
                      .args = parts[4]};
  if (text && strncmp(text, "backedge_", 9) == 0)
    note.text = text;
  return note;
}

static void complain(const struct note *note, const char *what, bool is_error) {
  const char *file = string_of(note->file);
  unsigned line = note->line && LLVMIsAConstantInt(note->line)
                      ? (unsigned)LLVMConstIntGetZExtValue(note->line)
                      : 0;
  char text[512];
  snprintf(text, sizeof text, "%s:%u: '%s' %s", file ? file : "", line, note->text, what);
  (is_error ? register_fail : register_warn)(note->module, text);
}

/* Argument i, or `missing`; negative: not a number from 0 to most. */
static int64_t argument(const struct note *note, unsigned i, int64_t missing, int64_t most) {
  LLVMValueRef global = note->args, values = NULL;
  if (global && LLVMIsAGlobalVariable(global))
    values = LLVMGetInitializer(global);
  if (!values || LLVMGetTypeKind(LLVMTypeOf(values)) != LLVMStructTypeKind ||
      i >= LLVMCountStructElementTypes(LLVMTypeOf(values)))
    return missing;
  LLVMValueRef value = LLVMGetAggregateElement(values, i);
  if (!value || !LLVMIsAConstantInt(value) || LLVMGetIntTypeWidth(LLVMTypeOf(value)) > 64)
    return -1;
  int64_t number = LLVMConstIntGetSExtValue(value);
  return number <= most ? number : -1;
}

/* Metadata !{i64 distance, i64 locality}; NULL when that is not what the annotation says. */
static LLVMValueRef request_of(const struct note *note) {
  int64_t distance = argument(note, 0, 0, DISTANCE_MAX);
  int64_t locality = argument(note, 1, LOCALITY_MAX, LOCALITY_MAX);
  LLVMTypeRef i64 = LLVMInt64TypeInContext(note->ctx);
  if (strcmp(note->text, "backedge_prefetch") != 0)
    complain(note, "is unknown: it may be 'backedge_prefetch'", true);
  else if (distance < 0)
    complain(note, "needs a distance from 0 (let the pass choose) to 4096", true);
  else if (locality < 0)
    complain(note, "needs a locality from 0 to 3", true);
  else {
    LLVMMetadataRef numbers[ARGS_MAX] = {
        LLVMValueAsMetadata(LLVMConstInt(i64, (unsigned long long)distance, false)),
        LLVMValueAsMetadata(LLVMConstInt(i64, (unsigned long long)locality, false))};
    return LLVMMetadataAsValue(note->ctx, LLVMMDNodeInContext2(note->ctx, numbers, ARGS_MAX));
  }
  return NULL;
}

static unsigned kind_of(LLVMContextRef ctx, const char *name) {
  return LLVMGetMDKindIDInContext(ctx, name, (unsigned)strlen(name));
}

/* ---- accesses -----------------------------------------------------------------------------------
 */

/* Puts the request on each load and store through the pointer, parts of what it points to too. */
static void mark_accesses(LLVMValueRef pointer, unsigned kind, LLVMValueRef request, int depth) {
  for (LLVMUseRef use = LLVMGetFirstUse(pointer); use; use = LLVMGetNextUse(use)) {
    LLVMValueRef user = LLVMGetUser(use);
    if (LLVMIsALoadInst(user) || (LLVMIsAStoreInst(user) && LLVMGetOperand(user, 1) == pointer))
      LLVMSetMetadata(user, kind, request);
    else if (LLVMIsAGetElementPtrInst(user) && LLVMGetOperand(user, 0) == pointer &&
             depth < DEPTH_MAX)
      mark_accesses(user, kind, request, depth + 1);
  }
}

/* A pointer is read from its variable, and then gone through; an array is its variable. */
static void mark_variable(LLVMValueRef variable, unsigned kind, LLVMValueRef request) {
  for (LLVMUseRef use = LLVMGetFirstUse(variable); use; use = LLVMGetNextUse(use)) {
    LLVMValueRef user = LLVMGetUser(use);
    bool reads = LLVMIsALoadInst(user) && LLVMGetTypeKind(LLVMTypeOf(user)) == LLVMPointerTypeKind;
    if (reads || LLVMIsAGetElementPtrInst(user))
      mark_accesses(user, kind, request, 0);
  }
}

/* False for a variable that is neither a pointer nor an array. A member's type is not known. */
static bool can_be_asked(LLVMValueRef variable) {
  LLVMTypeRef type = NULL;
  if (LLVMIsAAllocaInst(variable) && LLVMIsAConstantInt(LLVMGetOperand(variable, 0)))
    type = LLVMGetAllocatedType(variable);
  else if (LLVMIsAGlobalVariable(variable))
    type = LLVMGlobalGetValueType(variable);
  LLVMTypeKind kind = type ? LLVMGetTypeKind(type) : LLVMPointerTypeKind;
  return kind == LLVMPointerTypeKind || kind == LLVMArrayTypeKind;
}

static void ask(const struct note *note, LLVMValueRef variable, LLVMValueRef marked) {
  LLVMValueRef request = request_of(note);
  if (request && !can_be_asked(variable))
    complain(note, "is for pointers and arrays", false);
  else if (request)
    mark_variable(marked, kind_of(note->ctx, prefetch), request);
}

/* ---- loops --------------------------------------------------------------------------------------
 */

/* The one user of a value, NULL when there is another or none. */
static LLVMValueRef only_user(LLVMValueRef value) {
  LLVMUseRef use = LLVMGetFirstUse(value);
  return use && !LLVMGetNextUse(use) ? LLVMGetUser(use) : NULL;
}

/* `if (mark) {} else LOOP`: the loop is what the branch that is always taken leads to. */
static void ask_loop(const struct note *note, LLVMValueRef mark) {
  LLVMValueRef test = only_user(mark), branch = test ? only_user(test) : NULL;
  bool wanted = strcmp(note->text, "backedge_prefetch_loop") == 0;
  if (!wanted && strcmp(note->text, "backedge_noprefetch_loop") != 0)
    complain(note, "is unknown: it may be 'backedge_prefetch_loop' or 'backedge_noprefetch_loop'",
             true);
  else if (branch && LLVMIsAICmpInst(test) && LLVMGetICmpPredicate(test) == LLVMIntNE &&
           LLVMIsABranchInst(branch))
    register_mark_loop(branch, wanted ? prefetch : noprefetch);
}

/* ---- taking them out ----------------------------------------------------------------------------
 */

static bool is_intrinsic(LLVMValueRef fun, const char *name) {
  size_t len;
  const char *own = LLVMGetValueName2(fun, &len);
  return strncmp(own, name, strlen(name)) == 0;
}

/* Reads and removes one call; false when it is none of ours. */
static bool take_call(LLVMModuleRef module, LLVMValueRef call) {
  LLVMValueRef parts[ROW_PARTS] = {NULL};
  unsigned count = LLVMGetNumArgOperands(call);
  for (unsigned i = 0; i < count && i < ROW_PARTS; i++)
    parts[i] = LLVMGetOperand(call, i);
  struct note note = note_of(module, parts);
  LLVMValueRef fun = LLVMGetCalledValue(call);
  if (!note.text)
    return false;
  if (is_intrinsic(fun, "llvm.annotation"))
    ask_loop(&note, call);
  else
    ask(&note, parts[0], is_intrinsic(fun, "llvm.ptr.annotation") ? call : parts[0]);
  if (LLVMGetTypeKind(LLVMTypeOf(call)) != LLVMVoidTypeKind)
    LLVMReplaceAllUsesWith(call, parts[0]);
  LLVMInstructionEraseFromParent(call);
  return true;
}

static bool take_calls(LLVMModuleRef module, LLVMValueRef fun) {
  bool changed = false;
  for (LLVMUseRef use = LLVMGetFirstUse(fun), next; use; use = next) {
    LLVMValueRef call = LLVMGetUser(use);
    next = LLVMGetNextUse(use);
    if (LLVMIsACallInst(call) && LLVMGetCalledValue(call) == fun)
      changed |= take_call(module, call);
  }
  return changed;
}

/* Takes the place of llvm.global.annotations with those rows only; none: nothing does. */
static void keep_rows(LLVMModuleRef module, LLVMValueRef table, LLVMValueRef *rows, size_t count) {
  if (count) {
    LLVMValueRef kept = LLVMConstArray2(LLVMTypeOf(rows[0]), rows, count);
    LLVMValueRef global = LLVMAddGlobal(module, LLVMTypeOf(kept), "");
    LLVMSetInitializer(global, kept);
    LLVMSetLinkage(global, LLVMAppendingLinkage);
    LLVMSetSection(global, LLVMGetSection(table));
    LLVMSetValueName2(table, "", 0);
    LLVMSetValueName2(global, "llvm.global.annotations", 23);
  }
  LLVMDeleteGlobal(table);
}

static bool take_row(LLVMModuleRef module, LLVMValueRef row) {
  LLVMValueRef parts[ROW_PARTS] = {NULL};
  for (unsigned i = 0; i < (unsigned)LLVMGetNumOperands(row) && i < ROW_PARTS; i++)
    parts[i] = LLVMGetOperand(row, i);
  struct note note = note_of(module, parts);
  if (note.text)
    ask(&note, parts[0], parts[0]);
  return note.text != NULL;
}

static bool take_globals(LLVMModuleRef module) {
  LLVMValueRef table = LLVMGetNamedGlobal(module, "llvm.global.annotations");
  LLVMValueRef values = table ? LLVMGetInitializer(table) : NULL;
  if (!values || !LLVMIsAConstantArray(values) || LLVMGetFirstUse(table))
    return false;
  size_t count = (size_t)LLVMGetNumOperands(values), kept = 0;
  LLVMValueRef *rows = malloc((count + 1) * sizeof(LLVMValueRef));
  for (size_t i = 0; i < count; i++) {
    LLVMValueRef row = LLVMGetOperand(values, (unsigned)i);
    if (!take_row(module, row))
      rows[kept++] = row;
  }
  if (kept < count)
    keep_rows(module, table, rows, kept);
  free(rows);
  return kept < count;
}

bool request_read(LLVMModuleRef module) {
  bool changed = take_globals(module);
  for (LLVMValueRef fun = LLVMGetFirstFunction(module); fun; fun = LLVMGetNextFunction(fun))
    if (LLVMIsDeclaration(fun) &&
        (is_intrinsic(fun, "llvm.annotation") || is_intrinsic(fun, "llvm.var.annotation") ||
         is_intrinsic(fun, "llvm.ptr.annotation")))
      changed |= take_calls(module, fun);
  return changed;
}

/* ---- lift ---------------------------------------------------------------------------------------
 */

static void note_op(MlirOperation op, const char *name, MlirAttribute value) {
  mlirOperationSetDiscardableAttributeByName(op, mlirStringRefCreateFromCString(name), value);
}

void request_access(struct lift *l, MlirOperation op, LLVMValueRef inst) {
  if (l->bridge->mode != BE_MODE_PASSES || !LLVMHasMetadata(inst))
    return;
  LLVMValueRef request = LLVMGetMetadata(inst, l->bridge->md_prefetch), parts[ARGS_MAX];
  if (!request || LLVMGetMDNodeNumOperands(request) != ARGS_MAX)
    return;
  LLVMGetMDNodeOperands(request, parts);
  MlirAttribute numbers[ARGS_MAX];
  for (unsigned i = 0; i < ARGS_MAX; i++) {
    if (!parts[i] || !LLVMIsAConstantInt(parts[i]))
      return;
    numbers[i] = mlirIntegerAttrGet(l->ir->i64, LLVMConstIntGetSExtValue(parts[i]));
  }
  note_op(op, prefetch, mlirArrayAttrGet(l->ir->ctx, ARGS_MAX, numbers));
}

/* The first part of a property of a loop, its name; NULL when it has none. */
static const char *property_name(LLVMValueRef property, unsigned *len) {
  LLVMValueRef *parts;
  unsigned count = property && LLVMIsAMDNode(property) ? LLVMGetMDNodeNumOperands(property) : 0;
  if (!count)
    return NULL;
  parts = malloc(count * sizeof(LLVMValueRef));
  LLVMGetMDNodeOperands(property, parts);
  const char *name = parts[0] ? LLVMGetMDString(parts[0], len) : NULL;
  free(parts);
  return name;
}

void request_function(struct lift *l) {
  unsigned kind = LLVMGetEnumAttributeKindForName("mustprogress", 12);
  if (l->bridge->mode == BE_MODE_PASSES &&
      LLVMGetEnumAttributeAtIndex(l->fun, LLVMAttributeFunctionIndex, kind))
    note_op(be_function_op(l->out), BE_ATTR_FINITE, l->ir->unit);
}

void request_loop(struct lift *l, MlirOperation terminator, LLVMValueRef inst) {
  LLVMValueRef loop = l->bridge->mode == BE_MODE_PASSES && LLVMHasMetadata(inst)
                          ? LLVMGetMetadata(inst, l->bridge->md_loop)
                          : NULL;
  unsigned count = loop ? LLVMGetMDNodeNumOperands(loop) : 0, len;
  LLVMValueRef *properties = malloc((count + 1) * sizeof(LLVMValueRef));
  if (count)
    LLVMGetMDNodeOperands(loop, properties);
  for (unsigned i = 1; i < count; i++) { /* the first is the loop's identity */
    const char *name = property_name(properties[i], &len);
    if (name && len == sizeof prefetch - 1 && memcmp(name, prefetch, len) == 0)
      note_op(terminator, prefetch, l->ir->unit);
    if (name && len == sizeof noprefetch - 1 && memcmp(name, noprefetch, len) == 0)
      note_op(terminator, noprefetch, l->ir->unit);
    if (name && len == sizeof must_end - 1 && memcmp(name, must_end, len) == 0)
      note_op(terminator, BE_ATTR_FINITE, l->ir->unit);
  }
  free(properties);
}

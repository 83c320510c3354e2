/* function.c - recording a function while it is lifted. */
#include "internal.h"
#include <stdlib.h>
#include <string.h>

static MlirRegion function_region(MlirOperation func) { return mlirOperationGetRegion(func, 0); }

/* llvm.func or llvm.mlir.global at the end of the module; `region` may be null. */
static MlirOperation add_symbol_op(struct be_function *f, const char *op_name, MlirLocation loc,
                                   const MlirNamedAttribute *attrs, size_t count) {
  MlirOperationState state = mlirOperationStateGet(mlirStringRefCreateFromCString(op_name), loc);
  MlirRegion region = mlirRegionCreate();
  mlirOperationStateAddOwnedRegions(&state, 1, &region);
  mlirOperationStateAddAttributes(&state, (intptr_t)count, attrs);
  MlirOperation op = mlirOperationCreate(&state);
  mlirBlockAppendOwnedOperation(mlirModuleGetBody(f->module), op);
  return op;
}

static MlirAttribute string_attr(const struct be_ir *ir, const char *text, size_t len) {
  return mlirStringAttrGet(ir->ctx, mlirStringRefCreate(text, len));
}

static MlirOperation add_func_op(struct be_function *f, const char *name, size_t len, MlirType type,
                                 MlirLocation loc) {
  const struct be_ir *ir = f->builder.ir;
  MlirNamedAttribute attrs[2] = {be_attr(ir, "sym_name", string_attr(ir, name, len)),
                                 be_attr(ir, "function_type", mlirTypeAttrGet(type))};
  return add_symbol_op(f, "llvm.func", loc, attrs, 2);
}

struct be_function *be_function_create(struct be_session *session, const char *name,
                                       const MlirType *params, size_t param_count, MlirType result,
                                       bool variadic, MlirLocation loc) {
  struct be_function *f = be_calloc(1, sizeof *f);
  const struct be_ir *ir = &session->ir;
  f->started_us = be_now_us();
  f->session = session;
  f->name = be_strdup(name);
  f->module = mlirModuleCreateEmpty(ir->unknown_loc);
  f->builder = (struct be_builder){.ir = ir, .lifted = f, .loc = loc};
  MlirType type = mlirLLVMFunctionTypeGet(result, (intptr_t)param_count, params, variadic);
  f->func = add_func_op(f, name, strlen(name), type, loc);
  f->body = function_region(f->func);
  be_map_set(&f->symbols, string_attr(ir, name, strlen(name)).ptr, (void *)type.ptr);
  f->current_stmt = f->main_stmt = -1;
  be_function_add_block(f, params, param_count);
  be_function_at_block(f, 0);
  return f;
}

void be_function_mark_noalias(struct be_function *f, size_t param) {
  MlirStringRef name = mlirStringRefCreateFromCString(BE_ATTR_NOALIAS);
  MlirAttribute old = mlirOperationGetDiscardableAttributeByName(f->func, name);
  intptr_t count = mlirAttributeIsNull(old) ? 0 : mlirDenseArrayGetNumElements(old);
  int32_t *params = be_calloc((size_t)count + 1, sizeof *params);
  for (intptr_t i = 0; i < count; i++)
    params[i] = mlirDenseI32ArrayGetElement(old, i);
  params[count] = (int32_t)param;
  mlirOperationSetDiscardableAttributeByName(
      f->func, name, mlirDenseI32ArrayGet(f->builder.ir->ctx, count + 1, params));
  free(params);
}

void be_function_destroy(struct be_function *f) {
  if (!f)
    return;
  mlirModuleDestroy(f->module);
  be_plan_clear(&f->plan);
  be_map_clear(&f->ids);
  be_map_clear(&f->symbols);
  be_map_clear(&f->block_index);
  free(f->name);
  free(f->blocks);
  free(f->entries);
  free(f->operands);
  free(f->attrs);
  free(f->succs);
  free(f);
}

MlirOperation be_function_op(const struct be_function *f) { return f->func; }

/* ---- blocks --------------------------------------------------------------------------------- */

int be_function_add_block(struct be_function *f, const MlirType *args, size_t arg_count) {
  MlirBlock block = mlirBlockCreate(0, NULL, NULL);
  for (size_t i = 0; i < arg_count; i++)
    mlirBlockAddArgument(block, args[i], f->builder.loc);
  mlirRegionAppendOwnedBlock(f->body, block);
  f->blocks = be_grow(f->blocks, f->block_count, &f->block_capacity, 1, sizeof *f->blocks);
  f->blocks[f->block_count] = block;
  be_map_set(&f->block_index, block.ptr, (void *)(intptr_t)(f->block_count + 1));
  return (int)f->block_count++;
}

MlirBlock be_function_block(const struct be_function *f, int block) { return f->blocks[block]; }

size_t be_function_block_count(const struct be_function *f) { return f->block_count; }

/* ---- ops ------------------------------------------------------------------------------------ */

struct be_builder *be_function_builder(struct be_function *f) {
  return &f->builder;
}

void be_function_at_block(struct be_function *f, int block) {
  f->current_block = block;
  f->builder.block = f->blocks[block];
}

void be_function_at_stmt(struct be_function *f, int stmt, MlirLocation loc) {
  f->current_stmt = stmt;
  f->builder.loc = loc;
}

static int index_of_block(const struct be_function *f, MlirBlock block) {
  size_t i = (size_t)(intptr_t)be_map_get(&f->block_index, block.ptr);
  return (int)i - 1;
}

static void record_parts(struct be_function *f, const struct be_op_parts *parts) {
  f->operands = be_grow(f->operands, f->operand_count, &f->operand_capacity, parts->operand_count,
                        sizeof *f->operands);
  f->attrs =
      be_grow(f->attrs, f->attr_count, &f->attr_capacity, parts->attr_count, sizeof *f->attrs);
  f->succs =
      be_grow(f->succs, f->succ_count, &f->succ_capacity, parts->successor_count, sizeof *f->succs);
  for (size_t i = 0; i < parts->operand_count; i++)
    f->operands[f->operand_count++] = parts->operands[i];
  for (size_t i = 0; i < parts->attr_count; i++)
    f->attrs[f->attr_count++] = parts->attrs[i];
  for (size_t i = 0; i < parts->successor_count; i++)
    f->succs[f->succ_count++] = index_of_block(f, parts->successors[i]);
}

void be_function_record(struct be_function *f, MlirOperation op, const struct be_op_parts *parts) {
  f->entries = be_grow(f->entries, f->entry_count, &f->entry_capacity, 1, sizeof *f->entries);
  if (f->current_stmt >= 0) { /* constants may have been built meanwhile, for no statement */
    if (f->main_stmt == f->current_stmt)
      f->entries[f->main_entry].main = false; /* so far it was; now this op is */
    f->main_stmt = f->current_stmt;
    f->main_entry = f->entry_count;
  }
  be_map_set(&f->ids, op.ptr, (void *)(intptr_t)(f->entry_count + 1));
  f->entries[f->entry_count++] = (struct be_entry){.op = op,
                                                   .block = f->current_block,
                                                   .stmt = f->current_stmt,
                                                   .main = f->current_stmt >= 0,
                                                   .first_operand = (uint32_t)f->operand_count,
                                                   .operand_count = (uint32_t)parts->operand_count,
                                                   .first_attr = (uint32_t)f->attr_count,
                                                   .attr_count = (uint32_t)parts->attr_count,
                                                   .first_succ = (uint32_t)f->succ_count,
                                                   .succ_count = (uint32_t)parts->successor_count};
  record_parts(f, parts);
}

const struct be_entry *be_function_entry(const struct be_function *f, int id) {
  return &f->entries[id];
}

size_t be_function_entry_count(const struct be_function *f) { return f->entry_count; }

void be_function_count(struct be_function *f, unsigned modelled, unsigned opaque) {
  f->modelled += modelled;
  f->statements += modelled + opaque;
}

/* ---- symbols -------------------------------------------------------------------------------- */

/* True when the name is new and is now taken; *same tells whether it was taken by this very type.
 */
static bool claim_symbol(struct be_function *f, const char *name, size_t len, const void *type,
                         bool *same) {
  const void *key = string_attr(f->builder.ir, name, len).ptr;
  const void *known = be_map_get(&f->symbols, key);
  *same = known == NULL || known == type;
  if (known)
    return false;
  be_map_set(&f->symbols, key, (void *)type);
  return true;
}

bool be_function_declare(struct be_function *f, const char *name, size_t len,
                         MlirType function_type) {
  bool same;
  if (claim_symbol(f, name, len, function_type.ptr, &same))
    add_func_op(f, name, len, function_type, f->builder.ir->unknown_loc);
  return same;
}

/* A global is known by its size alone: as an array of bytes. */
static MlirType bytes_type(const struct be_ir *ir, uint64_t size) {
  return size ? mlirLLVMArrayTypeGet(ir->i8, (unsigned)size) : ir->i8;
}

bool be_function_declare_global(struct be_function *f, const char *name, size_t len, uint64_t size,
                                unsigned align, bool constant) {
  const struct be_ir *ir = f->builder.ir;
  bool same;
  MlirType type = bytes_type(ir, size <= UINT32_MAX ? size : 0);
  if (!claim_symbol(f, name, len, type.ptr, &same))
    return same;
  MlirAttribute linkage =
      mlirAttributeParseGet(ir->ctx, mlirStringRefCreateFromCString("#llvm.linkage<external>"));
  MlirNamedAttribute attrs[5] = {be_attr(ir, "sym_name", string_attr(ir, name, len)),
                                 be_attr(ir, "global_type", mlirTypeAttrGet(type)),
                                 be_attr(ir, "linkage", linkage)};
  size_t n = 3;
  if (align)
    attrs[n++] = be_attr(ir, "alignment", mlirIntegerAttrGet(ir->i64, align));
  if (constant)
    attrs[n++] = be_attr(ir, "constant", ir->unit);
  add_symbol_op(f, "llvm.mlir.global", ir->unknown_loc, attrs, n);
  return true;
}

/* ---- run ------------------------------------------------------------------------------------ */

/* Not earlier: it is a quarter of the cost of making an op, and few functions are changed. */
void be_function_tag(struct be_function *f) {
  MlirStringRef name = mlirIdentifierStr(f->builder.ir->name_id);
  for (size_t id = 0; id < f->entry_count; id++)
    mlirOperationSetDiscardableAttributeByName(f->entries[id].op, name,
                                               be_cache_i32(f->builder.ir, (int64_t)id));
}

bool be_function_run(struct be_function *f) {
  struct be_session *session = f->session;
  struct be_stats *stats = &session->stats;
  enum be_reason reason = BE_REASON_NONE;
  unsigned changes = 0;
  uint64_t now = be_now_us();
  stats->lift_us += now - f->started_us;
  stats->functions++;
  stats->statements += f->statements;
  stats->modelled += f->modelled;
  if (session->options.dump)
    be_function_tag(f);
  else
    session->untagged = f;
  bool ok = be_pipeline_run(session, mlirModuleGetOperation(f->module), f->func, f->name, &changes,
                            &reason);
  session->untagged = NULL;
  f->started_us = be_now_us();
  f->attrs_may_differ = changes != 0;
  if (!ok) {
    be_function_lowered(f, reason, NULL);
    return false;
  }
  bool wants_lowering = changes || session->options.mode != BE_MODE_PASSES;
  stats->lifted += !wants_lowering; /* else be_function_lowered counts it */
  return wants_lowering;
}

void be_function_lowered(struct be_function *f, enum be_reason reason, const char *detail) {
  struct be_session *session = f->session;
  session->stats.lower_us += be_now_us() - f->started_us;
  be_session_release(session, reason == BE_REASON_NONE);
  if (reason == BE_REASON_NONE) {
    session->stats.lifted++;
    session->stats.changed += f->plan.changed;
    return;
  }
  char file[256];
  unsigned line, column;
  be_location_read(mlirOperationGetLocation(f->func), file, sizeof file, &line, &column);
  be_session_declined(session, f->name, file, line, reason, detail);
}

/* plan.c - comparing a function with what was lifted: what does lower have to do?
 *
 * An op is the one that was lifted when it stands at the same address and carries the same id: a
 * clone has another address; an op that happens to be allocated at the address of an erased one has
 * another id or none, or is a clone of the same op, and then serves as well. It is unchanged when
 * its operands, attributes and successors are the recorded ones, the ops that define its operands
 * are the lifted ones, and it stands in its block in its old order. */
#include "internal.h"
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_COUNT = 4 };

struct planner {
  struct be_function *f;
  struct be_plan *plan;
  MlirAttribute defaults[DEFAULT_COUNT];
  bool rebuild;
  size_t op_capacity;
};

void be_plan_clear(struct be_plan *plan) {
  free(plan->blocks);
  free(plan->ops);
  free(plan->live);
  free(plan->block_live);
  memset(plan, 0, sizeof *plan);
}

/* The op's id when it is the op that was lifted under it, else -1. */
static int lifted_id(const struct be_function *f, MlirOperation op) {
  int id = (int)(intptr_t)be_map_get(&f->ids, op.ptr) - 1;
  if (id >= 0 && f->attrs_may_differ && be_op_id(f->builder.ir, op) != id)
    return -1; /* another op in the memory of an erased one */
  return id;
}

static bool operands_kept(const struct be_function *f, const struct be_entry *entry) {
  if (mlirOperationGetNumOperands(entry->op) != (intptr_t)entry->operand_count)
    return false;
  for (uint32_t i = 0; i < entry->operand_count; i++) {
    MlirValue value = mlirOperationGetOperand(entry->op, i);
    if (!mlirValueEqual(value, f->operands[entry->first_operand + i]))
      return false;
    if (f->attrs_may_differ && mlirValueIsAOpResult(value) &&
        lifted_id(f, mlirOpResultGetOwner(value)) < 0)
      return false;
  }
  return true;
}

static bool is_default(const struct planner *p, MlirAttribute attr) {
  if (mlirAttributeIsAInteger(attr) && mlirIntegerAttrGetValueInt(attr) == 0)
    return true;
  for (size_t i = 0; i < DEFAULT_COUNT; i++)
    if (mlirAttributeEqual(attr, p->defaults[i]))
      return true;
  return false;
}

/* Attributes are compared only after a pass made changes: it costs. Those lift did not give must be
 * the op's defaults. */
/* Attributes of ours that lift adds to an op once it is made: notes for passes, not code. */
static bool is_note(MlirIdentifier name) {
  MlirStringRef text = mlirIdentifierStr(name);
  return text.length > 9 && memcmp(text.data, "backedge.", 9) == 0 &&
         !mlirStringRefEqual(text, mlirStringRefCreateFromCString(BE_ATTR_OVERFLOW));
}

static bool attrs_kept(const struct planner *p, const struct be_entry *entry) {
  const struct be_function *f = p->f;
  if (!f->attrs_may_differ)
    return true;
  intptr_t count = mlirOperationGetNumAttributes(entry->op);
  uint32_t found = 0;
  for (intptr_t k = 0; k < count; k++) {
    MlirNamedAttribute now = mlirOperationGetAttribute(entry->op, k);
    uint32_t i = 0;
    while (i < entry->attr_count && f->attrs[entry->first_attr + i].name.ptr != now.name.ptr)
      i++;
    if (i < entry->attr_count) {
      if (!mlirAttributeEqual(now.attribute, f->attrs[entry->first_attr + i].attribute))
        return false;
      found++;
    } else if (!is_note(now.name) && !is_default(p, now.attribute)) {
      return false;
    }
  }
  return found == entry->attr_count;
}

static int block_of(const struct planner *p, MlirBlock block) {
  return (int)(intptr_t)be_map_get(&p->f->block_index, block.ptr) - 1;
}

static bool successors_kept(const struct planner *p, const struct be_entry *entry) {
  const struct be_function *f = p->f;
  for (uint32_t i = 0; i < entry->succ_count; i++)
    if (block_of(p, mlirOperationGetSuccessor(entry->op, i)) != f->succs[entry->first_succ + i])
      return false;
  return mlirOperationGetNumSuccessors(entry->op) == (intptr_t)entry->succ_count;
}

static bool entry_kept(const struct planner *p, const struct be_entry *entry) {
  return operands_kept(p->f, entry) && attrs_kept(p, entry) && successors_kept(p, entry);
}

/* ---- fates ---------------------------------------------------------------------------------- */

static void add_op(struct planner *p, MlirOperation op, struct be_plan_block *block,
                   int *last_kept) {
  struct be_plan *plan = p->plan;
  const struct be_function *f = p->f;
  struct be_plan_op entry = {
      .op = op, .code = be_op_code(f->builder.ir, op), .fate = BE_FATE_NEW, .id = lifted_id(f, op)};
  int id = entry.id;
  if (id >= 0) {
    const struct be_entry *lifted = &f->entries[id];
    plan->live[id] = true;
    /* What belongs to no statement (a constant put before others later on) has no order. */
    bool ordered = lifted->stmt < 0 || id > *last_kept;
    bool in_place = lifted->block == block->lifted && ordered;
    entry.fate = in_place && entry_kept(p, lifted) ? BE_FATE_KEEP : BE_FATE_BUILD;
    if (entry.fate == BE_FATE_KEEP && lifted->stmt >= 0)
      *last_kept = id;
  }
  if (id < 0) { /* a copy names the op it was made from */
    int copied = be_op_id(f->builder.ir, op);
    entry.id = copied < (int)f->entry_count ? copied : -1;
  }
  plan->ops = be_grow(plan->ops, plan->op_count, &p->op_capacity, 1, sizeof *plan->ops);
  plan->ops[plan->op_count++] = entry;
  block->count++;
}

static void add_block(struct planner *p, MlirBlock block) {
  struct be_plan *plan = p->plan;
  struct be_plan_block *out = &plan->blocks[plan->block_count++];
  *out =
      (struct be_plan_block){.block = block, .lifted = block_of(p, block), .first = plan->op_count};
  if (out->lifted >= 0)
    plan->block_live[out->lifted] = true;
  int last_kept = -1;
  for (MlirOperation op = mlirBlockGetFirstOperation(block); !mlirOperationIsNull(op);
       op = mlirOperationGetNextInBlock(op))
    add_op(p, op, out, &last_kept);
}

/* A statement is kept only with all its ops; then, in rebuild mode, modelled ones are built. */
static void settle_statements(struct planner *p) {
  const struct be_function *f = p->f;
  struct be_plan *plan = p->plan;
  bool *broken = be_calloc(f->entry_count + 1, sizeof *broken); /* by statement */
  for (size_t id = 0; id < f->entry_count; id++)
    if (f->entries[id].stmt >= 0 && !plan->live[id])
      broken[f->entries[id].stmt] = true;
  for (size_t i = 0; i < plan->op_count; i++)
    if (plan->ops[i].fate == BE_FATE_BUILD && f->entries[plan->ops[i].id].stmt >= 0)
      broken[f->entries[plan->ops[i].id].stmt] = true;
  for (size_t i = 0; i < plan->op_count; i++) {
    struct be_plan_op *op = &plan->ops[i];
    if (op->fate != BE_FATE_KEEP || f->entries[op->id].stmt < 0)
      continue;
    bool modelled = op->code != BE_OP_STMT && op->code != BE_OP_SELECTOR;
    if (broken[f->entries[op->id].stmt] || (p->rebuild && modelled))
      op->fate = BE_FATE_BUILD;
  }
  free(broken);
}

static void settle_changed(struct planner *p) {
  struct be_plan *plan = p->plan;
  plan->changed = plan->block_count != p->f->block_count;
  for (size_t i = 0; i < plan->op_count; i++)
    plan->changed |= plan->ops[i].fate != BE_FATE_KEEP;
  for (size_t id = 0; id < p->f->entry_count; id++)
    plan->changed |= !plan->live[id];
}

static void parse_defaults(struct planner *p) {
  static const char *const texts[DEFAULT_COUNT] = {"#llvm.overflow<none>", "#llvm.fastmath<none>",
                                                   "#llvm.cconv<ccc>", "#llvm.tailcallkind<none>"};
  for (size_t i = 0; i < DEFAULT_COUNT; i++)
    p->defaults[i] =
        mlirAttributeParseGet(p->f->builder.ir->ctx, mlirStringRefCreateFromCString(texts[i]));
}

const struct be_plan *be_function_plan(struct be_function *f, bool rebuild) {
  struct planner p = {.f = f, .plan = &f->plan, .rebuild = rebuild};
  struct be_plan *plan = p.plan;
  be_plan_clear(plan);
  if (f->attrs_may_differ)
    parse_defaults(&p);
  size_t blocks = 0;
  for (MlirBlock b = mlirRegionGetFirstBlock(f->body); !mlirBlockIsNull(b);
       b = mlirBlockGetNextInRegion(b))
    blocks++;
  plan->blocks = be_calloc(blocks, sizeof *plan->blocks);
  plan->live = be_calloc(f->entry_count + 1, sizeof *plan->live);
  plan->block_live = be_calloc(f->block_count, sizeof *plan->block_live);
  for (MlirBlock b = mlirRegionGetFirstBlock(f->body); !mlirBlockIsNull(b);
       b = mlirBlockGetNextInRegion(b))
    add_block(&p, b);
  settle_statements(&p);
  settle_changed(&p);
  return plan;
}

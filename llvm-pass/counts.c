/* counts.c - branch weights and block counts, both ways. */
#include "internal.h"
#include <stdlib.h>

static uint32_t weight_of(LLVMValueRef operand) {
  if (!operand || !LLVMIsAConstantInt(operand))
    return 0;
  unsigned long long weight = LLVMConstIntGetZExtValue(operand);
  return weight > INT32_MAX ? INT32_MAX : (uint32_t)weight;
}

void count_read(struct lift *l, LLVMValueRef term) {
  free(l->weights);
  l->weights = NULL;
  l->weight_count = 0;
  LLVMValueRef node = LLVMHasMetadata(term) ? LLVMGetMetadata(term, l->bridge->md_prof) : NULL;
  unsigned count = node ? LLVMGetMDNodeNumOperands(node) : 0, wanted = LLVMGetNumSuccessors(term);
  if (count <= wanted)
    return;
  LLVMValueRef *operands = malloc(count * sizeof *operands);
  LLVMGetMDNodeOperands(node, operands);
  l->weights = malloc(wanted * sizeof *l->weights);
  l->weight_count = wanted;
  /* The weights come last; before them the kind, and perhaps where they are from. */
  for (unsigned i = 0; i < wanted; i++)
    l->weights[i] = weight_of(operands[count - wanted + i]);
  free(operands);
}

uint32_t count_weight(const struct lift *l, unsigned succ) {
  return succ < l->weight_count ? l->weights[succ] : 0;
}

void count_block(struct lift *l, LLVMBasicBlockRef bb, MlirOperation terminator) {
  intptr_t count = (intptr_t)be_map_get(&l->counts, bb);
  if (count)
    mlirOperationSetDiscardableAttributeByName(terminator, mlirIdentifierStr(l->ir->name_count),
                                               mlirIntegerAttrGet(l->ir->i64, count - 1));
}

void count_edges(struct lower *l, LLVMValueRef built, MlirOperation terminator) {
  intptr_t count = mlirOperationGetNumSuccessors(terminator);
  if (count < 2 || !be_succ_weight(l->ir, terminator, 0))
    return;
  LLVMMetadataRef *parts = malloc(((size_t)count + 1) * sizeof *parts);
  LLVMTypeRef i32 = LLVMInt32TypeInContext(l->bridge->ctx);
  parts[0] = LLVMMDStringInContext2(l->bridge->ctx, "branch_weights", 14);
  for (intptr_t i = 0; i < count; i++)
    parts[i + 1] =
        LLVMValueAsMetadata(LLVMConstInt(i32, be_succ_weight(l->ir, terminator, (size_t)i), false));
  LLVMMetadataRef node = LLVMMDNodeInContext2(l->bridge->ctx, parts, (size_t)count + 1);
  LLVMSetMetadata(built, l->bridge->md_prof, LLVMMetadataAsValue(l->bridge->ctx, node));
  free(parts);
}

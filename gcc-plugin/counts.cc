/* counts.cc - edge probabilities and block counts, both ways. */
#include "internal.h"

/* An edge's probability as a branch weight; 0 when it is not known. */
uint32_t count_weight(edge e) {
  if (!e->probability.initialized_p())
    return 0;
  int weight = e->probability.to_reg_br_prob_base();
  return weight > 0 ? (uint32_t)weight : 1;
}

/* Block counts are a profile's, not GCC's guesses: those are in the weights. */
void count_block(lift *l, basic_block bb, MlirOperation terminator) {
  if (!bb->count.initialized_p() || !bb->count.ipa_p() || !bb->count.reliable_p())
    return;
  mlirOperationSetDiscardableAttributeByName(
      terminator, mlirStringRefCreateFromCString(BE_ATTR_COUNT),
      mlirIntegerAttrGet(l->ir->i64, bb->count.to_gcov_type()));
}

/* Spreads the terminator's weights over the block's edges, evenly where it has none. */
void count_edges(lower *l, basic_block bb, MlirOperation terminator) {
  edge e;
  edge_iterator ei;
  uint64_t sum = 0;
  size_t n = (size_t)mlirOperationGetNumSuccessors(terminator);
  for (size_t i = 0; i < n; i++)
    sum += be_succ_weight(l->ir, terminator, i);
  unsigned edges = EDGE_COUNT(bb->succs);
  FOR_EACH_EDGE(e, ei, bb->succs) {
    if (e->probability.initialized_p())
      continue;
    uint64_t weight = 0;
    for (size_t i = 0; i < n; i++)
      if (be_map_get(&l->blocks, mlirOperationGetSuccessor(terminator, i).ptr) == e->dest)
        weight += be_succ_weight(l->ir, terminator, i);
    e->probability = edges == 1 ? profile_probability::always()
                     : sum      ? profile_probability::probability_in_gcov_type(weight, sum)
                                : profile_probability::even().apply_scale(2, edges);
  }
}

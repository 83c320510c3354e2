/* cost.c - how often loops run, and how much they do. */
#include "backedge/analysis.h"
#include "internal.h"
#include <stdlib.h>

enum {
  UNKNOWN_TRIPS = 4, /* of an inner loop about which nothing is known */
  TRIPS_MAX = 4096   /* more than this count as this */
};

int64_t be_block_count(const struct be_cfg *cfg, int block) {
  return be_op_int(cfg->terms[block], BE_ATTR_COUNT, -1);
}

static uint64_t trip_count(const struct be_cfg *cfg, const struct be_loop *loop) {
  struct be_bound bound;
  uint64_t trips = be_bound_read(cfg, loop, &bound) ? be_bound_trip_count(cfg, &bound) : 0;
  if (trips || loop->entry < 0)
    return trips;
  int64_t inside = be_block_count(cfg, loop->header), outside = be_block_count(cfg, loop->entry);
  return inside >= 0 && outside > 0 ? (uint64_t)(inside / outside) : 0;
}

static uint64_t block_operations(const struct be_cfg *cfg, int block) {
  uint64_t count = 0;
  MlirOperation op = mlirBlockGetFirstOperation(cfg->blocks[block]);
  for (; !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    enum be_opcode code = be_op_code(cfg->ir, op);
    count += code != BE_OP_CONSTANT && code != BE_OP_BR && code != BE_OP_BITCAST &&
             code != BE_OP_GEP && code != BE_OP_SEXT && code != BE_OP_ZEXT;
  }
  return count;
}

struct be_cost *be_cost_create(const struct be_cfg *cfg) {
  struct be_cost *cost = be_calloc(1, sizeof *cost);
  cost->trips = be_calloc(cfg->loop_count + 1, sizeof *cost->trips);
  cost->operations = be_calloc(cfg->loop_count + 1, sizeof *cost->operations);
  for (int b = 0; b < (int)cfg->count; b++)
    if (cfg->loop_of[b] >= 0)
      cost->operations[cfg->loop_of[b]] += block_operations(cfg, b);
  for (size_t i = cfg->loop_count; i-- > 0;) { /* inner loops first */
    const struct be_loop *loop = &cfg->loops[i];
    uint64_t trips = cost->trips[i] = trip_count(cfg, loop);
    if (loop->parent < 0)
      continue;
    trips = trips == 0 ? UNKNOWN_TRIPS : trips > TRIPS_MAX ? TRIPS_MAX : trips;
    uint64_t inside = cost->operations[i] < UINT32_MAX ? cost->operations[i] : UINT32_MAX;
    cost->operations[loop->parent] += trips * inside;
  }
  return cost;
}

void be_cost_destroy(struct be_cost *cost) {
  free(cost->trips);
  free(cost->operations);
  free(cost);
}

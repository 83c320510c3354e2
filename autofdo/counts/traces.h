/* traces.h - finding a trace's slot in the table: what the hot loop does. */
#ifndef BACKEDGE_COUNTS_TRACES_H
#define BACKEDGE_COUNTS_TRACES_H

#include "backedge/profile/counts.h"

static inline size_t be_trace_hash(const struct be_trace *key) {
  uint64_t hash = ((uint64_t)key->from << 32 | key->to) * 0x9e3779b97f4a7c15ull;
  hash ^= (hash >> 32) + key->next;
  hash *= 0xd6e8feb86659fd93ull;
  return hash ^ hash >> 32;
}

/* Where a trace stands, or the empty slot where it belongs. There must be one. A slot that can
 * count no further is passed by. The hash is the trace's. */
static inline struct be_trace *be_traces_slot(const struct be_traces *traces,
                                              const struct be_trace *key, size_t hash) {
  for (size_t at = hash & (traces->size - 1);; at = (at + 1) & (traces->size - 1)) {
    struct be_trace *slot = &traces->slots[at];
    if (!slot->count || (slot->from == key->from && slot->to == key->to &&
                         slot->next == key->next && slot->count != UINT32_MAX))
      return slot;
  }
}

#endif

/* traces.c - a hash table of traces. */
#include "traces.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Code that runs has about one branch in 64 bytes that is taken now and then; little programs make
 * more of each. */
enum { BYTES_PER_SLOT = 64, SIZE_MIN = 1 << 17 };

int be_traces_init(struct be_traces *traces, const struct be_binary *binary) {
  uint64_t bytes = 0;
  size_t size = SIZE_MIN;
  for (size_t i = 0; i < binary->segment_count; i++)
    bytes += binary->segments[i].size;
  while (size < bytes / BYTES_PER_SLOT)
    size *= 2;
  *traces = (struct be_traces){calloc(size, sizeof *traces->slots), size, 0};
  return traces->slots ? 0 : -ENOMEM;
}

void be_traces_destroy(struct be_traces *traces) { free(traces->slots); }

/* One trace may stand in several slots: it takes an empty one. */
static void move_in(struct be_traces *traces, const struct be_trace *trace) {
  size_t at = be_trace_hash(trace) & (traces->size - 1);
  while (traces->slots[at].count)
    at = (at + 1) & (traces->size - 1);
  traces->slots[at] = *trace;
}

int be_traces_reserve(struct be_traces *traces, size_t more) {
  size_t size = traces->size;
  while (traces->count + more > size / 4 * 3)
    size *= 2;
  if (size == traces->size)
    return 0;
  struct be_traces grown = {calloc(size, sizeof *traces->slots), size, 0};
  if (!grown.slots)
    return -ENOMEM;
  for (size_t i = 0; i < traces->size; i++)
    if (traces->slots[i].count)
      move_in(&grown, &traces->slots[i]);
  grown.count = traces->count;
  free(traces->slots);
  *traces = grown;
  return 0;
}

int be_traces_add(struct be_traces *traces, const struct be_trace *trace, uint64_t count,
                  uint64_t mispredicted) {
  while (count) {
    if (be_traces_reserve(traces, 1))
      return -ENOMEM;
    struct be_trace *slot = be_traces_slot(traces, trace, be_trace_hash(trace));
    if (!slot->count) {
      *slot = (struct be_trace){trace->from, trace->to, trace->next, 0, 0};
      traces->count++;
    }
    uint64_t room = UINT32_MAX - slot->count, part = count < room ? count : room;
    uint64_t bad = mispredicted < part ? mispredicted : part;
    slot->count += (uint32_t)part;
    slot->mispredicted += (uint32_t)bad;
    count -= part;
    mispredicted -= bad;
  }
  return 0;
}

static int order(const void *left, const void *right) {
  const struct be_trace *a = left, *b = right;
  if (a->to != b->to)
    return a->to < b->to ? -1 : 1;
  if (a->from != b->from)
    return a->from < b->from ? -1 : 1;
  return (a->next > b->next) - (a->next < b->next);
}

void be_traces_sort(struct be_traces *traces) {
  size_t used = 0;
  for (size_t i = 0; i < traces->size; i++)
    if (traces->slots[i].count)
      traces->slots[used++] = traces->slots[i];
  qsort(traces->slots, used, sizeof *traces->slots, order);
}

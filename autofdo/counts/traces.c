/* traces.c - a hash table of traces. */
#include "traces.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 1 << 14 };

int be_traces_init(struct be_traces *traces) {
  *traces = (struct be_traces){calloc(FIRST_SIZE, sizeof *traces->slots), FIRST_SIZE, 0};
  return traces->slots ? 0 : -ENOMEM;
}

void be_traces_destroy(struct be_traces *traces) { free(traces->slots); }

int be_traces_reserve(struct be_traces *traces, size_t more) {
  size_t size = traces->size;
  while (traces->count + more > size / 2)
    size *= 2;
  if (size == traces->size)
    return 0;
  struct be_traces grown = {calloc(size, sizeof *traces->slots), size, 0};
  if (!grown.slots)
    return -ENOMEM;
  for (size_t i = 0; i < traces->size; i++)
    if (traces->slots[i].count)
      *be_traces_slot(&grown, &traces->slots[i]) = traces->slots[i];
  grown.count = traces->count;
  free(traces->slots);
  *traces = grown;
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

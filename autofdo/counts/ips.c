/* ips.c - a hash table of places where samples were taken. */
#include "backedge/profile/counts.h"
#include <errno.h>
#include <stdlib.h>

enum { SIZE_FIRST = 1 << 12 };

int be_ips_init(struct be_ips *ips) {
  *ips = (struct be_ips){calloc(SIZE_FIRST, sizeof *ips->slots), SIZE_FIRST, 0};
  return ips->slots ? 0 : -ENOMEM;
}

void be_ips_destroy(struct be_ips *ips) { free(ips->slots); }

/* Where a place stands, or the empty slot where it belongs. */
static struct be_ip *slot_of(const struct be_ips *ips, uint32_t place) {
  size_t at = (place * 0x9e3779b97f4a7c15ull >> 32) & (ips->size - 1);
  while (ips->slots[at].count && ips->slots[at].place != place)
    at = (at + 1) & (ips->size - 1);
  return &ips->slots[at];
}

static int grow(struct be_ips *ips) {
  struct be_ips grown = {calloc(2 * ips->size, sizeof *ips->slots), 2 * ips->size, ips->count};
  if (!grown.slots)
    return -ENOMEM;
  for (size_t i = 0; i < ips->size; i++)
    if (ips->slots[i].count)
      *slot_of(&grown, ips->slots[i].place) = ips->slots[i];
  free(ips->slots);
  *ips = grown;
  return 0;
}

int be_ips_add(struct be_ips *ips, uint32_t place, uint64_t count) {
  if (!count)
    return 0;
  if (ips->count >= ips->size / 2 && grow(ips))
    return -ENOMEM;
  struct be_ip *slot = slot_of(ips, place);
  if (!slot->count) {
    slot->place = place;
    ips->count++;
  }
  slot->count = count < UINT32_MAX - slot->count ? slot->count + (uint32_t)count : UINT32_MAX;
  return 0;
}

static int order(const void *left, const void *right) {
  uint32_t a = ((const struct be_ip *)left)->place, b = ((const struct be_ip *)right)->place;
  return (a > b) - (a < b);
}

void be_ips_sort(struct be_ips *ips) {
  size_t used = 0;
  for (size_t i = 0; i < ips->size; i++)
    if (ips->slots[i].count)
      ips->slots[used++] = ips->slots[i];
  qsort(ips->slots, used, sizeof *ips->slots, order);
}

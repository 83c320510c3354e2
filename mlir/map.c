/* map.c - a hash map from pointers to pointers: open addressing, at most half full. */
#include "backedge/map.h"
#include "internal.h"
#include <stdint.h>
#include <stdlib.h>

static size_t slot_of(const struct be_map *map, const void *key) {
  uint64_t hash = (uint64_t)(uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15);
  size_t i = (size_t)(hash >> 32) & (map->capacity - 1);
  while (map->slots[i].key && map->slots[i].key != key)
    i = (i + 1) & (map->capacity - 1);
  return i;
}

static void grow(struct be_map *map) {
  struct be_map old = *map;
  map->capacity = old.capacity ? 2 * old.capacity : 64;
  map->slots = be_calloc(map->capacity, sizeof *map->slots);
  for (size_t i = 0; i < old.capacity; i++)
    if (old.slots[i].key)
      map->slots[slot_of(map, old.slots[i].key)] = old.slots[i];
  free(old.slots);
}

void be_map_set(struct be_map *map, const void *key, void *value) {
  if (2 * (map->count + 1) > map->capacity)
    grow(map);
  struct be_map_slot *slot = &map->slots[slot_of(map, key)];
  map->count += slot->key == NULL;
  *slot = (struct be_map_slot){key, value};
}

void *be_map_get(const struct be_map *map, const void *key) {
  return map->count ? map->slots[slot_of(map, key)].value : NULL;
}

void be_map_clear(struct be_map *map) {
  free(map->slots);
  *map = (struct be_map){0};
}

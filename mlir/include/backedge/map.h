/* map.h - a hash map from pointers to pointers. */
#ifndef BACKEDGE_MAP_H
#define BACKEDGE_MAP_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct be_map_slot {
  const void *key;
  void *value;
};

/* Zero-initialise to make an empty map. NULL is no key. Memory runs out: aborts as malloc users in
 * compilers do. */
struct be_map {
  struct be_map_slot *slots;
  size_t capacity, count;
};

void be_map_set(struct be_map *map, const void *key, void *value);
void *be_map_get(const struct be_map *map, const void *key); /* NULL when absent */
void be_map_clear(struct be_map *map);                       /* frees everything */

#ifdef __cplusplus
}
#endif
#endif

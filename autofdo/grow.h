/* grow.h - arrays that grow. */
#ifndef BACKEDGE_PROFILE_GROW_H
#define BACKEDGE_PROFILE_GROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Makes room for one more of an array (array is the address of its pointer); false when there is
 * no memory. */
static inline bool be_grow(void *array, size_t count, size_t *room, size_t size) {
  void **at = array;
  if (count < *room)
    return true;
  size_t more = *room ? 2 * *room : 64;
  void *grown = more <= SIZE_MAX / size ? realloc(*at, more * size) : NULL;
  if (!grown)
    return false;
  *at = grown;
  *room = more;
  return true;
}

#endif

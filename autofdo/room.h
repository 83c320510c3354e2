/* room.h - arrays that grow. */
#ifndef BACKEDGE_PROFILE_ROOM_H
#define BACKEDGE_PROFILE_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* Gives an array (a pointer to a pointer) so many elements; false, and nothing changed, when there
 * is no memory. */
static inline bool be_resize(void *array, size_t count, size_t size) {
  void **at = array;
  void *grown = realloc(*at, count * size);
  if (grown)
    *at = grown;
  return grown;
}

/* Makes room for one more of an array. */
static inline bool be_make_room(void *array, size_t count, size_t *room, size_t size) {
  size_t more = *room ? 2 * *room : 256;
  if (count < *room)
    return true;
  if (!be_resize(array, more, size))
    return false;
  *room = more;
  return true;
}

#define BE_RESIZE(ARRAY, COUNT) be_resize(&(ARRAY), COUNT, sizeof *(ARRAY))
#define BE_MAKE_ROOM(ARRAY, COUNT, ROOM) be_make_room(&(ARRAY), COUNT, &(ROOM), sizeof *(ARRAY))

#endif

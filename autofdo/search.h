/* search.h - binary search. */
#ifndef BACKEDGE_PROFILE_SEARCH_H
#define BACKEDGE_PROFILE_SEARCH_H

#include <stddef.h>

/* Sets INDEX, a size_t, to the first of 0 to COUNT for which the condition, which is put in terms
 * of it, holds: to COUNT when there is none. Where it holds, it has to hold for all behind, too. */
#define BE_FIND_FIRST(INDEX, COUNT, CONDITION)                                                     \
  do {                                                                                             \
    size_t low_ = 0, high_ = (COUNT);                                                              \
    while (low_ < high_) {                                                                         \
      (INDEX) = low_ + (high_ - low_) / 2;                                                         \
      if (CONDITION)                                                                               \
        high_ = (INDEX);                                                                           \
      else                                                                                         \
        low_ = (INDEX) + 1;                                                                        \
    }                                                                                              \
    (INDEX) = low_;                                                                                \
  } while (0)

#endif

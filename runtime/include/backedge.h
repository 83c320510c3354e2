/* backedge.h - what a program can ask of Backedge in its source; nothing without the plugin.
 *
 *   struct table { int *slots BACKEDGE_PREFETCH(32, 3); };
 *   int *index BACKEDGE_PREFETCH(0, 3);        on a pointer, an array or a member: prefetch what
 *                                              loops access through it, `distance` iterations ahead
 *                                              (0 to 4096; 0: the pass chooses), to cache level
 *                                              `locality` (0 none to 3 all); both are constants
 *   BACKEDGE_PREFETCH_LOOP                     in the line before a loop: prefetch in it, whatever
 *   for (...)                                  the cost model says
 *   BACKEDGE_NOPREFETCH_LOOP                   in the line before a loop: no prefetch in it
 *   for (...)
 *
 * gcc with the plugin knows the attribute and the pragmas as such, too. clang has annotations,
 * which the plugin takes out before the optimizer starts, but which would stand in its way
 * otherwise: the macros mean something there only with -DBACKEDGE_REQUESTS, one of the flags that
 * `backedge cflags` prints.
 */
#ifndef BACKEDGE_H
#define BACKEDGE_H

#if defined(__clang__)
#ifdef BACKEDGE_REQUESTS
#define BACKEDGE_PREFETCH(distance, locality)                                                      \
  __attribute__((annotate("backedge_prefetch", distance, locality)))
/* The loop is an else branch, so that it stays one statement, and its jumps are its own. */
#define BACKEDGE_MARK_LOOP_(mark)                                                                  \
  _Pragma("clang diagnostic push")                                                                 \
      _Pragma("clang diagnostic ignored \"-Wdangling-else\"") if (__builtin_annotation(0, mark)) { \
  }                                                                                                \
  else _Pragma("clang diagnostic pop")
#define BACKEDGE_PREFETCH_LOOP BACKEDGE_MARK_LOOP_("backedge_prefetch_loop")
#define BACKEDGE_NOPREFETCH_LOOP BACKEDGE_MARK_LOOP_("backedge_noprefetch_loop")
#endif
#elif defined(__has_attribute)
#if __has_attribute(backedge_prefetch)
#define BACKEDGE_PREFETCH(distance, locality) __attribute__((backedge_prefetch(distance, locality)))
#define BACKEDGE_PREFETCH_LOOP _Pragma("backedge prefetch")
#define BACKEDGE_NOPREFETCH_LOOP _Pragma("backedge noprefetch")
#endif
#endif

#ifndef BACKEDGE_PREFETCH
#define BACKEDGE_PREFETCH(distance, locality)
#define BACKEDGE_PREFETCH_LOOP
#define BACKEDGE_NOPREFETCH_LOOP
#endif

#endif

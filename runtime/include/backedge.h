/* backedge.h - what a program can ask of Backedge in its source; nothing without the plugin.
 *
 *   struct table { int *slots BACKEDGE_PREFETCH(32, 3); };
 *   int *index BACKEDGE_PREFETCH(0, 3);        on a pointer, an array or a member: prefetch what
 *                                              loops access through it, `distance` iterations ahead
 *                                              (0: the pass chooses), to cache level `locality`
 *                                              (0 none to 3 all)
 *   BACKEDGE_PREFETCH_LOOP                     in the line before a loop: prefetch in it, whatever
 *   for (...)                                  the cost model says
 *   BACKEDGE_NOPREFETCH_LOOP                   in the line before a loop: no prefetch in it
 *   for (...)
 *
 * gcc with the plugin knows the attribute and the pragmas as such, too. clang keeps the attribute
 * as an annotation, and its plugin does not read it: there the macros change nothing.
 */
#ifndef BACKEDGE_H
#define BACKEDGE_H

#if defined(__has_attribute) && !defined(__clang__)
#if __has_attribute(backedge_prefetch)
#define BACKEDGE_PREFETCH(distance, locality) __attribute__((backedge_prefetch(distance, locality)))
#define BACKEDGE_PREFETCH_LOOP _Pragma("backedge prefetch")
#define BACKEDGE_NOPREFETCH_LOOP _Pragma("backedge noprefetch")
#endif
#elif defined(__clang__)
#define BACKEDGE_PREFETCH(distance, locality)                                                      \
  __attribute__((annotate("backedge_prefetch", distance, locality)))
#endif

#ifndef BACKEDGE_PREFETCH
#define BACKEDGE_PREFETCH(distance, locality)
#endif
#ifndef BACKEDGE_PREFETCH_LOOP
#define BACKEDGE_PREFETCH_LOOP
#define BACKEDGE_NOPREFETCH_LOOP
#endif

#endif

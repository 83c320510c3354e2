/* source.h - a profile in terms of the source: how often each line of each function ran, also where
 * the function was inlined.
 *
 * Whatever speaks of lines ends here, be it a binary's profile or a file in a compiler's format,
 * and compilers' formats are written from here. A position is a line counted from the one where the
 * function is declared (0 to 65535), and a discriminator, which tells apart the blocks of one line
 * where a compiler numbers them. An instance is a function, or a copy of one that was inlined at a
 * position of another instance. Profiles are added up by adding their instances.
 */
#ifndef BACKEDGE_PROFILE_SOURCE_H
#define BACKEDGE_PROFILE_SOURCE_H

#include "backedge/profile/profile.h"

enum { BE_SOURCE_NONE = 0xffffffffu, BE_SOURCE_DEPTH_MAX = 200 /* of inlining */ };

struct be_instance {
  uint32_t name;                /* index of the function's name */
  uint32_t parent;              /* where it was inlined; BE_SOURCE_NONE: a function */
  uint32_t line, discriminator; /* the position there; of a function, line is the one where it is
                                   declared, 0 when that is not known */
  uint32_t depth;               /* 0: a function */
  uint64_t head;                /* how often a function was called */
  uint64_t total;               /* of all its instructions: count x bytes; with what is inlined */
  uint32_t first_position, position_count; /* these four are made by be_source_sort */
  uint32_t first_child, child_count;
};

struct be_position {
  uint32_t instance;
  uint32_t line, discriminator;
  uint32_t first_target, target_count; /* made by be_source_sort */
  uint64_t count;
};

struct be_target { /* of a call at a position */
  uint32_t position;
  uint32_t name;
  uint64_t count;
  bool is_indirect;
};

struct be_source_table;

struct be_source_profile {
  char **names; /* owned; by index */
  size_t name_count;
  struct be_instance *instances;
  size_t instance_count;
  struct be_position *positions; /* sorted: by instance, line, discriminator */
  size_t position_count;
  struct be_target *targets; /* sorted: by position, most frequent first */
  size_t target_count;
  uint32_t *children; /* indices of instances: functions first, by name; then those of each */
  size_t function_count;
  char *producer; /* the compiler of the code with the most counts, as it names itself; or NULL */
  bool has_flow_discriminators;  /* of LLVM's -enable-fs-discriminator: given anew by each pass */
  struct be_source_table *table; /* source.c's */
};

/* NULL when there is no memory. */
struct be_source_profile *be_source_create(void);
void be_source_destroy(struct be_source_profile *source);

/* Find an instance, position or target, or make it; its index, BE_SOURCE_NONE when there is no
 * memory. Two functions of one name that are declared in different lines are two functions. */
uint32_t be_source_name(struct be_source_profile *source, const char *name, size_t length);
uint32_t be_source_function(struct be_source_profile *source, uint32_t name, uint32_t line);
uint32_t be_source_inlined(struct be_source_profile *source, uint32_t parent, uint32_t line,
                           uint32_t discriminator, uint32_t name);
uint32_t be_source_position(struct be_source_profile *source, uint32_t instance, uint32_t line,
                            uint32_t discriminator);
uint32_t be_source_target(struct be_source_profile *source, uint32_t position, uint32_t name,
                          bool is_indirect);

/* Puts everything in order, for writers; nothing can be added after that. Of functions of one name
 * only the one with the greatest total stays, since compilers look them up by name: *dropped is how
 * many did not. 0 or -ENOMEM. */
int be_source_sort(struct be_source_profile *source, size_t *dropped);

/* The length of a symbol's name without what compilers append to those of copies and parts of a
 * function (.cold, .part.1, .isra.0, .constprop.2, .lto_priv.3, .llvm.4). */
size_t be_source_stem(const char *name);

/* Does the file begin like a profile in a compiler's format? False also for "-". */
bool be_source_is(const char *path);

/* Reads a compiler's profile (GCC's, versions 1 and 2; LLVM's text and extensible binary form) and
 * adds its counts. Without discriminators the greatest count of a line is taken. -EINVAL, and says
 * at which byte or line, when it cannot be read; what was read up to there is added. */
int be_source_read(const char *path, bool with_discriminators, struct be_source_profile *source,
                   struct be_error *error);

/* In counts of what was recorded: bytes of code x how often they ran. */
struct be_source_stats {
  uint64_t bytes;       /* all of them */
  uint64_t undescribed; /* of these: in code that no debug information describes */
  uint64_t lineless;    /* of these: in functions, but of no line */
  size_t units;         /* of debug information that were read */
  size_t missing;       /* units whose .dwo file is not there */
  size_t same_name;     /* functions left out since one of their name has more counts */
};

enum be_discriminators {
  BE_DISCRIMINATORS_KEEP, /* as the compiler numbered the blocks of a line */
  BE_DISCRIMINATORS_LLVM, /* for LLVM's reader: none of what another compiler made */
  BE_DISCRIMINATORS_DROP  /* lines only */
};

/* Makes a source profile of a binary's, by its debug information (DWARF 2 to 5, also split, shared,
 * compressed or in a file of its own). *source is the caller's, sorted. -ENODATA, and says what to
 * do, when there is no debug information or none of it is of code that has counts. */
int be_source_make(const struct be_profile *profile, enum be_discriminators discriminators,
                   struct be_source_profile **source, struct be_source_stats *stats,
                   struct be_error *error);

#endif

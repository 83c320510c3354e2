/* perfdata.h - reads what `perf record` wrote: perf.data files, and perf's pipe format.
 *
 * Records are handed over one by one; nothing of the recording is kept. Offsets and sizes in the
 * file are checked before they are used. A file that ends early, or is damaged, is read up to
 * there: be_perfdata_stats says at which byte.
 */
#ifndef BACKEDGE_PROFILE_PERFDATA_H
#define BACKEDGE_PROFILE_PERFDATA_H

#include "backedge/profile/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { BE_BUILD_ID_MAX = 20 };

struct be_build_id {
  uint8_t bytes[BE_BUILD_ID_MAX];
  uint8_t size; /* 0: there is none */
};

/* Lower-case hexadecimal digits; text must have room for 41. */
void be_build_id_print(const struct be_build_id *id, char *text);

/* True when both are there and say the same; padding with zeros does not count. */
bool be_build_id_equal(const struct be_build_id *left, const struct be_build_id *right);

struct be_sample {
  uint64_t time; /* nanoseconds of the recording's clock; 0 when it was not recorded */
  uint64_t ip;
  uint32_t pid;
  uint32_t branch_count;
  const uint8_t *branches; /* newest first; read with be_branch_get; the file's memory */
  bool has_branches;       /* the event records stacks, though this one may be empty */
};

struct be_branch {
  uint64_t from, to; /* addresses in the process */
  bool is_mispredicted;
};

enum { BE_BRANCH_SIZE = 24 }; /* bytes of a branch in the file */

static inline struct be_branch be_branch_get(const struct be_sample *sample, uint32_t index) {
  uint64_t words[3];
  memcpy(words, sample->branches + (size_t)index * BE_BRANCH_SIZE, sizeof words);
  /* bit 0: mispredicted, bit 1: predicted; both clear where the machine does not know */
  return (struct be_branch){words[0], words[1], (words[2] & 3) == 1};
}

struct be_mapping {
  uint64_t time;
  uint64_t address, size; /* in the process */
  uint64_t offset;        /* in the file, in bytes */
  uint32_t pid;
  const char *path; /* of the file; the recording's memory */
  struct be_build_id build_id;
};

/* What to call for which record; a NULL is not called. A status other than 0 ends the reading and
 * is its result.
 *
 * Mappings, forks and execs may come before samples that are older: compare the times. They never
 * come after a sample that is newer, as far as perf itself puts its records in order.
 */
struct be_perfdata_calls {
  void *user;
  int (*sample)(void *user, const struct be_sample *sample, struct be_error *error);
  int (*mapping)(void *user, const struct be_mapping *mapping, struct be_error *error);
  int (*fork)(void *user, uint32_t parent, uint32_t child, uint64_t time, struct be_error *error);
  int (*exec)(void *user, uint32_t pid, uint64_t time, struct be_error *error);
};

struct be_perfdata_stats {
  uint64_t bytes;         /* of the part with the records */
  uint64_t records;       /* all of them */
  uint64_t samples;       /* those that were handed over */
  uint64_t unknown;       /* records of a type that nobody knows: left out */
  uint64_t without_event; /* samples with an id that no event has: left out */
  uint64_t malformed;     /* samples that do not hold what their event promises: left out */
  uint64_t lost;          /* what the kernel says it had to drop */
  uint64_t damaged_at;    /* offset in the file where it ends early or is damaged; 0: nowhere */
};

struct be_perfdata;

/* Opens a recording; "-" is the standard input. What cannot be mapped into memory (a pipe) is
 * copied to a file without a name first. *recording is the caller's, to be closed. -EINVAL when
 * it is not a recording, or one that cannot be read. */
int be_perfdata_open(const char *path, struct be_perfdata **recording, struct be_error *error);
void be_perfdata_close(struct be_perfdata *recording);

/* True when an event of the recording has branch stacks. In perf's pipe format the events are
 * known only when all was read. */
bool be_perfdata_has_branches(const struct be_perfdata *recording);

/* Calls each with the files whose build-ids the recording lists. */
void be_perfdata_each_build_id(const struct be_perfdata *recording, void *user,
                               void (*each)(void *user, const char *path,
                                            const struct be_build_id *id));

/* Reads all records, once. Stats are complete also when it fails. */
int be_perfdata_read(struct be_perfdata *recording, const struct be_perfdata_calls *calls,
                     struct be_perfdata_stats *stats, struct be_error *error);

#endif

/* perfwrite.h - writes perf.data files as `perf record -j any` does. For the tests: errors end the
 * program with a message.
 */
#ifndef TESTS_PROFILE_PERFWRITE_H
#define TESTS_PROFILE_PERFWRITE_H

#include <stdint.h>
#include <stdio.h>

struct recording {
  FILE *out;
  uint64_t begin; /* of the records, in the file */
  uint64_t time;  /* of the last record, nanoseconds */
  uint64_t samples;
};

struct taken { /* a branch; as it stands in the file */
  uint64_t from, to, flags;
};

enum { TAKEN_MISPREDICTED = 1, TAKEN_PREDICTED = 2 };

void recording_open(struct recording *recording, const char *path);
void recording_comm(struct recording *recording, uint32_t pid, const char *name, int is_exec);
void recording_mmap(struct recording *recording, uint32_t pid, uint64_t address, uint64_t size,
                    uint64_t offset, const char *path);
void recording_fork(struct recording *recording, uint32_t parent, uint32_t child);

/* `stack` is newest first. */
void recording_sample(struct recording *recording, uint32_t pid, uint64_t ip,
                      const struct taken *stack, unsigned count);

/* The mark perf puts after each round of its reading. */
void recording_round(struct recording *recording);

/* Ends the file, with a list of one build-id: of 20 bytes; NULL for none. */
void recording_close(struct recording *recording, const char *path, const uint8_t *build_id);

void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif

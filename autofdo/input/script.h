/* script.h - reads a line of what `perf script` prints. */
#ifndef BACKEDGE_INPUT_SCRIPT_H
#define BACKEDGE_INPUT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BE_SCRIPT_BRANCHES_MAX = 2048 };

enum be_script_kind {
  BE_SCRIPT_OTHER,   /* nothing that counts */
  BE_SCRIPT_SAMPLE,  /* an address, a stack, or both */
  BE_SCRIPT_MAPPING, /* PERF_RECORD_MMAP2, PERF_RECORD_MMAP */
  BE_SCRIPT_FORK,
  BE_SCRIPT_EXEC,   /* PERF_RECORD_COMM exec */
  BE_SCRIPT_THREAD, /* any other PERF_RECORD that says whose thread one is */
  BE_SCRIPT_SYMBOLS /* a stack of names, not addresses */
};

struct be_script_line {
  enum be_script_kind kind;
  bool has_number, has_pid; /* a number of a process or a thread; both are known */
  bool has_time, has_ip;
  uint32_t pid, tid; /* has_number alone: tid */
  uint32_t parent;   /* of a fork */
  uint64_t time;     /* nanoseconds */
  uint64_t ip;
  uint64_t address, size, offset; /* of a mapping */
  uint8_t id[20];                 /* its build-id */
  uint8_t id_size;
  const char *path; /* not ended by a zero */
  size_t path_size;
  uint32_t branch_count;
  uint64_t (*branches)[3]; /* the caller's, of BE_SCRIPT_BRANCHES_MAX: from, to, flags as in the
                              kernel's records; newest first */
};

/* Reads the line [text, end); line->branches is kept. */
void be_script_read(const char *text, const char *end, struct be_script_line *line);

#endif

/* writer.h - writes perf.data files as they come: one event, its records, and what is known of the
 * machine at the end.
 *
 * The head of the file is brought up to date whenever records are written to it, so the file can be
 * read up to there whatever becomes of this process. (Except in ring.h's file: names of that header
 * and of perfdata.h are alike, so nothing here includes either.)
 */
#ifndef BACKEDGE_RECORD_WRITER_H
#define BACKEDGE_RECORD_WRITER_H

#include "backedge/profile/error.h"
#include "modules.h"
#include <linux/perf_event.h>
#include <stdint.h>

/* What samples hold, in every file. */
#define BE_SAMPLE_FIELDS (PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_PERIOD)

struct be_writer {
  int fd;
  const char *path;
  struct perf_event_attr attr;
  struct be_modules modules;
  uint8_t *buffer; /* whole records */
  size_t used;
  uint64_t size; /* of the records in the file */
  uint64_t samples, branches, lost, throttled;
  uint64_t first_time, last_time; /* of samples; 0: none */
  bool is_pipe; /* the standard output, in perf's format for pipes: nothing is written twice */
  bool has_old; /* the older file was renamed */
  int failure;  /* of writing, a negative errno: nothing more is written */
};

/* Makes the file ("-": the standard output); the path must live as long as the writer. Events are
 * what `attr` says, whose sample_type is BE_SAMPLE_FIELDS, with or without
 * PERF_SAMPLE_BRANCH_STACK. */
int be_writer_open(struct be_writer *writer, const char *path, const struct perf_event_attr *attr,
                   struct be_error *error);

/* Appends a record as the kernel lays it out. Fails when the file cannot be written; from then on
 * always, and the file ends with the last whole record. */
int be_writer_put(struct be_writer *writer, const void *record, struct be_error *error);

/* Marks that everything older than the mark before is written; and writes out. */
int be_writer_round(struct be_writer *writer, struct be_error *error);

struct be_machine { /* what the end of the file says of this process */
  const char *event_name;
  const char *version;
};

/* Writes what is left, then the feature sections. The writer is closed in any case. */
int be_writer_close(struct be_writer *writer, const struct be_machine *machine,
                    struct be_error *error);

/* Removes the file, and gives the older one its name back. */
void be_writer_abandon(struct be_writer *writer);

/* ---- records.c: records that the kernel did not write -----------------------------------------
 */

struct be_thread_at {
  uint32_t pid, tid;
  uint64_t time;
};

int be_writer_comm(struct be_writer *writer, const struct be_thread_at *at, const char *name,
                   bool is_exec, struct be_error *error);

/* A child, or a thread; of a parent thread. */
int be_writer_fork(struct be_writer *writer, const struct be_thread_at *at, uint32_t parent,
                   uint32_t parent_tid, struct be_error *error);

struct be_mapped {
  uint64_t address, size, offset, inode;
  uint32_t major, minor;
  uint32_t protection, flags; /* as of mmap */
  const char *path;
};

int be_writer_mapped(struct be_writer *writer, const struct be_thread_at *at,
                     const struct be_mapped *mapped, struct be_error *error);

/* from and to of branches, newest first, are pairs of numbers. */
int be_writer_sample(struct be_writer *writer, const struct be_thread_at *at, uint64_t ip,
                     uint64_t period, const uint64_t (*branches)[2], uint32_t count,
                     struct be_error *error);

/* ---- features.c -------------------------------------------------------------------------------
 */

enum { BE_FEATURE_BUILD_ID = 2, BE_FEATURES_MAX = 256 };

struct be_features {
  uint8_t *bytes; /* all sections; owned */
  size_t size, capacity;
  bool is_out_of_memory;
  size_t begin[BE_FEATURES_MAX + 1]; /* of each section; the same as the next one's: none */
  bool has[BE_FEATURES_MAX];
};

/* The sections; bytes is freed by the caller. */
int be_features_make(struct be_features *features, const struct be_writer *writer,
                     const struct be_machine *machine, struct be_error *error);

#endif

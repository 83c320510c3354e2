/* processes.h - what runs already when a recording begins, from /proc. */
#ifndef BACKEDGE_RECORD_PROCESSES_H
#define BACKEDGE_RECORD_PROCESSES_H

#include "writer.h"

/* Writes names of threads and mappings of code of a process, as if they had come to be at time 0.
 * A process that has gone is no error. */
int be_process_write(struct be_writer *writer, uint32_t pid, struct be_error *error);

/* The same for all processes. */
int be_processes_write_all(struct be_writer *writer, struct be_error *error);

struct be_pids {
  int *at; /* owned by the caller */
  size_t count;
};

/* Appends the threads of a process. -ESRCH when there is no such process, -ENOMEM. */
int be_process_threads(struct be_pids *threads, int pid);

#endif

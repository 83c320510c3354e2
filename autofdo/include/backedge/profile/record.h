/* record.h - records what programs do, as perf.data files that every reader of them takes.
 *
 * Samples come from the kernel's events (branch stacks of the processor, or addresses alone) or
 * from the agent that is loaded into the command's own processes (branch stacks by software).
 */
#ifndef BACKEDGE_PROFILE_RECORD_H
#define BACKEDGE_PROFILE_RECORD_H

#include "backedge/profile/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum be_source {
  BE_SOURCE_AUTO,   /* the first of the following that this machine and the target allow */
  BE_SOURCE_BRANCH, /* the processor's records of branches */
  BE_SOURCE_SOFT,   /* branches, followed by the agent */
  BE_SOURCE_IP      /* addresses alone */
};

struct be_recording_stats {
  enum be_source source; /* the one chosen */
  uint32_t frequency;    /* asked for; 0: samples are not taken by time */
  uint64_t samples;      /* written */
  uint64_t branches;     /* in their stacks */
  uint64_t bytes;        /* of the file */
  uint64_t lost;         /* records that found no room on their way here */
  uint64_t throttled;    /* times the kernel stopped an event that took too long */
  double seconds;        /* since the command began, or recording did */
  double command_cpu;    /* CPU seconds of the command and the children it waited for */
  double own_cpu;        /* CPU seconds of this process */
  double target_cost;    /* CPU seconds spent inside the targets; software stacks only */
  double target_cpu;     /* CPU seconds of the targets, as they say; software stacks only */
  uint64_t processes;    /* that had the agent; software stacks only */
  uint64_t ticks;        /* of the agent's timers */
  uint64_t cut_syscall;  /* bursts that ended before they were full: at a system call */
  uint64_t cut_code;     /* at code that cannot be followed */
  uint64_t not_begun;    /* ticks at which no burst was begun */
  bool is_not_run;       /* the command could not be run, and nothing was written */
  bool has_status;       /* it ran and has ended; its status, as of waitpid: */
  int status;
};

struct be_recording_options {
  const char *out; /* "-": the standard output; the command's own goes to stderr then */
  enum be_source source;
  uint32_t frequency;   /* samples a second of CPU time; 0: the source's own default */
  uint32_t branches;    /* of a software stack; 0: the default */
  double overhead;      /* per cent of CPU time that software stacks may take; 0: the default */
  char *const *command; /* ends with NULL; NULL: none */
  const int *pids;      /* processes that run already */
  size_t pid_count;
  bool all;            /* everything that runs */
  const char *agent;   /* the agent's library; NULL: there is none */
  const char *version; /* of this program, for the file */
  void *user;
  /* Called once, before anything runs: which source, and why; a sentence. */
  void (*chosen)(void *user, const char *sentence);
  /* Called a few times a second. */
  void (*progress)(void *user, const struct be_recording_stats *stats);
};

/* Runs the command, or watches the processes, and writes the file; an older file of that name gets
 * .old behind its name. While it runs, SIGINT, SIGTERM, SIGHUP and SIGQUIT are its own: they are
 * passed on to the command unless it got them from the terminal itself; the second one ends the
 * command, the third one the recording. Without a command the first one ends it.
 *
 * When the file cannot be written any more (a full disk) the command still runs to its end; then
 * that is the error, and the file is whole up to there. Stats are complete also when it fails. */
int be_recording_run(const struct be_recording_options *options, struct be_recording_stats *stats,
                     struct be_error *error);

#endif

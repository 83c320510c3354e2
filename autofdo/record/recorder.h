/* recorder.h - one recording: what the sources of samples and the loop around them share. */
#ifndef BACKEDGE_RECORD_RECORDER_H
#define BACKEDGE_RECORD_RECORDER_H

#include "backedge/profile/record.h"
#include "command.h"
#include "processes.h"
#include "writer.h"

struct be_events; /* events.c's */
struct be_agents; /* agents.c's */

struct be_recorder {
  const struct be_recording_options *options;
  struct be_recording_stats *stats;
  const struct be_source_calls *source;
  struct perf_event_attr attr; /* what the file says, and what is asked of the kernel */
  const char *event_name;
  const char *variables[5]; /* names and values in turn, for the command; end with NULL */
  struct be_command command;
  struct be_writer writer;
  struct be_events *events;
  struct be_agents *agents;
};

/* A source of samples. The calls are made in this order; drain and wait as often as needed. */
struct be_source_calls {
  int (*prepare)(struct be_recorder *recorder, struct be_error *error); /* no command yet */
  int (*attach)(struct be_recorder *recorder, struct be_error *error);  /* it waits */
  int (*drain)(struct be_recorder *recorder, struct be_error *error);   /* into the writer */
  /* Until there is something to drain, or so many milliseconds. False: nothing will come any
   * more. */
  bool (*wait)(struct be_recorder *recorder, int milliseconds);
  void (*stop)(struct be_recorder *recorder); /* then drain is called once more */
  void (*close)(struct be_recorder *recorder);
};

extern const struct be_source_calls be_source_events; /* of the kernel */
extern const struct be_source_calls be_source_agents; /* in the command's processes */

/* events.c: fills in recorder->attr and ->event_name for BE_SOURCE_BRANCH or BE_SOURCE_IP, with the
 * first event that can be opened. Fails with what to do about it. */
int be_events_choose(struct be_recorder *recorder, enum be_source source, struct be_error *error);

/* agents.c: can the agent run in the command? Fills in the attr; fails with the reason. */
int be_agents_choose(struct be_recorder *recorder, struct be_error *error);

/* choose.c: which source, and the sentence that says so; NULL when there is none. */
const struct be_source_calls *be_source_choose(struct be_recorder *recorder, char *sentence,
                                               size_t size, struct be_error *error);

/* choose.c: an event by frequency, with what every file of ours has. */
struct perf_event_attr be_attr_make(uint32_t type, uint64_t config, uint64_t frequency,
                                    bool has_branches);

/* ---- advice.c ---------------------------------------------------------------------------------
 */

struct be_attempt { /* at what the kernel refused */
  bool is_branch, is_all, is_mapping;
  size_t descriptors; /* how many events were to be opened */
};

/* What an errno of perf_event_open (or of mapping its ring) means here, and what helps. Returns
 * -cause. */
int be_advice(const struct be_attempt *attempt, int cause, struct be_error *error);

/* A number from a file in /proc/sys; fallback when it cannot be read. */
long be_setting_read(const char *path, long fallback);

#endif

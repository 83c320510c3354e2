/* counts.h - what a recording says about one binary, at the level of addresses.
 *
 * Memory is bounded by the binary (by how many different branches its code takes), never by the
 * length of the recording.
 */
#ifndef BACKEDGE_PROFILE_COUNTS_H
#define BACKEDGE_PROFILE_COUNTS_H

#include "backedge/profile/process.h"

/* A branch that was taken, and how far the code then ran straight on: to the next branch taken. */
struct be_trace {
  uint32_t from, to; /* places; BE_PLACE_OUTSIDE */
  uint32_t next;     /* where the next branch was taken; BE_PLACE_NONE when that is not known */
  uint32_t count;    /* at most UINT32_MAX: what happened more often stands there several times */
  uint32_t mispredicted; /* of them */
};

struct be_traces {
  struct be_trace *slots; /* open addressing; an empty slot has count 0 */
  size_t size;            /* of the table; a power of two */
  size_t count;           /* slots in use */
};

/* The table is made as large as the binary's code lets expect, so that it rarely has to grow: what
 * a conversion needs does not depend on how long the recording is. 0 or -ENOMEM. */
int be_traces_init(struct be_traces *traces, const struct be_binary *binary);
void be_traces_destroy(struct be_traces *traces);

/* Makes sure that so many more traces find room. 0 or -ENOMEM. */
int be_traces_reserve(struct be_traces *traces, size_t more);

/* What is counted is no more: no recording has it, and a slot of the table holds only 32 bits. */
#define BE_COUNT_MAX (1ull << 40)

/* Adds to a trace's counts; those that it has are not looked at. 0 or -ENOMEM. */
int be_traces_add(struct be_traces *traces, const struct be_trace *trace, uint64_t count,
                  uint64_t mispredicted);

/* Moves the traces in use to the beginning of the table, in order of (to, from, next). Nothing can
 * be added after that. */
void be_traces_sort(struct be_traces *traces);

/* How often a sample without a branch stack was taken at an instruction. */
struct be_ip {
  uint32_t place;
  uint32_t count; /* at most UINT32_MAX, where it stays */
};

struct be_ips {
  struct be_ip *slots; /* open addressing; an empty slot has count 0 */
  size_t size;         /* of the table; a power of two */
  size_t count;        /* slots in use */
};

/* The table begins small: it grows with the number of different places. 0 or -ENOMEM. */
int be_ips_init(struct be_ips *ips);
void be_ips_destroy(struct be_ips *ips);

/* Adds to a place's count. 0 or -ENOMEM. */
int be_ips_add(struct be_ips *ips, uint32_t place, uint64_t count);

/* Moves the places in use to the beginning of the table, in order. Nothing can be added after
 * that. */
void be_ips_sort(struct be_ips *ips);

struct be_collect_stats {
  uint64_t other_process; /* samples of processes that had not mapped the binary */
  uint64_t without_stack; /* samples of its processes with no branch stack */
  uint64_t ips;           /* of these: in the binary, and counted by their address */
  uint64_t stacks;        /* samples that were used */
  uint64_t branches;      /* in their stacks */
  uint64_t kernel;        /* of these: to, from or in the kernel; left out */
  uint64_t outside;       /* of these: wholly outside the binary; left out */
  uint64_t processes;     /* that mapped the binary */
  uint64_t newest;        /* branches after which nothing is known */
};

/* Reads a recording and adds what it says about the binary: branch stacks to traces, and samples
 * without one to ips, where that is not NULL. Fails with -ENODATA, and says why, when there is
 * nothing to add: no branch stacks, other build-ids, no samples in the binary. */
int be_collect(const struct be_binary *binary, struct be_perfdata *recording, const char *path,
               struct be_traces *traces, struct be_ips *ips, struct be_perfdata_stats *read,
               struct be_collect_stats *stats, struct be_error *error);

#endif

/* agent.h - what the parts of the agent know of each other.
 *
 *   agent.c    begins and ends it, in a program and in its forked children
 *   thread.c   the threads: their timers, their stacks
 *   sample.c   the tick: takes a code cache, runs a burst, writes it down, keeps to the budget
 *   calls.c    what of the program's calls it must know of
 *   exact.c    the other mode: all is counted
 *   map.c      which code may be copied
 *   signals.c  what the program may not notice: handlers of faults, masks, waiting for signals
 *   ring.c     writes records for the recorder
 *
 * What runs in the tick's handler calls no libc and takes no lock.
 */
#ifndef BACKEDGE_RUNTIME_AGENT_AGENT_H
#define BACKEDGE_RUNTIME_AGENT_AGENT_H

#include "cpu.h"
#include "os.h"
#include "ring.h"

#define BE_EXPORT __attribute__((visibility("default")))

/* The signal of our timers. Programs count real-time signals up from the first, or down from the
   last; it is virtual for them: they may use it, too. */
enum { BE_TICK = 59 };

/* Signals by which the processor says that an instruction failed. */
#define BE_FAULTS (BE_SIGNAL(SIGSEGV) | BE_SIGNAL(SIGBUS) | BE_SIGNAL(SIGFPE) | BE_SIGNAL(SIGILL))

enum { BE_THREADS_MAX = 16384, BE_SLOTS_MAX = 64 };

struct be_thread {
  uint32_t used; /* atomic: 1 while a thread has it */
  uint32_t index;
  int32_t tid, timer;
  uint32_t armed; /* the timer is there */
  uint64_t last;  /* its CPU time at the last tick, in nanoseconds */
  uint64_t due;   /* its CPU time at the next one, before jitter */
  uint64_t cost;  /* of a tick, smoothed, in nanoseconds */
  uint64_t interval;
  uint64_t random, ticks;
  uint64_t stepped; /* exact mode: the instruction that runs under the trap flag, or 0 */
  uint64_t entered; /* this tick: CPU time, and what it stands for */
  uint64_t weight;
  char name[16];
  struct be_slot *slot; /* that it has, in a burst */
  void *(*function)(void *);
  void *argument;
  void *frame;    /* the copy of the signal's frame, on top of the stack */
  uint8_t *stack; /* the agent's, down to the end of this struct; frame is its top */
  struct {
    struct be_record_burst head;
    struct be_branch branches[BE_RING_BRANCHES_MAX];
  } burst;
};

/* Which code may be copied, as one slot knows it. */
struct be_range {
  uint64_t start, end, offset, inode;
};

struct be_sequence { /* a restartable one */
  uint64_t start, end, abort;
};

/* Straight code that exact mode has run, and how many instructions it has. */
struct be_straight {
  uint64_t start, end;
  uint32_t instructions;
};

struct be_map {
  struct be_range *ranges; /* by start */
  struct be_sequence *sequences;
  uint32_t range_count, range_room, sequence_count, sequence_room;
  uint64_t read_at, read_cost; /* in nanoseconds of CLOCK_MONOTONIC */
  uint64_t generation;
};

/* A code cache and what goes with it; one thread at a time has it. */
struct be_slot {
  uint32_t busy; /* atomic */
  struct be_thread *thread;
  struct be_cache *cache;
  struct be_map map;
  struct be_straight *straight; /* of exact mode */
};

struct be_agent {
  struct be_ring *ring; /* NULL: there is nothing to do */
  uint8_t *data;        /* the ring's */
  uint32_t pid, slot_count;
  uint32_t stopped;    /* there are no timers any more */
  uint64_t interval;   /* between ticks, as asked for, in nanoseconds */
  uint64_t generation; /* of the mappings: changes when a library may have come or gone */
  uint64_t tick_cost;  /* of a signal, in nanoseconds */
  struct be_record_statistics sum;
  struct be_slot slots[BE_SLOTS_MAX];
};

extern struct be_agent be_agent;

/* ring.c */

/* Opens the ring. Returns false when there is none, or none that this agent can use. */
bool be_ring_open(const char *path);

/* Fills in the head of a record whose kind is set, and writes it, with size bytes in all; or counts
   that it did not. */
void be_ring_write(struct be_record *record, size_t size, uint32_t tid);

/* thread.c */
bool be_threads_start(void);

/* The calling thread gets a timer, if there is none. */
void be_thread_begin(struct be_thread *thread);
struct be_thread *be_thread_create(void);

/* The one whose signal has this value, or NULL. */
struct be_thread *be_thread_of(union sigval value);

/* Sets the time of the next tick; takes the timer away when the recorder has gone. */
void be_thread_arm(struct be_thread *thread, uint64_t now);
void be_thread_disarm(struct be_thread *thread);

/* No thread has a timer any more. */
void be_threads_stop(void);

/* After a fork: of the threads only the calling one is left. */
void be_threads_forked(void);

/* sample.c */
void be_tick(int number, siginfo_t *info, void *context);
void be_statistics_write(bool is_last);

/* The slot that the thread then has, or NULL; give it back. */
struct be_slot *be_slot_take(struct be_thread *thread);
void be_slot_give(struct be_thread *thread);

/* Whether the interrupted code runs on the alternate stack for signals: one that comes while the
   agent's stack is in use would be put on top of it. */
bool be_slot_is_on_other_stack(const ucontext_t *context);

/* exact.c */
bool be_exact_is_on(void);

/* From here on all that the calling thread does is counted. */
void be_exact_begin(struct be_thread *thread);

/* The calling thread gives its struct back. */
void be_exact_end(void);

/* The handler of SIGTRAP. */
void be_exact_trap(int number, siginfo_t *info, void *context);

/* Writes all counts, and begins them anew. */
void be_exact_write(void);

/* signals.c */
/* Finds what it stands before: later it may be too late, in a signal handler. */
void be_signals_resolve(void);
void be_signals_start(void);

/* In a child: nobody else is about to set a handler. */
void be_signals_forked(void);

/* Whether faults in copies come to the agent. */
bool be_signals_are_ours(void);

/* A signal of the tick's number that is none of our timers'. */
void be_signals_forward(int number, siginfo_t *info, void *context);

#endif

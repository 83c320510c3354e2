/* ring.h - the shared memory through which the agents in the target's processes talk to a recorder.
 *
 * One file serves all processes of a recording. The recorder makes it, fills in struct be_ring and
 * starts the target with
 *     LD_PRELOAD=.../libbackedge-agent.so   and   BACKEDGE_AGENT_RING=path of the file
 * The agent maps it in its constructor; forked children inherit the mapping, and what they run by
 * exec finds it by the environment. A child that clears either variable is not seen.
 *
 * The file is struct be_ring, filled up to data_offset, then data_size bytes of records. Both sides
 * map the data twice in a row, so that a record which passes the end is in one piece nevertheless.
 *
 * Positions count bytes since the beginning and never wrap; position p stands at p % data_size.
 * A producer takes space by compare-and-swap on head, fills it, and last stores position + 1 in the
 * record's mark (release). A record is complete when its mark is its own position + 1: what an
 * earlier lap left behind has another one. The consumer reads the mark (acquire), then the record,
 * then stores the position behind it in tail (release). Without space a record is dropped and
 * counted in lost_records; when the ring has been full and the tail the same for BE_RING_PATIENCE,
 * agents set stop themselves.
 *
 * A process that is killed while it writes leaves a gap: head is beyond, but the mark never comes.
 * The consumer then looks for the next complete record, BE_RING_ALIGN bytes at a time; it should
 * do so when the mark has not come for a second, and when the recording ends.
 *
 * Times are of CLOCK_MONOTONIC, in nanoseconds. Numbers have the machine's byte order.
 */
#ifndef BACKEDGE_RUNTIME_AGENT_RING_H
#define BACKEDGE_RUNTIME_AGENT_RING_H

#include <stdint.h>

#define BE_RING_MAGIC 0x474e495245474442ull /* "BDGERING" */
#define BE_RING_VARIABLE "BACKEDGE_AGENT_RING"
#define BE_RING_PATIENCE 10000000000ull /* nanoseconds */

enum {
  BE_RING_VERSION = 1,
  BE_RING_ALIGN = 64,          /* of every record: its position, and so its size */
  BE_RING_BRANCHES_MAX = 1024, /* of one burst */
  BE_RING_ENDS = 24,           /* room for enum be_burst_end */
};

enum be_ring_mode {
  BE_RING_BURSTS, /* samples: a burst of branches at each tick of a thread's CPU clock */
  BE_RING_EXACT,  /* every branch is counted, from the constructor on: BE_RECORD_EDGES at the end */
};

/* CPU is the one to use. WALL ticks are more frequent than the kernel's own (CONFIG_HZ), but they
   interrupt sleeping system calls: for tests. */
enum be_ring_clock { BE_RING_CPU, BE_RING_WALL };

struct be_ring {
  uint64_t magic;
  uint32_t version;
  uint32_t data_offset; /* in bytes, a multiple of the page size */
  uint64_t data_size;   /* in bytes, a power of two, at least 64 KiB */
  /* What to do; the recorder sets it before it starts the target. */
  uint32_t rate;     /* ticks per second of a thread's CPU time, at most */
  uint32_t branches; /* of a burst, 1 to BE_RING_BRANCHES_MAX */
  uint32_t budget;   /* the agent's share of CPU time, in millionths; 0: any */
  uint32_t mode;     /* enum be_ring_mode */
  uint32_t clock;    /* enum be_ring_clock */
  /* Not 0: the recorder has gone, or goes. Each thread takes its timer away at its next tick; then
     nothing of the agent runs any more. */
  uint32_t stop;
  uint64_t tail __attribute__((aligned(64))); /* the consumer's */
  uint64_t head __attribute__((aligned(64))); /* the producers' */
  uint64_t lost_records;                      /* for which there was no space */
};

enum be_record_kind {
  BE_RECORD_BURST = 1,
  BE_RECORD_PROCESS,    /* a program begins: of this pid, all that was known of mappings is void */
  BE_RECORD_FORK,       /* a child begins; it has its parent's mappings */
  BE_RECORD_MODULE,     /* a file, or "[vdso]", is mapped with leave to run it */
  BE_RECORD_THREAD,     /* a thread's name; when it is first seen, and when it has changed */
  BE_RECORD_STATISTICS, /* of this process so far: from time to time, and when it ends */
  BE_RECORD_EDGES,      /* of exact mode */
};

/* Begins every record. */
struct be_record {
  uint64_t mark; /* its position + 1 once it is complete */
  uint32_t size; /* in bytes, all of it, a multiple of BE_RING_ALIGN */
  uint32_t kind; /* enum be_record_kind */
  uint32_t pid, tid;
  uint64_t time;
};

/* Why a burst is over. */
enum be_burst_end {
  BE_END_FULL,    /* it has all its branches */
  BE_END_SYSCALL, /* a system call comes next */
  BE_END_PINNED,  /* an instruction that cannot run elsewhere, or is none */
  BE_END_TRAP,    /* int3, ud2, hlt */
  BE_END_FAR,     /* a far branch, or xbegin */
  BE_END_UNKNOWN, /* code in no known mapping, or in one that may be written or is no file's */
  BE_END_RSEQ,    /* a restartable sequence */
  BE_END_FAULT,   /* the target got a signal for what an instruction did */
  BE_END_BUSY,    /* no burst was begun: every code cache is in use */
  BE_END_STATE,   /* no burst was begun: a shadow stack, an unknown signal frame, or others'
                     handlers, set behind the agent's back */
  BE_END_MEMORY,  /* no burst was begun: there is no memory for a code cache */
};

struct be_branch {
  uint64_t from, to; /* from: the branch instruction's address, as in hardware branch records */
};

/* Taken branches, oldest first, each beginning where the one before it led: between to and the next
   from no branch was taken. ip is where the tick interrupted the thread: the burst ran from there.
   weight: the thread's CPU time since its last tick, in nanoseconds. */
struct be_record_burst {
  struct be_record record;
  uint64_t ip, end_ip;
  uint64_t weight;
  uint32_t count; /* of branches, may be 0 */
  uint32_t end;   /* enum be_burst_end */
  struct be_branch branches[];
};

struct be_record_process {
  struct be_record record;
  uint32_t parent;
  char name[20]; /* as of /proc/PID/comm */
  char path[];   /* of the program */
};

struct be_record_fork {
  struct be_record record; /* pid, tid: the child's */
  uint32_t parent, parent_tid;
};

struct be_record_module {
  struct be_record record;
  uint64_t address, length, offset; /* as mmap's */
  uint64_t inode;
  uint32_t major, minor;
  uint32_t build_id_size; /* in bytes, 0 when it is not known */
  uint8_t build_id[20];
  char path[];
};

struct be_record_thread {
  struct be_record record;
  char name[16];
};

/* Sums since the process began, over its threads. */
struct be_record_statistics {
  struct be_record record;
  uint64_t is_last;            /* 1: the process ends, or the agent was told to stop */
  uint64_t ticks;              /* signals of our timers */
  uint64_t branches;           /* in bursts */
  uint64_t ends[BE_RING_ENDS]; /* ticks by enum be_burst_end */
  uint64_t self_time;          /* in handlers, in nanoseconds, measured */
  uint64_t tick_cost;          /* of a signal's delivery and return, measured once; per tick */
  uint64_t cpu_time;           /* of the process, in nanoseconds */
  uint64_t interval;           /* between ticks, as governed last, in nanoseconds */
  uint64_t blocks;             /* copied */
  uint64_t flushes;            /* of a full code cache, or because mappings changed */
  uint64_t threads;            /* that have or had a timer */
  uint64_t instructions;       /* of exact mode, else 0 */
};

/* How often each branch was taken; more than one record when there are many. */
struct be_edge {
  uint64_t from, to, count;
};

struct be_record_edges {
  struct be_record record;
  uint64_t count; /* of edges */
  struct be_edge edges[];
};

#endif

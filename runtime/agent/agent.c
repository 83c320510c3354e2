/* agent.c - begins in a program that a recorder started, and in its forked children, and ends. */
#include "agent.h"
#include <pthread.h>
#include <stdlib.h>

struct be_agent be_agent;

enum { TICK_COST = 5000 /* nanoseconds; until it is measured */ };

static void read_file(const char *path, char *to, size_t size) {
  long fd = be_os_call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC);
  long got = fd < 0 ? 0 : be_os_call(SYS_read, fd, (long)to, (long)size - 1);
  if (fd >= 0)
    be_os_call(SYS_close, fd, 0, 0);
  to[got > 0 ? got : 0] = 0;
}

static void write_process(void) {
  struct {
    struct be_record_process head;
    char path[4096];
  } process;
  be_os_clear(&process.head, sizeof process.head);
  process.head.record.kind = BE_RECORD_PROCESS;
  process.head.parent = (uint32_t)be_os_call(SYS_getppid, 0, 0, 0);
  read_file("/proc/self/comm", process.head.name, sizeof process.head.name);
  for (char *at = process.head.name; *at; at++)
    if (*at == '\n')
      *at = 0;
  long length = be_syscall(SYS_readlinkat, AT_FDCWD, (long)"/proc/self/exe", (long)process.path,
                           sizeof process.path - 1, 0, 0);
  process.path[length > 0 ? length : 0] = 0;
  be_ring_write(&process.head.record,
                offsetof(struct be_record_process, path) + be_os_length(process.path) + 1,
                be_agent.pid);
}

/* In the child; its only thread is the one that forked. */
static void forked(void) {
  struct be_record_fork fork = {.record = {.kind = BE_RECORD_FORK}, .parent = be_agent.pid};
  be_agent.pid = (uint32_t)be_os_call(SYS_getpid, 0, 0, 0);
  be_os_clear(&be_agent.sum, sizeof be_agent.sum);
  for (uint32_t i = 0; i < be_agent.slot_count; i++) {
    be_agent.slots[i].cache = NULL; /* the child does not have it */
    be_agent.slots[i].straight = NULL;
    be_agent.slots[i].busy = 0;
    be_agent.slots[i].map.read_at = 0; /* may be half made */
    be_agent.slots[i].map.ranges = NULL;
    be_agent.slots[i].map.sequences = NULL;
    be_agent.slots[i].map.range_count = be_agent.slots[i].map.range_room = 0;
    be_agent.slots[i].map.sequence_count = be_agent.slots[i].map.sequence_room = 0;
  }
  be_signals_forked();
  fork.parent_tid = fork.parent;
  be_ring_write(&fork.record, sizeof fork, be_agent.pid);
  be_threads_forked();
}

static uint32_t count_slots(void) {
  uint64_t processors[16];
  uint32_t count = 0;
  long size = be_os_call(SYS_sched_getaffinity, 0, sizeof processors, (long)processors);
  for (long i = 0; i < size / 8; i++)
    count += (uint32_t)__builtin_popcountll(processors[i]);
  return count * 2 < 4 ? 4 : count * 2 > BE_SLOTS_MAX ? BE_SLOTS_MAX : count * 2;
}

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv(BE_RING_VARIABLE);
  be_signals_resolve();
  if (!path || !be_cpu_start() || !be_ring_open(path) || !be_threads_start() ||
      pthread_atfork(NULL, NULL, forked)) {
    be_agent.ring = NULL;
    return;
  }
  be_agent.pid = (uint32_t)be_os_call(SYS_getpid, 0, 0, 0);
  be_agent.slot_count = count_slots();
  be_agent.interval = 1000000000 / be_agent.ring->rate;
  be_agent.tick_cost = TICK_COST;
  be_agent.generation = 1;
  write_process();
  be_signals_start();
  struct be_thread *thread = be_thread_create();
  if (thread)
    be_thread_begin(thread);
}

__attribute__((destructor)) static void end(void) {
  if (be_agent.ring && !be_exact_is_on()) /* which looks at how a process ends by itself */
    be_statistics_write(true);
}

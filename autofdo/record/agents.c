/* agents.c - the agents in the command's processes as a source of samples: what comes through the
 * ring becomes records as the kernel writes them.
 */
#include "recorder.h"
#include "ring_reader.h"
#include "target.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
  RING_SIZE = 16 << 20,
  RATE = 100, /* ticks a second */
  BRANCHES = 64,
  BUDGET = 10000, /* millionths of CPU time */
  PRESENT_FIRST = 64
};

/* A process and what it said last of itself. */
struct process {
  uint32_t pid;
  bool is_used;
  struct be_record_statistics last;
};

struct be_agents {
  struct be_ring_reader reader;
  struct process *processes; /* open addressing by pid; entries stay */
  size_t size, count;
  struct be_record_statistics sums; /* of programs that have ended */
  char preload[8192];
  bool is_stopped;
};

/* ---- choosing ---------------------------------------------------------------------------------
 */

static uint32_t rate_of(const struct be_recording_options *options) {
  return options->frequency ? options->frequency : RATE;
}

int be_agents_choose(struct be_recorder *recorder, struct be_error *error) {
  const struct be_recording_options *options = recorder->options;
  char path[4096];
  if (!options->command || options->pid_count || options->all)
    return be_error_set(error, -EINVAL,
                        "the agent can be loaded only into a command that is started here");
  if (!options->agent)
    return be_error_set(error, -ENOENT, "the agent's library is not installed");
  if (strpbrk(options->agent, ": ")) /* there LD_PRELOAD would be cut */
    return be_error_set(error, -EINVAL, "'%s' has a space or a colon in its path", options->agent);
  if (be_command_find(options->command[0], path, sizeof path) == 0) {
    int status = be_target_check(path, error);
    if (status)
      return status;
  }
  recorder->event_name = "cpu-clock:u";
  recorder->attr =
      be_attr_make(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, rate_of(options), true);
  return 0;
}

/* ---- the ring ---------------------------------------------------------------------------------
 */

static void close_agents(struct be_recorder *recorder) {
  struct be_agents *agents = recorder->agents;
  if (!agents)
    return;
  be_ring_destroy(&agents->reader);
  free(agents->processes);
  free(agents);
  recorder->agents = NULL;
}

static int prepare(struct be_recorder *recorder, struct be_error *error) {
  const struct be_recording_options *options = recorder->options;
  struct be_agents *agents = recorder->agents = calloc(1, sizeof *agents);
  if (!agents)
    return be_error_set(error, -ENOMEM, "no memory for a ring");
  int status = be_ring_create(&agents->reader, RING_SIZE, error);
  if (status)
    return status;
  struct be_ring *ring = agents->reader.ring;
  ring->rate = rate_of(options);
  ring->branches = options->branches ? options->branches : BRANCHES;
  ring->budget = options->overhead > 0 ? (uint32_t)(options->overhead * 1e4) : BUDGET;
  ring->mode = BE_RING_BURSTS;
  ring->clock = BE_RING_CPU;
  const char *others = getenv("LD_PRELOAD");
  int len = snprintf(agents->preload, sizeof agents->preload, "%s%s%s", options->agent,
                     others && *others ? ":" : "", others ? others : "");
  if (len < 0 || (size_t)len >= sizeof agents->preload)
    return be_error_set(error, -EINVAL, "LD_PRELOAD is too long");
  const char *variables[] = {"LD_PRELOAD", agents->preload, BE_RING_VARIABLE, agents->reader.path,
                             NULL};
  memcpy(recorder->variables, variables, sizeof variables);
  return 0;
}

static int attach(struct be_recorder *recorder, struct be_error *error) { return 0; }

/* ---- statistics -------------------------------------------------------------------------------
 */

static struct process *slot_of(struct process *table, size_t size, uint32_t pid) {
  size_t at = (size_t)pid * 2654435769u & (size - 1);
  while (table[at].is_used && table[at].pid != pid)
    at = (at + 1) & (size - 1);
  return &table[at];
}

/* The entry of a process, made where there is none; NULL when there is no memory. */
static struct process *process_of(struct be_agents *agents, uint32_t pid) {
  if (2 * agents->count >= agents->size) {
    size_t size = agents->size ? 2 * agents->size : PRESENT_FIRST;
    struct process *table = calloc(size, sizeof *table);
    if (!table)
      return NULL;
    for (size_t i = 0; i < agents->size; i++)
      if (agents->processes[i].is_used)
        *slot_of(table, size, agents->processes[i].pid) = agents->processes[i];
    free(agents->processes);
    agents->processes = table;
    agents->size = size;
  }
  struct process *process = slot_of(agents->processes, agents->size, pid);
  agents->count += !process->is_used;
  process->is_used = true;
  process->pid = pid;
  return process;
}

static void add_up(struct be_record_statistics *sums, const struct be_record_statistics *more) {
  sums->ticks += more->ticks;
  sums->self_time += more->self_time + more->ticks * more->tick_cost;
  sums->cpu_time += more->cpu_time;
  for (int i = 0; i < BE_RING_ENDS; i++)
    sums->ends[i] += more->ends[i];
}

/* Its program has ended, or another one begins. */
static void retire(struct be_agents *agents, struct process *process) {
  add_up(&agents->sums, &process->last);
  memset(&process->last, 0, sizeof process->last);
}

static void sum_up(const struct be_agents *agents, struct be_recording_stats *stats) {
  struct be_record_statistics sums = agents->sums;
  for (size_t i = 0; i < agents->size; i++)
    add_up(&sums, &agents->processes[i].last);
  stats->processes = agents->count;
  stats->ticks = sums.ticks;
  stats->target_cost = 1e-9 * (double)sums.self_time;
  stats->target_cpu = 1e-9 * (double)sums.cpu_time;
  stats->cut_syscall = sums.ends[BE_END_SYSCALL];
  stats->cut_code = stats->not_begun = 0;
  for (int i = BE_END_PINNED; i < BE_RING_ENDS; i++)
    *(i < BE_END_BUSY ? &stats->cut_code : &stats->not_begun) += sums.ends[i];
}

/* ---- records ----------------------------------------------------------------------------------
 */

static struct be_thread_at at_of(const struct be_record *record) {
  return (struct be_thread_at){record->pid, record->tid, record->time};
}

/* The text at the end of a record; NULL when it has no end. */
static const char *text_of(const struct be_record *record, size_t offset) {
  const char *text = (const char *)record + offset;
  return record->size > offset && memchr(text, '\0', record->size - offset) ? text : NULL;
}

/* The stack of a sample is newest first, and it is taken where the last branch led to, or later. */
static int put_burst(struct be_recorder *recorder, const struct be_record *record,
                     struct be_error *error) {
  const struct be_record_burst *burst = (const struct be_record_burst *)record;
  uint64_t stack[BE_RING_BRANCHES_MAX][2];
  struct be_thread_at at = at_of(record);
  uint32_t count = burst->count;
  if (record->size < sizeof *burst || count > BE_RING_BRANCHES_MAX ||
      count > (record->size - sizeof *burst) / sizeof *burst->branches)
    return 0;
  for (uint32_t i = 0; i < count; i++) {
    stack[count - 1 - i][0] = burst->branches[i].from;
    stack[count - 1 - i][1] = burst->branches[i].to;
  }
  return be_writer_sample(&recorder->writer, &at, count ? burst->end_ip : burst->ip, burst->weight,
                          stack, count, error);
}

static int put_module(struct be_recorder *recorder, const struct be_record *record,
                      struct be_error *error) {
  const struct be_record_module *module = (const struct be_record_module *)record;
  const char *path = text_of(record, sizeof *module);
  struct be_thread_at at = at_of(record);
  if (!path)
    return 0;
  struct be_mapped mapped = {.address = module->address,
                             .size = module->length,
                             .offset = module->offset,
                             .inode = module->inode,
                             .major = module->major,
                             .minor = module->minor,
                             .protection = PROT_READ | PROT_EXEC,
                             .flags = MAP_PRIVATE,
                             .path = path};
  return be_modules_note(&recorder->writer.modules, record->pid, path, module->build_id,
                         module->build_id_size)
             ? be_error_set(error, -ENOMEM, "no memory for the names of mapped files")
             : be_writer_mapped(&recorder->writer, &at, &mapped, error);
}

static int put_process(struct be_recorder *recorder, const struct be_record *record,
                       struct be_error *error) {
  const struct be_record_process *begun = (const struct be_record_process *)record;
  struct be_thread_at at = at_of(record);
  struct process *process = process_of(recorder->agents, record->pid);
  char name[sizeof begun->name + 1] = "";
  if (!process)
    return be_error_set(error, -ENOMEM, "no memory for process %u", record->pid);
  retire(recorder->agents, process);
  if (record->size < sizeof *begun)
    return 0;
  memcpy(name, begun->name, sizeof begun->name);
  return be_writer_comm(&recorder->writer, &at, name, true, error);
}

static int put_fork(struct be_recorder *recorder, const struct be_record *record,
                    struct be_error *error) {
  const struct be_record_fork *fork = (const struct be_record_fork *)record;
  struct be_thread_at at = at_of(record);
  if (!process_of(recorder->agents, record->pid))
    return be_error_set(error, -ENOMEM, "no memory for process %u", record->pid);
  return be_writer_fork(&recorder->writer, &at, fork->parent, fork->parent_tid, error);
}

static int put_thread(struct be_recorder *recorder, const struct be_record *record,
                      struct be_error *error) {
  const struct be_record_thread *thread = (const struct be_record_thread *)record;
  struct be_thread_at at = at_of(record);
  char name[sizeof thread->name + 1] = "";
  memcpy(name, thread->name, sizeof thread->name);
  return be_writer_comm(&recorder->writer, &at, name, false, error);
}

static int note_statistics(struct be_recorder *recorder, const struct be_record *record,
                           struct be_error *error) {
  struct process *process = process_of(recorder->agents, record->pid);
  if (!process)
    return be_error_set(error, -ENOMEM, "no memory for process %u", record->pid);
  if (record->size >= sizeof process->last)
    memcpy(&process->last, record, sizeof process->last);
  return 0;
}

static int put_record(struct be_recorder *recorder, const struct be_record *record,
                      struct be_error *error) {
  switch (record->kind) {
  case BE_RECORD_BURST:
    return put_burst(recorder, record, error);
  case BE_RECORD_PROCESS:
    return put_process(recorder, record, error);
  case BE_RECORD_FORK:
    return put_fork(recorder, record, error);
  case BE_RECORD_MODULE:
    return put_module(recorder, record, error);
  case BE_RECORD_THREAD:
    return put_thread(recorder, record, error);
  case BE_RECORD_STATISTICS:
    return note_statistics(recorder, record, error);
  default:
    return 0;
  }
}

static int drain(struct be_recorder *recorder, struct be_error *error) {
  struct be_agents *agents = recorder->agents;
  const struct be_record *record;
  bool has_any = false;
  int status = 0;
  while (!status && (record = be_ring_next(&agents->reader, agents->is_stopped))) {
    status = put_record(recorder, record, error);
    be_ring_release(&agents->reader, record);
    has_any = true;
  }
  recorder->writer.lost =
      __atomic_load_n(&agents->reader.ring->lost_records, __ATOMIC_RELAXED) + agents->reader.gaps;
  sum_up(agents, recorder->stats);
  return status || !has_any ? status : be_writer_round(&recorder->writer, error);
}

static bool wait_for_more(struct be_recorder *recorder, int milliseconds) {
  poll(NULL, 0, milliseconds);
  return true;
}

/* Agents that still run take their timers away at their next tick. */
static void stop(struct be_recorder *recorder) {
  __atomic_store_n(&recorder->agents->reader.ring->stop, 1, __ATOMIC_RELEASE);
  recorder->agents->is_stopped = true;
}

const struct be_source_calls be_source_agents = {prepare,       attach, drain,
                                                 wait_for_more, stop,   close_agents};

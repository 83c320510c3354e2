/* run.c - runs a command with the agent in it, and writes down what came out of the ring.
 *
 * usage: agent-run [-r RATE] [-n BRANCHES] [-b BUDGET] [-w] [-x] [-s MEGABYTES] [-t MILLISECONDS]
 * [-d] [-o OUT] AGENT COMMAND...
 *
 * -w: ticks of the wall clock; -x: exact mode; -s: the ring's size. OUT gets a line for each
 * record, a burst as "burst PID TID IP END END_IP FROM>TO ..." and an exact count as
 * "edge PID FROM>TO COUNT"; statistics come on stderr, summed over all processes. -t: then the
 * agent is told to stop; -d: nothing is read before the end. The exit status is the command's, or
 * 128 and the signal that ended it.
 */
#include "agent/ring.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DATA_OFFSET = 4096, PROCESSES_MAX = 1 << 16, PAUSE = 2000 /* microseconds */ };

static const char *const end_names[BE_RING_ENDS] = {
    [BE_END_FULL] = "full",   [BE_END_SYSCALL] = "syscall", [BE_END_PINNED] = "pinned",
    [BE_END_TRAP] = "trap",   [BE_END_FAR] = "far",         [BE_END_UNKNOWN] = "unknown",
    [BE_END_RSEQ] = "rseq",   [BE_END_FAULT] = "fault",     [BE_END_BUSY] = "busy",
    [BE_END_STATE] = "state", [BE_END_MEMORY] = "memory"};

static struct be_ring *ring;
static uint8_t *data;
static FILE *out;
static struct be_record_statistics sum;
static struct {
  uint32_t pid;
  struct be_record_statistics last;
} processes[PROCESSES_MAX];
static unsigned process_count;
static uint64_t records, gaps, stop_after;
static int is_deaf;

static _Noreturn void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(125);
}

static void make_ring(const char *path, uint64_t size) {
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0 || ftruncate(fd, (off_t)(DATA_OFFSET + size)))
    die("cannot make '%s': %s", path, strerror(errno));
  uint8_t *all = mmap(NULL, DATA_OFFSET + 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED ||
      mmap(all, DATA_OFFSET + size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) ==
          MAP_FAILED ||
      mmap(all + DATA_OFFSET + size, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
           DATA_OFFSET) == MAP_FAILED)
    die("cannot map '%s': %s", path, strerror(errno));
  close(fd);
  ring = (struct be_ring *)all;
  data = all + DATA_OFFSET;
  ring->magic = BE_RING_MAGIC;
  ring->version = BE_RING_VERSION;
  ring->data_offset = DATA_OFFSET;
  ring->data_size = size;
}

static void add_statistics(const struct be_record_statistics *last) {
  sum.ticks += last->ticks;
  sum.branches += last->branches;
  for (unsigned i = 0; i < BE_RING_ENDS; i++)
    sum.ends[i] += last->ends[i];
  sum.self_time += last->self_time;
  sum.tick_cost = last->tick_cost;
  sum.cpu_time += last->cpu_time;
  sum.interval = last->interval;
  sum.blocks += last->blocks;
  sum.flushes += last->flushes;
  sum.threads += last->threads;
  sum.instructions += last->instructions;
}

/* Of each process the last is kept; a new program in it begins anew. */
static void take_statistics(const struct be_record_statistics *record) {
  unsigned i = 0;
  while (i < process_count && processes[i].pid != record->record.pid)
    i++;
  if (i == PROCESSES_MAX)
    die("more than %d processes", PROCESSES_MAX);
  if (i == process_count)
    processes[process_count++].pid = record->record.pid;
  else if (record->cpu_time < processes[i].last.cpu_time || record->ticks < processes[i].last.ticks)
    add_statistics(&processes[i].last);
  processes[i].last = *record;
}

static void write_burst(const struct be_record_burst *burst) {
  fprintf(out, "burst %u %u %" PRIx64 " %s %" PRIx64, burst->record.pid, burst->record.tid,
          burst->ip, end_names[burst->end], burst->end_ip);
  for (uint32_t i = 0; i < burst->count; i++)
    fprintf(out, " %" PRIx64 ">%" PRIx64, burst->branches[i].from, burst->branches[i].to);
  fputc('\n', out);
}

static void write_edges(const struct be_record_edges *edges) {
  for (uint64_t i = 0; i < edges->count; i++)
    fprintf(out, "edge %u %" PRIx64 ">%" PRIx64 " %" PRIu64 "\n", edges->record.pid,
            edges->edges[i].from, edges->edges[i].to, edges->edges[i].count);
}

static void write_record(const struct be_record *record) {
  const struct be_record_module *module = (const struct be_record_module *)record;
  const struct be_record_process *process = (const struct be_record_process *)record;
  switch (record->kind) {
  case BE_RECORD_BURST:
    write_burst((const struct be_record_burst *)record);
    break;
  case BE_RECORD_EDGES:
    write_edges((const struct be_record_edges *)record);
    break;
  case BE_RECORD_PROCESS:
    fprintf(out, "process %u %u %s %s\n", record->pid, process->parent, process->name,
            process->path);
    break;
  case BE_RECORD_FORK:
    fprintf(out, "fork %u %u\n", record->pid, ((const struct be_record_fork *)record)->parent);
    break;
  case BE_RECORD_MODULE:
    fprintf(out, "module %u %" PRIx64 " %" PRIx64 " %" PRIx64 " %s\n", record->pid, module->address,
            module->length, module->offset, module->path);
    break;
  case BE_RECORD_THREAD:
    fprintf(out, "thread %u %u %.16s\n", record->pid, record->tid,
            ((const struct be_record_thread *)record)->name);
    break;
  default:
    break;
  }
}

/* Takes what is complete. Returns whether it took all. */
static int drain(void) {
  for (;;) {
    uint64_t tail = ring->tail;
    if (tail == __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE))
      return 1;
    const struct be_record *record =
        (const struct be_record *)(data + (tail & (ring->data_size - 1)));
    if (__atomic_load_n(&record->mark, __ATOMIC_ACQUIRE) != tail + 1)
      return 0;
    records++;
    if (record->kind == BE_RECORD_STATISTICS)
      take_statistics((const struct be_record_statistics *)record);
    else if (out)
      write_record(record);
    __atomic_store_n(&ring->tail, tail + record->size, __ATOMIC_RELEASE);
  }
}

/* Over what a killed process left behind. */
static void finish(void) {
  while (!drain()) {
    gaps++;
    ring->tail += BE_RING_ALIGN;
  }
  for (unsigned i = 0; i < process_count; i++)
    add_statistics(&processes[i].last);
}

static void write_statistics(void) {
  double self = (double)sum.self_time / 1e9, cost = (double)(sum.ticks * sum.tick_cost) / 1e9;
  double cpu = (double)sum.cpu_time / 1e9;
  fprintf(stderr,
          "ticks %" PRIu64 ", branches %" PRIu64
          ", cpu %.3f s, self %.6f s, signals %.6f s (%" PRIu64
          " ns each), share %.4f %%, interval %" PRIu64 " ns, blocks %" PRIu64 ", flushes %" PRIu64
          ", threads %" PRIu64 ", instructions %" PRIu64 ", records %" PRIu64 ", lost %" PRIu64
          ", gaps %" PRIu64 "\nends",
          sum.ticks, sum.branches, cpu, self, cost, sum.tick_cost,
          cpu > 0 ? 100 * (self + cost) / cpu : 0, sum.interval, sum.blocks, sum.flushes,
          sum.threads, sum.instructions, records, ring->lost_records, gaps);
  for (unsigned i = 0; i < BE_RING_ENDS; i++)
    if (sum.ends[i])
      fprintf(stderr, ", %s %" PRIu64, end_names[i] ? end_names[i] : "?", sum.ends[i]);
  fputc('\n', stderr);
}

static int run(char **command, const char *agent, const char *path) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    setenv("LD_PRELOAD", agent, 1);
    setenv(BE_RING_VARIABLE, path, 1);
    execvp(command[0], command);
    _exit(127);
  }
  if (pid < 0)
    die("cannot fork");
  for (uint64_t time = 0; waitpid(pid, &status, WNOHANG) == 0; time += PAUSE) {
    if (!is_deaf)
      drain();
    if (stop_after && time >= stop_after)
      ring->stop = 1;
    usleep(PAUSE);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv) {
  uint64_t size = 16 << 20;
  uint32_t rate = 100, branches = 64, budget = 10000, mode = BE_RING_BURSTS, clock = BE_RING_CPU;
  char path[] = "/tmp/agent-run-XXXXXX";
  int option;
  while ((option = getopt(argc, argv, "+r:n:b:wxs:t:do:")) != -1) {
    switch (option) {
    case 'r':
      rate = (uint32_t)atoi(optarg);
      break;
    case 'n':
      branches = (uint32_t)atoi(optarg);
      break;
    case 'b':
      budget = (uint32_t)atoi(optarg);
      break;
    case 'w':
      clock = BE_RING_WALL;
      break;
    case 'x':
      mode = BE_RING_EXACT;
      break;
    case 's':
      size = (uint64_t)atoi(optarg) << 20;
      break;
    case 't':
      stop_after = (uint64_t)atoi(optarg) * 1000;
      break;
    case 'd':
      is_deaf = 1;
      break;
    case 'o':
      out = fopen(optarg, "w");
      break;
    default:
      return 125;
    }
  }
  if (argc - optind < 2)
    die("usage: %s [OPTION...] AGENT COMMAND...", argv[0]);
  int fd = mkstemp(path);
  if (fd < 0)
    die("cannot make '%s'", path);
  close(fd);
  make_ring(path, size);
  ring->rate = rate;
  ring->branches = branches;
  ring->budget = budget;
  ring->mode = mode;
  ring->clock = clock;
  int status = run(argv + optind + 1, argv[optind], path);
  unlink(path);
  finish();
  write_statistics();
  if (out)
    fclose(out);
  return status;
}

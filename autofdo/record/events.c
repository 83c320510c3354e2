/* events.c - the kernel's events as a source of samples: opened, and their rings read, by libperf.
 */
#include "recorder.h"
#include <errno.h>
#include <perf/core.h>
#include <perf/cpumap.h>
#include <perf/evlist.h>
#include <perf/evsel.h>
#include <perf/mmap.h>
#include <perf/threadmap.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>

/* A ring's pages: as many as perf's, and as the kernel lets any user have. */
enum { RING_PAGES = 128 };

struct be_events {
  struct perf_evlist *list; /* of one event */
  struct perf_cpu_map *cpus;
  struct perf_thread_map *threads;
  bool is_mapped, is_stopped;
};

static int say_nothing(enum libperf_print_level level, const char *format, va_list list) {
  return 0;
}

/* ---- which event ------------------------------------------------------------------------------
 */

/* What is tried, in this order. A branch event of AMD's that has to have a fixed period stands
 * behind the one by frequency: its early branch sampling (BRS) takes no other. */
struct candidate {
  enum be_source source;
  uint32_t type;
  uint64_t config;
  uint32_t precise;
  uint64_t period; /* 0: by frequency */
  const char *name;
};

enum { AMD_TAKEN_BRANCHES = 0xc4, AMD_PERIOD = 1000037 };

static const struct candidate candidates[] = {
    {BE_SOURCE_BRANCH, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 0, 0, "cycles:u"},
    {BE_SOURCE_BRANCH, PERF_TYPE_RAW, AMD_TAKEN_BRANCHES, 0, AMD_PERIOD, "branch-brs:u"},
    {BE_SOURCE_IP, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 2, 0, "cycles:upp"},
    {BE_SOURCE_IP, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 0, 0, "cycles:u"},
    {BE_SOURCE_IP, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, 0, 0, "cpu-clock:u"},
};

/* No more than the kernel takes: it lowers the limit itself when interrupts take long. */
static uint64_t frequency_of(const struct be_recording_options *options) {
  enum { DEFAULT = 1000 };
  uint64_t wanted = options->frequency ? options->frequency : DEFAULT;
  long limit = be_setting_read("/proc/sys/kernel/perf_event_max_sample_rate", 0);
  return limit > 0 && (uint64_t)limit < wanted ? (uint64_t)limit : wanted;
}

static struct perf_event_attr attr_of(const struct candidate *candidate,
                                      const struct be_recording_options *options) {
  struct perf_event_attr attr =
      be_attr_make(candidate->type, candidate->config, frequency_of(options),
                   candidate->source == BE_SOURCE_BRANCH);
  attr.inherit = !options->all;
  attr.enable_on_exec = options->command && !options->pid_count && !options->all;
  attr.precise_ip = candidate->precise;
  if (candidate->period) {
    attr.freq = 0;
    attr.sample_period = candidate->period;
  }
  return attr;
}

/* Opens it for this process, or for all of them, and closes it again. */
static int try_open(struct perf_event_attr *attr, bool is_all) {
  pid_t self = 0;
  struct perf_evsel *event = perf_evsel__new(attr);
  struct perf_cpu_map *cpus = is_all ? perf_cpu_map__new(NULL) : perf_cpu_map__dummy_new();
  struct perf_thread_map *threads =
      is_all ? perf_thread_map__new_dummy() : perf_thread_map__new_array(1, &self);
  int status = event && cpus && threads ? perf_evsel__open(event, cpus, threads) : -ENOMEM;
  if (!status)
    perf_evsel__close(event);
  perf_thread_map__put(threads);
  perf_cpu_map__put(cpus);
  perf_evsel__delete(event);
  return status;
}

int be_events_choose(struct be_recorder *recorder, enum be_source source, struct be_error *error) {
  int first = 0;
  libperf_init(say_nothing);
  for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
    if (candidates[i].source != source)
      continue;
    struct perf_event_attr attr = attr_of(&candidates[i], recorder->options);
    int status = try_open(&attr, recorder->options->all);
    if (!status) {
      recorder->attr = attr;
      recorder->event_name = candidates[i].name;
      return 0;
    }
    if (!first || status == -EACCES || status == -EPERM) /* that can be helped */
      first = status;
  }
  struct be_attempt attempt = {.is_branch = source == BE_SOURCE_BRANCH,
                               .is_all = recorder->options->all};
  return be_advice(&attempt, -first, error);
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static void close_events(struct be_recorder *recorder) {
  struct be_events *events = recorder->events;
  if (!events)
    return;
  if (events->is_mapped)
    perf_evlist__munmap(events->list);
  if (events->list) {
    perf_evlist__close(events->list);
    perf_evlist__delete(events->list);
  }
  perf_cpu_map__put(events->cpus);
  perf_thread_map__put(events->threads);
  free(events);
  recorder->events = NULL;
}

static int prepare(struct be_recorder *recorder, struct be_error *error) { return 0; }

/* The threads to watch. */
static int find_threads(struct be_recorder *recorder, struct perf_thread_map **threads,
                        struct be_error *error) {
  const struct be_recording_options *options = recorder->options;
  struct be_pids found = {0};
  int status = 0;
  for (size_t i = 0; i < options->pid_count && !status; i++) {
    status = be_process_threads(&found, options->pids[i]);
    if (status)
      be_error_set(error, status, "there is no process %d", options->pids[i]);
  }
  if (!status && options->all)
    *threads = perf_thread_map__new_dummy();
  else if (!status && options->pid_count)
    *threads = perf_thread_map__new_array((int)found.count, found.at);
  else if (!status)
    *threads = perf_thread_map__new_array(1, &recorder->command.pid);
  free(found.at);
  return status;
}

/* One event for each thread and processor. */
static void allow_many_files(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

static int open_events(struct be_recorder *recorder, struct be_error *error) {
  struct be_events *events = recorder->events = calloc(1, sizeof *events);
  if (!events)
    return be_error_set(error, -ENOMEM, "no memory for events");
  int status = find_threads(recorder, &events->threads, error);
  if (status)
    return status;
  events->list = perf_evlist__new();
  events->cpus = perf_cpu_map__new(NULL);
  struct perf_evsel *event = perf_evsel__new(&recorder->attr);
  if (!event || !events->list || !events->cpus || !events->threads) {
    perf_evsel__delete(event);
    return be_error_set(error, -ENOMEM, "no memory for events");
  }
  perf_evlist__add(events->list, event);
  perf_evlist__set_maps(events->list, events->cpus, events->threads);
  struct be_attempt attempt = {.is_branch = recorder->attr.branch_sample_type != 0,
                               .is_all = recorder->options->all};
  attempt.descriptors =
      (size_t)perf_thread_map__nr(events->threads) * (size_t)perf_cpu_map__nr(events->cpus);
  status = perf_evlist__open(events->list);
  if (status)
    return be_advice(&attempt, -status, error);
  attempt.is_mapping = true;
  if (perf_evlist__mmap(events->list, RING_PAGES))
    return be_advice(&attempt, errno, error);
  events->is_mapped = true;
  return 0;
}

/* What is there already; then events that were not to wait for exec begin. */
static int write_present(struct be_recorder *recorder, struct be_error *error) {
  const struct be_recording_options *options = recorder->options;
  int status = options->all ? be_processes_write_all(&recorder->writer, error) : 0;
  for (size_t i = 0; i < options->pid_count && !status && !options->all; i++)
    status = be_process_write(&recorder->writer, (uint32_t)options->pids[i], error);
  if (!status && !recorder->attr.enable_on_exec)
    perf_evlist__enable(recorder->events->list);
  return status;
}

/* Threads may end between the look into /proc and the opening: once more, then. */
static int attach(struct be_recorder *recorder, struct be_error *error) {
  enum { ATTEMPTS = 8 };
  int status = -ESRCH;
  allow_many_files();
  for (int i = 0; i < ATTEMPTS && status == -ESRCH; i++) {
    close_events(recorder);
    status = open_events(recorder, error);
  }
  return status ? status : write_present(recorder, error);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static int drain_ring(struct be_recorder *recorder, struct perf_mmap *ring, bool *has_any,
                      struct be_error *error) {
  union perf_event *event;
  int status = 0;
  if (perf_mmap__read_init(ring))
    return 0;
  while (!status && (event = perf_mmap__read_event(ring))) {
    status = be_writer_put(&recorder->writer, event, error);
    perf_mmap__consume(ring);
    *has_any = true;
  }
  perf_mmap__read_done(ring);
  return status;
}

static int drain(struct be_recorder *recorder, struct be_error *error) {
  struct perf_evlist *list = recorder->events->list;
  bool has_any = false;
  int status = 0;
  for (struct perf_mmap *ring = perf_evlist__next_mmap(list, NULL, false); ring && !status;
       ring = perf_evlist__next_mmap(list, ring, false))
    status = drain_ring(recorder, ring, &has_any, error);
  return status || !has_any ? status : be_writer_round(&recorder->writer, error);
}

static bool wait_for_more(struct be_recorder *recorder, int milliseconds) {
  struct be_events *events = recorder->events;
  if (events->is_stopped) {
    poll(NULL, 0, milliseconds);
    return true;
  }
  perf_evlist__poll(events->list, milliseconds);
  return perf_evlist__filter_pollfd(events->list, POLLERR | POLLHUP) > 0;
}

static void stop(struct be_recorder *recorder) {
  perf_evlist__disable(recorder->events->list);
  recorder->events->is_stopped = true;
}

const struct be_source_calls be_source_events = {prepare,       attach, drain,
                                                 wait_for_more, stop,   close_events};

/* choose.c - which source of samples: the best that this machine and the target allow, or the one
 * that was asked for.
 */
#include "recorder.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct perf_event_attr be_attr_make(uint32_t type, uint64_t config, uint64_t frequency,
                                    bool has_branches) {
  struct perf_event_attr attr = {
      .type = type,
      .size = PERF_ATTR_SIZE_VER5,
      .config = config,
      .sample_freq = frequency,
      .freq = 1,
      .sample_type = BE_SAMPLE_FIELDS,
      .disabled = 1,
      .inherit = 1,
      .exclude_kernel = 1,
      .exclude_hv = 1,
      .mmap = 1,
      .mmap2 = 1,
      .comm = 1,
      .comm_exec = 1,
      .task = 1,
      .sample_id_all = 1,
      .use_clockid = 1, /* the same for the kernel and the agent */
      .clockid = CLOCK_MONOTONIC,
  };
  if (has_branches) {
    attr.sample_type |= PERF_SAMPLE_BRANCH_STACK;
    attr.branch_sample_type = PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_ANY;
  }
  return attr;
}

static int choose_events(struct be_recorder *recorder, enum be_source source,
                         struct be_error *error) {
  int status = be_events_choose(recorder, source, error);
  if (status)
    return status;
  recorder->stats->source = source;
  return 0;
}

static int choose_agents(struct be_recorder *recorder, struct be_error *error) {
  int status = be_agents_choose(recorder, error);
  if (status)
    return status;
  recorder->stats->source = BE_SOURCE_SOFT;
  return 0;
}

/* What it is, at which rate. */
static void say_source(const struct be_recorder *recorder, char *text, size_t size) {
  static const char *const names[] = {[BE_SOURCE_BRANCH] = "branch stacks of the processor",
                                      [BE_SOURCE_SOFT] = "software branch stacks",
                                      [BE_SOURCE_IP] = "addresses without branches"};
  int len = snprintf(text, size, "%s, %s", names[recorder->stats->source], recorder->event_name);
  if (recorder->attr.freq)
    snprintf(text + len, size - (size_t)len, " at %llu Hz",
             (unsigned long long)recorder->attr.sample_freq);
}

static int choose_asked(struct be_recorder *recorder, char *sentence, size_t size,
                        struct be_error *error) {
  enum be_source asked = recorder->options->source;
  int status = asked == BE_SOURCE_SOFT ? choose_agents(recorder, error)
                                       : choose_events(recorder, asked, error);
  if (status)
    return status;
  say_source(recorder, sentence, size);
  size_t len = strlen(sentence);
  snprintf(sentence + len, size - len, ", as asked for");
  return 0;
}

/* The first that is possible. */
static int choose_best(struct be_recorder *recorder, char *sentence, size_t size,
                       struct be_error *error) {
  struct be_error branch, soft, ip;
  if (choose_events(recorder, BE_SOURCE_BRANCH, &branch) == 0) {
    say_source(recorder, sentence, size);
    return 0;
  }
  if (choose_agents(recorder, &soft)) {
    int status = choose_events(recorder, BE_SOURCE_IP, &ip);
    if (status)
      return be_error_set(error, status, "nothing can be recorded here: %.450s", ip.text);
  }
  say_source(recorder, sentence, size);
  size_t len = strlen(sentence);
  len += (size_t)snprintf(sentence + len, size - len, "; no branch stacks of the processor: %s",
                          branch.text);
  if (recorder->stats->source == BE_SOURCE_IP && len < size)
    snprintf(sentence + len, size - len, "; no software ones: %s", soft.text);
  return 0;
}

const struct be_source_calls *be_source_choose(struct be_recorder *recorder, char *sentence,
                                               size_t size, struct be_error *error) {
  int status = recorder->options->source == BE_SOURCE_AUTO
                   ? choose_best(recorder, sentence, size, error)
                   : choose_asked(recorder, sentence, size, error);
  if (status)
    return NULL;
  return recorder->stats->source == BE_SOURCE_SOFT ? &be_source_agents : &be_source_events;
}

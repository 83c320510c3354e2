/* choose.c - which source of samples: the best that this machine and the target allow, or the one
 * that was asked for.
 */
#include "recorder.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int choose_events(struct be_recorder *recorder, enum be_source source,
                         struct be_error *error) {
  int status = be_events_choose(recorder, source, error);
  if (status)
    return status;
  recorder->source = &be_source_events;
  recorder->stats->source = source;
  return 0;
}

static int choose_agents(struct be_recorder *recorder, struct be_error *error) {
  int status = be_agents_choose(recorder, error);
  if (status)
    return status;
  recorder->source = &be_source_agents;
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

int be_source_choose(struct be_recorder *recorder, char *sentence, size_t size,
                     struct be_error *error) {
  struct be_error branch, soft, ip;
  if (recorder->options->source != BE_SOURCE_AUTO)
    return choose_asked(recorder, sentence, size, error);
  if (choose_events(recorder, BE_SOURCE_BRANCH, &branch) == 0) {
    say_source(recorder, sentence, size);
    return 0;
  }
  int status = choose_agents(recorder, &soft);
  if (status) {
    status = choose_events(recorder, BE_SOURCE_IP, &ip);
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

/* record.c - a recording from its beginning to its end.
 *
 *     choose a source, open the file, make the command's process   (nothing runs yet)
 *     attach the source, let the command run
 *     drain what came, wait for more                               (until the command ends)
 *     stop the source, drain, write the end of the file
 */
#include "recorder.h"
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { PERIOD = 100 }; /* milliseconds between looks */

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void update(struct be_recorder *recorder, double begin) {
  const struct be_writer *writer = &recorder->writer;
  struct be_recording_stats *stats = recorder->stats;
  struct rusage own;
  getrusage(RUSAGE_SELF, &own);
  stats->samples = writer->samples;
  stats->branches = writer->branches;
  stats->bytes = writer->size;
  stats->lost = writer->lost;
  stats->throttled = writer->throttled;
  stats->seconds = now() - begin;
  stats->own_cpu = (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) +
                   1e-6 * (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec);
  stats->command_cpu = recorder->attr.enable_on_exec ? recorder->command.cpu_seconds : 0;
}

/* ---- the parts --------------------------------------------------------------------------------
 */

/* All that can fail before anything runs. */
static int begin(struct be_recorder *recorder, struct be_error *error) {
  const struct be_recording_options *options = recorder->options;
  char sentence[1200], path[4096];
  int status = 0;
  if (options->command)
    status = be_command_find(options->command[0], path, sizeof path);
  recorder->stats->is_not_run = status != 0;
  if (status) {
    be_error_set(error, status, "cannot run '%s': %s", options->command[0], strerror(-status));
    return status;
  }
  recorder->source = be_source_choose(recorder, sentence, sizeof sentence, error);
  if (!recorder->source)
    return -ENODEV;
  recorder->stats->frequency = recorder->attr.freq ? (uint32_t)recorder->attr.sample_freq : 0;
  if (options->chosen)
    options->chosen(options->user, sentence);
  return recorder->source->prepare(recorder, error);
}

static int start(struct be_recorder *recorder, struct be_error *error) {
  const struct be_recording_options *options = recorder->options;
  const char *const *variables = recorder->variables[0] ? recorder->variables : NULL;
  int status = 0;
  if (options->command)
    status = be_command_fork(&recorder->command, options->command, variables,
                             recorder->writer.is_pipe, error);
  if (!status)
    status = recorder->source->attach(recorder, error);
  if (!status && options->command) {
    status = be_command_run(&recorder->command, options->command[0], error);
    recorder->stats->is_not_run = status != 0;
  }
  return status;
}

/* Until the command ends, or nothing more can come. When the file cannot be written any more the
 * command still runs to its end. */
static int watch(struct be_recorder *recorder, double begin, struct be_error *error) {
  int status = 0;
  for (bool is_over = false; !is_over;) {
    is_over = be_command_poll(&recorder->command);
    if (!status && (status = recorder->source->drain(recorder, error))) {
      recorder->source->stop(recorder);
      is_over |= !recorder->command.pid;
    }
    update(recorder, begin);
    if (recorder->options->progress)
      recorder->options->progress(recorder->options->user, recorder->stats);
    if (!is_over && !recorder->source->wait(recorder, PERIOD)) {
      is_over = true;
      be_command_end(&recorder->command, recorder->attr.enable_on_exec);
    }
  }
  return status;
}

static int finish(struct be_recorder *recorder, int status, struct be_error *error) {
  struct be_error later;
  struct be_machine machine = {recorder->event_name, recorder->options->version};
  if (!status) {
    recorder->source->stop(recorder);
    status = recorder->source->drain(recorder, error);
  }
  int closed = be_writer_close(&recorder->writer, &machine, status ? &later : error);
  return status ? status : closed;
}

static void note_command(struct be_recorder *recorder) {
  const struct be_command *command = &recorder->command;
  recorder->stats->has_status = command->has_ended && !command->is_stopped;
  recorder->stats->status = command->status;
}

int be_recording_run(const struct be_recording_options *options, struct be_recording_stats *stats,
                     struct be_error *error) {
  struct be_recorder recorder = {.options = options, .stats = stats};
  *stats = (struct be_recording_stats){0};
  int status = begin(&recorder, error);
  be_signals_take();
  if (!status)
    status = be_writer_open(&recorder.writer, options->out, &recorder.attr, error);
  if (!status) {
    double from = now();
    status = start(&recorder, error);
    if (status) {
      be_command_abandon(&recorder.command);
      be_writer_abandon(&recorder.writer);
    } else {
      status = finish(&recorder, watch(&recorder, from, error), error);
      update(&recorder, from);
      note_command(&recorder);
    }
  }
  be_signals_give_back();
  if (recorder.source)
    recorder.source->close(&recorder);
  return status;
}

/* trace.c - recordings of a processor's trace (Intel PT, CoreSight ETM): `perf inject` decodes them
 * into samples with branch stacks, in a file of its own, which takes the recording's place.
 */
#include "perfdata.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRACE_INTEL_PT = 1, TRACE_CORESIGHT = 3 };

/* The kind of trace that a recording has; 0: none. It is said before any sample. */
static uint32_t kind_of(const struct be_perfdata *recording) {
  struct be_record_view record;
  for (uint64_t at = recording->begin; at < recording->end; at += record.step) {
    if (!be_record_get(recording, at, recording->end, &record) || record.type == BE_RECORD_SAMPLE)
      return 0;
    if (record.type == BE_RECORD_AUXTRACE_INFO && record.size >= BE_RECORD_HEADER + 4)
      return be_load32(record.at + BE_RECORD_HEADER);
  }
  return 0;
}

/* How perf is to make samples of a trace: as often as its own documents have it for profiles; l:
 * with the last branches. */
static const char *options_for(uint32_t kind) {
  return kind == TRACE_INTEL_PT ? "--itrace=i100usl64" : "--itrace=i512il64";
}

/* What it says is kept in `said`. Returns its exit status, or a negative errno. */
static int run_perf(const char *input, const char *output, const char *options, int said) {
  enum { NOT_FOUND = 127 };
  int status = 0;
  pid_t child = fork();
  if (child < 0)
    return -errno;
  if (child == 0) {
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(said, STDOUT_FILENO) >= 0 &&
        dup2(said, STDERR_FILENO) >= 0)
      execlp("perf", "perf", "inject", options, "--strip", "-i", input, "-o", output, NULL);
    _exit(NOT_FOUND);
  }
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return -errno;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The last line it said: the others are warnings. */
static void read_last_line(int said, char *line, size_t size) {
  char text[4096];
  off_t end = lseek(said, 0, SEEK_END);
  off_t begin = end > (off_t)sizeof text - 1 ? end - (off_t)sizeof text + 1 : 0;
  ssize_t got = pread(said, text, sizeof text - 1, begin);
  text[got > 0 ? got : 0] = '\0';
  for (char *last = strrchr(text, '\n'); last && !last[1]; last = strrchr(text, '\n'))
    *last = '\0';
  char *last = strrchr(text, '\n');
  snprintf(line, size, "%.*s", (int)size - 1, last ? last + 1 : text);
}

static int decode(const struct be_perfdata *recording, uint32_t kind, const char *output,
                  struct be_error *error) {
  enum { NOT_FOUND = 127 };
  char line[256];
  int said = be_spool_open(error);
  if (said < 0)
    return said;
  int status = run_perf(recording->path, output, options_for(kind), said);
  read_last_line(said, line, sizeof line);
  close(said);
  if (status == 0)
    return 0;
  if (status == NOT_FOUND)
    return be_error_set(error, -ENOENT,
                        "'%s' is a processor's trace, which perf decodes, and there is no perf: "
                        "install linux-perf",
                        recording->path);
  return be_error_set(error, -EINVAL, "'%s': 'perf inject %s' cannot decode the trace: %s",
                      recording->path, options_for(kind), line);
}

static int put_in_place(struct be_perfdata *recording, const char *path, struct be_error *error) {
  const char *own = recording->path;
  void *data = (void *)recording->data;
  size_t size = recording->size;
  recording->path = path;
  int status = be_perfdata_map(recording, error);
  recording->path = own;
  if (status)
    return status;
  munmap(data, size);
  free(recording->events);
  free(recording->ids);
  recording->events = NULL;
  recording->ids = NULL;
  recording->event_count = recording->id_count = 0;
  recording->are_mixed = false;
  recording->build_ids = recording->build_ids_end = 0;
  status = be_perfdata_read_header(recording, error);
  return status || !kind_of(recording)
             ? status
             : be_error_set(error, -EINVAL, "'%s': perf inject left the trace as it was", own);
}

int be_trace_decode(struct be_perfdata *recording, struct be_error *error) {
  uint32_t kind = kind_of(recording);
  const char *base = getenv("TMPDIR");
  char folder[PATH_MAX], path[PATH_MAX + 16];
  if (!kind)
    return 0;
  if (kind != TRACE_INTEL_PT && kind != TRACE_CORESIGHT)
    return be_error_set(error, -ENOTSUP,
                        "'%s' is a trace of a kind (%u) that does not say how code went on: Intel "
                        "PT and CoreSight ETM do",
                        recording->path, kind);
  if (strcmp(recording->path, "-") == 0)
    return be_error_set(error, -EINVAL, "a processor's trace has to be in a file: perf reads it");
  snprintf(folder, sizeof folder, "%s/backedge-XXXXXX", base ? base : "/tmp");
  if (!mkdtemp(folder))
    return be_error_set(error, -errno, "cannot make a folder in '%s': %s", base ? base : "/tmp",
                        strerror(errno));
  snprintf(path, sizeof path, "%s/perf.data", folder);
  int status = decode(recording, kind, path, error);
  if (!status)
    status = put_in_place(recording, path, error);
  unlink(path);
  rmdir(folder);
  return status;
}

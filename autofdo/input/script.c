/* script.c - what `perf script` printed: its lines become records, in a file without a name.
 *
 * Where lines have no number of a process, or one that no mapping or fork speaks of, they are taken
 * for those of one process that has all mappings. Where they have no time, their order is it.
 */
#include "script.h"
#include "perfdata.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The process of those that have none. */
enum { ANYONE = 0x7fffffff };

struct threads { /* whose a thread is; open addressing by tid, an empty slot has tid 0 */
  struct thread {
    uint32_t tid, pid;
  } * at;
  size_t size, count;
};

struct script {
  struct be_perfdata *recording;
  FILE *out;
  struct threads threads;
  struct be_script_line line;    /* the one at hand */
  struct be_script_line pending; /* a sample whose stack may stand on a later line */
  uint64_t number;               /* of lines */
  uint64_t written, mark;        /* bytes; where the last mark stands */
  bool has_branches, has_mappings, has_pending, is_chain;
};

/* ---- threads ----------------------------------------------------------------------------------
 */

static struct thread *slot_of(const struct threads *threads, uint32_t tid) {
  size_t at = (size_t)tid * 2654435769u & (threads->size - 1);
  while (threads->at[at].tid && threads->at[at].tid != tid)
    at = (at + 1) & (threads->size - 1);
  return &threads->at[at];
}

static int note_thread(struct threads *threads, uint32_t tid, uint32_t pid) {
  enum { FIRST_SIZE = 64 };
  if (!tid)
    return 0;
  if (2 * threads->count >= threads->size) {
    size_t size = threads->size ? 2 * threads->size : FIRST_SIZE;
    struct threads grown = {calloc(size, sizeof *grown.at), size, threads->count};
    if (!grown.at)
      return -ENOMEM;
    for (size_t i = 0; i < threads->size; i++)
      if (threads->at[i].tid)
        *slot_of(&grown, threads->at[i].tid) = threads->at[i];
    free(threads->at);
    *threads = grown;
  }
  struct thread *thread = slot_of(threads, tid);
  threads->count += !thread->tid;
  *thread = (struct thread){tid, pid};
  return 0;
}

static uint32_t process_of(const struct script *script, const struct be_script_line *line) {
  uint32_t number = line->has_pid ? line->pid : line->tid;
  const struct thread *thread =
      line->has_number && script->threads.size ? slot_of(&script->threads, number) : NULL;
  return thread && thread->tid ? thread->pid : ANYONE;
}

/* ---- records ----------------------------------------------------------------------------------
 */

static void put(struct script *script, const void *bytes, size_t size) {
  fwrite(bytes, size, 1, script->out);
  script->written += size;
}

static void put64(struct script *script, uint64_t value) { put(script, &value, 8); }

static void put_head(struct script *script, uint32_t type, uint16_t misc, size_t size) {
  uint16_t rest[2] = {misc, (uint16_t)size};
  put(script, &type, sizeof type);
  put(script, rest, sizeof rest);
}

static void put_ids(struct script *script, uint32_t pid, uint32_t tid) {
  uint32_t ids[2] = {pid, tid};
  put(script, ids, sizeof ids);
}

/* Every record but a sample ends with who and when. */
enum { TRAILER = 16 };

static uint64_t time_of(const struct script *script, const struct be_script_line *line) {
  return line->has_time ? line->time : script->number;
}

static void put_trailer(struct script *script, uint32_t pid) {
  put_ids(script, pid, pid);
  put64(script, time_of(script, &script->line));
}

static void put_mapping(struct script *script, uint32_t pid) {
  enum { NAME = 72, ID_ROOM = 20, PATH_MAX_HERE = 4096, EXECUTABLE = 5, PRIVATE = 2 };
  static const uint8_t zeros[8];
  const struct be_script_line *line = &script->line;
  size_t len = line->path_size < PATH_MAX_HERE ? line->path_size : PATH_MAX_HERE;
  size_t padding = 8 - len % 8;
  uint8_t identity[4 + ID_ROOM] = {line->id_size};
  memcpy(identity + 4, line->id, ID_ROOM);
  put_head(script, BE_RECORD_MMAP2, line->id_size ? BE_MISC_BUILD_ID : 0,
           NAME + len + padding + TRAILER);
  put_ids(script, pid, pid);
  put64(script, line->address);
  put64(script, line->size);
  put64(script, line->offset);
  put(script, identity, sizeof identity);
  put_ids(script, EXECUTABLE, PRIVATE);
  put(script, line->path, len);
  put(script, zeros, padding);
  put_trailer(script, pid);
}

static void put_fork(struct script *script) {
  const struct be_script_line *line = &script->line;
  put_head(script, BE_RECORD_FORK, 0, 32 + TRAILER);
  put_ids(script, line->pid, line->parent);
  put_ids(script, line->tid, line->parent);
  put64(script, time_of(script, line));
  put_trailer(script, line->pid);
}

static void put_exec(struct script *script) {
  put_head(script, BE_RECORD_COMM, BE_MISC_EXEC, 24 + TRAILER);
  put_ids(script, script->line.pid, script->line.tid);
  put64(script, 0); /* the name does not matter */
  put_trailer(script, script->line.pid);
}

static void put_sample(struct script *script, const struct be_script_line *who,
                       const struct be_script_line *stack) {
  uint32_t pid = process_of(script, who), count = stack ? stack->branch_count : 0;
  size_t size = BE_RECORD_HEADER + 24 + (script->has_branches ? 8 + 24 * (size_t)count : 0);
  put_head(script, BE_RECORD_SAMPLE, 0, size);
  put64(script, who->ip);
  put_ids(script, pid, pid);
  put64(script, time_of(script, who));
  if (!script->has_branches)
    return;
  put64(script, count);
  if (count)
    put(script, stack->branches, count * sizeof *stack->branches);
}

/* Marks lest the reader look too far ahead. */
static void put_mark(struct script *script) {
  enum { DISTANCE = 1 << 20 };
  if (script->written - script->mark < DISTANCE)
    return;
  put_head(script, BE_RECORD_FINISHED_ROUND, 0, BE_RECORD_HEADER);
  script->mark = script->written;
}

/* ---- lines ------------------------------------------------------------------------------------
 */

static void put_pending(struct script *script) {
  if (script->has_pending)
    put_sample(script, &script->pending, NULL);
  script->has_pending = false;
}

/* A stack may stand on the line of its sample, or behind the lines of a call chain: these follow a
 * line without an address, up to an empty one, and the first of them is the sample's. */
static void take_sample(struct script *script) {
  struct be_script_line *line = &script->line;
  bool is_new = line->has_time || line->has_number;
  if (line->branch_count) {
    put_sample(script, is_new || !script->has_pending ? line : &script->pending, line);
    script->has_pending = false;
  } else if (is_new || !script->is_chain) {
    put_pending(script);
    script->pending = *line;
    script->has_pending = is_new || !script->has_branches;
    script->is_chain = is_new && !line->has_ip;
  } else if (!script->pending.has_ip && line->has_ip) {
    script->pending.ip = line->ip;
    script->pending.has_ip = true;
  }
}

static int take_line(struct script *script) {
  struct be_script_line *line = &script->line;
  int status = 0;
  if (line->kind != BE_SCRIPT_OTHER && line->kind != BE_SCRIPT_SAMPLE)
    status = note_thread(&script->threads, line->tid, line->pid) ||
             note_thread(&script->threads, line->pid, line->pid);
  switch (line->kind) {
  case BE_SCRIPT_SAMPLE:
    take_sample(script);
    break;
  case BE_SCRIPT_MAPPING:
    script->has_mappings = true;
    put_mapping(script, line->pid);
    put_mapping(script, ANYONE);
    break;
  case BE_SCRIPT_FORK:
    put_fork(script);
    break;
  case BE_SCRIPT_EXEC:
    put_exec(script);
    break;
  default:
    break;
  }
  put_mark(script);
  return status;
}

/* Where a line ends. */
static const char *line_end(const char *at, const char *end) {
  const char *newline = memchr(at, '\n', (size_t)(end - at));
  return newline ? newline : end;
}

/* Is it such a text? One of the first lines has to make sense, and all of them are text. */
static bool is_script(struct script *script) {
  enum { LINES = 200 };
  const char *at = (const char *)script->recording->data;
  const char *end = at + script->recording->size;
  for (int i = 0; i < LINES && at < end; i++) {
    const char *stop = line_end(at, end);
    if (memchr(at, '\0', (size_t)(stop - at)))
      return false;
    be_script_read(at, stop, &script->line);
    if (script->line.kind != BE_SCRIPT_OTHER)
      return true;
    at = stop + 1;
  }
  return false;
}

static const char advice[] =
    "perf script -F pid,time,ip,brstack --show-mmap-events --show-task-events";

/* What kind of samples there are decides how they are laid out. */
static int look_through(struct script *script, struct be_error *error) {
  const char *at = (const char *)script->recording->data;
  const char *end = at + script->recording->size;
  while (at < end && !script->has_branches) {
    const char *stop = line_end(at, end);
    be_script_read(at, stop, &script->line);
    script->has_branches = script->line.branch_count > 0;
    if (script->line.kind == BE_SCRIPT_SYMBOLS)
      return be_error_set(error, -EINVAL,
                          "'%s' has stacks of names, not of addresses: print it with '%s'",
                          script->recording->path, advice);
    at = stop + 1;
  }
  return 0;
}

static int write_records(struct script *script, struct be_error *error) {
  const char *at = (const char *)script->recording->data;
  const char *end = at + script->recording->size;
  while (at < end) {
    const char *stop = line_end(at, end);
    script->number++;
    be_script_read(at, stop, &script->line);
    if (stop == at)
      script->is_chain = false;
    else if (take_line(script))
      return be_error_set(error, -ENOMEM, "no memory for the threads of '%s'",
                          script->recording->path);
    at = stop + 1;
  }
  put_pending(script);
  if (!script->has_mappings)
    return be_error_set(error, -EINVAL,
                        "'%s' does not say where files were mapped: print it with '%s'",
                        script->recording->path, advice);
  return fflush(script->out) || ferror(script->out)
             ? be_error_set(error, -EIO, "cannot write to a temporary file: %s", strerror(errno))
             : 0;
}

static int add_event(struct be_perfdata *recording, bool has_branches) {
  struct be_event *event = calloc(1, sizeof *event);
  if (!event)
    return -ENOMEM;
  *event = (struct be_event){
      .sample_type = BE_SAMPLE_IP | BE_SAMPLE_TID | BE_SAMPLE_TIME |
                     (has_branches ? (uint64_t)BE_SAMPLE_BRANCH_STACK : 0),
      .has_sample_id = 1,
  };
  recording->events = event;
  recording->event_count = 1;
  return 0;
}

static int make_records(struct script *script, struct be_error *error) {
  int status = look_through(script, error);
  int fd = status ? -1 : be_spool_open(error);
  if (status || fd < 0)
    return status ? status : fd;
  script->out = fdopen(fd, "w+");
  if (!script->out || add_event(script->recording, script->has_branches)) {
    script->out ? (void)fclose(script->out) : (void)close(fd);
    return be_error_set(error, -ENOMEM, "no memory to read '%s'", script->recording->path);
  }
  status = write_records(script, error);
  if (!status)
    status = be_perfdata_replace(script->recording, fd, script->written, error);
  fclose(script->out);
  return status;
}

int be_script_expand(struct be_perfdata *recording, bool *is_text, struct be_error *error) {
  struct script script = {.recording = recording};
  int status = 0;
  script.line.branches = malloc(BE_SCRIPT_BRANCHES_MAX * sizeof *script.line.branches);
  if (!script.line.branches)
    return be_error_set(error, -ENOMEM, "no memory to read '%s'", recording->path);
  *is_text = is_script(&script);
  if (*is_text)
    status = make_records(&script, error);
  free(script.line.branches);
  free(script.threads.at);
  return status;
}

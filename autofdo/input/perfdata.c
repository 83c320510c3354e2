/* perfdata.c - opens a recording and hands its records over, in one pass.
 *
 * Records of several processors are not in the order of time, but perf puts a mark after each round
 * of its reading of the rings, and a record is never more than one round late. So the recording is
 * read in windows that end at the marks, and what changes address spaces is handed over one window
 * ahead of the samples.
 */
#include "perfdata.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A round is rarely a tenth of this; a recording without marks is cut into windows of it. */
enum { WINDOW_MAX = 64 << 20 };

/* ---- opening ----------------------------------------------------------------------------------
 */

/* Copies what cannot be mapped to a file that has no name; returns its descriptor. */
static int spool(int in, const char *path, struct be_error *error) {
  char buf[65536];
  ssize_t got = 0;
  int out = be_spool_open(error), status = 0;
  if (out < 0)
    return out;
  while (!status && (got = read(in, buf, sizeof buf)) > 0)
    status = be_spool_write(out, buf, (size_t)got, error);
  if (got < 0)
    status = be_error_set(error, -errno, "cannot read '%s': %s", path, strerror(errno));
  if (!status)
    return out;
  close(out);
  return status;
}

static int map(struct be_perfdata *recording, int fd, struct be_error *error) {
  struct stat stat;
  if (fstat(fd, &stat))
    return be_error_set(error, -errno, "cannot read '%s': %s", recording->path, strerror(errno));
  if (stat.st_size == 0)
    return be_error_set(error, -EINVAL, "'%s' is empty", recording->path);
  void *data = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED)
    return be_error_set(error, -errno, "cannot map '%s' into memory: %s", recording->path,
                        strerror(errno));
  madvise(data, (size_t)stat.st_size, MADV_SEQUENTIAL);
  recording->data = data;
  recording->size = (size_t)stat.st_size;
  return 0;
}

int be_perfdata_map(struct be_perfdata *recording, struct be_error *error) {
  struct stat stat;
  bool is_stdin = strcmp(recording->path, "-") == 0;
  int fd = is_stdin ? dup(STDIN_FILENO) : open(recording->path, O_RDONLY | O_CLOEXEC), status = 0;
  if (fd < 0 || fstat(fd, &stat)) {
    status = -errno;
    if (fd >= 0)
      close(fd);
    return be_error_set(error, status, "cannot read '%s': %s", recording->path, strerror(-status));
  }
  if (S_ISDIR(stat.st_mode))
    status = be_error_set(error, -EISDIR, "cannot read '%s': it is a folder", recording->path);
  else if (!S_ISREG(stat.st_mode)) {
    int copy = spool(fd, recording->path, error);
    close(fd);
    if (copy < 0)
      return copy;
    fd = copy;
  }
  if (!status)
    status = map(recording, fd, error);
  close(fd);
  return status;
}

int be_perfdata_open(const char *path, struct be_perfdata **recording, struct be_error *error) {
  struct be_perfdata *made = calloc(1, sizeof *made);
  if (!made)
    return be_error_set(error, -ENOMEM, "no memory to read '%s'", path);
  made->path = path;
  bool is_text = false;
  int status = be_perfdata_map(made, error);
  if (!status && !be_perfdata_has_magic(made))
    status = be_script_expand(made, &is_text, error);
  if (!status && !is_text)
    status = be_perfdata_read_header(made, error);
  if (!status && !is_text)
    status = be_trace_decode(made, error);
  if (!status && !is_text)
    status = be_perfdata_expand(made, error);
  if (status)
    be_perfdata_close(made);
  else
    *recording = made;
  return status;
}

void be_perfdata_close(struct be_perfdata *recording) {
  if (!recording)
    return;
  if (recording->data)
    munmap((void *)recording->data, recording->size);
  if (recording->expanded)
    munmap((void *)recording->expanded, recording->expanded_size);
  free(recording->events);
  free(recording->ids);
  free(recording);
}

/* ---- build-ids --------------------------------------------------------------------------------
 */

void be_build_id_print(const struct be_build_id *id, char *text) {
  static const char digits[] = "0123456789abcdef";
  for (unsigned i = 0; i < id->size; i++) {
    *text++ = digits[id->bytes[i] >> 4];
    *text++ = digits[id->bytes[i] & 15];
  }
  *text = '\0';
}

bool be_build_id_equal(const struct be_build_id *left, const struct be_build_id *right) {
  return left->size && right->size && memcmp(left->bytes, right->bytes, BE_BUILD_ID_MAX) == 0;
}

/* ---- records ----------------------------------------------------------------------------------
 */

struct reading {
  struct be_perfdata *recording;
  const struct be_perfdata_calls *calls;
  struct be_perfdata_stats *stats;
  struct be_error *error;
};

bool be_record_get(const struct be_perfdata *recording, uint64_t offset, uint64_t end,
                   struct be_record_view *record) {
  if (end - offset < BE_RECORD_HEADER)
    return false;
  const uint8_t *at = (recording->expanded ? recording->expanded : recording->data) + offset;
  *record = (struct be_record_view){at, be_load32(at), be_load16(at + 4), be_load16(at + 6), 0};
  record->step = record->size;
  if (record->size < BE_RECORD_HEADER || record->size > end - offset)
    return false;
  uint64_t more = 0;
  if (record->type == BE_RECORD_AUXTRACE && record->size >= 16)
    more = be_load64(at + 8);
  else if (record->type == BE_RECORD_TRACING_DATA && record->size >= 12)
    more = (be_load32(at + 8) + 7ull) & ~7ull;
  if (more > end - offset - record->size)
    return false;
  record->step += more;
  return true;
}

/* The path at the end of a record that maps a file; NULL when it has no end. */
static const char *path_at(const struct be_record_view *record, size_t offset) {
  return record->size > offset && memchr(record->at + offset, '\0', record->size - offset)
             ? (const char *)record->at + offset
             : NULL;
}

static int give_mapping(struct reading *reading, const struct be_record_view *record,
                        uint64_t time) {
  enum { PID = 8, ADDRESS = 16, SIZE = 24, OFFSET = 32, NAME = 40 };
  enum { ID_SIZE = 40, ID = 44, NAME2 = 72 };
  bool is_new = record->type == BE_RECORD_MMAP2;
  const char *path = path_at(record, is_new ? NAME2 : NAME);
  if (!path || !reading->calls->mapping)
    return 0;
  struct be_mapping mapping = {
      .time = time,
      .pid = be_load32(record->at + PID),
      .address = be_load64(record->at + ADDRESS),
      .size = be_load64(record->at + SIZE),
      .offset = be_load64(record->at + OFFSET),
      .path = path,
  };
  if (is_new && record->misc & BE_MISC_BUILD_ID && record->at[ID_SIZE] <= BE_BUILD_ID_MAX) {
    mapping.build_id.size = record->at[ID_SIZE];
    memcpy(mapping.build_id.bytes, record->at + ID, mapping.build_id.size);
  }
  return reading->calls->mapping(reading->calls->user, &mapping, reading->error);
}

/* Who begot whom: threads of one process do not count. */
static int give_fork(struct reading *reading, const struct be_record_view *record, uint64_t time) {
  enum { PID = 8, PARENT = 12, END = 32 };
  uint32_t pid = record->size >= END ? be_load32(record->at + PID) : 0;
  uint32_t parent = record->size >= END ? be_load32(record->at + PARENT) : 0;
  /* perf says of what ran already whose child it is: that has mappings of its own */
  if (pid == parent || record->misc & BE_MISC_FORK_EXEC || !reading->calls->fork)
    return 0;
  return reading->calls->fork(reading->calls->user, parent, pid, time, reading->error);
}

/* All but the samples. */
static int give_other(struct reading *reading, const struct be_record_view *record) {
  struct be_perfdata *recording = reading->recording;
  const struct be_perfdata_calls *calls = reading->calls;
  const struct be_event *event =
      be_perfdata_event_of(recording, record->at + record->size - 8, record->size);
  uint64_t time = event ? be_record_time(event, record->at, record->size) : 0;
  reading->stats->records++;
  switch (record->type) {
  case BE_RECORD_MMAP:
  case BE_RECORD_MMAP2:
    return give_mapping(reading, record, time);
  case BE_RECORD_FORK:
    return give_fork(reading, record, time);
  case BE_RECORD_COMM:
    return record->misc & BE_MISC_EXEC && record->size >= 16 && calls->exec
               ? calls->exec(calls->user, be_load32(record->at + 8), time, reading->error)
               : 0;
  case BE_RECORD_LOST:
    reading->stats->lost += record->size >= 24 ? be_load64(record->at + 16) : 0;
    return 0;
  case BE_RECORD_LOST_SAMPLES:
    reading->stats->lost += record->size >= 16 ? be_load64(record->at + 8) : 0;
    return 0;
  case BE_RECORD_ATTR:
    return be_perfdata_add_event_record(recording, record->at, record->size, reading->error);
  default:
    if ((record->type > BE_RECORD_KERNEL_LAST && record->type < BE_RECORD_ATTR) ||
        record->type > BE_RECORD_PERF_LAST)
      reading->stats->unknown++;
    return 0;
  }
}

static int give_sample(struct reading *reading, const struct be_record_view *record) {
  struct be_sample sample;
  const uint8_t *body = record->at + BE_RECORD_HEADER;
  size_t size = record->size - BE_RECORD_HEADER;
  const struct be_event *event = be_perfdata_event_of(reading->recording, body, size);
  reading->stats->records++;
  if (!event) {
    reading->stats->without_event++;
    return 0;
  }
  if (!be_sample_read(event, body, size, &sample)) {
    reading->stats->malformed++;
    return 0;
  }
  reading->stats->samples++;
  return reading->calls->sample
             ? reading->calls->sample(reading->calls->user, &sample, reading->error)
             : 0;
}

/* Hands over the records of a window that are no samples, and finds its end. Where a record is
 * damaged the recording ends. */
static int look_ahead(struct reading *reading, uint64_t begin, uint64_t *end) {
  struct be_perfdata *recording = reading->recording;
  struct be_record_view record;
  uint64_t at = begin;
  int status = 0;
  while (at < recording->end && at - begin < WINDOW_MAX && !status) {
    if (!be_record_get(recording, at, recording->end, &record)) {
      if (!recording->expanded)
        reading->stats->damaged_at = at;
      recording->end = at;
      break;
    }
    at += record.step;
    if (record.type != BE_RECORD_SAMPLE)
      status = give_other(reading, &record);
    if (record.type == BE_RECORD_FINISHED_ROUND)
      break;
  }
  *end = at;
  return status;
}

static int give_samples(struct reading *reading, uint64_t at, uint64_t end) {
  struct be_record_view record;
  int status = 0;
  for (; at < end && !status; at += record.step) {
    if (!be_record_get(reading->recording, at, end, &record))
      break;
    if (record.type == BE_RECORD_SAMPLE)
      status = give_sample(reading, &record);
  }
  return status;
}

int be_perfdata_read(struct be_perfdata *recording, const struct be_perfdata_calls *calls,
                     struct be_perfdata_stats *stats, struct be_error *error) {
  struct reading reading = {recording, calls, stats, error};
  *stats = (struct be_perfdata_stats){.bytes = recording->end - recording->begin};
  uint64_t begin = recording->begin, end, next;
  stats->damaged_at = recording->damaged_at;
  int status = look_ahead(&reading, begin, &end);
  while (!status && begin < end) {
    status = look_ahead(&reading, end, &next);
    if (!status)
      status = give_samples(&reading, begin, end);
    begin = end;
    end = next;
  }
  return status;
}

/* writer.c - the perf.data file as it grows: its head, its event, its records.
 *
 * As in the kernel's tools/perf/Documentation/perf.data-file-format.txt.
 */
#include "writer.h"
#include "load.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  HEAD = 104,
  ATTR = PERF_ATTR_SIZE_VER5, /* as far as it is used: perf refuses events of newer perfs */
  SECTION = 16,               /* offset and size */
  BEGIN = HEAD + ATTR + SECTION,
  BUFFER = 1 << 20,
  HEADER_ATTR = 64, /* records of perf's own */
  HEADER_FEATURE = 80,
  FINISHED_ROUND = 68
};

static int cannot_write(const struct be_writer *writer, int status, struct be_error *error) {
  return be_error_set(error, status, "cannot write '%s': %s", writer->path, strerror(-status));
}

/* ---- the file ---------------------------------------------------------------------------------
 */

static void old_name(const struct be_writer *writer, char *name, size_t size) {
  snprintf(name, size, "%s.old", writer->path);
}

/* Keeps what is there, as perf does. */
static void keep_old(struct be_writer *writer) {
  struct stat info;
  char name[4200];
  old_name(writer, name, sizeof name);
  if (stat(writer->path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0)
    writer->has_old = rename(writer->path, name) == 0;
}

/* Writes all of it, or as much as there is room for: *done bytes. */
static int write_all(int fd, const uint8_t *bytes, size_t size, size_t *done) {
  for (*done = 0; *done < size;) {
    ssize_t put = write(fd, bytes + *done, size - *done);
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      return put < 0 ? -errno : -ENOSPC;
    *done += (size_t)put;
  }
  return 0;
}

static void fill_head(const struct be_writer *writer, uint64_t head[HEAD / 8]) {
  memset(head, 0, HEAD);
  memcpy(head, "PERFILE2", 8);
  head[1] = HEAD;
  head[2] = ATTR + SECTION;
  head[3] = HEAD; /* the events: where, how many bytes */
  head[4] = ATTR + SECTION;
  head[5] = BEGIN; /* the records */
  head[6] = writer->size;
}

/* A pipe says no more than that it is one; its event comes as a record. */
static int write_pipe_head(struct be_writer *writer) {
  uint64_t head[2] = {0, sizeof head};
  struct perf_event_header record = {HEADER_ATTR, 0, sizeof record + ATTR};
  size_t done;
  memcpy(head, "PERFILE2", 8);
  int status = write_all(writer->fd, (const uint8_t *)head, sizeof head, &done);
  if (!status)
    status = write_all(writer->fd, (const uint8_t *)&record, sizeof record, &done);
  return status ? status : write_all(writer->fd, (const uint8_t *)&writer->attr, ATTR, &done);
}

static int write_head(struct be_writer *writer) {
  uint8_t bytes[BEGIN] = {0}; /* ends with the event's ids: none */
  uint64_t head[HEAD / 8];
  size_t done;
  fill_head(writer, head);
  memcpy(bytes, head, HEAD);
  memcpy(bytes + HEAD, &writer->attr, ATTR);
  return write_all(writer->fd, bytes, sizeof bytes, &done);
}

int be_writer_open(struct be_writer *writer, const char *path, const struct perf_event_attr *attr,
                   struct be_error *error) {
  *writer = (struct be_writer){.fd = -1, .path = path, .attr = *attr, .buffer = malloc(BUFFER)};
  if (!writer->buffer)
    return be_error_set(error, -ENOMEM, "no memory to write '%s'", path);
  writer->attr.size = ATTR;
  writer->is_pipe = strcmp(path, "-") == 0;
  if (!writer->is_pipe)
    keep_old(writer);
  writer->fd = writer->is_pipe ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                               : open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int status = writer->fd < 0    ? -errno
               : writer->is_pipe ? write_pipe_head(writer)
                                 : write_head(writer);
  if (!status)
    return 0;
  cannot_write(writer, status, error);
  be_writer_abandon(writer);
  return status;
}

static void destroy(struct be_writer *writer) {
  be_modules_destroy(&writer->modules);
  free(writer->buffer);
  writer->buffer = NULL;
  if (writer->fd >= 0)
    close(writer->fd);
  writer->fd = -1;
}

void be_writer_abandon(struct be_writer *writer) {
  char name[4200];
  struct stat info;
  old_name(writer, name, sizeof name);
  bool is_file =
      writer->fd >= 0 && !writer->is_pipe && fstat(writer->fd, &info) == 0 && S_ISREG(info.st_mode);
  destroy(writer);
  if (is_file)
    unlink(writer->path);
  if (writer->has_old)
    rename(name, writer->path);
}

/* ---- records ----------------------------------------------------------------------------------
 */

/* How many of the first bytes of the buffer are whole records. */
static size_t whole_records(const struct be_writer *writer, size_t bytes) {
  size_t at = 0;
  while (at + 8 <= bytes && at + be_load16(writer->buffer + at + 6) <= bytes)
    at += be_load16(writer->buffer + at + 6);
  return at;
}

/* The head says how many bytes of records there are: it can be read up to here from now on. */
static int flush(struct be_writer *writer, struct be_error *error) {
  enum { RECORDS_SIZE = 48 };
  size_t done;
  if (writer->failure)
    return cannot_write(writer, writer->failure, error);
  if (!writer->used)
    return 0;
  int status = write_all(writer->fd, writer->buffer, writer->used, &done);
  if (status) {
    writer->failure = status;
    done = whole_records(writer, done);
    if (!writer->is_pipe && ftruncate(writer->fd, (off_t)(BEGIN + writer->size + done)))
      done = 0;
  }
  writer->size += done;
  writer->used = 0;
  if (!writer->is_pipe && pwrite(writer->fd, &writer->size, 8, RECORDS_SIZE) != 8 && !status)
    status = errno ? -errno : -EIO;
  return status ? cannot_write(writer, status, error) : 0;
}

/* The same layout whoever wrote it: BE_SAMPLE_FIELDS in the kernel's order. */
static void note_sample(struct be_writer *writer, const uint8_t *record, size_t size) {
  enum { TIME = 24, BRANCH_COUNT = 40 };
  writer->samples++;
  if (size < BRANCH_COUNT)
    return;
  uint64_t time = be_load64(record + TIME);
  if (!writer->first_time || time < writer->first_time)
    writer->first_time = time;
  if (time > writer->last_time)
    writer->last_time = time;
  if (writer->attr.sample_type & PERF_SAMPLE_BRANCH_STACK && size >= BRANCH_COUNT + 8)
    writer->branches += be_load64(record + BRANCH_COUNT);
}

static int note_mapping(struct be_writer *writer, const uint8_t *record, size_t size) {
  enum { PID = 8, PROTECTION = 64, NAME = 72 };
  if (size <= NAME || !memchr(record + NAME, '\0', size - NAME) ||
      !(be_load32(record + PROTECTION) & 4))
    return 0;
  return be_modules_note(&writer->modules, be_load32(record + PID), (const char *)record + NAME,
                         NULL, 0);
}

static int note(struct be_writer *writer, const uint8_t *record, size_t size) {
  switch (be_load32(record)) {
  case PERF_RECORD_SAMPLE:
    note_sample(writer, record, size);
    return 0;
  case PERF_RECORD_MMAP2:
    return note_mapping(writer, record, size);
  case PERF_RECORD_LOST:
    writer->lost += size >= 24 ? be_load64(record + 16) : 0;
    return 0;
  case PERF_RECORD_LOST_SAMPLES:
    writer->lost += size >= 16 ? be_load64(record + 8) : 0;
    return 0;
  case PERF_RECORD_THROTTLE:
    writer->throttled++;
    return 0;
  default:
    return 0;
  }
}

int be_writer_put(struct be_writer *writer, const void *record, struct be_error *error) {
  size_t size = be_load16((const uint8_t *)record + 6);
  int status = size > BUFFER - writer->used || writer->failure ? flush(writer, error) : 0;
  if (status)
    return status;
  memcpy(writer->buffer + writer->used, record, size);
  writer->used += size;
  return note(writer, record, size)
             ? be_error_set(error, -ENOMEM, "no memory for the names of mapped files")
             : 0;
}

int be_writer_round(struct be_writer *writer, struct be_error *error) {
  struct perf_event_header mark = {FINISHED_ROUND, 0, sizeof mark};
  int status = be_writer_put(writer, &mark, error);
  return status ? status : flush(writer, error);
}

/* ---- the end ----------------------------------------------------------------------------------
 */

/* The sections behind the records: a list of where each stands, then they. */
static int write_features(struct be_writer *writer, const struct be_features *features) {
  uint64_t table[2 * BE_FEATURES_MAX], head[HEAD / 8];
  size_t count = 0, done;
  uint64_t end = BEGIN + writer->size;
  fill_head(writer, head);
  for (size_t i = 0; i < BE_FEATURES_MAX; i++)
    count += features->has[i];
  for (size_t i = 0, at = 0; i < BE_FEATURES_MAX; i++) {
    if (!features->has[i])
      continue;
    head[9 + i / 64] |= 1ull << i % 64;
    table[at++] = end + SECTION * count + features->begin[i];
    table[at++] = features->begin[i + 1] - features->begin[i];
  }
  if (lseek(writer->fd, (off_t)end, SEEK_SET) < 0)
    return -errno;
  int status = write_all(writer->fd, (const uint8_t *)table, SECTION * count, &done);
  if (!status)
    status = write_all(writer->fd, features->bytes, features->size, &done);
  if (status) { /* the records alone, then */
    if (ftruncate(writer->fd, (off_t)end))
      return -errno;
    return status;
  }
  return pwrite(writer->fd, head, HEAD, 0) == HEAD ? 0 : -errno;
}

/* Each section is a record; that of the build-ids consists of records. */
static int write_feature_records(struct be_writer *writer, const struct be_features *features) {
  size_t done;
  int status = 0;
  for (uint64_t i = 0; i < BE_FEATURES_MAX && !status; i++) {
    const uint8_t *bytes = features->bytes + features->begin[i];
    size_t size = features->has[i] ? features->begin[i + 1] - features->begin[i] : 0;
    struct perf_event_header head = {HEADER_FEATURE, 0, (uint16_t)(sizeof head + 8 + size)};
    if (!features->has[i] || (i != BE_FEATURE_BUILD_ID && size > UINT16_MAX - sizeof head - 8))
      continue;
    if (i != BE_FEATURE_BUILD_ID) {
      status = write_all(writer->fd, (const uint8_t *)&head, sizeof head, &done);
      if (!status)
        status = write_all(writer->fd, (const uint8_t *)&i, sizeof i, &done);
    }
    if (!status)
      status = write_all(writer->fd, bytes, size, &done);
  }
  return status;
}

int be_writer_close(struct be_writer *writer, const struct be_machine *machine,
                    struct be_error *error) {
  struct be_features features = {0};
  int status = flush(writer, error);
  if (!status)
    status = be_features_make(&features, writer, machine, error);
  if (!status) {
    status = writer->is_pipe ? write_feature_records(writer, &features)
                             : write_features(writer, &features);
    if (status)
      cannot_write(writer, status, error);
  }
  free(features.bytes);
  destroy(writer);
  return status;
}

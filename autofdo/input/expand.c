/* expand.c - recordings that perf compressed (-z): their records, decompressed, in a file without
 * a name.
 *
 * Compressed records hold one stream of zstd, which runs on from one to the next. What comes out is
 * records again; one may begin in one piece and end in the next.
 */
#include "perfdata.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

enum {
  PIECE = 1 << 17,
  RECORD_MAX = 1 << 16,
  BUFFER = 1 << 20,
};

struct expansion {
  struct be_perfdata *recording;
  struct be_error *error;
  ZSTD_DStream *stream;
  int out;
  uint8_t *rest; /* the beginning of a record that is not whole yet, then a piece */
  size_t rest_size;
  uint8_t *buffer; /* what is to be written */
  size_t buffer_size;
  uint64_t written;
};

int be_spool_open(struct be_error *error) {
  const char *folder = getenv("TMPDIR");
  folder = folder ? folder : "/tmp";
  int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  return fd >= 0 ? fd
                 : be_error_set(error, -errno, "cannot make a file in '%s': %s", folder,
                                strerror(errno));
}

int be_spool_write(int fd, const void *bytes, size_t size, struct be_error *error) {
  for (size_t at = 0; at < size;) {
    ssize_t put = write(fd, (const uint8_t *)bytes + at, size - at);
    if (put < 0)
      return be_error_set(error, -errno, "cannot write to a file in '%s': %s",
                          getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", strerror(errno));
    at += (size_t)put;
  }
  return 0;
}

static int flush(struct expansion *expansion) {
  int status =
      be_spool_write(expansion->out, expansion->buffer, expansion->buffer_size, expansion->error);
  expansion->written += expansion->buffer_size;
  expansion->buffer_size = 0;
  return status;
}

static int put(struct expansion *expansion, const uint8_t *bytes, uint64_t size) {
  if (size > BUFFER - expansion->buffer_size) {
    int status = flush(expansion);
    if (status)
      return status;
  }
  if (size > BUFFER) { /* data behind a record */
    expansion->written += size;
    return be_spool_write(expansion->out, bytes, size, expansion->error);
  }
  memcpy(expansion->buffer + expansion->buffer_size, bytes, size);
  expansion->buffer_size += size;
  return 0;
}

/* Passes on the whole records of what was decompressed; keeps the beginning of the last one. */
static int put_whole_records(struct expansion *expansion) {
  size_t at = 0, size = 0;
  while (expansion->rest_size - at >= BE_RECORD_HEADER) {
    size = be_load16(expansion->rest + at + 6);
    if (size < BE_RECORD_HEADER || size > expansion->rest_size - at)
      break;
    at += size;
  }
  int status = put(expansion, expansion->rest, at);
  expansion->rest_size -= at;
  memmove(expansion->rest, expansion->rest + at, expansion->rest_size);
  return status ? status : expansion->rest_size > RECORD_MAX ? -EINVAL : 0;
}

/* Decompresses one record's content. -EINVAL, without a message, when it is damaged. */
static int expand_piece(struct expansion *expansion, const uint8_t *bytes, size_t size) {
  ZSTD_inBuffer in = {bytes, size, 0};
  for (bool is_full = true; in.pos < in.size || is_full;) {
    ZSTD_outBuffer out = {expansion->rest + expansion->rest_size, PIECE, 0};
    size_t hint = ZSTD_decompressStream(expansion->stream, &out, &in);
    if (ZSTD_isError(hint))
      return -EINVAL;
    is_full = out.pos == out.size;
    expansion->rest_size += out.pos;
    int status = put_whole_records(expansion);
    if (status)
      return status;
  }
  return 0;
}

/* The compressed bytes of a record; false when it has none. */
static bool find_content(const struct be_record_view *record, const uint8_t **bytes, size_t *size) {
  size_t head = record->type == BE_RECORD_COMPRESSED2 ? BE_RECORD_HEADER + 8 : BE_RECORD_HEADER;
  if (record->size < head)
    return false;
  *bytes = record->at + head;
  *size = record->size - head;
  if (record->type == BE_RECORD_COMPRESSED2 && be_load64(record->at + BE_RECORD_HEADER) < *size)
    *size = be_load64(record->at + BE_RECORD_HEADER);
  return true;
}

/* Writes all records, up to the first that is damaged. */
static int expand_records(struct expansion *expansion) {
  struct be_perfdata *recording = expansion->recording;
  struct be_record_view record;
  const uint8_t *bytes;
  size_t size;
  for (uint64_t at = recording->begin; at < recording->end; at += record.step) {
    bool is_good = be_record_get(recording, at, recording->end, &record);
    int status = 0;
    if (is_good && (record.type == BE_RECORD_COMPRESSED || record.type == BE_RECORD_COMPRESSED2)) {
      status =
          find_content(&record, &bytes, &size) ? expand_piece(expansion, bytes, size) : -EINVAL;
    } else if (is_good) {
      status = put(expansion, record.at, record.step);
    }
    if (!is_good || status == -EINVAL) {
      recording->damaged_at = at;
      break;
    }
    if (status)
      return status;
  }
  return flush(expansion);
}

int be_perfdata_replace(struct be_perfdata *recording, int fd, uint64_t size,
                        struct be_error *error) {
  if (!size)
    return be_error_set(error, -EINVAL, "'%s' is damaged: nothing in it can be read",
                        recording->path);
  void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED)
    return be_error_set(error, -errno, "cannot map a file into memory: %s", strerror(errno));
  recording->expanded = data;
  recording->begin = 0;
  recording->end = recording->expanded_size = size;
  return 0;
}

/* Perf compresses all that the kernel hands it: the first such record comes before any sample. */
static bool is_compressed(const struct be_perfdata *recording) {
  struct be_record_view record;
  for (uint64_t at = recording->begin; at < recording->end; at += record.step) {
    if (!be_record_get(recording, at, recording->end, &record) || record.type == BE_RECORD_SAMPLE)
      return false;
    if (record.type == BE_RECORD_COMPRESSED || record.type == BE_RECORD_COMPRESSED2)
      return true;
  }
  return false;
}

int be_perfdata_expand(struct be_perfdata *recording, struct be_error *error) {
  struct expansion expansion = {.recording = recording, .error = error};
  if (!is_compressed(recording))
    return 0;
  expansion.out = be_spool_open(error);
  if (expansion.out < 0)
    return expansion.out;
  expansion.stream = ZSTD_createDStream();
  expansion.rest = malloc(RECORD_MAX + PIECE);
  expansion.buffer = malloc(BUFFER);
  int status = expansion.stream && expansion.rest && expansion.buffer
                   ? expand_records(&expansion)
                   : be_error_set(error, -ENOMEM, "no memory to decompress '%s'", recording->path);
  if (!status)
    status = be_perfdata_replace(recording, expansion.out, expansion.written, error);
  close(expansion.out);
  ZSTD_freeDStream(expansion.stream);
  free(expansion.rest);
  free(expansion.buffer);
  return status;
}

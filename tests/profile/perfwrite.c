/* perfwrite.c - writes perf.data files. */
#include "perfwrite.h"
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 104, RECORD_MAX = 8192, FINISHED_ROUND = 68, BUILD_ID = 67, FEATURE_BUILD_ID = 2 };

struct buffer {
  uint8_t bytes[RECORD_MAX];
  size_t size;
};

void die(const char *format, ...) {
  va_list list;
  va_start(list, format);
  vfprintf(stderr, format, list);
  va_end(list);
  fputc('\n', stderr);
  exit(1);
}

static void put(struct buffer *buffer, const void *bytes, size_t size) {
  if (size > sizeof buffer->bytes - buffer->size)
    die("a record of more than %d bytes", RECORD_MAX);
  memcpy(buffer->bytes + buffer->size, bytes, size);
  buffer->size += size;
}

static void put64(struct buffer *buffer, uint64_t value) { put(buffer, &value, sizeof value); }
static void put32(struct buffer *buffer, uint32_t value) { put(buffer, &value, sizeof value); }

/* A string, and zeros up to a multiple of 8. */
static void put_text(struct buffer *buffer, const char *text) {
  static const char zeros[8];
  put(buffer, text, strlen(text) + 1);
  put(buffer, zeros, -buffer->size & 7);
}

static void begin(struct buffer *buffer, uint32_t type, uint16_t misc) {
  struct perf_event_header head = {type, misc, 0};
  buffer->size = 0;
  put(buffer, &head, sizeof head);
}

static void write_out(struct recording *recording, struct buffer *buffer) {
  uint16_t size = (uint16_t)buffer->size;
  memcpy(buffer->bytes + offsetof(struct perf_event_header, size), &size, sizeof size);
  if (fwrite(buffer->bytes, buffer->size, 1, recording->out) != 1)
    die("cannot write the recording");
}

/* The end of every record that is no sample: who, and when. */
static void end(struct recording *recording, struct buffer *buffer, uint32_t pid) {
  put32(buffer, pid);
  put32(buffer, pid);
  put64(buffer, recording->time += 1000);
  write_out(recording, buffer);
}

void recording_open(struct recording *recording, const char *path) {
  static const uint8_t zeros[HEAD];
  struct perf_event_attr attr = {
      .type = PERF_TYPE_HARDWARE,
      .size = sizeof attr,
      .config = PERF_COUNT_HW_CPU_CYCLES,
      .sample_period = 100003,
      .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_BRANCH_STACK,
      .branch_sample_type = PERF_SAMPLE_BRANCH_ANY,
      .sample_id_all = 1,
      .mmap = 1,
      .mmap2 = 1,
      .comm = 1,
      .comm_exec = 1,
      .task = 1,
  };
  uint64_t no_ids[2] = {0, 0};
  *recording = (struct recording){.out = fopen(path, "wb"), .time = 1000000000};
  if (!recording->out)
    die("cannot write '%s'", path);
  setvbuf(recording->out, NULL, _IOFBF, 1 << 20);
  fwrite(zeros, HEAD, 1, recording->out);
  fwrite(&attr, sizeof attr, 1, recording->out);
  fwrite(no_ids, sizeof no_ids, 1, recording->out);
  recording->begin = (uint64_t)ftell(recording->out);
}

void recording_comm(struct recording *recording, uint32_t pid, const char *name, int is_exec) {
  struct buffer buffer;
  begin(&buffer, PERF_RECORD_COMM, is_exec ? PERF_RECORD_MISC_COMM_EXEC : 0);
  put32(&buffer, pid);
  put32(&buffer, pid);
  put_text(&buffer, name);
  end(recording, &buffer, pid);
}

void recording_mmap(struct recording *recording, uint32_t pid, uint64_t address, uint64_t size,
                    uint64_t offset, const char *path) {
  struct buffer buffer;
  begin(&buffer, PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER);
  put32(&buffer, pid);
  put32(&buffer, pid);
  put64(&buffer, address);
  put64(&buffer, size);
  put64(&buffer, offset);
  put64(&buffer, 0xfe);  /* device */
  put64(&buffer, 12345); /* inode */
  put64(&buffer, 0);
  put32(&buffer, 5); /* may be read and run */
  put32(&buffer, 2); /* private */
  put_text(&buffer, path);
  end(recording, &buffer, pid);
}

void recording_fork(struct recording *recording, uint32_t parent, uint32_t child) {
  struct buffer buffer;
  begin(&buffer, PERF_RECORD_FORK, 0);
  put32(&buffer, child);
  put32(&buffer, parent);
  put32(&buffer, child);
  put32(&buffer, parent);
  put64(&buffer, recording->time);
  end(recording, &buffer, parent);
}

void recording_sample(struct recording *recording, uint32_t pid, uint64_t ip,
                      const struct taken *stack, unsigned count) {
  struct buffer buffer;
  begin(&buffer, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
  put64(&buffer, ip);
  put32(&buffer, pid);
  put32(&buffer, pid);
  put64(&buffer, recording->time += 30000);
  put64(&buffer, count);
  put(&buffer, stack, count * sizeof *stack);
  write_out(recording, &buffer);
  recording->samples++;
}

void recording_round(struct recording *recording) {
  struct buffer buffer;
  begin(&buffer, FINISHED_ROUND, 0);
  write_out(recording, &buffer);
}

/* The list has one entry: process -1, 20 bytes of id in a field of 24, the path. */
static void write_build_id(struct recording *recording, const char *path, const uint8_t *build_id) {
  static const uint8_t zeros[4];
  struct buffer buffer;
  begin(&buffer, BUILD_ID, PERF_RECORD_MISC_USER);
  put32(&buffer, UINT32_MAX);
  put(&buffer, build_id, 20);
  put(&buffer, zeros, sizeof zeros);
  put_text(&buffer, path);
  uint64_t section[2] = {(uint64_t)ftell(recording->out) + sizeof section, buffer.size};
  fwrite(section, sizeof section, 1, recording->out);
  write_out(recording, &buffer);
}

void recording_close(struct recording *recording, const char *path, const uint8_t *build_id) {
  size_t attr = sizeof(struct perf_event_attr) + 16;
  uint64_t head[13] = {0};
  uint64_t data_end = (uint64_t)ftell(recording->out);
  memcpy(head, "PERFILE2", 8);
  head[1] = HEAD;
  head[2] = attr;
  head[3] = HEAD; /* the events: where, how many bytes */
  head[4] = attr;
  head[5] = recording->begin; /* the records */
  head[6] = data_end - recording->begin;
  head[9] = build_id ? 1u << FEATURE_BUILD_ID : 0;
  if (build_id)
    write_build_id(recording, path, build_id);
  rewind(recording->out);
  fwrite(head, sizeof head, 1, recording->out);
  if (fclose(recording->out))
    die("cannot write the recording");
}

/* records.c - records that the kernel did not write, laid out as it does. */
#include "writer.h"
#include <stddef.h>
#include <string.h>

enum { RECORD_MAX = 1 << 15 }; /* a sample of 1024 branches is less */

struct record {
  uint8_t bytes[RECORD_MAX];
  size_t size;
};

static void put(struct record *record, const void *bytes, size_t size) {
  size_t room = sizeof record->bytes - record->size;
  memcpy(record->bytes + record->size, bytes, size < room ? size : room);
  record->size += size < room ? size : room;
}

static void put64(struct record *record, uint64_t value) { put(record, &value, sizeof value); }
static void put32(struct record *record, uint32_t value) { put(record, &value, sizeof value); }

/* A string, and zeros up to a multiple of 8. */
static void put_text(struct record *record, const char *text) {
  enum { TEXT_MAX = 4096 };
  static const char zeros[8];
  put(record, text, strnlen(text, TEXT_MAX));
  put(record, zeros, 8 - record->size % 8);
}

static void begin(struct record *record, uint32_t type, uint16_t misc) {
  struct perf_event_header head = {type, misc, 0};
  record->size = 0;
  put(record, &head, sizeof head);
}

static int finish(struct be_writer *writer, struct record *record, struct be_error *error) {
  uint16_t size = (uint16_t)record->size;
  memcpy(record->bytes + offsetof(struct perf_event_header, size), &size, sizeof size);
  return be_writer_put(writer, record->bytes, error);
}

/* Every record but a sample ends with who and when. */
static int finish_at(struct be_writer *writer, struct record *record, const struct be_thread_at *at,
                     struct be_error *error) {
  put32(record, at->pid);
  put32(record, at->tid);
  put64(record, at->time);
  return finish(writer, record, error);
}

int be_writer_comm(struct be_writer *writer, const struct be_thread_at *at, const char *name,
                   bool is_exec, struct be_error *error) {
  struct record record;
  begin(&record, PERF_RECORD_COMM, is_exec ? PERF_RECORD_MISC_COMM_EXEC : 0);
  put32(&record, at->pid);
  put32(&record, at->tid);
  put_text(&record, name);
  return finish_at(writer, &record, at, error);
}

int be_writer_fork(struct be_writer *writer, const struct be_thread_at *at, uint32_t parent,
                   uint32_t parent_tid, struct be_error *error) {
  struct record record;
  begin(&record, PERF_RECORD_FORK, 0);
  put32(&record, at->pid);
  put32(&record, parent);
  put32(&record, at->tid);
  put32(&record, parent_tid);
  put64(&record, at->time);
  return finish_at(writer, &record, at, error);
}

int be_writer_mapped(struct be_writer *writer, const struct be_thread_at *at,
                     const struct be_mapped *mapped, struct be_error *error) {
  struct record record;
  begin(&record, PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER);
  put32(&record, at->pid);
  put32(&record, at->tid);
  put64(&record, mapped->address);
  put64(&record, mapped->size);
  put64(&record, mapped->offset);
  put32(&record, mapped->major);
  put32(&record, mapped->minor);
  put64(&record, mapped->inode);
  put64(&record, 0); /* the inode's generation: not to be known from outside */
  put32(&record, mapped->protection);
  put32(&record, mapped->flags);
  put_text(&record, mapped->path);
  return finish_at(writer, &record, at, error);
}

int be_writer_sample(struct be_writer *writer, const struct be_thread_at *at, uint64_t ip,
                     uint64_t period, const uint64_t (*branches)[2], uint32_t count,
                     struct be_error *error) {
  struct record record;
  begin(&record, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
  put64(&record, ip);
  put32(&record, at->pid);
  put32(&record, at->tid);
  put64(&record, at->time);
  put64(&record, period);
  put64(&record, count);
  for (uint32_t i = 0; i < count; i++) {
    put64(&record, branches[i][0]);
    put64(&record, branches[i][1]);
    put64(&record, 0); /* nobody predicted it */
  }
  return finish(writer, &record, error);
}

/* ring_reader.c - the consumer's side of the ring.
 *
 * The file has no name: other processes open it through this one's descriptor, and it is gone when
 * the last of them is, however they end.
 */
#include "ring_reader.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { DATA_OFFSET = 4096 };

static int map(struct be_ring_reader *reader) {
  uint64_t size = reader->size;
  void *head = mmap(NULL, DATA_OFFSET, PROT_READ | PROT_WRITE, MAP_SHARED, reader->fd, 0);
  if (head == MAP_FAILED)
    return -errno;
  reader->ring = head;
  uint8_t *data = mmap(NULL, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED)
    return -errno;
  reader->data = data;
  for (int i = 0; i < 2; i++)
    if (mmap(data + (uint64_t)i * size, size, PROT_READ, MAP_SHARED | MAP_FIXED, reader->fd,
             DATA_OFFSET) == MAP_FAILED)
      return -errno;
  return 0;
}

int be_ring_create(struct be_ring_reader *reader, uint64_t size, struct be_error *error) {
  *reader = (struct be_ring_reader){.fd = memfd_create("backedge-ring", MFD_CLOEXEC), .size = size};
  int status = reader->fd < 0 || ftruncate(reader->fd, (off_t)(DATA_OFFSET + size)) ? -errno : 0;
  if (!status)
    status = map(reader);
  if (status) {
    be_ring_destroy(reader);
    return be_error_set(error, status, "cannot make a ring for the agents: %s", strerror(-status));
  }
  *reader->ring = (struct be_ring){.magic = BE_RING_MAGIC,
                                   .version = BE_RING_VERSION,
                                   .data_offset = DATA_OFFSET,
                                   .data_size = size};
  snprintf(reader->path, sizeof reader->path, "/proc/%d/fd/%d", (int)getpid(), reader->fd);
  return 0;
}

void be_ring_destroy(struct be_ring_reader *reader) {
  if (reader->data)
    munmap(reader->data, 2 * reader->size);
  if (reader->ring)
    munmap(reader->ring, DATA_OFFSET);
  if (reader->fd >= 0)
    close(reader->fd);
  *reader = (struct be_ring_reader){.fd = -1};
}

/* The record at a position, when it is whole and can be one. */
static const struct be_record *record_at(const struct be_ring_reader *reader, uint64_t position,
                                         uint64_t head) {
  const struct be_record *record =
      (const struct be_record *)(reader->data + (position & (reader->size - 1)));
  if (__atomic_load_n(&record->mark, __ATOMIC_ACQUIRE) != position + 1)
    return NULL;
  bool is_good = record->size >= sizeof *record && record->size % BE_RING_ALIGN == 0 &&
                 record->size <= head - position;
  return is_good ? record : NULL;
}

static void move_to(struct be_ring_reader *reader, uint64_t position) {
  reader->position = position;
  reader->stuck_since = 0;
  __atomic_store_n(&reader->ring->tail, position, __ATOMIC_RELEASE);
}

static bool is_patience_over(struct be_ring_reader *reader) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  uint64_t time = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  if (!reader->stuck_since)
    reader->stuck_since = time;
  return time - reader->stuck_since >= 1000000000u;
}

const struct be_record *be_ring_next(struct be_ring_reader *reader, bool is_end) {
  uint64_t head = __atomic_load_n(&reader->ring->head, __ATOMIC_ACQUIRE);
  if (head <= reader->position || head - reader->position > reader->size)
    return NULL;
  const struct be_record *record = record_at(reader, reader->position, head);
  if (record || !(is_end || is_patience_over(reader)))
    return record;
  for (uint64_t at = reader->position; (at += BE_RING_ALIGN) < head;)
    if ((record = record_at(reader, at, head))) {
      reader->gaps++;
      move_to(reader, at);
      return record;
    }
  return NULL;
}

void be_ring_release(struct be_ring_reader *reader, const struct be_record *record) {
  move_to(reader, reader->position + record->size);
}

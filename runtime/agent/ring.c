/* ring.c - writes records into the ring, from any thread and any signal handler. */
#include "agent.h"

static bool is_usable(const struct be_ring *ring, uint64_t size) {
  return ring->magic == BE_RING_MAGIC && ring->version == BE_RING_VERSION &&
         ring->data_offset >= sizeof *ring && ring->data_offset % 4096 == 0 &&
         ring->data_size >= 1 << 16 && (ring->data_size & (ring->data_size - 1)) == 0 &&
         ring->data_offset < size && ring->data_size <= size - ring->data_offset && ring->rate &&
         ring->rate <= 1000000 && ring->branches && ring->branches <= BE_RING_BRANCHES_MAX;
}

/* The head, and the data twice. */
static bool map_all(int fd, uint64_t offset, uint64_t size) {
  const int protection = PROT_READ | PROT_WRITE;
  uint8_t *all = be_os_map(NULL, offset + 2 * size, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (!all)
    return false;
  if (!be_os_map(all, offset + size, protection, MAP_SHARED | MAP_FIXED, fd, 0) ||
      !be_os_map(all + offset + size, size, protection, MAP_SHARED | MAP_FIXED, fd, (long)offset)) {
    be_os_unmap(all, offset + 2 * size);
    return false;
  }
  be_agent.ring = (struct be_ring *)all;
  be_agent.data = all + offset;
  return true;
}

bool be_ring_open(const char *path) {
  long fd = be_os_call(SYS_openat, AT_FDCWD, (long)path, O_RDWR | O_CLOEXEC);
  if (fd < 0)
    return false;
  long size = be_os_call(SYS_lseek, fd, 0, SEEK_END);
  const struct be_ring *head =
      size < 4096 ? NULL : be_os_map(NULL, 4096, PROT_READ, MAP_SHARED, (int)fd, 0);
  bool done = false;
  if (head) {
    done = is_usable(head, (uint64_t)size) && map_all((int)fd, head->data_offset, head->data_size);
    be_os_unmap((void *)head, 4096);
  }
  be_os_call(SYS_close, fd, 0, 0);
  return done;
}

/* Returns where there is room for so many bytes, or NULL. */
static struct be_record *reserve(struct be_ring *ring, uint64_t size, uint64_t *position) {
  uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_RELAXED);
  do {
    if (head + size - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) > ring->data_size)
      return NULL;
  } while (!__atomic_compare_exchange_n(&ring->head, &head, head + size, true, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED));
  *position = head;
  return (struct be_record *)(be_agent.data + (head & (ring->data_size - 1)));
}

/* There is no room. Who takes nothing for so long has gone, and has left no word. */
static void lose(struct be_ring *ring) {
  static uint64_t seen_tail, seen_at;
  uint64_t tail = __atomic_load_n(&ring->tail, __ATOMIC_RELAXED);
  uint64_t now = be_os_clock(CLOCK_MONOTONIC);
  __atomic_fetch_add(&ring->lost_records, 1, __ATOMIC_RELAXED);
  if (tail != __atomic_exchange_n(&seen_tail, tail, __ATOMIC_RELAXED) || !seen_at)
    __atomic_store_n(&seen_at, now, __ATOMIC_RELAXED);
  else if (now - __atomic_load_n(&seen_at, __ATOMIC_RELAXED) > BE_RING_PATIENCE)
    __atomic_store_n(&ring->stop, 1, __ATOMIC_RELAXED);
}

void be_ring_write(struct be_record *record, size_t size, uint32_t tid) {
  struct be_ring *ring = be_agent.ring;
  uint64_t position, room = (size + BE_RING_ALIGN - 1) & ~(uint64_t)(BE_RING_ALIGN - 1);
  struct be_record *to = reserve(ring, room, &position);
  if (!to) {
    lose(ring);
    return;
  }
  record->size = (uint32_t)room;
  record->pid = be_agent.pid;
  record->tid = tid;
  if (!record->time)
    record->time = be_os_clock(CLOCK_MONOTONIC);
  be_os_copy(&to->size, &record->size, size - offsetof(struct be_record, size));
  __atomic_store_n(&to->mark, position + 1, __ATOMIC_RELEASE);
}

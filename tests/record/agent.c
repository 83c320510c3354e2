/* agent.c - stands in for the agent: writes given bursts to the ring when a program begins.
 *
 * BACKEDGE_TEST_BURSTS names a file of 64-bit numbers: for each burst how many branches it has,
 * then from and to of each, oldest first. BACKEDGE_TEST_SPOIL=1: things no agent writes stand
 * between them; =2: a record that is never finished does.
 */
#include "agent/ring.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct be_ring *ring;
static uint8_t *data;

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int map_ring(void) {
  const char *path = getenv(BE_RING_VARIABLE);
  int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0)
    return -1;
  ring = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (ring == MAP_FAILED || ring->magic != BE_RING_MAGIC)
    return -1;
  data = mmap(NULL, 2 * ring->data_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 2; i++)
    mmap(data + (uint64_t)i * ring->data_size, ring->data_size, PROT_READ | PROT_WRITE,
         MAP_SHARED | MAP_FIXED, fd, ring->data_offset);
  close(fd);
  return 0;
}

/* Waits until there is room; size becomes a multiple of what records are aligned to. */
static uint64_t reserve(size_t size) {
  uint64_t begin = __atomic_load_n(&ring->head, __ATOMIC_RELAXED);
  while (begin + size - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) > ring->data_size)
    usleep(1000);
  __atomic_store_n(&ring->head, begin + size, __ATOMIC_RELEASE);
  return begin;
}

static void put(enum be_record_kind kind, const void *bytes, size_t size) {
  size_t whole = (size + BE_RING_ALIGN - 1) / BE_RING_ALIGN * BE_RING_ALIGN;
  uint64_t begin = reserve(whole);
  struct be_record *record = (struct be_record *)(data + begin % ring->data_size);
  memset((uint8_t *)record + sizeof record->mark, 0, whole - sizeof record->mark);
  memcpy((uint8_t *)record + sizeof record->mark, (const uint8_t *)bytes + sizeof record->mark,
         size - sizeof record->mark);
  record->size = (uint32_t)whole;
  record->kind = kind;
  record->pid = record->tid = (uint32_t)getpid();
  record->time = now();
  __atomic_store_n(&record->mark, begin + 1, __ATOMIC_RELEASE);
}

static void put_process(void) {
  struct be_record_process process = {.parent = (uint32_t)getppid(), .name = "named-by-agent"};
  put(BE_RECORD_PROCESS, &process, sizeof process);
}

static void put_modules(void) {
  char line[4096];
  FILE *maps = fopen("/proc/self/maps", "r");
  while (maps && fgets(line, sizeof line, maps)) {
    union {
      struct be_record_module module;
      char bytes[sizeof(struct be_record_module) + 4096];
    } room = {0};
    unsigned long long begin, end, offset, inode;
    char leave[5];
    int path = 0;
    if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu %n", &begin, &end, leave, &offset,
               &room.module.major, &room.module.minor, &inode, &path) != 7 ||
        leave[2] != 'x')
      continue;
    line[strcspn(line, "\n")] = '\0';
    room.module.address = begin;
    room.module.length = end - begin;
    room.module.offset = offset;
    room.module.inode = inode;
    strcpy(room.module.path, line + path);
    put(BE_RECORD_MODULE, &room, sizeof room.module + strlen(line + path) + 1);
  }
  if (maps)
    fclose(maps);
}

/* What no agent writes: the recorder leaves it out, and reads on. */
static void put_nonsense(void) {
  struct be_record_burst burst = {.count = 1000000};
  struct be_record_module module = {.length = 4096};
  struct be_record_statistics statistics = {.ticks = 1};
  put(BE_RECORD_BURST, &burst, sizeof burst);
  memset(module.build_id, 0xff, sizeof module.build_id);
  module.build_id_size = 1u << 31;
  put(BE_RECORD_MODULE, &module, sizeof module);
  put(BE_RECORD_STATISTICS, &statistics, sizeof statistics.record);
  put((enum be_record_kind)4711, &burst, sizeof burst);
}

static void put_burst(const uint64_t *branches, uint64_t count) {
  struct be_record_burst *burst = calloc(1, sizeof *burst + count * sizeof *burst->branches);
  burst->count = (uint32_t)count;
  burst->weight = 10000000;
  burst->ip = branches[0];
  burst->end_ip = branches[2 * count - 1];
  memcpy(burst->branches, branches, count * sizeof *burst->branches);
  put(BE_RECORD_BURST, burst, sizeof *burst + count * sizeof *burst->branches);
  free(burst);
}

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("BACKEDGE_TEST_BURSTS"), *spoil = getenv("BACKEDGE_TEST_SPOIL");
  static uint64_t branches[2 * BE_RING_BRANCHES_MAX];
  struct be_record_statistics statistics = {.self_time = 1000000, .cpu_time = 1000000000};
  uint64_t count;
  FILE *file = path && map_ring() == 0 ? fopen(path, "rb") : NULL;
  if (!file)
    return;
  put_process();
  put_modules();
  while (fread(&count, sizeof count, 1, file) == 1 && count <= BE_RING_BRANCHES_MAX &&
         fread(branches, 2 * sizeof *branches, count, file) == count) {
    put_burst(branches, count);
    statistics.ticks++;
    if (spoil && *spoil == '1')
      put_nonsense();
    else if (spoil && statistics.ticks == 3)
      reserve(BE_RING_ALIGN);
  }
  put(BE_RECORD_STATISTICS, &statistics, sizeof statistics);
  fclose(file);
}

/* map.c - which code may be copied: what /proc/self/maps says, and restartable sequences.
 *
 * Private mappings of files that may be run and not be written: their bytes change only by a system
 * call. What else is run (made by a JIT, or mapped twice) is left alone.
 */
#include "agent.h"
#include "sequences.h"

/* Maps are read again at most so often: in the time between, reading costs a thousandth. */
enum { READ_SHARE = 1000, READ_PAUSE = 100000000 /* nanoseconds */ };

struct line {
  uint64_t start, end, offset, inode;
  uint32_t major, minor;
  char permissions[4];
  const char *path;
  uint32_t path_length;
};

struct reader {
  int fd;
  uint32_t at, size;
  char bytes[6144];
};

/* ---- tables -------------------------------------------------------------------------------- */

/* Returns a table with room for one more; the old one goes. */
static void *grow(void *table, uint32_t count, uint32_t *room, size_t size) {
  if (count < *room)
    return table;
  uint32_t more = *room ? 2 * *room : 4096 / (uint32_t)size;
  void *larger =
      be_os_map(NULL, more * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!larger)
    return NULL;
  if (table) {
    be_os_copy(larger, table, count * size);
    be_os_unmap(table, *room * size);
  }
  *room = more;
  return larger;
}

/* The last of them that starts at address or before, or NULL. */
static const struct be_range *find_range(const struct be_range *ranges, uint32_t count,
                                         uint64_t address) {
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (ranges[middle].start <= address)
      low = middle + 1;
    else
      high = middle;
  }
  return low ? &ranges[low - 1] : NULL;
}

/* ---- a line of maps ------------------------------------------------------------------------ */

static uint64_t take_number(const char **at, unsigned base) {
  uint64_t number = 0;
  for (;; ++*at) {
    unsigned digit = (unsigned char)**at;
    if (digit - '0' <= 9)
      digit -= '0';
    else if (digit - 'a' < 6)
      digit -= 'a' - 10;
    else
      return number;
    number = number * base + digit;
  }
}

/* start-end rwxp offset major:minor inode   path */
static void parse(const char *at, const char *end, struct line *line) {
  line->start = take_number(&at, 16);
  at++;
  line->end = take_number(&at, 16);
  at++;
  for (unsigned i = 0; i < 4; i++)
    line->permissions[i] = *at++;
  at++;
  line->offset = take_number(&at, 16);
  at++;
  line->major = (uint32_t)take_number(&at, 16);
  at++;
  line->minor = (uint32_t)take_number(&at, 16);
  at++;
  line->inode = take_number(&at, 10);
  while (at < end && *at == ' ')
    at++;
  line->path = at;
  line->path_length = (uint32_t)(end - at);
}

/* The next line's end; its start is at reader->at. Returns NULL at the end. */
static const char *next_line(struct reader *reader) {
  for (;;) {
    for (uint32_t i = reader->at; i < reader->size; i++)
      if (reader->bytes[i] == '\n')
        return reader->bytes + i;
    reader->size -= reader->at;
    be_os_copy(reader->bytes, reader->bytes + reader->at, reader->size);
    reader->at = 0;
    long got = be_os_call(SYS_read, reader->fd, (long)(reader->bytes + reader->size),
                          sizeof reader->bytes - 1 - reader->size);
    if (got <= 0)
      return NULL;
    reader->size += (uint32_t)got;
  }
}

static bool begins(const struct line *line, const char *text) {
  size_t length = be_os_length(text);
  if (line->path_length < length)
    return false;
  for (size_t i = 0; i < length; i++)
    if (line->path[i] != text[i])
      return false;
  return true;
}

static bool may_be_copied(const struct line *line) {
  const char *permissions = line->permissions;
  uint64_t own = (uint64_t)be_map_find;
  if (permissions[0] != 'r' || permissions[1] == 'w' || permissions[2] != 'x' ||
      permissions[3] != 'p' || (line->start <= own && own < line->end))
    return false;
  return begins(line, "[vdso]") ||
         (begins(line, "/") && !begins(line, "/memfd:") && !begins(line, "/dev/"));
}

/* ---- modules ------------------------------------------------------------------------------- */

static void report(const struct line *line) {
  struct {
    struct be_record_module head;
    char path[4096];
  } module;
  uint32_t length =
      line->path_length < sizeof module.path ? line->path_length : (uint32_t)sizeof module.path - 1;
  be_os_clear(&module.head, sizeof module.head);
  module.head.record.kind = BE_RECORD_MODULE;
  module.head.address = line->start;
  module.head.length = line->end - line->start;
  module.head.offset = line->offset;
  module.head.inode = line->inode;
  module.head.major = line->major;
  module.head.minor = line->minor;
  be_os_copy(module.path, line->path, length);
  module.path[length] = 0;
  be_ring_write(&module.head.record, offsetof(struct be_record_module, path) + length + 1,
                be_agent.pid);
}

static void add_sequences(struct be_map *map, const struct be_sequences *found) {
  struct {
    uint32_t version, flags;
    uint64_t start, length, abort;
  } sequence;
  for (uint64_t at = found->start; at + sizeof sequence <= found->end; at += sizeof sequence) {
    if (be_cpu_fetch(&sequence, (const void *)at, sizeof sequence) != sizeof sequence)
      return;
    struct be_sequence *table =
        grow(map->sequences, map->sequence_count, &map->sequence_room, sizeof *map->sequences);
    if (!table)
      return;
    map->sequences = table;
    table[map->sequence_count++] =
        (struct be_sequence){sequence.start, sequence.start + sequence.length, sequence.abort};
  }
}

/* What was known before is not said again; but its sequences may have been forgotten. */
static bool add_range(struct be_map *map, const struct be_map *before, const struct line *line) {
  struct be_range range = {line->start, line->end, line->offset, line->inode};
  const struct be_range *old = find_range(before->ranges, before->range_count, line->start);
  struct be_range *table =
      grow(map->ranges, map->range_count, &map->range_room, sizeof *map->ranges);
  struct be_sequences found;
  if (!table)
    return false;
  map->ranges = table;
  table[map->range_count++] = range;
  if (!old || old->start != range.start || old->end != range.end || old->offset != range.offset ||
      old->inode != range.inode)
    report(line);
  if (line->path[0] == '/' && be_sequences_find(line->path, line->start, line->offset, &found))
    add_sequences(map, &found);
  return true;
}

static void read_all(struct be_map *map, const struct be_map *before, int fd) {
  struct reader reader;
  struct line line;
  const char *end;
  reader.fd = fd;
  reader.at = reader.size = 0;
  while ((end = next_line(&reader))) {
    reader.bytes[end - reader.bytes] = 0;
    parse(reader.bytes + reader.at, end, &line);
    reader.at = (uint32_t)(end + 1 - reader.bytes);
    if (may_be_copied(&line) && !add_range(map, before, &line))
      break;
  }
}

static void discard(struct be_map *map) {
  if (map->ranges)
    be_os_unmap(map->ranges, map->range_room * sizeof *map->ranges);
  if (map->sequences)
    be_os_unmap(map->sequences, map->sequence_room * sizeof *map->sequences);
}

static void read_maps(struct be_map *map) {
  struct be_map before = *map;
  uint64_t start = be_os_clock(CLOCK_MONOTONIC);
  long fd = be_os_call(SYS_openat, AT_FDCWD, (long)"/proc/self/maps", O_RDONLY | O_CLOEXEC);
  map->generation = __atomic_load_n(&be_agent.generation, __ATOMIC_ACQUIRE);
  if (fd >= 0) {
    map->ranges = NULL;
    map->sequences = NULL;
    map->range_count = map->range_room = map->sequence_count = map->sequence_room = 0;
    read_all(map, &before, (int)fd);
    be_os_call(SYS_close, fd, 0, 0);
    discard(&before);
  }
  map->read_at = be_os_clock(CLOCK_MONOTONIC);
  map->read_cost = map->read_at - start;
}

/* Whether it is time to look again for what was not found. */
static bool is_due(const struct be_map *map) {
  uint64_t pause = map->read_cost * READ_SHARE;
  if (!map->read_at || map->generation != __atomic_load_n(&be_agent.generation, __ATOMIC_ACQUIRE))
    return true;
  return be_os_clock(CLOCK_MONOTONIC) - map->read_at > (pause > READ_PAUSE ? pause : READ_PAUSE);
}

/* ---- questions ----------------------------------------------------------------------------- */

static const struct be_range *find(const struct be_map *map, uint64_t address) {
  const struct be_range *range = find_range(map->ranges, map->range_count, address);
  return range && address < range->end ? range : NULL;
}

enum be_burst_end be_map_find(struct be_map *map, uint64_t address, uint64_t *start,
                              uint64_t *end) {
  const struct be_range *range = NULL;
  if (map->generation == __atomic_load_n(&be_agent.generation, __ATOMIC_ACQUIRE))
    range = find(map, address);
  if (!range && is_due(map)) {
    read_maps(map);
    range = find(map, address);
  }
  if (!range)
    return BE_END_UNKNOWN;
  *start = range->start;
  *end = range->end;
  for (uint32_t i = 0; i < map->sequence_count; i++) {
    const struct be_sequence *sequence = &map->sequences[i];
    if (address - sequence->start < sequence->end - sequence->start)
      return BE_END_RSEQ;
    if (sequence->start > address && sequence->start < *end)
      *end = sequence->start;
    if (sequence->end <= address && sequence->end > *start)
      *start = sequence->end;
  }
  return BE_END_FULL;
}

uint64_t be_map_abort(const struct be_map *map, uint64_t address) {
  for (uint32_t i = 0; i < map->sequence_count; i++)
    if (address - map->sequences[i].start < map->sequences[i].end - map->sequences[i].start)
      return map->sequences[i].abort;
  return address;
}

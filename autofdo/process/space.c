/* space.c - where the binary was mapped, per process and time. */
#include "backedge/profile/process.h"
#include <errno.h>
#include <stdlib.h>

enum { PAGE = 4096 };

struct be_spaces {
  const struct be_binary *binary;
  struct be_space *table; /* open addressing by pid; an empty slot has no maps */
  size_t size, count;     /* size is a power of two */
};

struct be_spaces *be_spaces_create(const struct be_binary *binary) {
  enum { FIRST_SIZE = 64 };
  struct be_spaces *spaces = calloc(1, sizeof *spaces);
  if (!spaces)
    return NULL;
  *spaces = (struct be_spaces){binary, calloc(FIRST_SIZE, sizeof *spaces->table), FIRST_SIZE, 0};
  if (spaces->table)
    return spaces;
  free(spaces);
  return NULL;
}

void be_spaces_destroy(struct be_spaces *spaces) {
  if (!spaces)
    return;
  for (size_t i = 0; i < spaces->size; i++)
    free(spaces->table[i].maps);
  free(spaces->table);
  free(spaces);
}

size_t be_spaces_count(const struct be_spaces *spaces) { return spaces->count; }

/* Where the process stands in the table, or would stand. */
static struct be_space *slot_of(struct be_space *table, size_t size, uint32_t pid) {
  size_t at = (size_t)pid * 2654435769u & (size - 1);
  while (table[at].maps && table[at].pid != pid)
    at = (at + 1) & (size - 1);
  return &table[at];
}

const struct be_space *be_spaces_find(struct be_spaces *spaces, uint32_t pid) {
  const struct be_space *space = slot_of(spaces->table, spaces->size, pid);
  return space->maps ? space : NULL;
}

static int grow(struct be_spaces *spaces) {
  size_t size = 2 * spaces->size;
  struct be_space *table = calloc(size, sizeof *table);
  if (!table)
    return -ENOMEM;
  for (size_t i = 0; i < spaces->size; i++)
    if (spaces->table[i].maps)
      *slot_of(table, size, spaces->table[i].pid) = spaces->table[i];
  free(spaces->table);
  spaces->table = table;
  spaces->size = size;
  return 0;
}

static int add_map(struct be_spaces *spaces, uint32_t pid, const struct be_map *map) {
  if (2 * spaces->count >= spaces->size && grow(spaces))
    return -ENOMEM;
  struct be_space *space = slot_of(spaces->table, spaces->size, pid);
  struct be_map *maps = realloc(space->maps, (space->map_count + 1) * sizeof *maps);
  if (!maps)
    return -ENOMEM;
  if (!space->maps)
    spaces->count++;
  maps[space->map_count] = *map;
  *space = (struct be_space){pid, space->map_count + 1, maps};
  return 0;
}

/* What stood in [start, start + size) is gone from a time on. */
static void unmap(struct be_spaces *spaces, uint32_t pid, uint64_t start, uint64_t size,
                  uint64_t time) {
  struct be_space *space = slot_of(spaces->table, spaces->size, pid);
  for (uint32_t i = 0; i < space->map_count; i++) {
    struct be_map *map = &space->maps[i];
    bool overlaps = start - map->start < map->size || map->start - start < size;
    if (overlaps && map->from <= time && time < map->until)
      map->until = time;
  }
}

/* The executable segment that a mapping shows. */
static const struct be_segment *segment_of(const struct be_binary *binary, uint64_t offset,
                                           uint64_t size) {
  for (size_t i = 0; i < binary->segment_count; i++) {
    const struct be_segment *segment = &binary->segments[i];
    uint64_t begin = segment->offset / PAGE * PAGE;
    if (offset < segment->offset + segment->size && (offset >= begin || begin - offset < size))
      return segment;
  }
  return NULL;
}

int be_spaces_map(struct be_spaces *spaces, const struct be_mapping *mapping, bool is_binary) {
  unmap(spaces, mapping->pid, mapping->address, mapping->size, mapping->time);
  const struct be_segment *segment =
      is_binary ? segment_of(spaces->binary, mapping->offset, mapping->size) : NULL;
  if (!segment)
    return 0;
  uint64_t address = segment->address + mapping->offset - segment->offset;
  struct be_map map = {mapping->address, mapping->size, address - spaces->binary->base,
                       mapping->time, UINT64_MAX};
  return add_map(spaces, mapping->pid, &map);
}

int be_spaces_fork(struct be_spaces *spaces, uint32_t parent, uint32_t child, uint64_t time) {
  be_spaces_exec(spaces, child, time); /* a number that was in use before */
  for (uint32_t i = 0;; i++) {
    const struct be_space *space = be_spaces_find(spaces, parent);
    if (!space || i >= space->map_count)
      return 0;
    struct be_map map = space->maps[i];
    if (!be_map_is_in_force(&map, time))
      continue;
    map.from = time;
    if (add_map(spaces, child, &map))
      return -ENOMEM;
  }
}

void be_spaces_exec(struct be_spaces *spaces, uint32_t pid, uint64_t time) {
  unmap(spaces, pid, 0, UINT64_MAX, time);
}

/* process.h - where one binary was mapped, in each process and at each time.
 *
 * Only what concerns that binary is kept. Times are those of the recording; records may come out of
 * their order.
 */
#ifndef BACKEDGE_PROFILE_PROCESS_H
#define BACKEDGE_PROFILE_PROCESS_H

#include "backedge/profile/binary.h"

struct be_map {
  uint64_t start, size; /* addresses in the process */
  uint64_t place;       /* of start, in the binary; modulo 2^64 */
  uint64_t from, until; /* in force at times of from <= time < until */
};

struct be_space {
  uint32_t pid;
  uint32_t map_count;
  struct be_map *maps; /* in the order in which they came */
};

struct be_spaces;

/* NULL when there is no memory. The binary must outlive it. */
struct be_spaces *be_spaces_create(const struct be_binary *binary);
void be_spaces_destroy(struct be_spaces *spaces);

/* A process maps a file; is_binary says that the file is the binary. Returns 0 or -ENOMEM. */
int be_spaces_map(struct be_spaces *spaces, const struct be_mapping *mapping, bool is_binary);
int be_spaces_fork(struct be_spaces *spaces, uint32_t parent, uint32_t child, uint64_t time);
void be_spaces_exec(struct be_spaces *spaces, uint32_t pid, uint64_t time);

/* The process's space; NULL when it never mapped the binary. Valid until the next change. */
const struct be_space *be_spaces_find(struct be_spaces *spaces, uint32_t pid);

/* How many processes ever mapped the binary. */
size_t be_spaces_count(const struct be_spaces *spaces);

static inline bool be_map_is_in_force(const struct be_map *map, uint64_t time) {
  return map->from <= time && time < map->until;
}

static inline uint32_t be_map_place(const struct be_map *map, uint64_t address) {
  uint64_t into = address - map->start, place = into + map->place;
  return into < map->size && place <= BE_PLACE_MAX ? (uint32_t)place : (uint32_t)BE_PLACE_OUTSIDE;
}

#endif

/* collect.c - counts what the samples of a recording say about one binary. */
#include "traces.h"
#include <errno.h>
#include <stdlib.h>

/* Addresses from here on are the kernel's. */
#define KERNEL 0xffff800000000000ull

enum { BATCH = 64 };

struct named_id {
  const char *path;
  struct be_build_id id;
};

struct collector {
  const struct be_binary *binary;
  const char *name; /* of the binary's file, without folders */
  struct be_spaces *spaces;
  struct be_traces *traces;
  struct be_ips *ips; /* NULL: samples without a stack are left out */
  struct be_collect_stats *stats;
  const struct be_space *space; /* of the last sample */
  struct named_id *known;       /* files of the binary's name or with its build-id */
  size_t known_count;
  struct named_id stranger; /* a file of the binary's name that is another one */
  bool is_out_of_memory;
};

static const char *file_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* ---- which mappings are of the binary ---------------------------------------------------------
 */

static void note_build_id(void *user, const char *path, const struct be_build_id *id) {
  struct collector *collector = user;
  if (strcmp(file_name(path), collector->name) != 0 &&
      !be_build_id_equal(id, &collector->binary->build_id))
    return;
  struct named_id *grown = realloc(collector->known, (collector->known_count + 1) * sizeof *grown);
  if (!grown) {
    collector->is_out_of_memory = true;
    return;
  }
  collector->known = grown;
  grown[collector->known_count++] = (struct named_id){path, *id};
}

/* By build-id where both are known, else by name. */
static bool is_binary(struct collector *collector, const struct be_mapping *mapping) {
  const struct be_build_id *own = &collector->binary->build_id;
  struct be_build_id id = mapping->build_id;
  for (size_t i = 0; i < collector->known_count && !id.size; i++)
    if (strcmp(collector->known[i].path, mapping->path) == 0)
      id = collector->known[i].id;
  bool has_name = strcmp(file_name(mapping->path), collector->name) == 0;
  if (!own->size || !id.size)
    return has_name;
  if (be_build_id_equal(own, &id))
    return true;
  if (has_name && !collector->stranger.path)
    collector->stranger = (struct named_id){mapping->path, id};
  return false;
}

static int add_mapping(void *user, const struct be_mapping *mapping, struct be_error *error) {
  struct collector *collector = user;
  collector->space = NULL;
  return be_spaces_map(collector->spaces, mapping, is_binary(collector, mapping))
             ? be_error_set(error, -ENOMEM, "no memory for the mappings of process %u",
                            mapping->pid)
             : 0;
}

static int add_fork(void *user, uint32_t parent, uint32_t child, uint64_t time,
                    struct be_error *error) {
  struct collector *collector = user;
  collector->space = NULL;
  return be_spaces_fork(collector->spaces, parent, child, time)
             ? be_error_set(error, -ENOMEM, "no memory for the mappings of process %u", child)
             : 0;
}

static int add_exec(void *user, uint32_t pid, uint64_t time, struct be_error *error) {
  struct collector *collector = user;
  collector->space = NULL;
  be_spaces_exec(collector->spaces, pid, time);
  return 0;
}

/* ---- samples ----------------------------------------------------------------------------------
 */

/* With several mappings the one that came last is looked at first. */
static uint32_t search_place(const struct be_space *space, uint64_t address, uint64_t time) {
  for (uint32_t i = space->map_count; i-- > 0;) {
    uint32_t place = be_map_place(&space->maps[i], address);
    if (place != BE_PLACE_OUTSIDE && be_map_is_in_force(&space->maps[i], time))
      return place;
  }
  return BE_PLACE_OUTSIDE;
}

static inline uint32_t place_of(const struct be_space *space, uint64_t address, uint64_t time) {
  return space->map_count == 1 ? be_map_place(space->maps, address)
                               : search_place(space, address, time);
}

/* Adds one to each trace. Their slots are on their way to the cache. */
static void count_traces(struct be_traces *traces, const struct be_trace *keys,
                         const size_t *hashes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct be_trace *slot = be_traces_slot(traces, &keys[i], hashes[i]);
    if (!slot->count) {
      *slot = keys[i];
      traces->count++;
      continue;
    }
    slot->count++;
    slot->mispredicted += keys[i].mispredicted;
  }
}

/* Branches come newest first: where one leads to, the code ran on to the branch before it. Those of
 * the kernel are left out, as if it had run straight on: it comes back to where it left. */
static int add_branches(struct collector *collector, const struct be_space *space,
                        const struct be_sample *sample) {
  struct be_trace keys[BATCH];
  size_t hashes[BATCH];
  struct be_traces *traces = collector->traces;
  uint32_t next = BE_PLACE_NONE;
  for (uint32_t i = 0; i < sample->branch_count;) {
    size_t count = 0;
    if (be_traces_reserve(traces, BATCH))
      return -ENOMEM;
    for (; i < sample->branch_count && count < BATCH; i++) {
      struct be_branch branch = be_branch_get(sample, i);
      if (branch.from >= KERNEL || branch.to >= KERNEL) {
        collector->stats->kernel++;
        continue;
      }
      uint32_t from = place_of(space, branch.from, sample->time);
      uint32_t to = place_of(space, branch.to, sample->time);
      keys[count] = (struct be_trace){from, to, next, 1, branch.is_mispredicted};
      next = from;
      if (from == BE_PLACE_OUTSIDE && to == BE_PLACE_OUTSIDE) {
        collector->stats->outside++;
        continue;
      }
      hashes[count] = be_trace_hash(&keys[count]);
      __builtin_prefetch(&traces->slots[hashes[count] & (traces->size - 1)], 1);
      count++;
    }
    count_traces(traces, keys, hashes, count);
  }
  return 0;
}

static int add_ip(struct collector *collector, const struct be_space *space,
                  const struct be_sample *sample, struct be_error *error) {
  uint32_t place = place_of(space, sample->ip, sample->time);
  if (place == BE_PLACE_OUTSIDE)
    return 0;
  collector->stats->ips++;
  return be_ips_add(collector->ips, place, 1)
             ? be_error_set(error, -ENOMEM, "no memory for %zu different addresses",
                            collector->ips->count)
             : 0;
}

static int add_sample(void *user, const struct be_sample *sample, struct be_error *error) {
  struct collector *collector = user;
  const struct be_space *space = collector->space;
  if (!space || space->pid != sample->pid)
    space = collector->space = be_spaces_find(collector->spaces, sample->pid);
  if (!space || (space->map_count == 1 && !be_map_is_in_force(space->maps, sample->time))) {
    collector->stats->other_process++;
    return 0;
  }
  if (!sample->branch_count) {
    collector->stats->without_stack++;
    return collector->ips ? add_ip(collector, space, sample, error) : 0;
  }
  collector->stats->stacks++;
  collector->stats->branches += sample->branch_count;
  return add_branches(collector, space, sample)
             ? be_error_set(error, -ENOMEM, "no memory for %zu different branches",
                            collector->traces->count)
             : 0;
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static int fail_by_build_id(const struct collector *collector, const char *path,
                            struct be_error *error) {
  char own[2 * BE_BUILD_ID_MAX + 1], other[2 * BE_BUILD_ID_MAX + 1];
  be_build_id_print(&collector->binary->build_id, own);
  be_build_id_print(&collector->stranger.id, other);
  return be_error_set(error, -ENODATA,
                      "'%s' was recorded with another '%s': its build-id was %s, that of '%s' is "
                      "%s; give the binary that ran",
                      path, collector->stranger.path, other, collector->binary->path, own);
}

static int judge_used(const struct collector *collector, const char *path, struct be_error *error) {
  const struct be_collect_stats *stats = collector->stats;
  const char *binary = collector->binary->path;
  if (stats->ips)
    return 0;
  if (!stats->stacks)
    return be_error_set(error, -ENODATA,
                        collector->ips ? "'%s' has no sample in '%s', though it ran"
                                       : "'%s' has no branch stack of a process that ran '%s'",
                        path, binary);
  if (stats->kernel + stats->outside == stats->branches)
    return be_error_set(error, -ENODATA, "none of the branches in '%s' is in '%s'", path, binary);
  return 0;
}

/* Why there is nothing, when there is nothing. */
static int judge(const struct collector *collector, const struct be_perfdata *recording,
                 const char *path, const struct be_perfdata_stats *read, struct be_error *error) {
  const struct be_collect_stats *stats = collector->stats;
  if (!collector->ips && !be_perfdata_has_branches(recording))
    return be_error_set(error, -ENODATA,
                        "'%s' has no branch stacks: record it with 'perf record -j any,u', where "
                        "the processor can",
                        path);
  if (!read->samples)
    return be_error_set(error, -ENODATA, "'%s' has no samples", path);
  if (!stats->processes)
    return collector->stranger.path
               ? fail_by_build_id(collector, path, error)
               : be_error_set(error, -ENODATA,
                              "'%s' has no process that ran '%s': is it the binary that was "
                              "recorded?",
                              path, collector->binary->path);
  return judge_used(collector, path, error);
}

int be_collect(const struct be_binary *binary, struct be_perfdata *recording, const char *path,
               struct be_traces *traces, struct be_ips *ips, struct be_perfdata_stats *read,
               struct be_collect_stats *stats, struct be_error *error) {
  struct collector collector = {
      .binary = binary,
      .name = file_name(binary->path),
      .spaces = be_spaces_create(binary),
      .traces = traces,
      .ips = ips,
      .stats = stats,
  };
  struct be_perfdata_calls calls = {&collector, add_sample, add_mapping, add_fork, add_exec};
  int status = 0;
  *stats = (struct be_collect_stats){0};
  be_perfdata_each_build_id(recording, &collector, note_build_id);
  if (!collector.spaces || collector.is_out_of_memory)
    status = be_error_set(error, -ENOMEM, "no memory to read '%s'", path);
  else
    status = be_perfdata_read(recording, &calls, read, error);
  if (!status) {
    stats->processes = be_spaces_count(collector.spaces);
    status = judge(&collector, recording, path, read, error);
  }
  be_spaces_destroy(collector.spaces);
  free(collector.known);
  return status;
}

/* header.c - the head of a perf.data file: its events, their ids, the list of build-ids. */
#include "perfdata.h"
#include <errno.h>
#include <stdlib.h>

/* Offsets in the file's head. */
enum {
  HEAD_SIZE = 8,
  HEAD_ATTR_SIZE = 16,
  HEAD_ATTRS = 24, /* offset, size */
  HEAD_DATA = 40,
  HEAD_FEATURES = 72, /* 256 bits */
  HEAD_END = 104,
  PIPE_HEAD_END = 16
};

/* Offsets in struct perf_event_attr, which grows: what is behind these is not read. */
enum {
  ATTR_SIZE = 4,
  ATTR_SAMPLE_TYPE = 24,
  ATTR_READ_FORMAT = 32,
  ATTR_FLAGS = 40,
  ATTR_BRANCH_TYPE = 72,
  ATTR_KNOWN = 80 /* the first published size that has them all, and so the least accepted */
};
enum { ATTR_FLAG_SAMPLE_ID_ALL = 18 };
enum { FEATURE_BUILD_ID = 2, FEATURE_MAX = 256 };
enum { EVENTS_MAX = 1 << 16 };

static bool is_inside(const struct be_perfdata *recording, uint64_t offset, uint64_t size) {
  return offset <= recording->size && size <= recording->size - offset;
}

static int add_event(struct be_perfdata *recording, const uint8_t *attr, struct be_error *error) {
  struct be_event event = {
      .sample_type = be_load64(attr + ATTR_SAMPLE_TYPE),
      .read_format = be_load64(attr + ATTR_READ_FORMAT),
      .branch_type = be_load64(attr + ATTR_BRANCH_TYPE),
      .has_sample_id = be_load64(attr + ATTR_FLAGS) >> ATTR_FLAG_SAMPLE_ID_ALL & 1,
  };
  struct be_event *grown =
      recording->event_count < EVENTS_MAX
          ? realloc(recording->events, (recording->event_count + 1) * sizeof *grown)
          : NULL;
  if (!grown)
    return be_error_set(error, -ENOMEM, "'%s' has more events than memory can hold",
                        recording->path);
  recording->events = grown;
  grown[recording->event_count++] = event;
  if (memcmp(&grown[0], &event, sizeof event) != 0)
    recording->are_mixed = true;
  return 0;
}

/* The ids belong to the event that was added last. */
static int add_ids(struct be_perfdata *recording, const uint8_t *ids, size_t count,
                   struct be_error *error) {
  struct be_event_id *grown =
      count ? realloc(recording->ids, (recording->id_count + count) * sizeof *grown)
            : recording->ids;
  if (count && !grown)
    return be_error_set(error, -ENOMEM, "no memory for the %zu ids of an event", count);
  recording->ids = grown;
  for (size_t i = 0; i < count; i++)
    grown[recording->id_count++] =
        (struct be_event_id){be_load64(ids + 8 * i), (uint32_t)recording->event_count - 1};
  recording->is_sorted = false;
  return 0;
}

static int read_events(struct be_perfdata *recording, struct be_error *error) {
  const uint8_t *head = recording->data;
  uint64_t size = be_load64(head + HEAD_ATTR_SIZE), offset = be_load64(head + HEAD_ATTRS),
           all = be_load64(head + HEAD_ATTRS + 8);
  if (size < ATTR_KNOWN + 16 || !is_inside(recording, offset, all) || all < size)
    return be_error_set(error, -EINVAL,
                        "'%s' is damaged: its head says that events stand at byte %llu, where "
                        "there are none",
                        recording->path, (unsigned long long)offset);
  for (uint64_t at = 0; at + size <= all; at += size) {
    const uint8_t *attr = head + offset + at;
    uint64_t ids = be_load64(attr + size - 16), ids_size = be_load64(attr + size - 8);
    int status = add_event(recording, attr, error);
    if (!status && is_inside(recording, ids, ids_size))
      status = add_ids(recording, head + ids, ids_size / 8, error);
    if (status)
      return status;
  }
  return 0;
}

/* Feature sections are listed behind the data, in the order of their bits. */
static void find_build_ids(struct be_perfdata *recording) {
  const uint8_t *bits = recording->data + HEAD_FEATURES;
  uint64_t at = recording->end, index = 0;
  if (!(bits[FEATURE_BUILD_ID / 8] >> FEATURE_BUILD_ID % 8 & 1))
    return;
  for (unsigned feature = 0; feature < FEATURE_BUILD_ID; feature++)
    index += bits[feature / 8] >> feature % 8 & 1;
  at += 16 * index;
  if (!is_inside(recording, at, 16))
    return;
  uint64_t offset = be_load64(recording->data + at), size = be_load64(recording->data + at + 8);
  if (is_inside(recording, offset, size)) {
    recording->build_ids = offset;
    recording->build_ids_end = offset + size;
  }
}

static const char magic[] = "PERFILE2", swapped[] = "2ELIFREP";

static bool begins_with(const struct be_perfdata *recording, const char *text) {
  return recording->size >= 8 && memcmp(recording->data, text, 8) == 0;
}

bool be_perfdata_has_magic(const struct be_perfdata *recording) {
  return begins_with(recording, magic) || begins_with(recording, swapped);
}

int be_perfdata_read_header(struct be_perfdata *recording, struct be_error *error) {
  const uint8_t *head = recording->data;
  if (begins_with(recording, swapped))
    return be_error_set(error, -EINVAL, "'%s' was recorded on a machine of the other byte order",
                        recording->path);
  if (recording->size < PIPE_HEAD_END || !begins_with(recording, magic))
    return be_error_set(error, -EINVAL,
                        "'%s' is no recording of perf: it does not begin with %s, and is not what "
                        "'perf script' prints",
                        recording->path, magic);
  if (be_load64(head + HEAD_SIZE) == PIPE_HEAD_END) {
    recording->begin = PIPE_HEAD_END;
    recording->end = recording->size;
    return 0;
  }
  if (recording->size < HEAD_END)
    return be_error_set(error, -EINVAL, "'%s' ends in its head, at byte %zu", recording->path,
                        recording->size);
  uint64_t offset = be_load64(head + HEAD_DATA), size = be_load64(head + HEAD_DATA + 8);
  if (offset < HEAD_END || offset > recording->size)
    return be_error_set(error, -EINVAL,
                        "'%s' is damaged: its head says that records begin at byte %llu, and it "
                        "has %zu",
                        recording->path, (unsigned long long)offset, recording->size);
  recording->begin = offset;
  /* A recording that was cut short says 0, or more than there is. */
  bool is_cut = size == 0 || size > recording->size - offset;
  recording->end = is_cut ? recording->size : offset + size;
  if (is_cut)
    recording->damaged_at = recording->end;
  else
    find_build_ids(recording);
  return read_events(recording, error);
}

int be_perfdata_add_event_record(struct be_perfdata *recording, const uint8_t *record, size_t size,
                                 struct be_error *error) {
  const uint8_t *attr = record + BE_RECORD_HEADER;
  size_t attr_size = size >= BE_RECORD_HEADER + ATTR_KNOWN ? be_load32(attr + ATTR_SIZE) : 0;
  if (attr_size < ATTR_KNOWN || attr_size > size - BE_RECORD_HEADER)
    return be_error_set(error, -EINVAL, "'%s' is damaged: an event of %zu bytes in a record of %zu",
                        recording->path, attr_size, size);
  int status = add_event(recording, attr, error);
  return status ? status
                : add_ids(recording, attr + attr_size, (size - BE_RECORD_HEADER - attr_size) / 8,
                          error);
}

static int id_order(const void *left, const void *right) {
  uint64_t a = ((const struct be_event_id *)left)->id, b = ((const struct be_event_id *)right)->id;
  return (a > b) - (a < b);
}

const struct be_event *be_perfdata_event_of(struct be_perfdata *recording, const uint8_t *body,
                                            size_t size) {
  if (recording->event_count == 0 || size < 8)
    return NULL;
  if (!recording->are_mixed)
    return &recording->events[0];
  if (!(recording->events[0].sample_type & BE_SAMPLE_IDENTIFIER))
    return NULL;
  if (!recording->is_sorted)
    qsort(recording->ids, recording->id_count, sizeof *recording->ids, id_order);
  recording->is_sorted = true;
  struct be_event_id key = {.id = be_load64(body)};
  const struct be_event_id *found =
      recording->id_count ? bsearch(&key, recording->ids, recording->id_count, sizeof key, id_order)
                          : NULL;
  return found ? &recording->events[found->event] : NULL;
}

bool be_perfdata_has_branches(const struct be_perfdata *recording) {
  for (size_t i = 0; i < recording->event_count; i++)
    if (recording->events[i].sample_type & BE_SAMPLE_BRANCH_STACK)
      return true;
  return false;
}

void be_perfdata_each_build_id(const struct be_perfdata *recording, void *user,
                               void (*each)(void *, const char *, const struct be_build_id *)) {
  enum { ID = 12, ID_SIZE = 32, NAME = 36 };
  uint64_t at = recording->build_ids;
  while (recording->build_ids_end - at > NAME) {
    const uint8_t *record = recording->data + at;
    uint16_t misc = be_load16(record + 4), size = be_load16(record + 6);
    if (size <= NAME || size > recording->build_ids_end - at ||
        !memchr(record + NAME, '\0', size - NAME))
      return;
    struct be_build_id id = {.size = BE_BUILD_ID_MAX};
    if (misc & BE_MISC_ID_SIZE && record[ID_SIZE] <= BE_BUILD_ID_MAX)
      id.size = record[ID_SIZE];
    memcpy(id.bytes, record + ID, id.size);
    each(user, (const char *)record + NAME, &id);
    at += size;
  }
}

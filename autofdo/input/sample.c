/* sample.c - the fields of a sample, in the order in which the kernel writes them. */
#include "perfdata.h"

struct cursor {
  const uint8_t *at, *end;
  bool is_short; /* once set, it stays, and 0 is read */
};

static uint64_t next(struct cursor *cursor) {
  if (cursor->end - cursor->at < 8) {
    cursor->is_short = true;
    return 0;
  }
  uint64_t value = be_load64(cursor->at);
  cursor->at += 8;
  return value;
}

static void skip(struct cursor *cursor, uint64_t count, size_t size) {
  if (count > (uint64_t)(cursor->end - cursor->at) / size)
    cursor->is_short = true;
  else
    cursor->at += count * size;
}

/* What PERF_SAMPLE_READ adds: one counter's value, or those of a group. */
static void skip_read(struct cursor *cursor, uint64_t format) {
  enum { TIME_ENABLED = 1, TIME_RUNNING = 2, ID = 4, GROUP = 8, LOST = 16 };
  uint64_t times = !!(format & TIME_ENABLED) + !!(format & TIME_RUNNING);
  uint64_t words = 1 + !!(format & ID) + !!(format & LOST);
  if (format & GROUP) {
    uint64_t count = next(cursor);
    skip(cursor, times, 8);
    skip(cursor, count, 8 * words);
  } else {
    skip(cursor, times + words, 8);
  }
}

static void skip_raw(struct cursor *cursor) {
  if (cursor->end - cursor->at < 4) {
    cursor->is_short = true;
    return;
  }
  uint64_t size = be_load32(cursor->at);
  skip(cursor, (4 + size + 7) / 8, 8);
}

static void read_branches(struct cursor *cursor, const struct be_event *event,
                          struct be_sample *sample) {
  uint64_t count = next(cursor);
  if (event->branch_type & BE_BRANCH_HW_INDEX)
    next(cursor);
  sample->branches = cursor->at;
  skip(cursor, count, BE_BRANCH_SIZE);
  sample->branch_count = (uint32_t)count;
  sample->has_branches = true;
}

bool be_sample_read(const struct be_event *event, const uint8_t *body, size_t size,
                    struct be_sample *sample) {
  struct cursor cursor = {body, body + size, false};
  uint64_t type = event->sample_type;
  *sample = (struct be_sample){.pid = UINT32_MAX};
  if (type & BE_SAMPLE_IDENTIFIER)
    next(&cursor);
  if (type & BE_SAMPLE_IP)
    sample->ip = next(&cursor);
  if (type & BE_SAMPLE_TID)
    sample->pid = (uint32_t)next(&cursor);
  if (type & BE_SAMPLE_TIME)
    sample->time = next(&cursor);
  skip(&cursor,
       !!(type & BE_SAMPLE_ADDR) + !!(type & BE_SAMPLE_ID) + !!(type & BE_SAMPLE_STREAM_ID) +
           !!(type & BE_SAMPLE_CPU) + !!(type & BE_SAMPLE_PERIOD),
       8);
  if (type & BE_SAMPLE_READ)
    skip_read(&cursor, event->read_format);
  if (type & BE_SAMPLE_CALLCHAIN)
    skip(&cursor, next(&cursor), 8);
  if (type & BE_SAMPLE_RAW)
    skip_raw(&cursor);
  if (type & BE_SAMPLE_BRANCH_STACK)
    read_branches(&cursor, event, sample);
  return !cursor.is_short;
}

uint64_t be_record_time(const struct be_event *event, const uint8_t *record, size_t size) {
  uint64_t type = event->sample_type;
  if (!event->has_sample_id || !(type & BE_SAMPLE_TIME))
    return 0;
  size_t after = 1 + !!(type & BE_SAMPLE_ID) + !!(type & BE_SAMPLE_STREAM_ID) +
                 !!(type & BE_SAMPLE_CPU) + !!(type & BE_SAMPLE_IDENTIFIER);
  return size >= BE_RECORD_HEADER + 8 * after ? be_load64(record + size - 8 * after) : 0;
}

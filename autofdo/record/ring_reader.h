/* ring_reader.h - makes the ring that agents write to, and reads it. */
#ifndef BACKEDGE_RECORD_RING_READER_H
#define BACKEDGE_RECORD_RING_READER_H

#include "agent/ring.h"
#include "backedge/profile/error.h"
#include <stdbool.h>

struct be_ring_reader {
  struct be_ring *ring;
  uint8_t *data; /* mapped twice in a row */
  uint64_t size; /* of the data */
  uint64_t position;
  uint64_t stuck_since; /* nanoseconds; 0: not stuck */
  uint64_t gaps;        /* records that were begun and never finished */
  int fd;
  char path[64]; /* under which other processes open it, as long as this one lives */
};

/* `size` is a power of two. */
int be_ring_create(struct be_ring_reader *reader, uint64_t size, struct be_error *error);
void be_ring_destroy(struct be_ring_reader *reader);

/* The next whole record; NULL when there is none. Gaps are passed when nothing came for a second,
 * or when it is_end. */
const struct be_record *be_ring_next(struct be_ring_reader *reader, bool is_end);

/* The record is done with. */
void be_ring_release(struct be_ring_reader *reader, const struct be_record *record);

#endif

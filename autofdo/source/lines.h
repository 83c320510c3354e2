/* lines.h - which line of the source each instruction is of. */
#ifndef BACKEDGE_SOURCE_LINES_H
#define BACKEDGE_SOURCE_LINES_H

#include "backedge/profile/binary.h"
#include "cursor.h"

struct be_row { /* holds up to where the next one begins */
  uint32_t place;
  uint32_t line; /* 0: of none */
  uint32_t discriminator;
};

struct be_lines {
  struct be_row *at; /* sorted by place, no two of one */
  size_t count, room;
  uint64_t bytes; /* of all programs that were read */
};

/* Reads the line program at an offset of .debug_line: what it says of the binary's code. A damaged
 * one is read up to there; none is when they were all read many times. 0 or -ENOMEM. The rows are
 * the caller's, also after a failure. */
int be_lines_read(const struct be_binary *binary, struct be_bytes section, uint64_t offset,
                  struct be_lines *lines);

#endif

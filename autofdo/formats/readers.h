/* readers.h - what the readers of compilers' profiles share. */
#ifndef BACKEDGE_FORMATS_READERS_H
#define BACKEDGE_FORMATS_READERS_H

#include "backedge/profile/source.h"
#include "source/cursor.h"

struct be_source_reader {
  const char *path;
  struct be_bytes bytes;
  bool with_discriminators;
  struct be_source_profile *source;
  struct be_error *error;
  uint32_t *names; /* of the file, by its index; the profile's */
  size_t name_count;
};

/* Of a position that is read: where it was put, and how much of its line was counted. */
struct be_line_read {
  uint32_t position;
  uint64_t count;
};

/* Adds, up to the greatest number there is. */
void be_reader_add(uint64_t *sum, uint64_t count);

/* Adds to a position: all of it, or what makes the line's count as great as this. The position's
 * index, or BE_SOURCE_NONE when there is no memory. `last` begins as zeros for each instance. */
uint32_t be_reader_position(const struct be_source_reader *reader, uint32_t instance, uint64_t line,
                            uint64_t discriminator, uint64_t count, struct be_line_read *last);

/* The instance of a function (parent BE_SOURCE_NONE) or of what is inlined in one; BE_SOURCE_NONE
 * when there is no memory. */
uint32_t be_reader_instance(const struct be_source_reader *reader, uint32_t parent, uint64_t line,
                            uint64_t discriminator, uint32_t name);

/* Adds to a target of a call. 0 or -ENOMEM. */
int be_reader_target(const struct be_source_reader *reader, uint32_t position, uint32_t name,
                     uint64_t count, bool is_indirect);

int be_gcov_read(struct be_source_reader *reader);
int be_llvm_read(struct be_source_reader *reader);
int be_llvmtext_read(struct be_source_reader *reader);

#endif

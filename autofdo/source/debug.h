/* debug.h - the files that debug information is in, and their sections. */
#ifndef BACKEDGE_SOURCE_DEBUG_H
#define BACKEDGE_SOURCE_DEBUG_H

#include "backedge/profile/binary.h"
#include "cursor.h"
#include <gelf.h>

enum be_debug_section {
  BE_DEBUG_INFO,
  BE_DEBUG_ABBREV,
  BE_DEBUG_LINE,
  BE_DEBUG_STR,
  BE_DEBUG_LINE_STR,
  BE_DEBUG_STR_OFFSETS,
  BE_DEBUG_ADDR,
  BE_DEBUG_RANGES,
  BE_DEBUG_RNGLISTS,
  BE_DEBUG_CU_INDEX,
  BE_DEBUG_SECTIONS
};

struct be_debug_file {
  char *path;
  int fd;
  Elf *elf;
  struct be_bytes sections[BE_DEBUG_SECTIONS];
  void *owned[BE_DEBUG_SECTIONS]; /* what was decompressed */
  struct be_build_id build_id;
};

/* Opens a file and its sections; `split` takes those that are named .dwo. -errno, -EINVAL when it
 * is no ELF file or a section cannot be decompressed. *file is the caller's. */
int be_debug_open(const char *path, bool split, struct be_debug_file **file,
                  struct be_error *error);
/* Does the file's symbol table hold the name? */
bool be_debug_has_symbol(const struct be_debug_file *file, const char *name);
void be_debug_close(struct be_debug_file *file);

/* The file with the binary's debug information: the binary, or the one it refers to by build-id or
 * link. -ENODATA, and says what was looked for, when there is none. */
int be_debug_find(const struct be_binary *binary, struct be_debug_file **file,
                  struct be_error *error);

/* The file that another one shares its debug information with (dwz). *file is NULL when it does not
 * refer to any. */
int be_debug_find_shared(const struct be_debug_file *from, struct be_debug_file **file,
                         struct be_error *error);

#endif

/* image.h - what the files that read an ELF file share. */
#ifndef BACKEDGE_BINARY_IMAGE_H
#define BACKEDGE_BINARY_IMAGE_H

#include "backedge/profile/binary.h"
#include "load.h"
#include <gelf.h>

struct be_section {
  const char *name;
  uint64_t address, size;
  const uint8_t *bytes; /* NULL when the file has none (.bss) */
  uint64_t flags;       /* SHF_… */
};

struct be_image {
  int fd;
  Elf *elf;
  struct be_section *sections; /* by their number in the file */
  size_t section_count;
  const struct be_section *last; /* where be_binary_bytes found the last place */
  char *names;                   /* of what no symbol names; owned */
  struct be_debug_file *debug; /* that holds the symbols of a stripped binary; NULL: it has them */
};

/* A section that is in memory while the program runs; NULL when no such section has the address. */
const struct be_section *be_image_section_at(struct be_image *image, uint64_t address);

/* Fills in binary->functions and ->entries from the symbol table and the stubs of the linker. */
int be_binary_read_symbols(struct be_binary *binary, struct be_error *error);

/* Appends the stubs that the linker made (.plt and its kind) to binary->functions, unsorted. Their
 * extent is not filled in. */
int be_binary_add_stubs(struct be_binary *binary, struct be_error *error);

/* Room for one more function; NULL when there is no memory. */
struct be_function *be_binary_add_function(struct be_binary *binary);

#endif

/* binary.h - the ELF file that was profiled: its functions, their names, its bytes.
 *
 * Addresses are those of the file (virtual addresses as linked). A place is such an address counted
 * from the file's first one: it fits in 32 bits.
 */
#ifndef BACKEDGE_PROFILE_BINARY_H
#define BACKEDGE_PROFILE_BINARY_H

#include "backedge/profile/perfdata.h"

enum {
  BE_PLACE_MAX = 0xfffffff0u,
  BE_PLACE_OUTSIDE = 0xfffffffeu, /* in no function of this binary */
  BE_PLACE_NONE = 0xffffffffu
};

enum be_function_flag {
  BE_FUNCTION_LOCAL = 1 << 0,    /* its name is followed by /number */
  BE_FUNCTION_PLT = 1 << 1,      /* a stub; its name is followed by @PLT */
  BE_FUNCTION_FRAGMENT = 1 << 2, /* its name ends in .cold */
  BE_FUNCTION_SECTION = 1 << 3   /* the head of a section of stubs: named after it */
};

struct be_function {
  uint32_t place;
  uint32_t size;    /* bytes, as its symbol says; up to the next object where that says 0 */
  uint32_t extent;  /* bytes up to the next object: addresses up to there are taken for its own */
  uint32_t number;  /* tells local symbols of one name apart; from 1 */
  const char *name; /* in the file */
  uint32_t flags;   /* enum be_function_flag */
};

struct be_segment {               /* executable */
  uint64_t address, offset, size; /* size in the file */
};

struct be_binary {
  char *path;
  struct be_build_id build_id;
  uint64_t base; /* the address of place 0 */
  struct be_segment *segments;
  size_t segment_count;
  struct be_function *functions; /* sorted by place */
  size_t function_count;
  uint32_t *entries; /* places inside functions where symbols stand; sorted */
  size_t entry_count;
  struct be_image *image; /* elf.c's */
};

/* -EINVAL when it is no 64-bit little-endian x86-64 executable or shared object, or has no symbols
 * of functions. */
int be_binary_open(const char *path, struct be_binary **binary, struct be_error *error);
void be_binary_close(struct be_binary *binary);

/* The function a place is in, by extent; NULL when there is none. */
const struct be_function *be_binary_function_at(const struct be_binary *binary, uint32_t place);

/* The bytes from a place on, and how many there are in its section; NULL when there are none. */
const uint8_t *be_binary_bytes(const struct be_binary *binary, uint32_t place, size_t *count);

/* What BOLT calls a function: the symbol's name, with /number for a local one and @PLT for a stub;
 * spaces and backslashes have a backslash before them. Returns its length, as snprintf does. */
size_t be_function_print(const struct be_function *function, char *text, size_t size);

#endif

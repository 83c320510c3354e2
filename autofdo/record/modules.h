/* modules.h - the files that were mapped with leave to run them, and their build-ids. */
#ifndef BACKEDGE_RECORD_MODULES_H
#define BACKEDGE_RECORD_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BE_MODULE_ID_MAX = 20 };

struct be_module {
  char *path;
  uint8_t id[BE_MODULE_ID_MAX];
  uint8_t id_size; /* 0: it has none, or could not be read */
};

struct be_modules {
  struct be_module *table; /* open addressing by path; an empty slot has none */
  size_t size, count;
};

/* Notes a file that a process maps, and reads its build-id when it is met for the first time: later
 * it may be another file. `id` is given where it is known already. 0 or -ENOMEM. */
int be_modules_note(struct be_modules *modules, uint32_t pid, const char *path, const uint8_t *id,
                    size_t id_size);
void be_modules_destroy(struct be_modules *modules);

#endif

/* dwarf.c - finds the units of a binary's debug information, and entries by reference. */
#include "dwarf.h"
#include "room.h"
#include "search.h"
#include <errno.h>
#include <stdio.h>

static int read_units(const struct be_debug_file *file, const struct be_debug_file *shared,
                      struct be_units *units) {
  struct be_unit unit;
  size_t size = file->sections[BE_DEBUG_INFO].size;
  for (uint64_t offset = 0; offset < size; offset = unit.end) {
    bool is_good = be_unit_read(&unit, file->sections, offset);
    if (unit.end <= offset) /* damaged: nobody knows where the next one begins */
      return 0;
    if (!is_good)
      continue;
    unit.shared = shared ? shared->sections : NULL;
    if (!be_make_room(&units->at, units->count, &units->room, sizeof *units->at))
      return -ENOMEM;
    units->at[units->count++] = unit;
  }
  return 0;
}

/* A package stands beside the binary or its debug information. */
static struct be_debug_file *find_package(const struct be_dwarf *dwarf) {
  enum { PATH_ROOM = 4096 };
  char path[PATH_ROOM];
  struct be_debug_file *package = NULL;
  struct be_error ignored;
  snprintf(path, sizeof path, "%s.dwp", dwarf->binary->path);
  if (be_debug_open(path, true, &package, &ignored) == 0)
    return package;
  snprintf(path, sizeof path, "%s.dwp", dwarf->file->path);
  return be_debug_open(path, true, &package, &ignored) == 0 ? package : NULL;
}

int be_dwarf_open(const struct be_binary *binary, struct be_dwarf *dwarf, struct be_error *error) {
  *dwarf = (struct be_dwarf){.binary = binary};
  int status = be_debug_find(binary, &dwarf->file, error);
  if (!status)
    status = be_debug_find_shared(dwarf->file, &dwarf->shared, error);
  if (!status && (read_units(dwarf->file, dwarf->shared, &dwarf->units) ||
                  (dwarf->shared && read_units(dwarf->shared, NULL, &dwarf->shared_units))))
    status =
        be_error_set(error, -ENOMEM, "no memory for the debug information of '%s'", binary->path);
  if (status)
    be_dwarf_close(dwarf);
  else
    dwarf->package = find_package(dwarf);
  return status;
}

static void close_units(struct be_units *units) {
  for (size_t i = 0; i < units->count; i++)
    be_unit_close(&units->at[i]);
  free(units->at);
}

void be_dwarf_close(struct be_dwarf *dwarf) {
  close_units(&dwarf->units);
  close_units(&dwarf->shared_units);
  be_debug_close(dwarf->file);
  be_debug_close(dwarf->shared);
  be_debug_close(dwarf->package);
  *dwarf = (struct be_dwarf){0};
}

static struct be_unit *unit_at(struct be_units *units, uint64_t offset) {
  size_t low;
  BE_FIND_FIRST(low, units->count, units->at[low].begin > offset);
  return low && offset < units->at[low - 1].end ? &units->at[low - 1] : NULL;
}

struct be_unit *be_dwarf_entry(struct be_dwarf *dwarf, struct be_unit *from,
                               const struct be_value *reference, uint64_t *offset) {
  struct be_unit *unit = NULL;
  uint64_t at = reference->number;
  if (reference->kind == BE_VALUE_UNIT) {
    unit = from;
    at = at < from->end - from->begin ? at + from->begin : UINT64_MAX;
  } else if (reference->kind == BE_VALUE_SHARED) {
    unit = unit_at(&dwarf->shared_units, at);
  } else if (reference->kind == BE_VALUE_ENTRY) {
    bool is_shared = dwarf->shared && from->sections == dwarf->shared->sections;
    unit = at - from->begin < from->end - from->begin ? from
           : from->skeleton                           ? NULL
                            : unit_at(is_shared ? &dwarf->shared_units : &dwarf->units, at);
  }
  if (!unit || at < unit->begin || at >= unit->end)
    return NULL;
  if (!unit->has_root) {
    struct be_die root;
    if (!be_unit_root(unit, &root))
      return NULL;
  }
  if (be_unit_open(unit))
    return NULL;
  *offset = at - unit->begin;
  return unit;
}

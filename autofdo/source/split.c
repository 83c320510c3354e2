/* split.c - split DWARF: units whose entries are in .dwo files, or in one .dwp package. */
#include "dwarf.h"
#include <errno.h>
#include <stdio.h>

enum { PATH_ROOM = 4096, COLUMNS_MAX = 16 };

/* The columns of a package's index, as they are numbered in versions 2 and 5. */
static unsigned section_of_column(uint32_t version, uint32_t column) {
  switch (column) {
  case 1:
    return BE_DEBUG_INFO;
  case 3:
    return BE_DEBUG_ABBREV;
  case 6:
    return BE_DEBUG_STR_OFFSETS;
  case 8:
    return version >= 5 ? BE_DEBUG_RNGLISTS : BE_DEBUG_SECTIONS;
  default:
    return BE_DEBUG_SECTIONS;
  }
}

struct index { /* of a package: a hash table, then a table of offsets and one of sizes */
  uint32_t version, columns, rows, slots;
  struct be_cursor hashes, indices, offsets;
};

static bool read_index(struct be_bytes bytes, struct index *index) {
  struct be_cursor cursor = be_cursor_at(bytes, 0);
  index->version = be_read32(&cursor);
  if (index->version >> 16) /* two bytes of version in DWARF 5, then two of nothing */
    index->version &= 0xffff;
  index->columns = be_read32(&cursor);
  index->rows = be_read32(&cursor);
  index->slots = be_read32(&cursor);
  index->hashes = cursor;
  be_cursor_take(&cursor, 8ull * index->slots);
  index->indices = cursor;
  be_cursor_take(&cursor, 4ull * index->slots);
  index->offsets = cursor;
  be_cursor_take(&cursor, 4ull * index->columns * (2ull * index->rows + 1));
  return !cursor.is_bad && index->columns && index->columns <= COLUMNS_MAX;
}

/* The row of a unit, from 1; 0 when it is not there. */
static uint32_t find_row(const struct index *index, uint64_t id) {
  struct be_cursor hashes = index->hashes, indices = index->indices;
  for (uint32_t i = 0; i < index->slots; i++) {
    uint64_t found = be_read64(&hashes);
    uint32_t row = be_read32(&indices);
    if (found == id && row && row <= index->rows)
      return row;
  }
  return 0;
}

static uint32_t cell(const struct index *index, uint64_t row, uint32_t column) {
  return be_load32(index->offsets.at + 4 * (row * index->columns + column));
}

/* The parts of the package's sections that are the unit's. */
static bool find_in_package(const struct be_debug_file *package, uint64_t id,
                            struct be_split *split) {
  struct index index;
  if (!read_index(package->sections[BE_DEBUG_CU_INDEX], &index))
    return false;
  uint32_t row = find_row(&index, id);
  memcpy(split->sections, package->sections, sizeof split->sections);
  for (uint32_t i = 0; row && i < index.columns; i++) {
    unsigned section = section_of_column(index.version, cell(&index, 0, i));
    if (section == BE_DEBUG_SECTIONS)
      continue;
    struct be_bytes *bytes = &split->sections[section];
    uint32_t offset = cell(&index, row, i), size = cell(&index, (uint64_t)index.rows + row, i);
    if (offset > bytes->size || size > bytes->size - offset)
      return false;
    *bytes = (struct be_bytes){bytes->at + offset, size};
  }
  return row != 0;
}

/* Opens the .dwo file: in the folder it was compiled in, or beside the binary. */
static void open_file(const struct be_dwarf *dwarf, const char *folder, const char *name,
                      struct be_split *split) {
  char path[PATH_ROOM];
  struct be_error ignored;
  const char *slash = strrchr(name, '/'), *binary = strrchr(dwarf->file->path, '/');
  int length = binary ? (int)(binary - dwarf->file->path) + 1 : 0;
  if (name[0] == '/' || !folder)
    snprintf(path, sizeof path, "%s", name);
  else
    snprintf(path, sizeof path, "%s/%s", folder, name);
  if (be_debug_open(path, true, &split->file, &ignored) == 0)
    return;
  snprintf(path, sizeof path, "%.*s%s", length, dwarf->file->path, slash ? slash + 1 : name);
  be_debug_open(path, true, &split->file, &ignored);
}

/* The unit with the id; the only one when there are no ids. */
static bool find_unit(struct be_split *split, const struct be_unit *skeleton) {
  uint64_t size = split->sections[BE_DEBUG_INFO].size;
  struct be_die root;
  for (uint64_t offset = 0; offset < size; offset = split->unit.end) {
    bool is_good = be_unit_read(&split->unit, split->sections, offset);
    if (split->unit.end <= offset)
      return false;
    split->unit.skeleton = skeleton;
    if (is_good && be_unit_root(&split->unit, &root) && split->unit.dwo_id == skeleton->dwo_id)
      return true;
  }
  return false;
}

int be_split_open(const struct be_dwarf *dwarf, const struct be_unit *skeleton,
                  const struct be_die *root, struct be_split *split) {
  const char *name = be_value_text(skeleton, &root->dwo_name);
  *split = (struct be_split){0};
  if (!dwarf->package || !find_in_package(dwarf->package, skeleton->dwo_id, split)) {
    if (name)
      open_file(dwarf, be_value_text(skeleton, &root->folder), name, split);
    if (!split->file)
      return -ENOENT;
    memcpy(split->sections, split->file->sections, sizeof split->sections);
  }
  int status = find_unit(split, skeleton) ? be_unit_open(&split->unit) : -ENOENT;
  if (status)
    be_split_close(split);
  return status == -EINVAL ? -ENOENT : status;
}

void be_split_close(struct be_split *split) {
  be_unit_close(&split->unit);
  be_debug_close(split->file);
  *split = (struct be_split){0};
}

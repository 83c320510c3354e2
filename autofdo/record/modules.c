/* modules.c - a hash table of files by path; reads build-ids. */
#include "modules.h"
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE_FIRST = 64 };

static struct be_module *slot_of(struct be_module *table, size_t size, const char *path) {
  uint64_t hash = 0xcbf29ce484222325ull; /* FNV-1a */
  for (const char *at = path; *at; at++)
    hash = (hash ^ (uint8_t)*at) * 0x100000001b3ull;
  size_t slot = hash & (size - 1);
  while (table[slot].path && strcmp(table[slot].path, path) != 0)
    slot = (slot + 1) & (size - 1);
  return &table[slot];
}

static int grow(struct be_modules *modules) {
  size_t size = modules->size ? 2 * modules->size : SIZE_FIRST;
  struct be_module *table = calloc(size, sizeof *table);
  if (!table)
    return -ENOMEM;
  for (size_t i = 0; i < modules->size; i++)
    if (modules->table[i].path)
      *slot_of(table, size, modules->table[i].path) = modules->table[i];
  free(modules->table);
  modules->table = table;
  modules->size = size;
  return 0;
}

void be_modules_destroy(struct be_modules *modules) {
  for (size_t i = 0; i < modules->size; i++)
    free(modules->table[i].path);
  free(modules->table);
  *modules = (struct be_modules){0};
}

/* ---- build-ids --------------------------------------------------------------------------------
 */

/* Looks for the build-id in the notes of a segment. */
static bool find_id(struct be_module *module, Elf_Data *notes) {
  GElf_Nhdr note;
  size_t name, content;
  for (size_t at = 0; (at = gelf_getnote(notes, at, &note, &name, &content)) > 0;) {
    if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
        memcmp((const char *)notes->d_buf + name, "GNU", 4) != 0 ||
        note.n_descsz > BE_MODULE_ID_MAX)
      continue;
    module->id_size = (uint8_t)note.n_descsz;
    memcpy(module->id, (const char *)notes->d_buf + content, note.n_descsz);
    return true;
  }
  return false;
}

static void read_elf(struct be_module *module, Elf *elf) {
  size_t count = 0;
  GElf_Phdr segment;
  if (elf_kind(elf) != ELF_K_ELF || elf_getphdrnum(elf, &count))
    return;
  for (size_t i = 0; i < count; i++) {
    if (!gelf_getphdr(elf, (int)i, &segment) || segment.p_type != PT_NOTE)
      continue;
    Elf_Data *notes = elf_getdata_rawchunk(elf, (int64_t)segment.p_offset, segment.p_filesz,
                                           segment.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
    if (notes && find_id(module, notes))
      return;
  }
}

/* Seen from the process first: it may live in another root. */
static int open_module(uint32_t pid, const char *path) {
  char inside[4200];
  int fd = -1;
  int len = snprintf(inside, sizeof inside, "/proc/%u/root%s", pid, path);
  if (len > 0 && (size_t)len < sizeof inside)
    fd = open(inside, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  return fd >= 0 ? fd : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static void read_id(struct be_module *module, uint32_t pid) {
  int fd = module->path[0] == '/' ? open_module(pid, module->path) : -1;
  if (fd < 0)
    return;
  elf_version(EV_CURRENT);
  Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
  if (elf)
    read_elf(module, elf);
  elf_end(elf);
  close(fd);
}

int be_modules_note(struct be_modules *modules, uint32_t pid, const char *path, const uint8_t *id,
                    size_t id_size) {
  if (2 * modules->count >= modules->size && grow(modules))
    return -ENOMEM;
  struct be_module *module = slot_of(modules->table, modules->size, path);
  if (module->path)
    return 0;
  char *copy = strdup(path);
  if (!copy)
    return -ENOMEM;
  *module = (struct be_module){.path = copy};
  modules->count++;
  if (id_size && id_size <= BE_MODULE_ID_MAX) {
    module->id_size = (uint8_t)id_size;
    memcpy(module->id, id, id_size);
  } else {
    read_id(module, pid);
  }
  return 0;
}

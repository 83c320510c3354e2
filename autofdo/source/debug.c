/* debug.c - opens files with debug information; sections are decompressed. */
#include "debug.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

/* Nobody's debug information is made so much smaller, but for streams made to fill memory. */
enum { RATIO_MAX = 256, CHDR_ZSTD = 2, NOTE_HEAD = 16, NOTE_BUILD_ID = 3 };

static const char *const names[BE_DEBUG_SECTIONS] = {"info",     "abbrev",      "line", "str",
                                                     "line_str", "str_offsets", "addr", "ranges",
                                                     "rnglists", "cu_index"};

/* The number of the section; BE_DEBUG_SECTIONS when it is none of them. */
static unsigned section_of(const char *name, bool split, bool *is_old) {
  *is_old = strncmp(name, ".zdebug_", 8) == 0;
  if (!*is_old && strncmp(name, ".debug_", 7) != 0)
    return BE_DEBUG_SECTIONS;
  const char *stem = name + (*is_old ? 8 : 7);
  for (unsigned i = 0; i < BE_DEBUG_SECTIONS; i++) {
    size_t length = strlen(names[i]);
    if (strncmp(stem, names[i], length) == 0 &&
        strcmp(stem + length, split && i != BE_DEBUG_CU_INDEX ? ".dwo" : "") == 0)
      return i;
  }
  return BE_DEBUG_SECTIONS;
}

static int inflate_into(struct be_debug_file *file, unsigned section, const uint8_t *from,
                        size_t from_size, uint64_t size, bool is_zstd, struct be_error *error) {
  uLongf made = size;
  if (size > (uint64_t)from_size * RATIO_MAX + 65536)
    return be_error_set(error, -EINVAL, "'%s': the section .debug_%s claims to hold %llu bytes",
                        file->path, names[section], (unsigned long long)size);
  void *bytes = malloc(size + 1);
  if (!bytes)
    return be_error_set(error, -ENOMEM, "no memory for .debug_%s of '%s'", names[section],
                        file->path);
  bool is_good = is_zstd ? ZSTD_decompress(bytes, size, from, from_size) == size
                         : uncompress(bytes, &made, from, from_size) == Z_OK && made == size;
  if (!is_good) {
    free(bytes);
    return be_error_set(error, -EINVAL, "'%s': the section .debug_%s cannot be decompressed",
                        file->path, names[section]);
  }
  file->owned[section] = bytes;
  file->sections[section] = (struct be_bytes){bytes, size};
  return 0;
}

static int take_section(struct be_debug_file *file, unsigned section, const GElf_Shdr *head,
                        struct be_bytes bytes, bool is_old, struct be_error *error) {
  enum { OLD_HEAD = 12 };
  if (is_old) { /* "ZLIB", the size in big-endian */
    uint64_t size;
    if (bytes.size < OLD_HEAD || memcmp(bytes.at, "ZLIB", 4) != 0)
      return 0;
    memcpy(&size, bytes.at + 4, sizeof size);
    return inflate_into(file, section, bytes.at + OLD_HEAD, bytes.size - OLD_HEAD,
                        __builtin_bswap64(size), false, error);
  }
  if (!(head->sh_flags & SHF_COMPRESSED)) {
    file->sections[section] = bytes;
    return 0;
  }
  Elf64_Chdr chdr;
  if (bytes.size < sizeof chdr)
    return 0;
  memcpy(&chdr, bytes.at, sizeof chdr);
  if (chdr.ch_type != ELFCOMPRESS_ZLIB && chdr.ch_type != CHDR_ZSTD)
    return be_error_set(error, -EINVAL, "'%s': .debug_%s is compressed in a way (%u) not known",
                        file->path, names[section], chdr.ch_type);
  return inflate_into(file, section, bytes.at + sizeof chdr, bytes.size - sizeof chdr, chdr.ch_size,
                      chdr.ch_type == CHDR_ZSTD, error);
}

static void take_build_id(struct be_debug_file *file, struct be_bytes note) {
  if (note.size < NOTE_HEAD || be_load32(note.at + 8) != NOTE_BUILD_ID)
    return;
  uint32_t size = be_load32(note.at + 4);
  if (size > note.size - NOTE_HEAD || size > BE_BUILD_ID_MAX)
    return;
  file->build_id.size = (uint8_t)size;
  memcpy(file->build_id.bytes, note.at + NOTE_HEAD, size);
}

static int take_sections(struct be_debug_file *file, bool split, struct be_error *error) {
  size_t strings;
  GElf_Shdr head;
  if (elf_getshdrstrndx(file->elf, &strings))
    return 0;
  for (Elf_Scn *scn = NULL; (scn = elf_nextscn(file->elf, scn));) {
    const char *name =
        gelf_getshdr(scn, &head) ? elf_strptr(file->elf, strings, head.sh_name) : NULL;
    const Elf_Data *data = name && head.sh_type != SHT_NOBITS ? elf_rawdata(scn, NULL) : NULL;
    bool is_old = false;
    if (!data || !data->d_buf || !data->d_size)
      continue;
    struct be_bytes bytes = {data->d_buf, data->d_size};
    unsigned section = section_of(name, split, &is_old);
    if (head.sh_type == SHT_NOTE && strcmp(name, ".note.gnu.build-id") == 0)
      take_build_id(file, bytes);
    if (section == BE_DEBUG_SECTIONS || file->sections[section].at)
      continue;
    int status = take_section(file, section, &head, bytes, is_old, error);
    if (status)
      return status;
  }
  return 0;
}

int be_debug_open(const char *path, bool split, struct be_debug_file **file,
                  struct be_error *error) {
  struct be_debug_file *made = calloc(1, sizeof *made);
  struct stat info;
  int status = 0;
  if (!made || !(made->path = strdup(path))) {
    free(made);
    return be_error_set(error, -ENOMEM, "no memory to read '%s'", path);
  }
  elf_version(EV_CURRENT);
  made->fd =
      open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe of that name must not hold us */
  if (made->fd < 0)
    status = be_error_set(error, -errno, "cannot read '%s': %s", path, strerror(errno));
  else if (fstat(made->fd, &info) || !S_ISREG(info.st_mode))
    status = be_error_set(error, -EINVAL, "'%s' is no file", path);
  else if (!(made->elf = elf_begin(made->fd, ELF_C_READ_MMAP, NULL)) ||
           elf_kind(made->elf) != ELF_K_ELF || gelf_getclass(made->elf) != ELFCLASS64)
    status = be_error_set(error, -EINVAL, "'%s' is no 64-bit ELF file", path);
  else
    status = take_sections(made, split, error);
  if (status)
    be_debug_close(made);
  else
    *file = made;
  return status;
}

bool be_debug_has_symbol(const struct be_debug_file *file, const char *name) {
  GElf_Shdr head;
  GElf_Sym symbol;
  for (Elf_Scn *scn = NULL; (scn = elf_nextscn(file->elf, scn));) {
    if (!gelf_getshdr(scn, &head) || head.sh_type != SHT_SYMTAB)
      continue;
    Elf_Data *data = elf_getdata(scn, NULL);
    for (int i = 0; data && gelf_getsym(data, i, &symbol); i++) {
      const char *own = elf_strptr(file->elf, head.sh_link, symbol.st_name);
      if (own && strcmp(own, name) == 0)
        return true;
    }
  }
  return false;
}

void be_debug_close(struct be_debug_file *file) {
  if (!file)
    return;
  for (unsigned i = 0; i < BE_DEBUG_SECTIONS; i++)
    free(file->owned[i]);
  if (file->elf)
    elf_end(file->elf);
  if (file->fd >= 0)
    close(file->fd);
  free(file->path);
  free(file);
}

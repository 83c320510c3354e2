/* elf.c - opens an ELF file: its segments, sections and build-id, and the bytes at a place. */
#include "image.h"
#include "source/debug.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int read_segments(struct be_binary *binary, struct be_error *error) {
  size_t count = 0;
  uint64_t lowest = UINT64_MAX, highest = 0;
  GElf_Phdr segment;
  if (elf_getphdrnum(binary->image->elf, &count) || count == 0)
    return be_error_set(error, -EINVAL, "'%s' has no segments: it is no program that could run",
                        binary->path);
  binary->segments = calloc(count, sizeof *binary->segments);
  if (!binary->segments)
    return be_error_set(error, -ENOMEM, "no memory for the segments of '%s'", binary->path);
  for (size_t i = 0; i < count; i++) {
    if (!gelf_getphdr(binary->image->elf, (int)i, &segment) || segment.p_type != PT_LOAD ||
        segment.p_memsz > UINT64_MAX - segment.p_vaddr)
      continue;
    lowest = segment.p_vaddr < lowest ? segment.p_vaddr : lowest;
    if (segment.p_vaddr + segment.p_memsz > highest)
      highest = segment.p_vaddr + segment.p_memsz;
    if (segment.p_flags & PF_X)
      binary->segments[binary->segment_count++] =
          (struct be_segment){segment.p_vaddr, segment.p_offset, segment.p_filesz};
  }
  if (!binary->segment_count)
    return be_error_set(error, -EINVAL, "'%s' has no code", binary->path);
  if (highest - lowest > BE_PLACE_MAX)
    return be_error_set(error, -EINVAL, "'%s' is larger than 4 GiB in memory", binary->path);
  binary->base = lowest;
  return 0;
}

/* Notes: name size, size, type, name, content; each padded to 4 bytes. */
static void read_build_id(struct be_binary *binary, const struct be_section *section) {
  enum { HEAD = 16, TYPE_BUILD_ID = 3 };
  uint32_t size;
  if (section->size < HEAD || !section->bytes)
    return;
  memcpy(&size, section->bytes + 4, sizeof size);
  if (size > section->size - HEAD || size > BE_BUILD_ID_MAX)
    return;
  binary->build_id.size = (uint8_t)size;
  memcpy(binary->build_id.bytes, section->bytes + HEAD, size);
}

static void read_section(struct be_binary *binary, Elf_Scn *scn, const GElf_Shdr *head,
                         size_t names) {
  const char *name = elf_strptr(binary->image->elf, names, head->sh_name);
  const Elf_Data *data = head->sh_type == SHT_NOBITS ? NULL : elf_rawdata(scn, NULL);
  struct be_section *section = &binary->image->sections[elf_ndxscn(scn)];
  *section = (struct be_section){name ? name : "", head->sh_addr, head->sh_size,
                                 data ? data->d_buf : NULL, head->sh_flags};
  if (section->bytes && data->d_size < section->size)
    section->size = data->d_size;
  if (section->size > UINT64_MAX - section->address)
    section->size = 0;
  if (head->sh_type == SHT_NOTE && strcmp(section->name, ".note.gnu.build-id") == 0)
    read_build_id(binary, section);
}

static int read_sections(struct be_binary *binary, struct be_error *error) {
  struct be_image *image = binary->image;
  size_t names = 0;
  GElf_Shdr head;
  if (elf_getshdrnum(image->elf, &image->section_count) || elf_getshdrstrndx(image->elf, &names))
    return be_error_set(error, -EINVAL, "the sections of '%s' cannot be read: %s", binary->path,
                        elf_errmsg(-1));
  image->sections = calloc(image->section_count + 1, sizeof *image->sections);
  if (!image->sections)
    return be_error_set(error, -ENOMEM, "no memory for the sections of '%s'", binary->path);
  for (size_t i = 0; i < image->section_count; i++)
    image->sections[i].name = "";
  for (Elf_Scn *scn = NULL; (scn = elf_nextscn(image->elf, scn));)
    if (gelf_getshdr(scn, &head) && elf_ndxscn(scn) < image->section_count)
      read_section(binary, scn, &head, names);
  return 0;
}

static int open_image(struct be_binary *binary, struct be_error *error) {
  struct be_image *image = binary->image;
  GElf_Ehdr head;
  image->fd = open(binary->path, O_RDONLY | O_CLOEXEC);
  if (image->fd < 0)
    return be_error_set(error, -errno, "cannot read '%s': %s", binary->path, strerror(errno));
  elf_version(EV_CURRENT);
  image->elf = elf_begin(image->fd, ELF_C_READ_MMAP, NULL);
  if (!image->elf || elf_kind(image->elf) != ELF_K_ELF || !gelf_getehdr(image->elf, &head))
    return be_error_set(error, -EINVAL, "'%s' is no ELF file", binary->path);
  if (head.e_machine != EM_X86_64 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
      (head.e_type != ET_EXEC && head.e_type != ET_DYN))
    return be_error_set(error, -EINVAL,
                        "'%s' is no program or shared library for x86-64 (machine %u, type %u)",
                        binary->path, head.e_machine, head.e_type);
  return 0;
}

int be_binary_open(const char *path, struct be_binary **binary, struct be_error *error) {
  struct be_binary *made = calloc(1, sizeof *made);
  struct be_image *image = calloc(1, sizeof *image);
  if (!made || !image || !(made->path = strdup(path))) {
    free(made);
    free(image);
    return be_error_set(error, -ENOMEM, "no memory to read '%s'", path);
  }
  made->image = image;
  image->fd = -1;
  int status = open_image(made, error);
  if (!status)
    status = read_segments(made, error);
  if (!status)
    status = read_sections(made, error);
  if (!status)
    status = be_binary_read_symbols(made, error);
  if (status)
    be_binary_close(made);
  else
    *binary = made;
  return status;
}

void be_binary_close(struct be_binary *binary) {
  if (!binary)
    return;
  be_debug_close(binary->image->debug);
  if (binary->image->elf)
    elf_end(binary->image->elf);
  if (binary->image->fd >= 0)
    close(binary->image->fd);
  free(binary->image->sections);
  free(binary->image->names);
  free(binary->image);
  free(binary->segments);
  free(binary->functions);
  free(binary->entries);
  free(binary->path);
  free(binary);
}

const struct be_section *be_image_section_at(struct be_image *image, uint64_t address) {
  const struct be_section *last = image->last;
  if (last && address - last->address < last->size)
    return last;
  for (size_t i = 0; i < image->section_count; i++) {
    const struct be_section *section = &image->sections[i];
    if (section->flags & SHF_ALLOC && !(section->flags & SHF_TLS && !section->bytes) &&
        address - section->address < section->size)
      return image->last = section;
  }
  return NULL;
}

const uint8_t *be_binary_bytes(const struct be_binary *binary, uint32_t place, size_t *count) {
  uint64_t address = binary->base + place;
  const struct be_section *section = be_image_section_at(binary->image, address);
  if (!section || !section->bytes)
    return NULL;
  *count = section->size - (address - section->address);
  return section->bytes + (address - section->address);
}

const struct be_function *be_binary_function_at(const struct be_binary *binary, uint32_t place) {
  size_t low = 0, high = binary->function_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (binary->functions[middle].place <= place)
      low = middle + 1;
    else
      high = middle;
  }
  const struct be_function *function = low ? &binary->functions[low - 1] : NULL;
  return function && place - function->place < function->extent ? function : NULL;
}

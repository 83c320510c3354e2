/* sequences.c - finds a file's restartable sequences by its section headers. */
#include "sequences.h"
#include "os.h"
#include <elf.h>

enum { SEGMENTS_MAX = 32, SECTIONS_MAX = 256 };

static bool read_at(int fd, void *to, size_t size, uint64_t offset) {
  return be_syscall(SYS_pread64, fd, (long)to, (long)size, (long)offset, 0, 0) == (long)size;
}

/* By how much the file's addresses differ from those in memory. */
static bool find_bias(int fd, const Elf64_Ehdr *head, uint64_t address, uint64_t offset,
                      uint64_t *bias) {
  Elf64_Phdr segment;
  for (unsigned i = 0; i < head->e_phnum && i < SEGMENTS_MAX; i++) {
    if (!read_at(fd, &segment, sizeof segment, head->e_phoff + i * sizeof segment))
      return false;
    if (segment.p_type == PT_LOAD && segment.p_flags & PF_X && offset + 4096 > segment.p_offset &&
        offset < segment.p_offset + segment.p_filesz) {
      *bias = address - (segment.p_vaddr - segment.p_offset + offset);
      return true;
    }
  }
  return false;
}

static bool is_named(int fd, const Elf64_Shdr *names, const Elf64_Shdr *section) {
  static const char wanted[] = "__rseq_cs";
  char name[sizeof wanted];
  if (!read_at(fd, name, sizeof name, names->sh_offset + section->sh_name))
    return false;
  for (unsigned i = 0; i < sizeof name; i++)
    if (name[i] != wanted[i])
      return false;
  return true;
}

static bool search(int fd, uint64_t address, uint64_t offset, struct be_sequences *found) {
  Elf64_Ehdr head;
  Elf64_Shdr names, sections[16];
  uint64_t bias;
  if (!read_at(fd, &head, sizeof head, 0) || head.e_ident[EI_CLASS] != ELFCLASS64 ||
      head.e_shentsize != sizeof names || head.e_shstrndx >= head.e_shnum ||
      head.e_shnum > SECTIONS_MAX ||
      !read_at(fd, &names, sizeof names, head.e_shoff + head.e_shstrndx * sizeof names))
    return false;
  for (unsigned i = 0; i < head.e_shnum; i += 16) {
    unsigned count = head.e_shnum - i < 16u ? head.e_shnum - i : 16u;
    if (!read_at(fd, sections, count * sizeof *sections, head.e_shoff + i * sizeof *sections))
      return false;
    for (unsigned k = 0; k < count; k++)
      if (sections[k].sh_type == SHT_PROGBITS && sections[k].sh_flags & SHF_ALLOC &&
          sections[k].sh_flags & SHF_WRITE && is_named(fd, &names, &sections[k]) &&
          find_bias(fd, &head, address, offset, &bias)) {
        found->start = sections[k].sh_addr + bias;
        found->end = found->start + sections[k].sh_size;
        return true;
      }
  }
  return false;
}

bool be_sequences_find(const char *path, uint64_t address, uint64_t offset,
                       struct be_sequences *found) {
  long fd = be_os_call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  bool done = search((int)fd, address, offset, found);
  be_os_call(SYS_close, fd, 0, 0);
  return done;
}

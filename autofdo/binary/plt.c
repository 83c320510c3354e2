/* plt.c - the linker's stubs: code without symbols that jumps through the table of addresses. */
#include "image.h"
#include <errno.h>
#include <stdlib.h>

struct slot { /* in the table of addresses */
  uint64_t address;
  const char *name;
};

struct slots {
  struct slot *at;
  size_t count;
};

static int slot_order(const void *left, const void *right) {
  uint64_t a = ((const struct slot *)left)->address, b = ((const struct slot *)right)->address;
  return (a > b) - (a < b);
}

/* Adds what the relocations of one section fill in. -ENOMEM or 0. */
static int read_relocations(Elf *elf, Elf_Scn *scn, const GElf_Shdr *head, struct slots *slots) {
  Elf_Data *data = elf_getdata(scn, NULL);
  Elf_Scn *symbols = elf_getscn(elf, head->sh_link);
  Elf_Data *table = symbols ? elf_getdata(symbols, NULL) : NULL;
  size_t count = data && table && head->sh_entsize ? data->d_size / head->sh_entsize : 0;
  GElf_Shdr table_head;
  GElf_Rela relocation;
  GElf_Sym symbol;
  struct slot *grown = realloc(slots->at, (slots->count + count + 1) * sizeof *grown);
  if (!grown)
    return -ENOMEM;
  slots->at = grown;
  if (!count || !gelf_getshdr(symbols, &table_head))
    return 0;
  for (size_t i = 0; i < count && i <= INT32_MAX; i++) {
    if (!gelf_getrela(data, (int)i, &relocation))
      continue;
    uint64_t type = GELF_R_TYPE(relocation.r_info), index = GELF_R_SYM(relocation.r_info);
    if ((type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT) || index > INT32_MAX ||
        !gelf_getsym(table, (int)index, &symbol))
      continue;
    const char *name = elf_strptr(elf, table_head.sh_link, symbol.st_name);
    if (name && *name)
      grown[slots->count++] = (struct slot){relocation.r_offset, name};
  }
  return 0;
}

static int read_slots(Elf *elf, struct slots *slots) {
  GElf_Shdr head;
  for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn));)
    if (gelf_getshdr(scn, &head) && head.sh_type == SHT_RELA && head.sh_flags & SHF_ALLOC &&
        read_relocations(elf, scn, &head, slots))
      return -ENOMEM;
  if (slots->count)
    qsort(slots->at, slots->count, sizeof *slots->at, slot_order);
  return 0;
}

/* The address of the slot that an entry of so many bytes jumps through: [endbr64] [bnd]
 * jmp *slot(%rip). 0 when it does not. */
static uint64_t slot_of(const uint8_t *code, uint64_t address, size_t size) {
  static const uint8_t endbr[] = {0xf3, 0x0f, 0x1e, 0xfa};
  size_t at = size >= sizeof endbr && memcmp(code, endbr, sizeof endbr) == 0 ? sizeof endbr : 0;
  int32_t distance;
  if (at < size && code[at] == 0xf2)
    at++;
  if (size - at < 6 || code[at] != 0xff || code[at + 1] != 0x25)
    return 0;
  memcpy(&distance, code + at + 2, sizeof distance);
  return address + at + 6 + (uint64_t)(int64_t)distance;
}

static int add(struct be_binary *binary, uint64_t address, const char *name, uint32_t flags) {
  struct be_function *function = be_binary_add_function(binary);
  if (!function)
    return -ENOMEM;
  *function = (struct be_function){
      .place = (uint32_t)(address - binary->base), .name = name, .flags = flags};
  return 0;
}

static int add_section(struct be_binary *binary, const struct be_section *section, size_t step,
                       const struct slots *slots) {
  bool has_head = false;
  if (step == 8 && section->size >= 4 && section->bytes[0] == 0xf3) /* endbr64 */
    step = 16;
  for (size_t at = 0; at + step <= section->size; at += step) {
    struct slot key = {.address = slot_of(section->bytes + at, section->address + at, step)};
    const struct slot *slot = key.address && slots->count
                                  ? bsearch(&key, slots->at, slots->count, sizeof key, slot_order)
                                  : NULL;
    if (!slot)
      continue;
    has_head |= at == 0;
    if (add(binary, section->address + at, slot->name, BE_FUNCTION_PLT))
      return -ENOMEM;
  }
  return has_head ? 0 : add(binary, section->address, section->name, BE_FUNCTION_SECTION);
}

int be_binary_add_stubs(struct be_binary *binary, struct be_error *error) {
  static const struct {
    const char *name;
    size_t step; /* bytes of an entry */
  } kinds[] = {{".plt", 16}, {".plt.got", 8}, {".plt.sec", 8}, {".iplt", 16}};
  struct be_image *image = binary->image;
  struct slots slots = {0};
  int status = read_slots(image->elf, &slots);
  for (size_t i = 0; i < image->section_count && !status; i++) {
    const struct be_section *section = &image->sections[i];
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds && !status; k++)
      if (strcmp(section->name, kinds[k].name) == 0 && section->bytes && section->size)
        status = add_section(binary, section, kinds[k].step, &slots);
  }
  free(slots.at);
  return status ? be_error_set(error, status, "no memory for the stubs of '%s'", binary->path) : 0;
}

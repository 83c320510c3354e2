/* words.c - the addresses that the dynamic linker writes into the program's data. */
#include "jumps.h"
#include <errno.h>
#include <stdlib.h>

struct be_word {
  uint64_t address, value;
};

static int word_order(const void *left, const void *right) {
  const struct be_word *a = left, *b = right;
  return (a->address > b->address) - (a->address < b->address);
}

static int read_section(struct be_words *words, Elf_Scn *scn, const GElf_Shdr *head) {
  Elf_Data *data = elf_getdata(scn, NULL);
  size_t count = data && head->sh_entsize ? data->d_size / head->sh_entsize : 0;
  struct be_word *grown = realloc(words->at, (words->count + count + 1) * sizeof *grown);
  GElf_Rela relocation;
  if (!grown)
    return -ENOMEM;
  words->at = grown;
  for (size_t i = 0; i < count && i <= INT32_MAX; i++)
    if (gelf_getrela(data, (int)i, &relocation) &&
        GELF_R_TYPE(relocation.r_info) == R_X86_64_RELATIVE)
      grown[words->count++] = (struct be_word){relocation.r_offset, (uint64_t)relocation.r_addend};
  return 0;
}

int be_words_init(struct be_words *words, const struct be_binary *binary) {
  Elf *elf = binary->image->elf;
  GElf_Shdr head;
  *words = (struct be_words){.binary = binary};
  for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn));)
    if (gelf_getshdr(scn, &head) && head.sh_type == SHT_RELA && head.sh_flags & SHF_ALLOC &&
        read_section(words, scn, &head))
      return -ENOMEM;
  if (words->count)
    qsort(words->at, words->count, sizeof *words->at, word_order);
  return 0;
}

void be_words_destroy(struct be_words *words) { free(words->at); }

uint64_t be_words_get(const struct be_words *words, uint64_t address) {
  struct be_word key = {.address = address};
  const struct be_word *word =
      words->count ? bsearch(&key, words->at, words->count, sizeof key, word_order) : NULL;
  if (word)
    return word->value;
  const struct be_section *section = be_image_section_at(words->binary->image, address);
  bool is_there = section && section->bytes && section->size >= 8 &&
                  address - section->address <= section->size - 8;
  return is_there ? be_load64(section->bytes + (address - section->address)) : 0;
}

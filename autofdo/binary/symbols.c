/* symbols.c - the functions of a binary, from its symbol table.
 *
 * Boundaries and names are those that BOLT gives functions, since its profile speaks of offsets in
 * functions by name: symbols in the order of their addresses, one of a function first; what lies
 * inside a function is another entry to it; a function extends up to the next object; local
 * symbols of one name are counted through in that order, data included.
 */
#include "image.h"
#include "source/debug.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct symbol {
  uint64_t address, size;
  const char *name;
  uint32_t index; /* in the table */
  uint32_t number;
  uint8_t type;
  bool is_local, is_code;
  bool is_entry; /* into the function it lies in, under a name of its own */
};

struct symbols {
  struct symbol *at;
  size_t count;
};

/* ---- reading the table ------------------------------------------------------------------------
 */

static bool is_wanted(const struct be_image *image, const GElf_Sym *symbol, uint8_t type) {
  if (type == STT_FILE || type == STT_SECTION || type == STT_TLS || symbol->st_value == 0)
    return false;
  if (symbol->st_shndx == SHN_ABS)
    return true;
  if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= image->section_count)
    return false;
  const struct be_section *section = &image->sections[symbol->st_shndx];
  uint64_t into = symbol->st_value - section->address;
  return section->flags & SHF_ALLOC && symbol->st_value >= section->address &&
         into <= section->size && symbol->st_size <= section->size - into;
}

static void add_symbol(struct symbols *symbols, struct be_image *image, const GElf_Sym *symbol,
                       const char *name) {
  uint8_t type = GELF_ST_TYPE(symbol->st_info);
  if (!name || !is_wanted(image, symbol, type) || strcmp(name, "__hot_start") == 0 ||
      strcmp(name, "__hot_end") == 0)
    return;
  const struct be_section *section =
      symbol->st_shndx < image->section_count ? &image->sections[symbol->st_shndx] : NULL;
  struct symbol *added = &symbols->at[symbols->count];
  *added = (struct symbol){
      .address = symbol->st_value,
      .size = symbol->st_size,
      .name = name,
      .index = (uint32_t)symbols->count,
      .type = type,
      .is_local = GELF_ST_BIND(symbol->st_info) == STB_LOCAL,
      .is_code = section && section->flags & SHF_EXECINSTR &&
                 symbol->st_value < section->address + section->size,
  };
  symbols->count++;
}

static int symbol_order(const void *left, const void *right) {
  const struct symbol *a = left, *b = right;
  bool a_other = a->type != STT_FUNC, b_other = b->type != STT_FUNC;
  if (a->address != b->address)
    return a->address < b->address ? -1 : 1;
  return a_other != b_other ? a_other - b_other : a->index < b->index ? -1 : 1;
}

static Elf_Data *find_table(Elf *elf, GElf_Shdr *head) {
  for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn));)
    if (gelf_getshdr(scn, head) && head->sh_type == SHT_SYMTAB && head->sh_entsize)
      return elf_getdata(scn, NULL);
  return NULL;
}

/* Of a binary that was stripped, the symbols are with its debug information. */
static int read_table(struct be_binary *binary, struct symbols *symbols, struct be_error *error) {
  struct be_image *image = binary->image;
  struct be_error ignored;
  GElf_Shdr head;
  GElf_Sym symbol;
  Elf *elf = image->elf;
  Elf_Data *data = find_table(elf, &head);
  if (!data && be_debug_find(binary, &image->debug, &ignored) == 0) {
    elf = image->debug->elf;
    data = find_table(elf, &head);
  }
  if (!data)
    return be_error_set(error, -EINVAL,
                        "'%s' has no symbols: give the file from before it was stripped, or "
                        "install its debug symbols",
                        binary->path);
  size_t count = data->d_size / head.sh_entsize;
  symbols->at = calloc(count + 1, sizeof *symbols->at);
  if (!symbols->at)
    return be_error_set(error, -ENOMEM, "no memory for %zu symbols", count);
  for (size_t i = 0; i < count && i <= INT32_MAX; i++)
    if (gelf_getsym(data, (int)i, &symbol))
      add_symbol(symbols, image, &symbol, elf_strptr(elf, head.sh_link, symbol.st_name));
  qsort(symbols->at, symbols->count, sizeof *symbols->at, symbol_order);
  return 0;
}

/* ---- numbers of local names -------------------------------------------------------------------
 */

struct counter {
  const char *name;
  uint32_t count;
};

static uint32_t hash_name(const char *name) {
  uint32_t hash = 2166136261u;
  for (; *name; name++)
    hash = (hash ^ (uint8_t)*name) * 16777619u;
  return hash;
}

/* Numbers the local symbols of each name. -ENOMEM or 0. */
static int number_names(struct symbols *symbols) {
  size_t size = 64;
  while (size < 2 * symbols->count)
    size *= 2;
  struct counter *counters = calloc(size, sizeof *counters);
  if (!counters)
    return -ENOMEM;
  for (size_t i = 0; i < symbols->count; i++) {
    struct symbol *symbol = &symbols->at[i];
    if (!symbol->is_local || !*symbol->name)
      continue;
    size_t at = hash_name(symbol->name) & (size - 1);
    while (counters[at].name && strcmp(counters[at].name, symbol->name) != 0)
      at = (at + 1) & (size - 1);
    counters[at].name = symbol->name;
    symbol->number = ++counters[at].count;
  }
  free(counters);
  return 0;
}

/* ---- functions --------------------------------------------------------------------------------
 */

struct be_function *be_binary_add_function(struct be_binary *binary) {
  size_t count = binary->function_count;
  if ((count & (count - 1)) == 0) { /* full: it grows by powers of two */
    struct be_function *grown = realloc(binary->functions, (count ? 2 * count : 1) * sizeof *grown);
    if (!grown)
      return NULL;
    binary->functions = grown;
  }
  return &binary->functions[binary->function_count++];
}

/* "name.cold" or "name.cold.1" */
static bool is_fragment_name(const char *name) {
  const char *cold = strstr(name, ".cold");
  return cold && (!cold[5] || (cold[5] == '.' && cold[6 + strspn(cold + 6, "0123456789")] == '\0'));
}

static bool contains(const struct be_binary *binary, const struct be_function *function,
                     uint64_t address) {
  return function && address - (binary->base + function->place) < function->size;
}

/* May the symbol stand inside the function without being something else's beginning? */
static bool is_label(const struct be_binary *binary, const struct be_function *function,
                     const struct symbol *symbol) {
  if (!symbol->is_code)
    return false;
  if (symbol->size == 0 && contains(binary, function, symbol->address))
    return true;
  return symbol->type == STT_NOTYPE && symbol->is_local;
}

static int add_function(struct be_binary *binary, const struct symbol *symbol) {
  uint32_t place = (uint32_t)(symbol->address - binary->base);
  struct be_function *last =
      binary->function_count ? &binary->functions[binary->function_count - 1] : NULL;
  if (last && last->place == place) {
    if (symbol->size > last->size)
      last->size = (uint32_t)symbol->size;
    if (is_fragment_name(symbol->name))
      last->flags |= BE_FUNCTION_FRAGMENT;
    return 0;
  }
  struct be_function *function = be_binary_add_function(binary);
  if (!function)
    return -ENOMEM;
  *function = (struct be_function){
      .place = place,
      .size = (uint32_t)symbol->size,
      .name = symbol->name,
      .number = symbol->number,
      .flags = (symbol->is_local ? BE_FUNCTION_LOCAL : 0u) |
               (is_fragment_name(symbol->name) ? BE_FUNCTION_FRAGMENT : 0u),
  };
  return 0;
}

static int make_functions(struct be_binary *binary, struct symbols *symbols) {
  for (size_t i = 0; i < symbols->count; i++) {
    struct symbol *symbol = &symbols->at[i];
    const struct be_function *last =
        binary->function_count ? &binary->functions[binary->function_count - 1] : NULL;
    bool is_inside = contains(binary, last, symbol->address);
    if (!symbol->is_code || (symbol->type != STT_FUNC && is_inside))
      continue;
    if (last && symbol->type != STT_FUNC && last->size == 0 && is_label(binary, last, symbol))
      continue;
    if (is_inside && symbol->address != binary->base + last->place) {
      symbol->is_entry = !is_label(binary, last, symbol);
      continue;
    }
    if (add_function(binary, symbol))
      return -ENOMEM;
  }
  return 0;
}

static int function_order(const void *left, const void *right) {
  uint32_t a = ((const struct be_function *)left)->place,
           b = ((const struct be_function *)right)->place;
  return (a > b) - (a < b);
}

/* Gives a function its extent, and notes the entries inside it. *at is the first symbol that is
 * not before the function. */
static void bound(struct be_binary *binary, size_t index, const struct symbols *symbols,
                  size_t *at) {
  struct be_function *function = &binary->functions[index];
  uint64_t start = binary->base + function->place;
  const struct be_section *section = be_image_section_at(binary->image, start);
  uint64_t end = section ? section->address + section->size : start + function->size;
  if (index + 1 < binary->function_count && binary->base + function[1].place < end)
    end = binary->base + function[1].place;
  while (*at < symbols->count && symbols->at[*at].address <= start)
    ++*at;
  for (; *at < symbols->count && symbols->at[*at].address < end; ++*at) {
    const struct symbol *symbol = &symbols->at[*at];
    if (!symbol->is_entry && !is_label(binary, function, symbol)) {
      end = symbol->address;
      break;
    }
    if (strncmp(symbol->name, ".L", 2) != 0)
      binary->entries[binary->entry_count++] = (uint32_t)(symbol->address - binary->base);
  }
  function->extent = (uint32_t)(end - start);
  if (function->size == 0)
    function->size = function->extent;
  if (function->extent < function->size)
    function->extent = function->size;
}

int be_binary_read_symbols(struct be_binary *binary, struct be_error *error) {
  struct symbols symbols = {0};
  size_t at = 0;
  int status = read_table(binary, &symbols, error);
  if (status)
    return status;
  binary->entries = calloc(symbols.count + 1, sizeof *binary->entries);
  if (!binary->entries || number_names(&symbols) || make_functions(binary, &symbols))
    status = be_error_set(error, -ENOMEM, "no memory for the functions of '%s'", binary->path);
  else if (!binary->function_count)
    status = be_error_set(error, -EINVAL, "'%s' has no symbols of functions", binary->path);
  else
    status = be_binary_add_stubs(binary, error);
  if (!status)
    qsort(binary->functions, binary->function_count, sizeof *binary->functions, function_order);
  for (size_t i = 0; i < binary->function_count && !status; i++)
    bound(binary, i, &symbols, &at);
  free(symbols.at);
  return status;
}

size_t be_function_print(const struct be_function *function, char *text, size_t size) {
  size_t length = 0;
  if (function->flags & BE_FUNCTION_SECTION)
    length = (size_t)snprintf(text, size, "__BOLT_PSEUDO_");
  for (const char *c = function->name; *c; c++) {
    if ((*c == ' ' || *c == '\\') && length++ < size)
      text[length - 1] = '\\';
    if (length++ < size)
      text[length - 1] = *c;
  }
  char *end = length < size ? text + length : NULL;
  size_t left = length < size ? size - length : 0;
  int more = function->flags & BE_FUNCTION_LOCAL ? snprintf(end, left, "/%u", function->number)
             : function->flags & BE_FUNCTION_PLT ? snprintf(end, left, "@PLT")
                                                 : snprintf(end, left, "%s", "");
  return length + (size_t)(more > 0 ? more : 0);
}

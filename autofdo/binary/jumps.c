/* jumps.c - finds the table that an indirect jump goes through.
 *
 * Compilers write: compare the index with the number of entries, jump away when it is not below;
 * load the entry (8 bytes: an address; 4 bytes: a distance, to which the table's address is added);
 * jump. Read backward from the jump, the registers that matter lead to the load and to where the
 * table's address comes from. What is not written so is found by what the function has else, or not
 * at all.
 */
#include "jumps.h"
#include "x86/decode.h"

enum { NEAR = 64, COMPARE_NEAR = 24, ENTRIES_MAX = 1 << 16 };

enum opcode {
  ADD_TO_RM = 0x01,
  ADD_TO_REG = 0x03,
  COMPARE_AL = 0x3c,
  COMPARE_EAX = 0x3d,
  MOVE_SIGNED = 0x63,
  GROUP1_BYTE = 0x80,
  GROUP1 = 0x81,
  GROUP1_SHORT = 0x83,
  MOVE_TO_RM = 0x89,
  MOVE = 0x8b,
  MOVE_ZERO_BYTE = 0xb6, /* behind 0f */
  MOVE_ZERO_SHORT = 0xb7
};
enum { COMPARE_IN_GROUP = 7, CONDITION_AE = 3, CONDITION_A = 7 };

struct search {
  const struct be_code_reader *reader;
  uint32_t wanted; /* registers, as bits */
  uint8_t base;    /* of the load; BE_X86_NONE: not found yet, or there is none */
  uint8_t index;
  size_t load; /* instruction */
  struct be_jump_table table;
};

static bool decode_at(const struct be_code_reader *reader, size_t index, struct be_x86_inst *inst) {
  size_t size = 0;
  uint32_t place = reader->insts[index].place;
  const uint8_t *code = be_binary_bytes(reader->binary, place, &size);
  return code && be_x86_decode(code, size, reader->binary->base + place, inst) &&
         inst->space == BE_X86_LEGACY;
}

static uint32_t bit(uint8_t reg) { return reg < 16 ? 1u << reg : 0; }

/* Notes the load of an entry; false when it is none. */
static bool note_load(struct search *search, const struct be_x86_inst *inst, size_t at,
                      uint8_t entry_size) {
  if (inst->memory_index == BE_X86_NONE || inst->memory_scale != entry_size)
    return false;
  search->table.entry_size = entry_size;
  search->table.address = (uint64_t)inst->displacement;
  search->base = inst->memory_base;
  search->index = inst->memory_index;
  search->load = at;
  search->wanted = bit(inst->memory_base);
  return true;
}

static bool is_found(const struct search *search) {
  return search->table.entry_size && search->base == BE_X86_NONE;
}

/* Before the load is found: what the register that is jumped to was made of. */
static void follow(struct search *search, const struct be_x86_inst *inst, size_t at) {
  bool is_memory = inst->flags & BE_X86_MEMORY;
  if (inst->map != 0 || !inst->has_reg)
    return;
  if (inst->opcode == ADD_TO_RM && !is_memory && search->wanted & bit(inst->rm))
    search->wanted |= bit(inst->reg);
  if (!(search->wanted & bit(inst->reg)))
    return;
  if (inst->opcode == ADD_TO_REG && !is_memory)
    search->wanted |= bit(inst->rm);
  else if (inst->opcode == MOVE && !is_memory)
    search->wanted = (search->wanted & ~bit(inst->reg)) | bit(inst->rm);
  else if (inst->opcode == MOVE && is_memory)
    note_load(search, inst, at, 8);
  else if (inst->opcode == MOVE_SIGNED && is_memory)
    note_load(search, inst, at, 4);
}

static void find_load(struct search *search, size_t jump) {
  struct be_x86_inst inst;
  if (!decode_at(search->reader, jump, &inst))
    return;
  if (inst.flags & BE_X86_MEMORY) {
    note_load(search, &inst, jump, 8);
    return;
  }
  search->wanted = bit(inst.rm);
  for (size_t i = jump; i-- > 0 && jump - i <= NEAR && !search->table.entry_size;)
    if (decode_at(search->reader, i, &inst))
      follow(search, &inst, i);
}

/* Where the base is loaded: the nearest before the load; else, since loops have it before them and
 * blocks are moved about, the first behind it. */
static void find_base(struct search *search) {
  const struct be_code_reader *reader = search->reader;
  uint32_t load = reader->insts[search->load].place;
  const struct be_code_table *best = NULL;
  for (size_t i = 0; i < reader->table_count; i++) {
    const struct be_code_table *table = &reader->tables[i];
    if (table->entry_size != 4 || table->reg != search->base)
      continue;
    bool is_before = table->place < load;
    if (!best || (is_before && (best->place > load || best->place < table->place)) ||
        (!is_before && best->place > table->place && best->place > load))
      best = table;
  }
  if (!best)
    return;
  search->table.base = best->address;
  search->table.address += best->address;
  search->base = BE_X86_NONE;
}

static bool is_compare(const struct be_x86_inst *inst, uint8_t reg) {
  if (inst->map != 0 || inst->flags & BE_X86_MEMORY)
    return false;
  if (inst->opcode == COMPARE_AL || inst->opcode == COMPARE_EAX)
    return reg == 0;
  return (inst->opcode == GROUP1 || inst->opcode == GROUP1_SHORT || inst->opcode == GROUP1_BYTE) &&
         inst->reg == COMPARE_IN_GROUP && inst->rm == reg;
}

/* Where the index was copied from. */
static uint8_t follow_copy(const struct be_x86_inst *inst, uint8_t reg) {
  if (inst->flags & BE_X86_MEMORY)
    return reg;
  bool to_reg =
      (inst->map == 0 && inst->opcode == MOVE) ||
      (inst->map == 1 && (inst->opcode == MOVE_ZERO_BYTE || inst->opcode == MOVE_ZERO_SHORT));
  if (to_reg && inst->reg == reg)
    return inst->rm;
  return inst->map == 0 && inst->opcode == MOVE_TO_RM && inst->rm == reg ? inst->reg : reg;
}

/* How many entries there are, by the compare before the load. */
static void find_bound(struct search *search) {
  struct be_x86_inst inst, next = {0};
  uint8_t reg = search->index;
  for (size_t i = search->load; i-- > 0 && search->load - i <= COMPARE_NEAR; next = inst) {
    if (!decode_at(search->reader, i, &inst))
      return;
    bool is_guard = next.kind == BE_X86_JUMP_IF &&
                    (next.condition == CONDITION_A || next.condition == CONDITION_AE);
    if (is_guard && is_compare(&inst, reg)) {
      uint64_t bound = (uint64_t)(inst.immediate & 0xffffffff) + (next.condition == CONDITION_A);
      search->table.bound = bound < ENTRIES_MAX ? bound : ENTRIES_MAX;
      return;
    }
    reg = follow_copy(&inst, reg);
  }
}

size_t be_jump_find_tables(const struct be_code_reader *reader, size_t index,
                           struct be_jump_table *tables, size_t table_max) {
  struct search search = {
      .reader = reader, .base = BE_X86_NONE, .index = BE_X86_NONE, .table.bound = ENTRIES_MAX};
  size_t count = 0;
  find_load(&search, index);
  if (!search.table.entry_size)
    return 0;
  find_base(&search);
  find_bound(&search);
  if (is_found(&search)) {
    tables[count++] = search.table;
    return count;
  }
  for (size_t i = 0; i < reader->table_count && count < table_max; i++) {
    struct be_jump_table table = {reader->tables[i].address, reader->tables[i].address, ENTRIES_MAX,
                                  search.table.entry_size};
    if (!count || tables[count - 1].address != table.address)
      tables[count++] = table;
  }
  return count;
}

uint32_t be_jump_table_entry(const struct be_jump_table *table, const struct be_words *words,
                             uint64_t index) {
  const struct be_binary *binary = words->binary;
  uint64_t address = table->address + index * table->entry_size;
  if (table->entry_size == 8)
    return be_code_place(binary, be_words_get(words, address));
  const struct be_section *section = be_image_section_at(binary->image, address);
  if (!section || !section->bytes || section->size < 4 ||
      address - section->address > section->size - 4)
    return BE_PLACE_OUTSIDE;
  int32_t distance = (int32_t)be_load32(section->bytes + (address - section->address));
  return be_code_place(binary, table->base + (uint64_t)(int64_t)distance);
}

/* source.c - the profile in terms of the source: finding, adding and ordering its parts. */
#include "backedge/profile/source.h"
#include "room.h"
#include <errno.h>

/* Everything is found by one hash table: the key of an entry is what it stands for. */
enum kind { KIND_NAME = 1, KIND_INSTANCE, KIND_POSITION, KIND_TARGET };

struct slot {
  uint32_t hash, index;
  uint8_t kind; /* 0: empty */
};

struct be_source_table {
  struct slot *slots;
  size_t size, count;
  size_t name_room, instance_room, position_room, target_room;
};

struct key {
  enum kind kind;
  uint32_t words[4];
  const char *text;
  size_t length;
};

struct be_source_profile *be_source_create(void) {
  enum { SIZE = 1 << 12 };
  struct be_source_profile *source = calloc(1, sizeof *source);
  struct be_source_table *table = calloc(1, sizeof *table);
  if (table)
    table->slots = calloc(SIZE, sizeof *table->slots);
  if (!source || !table || !table->slots) {
    free(source);
    free(table);
    return NULL;
  }
  table->size = SIZE;
  source->table = table;
  return source;
}

void be_source_destroy(struct be_source_profile *source) {
  if (!source)
    return;
  for (size_t i = 0; i < source->name_count; i++)
    free(source->names[i]);
  free(source->names);
  free(source->instances);
  free(source->positions);
  free(source->targets);
  free(source->children);
  free(source->producer);
  free(source->table->slots);
  free(source->table);
  free(source);
}

/* ---- finding ----------------------------------------------------------------------------------
 */

static uint32_t hash_key(const struct key *key) {
  uint64_t hash = 0xcbf29ce484222325ull + key->kind;
  for (size_t i = 0; i < key->length; i++)
    hash = (hash ^ (uint8_t)key->text[i]) * 0x100000001b3ull;
  for (int i = 0; i < 4; i++)
    hash = (hash ^ key->words[i]) * 0x9e3779b97f4a7c15ull, hash ^= hash >> 29;
  return (uint32_t)(hash ^ hash >> 32);
}

static bool is_key(const struct be_source_profile *source, const struct key *key, uint32_t index) {
  const uint32_t *words = key->words;
  switch (key->kind) {
  case KIND_NAME:
    return strlen(source->names[index]) == key->length &&
           memcmp(source->names[index], key->text, key->length) == 0;
  case KIND_INSTANCE:
    return source->instances[index].parent == words[0] &&
           source->instances[index].line == words[1] &&
           source->instances[index].discriminator == words[2] &&
           source->instances[index].name == words[3];
  case KIND_POSITION:
    return source->positions[index].instance == words[0] &&
           source->positions[index].line == words[1] &&
           source->positions[index].discriminator == words[2];
  default:
    return source->targets[index].position == words[0] && source->targets[index].name == words[1] &&
           source->targets[index].is_indirect == (words[2] != 0);
  }
}

static bool grow_table(struct be_source_table *table) {
  size_t size = 2 * table->size;
  struct slot *slots = calloc(size, sizeof *slots);
  if (!slots)
    return false;
  for (size_t i = 0; i < table->size; i++) {
    size_t at = table->slots[i].hash & (size - 1);
    if (!table->slots[i].kind)
      continue;
    while (slots[at].kind)
      at = (at + 1) & (size - 1);
    slots[at] = table->slots[i];
  }
  free(table->slots);
  table->slots = slots;
  table->size = size;
  return true;
}

/* The slot of a key: with kind 0 when it is new. NULL when there is no memory. */
static struct slot *find(struct be_source_profile *source, const struct key *key) {
  struct be_source_table *table = source->table;
  if (table->count >= table->size / 2 && !grow_table(table))
    return NULL;
  uint32_t hash = hash_key(key);
  for (size_t at = hash & (table->size - 1);; at = (at + 1) & (table->size - 1)) {
    struct slot *slot = &table->slots[at];
    if (!slot->kind)
      slot->hash = hash;
    if (!slot->kind || (slot->hash == hash && slot->kind == (uint8_t)key->kind &&
                        is_key(source, key, slot->index)))
      return slot;
  }
}

/* The index of a key's entry; of a new one that is appended to the array. *is_new says which. */
static uint32_t find_or_add(struct be_source_profile *source, const struct key *key, void *array,
                            size_t *count, size_t *room, size_t size, bool *is_new) {
  struct slot *slot = find(source, key);
  *is_new = false;
  if (!slot)
    return BE_SOURCE_NONE;
  if (slot->kind)
    return slot->index;
  if (*count >= BE_SOURCE_NONE || !be_make_room(array, *count, room, size))
    return BE_SOURCE_NONE;
  slot->kind = (uint8_t)key->kind;
  slot->index = (uint32_t)*count;
  ++*count;
  source->table->count++;
  *is_new = true;
  return slot->index;
}

uint32_t be_source_name(struct be_source_profile *source, const char *name, size_t length) {
  struct key key = {KIND_NAME, {0}, name, length};
  struct slot *slot = find(source, &key);
  bool is_new;
  if (slot && slot->kind)
    return slot->index;
  char *copy = slot ? strndup(name, length) : NULL;
  uint32_t index = copy ? find_or_add(source, &key, &source->names, &source->name_count,
                                      &source->table->name_room, sizeof *source->names, &is_new)
                        : (uint32_t)BE_SOURCE_NONE;
  if (index == BE_SOURCE_NONE)
    free(copy);
  else
    source->names[index] = copy;
  return index;
}

static uint32_t instance(struct be_source_profile *source, const struct key *key, uint32_t depth) {
  bool is_new;
  uint32_t index = find_or_add(source, key, &source->instances, &source->instance_count,
                               &source->table->instance_room, sizeof *source->instances, &is_new);
  if (is_new)
    source->instances[index] = (struct be_instance){.parent = key->words[0],
                                                    .line = key->words[1],
                                                    .discriminator = key->words[2],
                                                    .name = key->words[3],
                                                    .depth = depth};
  return index;
}

uint32_t be_source_function(struct be_source_profile *source, uint32_t name, uint32_t line) {
  struct key key = {KIND_INSTANCE, {BE_SOURCE_NONE, line, 0, name}, NULL, 0};
  return instance(source, &key, 0);
}

uint32_t be_source_inlined(struct be_source_profile *source, uint32_t parent, uint32_t line,
                           uint32_t discriminator, uint32_t name) {
  struct key key = {KIND_INSTANCE, {parent, line, discriminator, name}, NULL, 0};
  return instance(source, &key, source->instances[parent].depth + 1);
}

uint32_t be_source_position(struct be_source_profile *source, uint32_t of, uint32_t line,
                            uint32_t discriminator) {
  struct key key = {KIND_POSITION, {of, line, discriminator, 0}, NULL, 0};
  bool is_new;
  uint32_t index = find_or_add(source, &key, &source->positions, &source->position_count,
                               &source->table->position_room, sizeof *source->positions, &is_new);
  if (is_new)
    source->positions[index] =
        (struct be_position){.instance = of, .line = line, .discriminator = discriminator};
  return index;
}

uint32_t be_source_target(struct be_source_profile *source, uint32_t position, uint32_t name,
                          bool is_indirect) {
  struct key key = {KIND_TARGET, {position, name, is_indirect, 0}, NULL, 0};
  bool is_new;
  uint32_t index = find_or_add(source, &key, &source->targets, &source->target_count,
                               &source->table->target_room, sizeof *source->targets, &is_new);
  if (is_new)
    source->targets[index] =
        (struct be_target){.position = position, .name = name, .is_indirect = is_indirect};
  return index;
}

size_t be_source_stem(const char *name) {
  static const char *const suffixes[] = {".cold",      ".part",     ".isra",
                                         ".constprop", ".lto_priv", ".llvm"};
  size_t length = strlen(name);
  for (const char *dot = name[0] ? strchr(name + 1, '.') : NULL; dot; dot = strchr(dot + 1, '.'))
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
      size_t size = strlen(suffixes[i]);
      if (strncmp(dot, suffixes[i], size) == 0 && (dot[size] == '.' || !dot[size]))
        return (size_t)(dot - name);
    }
  return length;
}

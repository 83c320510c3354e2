/* sort.c - puts a source profile in the order that writers want. */
#include "backedge/profile/source.h"
#include "room.h"
#include <errno.h>

static int by_number(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

static int position_order(const void *left, const void *right, void *user) {
  const struct be_position *positions = user, *a = &positions[*(const uint32_t *)left],
                           *b = &positions[*(const uint32_t *)right];
  if (a->instance != b->instance)
    return by_number(a->instance, b->instance);
  return a->line != b->line ? by_number(a->line, b->line)
                            : by_number(a->discriminator, b->discriminator);
}

static int target_order(const void *left, const void *right, void *user) {
  const struct be_source_profile *source = user;
  const struct be_target *a = left, *b = right;
  if (a->position != b->position)
    return by_number(a->position, b->position);
  if (a->count != b->count)
    return by_number(b->count, a->count);
  int order = strcmp(source->names[a->name], source->names[b->name]);
  return order ? order : a->is_indirect - b->is_indirect;
}

/* By parent (functions first), position there, name; of functions of one name, the greatest first.
 */
static int child_order(const void *left, const void *right, void *user) {
  const struct be_source_profile *source = user;
  const struct be_instance *a = &source->instances[*(const uint32_t *)left],
                           *b = &source->instances[*(const uint32_t *)right];
  if (a->parent != b->parent)
    return by_number((uint32_t)(a->parent + 1), (uint32_t)(b->parent + 1));
  bool is_function = a->parent == BE_SOURCE_NONE;
  if (!is_function && a->line != b->line)
    return by_number(a->line, b->line);
  if (!is_function && a->discriminator != b->discriminator)
    return by_number(a->discriminator, b->discriminator);
  int order = strcmp(source->names[a->name], source->names[b->name]);
  if (order || !is_function)
    return order;
  return a->total != b->total ? by_number(b->total, a->total) : by_number(a->line, b->line);
}

static uint32_t *make_order(size_t count) {
  uint32_t *order = malloc((count + 1) * sizeof *order);
  for (size_t i = 0; order && i < count; i++)
    order[i] = (uint32_t)i;
  return order;
}

/* Positions move; what points to them is told. */
static int sort_positions(struct be_source_profile *source) {
  size_t count = source->position_count;
  uint32_t *order = make_order(count), *now = make_order(count);
  struct be_position *sorted = malloc((count + 1) * sizeof *sorted);
  if (order && now && sorted) {
    qsort_r(order, count, sizeof *order, position_order, source->positions);
    for (size_t i = 0; i < count; i++) {
      sorted[i] = source->positions[order[i]];
      now[order[i]] = (uint32_t)i;
    }
    for (size_t i = 0; i < source->target_count; i++)
      source->targets[i].position = now[source->targets[i].position];
    free(source->positions);
    source->positions = sorted;
    sorted = NULL;
  }
  int status = order && now && !sorted ? 0 : -ENOMEM;
  free(order);
  free(now);
  free(sorted);
  return status;
}

static void link_positions(struct be_source_profile *source) {
  for (size_t i = source->position_count; i-- > 0;) {
    struct be_instance *instance = &source->instances[source->positions[i].instance];
    instance->first_position = (uint32_t)i;
    instance->position_count++;
  }
  for (size_t i = source->target_count; i-- > 0;) {
    struct be_position *position = &source->positions[source->targets[i].position];
    position->first_target = (uint32_t)i;
    position->target_count++;
  }
}

/* Functions come first among the children; of one name only the first one stays. */
static void link_children(struct be_source_profile *source, size_t *dropped) {
  size_t functions = 0, kept = 0;
  while (functions < source->instance_count &&
         source->instances[source->children[functions]].parent == BE_SOURCE_NONE)
    functions++;
  for (size_t i = source->instance_count; i-- > functions;) {
    struct be_instance *parent = &source->instances[source->instances[source->children[i]].parent];
    parent->first_child = (uint32_t)i;
    parent->child_count++;
  }
  for (size_t i = 0; i < functions; i++) {
    uint32_t name = source->instances[source->children[i]].name;
    if (kept && source->instances[source->children[kept - 1]].name == name)
      continue;
    source->children[kept++] = source->children[i];
  }
  source->function_count = kept;
  *dropped = functions - kept;
}

int be_source_sort(struct be_source_profile *source, size_t *dropped) {
  if (sort_positions(source))
    return -ENOMEM;
  if (source->target_count)
    qsort_r(source->targets, source->target_count, sizeof *source->targets, target_order, source);
  if (!source->targets) /* what is in order has no array that is not there */
    source->targets = malloc(sizeof *source->targets);
  source->children = make_order(source->instance_count);
  if (!source->children || !source->targets)
    return -ENOMEM;
  qsort_r(source->children, source->instance_count, sizeof *source->children, child_order, source);
  link_positions(source);
  link_children(source, dropped);
  return 0;
}

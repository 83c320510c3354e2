/* cache.c - attributes met before, so that an op costs few look-ups in MLIR's tables.
 *
 * Making an op through the C API is dominated by uniquing attributes: a hash and a compare each.
 * The few dozen that recur in every op are kept here by their plain value. */
#include "internal.h"
#include <stdlib.h>

static MlirAttribute cached(struct be_map *map, const void *key,
                            MlirAttribute (*make)(const void *, const struct be_ir *),
                            const struct be_ir *ir) {
  void *known = be_map_get(map, key);
  if (known)
    return (MlirAttribute){known};
  MlirAttribute attr = make(key, ir);
  be_map_set(map, key, (void *)attr.ptr);
  return attr;
}

/* Integers are keyed by value + bias, which is never NULL for those that are cached. */
enum { BIAS = 1 << 20 };

static const void *key_of(int64_t value) { return (const void *)(intptr_t)(value + BIAS); }
static int64_t value_of(const void *key) { return (int64_t)(intptr_t)key - BIAS; }
static bool cachable(int64_t value) { return value > -BIAS && value < BIAS; }

static MlirAttribute make_i32(const void *key, const struct be_ir *ir) {
  return mlirIntegerAttrGet(ir->i32, value_of(key));
}

static MlirAttribute make_i64(const void *key, const struct be_ir *ir) {
  return mlirIntegerAttrGet(ir->i64, value_of(key));
}

static MlirAttribute make_index(const void *key, const struct be_ir *ir) {
  int32_t value = (int32_t)value_of(key);
  return mlirDenseI32ArrayGet(ir->ctx, 1, &value);
}

static MlirAttribute make_type(const void *key, const struct be_ir *ir) {
  (void)ir;
  return mlirTypeAttrGet((MlirType){key});
}

MlirAttribute be_cache_i32(const struct be_ir *ir, int64_t value) {
  return cachable(value) ? cached(&ir->cache->i32, key_of(value), make_i32, ir)
                         : mlirIntegerAttrGet(ir->i32, value);
}

MlirAttribute be_cache_i64(const struct be_ir *ir, int64_t value) {
  return cachable(value) ? cached(&ir->cache->i64, key_of(value), make_i64, ir)
                         : mlirIntegerAttrGet(ir->i64, value);
}

MlirAttribute be_cache_index(const struct be_ir *ir, int32_t value) {
  if (value == BE_GEP_DYNAMIC)
    return ir->cache->dynamic_index;
  return cachable(value) ? cached(&ir->cache->index, key_of(value), make_index, ir)
                         : mlirDenseI32ArrayGet(ir->ctx, 1, &value);
}

MlirAttribute be_cache_type(const struct be_ir *ir, MlirType type) {
  return cached(&ir->cache->type, type.ptr, make_type, ir);
}

MlirNamedAttribute be_named(const struct be_ir *ir, enum be_name name, MlirAttribute value) {
  return mlirNamedAttributeGet(ir->cache->names[name], value);
}

void be_cache_create(struct be_ir *ir) {
  static const char *const names[BE_NAME_COUNT] = {
#define BE_NAME(ENUM, TEXT) [BE_NAME_##ENUM] = TEXT,
#include "names.def"
  };
  int32_t dynamic = BE_GEP_DYNAMIC;
  ir->cache = be_calloc(1, sizeof *ir->cache);
  for (int i = 0; i < BE_NAME_COUNT; i++)
    ir->cache->names[i] = mlirIdentifierGet(ir->ctx, mlirStringRefCreateFromCString(names[i]));
  ir->cache->dynamic_index = mlirDenseI32ArrayGet(ir->ctx, 1, &dynamic);
}

void be_cache_destroy(struct be_ir *ir) {
  if (!ir->cache)
    return;
  be_map_clear(&ir->cache->i32);
  be_map_clear(&ir->cache->i64);
  be_map_clear(&ir->cache->index);
  be_map_clear(&ir->cache->type);
  free(ir->cache);
}

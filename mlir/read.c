/* read.c - reading ops, attributes, types and locations. */
#include "backedge/ir.h"
#include "internal.h"
#include "mlir-c/Support.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

MlirAttribute be_op_attr(MlirOperation op, const char *name) {
  return mlirOperationGetAttributeByName(op, mlirStringRefCreateFromCString(name));
}

bool be_op_has(MlirOperation op, const char *name) {
  return !mlirAttributeIsNull(be_op_attr(op, name));
}

int64_t be_op_int(MlirOperation op, const char *name, int64_t missing) {
  MlirAttribute attr = be_op_attr(op, name);
  if (mlirAttributeIsNull(attr) || !mlirAttributeIsAInteger(attr))
    return missing;
  return mlirIntegerAttrGetValueInt(attr);
}

MlirStringRef be_op_string(MlirOperation op, const char *name) {
  MlirAttribute attr = be_op_attr(op, name);
  if (mlirAttributeIsNull(attr))
    return (MlirStringRef){NULL, 0};
  if (mlirAttributeIsAString(attr))
    return mlirStringAttrGetValue(attr);
  if (mlirAttributeIsAFlatSymbolRef(attr))
    return mlirFlatSymbolRefAttrGetValue(attr);
  return (MlirStringRef){NULL, 0};
}

int be_op_id(const struct be_ir *ir, MlirOperation op) {
  (void)ir;
  MlirAttribute attr =
      mlirOperationGetDiscardableAttributeByName(op, mlirStringRefCreate(BE_ATTR_ID, 11));
  return mlirAttributeIsNull(attr) ? -1 : (int)mlirIntegerAttrGetValueInt(attr);
}

MlirOperation be_value_def(MlirValue value) {
  return mlirValueIsAOpResult(value) ? mlirOpResultGetOwner(value) : (MlirOperation){NULL};
}

enum be_opcode be_value_code(const struct be_ir *ir, MlirValue value) {
  MlirOperation def = be_value_def(value);
  return mlirOperationIsNull(def) ? BE_OP_OTHER : be_op_code(ir, def);
}

bool be_value_constant(const struct be_ir *ir, MlirValue value, int64_t *out) {
  if (be_value_code(ir, value) != BE_OP_CONSTANT)
    return false;
  MlirType type = mlirValueGetType(value);
  if (!mlirTypeIsAInteger(type) || mlirIntegerTypeGetWidth(type) > 64)
    return false;
  MlirAttribute attr = be_op_attr(be_value_def(value), "value");
  if (!mlirAttributeIsAInteger(attr))
    return false;
  *out = mlirIntegerAttrGetValueInt(attr);
  return true;
}

enum be_icmp be_op_icmp(MlirOperation op) { return (enum be_icmp)be_op_int(op, "predicate", 0); }

unsigned be_op_overflow(const struct be_ir *ir, MlirOperation op) {
  MlirAttribute attr = be_op_attr(op, BE_ATTR_OVERFLOW);
  for (unsigned flags = 1; flags < 4; flags++)
    if (mlirAttributeEqual(attr, ir->overflow[flags]))
      return flags;
  return BE_OVERFLOW_WRAPS;
}

void be_op_drop_promises(MlirOperation op) {
  static const char *const promises[] = {BE_ATTR_OVERFLOW, "inbounds", "isExact", "isDisjoint",
                                         "nonNeg"};
  for (size_t i = 0; i < sizeof promises / sizeof *promises; i++)
    if (be_op_has(op, promises[i]))
      mlirOperationRemoveAttributeByName(op, mlirStringRefCreateFromCString(promises[i]));
}

/* ---- effects -------------------------------------------------------------------------------- */

enum {
  EFFECTS_PURE = BE_EFFECT_NONE,
  EFFECTS_CONST = BE_EFFECT_NONE,
  EFFECTS_TRAP = BE_EFFECT_TRAP,
  EFFECTS_READ = BE_EFFECT_READ | BE_EFFECT_TRAP,
  EFFECTS_WRITE = BE_EFFECT_WRITE | BE_EFFECT_TRAP,
  EFFECTS_RW = BE_EFFECT_READ | BE_EFFECT_WRITE | BE_EFFECT_TRAP | BE_EFFECT_PIN,
  EFFECTS_CALL = BE_EFFECT_READ | BE_EFFECT_WRITE | BE_EFFECT_THROW | BE_EFFECT_TRAP,
  EFFECTS_TERM = BE_EFFECT_TERM | BE_EFFECT_PIN,
  EFFECTS_STMT = EFFECTS_CALL | BE_EFFECT_PIN, /* unless the attribute says less */
};

static const unsigned effects_of_code[BE_OP_COUNT] = {
    [BE_OP_OTHER] = EFFECTS_STMT,
#define BE_OPCODE(ENUM, NAME, EFFECTS) [BE_OP_##ENUM] = EFFECTS_##EFFECTS,
#include "backedge/ops.def"
};

static const struct {
  const char *word;
  unsigned effect;
} effect_words[] = {{"read", BE_EFFECT_READ},   {"write", BE_EFFECT_WRITE},
                    {"throw", BE_EFFECT_THROW}, {"trap", BE_EFFECT_TRAP},
                    {"term", BE_EFFECT_TERM},   {"pin", BE_EFFECT_PIN}};

static unsigned effects_from_text(MlirStringRef text) {
  unsigned effects = 0;
  for (size_t i = 0; i < sizeof effect_words / sizeof *effect_words; i++)
    if (memmem(text.data, text.length, effect_words[i].word, strlen(effect_words[i].word)))
      effects |= effect_words[i].effect;
  return effects;
}

const char *be_effects_text(unsigned effects, char *buf, size_t size) {
  size_t len = 0;
  buf[0] = '\0';
  for (size_t i = 0; i < sizeof effect_words / sizeof *effect_words; i++)
    if ((effects & effect_words[i].effect) && len < size)
      len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? "," : "", effect_words[i].word);
  return buf;
}

unsigned be_op_effects(const struct be_ir *ir, MlirOperation op) {
  enum be_opcode code = be_op_code(ir, op);
  unsigned effects = effects_of_code[code];
  if (code == BE_OP_STMT || code == BE_OP_CALL) {
    MlirStringRef text = be_op_string(op, code == BE_OP_STMT ? "effects" : BE_ATTR_EFFECTS);
    if (text.data)
      effects = effects_from_text(text);
  } else if (code == BE_OP_LOAD || code == BE_OP_STORE) {
    if (be_op_has(op, "volatile_") || be_op_int(op, "ordering", 0) != 0)
      effects |= BE_EFFECT_PIN;
  }
  return effects;
}

/* ---- getelementptr ------------------------------------------------------------------------- */

size_t be_gep_index_count(MlirOperation op) {
  return (size_t)mlirDenseArrayGetNumElements(be_op_attr(op, "rawConstantIndices"));
}

int32_t be_gep_index(MlirOperation op, size_t i, MlirValue *dynamic) {
  MlirAttribute raw = be_op_attr(op, "rawConstantIndices");
  intptr_t operand = 1; /* after the base */
  for (size_t k = 0; k < i; k++)
    operand += mlirDenseI32ArrayGetElement(raw, (intptr_t)k) == BE_GEP_DYNAMIC;
  int32_t index = mlirDenseI32ArrayGetElement(raw, (intptr_t)i);
  *dynamic = index == BE_GEP_DYNAMIC ? mlirOperationGetOperand(op, operand) : (MlirValue){NULL};
  return index;
}

MlirType be_gep_element(MlirOperation op) {
  return mlirTypeAttrGetValue(be_op_attr(op, "elem_type"));
}

/* ---- type sizes ------------------------------------------------------------------------------
 * MLIR 19's C API cannot look into llvm.array and llvm.struct, so the printed form is read. */

struct text {
  char buf[1024];
  size_t len;
  bool cut;
};

static void append_text(MlirStringRef part, void *user) {
  struct text *text = user;
  if (text->len + part.length >= sizeof text->buf) {
    text->cut = true;
    return;
  }
  memcpy(text->buf + text->len, part.data, part.length);
  text->len += part.length;
  text->buf[text->len] = '\0';
}

struct layout {
  uint64_t size, align; /* size 0: unknown */
};

static struct layout layout_read(const char **at);

static bool accept(const char **at, const char *word) {
  size_t len = strlen(word);
  if (strncmp(*at, word, len) != 0)
    return false;
  *at += len;
  return true;
}

static uint64_t round_up(uint64_t value, uint64_t align) {
  return align ? (value + align - 1) / align * align : value;
}

static struct layout struct_layout(const char **at) {
  struct layout all = {0, 1};
  if (**at == '"') { /* the name */
    *at = strchr(*at + 1, '"') + 1;
    accept(at, ", ");
  }
  bool packed = accept(at, "packed ");
  if (!accept(at, "("))
    return (struct layout){0, 0}; /* opaque, or a mention of itself */
  while (!accept(at, ")")) {
    struct layout field = layout_read(at);
    if (field.size == 0)
      return field;
    uint64_t align = packed ? 1 : field.align;
    all.size = round_up(all.size, align) + field.size;
    all.align = align > all.align ? align : all.align;
    accept(at, ", ");
  }
  accept(at, ">");
  all.size = round_up(all.size, all.align);
  return all;
}

static struct layout layout_read(const char **at) {
  accept(at, "!llvm.");
  if (accept(at, "ptr")) {
    if (**at == '<')
      *at = strchr(*at, '>') + 1;
    return (struct layout){8, 8};
  }
  bool vector = accept(at, "vector<") || accept(at, "vec<");
  if (vector || accept(at, "array<")) {
    char *end;
    uint64_t count = strtoull(*at, &end, 10);
    *at = end;
    while (**at == 'x' || **at == ' ')
      ++*at;
    struct layout element = layout_read(at);
    accept(at, ">");
    element.size *= count;
    if (vector)
      element.align = element.size;
    return element;
  }
  if (accept(at, "struct<"))
    return struct_layout(at);
  accept(at, "b"); /* bf16 */
  if ((**at == 'i' || **at == 'f') && isdigit((unsigned char)(*at)[1])) {
    char *end;
    uint64_t bytes = (strtoull(*at + 1, &end, 10) + 7) / 8, size = 1;
    *at = end;
    while (size < bytes)
      size *= 2;
    return (struct layout){size, size < 16 ? size : 16};
  }
  return (struct layout){0, 0};
}

uint64_t be_type_size(MlirType type) {
  struct text text = {.len = 0};
  mlirTypePrint(type, append_text, &text);
  const char *at = text.buf;
  return text.cut ? 0 : layout_read(&at).size;
}

/* ---- locations: 19's C API can only print them ----------------------------------------------- */

bool be_location_read(MlirLocation loc, char *buf, size_t size, unsigned *line, unsigned *column) {
  struct text text = {.len = 0};
  mlirLocationPrint(loc, append_text, &text);
  for (const char *at = strchr(text.buf, '"'); at; at = strchr(at, '"')) {
    const char *end = strchr(++at, '"');
    if (!end)
      break;
    if (sscanf(end, "\":%u:%u", line, column) == 2 && (size_t)(end - at) < size) {
      memcpy(buf, at, (size_t)(end - at));
      buf[end - at] = '\0';
      return true;
    }
    at = end + 1;
  }
  buf[0] = '\0';
  *line = *column = 0;
  return false;
}

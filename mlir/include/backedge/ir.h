/* ir.h - building and reading the bridge IR: a thin layer over the MLIR C API.
 *
 * Lift uses it to make ops, passes to read and edit them, lower to read them. All of it is plain
 * MLIR underneath: mlir-c calls may be mixed in freely.
 *
 * Conventions of the IR (docs/architecture.md has the whole):
 *   - the module holds one llvm.func with a body, and declarations of what it refers to;
 *   - constants and addresses of symbols and locals stand in the entry block, nowhere else when
 *     lifted (a pass may make more anywhere);
 *   - `backedge.id` (i32) names the host statement part an op was lifted from; an op that a pass
 *     makes has none; a clone keeps it;
 *   - `backedge.access` (["record", "field"]) on loads and stores says which field is accessed;
 *   - an op that is edited in place other than by operands or successors needs no care: lower
 *     compares attributes.
 */
#ifndef BACKEDGE_IR_H
#define BACKEDGE_IR_H

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/LLVM.h"
#include "mlir-c/IR.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One value per line of ops.def; BE_OP_OTHER is any op not listed there. */
enum be_opcode {
  BE_OP_OTHER,
#define BE_OPCODE(ENUM, NAME, EFFECTS) BE_OP_##ENUM,
#include "backedge/ops.def"
  BE_OP_COUNT
};

/* What an op may do; a set. */
enum be_effects {
  BE_EFFECT_NONE = 0,
  BE_EFFECT_READ = 1,  /* may read memory */
  BE_EFFECT_WRITE = 2, /* may write memory */
  BE_EFFECT_THROW = 4, /* may leave the block other than by its terminator, or not return */
  BE_EFFECT_TRAP = 8,  /* undefined or trapping for some operands: not to be speculated */
  BE_EFFECT_TERM = 16, /* ends the block */
  BE_EFFECT_PIN =
      32, /* volatile, atomic, or of unknown meaning: not to be moved, copied, removed */
};

/* Predicates, in the numbering of llvm.icmp's attribute. */
enum be_icmp {
  BE_ICMP_EQ,
  BE_ICMP_NE,
  BE_ICMP_SLT,
  BE_ICMP_SLE,
  BE_ICMP_SGT,
  BE_ICMP_SGE,
  BE_ICMP_ULT,
  BE_ICMP_ULE,
  BE_ICMP_UGT,
  BE_ICMP_UGE
};

/* Integer overflow flags: a set, in the numbering of #llvm.overflow. */
enum be_overflow { BE_OVERFLOW_WRAPS = 0, BE_OVERFLOW_NSW = 1, BE_OVERFLOW_NUW = 2 };

/* Names of the discardable attributes above. */
#define BE_ATTR_ID "backedge.id"
#define BE_ATTR_ACCESS "backedge.access"
#define BE_ATTR_COUNT "backedge.count"
/* On loads and stores, when the host compiles with type-based aliasing: the name (a string) of the
 * scalar type accessed. Two accesses with different names do not overlap; one without a name may
 * overlap any. Pointers of all kinds are "ptr"; character types, unions, may_alias and what memcpy
 * became have none. */
#define BE_ATTR_ALIAS "backedge.alias"
/* On the function: array<i32> of the parameters that are restrict pointers: what is accessed
 * through one is not written through a pointer that does not come from it. */
#define BE_ATTR_NOALIAS "backedge.noalias"
/* On llvm.call: what the callee may do, when that is less than anything (as backedge.stmt's). */
#define BE_ATTR_EFFECTS "backedge.effects"
/* On llvm.call, where the host passes records as such (GCC). result_at (i64): the first operand
 * (the second of an indirect call) is the address of that many bytes, which become the record that
 * the callee returns. by_value (array<i64>, one number per argument that is not that address): the
 * argument is the address of that many bytes, which are passed; 0: it is a value. Neither address
 * is known to the callee. */
#define BE_ATTR_RESULT_AT "backedge.result_at"
#define BE_ATTR_BY_VALUE "backedge.by_value"

/* On a loop's jump back, or on a function for all of its loops (unit): it may be assumed to end, by
 * the language's rules if by nothing else. */
#define BE_ATTR_FINITE "backedge.finite"

/* What the source asks for, on an access or on a loop's jump back. prefetch: [distance, locality]
 * on an access (distance 0: choose), unit on a jump; noprefetch: unit. */
#define BE_ATTR_PREFETCH "backedge.prefetch"
#define BE_ATTR_NOPREFETCH "backedge.noprefetch"

/* #llvm.overflow<...> on add, sub, mul, shl. MLIR's own flags are a property that its C API can
 * neither set nor read (LLVM 19), so ops parsed with them count as wrapping. */
#define BE_ATTR_OVERFLOW "backedge.overflow"

/* GEP: marks a dynamic index in rawConstantIndices (INT32_MIN, as in MLIR). */
#define BE_GEP_DYNAMIC INT32_MIN

/* What is made once per context and used everywhere. Owned by the session; borrowed by all. */
struct be_ir {
  MlirContext ctx;
  MlirLocation unknown_loc;
  MlirType i1, i8, i16, i32, i64, f32, f64, ptr, void_type;
  MlirIdentifier name_id, name_access, name_count, name_alias;
  MlirAttribute unit;
  MlirAttribute overflow[4];      /* indexed by enum be_overflow */
  struct be_opcode_slot *opcodes; /* op name -> enum be_opcode, by pointer */
  struct be_cache *cache;         /* attributes met before; the core's own */
};

/* Makes a context (no threads) with the `llvm` and `backedge` dialects. Returns 0, or -EINVAL when
 * the dialect's text does not load (a broken build). */
int be_ir_create(struct be_ir *ir);
void be_ir_destroy(struct be_ir *ir);

/* ---- reading ---------------------------------------------------------------------------- */

enum be_opcode be_op_code(const struct be_ir *ir, MlirOperation op);
const char *be_opcode_name(enum be_opcode code); /* "llvm.add"; static */

/* The op's effects, from its kind and its attributes (volatile, ordering, callee, `effects`). */
unsigned be_op_effects(const struct be_ir *ir, MlirOperation op);
/* A set of effects as the text of those attributes: "read,write". Returns buf. */
const char *be_effects_text(unsigned effects, char *buf, size_t size);

/* The `backedge.id`, or -1. */
int be_op_id(const struct be_ir *ir, MlirOperation op);

/* The defining op of a result; a null op for a block argument. */
MlirOperation be_value_def(MlirValue value);
enum be_opcode be_value_code(const struct be_ir *ir, MlirValue value);

/* True and *out set when value is an integer constant that fits (sign-extended). */
bool be_value_constant(const struct be_ir *ir, MlirValue value, int64_t *out);

/* An integer attribute's value by name (inherent or discardable), else `missing`. */
int64_t be_op_int(MlirOperation op, const char *name, int64_t missing);
bool be_op_has(MlirOperation op, const char *name);
/* An attribute by name, inherent or discardable; null when absent. */
MlirAttribute be_op_attr(MlirOperation op, const char *name);
/* A string or symbol attribute; {NULL, 0} when absent. Owned by the context. */
MlirStringRef be_op_string(MlirOperation op, const char *name);

/* llvm.icmp's predicate; llvm.add/sub/mul/shl's overflow flags. */
enum be_icmp be_op_icmp(MlirOperation op);
unsigned be_op_overflow(const struct be_ir *ir, MlirOperation op);
/* Takes from a copy the facts that hold where the original runs, and may not where the copy does:
 * that nothing overflows, that addresses are in bounds. */
void be_op_drop_promises(MlirOperation op);

/* GEP: number of indices; index i is constant when *dynamic comes back null. The element type. */
size_t be_gep_index_count(MlirOperation op);
int32_t be_gep_index(MlirOperation op, size_t i, MlirValue *dynamic);
MlirType be_gep_element(MlirOperation op);

/* Size in bytes and ABI alignment of a type as x86-64 and AArch64 lay it out; 0 when unknown. */
uint64_t be_type_size(MlirType type);

/* Operands handed to successor `succ` of a terminator: first operand number, and how many. */
size_t be_succ_operands(const struct be_ir *ir, MlirOperation term, size_t succ, size_t *first);
/* Replaces the operands handed to one successor. */
void be_succ_set_operands(const struct be_ir *ir, MlirOperation term, size_t succ,
                          const MlirValue *values, size_t count);
/* Branch weight of a successor, or 0 when the terminator has none. */
uint32_t be_succ_weight(const struct be_ir *ir, MlirOperation term, size_t succ);

/* File, line and column of a location (the innermost of a call-site chain). False when unknown.
 * The file name is copied into buf. */
bool be_location_read(MlirLocation loc, char *buf, size_t size, unsigned *line, unsigned *column);

/* ---- building --------------------------------------------------------------------------- */

/* Where ops go. `before` null: at the end of `block`. `lifted` null outside lift. */
struct be_builder {
  const struct be_ir *ir;
  struct be_function *lifted; /* ops are recorded here and get ids */
  MlirBlock block;
  MlirOperation before;
  MlirLocation loc;
};

/* A builder for a pass: inserts before `op`, with op's location. */
struct be_builder be_builder_before(const struct be_ir *ir, MlirOperation op);
/* The same at the end of a block. */
struct be_builder be_builder_at_end(const struct be_ir *ir, MlirBlock block, MlirLocation loc);

struct be_op_parts {
  const MlirValue *operands;
  size_t operand_count;
  const MlirType *results;
  size_t result_count;
  const MlirNamedAttribute *attrs;
  size_t attr_count;
  const MlirBlock *successors;
  size_t successor_count;
};

/* The general form; every function below ends here. */
MlirOperation be_build(struct be_builder *b, enum be_opcode code, const struct be_op_parts *parts);

MlirNamedAttribute be_attr(const struct be_ir *ir, const char *name, MlirAttribute value);

MlirValue be_build_int(struct be_builder *b, MlirType type, int64_t value);
MlirValue be_build_constant(struct be_builder *b, MlirType type, MlirAttribute value);
MlirValue be_build_zero(struct be_builder *b, MlirType type);
MlirValue be_build_undef(struct be_builder *b, MlirType type);
MlirValue be_build_addressof(struct be_builder *b, const char *symbol, size_t len);
/* A value only the host knows: its host reference number. */
MlirValue be_build_host(struct be_builder *b, MlirType type, int ref);

/* Result type is that of `lhs`. `overflow` for ADD SUB MUL SHL, else 0. */
MlirValue be_build_binary(struct be_builder *b, enum be_opcode code, MlirValue lhs, MlirValue rhs,
                          unsigned overflow);
/* Any op with n operands, one result and at most one attribute (name NULL: none). */
MlirValue be_build_simple(struct be_builder *b, enum be_opcode code, MlirType result,
                          const MlirValue *operands, size_t count, const char *attr,
                          MlirAttribute value);
MlirValue be_build_cast(struct be_builder *b, enum be_opcode code, MlirType type, MlirValue value);
/* An integer as one of another width: extended with zeros, or truncated. */
MlirValue be_build_resize(struct be_builder *b, MlirValue value, MlirType type);
MlirValue be_build_icmp(struct be_builder *b, enum be_icmp predicate, MlirValue lhs, MlirValue rhs);
MlirValue be_build_select(struct be_builder *b, MlirValue cond, MlirValue yes, MlirValue no);

/* base + constant bytes; base + index * sizeof(element). */
MlirValue be_build_offset(struct be_builder *b, MlirValue base, int64_t bytes, bool inbounds);
MlirValue be_build_index(struct be_builder *b, MlirType element, MlirValue base, MlirValue index,
                         bool inbounds);

/* How a load or store accesses memory. Zero-initialise and set what applies. */
struct be_access {
  unsigned align; /* bytes; 0: the type's natural alignment */
  bool is_volatile;
  bool is_nontemporal;
  unsigned ordering;   /* 0 not atomic, else llvm.load's AtomicOrdering number */
  MlirAttribute field; /* the backedge.access attribute, or null */
  MlirAttribute alias; /* the backedge.alias attribute, or null */
};
MlirAttribute be_access_field(const struct be_ir *ir, const char *record, const char *field);
MlirValue be_build_load(struct be_builder *b, MlirType type, MlirValue addr,
                        const struct be_access *access);
MlirOperation be_build_store(struct be_builder *b, MlirValue value, MlirValue addr,
                             const struct be_access *access);
/* llvm.intr.prefetch. rw 0 read, 1 write; locality 0..3; cache 1 data. */
void be_build_prefetch(struct be_builder *b, MlirValue addr, unsigned rw, unsigned locality);

/* Direct (symbol) or indirect (symbol NULL, args[0] the callee) call. result null: no result.
 * variadic: the callee's function type when it is variadic, else null. Returns the op. */
MlirOperation be_build_call(struct be_builder *b, const char *symbol, size_t symbol_len,
                            MlirType result, const MlirValue *args, size_t count,
                            MlirType variadic);

/* backedge.stmt: a host statement that is not modelled. */
MlirOperation be_build_stmt(struct be_builder *b, const char *kind, unsigned effects,
                            const MlirType *results, size_t result_count, const MlirValue *operands,
                            size_t operand_count);

/* One way out of a block. */
struct be_succ {
  MlirBlock block;
  const MlirValue *args;
  size_t arg_count;
  uint32_t weight; /* 0: unknown; used only when every successor has one */
};
MlirOperation be_build_br(struct be_builder *b, const struct be_succ *to);
MlirOperation be_build_cond_br(struct be_builder *b, MlirValue cond, const struct be_succ *yes,
                               const struct be_succ *no);
/* succ[0] is the default; case i goes to succ[i + 1]; values are sign-extended to value's type. */
MlirOperation be_build_switch(struct be_builder *b, MlirValue value, const struct be_succ *succ,
                              const int64_t *case_values, size_t case_count);
MlirOperation be_build_return(struct be_builder *b, MlirValue value /* may be null */);
MlirOperation be_build_unreachable(struct be_builder *b);

#ifdef __cplusplus
}
#endif
#endif

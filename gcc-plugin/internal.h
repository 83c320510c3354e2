/* internal.h - GCC's headers in their order, and what this folder's files share.
 *
 * Lift and lower keep GCC objects (trees, statements, blocks) only within one callback, in struct
 * lift and struct lower; caches that outlive it are emptied when GCC's collector starts.
 */
#ifndef BACKEDGE_GCC_INTERNAL_H
#define BACKEDGE_GCC_INTERNAL_H

// clang-format off
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "gcc-plugin.h"
#include "plugin-version.h"
#include "tree.h"
#include "gimple.h"
#include "backend.h"
#include "predict.h"
#include "tree-pass.h"
#include "memmodel.h"
#include "ssa.h"
#include "opts.h"
#include "options.h"
#include "c-family/c-common.h"
#include "diagnostic-core.h"
#include "diagnostic.h"
#include "cgraph.h"
#include "alias.h"
#include "fold-const.h"
#include "stor-layout.h"
#include "calls.h"
#include "builtins.h"
#include "cfganal.h"
#include "cfgloop.h"
#include "cfghooks.h"
#include "gimple-iterator.h"
#include "gimple-fold.h"
#include "gimple-walk.h"
#include "gimplify.h"
#include "gimple-pretty-print.h"
#include "internal-fn.h"
#include "attribs.h"
#include "stringpool.h"
#include "context.h"
#include "dumpfile.h"
#include "real.h"
#include "tree-cfg.h"
#include "tree-eh.h"
#include "except.h"
#include "tree-into-ssa.h"
#include "tree-ssa.h"
#include "tree-ssanames.h"
#include "tree-ssa-operands.h"
#include "tree-ssa-loop.h"
#include "tree-ssa-loop-niter.h"
#include "tree-ssa-loop-manip.h"
#include "tree-ssa-address.h"
#include "tree-phinodes.h"
#include "tree-dfa.h"
#include "tree-scalar-evolution.h"
#include "ssa-iterators.h"
#include "value-prof.h"
#include "langhooks.h"
#include "toplev.h"
#include "output.h"
#include <sys/stat.h>
#include <unistd.h>
#include "c-family/c-pragma.h"
#pragma GCC diagnostic pop
// clang-format on

#include "backedge/compiler.h"
#include "backedge/map.h"

/* Functions whose signatures differ between GCC 11 and later ones. Weak, so that a plugin for one
 * loads into the other as far as plugin_init, which refuses with a message of its own. */
extern decltype(sort_case_labels) sort_case_labels __attribute__((weak));
extern decltype(gimple_build_switch) gimple_build_switch __attribute__((weak));
extern decltype(build_vector_from_ctor) build_vector_from_ctor __attribute__((weak));
extern decltype(gimple_build_call_vec) gimple_build_call_vec __attribute__((weak));
extern decltype(gimple_could_trap_p) gimple_could_trap_p __attribute__((weak));
extern int flag_isoc11 __attribute__((weak)); /* not in lto1 */
extern void copy_warning(location_t, location_t) __attribute__((weak));

/* From optabs-tree.h, which needs a header that is not installed. */
enum optab_subtype { optab_default, optab_scalar, optab_vector };
extern bool target_supports_op_p(tree, enum tree_code, enum optab_subtype);

/* ---- one translation unit: plugin.cc --------------------------------------------------------- */

enum { BE_LOCATION_SLOTS = 256 };

/* Kept from start to end of the unit. The caches are emptied when GCC's collector starts. */
struct bridge {
  be_session *session;
  const be_ir *ir;
  be_mode mode;
  MlirType int_types[129]; /* by precision; null: not made yet */
  MlirType f16, f80, f128; /* null: not made yet */
  MlirIdentifier name_fastmath;
  MlirNamedAttribute effects[64];             /* by set of effects, on calls */
  be_map access;                              /* FIELD_DECL -> backedge.access attribute */
  location_t location_key[BE_LOCATION_SLOTS]; /* a direct-mapped cache */
  MlirLocation location_value[BE_LOCATION_SLOTS];
};
extern bridge the_bridge;

/* ---- types: types.cc ------------------------------------------------------------------------- */

/* The MLIR type of values of a register type, or null when there is none. */
MlirType type_lift(tree type);
/* True when a value of this type is modelled by ops: integers, pointers, floats, vectors of them.
 */
bool type_is_modelled(tree type);
/* A register type for values of an MLIR type; NULL_TREE when there is none. */
tree type_lower(MlirType type);
/* The integer type with `type`'s precision and the given sign. */
tree type_with_sign(tree type, bool is_unsigned);
/* Bits of an MLIR integer type, else 0. */
unsigned type_bits(MlirType type);
/* Bits of an MLIR floating-point type that GCC has, else 0. */
unsigned type_real_bits(MlirType type);
/* False for integers that are part of a byte, or of a mode, in GCC. */
bool type_is_whole(MlirType type);
/* True when arithmetic on the integer type wraps or, with `overflow`, must not overflow. */
bool type_wraps(tree type);
bool type_is_undefined_on_overflow(tree type);

/* ---- lift: lift*.cc ----------------------------------------------------------------------------
 */

/* A function being lifted. Arrays by bb->index and SSA version are sized once. */
struct lift {
  function *fun;
  const be_ir *ir;
  be_function *out;
  be_builder *b;
  int *block_of;      /* bb->index -> block number; -1: none */
  basic_block *bb_of; /* block number -> bb */
  int block_count;
  void **ssa; /* SSA version -> MlirValue.ptr */
  unsigned ssa_count;
  gimple **stmts;  /* statement number -> statement */
  int *stmt_block; /* statement number -> block number */
  int stmt_count, stmt_capacity;
  tree *refs; /* host reference number -> tree */
  int ref_count, ref_capacity;
  be_map constants; /* tree or MLIR attribute -> MlirValue.ptr, in the entry block */
  be_map symbols;   /* id + 1 of an address -> what it is the address of */
  int stmt;         /* being lifted; -1: none */
  MlirLocation loc;
  int block;          /* being filled */
  bool returns_value; /* llvm.return has an operand */
  unsigned modelled, opaque;
  be_reason reason; /* not NONE: declined */
  const char *detail;
};

/* lift.cc */
bool lift_function(lift *l, function *fun);
void lift_release(lift *l);
void lift_decline(lift *l, be_reason reason, const char *detail);
MlirLocation lift_location(location_t location);
/* Numbers a statement and points the builder at it. */
void lift_begin(lift *l, gimple *stmt);
/* For ops that belong to no statement. */
void lift_begin_none(lift *l);

/* lift_value.cc */
MlirValue lift_value(lift *l, tree value);
/* False when a value of the tree's kind cannot be an operand of a modelled op. */
bool lift_is_operand(tree value);
MlirValue lift_host(lift *l, tree value, MlirType type);
MlirValue lift_int(lift *l, MlirType type, HOST_WIDE_INT value);
MlirValue lift_undef(lift *l, MlirType type);
MlirValue lift_symbol(lift *l, tree decl);
void lift_define(lift *l, tree name, MlirValue value);

/* lift_arith.cc: false: not modelled, nothing was built */
bool lift_assign(lift *l, gassign *stmt);
MlirValue lift_compare(lift *l, tree_code code, tree a, tree b);
bool lift_can_compare(tree_code code, tree a, tree b);

/* lift_memory.cc */
/* False when the reference cannot be taken apart; nothing is built then. */
bool lift_can_address(tree ref);
bool lift_can_access(tree ref);
MlirValue lift_address(lift *l, tree ref);
void lift_load(lift *l, tree lhs, tree ref, gimple *stmt);
void lift_store(lift *l, tree ref, MlirValue value, gimple *stmt);
bool lift_copy(lift *l, gassign *stmt);
/* A record in memory as a whole, and its size. */
bool lift_can_record(tree ref, HOST_WIDE_INT *bytes);
bool lift_is_bits(tree ref); /* a bit-field */
bool lift_can_bits(tree ref, gimple *stmt);
void lift_load_bits(lift *l, tree lhs, tree ref);
void lift_store_bits(lift *l, tree ref, MlirValue value);

/* lift_call.cc */
bool lift_call(lift *l, gcall *stmt);
bool lift_is_eh_builtin(tree decl);

/* lift_opaque.cc */
unsigned lift_effects(gimple *stmt);
void lift_opaque(lift *l, gimple *stmt);
/* The statement as an opaque op with an i32 selector as its last result. */
MlirValue lift_opaque_selector(lift *l, gimple *stmt);

/* lift_cfg.cc */
void lift_terminator(lift *l, basic_block bb, gimple *stmt);
/* True for a statement that ends its block by more than falling through. */
bool lift_is_terminator(basic_block bb, gimple *stmt);
size_t lift_phis(basic_block bb);

/* ---- lower: lower*.cc -------------------------------------------------------------------------
 */

/* One way out of a block as it was built: where the values for the next block's PHIs come from. */
struct route {
  MlirOperation term;
  unsigned succ;
  basic_block from, to;
};

/* A function being lowered. */
struct lower {
  struct lift *lift;
  const be_ir *ir;
  const be_plan *plan;
  be_map values;  /* MlirValue.ptr -> tree */
  be_map names;   /* MlirValue.ptr as it was lifted -> SSA name; may hold dead values */
  be_map blocks;  /* MlirBlock.ptr -> basic_block */
  be_map ops;     /* MlirOperation.ptr -> be_plan_op */
  bool *wanted;   /* by plan op: a kept helper op whose value is needed after all */
  bool *done;     /* by statement: kept, replaced or moved */
  bool *selected; /* by statement: its ways out are GCC's, not the IR's */
  auto_vec<route> *routes;
  basic_block bb;           /* being filled */
  gimple_stmt_iterator gsi; /* new statements go before it */
  int last_stmt;            /* the last statement of bb that was passed */
  location_t location;
  bool rebuild, cfg_changed;
  bool publishes; /* addresses may be where they were not: points-to facts are made anew */
  const char *detail;
};

/* lower.cc */
bool lower_begin(lower *l, struct lift *lifted, const be_plan *plan);
bool lower_check(lower *l);
void lower_function(lower *l);
void lower_release(lower *l);
/* False, with the reason's detail set. */
bool lower_cannot(lower *l, const char *detail);
const be_plan_op *lower_op_of(const lower *l, MlirOperation op);
/* The statement a lifted op or a copy of it came from, or NULL; only when it was its main op. */
gimple *lower_stmt_of(const lower *l, const be_plan_op *op);
gimple *lower_main_stmt_of(const lower *l, const be_plan_op *op);

/* lower_value.cc */
/* The value as an operand of the given type (NULL_TREE: any), with statements where needed. */
tree lower_value(lower *l, MlirValue value, tree type);
tree lower_operand(lower *l, const be_plan_op *op, unsigned i, tree type);
/* The value's type in GCC as far as it has one before it is used; constants have none. */
tree lower_type_of(lower *l, MlirValue value);
tree lower_coerce(lower *l, tree value, tree type);
/* The SSA name an op defines: the statement's own, or a fresh one; and its type. */
tree lower_result(lower *l, const be_plan_op *op);
tree lower_result_type(const lower *l, const be_plan_op *op);
bool lower_can_name(lower *l, MlirValue value);
bool lower_constant_can(lower *l, const be_plan_op *op);
/* True for values that stand for themselves: constants, addresses of symbols and locals. */
bool lower_is_constant(const lower *l, MlirValue value);
/* What an address is the address of, or NULL_TREE. */
tree lower_symbol(const lower *l, const be_plan_op *op);
/* A new statement tmp = a code b before the cursor; returns tmp. */
tree lower_emit(lower *l, tree type, tree_code code, tree a, tree b);
/* Inserts before the cursor. */
void lower_insert(lower *l, gimple *stmt);
/* Puts a finished statement in the op's place. */
void lower_put(lower *l, const be_plan_op *op, gimple *stmt);

/* lower_arith.cc */
bool lower_arith_can(lower *l, const be_plan_op *op);
void lower_arith(lower *l, const be_plan_op *op);
/* A compare as a tree code and its operands. */
tree_code lower_compare(lower *l, const be_plan_op *op, tree *a, tree *b);
/* A compare that only its block's branch uses: it has no statement of its own. */
bool lower_is_fused(const lower *l, const be_plan_op *op);

/* lower_memory.cc */
bool lower_memory_can(lower *l, const be_plan_op *op);
void lower_memory(lower *l, const be_plan_op *op);
/* True when a GEP needs no statement: its users fold it into their addresses. */
bool lower_is_folded(const lower *l, MlirOperation op);
/* base + offset as an invariant or by a new statement. */
tree lower_pointer(lower *l, tree base, HOST_WIDE_INT offset);
/* The record in memory at an address, of the type and alias type of `old`. */
tree lower_record(lower *l, MlirValue address, tree old);
/* An address as base and offset: the base is fit for a MEM_REF. */
tree lower_address(lower *l, MlirValue address, HOST_WIDE_INT *offset);
bool lower_offset(const lower *l, MlirOperation gep, HOST_WIDE_INT *offset);

/* lower_call.cc */
bool lower_call_can(lower *l, const be_plan_op *op);
void lower_call(lower *l, const be_plan_op *op);
/* The declaration a symbol's name stands for, or NULL_TREE. */
tree lower_find_symbol(MlirStringRef name);

/* lower_cfg.cc */
bool lower_cfg_can(lower *l, const be_plan_block *block, const be_plan_op *term);
void lower_make_blocks(lower *l);
void lower_terminator(lower *l, const be_plan_op *term);
void lower_cfg(lower *l);

/* ---- verify.cc: what was lowered ---------------------------------------------------------------
 */

/* Runs GCC's verifier. When it finds fault, the compilation starts again without the function, or
 * ends with an error: this does not come back. */
void verify_function(function *fun, const char *name);
/* True for a function that was found broken before the compilation started again. */
bool verify_has_refused(const char *name);

/* ---- finite.cc: loops that end ------------------------------------------------------------------
 */

void finite_register(const char *plugin);
/* True when the loop ends, or the language lets that be assumed. */
bool finite_is(class loop *loop);

/* ---- request.cc: what the source asks for --------------------------------------------------- */

void request_register(const char *plugin);
void request_access(MlirOperation op, tree ref);
void request_loop(MlirOperation terminator, basic_block bb);

/* ---- counts.cc, remark.cc ----------------------------------------------------------------------
 */

uint32_t count_weight(edge e);
void count_block(lift *l, basic_block bb, MlirOperation terminator);
void count_edges(lower *l, basic_block bb, MlirOperation terminator);

void remark_emit(void *host, const be_remark *remark);
bool remark_listens(void *host);
void remark_warn(void *host, const char *text);

#endif

/* internal.h - LLVM's C headers, and what this folder's files share. */
#ifndef BACKEDGE_LLVM_INTERNAL_H
#define BACKEDGE_LLVM_INTERNAL_H

#include "backedge/compiler.h"
#include "backedge/map.h"
#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/Target.h>
#include <llvm/Config/llvm-config.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- one translation unit: plugin.c ---------------------------------------------------------- */

enum { BE_INTRINSICS_MAX = 32 };

/* Kept from the first to the last function of a module. The caches hold what LLVM keeps for the
 * life of its context. */
struct bridge {
  struct be_session *session;
  const struct be_ir *ir;
  enum be_mode mode;
  LLVMContextRef ctx;
  LLVMModuleRef module;
  LLVMTargetDataRef layout;
  char host_name[64];
  struct be_map types;                    /* LLVMTypeRef -> MlirType.ptr */
  struct be_map host_types;               /* MlirType.ptr -> LLVMTypeRef */
  struct be_map access;                   /* TBAA tag -> backedge.access attribute */
  struct be_map files;                    /* file metadata -> its name as an MLIR string */
  MlirNamedAttribute effects[64];         /* by set of effects, on calls */
  unsigned intrinsics[BE_INTRINSICS_MAX]; /* numbers of those that are ops of their own */
  unsigned md_tbaa, md_prof, md_nontemporal, md_loop, md_prefetch;
  LLVMValueRef fun; /* being worked on; for remarks */
  void *analyses;   /* what the pass manager keeps of functions; NULL: there is none */
};

/* Reads the environment; be_options_set may follow. False with a message in err. */
bool plugin_init(struct be_options *options, char *err, size_t err_size);
/* NULL with a message in err. */
struct bridge *plugin_start(LLVMModuleRef module, const struct be_options *options, char *err,
                            size_t err_size);
/* Lifts, runs and lowers one function; true when it changed. */
bool run_place(struct bridge *bridge, LLVMValueRef fun, enum be_place place);
void plugin_finish(struct bridge *bridge);

/* ---- types: types.c ---------------------------------------------------------------------------
 */

/* The MLIR type of values of an LLVM type, or null when there is none. */
MlirType type_lift(struct bridge *bridge, LLVMTypeRef type);
/* True when a value of this type is modelled by ops: integers, pointers, floats, vectors of
 * integers and floats. */
bool type_is_modelled(LLVMTypeRef type);
/* The LLVM type for values of an MLIR type, NULL when there is none. */
LLVMTypeRef type_lower(struct bridge *bridge, MlirType type);
/* An MLIR type that takes as much room in memory as `type`: for GEPs and allocas. */
MlirType type_sized(struct bridge *bridge, LLVMTypeRef type);

/* ---- lift: lift*.c ------------------------------------------------------------------------------
 */

/* A function being lifted. */
struct lift {
  struct bridge *bridge;
  const struct be_ir *ir;
  LLVMValueRef fun;
  struct be_function *out;
  struct be_builder *b;
  struct be_map values;     /* LLVMValueRef -> MlirValue.ptr */
  struct be_map constants;  /* MlirValue.ptr of a constant -> LLVMValueRef */
  struct be_map phis;       /* MlirValue.ptr of a block argument -> its PHI */
  struct be_map block_of;   /* LLVMBasicBlockRef -> block number + 1 */
  struct be_map edge_of;    /* invoke whose result its normal edge hands over -> block number + 1 */
  struct be_map symbols;    /* a global -> whether it is declared: 1 yes, 2 otherwise */
  struct be_map locations;  /* LLVMMetadataRef -> MlirLocation.ptr */
  struct be_map counts;     /* LLVMBasicBlockRef -> its count in a profile + 1 */
  LLVMBasicBlockRef *bb_of; /* block number -> block; NULL: stands for an edge */
  LLVMBasicBlockRef *order; /* reverse postorder */
  int block_count, order_count;
  LLVMValueRef *stmts; /* statement number -> instruction */
  bool *opaque;        /* statement number -> not modelled */
  int stmt_count, stmt_capacity;
  LLVMValueRef *refs; /* host reference number -> value */
  int ref_count, ref_capacity;
  MlirValue *args; /* scratch: what a terminator hands to its successors */
  size_t arg_count, arg_capacity;
  uint32_t *weights; /* of the terminator being lifted; NULL: none */
  unsigned weight_count;
  bool has_loops, has_dead_blocks, has_address_taken;
  MlirOperation anchor; /* the entry block's first op that is no constant */
  bool anchored;
  int stmt; /* being lifted; -1: none */
  MlirLocation loc, fun_loc;
  int block; /* being filled */
  unsigned modelled, opaque_count;
  enum be_reason reason; /* not NONE: declined */
  const char *detail;
};

/* lift.c */
/* Orders the blocks, and tells whether there are loops. To be called before lift_function. */
void lift_prepare(struct lift *l, struct bridge *bridge, LLVMValueRef fun);
bool lift_function(struct lift *l);
void lift_release(struct lift *l);
void lift_decline(struct lift *l, enum be_reason reason, const char *detail);
MlirLocation lift_location(struct lift *l, LLVMMetadataRef location);
/* Numbers a statement and points the builder at it. */
void lift_begin(struct lift *l, LLVMValueRef inst);
/* Debug intrinsics: they stay where they are. */
bool lift_is_carried(LLVMValueRef inst);

/* lift_value.c */
MlirValue lift_value(struct lift *l, LLVMValueRef value);
MlirValue lift_host(struct lift *l, LLVMValueRef value, MlirType type);
MlirValue lift_int(struct lift *l, LLVMTypeRef type, int64_t value);
/* Declares a function or variable; false: to be reached through a host reference or pointer. */
bool lift_symbol(struct lift *l, LLVMValueRef global);
void lift_define(struct lift *l, LLVMValueRef inst, MlirValue value);
/* False for labels, metadata, tokens: what is never an operand in the IR. */
bool lift_is_operand(struct lift *l, LLVMValueRef value);

/* lift_arith.c: false: not modelled, nothing was built */
bool lift_assign(struct lift *l, LLVMValueRef inst);
enum be_opcode lift_opcode(LLVMOpcode opcode);
LLVMOpcode lower_opcode(enum be_opcode code);

/* lift_memory.c */
bool lift_address(struct lift *l, LLVMValueRef inst);
bool lift_load(struct lift *l, LLVMValueRef inst);
bool lift_store(struct lift *l, LLVMValueRef inst);
bool lift_memory(struct lift *l, LLVMValueRef inst);
/* memcpy, memmove, memset. */
bool lift_copy(struct lift *l, LLVMValueRef inst, enum be_opcode code);

/* lift_call.c */
bool lift_call(struct lift *l, LLVMValueRef inst);
bool lift_invoke(struct lift *l, LLVMValueRef inst);
bool lift_landingpad(struct lift *l, LLVMValueRef inst);
/* The intrinsic an opcode stands for ("llvm.smax"), or NULL. */
const char *lower_intrinsic(enum be_opcode code);

/* lift_opaque.c */
unsigned lift_effects(LLVMValueRef inst);
void lift_opaque(struct lift *l, LLVMValueRef inst);
/* A terminator as an opaque op with an i32 selector as its last result. */
MlirValue lift_opaque_selector(struct lift *l, LLVMValueRef inst);

/* lift_cfg.c */
size_t lift_phis(LLVMBasicBlockRef bb);
void lift_terminator(struct lift *l, LLVMValueRef inst);
/* What the edge from `from` to `to` hands over, into l->args; returns how many. */
size_t lift_edge(struct lift *l, LLVMBasicBlockRef from, LLVMBasicBlockRef to);
MlirBlock lift_block_of(struct lift *l, LLVMBasicBlockRef bb);
/* Room for `more` further edge arguments. */
void lift_reserve_args(struct lift *l, size_t more);

/* ---- lower: lower*.c --------------------------------------------------------------------------
 */

/* A function being lowered. */
struct lower {
  struct bridge *bridge;
  struct lift *lift;
  const struct be_ir *ir;
  const struct be_plan *plan;
  LLVMBuilderRef builder;
  struct be_map values;       /* MlirValue.ptr -> LLVMValueRef */
  struct be_map blocks;       /* MlirBlock.ptr -> plan block index + 1 */
  struct be_map ops;          /* MlirOperation.ptr -> plan op */
  LLVMBasicBlockRef *bb_of;   /* plan block -> host block */
  size_t *first_edge;         /* plan block -> number of its first edge */
  LLVMBasicBlockRef *edge_bb; /* edge -> block it was split with, or NULL */
  bool *dirty;                /* plan block -> its PHIs are made anew */
  LLVMValueRef *dead;         /* to be erased */
  size_t dead_count, dead_capacity;
  LLVMValueRef cursor;              /* new instructions go before it; NULL: at the end of bb */
  LLVMBasicBlockRef bb;             /* being filled */
  const struct be_plan_op *pending; /* an opaque statement that ends its block */
  int last_id;                      /* of the last lifted op met in this block */
  bool rebuild;
  const char *detail;
  char fault[128]; /* what the verifier said */
};

/* lower.c */
bool lower_begin(struct lower *l, struct lift *lifted, const struct be_plan *plan, bool rebuild);
bool lower_check(struct lower *l);
void lower_function(struct lower *l);
void lower_release(struct lower *l);
/* The instruction a lifted op came from, or NULL. */
LLVMValueRef lower_stmt_of(const struct lower *l, int id);
/* True when the op is part of a statement that is not modelled. */
bool lower_is_opaque(const struct lower *l, int id);
/* What is to be done with an op: the plan, but that rebuild leaves opaque statements alone. */
enum be_fate lower_fate(const struct lower *l, const struct be_plan_op *op);
void lower_kill(struct lower *l, LLVMValueRef inst);

/* lower_value.c */
LLVMValueRef lower_value(struct lower *l, MlirValue value);
LLVMValueRef lower_operand(struct lower *l, MlirOperation op, intptr_t i);
/* False when an operand is a constant that LLVM's C interface cannot make. */
bool lower_operands_can(struct lower *l, MlirOperation op);
/* The value `built` is what the op yields: it takes the old instruction's place. */
void lower_result(struct lower *l, const struct be_plan_op *op, LLVMValueRef built);
/* A call of an intrinsic, overloaded on `types`. */
LLVMValueRef lower_emit(struct lower *l, const char *intrinsic, LLVMTypeRef *types,
                        size_t type_count, LLVMValueRef *args, unsigned arg_count);
/* The type the op's result has, NULL when there is none. */
LLVMTypeRef lower_result_type(struct lower *l, const struct be_plan_op *op);
LLVMValueRef lower_global(struct lower *l, MlirStringRef name);

/* lower_arith.c */
bool lower_arith_can(struct lower *l, const struct be_plan_op *op);
LLVMValueRef lower_arith(struct lower *l, const struct be_plan_op *op);

/* lower_memory.c */
bool lower_memory_can(struct lower *l, const struct be_plan_op *op);
LLVMValueRef lower_memory(struct lower *l, const struct be_plan_op *op);

/* lower_call.c */
bool lower_call_can(struct lower *l, const struct be_plan_op *op);
LLVMValueRef lower_call(struct lower *l, const struct be_plan_op *op);
/* A copy of an opaque statement with the operands of `op`. */
LLVMValueRef lower_opaque(struct lower *l, const struct be_plan_op *op);
/* Builds the invoke; the two ways on are given. */
LLVMValueRef lower_invoke(struct lower *l, const struct be_plan_op *op, LLVMBasicBlockRef normal,
                          LLVMBasicBlockRef unwind);

/* lower_cfg.c */
bool lower_cfg_can(struct lower *l, const struct be_plan_block *block, const struct be_plan_op *op);
bool lower_is_terminator(enum be_opcode code);
/* Makes new blocks and PHIs. */
void lower_cfg_begin(struct lower *l);
/* Plan blocks, definitions before uses. Owned by the caller (free). */
size_t *lower_cfg_order(struct lower *l);
LLVMValueRef lower_terminator(struct lower *l, size_t block, const struct be_plan_op *op);
/* Fills the new PHIs. */
void lower_cfg(struct lower *l);
size_t lower_block_index(const struct lower *l, MlirBlock block);

/* ---- counts.c, remark.c -------------------------------------------------------------------------
 */

/* Reads a terminator's branch weights into l->weights. */
void count_read(struct lift *l, LLVMValueRef term);
/* The weight of a way out of the terminator read last; 0: unknown. */
uint32_t count_weight(const struct lift *l, unsigned succ);
void count_block(struct lift *l, LLVMBasicBlockRef bb, MlirOperation terminator);
/* Gives a new terminator the weights of the op. */
void count_edges(struct lower *l, LLVMValueRef built, MlirOperation terminator);

void remark_emit(void *host, const struct be_remark *remark);
bool remark_listens(void *host);
void remark_warn(void *host, const char *text);

/* ---- request.c: what the source asks for --------------------------------------------------------
 */

/* Before the optimizer starts: annotations become metadata. True when there were any. */
bool request_read(LLVMModuleRef module);
/* Attributes for an op lifted from an access or a jump back that has such metadata. */
void request_access(struct lift *l, MlirOperation op, LLVMValueRef inst);
void request_loop(struct lift *l, MlirOperation terminator, LLVMValueRef inst);
/* The same for the whole function. */
void request_function(struct lift *l);

/* ---- register.cpp: what llvm-c cannot do
 * ----------------------------------------------------------- */

/* A set of enum be_effects. */
unsigned register_effects(LLVMValueRef inst);
bool register_is_personality_funclet(LLVMValueRef fun);
/* Copies what the host knows about `from`: flags, metadata, attributes, place. exact: `to` does
 * just what `from` did; else only what holds for any operands. */
void register_copy_facts(LLVMValueRef to, LLVMValueRef from, bool exact);
void register_remark(LLVMValueRef fun, const struct be_remark *remark, const char *text);
bool register_listens(LLVMContextRef ctx);
void register_warn(LLVMModuleRef module, const char *text);
/* How often a profile says that each block was run: the block -> the count plus one. Nothing when
 * there is no profile. */
void register_counts(LLVMValueRef fun, struct be_map *counts);
/* A copy of the function to go back to; owned until register_restore. That ends it: when the
 * function is broken, the copy becomes the function again. False: it cannot. */
struct be_copy *register_save(LLVMValueRef fun);
bool register_restore(LLVMValueRef fun, struct be_copy *copy, bool broken);
/* True when LLVM's verifier finds fault with the function; what it says first is in `text`. */
bool register_is_broken(LLVMValueRef fun, char *text, size_t size);
void register_remove_dead_blocks(LLVMValueRef fun);
bool register_has_counted_loop(const struct bridge *bridge, LLVMValueRef fun);
/* Names a property on the first loop that the conditional branch's second way leads into, and makes
 * that way the only one. */
void register_mark_loop(LLVMValueRef branch, const char *property);
void register_fail(LLVMModuleRef module, const char *text);
/* Passes have changed this function: later pipelines leave it alone. */
bool register_is_done(LLVMValueRef fun);
void register_set_done(LLVMValueRef fun);

#ifdef __cplusplus
}
#endif
#endif

/* compiler.h - the one interface between a compiler's folder and the core.
 *
 * A compiler plugin, per translation unit: makes a session; for each function it is offered, asks
 * be_session_wants, lifts it into a be_function, calls be_function_run, and when that says so
 * lowers by the plan; then destroys the be_function. Nothing of it outlives the callback but the
 * session.
 */
#ifndef BACKEDGE_COMPILER_H
#define BACKEDGE_COMPILER_H

#include "backedge/ir.h"
#include "backedge/options.h"
#include "backedge/pass.h"
#include "backedge/remark.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- session: one translation unit --------------------------------------------------------- */

/* What the core needs from the compiler. `host` is handed back. */
struct be_host {
  const char *compiler; /* "gcc 12.2.0", "LLVM 19.1.7" */
  const char *unit;     /* main input file, for statistics and dumps */
  void *host;
  /* Emits a remark through the compiler's own channel. */
  void (*remark)(void *host, const struct be_remark *remark);
  /* True when that channel leads anywhere now. NULL: always. */
  bool (*listens)(void *host);
  /* Emits a compiler warning (a crash, a file that cannot be written). */
  void (*warn)(void *host, const char *text);
};

struct be_session;

/* Makes a session; options and host are copied (strings in host borrowed for the session's life).
 * Returns 0 or a negative errno with a message in err. */
int be_session_create(const struct be_host *host, const struct be_options *options,
                      struct be_session **session, char *err, size_t err_size);

/* Writes the statistics line and ends the remarks file. */
void be_session_destroy(struct be_session *session);

const struct be_ir *be_session_ir(const struct be_session *session);
const struct be_options *be_session_options(const struct be_session *session);

/* Where in the compiler's pipeline the plugin stands. */
enum be_place {
  BE_PLACE_LOOPS, /* loops still in source shape, not unrolled: where passes run */
  BE_PLACE_LAST   /* every function, the last point of the middle end: identity and rebuild */
};

/* What a compiler knows of a function's loops before it is lifted; each includes the one before. */
enum be_loops {
  BE_LOOPS_NONE,
  BE_LOOPS_SOME,
  BE_LOOPS_COUNTED /* one has a single way out, by a comparison of what its header's PHI counts */
};

/* True when `function` is to be lifted at this place. Cheap. */
bool be_session_wants(const struct be_session *session, enum be_place place, const char *function,
                      enum be_loops loops);

/* Counts a function that could not be lifted or lowered, and remarks on it. */
void be_session_decline(struct be_session *session, const char *function, const char *file,
                        unsigned line, enum be_reason reason, const char *detail);

/* ---- lift ------------------------------------------------------------------------------- */

/* One op as it was lifted. `stmt` numbers the host's statements in lift order (-1: none: constants,
 * unconditional jumps). Several ops may share a statement; `main` marks the one that stands for it
 * (it yields the result, stores, or jumps); the others compute its operands and exist in the host
 * only as part of it. */
struct be_entry {
  MlirOperation op;
  int block; /* index of the block it stands in */
  int stmt;
  bool main;
  uint32_t first_operand, operand_count; /* into the operand pool */
  uint32_t first_attr, attr_count;       /* into the attribute pool */
  uint32_t first_succ, succ_count;       /* into the successor pool */
};

/* A function being lifted, run and lowered. */
struct be_function;

struct be_function *be_function_create(struct be_session *session, const char *name,
                                       const MlirType *params, size_t param_count, MlirType result,
                                       bool variadic, MlirLocation loc);
void be_function_destroy(struct be_function *function);

MlirOperation be_function_op(const struct be_function *function); /* the llvm.func */

/* Parameter number `param` is a restrict pointer (BE_ATTR_NOALIAS). */
void be_function_mark_noalias(struct be_function *function, size_t param);

/* Adds a block with arguments; returns its index. Block 0, the entry, exists from the start and has
 * the parameters as arguments. All blocks are made before ops are. */
int be_function_add_block(struct be_function *function, const MlirType *args, size_t arg_count);
MlirBlock be_function_block(const struct be_function *function, int block);
size_t be_function_block_count(const struct be_function *function); /* as lifted */

/* The builder that records: point it at a block, then at a statement. */
struct be_builder *be_function_builder(struct be_function *function);
void be_function_at_block(struct be_function *function, int block);
/* Ops built from now on belong to host statement `stmt` (-1: none) at loc. The last op built before
 * the next call becomes the statement's main op. */
void be_function_at_stmt(struct be_function *function, int stmt, MlirLocation loc);

/* Declares an external function / a global (size bytes; 0 unknown) that the body refers to, once.
 * False: the name is already declared otherwise: refer to it through addressof, or an opaque op. */
bool be_function_declare(struct be_function *function, const char *name, size_t len,
                         MlirType function_type);
bool be_function_declare_global(struct be_function *function, const char *name, size_t len,
                                uint64_t size, unsigned align, bool constant);

/* Counts for the statistics: statements lifted as modelled ops, and as opaque ones. Labels, debug,
 * predict, nop and clobber statements are not counted. */
void be_function_count(struct be_function *function, unsigned modelled, unsigned opaque);

/* ---- run -------------------------------------------------------------------------------- */

/* Runs the session's passes (none in identity and rebuild mode). True: the function must be lowered
 * (something changed, or the mode says so). False: leave it alone. */
bool be_function_run(struct be_function *function);

/* For `backedge opt`: runs the session's passes over every llvm.func with a body in a module of the
 * session's context. Returns 0, or -EINVAL when a pass left invalid IR (a warning says which). */
int be_module_run(struct be_session *session, MlirModule module);

/* ---- plan: what lower has to do ------------------------------------------------------------ */

enum be_fate {
  BE_FATE_KEEP,  /* unchanged: its host statement stays, its result is the statement's */
  BE_FATE_BUILD, /* the lifted op, edited or (in rebuild mode) to be made anew: build it; it stands
                    for its old statement, whose result it may define */
  BE_FATE_NEW    /* made, copied or moved by a pass: build it, with a fresh result */
};

struct be_plan_op {
  MlirOperation op;
  enum be_opcode code;
  enum be_fate fate;
  int id; /* the be_entry it is, or was copied from; -1: none */
};

struct be_plan_block {
  MlirBlock block;
  int lifted;          /* index of the lifted block it is, or -1: new */
  size_t first, count; /* its ops in be_plan.ops, in order */
};

struct be_plan {
  struct be_plan_block *blocks; /* in region order */
  size_t block_count;
  struct be_plan_op *ops;
  size_t op_count;
  bool *live;       /* per entry: its op still stands for it (KEEP or BUILD); else it is gone */
  bool *block_live; /* per lifted block */
  bool changed;     /* anything but KEEP, or a block or entry gone */
};

/* Compares the function with what was lifted. rebuild: every modelled op that would be kept is
 * BUILD instead. The plan is owned by the function. */
const struct be_plan *be_function_plan(struct be_function *function, bool rebuild);

const struct be_entry *be_function_entry(const struct be_function *function, int id);
size_t be_function_entry_count(const struct be_function *function);

/* Reports how lower ended, for the statistics (reason NONE: done). */
void be_function_lowered(struct be_function *function, enum be_reason reason, const char *detail);

#ifdef __cplusplus
}
#endif
#endif

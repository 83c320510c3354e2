/* internal.h - what the core's files share and nobody else sees. */
#ifndef BACKEDGE_INTERNAL_H
#define BACKEDGE_INTERNAL_H

#include "backedge/compiler.h"
#include "backedge/map.h"
#include <stdio.h>

/* ---- memory: out of memory ends the process, as it does in the compilers we live in --------- */
void *be_calloc(size_t count, size_t size);
/* Grows *array (count elements used, *capacity allocated) to hold `more` further elements. */
void *be_grow(void *array, size_t count, size_t *capacity, size_t more, size_t size);
char *be_strdup(const char *text); /* NULL stays NULL */

/* ---- ir ------------------------------------------------------------------------------------ */

/* MLIR's verifier, and ours for the backedge ops. */
bool be_ir_verify(const struct be_ir *ir, MlirOperation op);

/* Names in names.def. */
enum be_name {
#define BE_NAME(ENUM, TEXT) BE_NAME_##ENUM,
#include "names.def"
  BE_NAME_COUNT
};

struct be_cache {
  MlirIdentifier names[BE_NAME_COUNT];
  struct be_map i32, i64, index, type;
  MlirAttribute dynamic_index;
};

void be_cache_create(struct be_ir *ir);
void be_cache_destroy(struct be_ir *ir);
MlirNamedAttribute be_named(const struct be_ir *ir, enum be_name name, MlirAttribute value);
MlirAttribute be_cache_i32(const struct be_ir *ir, int64_t value);
MlirAttribute be_cache_i64(const struct be_ir *ir, int64_t value);
MlirAttribute be_cache_index(const struct be_ir *ir, int32_t value); /* array<i32: value> */
MlirAttribute be_cache_type(const struct be_ir *ir, MlirType type);  /* a TypeAttr */

/* ---- session --------------------------------------------------------------------------------- */

/* What the statistics line counts. Times in microseconds of the thread's CPU clock. */
struct be_stats {
  unsigned functions, lifted, changed;
  unsigned statements, modelled;
  unsigned declined[BE_REASON_COUNT];
  uint64_t lift_us, lower_us, pass_us[BE_PASSES_MAX];
};

struct be_session {
  struct be_ir ir;
  struct be_host host;
  struct be_options options;
  struct be_stats stats;
  FILE *remarks; /* into remarks_text, which is appended to the file at the end: a unit's stay */
  char *remarks_text; /* together when parallel compiles share it */
  size_t remarks_size;
  FILE *remarks_file;
  struct be_held *held; /* remarks on changes that are not carried out yet */
  long changes_left;    /* -1: no limit */
  unsigned dump_count;
  bool stop_reported;
  struct be_function *untagged; /* the one being run, as long as its ops have no ids */
};

uint64_t be_now_us(void);
void be_session_warn(struct be_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* be_session_decline for a function that is counted already. */
void be_session_declined(struct be_session *session, const char *function, const char *file,
                         unsigned line, enum be_reason reason, const char *detail);

/* Sends a remark everywhere it goes: the compiler's channel and the YAML file. */
void be_session_remark(struct be_session *session, const struct be_remark *remark);

/* False: it goes nowhere. */
bool be_session_listens(const struct be_session *session);

/* Keeps a copy of a remark until be_session_release sends (done) or drops them all. */
void be_session_hold(struct be_session *session, const struct be_remark *remark);
void be_session_release(struct be_session *session, bool done);

/* Appends the statistics line to options.stats. */
void be_stats_write(struct be_session *session);
/* Writes one YAML document. */
void be_remark_write(FILE *out, const struct be_remark *remark);

/* Writes the module as MLIR text to <dir>/<unit>.<function>.<n>-<when>.mlir; the path in `path`. */
int be_dump(struct be_session *session, MlirOperation module, const char *function,
            const char *when, char *path, size_t path_size);

/* ---- run ------------------------------------------------------------------------------------ */

struct be_run {
  struct be_session *session;
  const struct be_pass *pass;
  const char *options; /* "distance=64,..." or NULL */
  MlirOperation func;
  bool listens;
  unsigned changes;
};

/* Runs the session's passes over one function; false: a pass was stopped (crash, broken IR), the
 * function is not to be lowered, *reason says why. *changes counts. */
bool be_pipeline_run(struct be_session *session, MlirOperation module, MlirOperation func,
                     const char *function, unsigned *changes, enum be_reason *reason);

/* ---- function ------------------------------------------------------------------------------ */

struct be_function {
  struct be_session *session;
  char *name;
  MlirModule module;
  MlirOperation func;
  MlirRegion body;
  struct be_builder builder;
  int current_block, current_stmt;
  int main_stmt; /* the last statement recorded, and its last op */
  size_t main_entry;

  MlirBlock *blocks;
  struct be_map block_index; /* MlirBlock.ptr -> index + 1 */
  size_t block_count, block_capacity;
  struct be_entry *entries;
  struct be_map ids; /* MlirOperation.ptr -> id + 1 */
  size_t entry_count, entry_capacity;
  MlirValue *operands;
  size_t operand_count, operand_capacity;
  MlirNamedAttribute *attrs;
  size_t attr_count, attr_capacity;
  int *succs; /* lifted block indices */
  size_t succ_count, succ_capacity;
  struct be_map symbols; /* identifier of a declared symbol -> its type */
  bool attrs_may_differ; /* a pass has made changes */

  struct be_plan plan;
  unsigned statements, modelled;
  uint64_t started_us;
};

/* Called by be_build while lifting: gives the op its id and records it. */
void be_function_record(struct be_function *function, MlirOperation op,
                        const struct be_op_parts *parts);
/* Writes the ids into the IR: before the first change, since copies carry them; and for dumps. */
void be_function_tag(struct be_function *function);
void be_plan_clear(struct be_plan *plan);

#endif

/* remark.h - what passes and the bridge tell the user. */
#ifndef BACKEDGE_REMARK_H
#define BACKEDGE_REMARK_H

#include "backedge/reason.h"
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The kinds are LLVM's: done, not done and why, and facts found on the way. */
enum be_remark_kind { BE_REMARK_PASSED, BE_REMARK_MISSED, BE_REMARK_ANALYSIS };

enum { BE_REMARK_ARGS_MAX = 12 };

/* One argument. `value` is text when `is_number` is false, else `number` counts. Strings borrowed.
 */
struct be_remark_arg {
  const char *key;
  const char *value;
  int64_t number;
  bool is_number;
};

/* A remark; all strings are borrowed for the call it is passed to. line 0: place unknown. */
struct be_remark {
  enum be_remark_kind kind;
  const char *pass;     /* "insert-prefetch", or "backedge" for the bridge itself */
  const char *name;     /* CamelCase, LLVM's habit: "PrefetchInserted" */
  const char *function; /* assembler name */
  const char *file;
  unsigned line, column;
  enum be_reason reason; /* for MISSED */
  const char *text;      /* one sentence, no full stop */
  struct be_remark_arg args[BE_REMARK_ARGS_MAX];
  unsigned arg_count;
};

/* Renders "text (key value, key value)" or, with no text, the reason's sentence, into buf (always
 * terminated). Returns buf. */
const char *be_remark_render(const struct be_remark *remark, char *buf, unsigned long size);

#ifdef __cplusplus
}
#endif
#endif

/* session.c - one translation unit: options, remarks, counts; and the core's memory. */
#include "internal.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory --------------------------------------------------------------------------------- */

static void *must(void *memory) {
  if (!memory)
    abort(); /* as malloc's users in GCC and LLVM do */
  return memory;
}

void *be_calloc(size_t count, size_t size) { return must(calloc(count ? count : 1, size)); }

void *be_grow(void *array, size_t count, size_t *capacity, size_t more, size_t size) {
  if (count + more <= *capacity)
    return array;
  while (*capacity < count + more)
    *capacity = *capacity ? 2 * *capacity : 64;
  return must(realloc(array, *capacity * size));
}

char *be_strdup(const char *text) { return text ? must(strdup(text)) : NULL; }

/* ---- the session ------------------------------------------------------------------------------
 */

static void copy_options(struct be_options *to, const struct be_options *from) {
  *to = *from;
  for (unsigned i = 0; i < from->pass_count; i++)
    to->pass_options[i] = be_strdup(from->pass_options[i]);
  to->remarks = be_strdup(from->remarks);
  to->stats = be_strdup(from->stats);
  to->dump = be_strdup(from->dump);
  to->only = be_strdup(from->only);
}

static bool open_remarks(struct be_session *s) {
  s->remarks_file = fopen(s->options.remarks, "ae");
  if (!s->remarks_file)
    return false;
  setvbuf(s->remarks_file, NULL, _IONBF, 0); /* one write */
  s->remarks = must(open_memstream(&s->remarks_text, &s->remarks_size));
  return true;
}

static void close_remarks(struct be_session *s) {
  if (!s->remarks)
    return;
  fclose(s->remarks);
  bool written = fwrite(s->remarks_text, 1, s->remarks_size, s->remarks_file) == s->remarks_size;
  if (fclose(s->remarks_file) || !written)
    be_session_warn(s, "cannot append to '%s': %s", s->options.remarks, strerror(errno));
  free(s->remarks_text);
}

int be_session_create(const struct be_host *host, const struct be_options *options,
                      struct be_session **out, char *err, size_t err_size) {
  struct be_session *s = be_calloc(1, sizeof *s);
  int status = be_ir_create(&s->ir);
  if (status) {
    snprintf(err, err_size, "cannot make an MLIR context");
    free(s);
    return status;
  }
  s->host = *host;
  copy_options(&s->options, options);
  s->changes_left = options->stop_after;
  if (options->remarks && !open_remarks(s)) {
    status = -errno;
    snprintf(err, err_size, "cannot append to '%s': %s", options->remarks, strerror(errno));
    be_options_destroy(&s->options);
    be_ir_destroy(&s->ir);
    free(s);
    return status;
  }
  *out = s;
  return 0;
}

void be_session_destroy(struct be_session *s) {
  if (!s)
    return;
  be_stats_write(s);
  be_session_release(s, false);
  close_remarks(s);
  be_ir_destroy(&s->ir);
  be_options_destroy(&s->options);
  free(s);
}

const struct be_ir *be_session_ir(const struct be_session *s) { return &s->ir; }
const struct be_options *be_session_options(const struct be_session *s) { return &s->options; }

void be_session_warn(struct be_session *s, const char *format, ...) {
  char text[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  s->host.warn(s->host.host, text);
}

bool be_session_listens(const struct be_session *s) {
  return s->remarks || !s->host.listens || s->host.listens(s->host.host);
}

void be_session_remark(struct be_session *s, const struct be_remark *remark) {
  s->host.remark(s->host.host, remark);
  if (s->remarks)
    be_remark_write(s->remarks, remark);
}

/* ---- remarks held back ------------------------------------------------------------------------
 * That a pass did something is true only once lower has carried it out. */

struct be_held {
  struct be_remark remark; /* its strings are owned */
  struct be_held *next;
};

void be_session_hold(struct be_session *s, const struct be_remark *remark) {
  struct be_held *held = be_calloc(1, sizeof *held), **end = &s->held;
  held->remark = *remark;
  held->remark.function = be_strdup(remark->function);
  held->remark.file = be_strdup(remark->file);
  for (unsigned i = 0; i < remark->arg_count; i++)
    held->remark.args[i].value = be_strdup(remark->args[i].value);
  while (*end)
    end = &(*end)->next;
  *end = held;
}

void be_session_release(struct be_session *s, bool done) {
  for (struct be_held *held = s->held, *next; held; held = next) {
    next = held->next;
    if (done)
      be_session_remark(s, &held->remark);
    free((char *)held->remark.function);
    free((char *)held->remark.file);
    for (unsigned i = 0; i < held->remark.arg_count; i++)
      free((char *)held->remark.args[i].value);
    free(held);
  }
  s->held = NULL;
}

/* The least that a function must have for the pass to be run on it. */
static enum be_loops least_loops(const struct be_session *s, unsigned needs) {
  if ((needs & BE_NEEDS_COUNTED_LOOPS) && !be_session_listens(s))
    return BE_LOOPS_COUNTED;
  return needs ? BE_LOOPS_SOME : BE_LOOPS_NONE;
}

static bool a_pass_wants(const struct be_session *s, enum be_loops loops) {
  for (unsigned i = 0; i < s->options.pass_count; i++)
    if (loops >= least_loops(s, s->options.passes[i]->needs))
      return true;
  return false;
}

bool be_session_wants(const struct be_session *s, enum be_place place, const char *function,
                      enum be_loops loops) {
  const struct be_options *options = &s->options;
  if (options->only && strcmp(options->only, function) != 0)
    return false;
  if (options->mode != BE_MODE_PASSES)
    return true;
  return place == BE_PLACE_LOOPS && s->changes_left != 0 && a_pass_wants(s, loops);
}

void be_session_declined(struct be_session *s, const char *function, const char *file,
                         unsigned line, enum be_reason reason, const char *detail) {
  s->stats.declined[reason]++;
  struct be_remark remark = {.kind = BE_REMARK_MISSED,
                             .pass = "backedge",
                             .name = "Declined",
                             .function = function,
                             .file = file,
                             .line = file && *file ? line : 0,
                             .reason = reason};
  if (detail)
    remark.args[remark.arg_count++] = (struct be_remark_arg){.key = "detail", .value = detail};
  be_session_remark(s, &remark);
}

void be_session_decline(struct be_session *s, const char *function, const char *file, unsigned line,
                        enum be_reason reason, const char *detail) {
  s->stats.functions++;
  be_session_declined(s, function, file, line, reason, detail);
}

/* remark.c - reasons, rendering of remarks, and LLVM's YAML remark format. */
#include "backedge/remark.h"
#include "internal.h"
#include <ctype.h>
#include <string.h>

static const struct {
  const char *name, *text;
} reasons[BE_REASON_COUNT] = {
#define BE_REASON(ENUM, NAME, TEXT) [BE_REASON_##ENUM] = {NAME, TEXT},
#include "backedge/reason.def"
};

const char *be_reason_name(enum be_reason reason) { return reasons[reason].name; }
const char *be_reason_text(enum be_reason reason) { return reasons[reason].text; }

static const char *sentence_of(const struct be_remark *remark) {
  return remark->text ? remark->text : be_reason_text(remark->reason);
}

const char *be_remark_render(const struct be_remark *remark, char *buf, unsigned long size) {
  size_t len = (size_t)snprintf(buf, size, "%s", sentence_of(remark));
  for (unsigned i = 0; i < remark->arg_count && len < size; i++) {
    const struct be_remark_arg *arg = &remark->args[i];
    len += (size_t)snprintf(buf + len, size - len, "%s%s ", i ? ", " : " (", arg->key);
    if (len < size)
      len += arg->is_number
                 ? (size_t)snprintf(buf + len, size - len, "%lld", (long long)arg->number)
                 : (size_t)snprintf(buf + len, size - len, "%s", arg->value);
  }
  if (remark->arg_count && len < size)
    snprintf(buf + len, size - len, ")");
  return buf;
}

/* A YAML single-quoted scalar. */
static void write_quoted(FILE *out, const char *text) {
  fputc('\'', out);
  for (; *text; text++) {
    if (*text == '\'')
      fputc('\'', out);
    fputc(*text, out);
  }
  fputc('\'', out);
}

static void write_field(FILE *out, const char *key, const char *value) {
  fprintf(out, "%-17s", key);
  write_quoted(out, value);
  fputc('\n', out);
}

/* Keys of arguments are CamelCase in LLVM's own remarks: "trip count" -> TripCount. */
static void write_arg_key(FILE *out, const char *key) {
  bool start = true;
  fputs("  - ", out);
  for (; *key; key++) {
    if (isalnum((unsigned char)*key))
      fputc(start ? toupper((unsigned char)*key) : *key, out);
    start = !isalnum((unsigned char)*key);
  }
  fputs(": ", out);
}

static void write_args(FILE *out, const struct be_remark *remark) {
  fputs("Args:\n  - String: ", out);
  write_quoted(out, sentence_of(remark));
  fputc('\n', out);
  if (remark->reason != BE_REASON_NONE)
    fprintf(out, "  - Reason: %s\n", be_reason_name(remark->reason));
  for (unsigned i = 0; i < remark->arg_count; i++) {
    write_arg_key(out, remark->args[i].key);
    if (remark->args[i].is_number)
      fprintf(out, "'%lld'", (long long)remark->args[i].number);
    else
      write_quoted(out, remark->args[i].value);
    fputc('\n', out);
  }
}

void be_remark_write(FILE *out, const struct be_remark *remark) {
  static const char *const tags[] = {"!Passed", "!Missed", "!Analysis"};
  fprintf(out, "--- %s\n", tags[remark->kind]);
  write_field(out, "Pass:", remark->pass);
  write_field(out, "Name:", remark->name);
  if (remark->line) {
    fputs("DebugLoc:        { File: ", out);
    write_quoted(out, remark->file);
    fprintf(out, ", Line: %u, Column: %u }\n", remark->line, remark->column);
  }
  write_field(out, "Function:", remark->function);
  write_args(out, remark);
  fputs("...\n", out);
}

/* opt.c - `backedge opt`: runs passes on MLIR text. */
#include "backedge/compiler.h"
#include "cli.h"
#include "mlir-c/Diagnostics.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct be_option options[] = {
    BE_OPTION_PASSES,
    {"remarks", BE_TAKES_OPTIONAL, "FILE", "print remarks on stderr, or append them to FILE",
     false},
    {"stats", BE_TAKES_VALUE, "FILE", "append a line of JSON to FILE", false},
    BE_OPTIONS_DEBUG,
    {"o", BE_TAKES_VALUE, "FILE", "write the module to FILE, not to stdout", false},
    {"locations", BE_TAKES_NOTHING, NULL, "print source locations too", false},
    {0}};

/* The options that mean here what they mean in a plugin. */
static const char *const keys[] = {"passes", "stats", "dump", "only", "stop-after", "verify"};

struct opt {
  const struct be_args *args;
  const char *file; /* as the user wrote it */
  bool print_remarks;
};

/* ---- what comes out on the way ------------------------------------------------------------------
 */

static void print_remark(void *host, const struct be_remark *remark) {
  static const char *const kinds[] = {"passed", "missed", "analysis"};
  const struct opt *opt = host;
  char text[1024];
  if (!opt->print_remarks)
    return;
  if (remark->line)
    fprintf(stderr, "%s:%u:%u: ", remark->file, remark->line, remark->column);
  else
    fprintf(stderr, "%s: ", opt->file);
  fprintf(stderr, "remark: %s: %s: %s [%s: %s", kinds[remark->kind], remark->function,
          be_remark_render(remark, text, sizeof text), remark->pass, remark->name);
  if (remark->reason != BE_REASON_NONE)
    fprintf(stderr, ", %s", be_reason_name(remark->reason));
  fputs("]\n", stderr);
}

static void print_warning(void *host, const char *text) {
  const struct opt *opt = host;
  be_args_fail(opt->args, BE_EXIT_FAILED, "%s", text);
}

static void write_text(MlirStringRef text, void *out) { fwrite(text.data, 1, text.length, out); }

/* MLIR's diagnostics, placed in the file. The parser names a buffer "" or "-". */
static MlirLogicalResult print_diagnostic(MlirDiagnostic diagnostic, void *data) {
  static const char *const names[] = {"error", "warning", "note", "remark"};
  const struct opt *opt = data;
  unsigned line = 0, column = 0;
  char file[512] = "";
  be_location_read(mlirDiagnosticGetLocation(diagnostic), file, sizeof file, &line, &column);
  bool is_input = !file[0] || strcmp(file, "-") == 0;
  fprintf(stderr, "%s:", is_input ? opt->file : file);
  if (line)
    fprintf(stderr, "%u:%u:", line, column);
  fprintf(stderr, " %s: ", names[mlirDiagnosticGetSeverity(diagnostic)]);
  mlirDiagnosticPrint(diagnostic, write_text, stderr);
  fputc('\n', stderr);
  for (intptr_t i = 0; i < mlirDiagnosticGetNumNotes(diagnostic); i++)
    print_diagnostic(mlirDiagnosticGetNote(diagnostic, i), data);
  return mlirLogicalResultSuccess();
}

/* ---- in and out ------------------------------------------------------------------------------ */

/* The whole file, with a NUL after it; owned. NULL: errno says why. */
static char *read_file(const char *path, size_t *size) {
  bool is_stdin = strcmp(path, "-") == 0;
  FILE *in = is_stdin ? stdin : fopen(path, "r");
  char *text = NULL, buf[65536];
  if (!in)
    return NULL;
  FILE *all = open_memstream(&text, size);
  for (size_t n; all && (n = fread(buf, 1, sizeof buf, in)) > 0;)
    fwrite(buf, 1, n, all);
  int error = ferror(in) ? errno : 0;
  if (!is_stdin)
    fclose(in);
  if (!all || fclose(all) || error) {
    free(text);
    errno = error ? error : ENOMEM;
    return NULL;
  }
  return text;
}

static bool is_bytecode(const char *text, size_t size) {
  return size >= 4 && memcmp(text, "ML\xefR", 4) == 0;
}

/* MLIR's lexer would take a NUL for the end of the file. Says where it is. */
static bool has_nul(const struct opt *opt, const char *text, size_t size) {
  const char *nul = memchr(text, '\0', size), *line = text;
  unsigned number = 1;
  for (const char *at = text; nul && at < nul; at++)
    if (*at == '\n') {
      line = at + 1;
      number++;
    }
  if (nul)
    fprintf(stderr, "%s:%u:%td: error: a NUL byte in text\n", opt->file, number, nul - line + 1);
  return nul;
}

static enum be_exit write_module(const struct be_args *args, MlirModule module) {
  const char *path = be_args_get(args, "o");
  FILE *out = path ? fopen(path, "w") : stdout;
  if (!out)
    return be_args_fail(args, BE_EXIT_FAILED, "cannot write '%s': %s", path, strerror(errno));
  MlirOpPrintingFlags flags = mlirOpPrintingFlagsCreate();
  if (be_args_get(args, "locations"))
    mlirOpPrintingFlagsEnableDebugInfo(flags, true, false);
  mlirOperationPrintWithFlags(mlirModuleGetOperation(module), flags, write_text, out);
  mlirOpPrintingFlagsDestroy(flags);
  if (path && fclose(out))
    return be_args_fail(args, BE_EXIT_FAILED, "cannot write '%s': %s", path, strerror(errno));
  return BE_EXIT_DONE;
}

/* ---- the verb ------------------------------------------------------------------------------- */

static enum be_exit run_on(struct opt *opt, struct be_session *session) {
  size_t size;
  char *text = read_file(opt->args->operands[0], &size);
  if (!text)
    return be_args_fail(opt->args, BE_EXIT_FAILED, "cannot read '%s': %s", opt->file,
                        strerror(errno));
  if (!is_bytecode(text, size) && has_nul(opt, text, size)) {
    free(text);
    return BE_EXIT_FAILED;
  }
  MlirContext ctx = be_session_ir(session)->ctx;
  mlirContextAttachDiagnosticHandler(ctx, print_diagnostic, opt, NULL);
  MlirModule module = mlirModuleCreateParse(ctx, mlirStringRefCreate(text, size));
  free(text);
  if (mlirModuleIsNull(module))
    return BE_EXIT_FAILED;
  enum be_exit status = be_module_run(session, module) ? BE_EXIT_FAILED : BE_EXIT_DONE;
  if (status == BE_EXIT_DONE)
    status = write_module(opt->args, module);
  mlirModuleDestroy(module);
  return status;
}

static enum be_exit read_options(const struct be_args *args, struct be_options *out) {
  char err[600];
  const char *remarks = be_args_get(args, "remarks");
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const char *value = be_args_get(args, keys[i]);
    if (value && be_options_set(out, keys[i], value, err, sizeof err))
      return be_args_fail(args, BE_EXIT_USAGE, "--%s: %s", keys[i], err);
  }
  if (remarks && *remarks && be_options_set(out, "remarks", remarks, err, sizeof err))
    return be_args_fail(args, BE_EXIT_USAGE, "--remarks: %s", err);
  return BE_EXIT_DONE;
}

static enum be_exit run(const struct be_args *args) {
  char err[600];
  struct be_options settings;
  struct be_session *session;
  if (args->operand_count != 1)
    return be_args_fail(args, BE_EXIT_USAGE, "one file is wanted (- is stdin), not %zu",
                        args->operand_count);
  const char *remarks = be_args_get(args, "remarks");
  struct opt opt = {.args = args,
                    .file = strcmp(args->operands[0], "-") ? args->operands[0] : "<stdin>",
                    .print_remarks = remarks && !*remarks};
  struct be_host host = {.compiler = "backedge opt",
                         .unit = opt.file,
                         .host = &opt,
                         .remark = print_remark,
                         .warn = print_warning};
  be_options_init(&settings);
  enum be_exit status = read_options(args, &settings);
  if (status == BE_EXIT_DONE && be_session_create(&host, &settings, &session, err, sizeof err))
    status = be_args_fail(args, BE_EXIT_FAILED, "%s", err);
  else if (status == BE_EXIT_DONE) {
    status = run_on(&opt, session);
    be_session_destroy(session);
  }
  be_options_destroy(&settings);
  return status;
}

const struct be_verb be_verb_opt = {
    .name = "opt",
    .summary = "run passes on MLIR text",
    .operands = "FILE",
    .text =
        "  backedge opt --pass insert-prefetch --remarks loop.mlir\n"
        "\n"
        "Runs the passes over each llvm.func with a body in FILE (- is stdin), and prints the\n"
        "module. What --dump writes, and mlir-opt -allow-unregistered-dialect prints, is read.\n",
    .options = options,
    .run = run,
};

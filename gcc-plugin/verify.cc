/* verify.cc - GCC's verifier over a function that was lowered, and the way back.
 *
 * GCC cannot undo what was done to a function. So when its verifier finds fault with one, which
 * lower_check should have prevented, the compilation starts again, in place, and leaves that
 * function alone. Where it cannot (what it reads or writes is a pipe), it ends with an error. */
#include "internal.h"

/* Functions, separated by ':', that were refused before; "*" for all. */
static const char refused_variable[] = "BACKEDGE_REFUSED";
enum { REFUSED_MAX = 4, ARGUMENTS_MAX = 1 << 20 };

static const char *refused_names(void) {
  const char *names = getenv(refused_variable);
  return names ? names : "";
}

bool verify_has_refused(const char *name) {
  const char *names = refused_names();
  size_t len = strlen(name);
  for (const char *at = names; (at = strstr(at, name)); at += len)
    if ((at == names || at[-1] == ':') && (at[len] == ':' || !at[len]))
      return true;
  return strcmp(names, "*") == 0;
}

static void refuse(const char *name) {
  const char *names = refused_names();
  unsigned count = 1;
  for (const char *at = names; *at; at++)
    count += *at == ':';
  char *all = count >= REFUSED_MAX ? xstrdup("*")
              : *names             ? concat(names, ":", name, NULL)
                                   : xstrdup(name);
  setenv(refused_variable, all, 1);
  free(all);
}

/* ---- starting again ----------------------------------------------------------------------------
 */

/* Of a file's name. False for pipes, too. */
static bool is_file(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* The compiler's arguments as it got them, NULL-terminated; not freed. */
static char **arguments(void) {
  char *text = XCNEWVEC(char, ARGUMENTS_MAX);
  FILE *file = fopen("/proc/self/cmdline", "re");
  size_t size = file ? fread(text, 1, ARGUMENTS_MAX - 1, file) : 0, count = 0;
  if (file)
    fclose(file);
  char **out = XCNEWVEC(char *, size + 1);
  for (size_t at = 0; at < size; at += strlen(text + at) + 1)
    out[count++] = text + at;
  return size < ARGUMENTS_MAX - 1 && count ? out : NULL;
}

/* Everything was read from files and nothing is out yet but into one, which is made anew. */
static bool can_start_again(void) {
  for (unsigned i = 0; i < num_in_fnames; i++)
    if (!is_file(in_fnames[i]))
      return false;
  return asm_out_file && asm_out_file != stdout && asm_file_name && is_file(asm_file_name);
}

/* Comes back only when it cannot. */
static void start_again(void) {
  char **argv = can_start_again() ? arguments() : NULL;
  if (argv)
    execv("/proc/self/exe", argv);
}

/* ---- the verifier ------------------------------------------------------------------------------
 * It reports an internal error. That is turned into what is said here, in place of GCC's own words
 * about a bug of its own. */

static struct {
  diagnostic_context *context; /* GCC's own */
  FILE *stream;                /* of its printer */
  bool in_color;
  char *text; /* what the verifier says */
  size_t size;
  const char *name;
} verifying;

static void listen(diagnostic_context *context, const char *name) {
  verifying.context = global_dc;
  verifying.name = name;
  verifying.stream = pp_buffer(global_dc->printer)->stream;
  verifying.in_color = pp_show_color(global_dc->printer);
  pp_show_color(global_dc->printer) = false;
  pp_buffer(global_dc->printer)->stream = open_memstream(&verifying.text, &verifying.size);
  global_dc = context;
}

static void stop_listening(void) {
  global_dc = verifying.context;
  fclose(pp_buffer(global_dc->printer)->stream);
  pp_buffer(global_dc->printer)->stream = verifying.stream;
  pp_show_color(global_dc->printer) = verifying.in_color;
}

/* The first complaint, in place. */
static const char *complaint(void) {
  char *start = strstr(verifying.text, "error: ");
  if (!start)
    return "no reason given";
  start += strlen("error: ");
  start[strcspn(start, "\n")] = '\0';
  return start;
}

/* GCC takes an internal error after other errors for a consequence of them. */
static void start_diagnostic(diagnostic_context *context, diagnostic_info *diagnostic) {
  diagnostic_kind_count(context, DK_ERROR) = 0;
  diagnostic_starter(verifying.context)(context, diagnostic);
}

static void report_broken(diagnostic_context *, const char *, va_list *) {
  const char *name = verifying.name;
  pp_flush(global_dc->printer);
  stop_listening();
  const char *what = complaint();
  location_t location = DECL_SOURCE_LOCATION(cfun->decl);
  if (can_start_again())
    inform(location, "backedge: function %qs came out broken (%s); compiling again without it",
           name, what);
  refuse(name);
  start_again();
  fatal_error(location,
              "backedge: function %qs came out broken (%s); to see what of, compile it again with "
              "%<BACKEDGE_ONLY=%s%> and %<BACKEDGE_DUMP=dump%> in the environment",
              name, what, name);
}

void verify_function(function *fun, const char *name) {
  diagnostic_context context = *global_dc;
  diagnostic_starter(&context) = start_diagnostic;
  context.internal_error = report_broken;
  context.fatal_errors = false; /* -Wfatal-errors is about the user's */
  context.max_errors = 0;
  listen(&context, name);
  verify_gimple_in_cfg(fun, true);
  verify_ssa(true, true);
  verify_flow_info();
  if (loops_for_fn(fun) && !loops_state_satisfies_p(fun, LOOPS_NEED_FIXUP))
    verify_loop_structure();
  stop_listening();
  free(verifying.text);
}

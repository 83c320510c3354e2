/* options.c - reading options from the command line and the environment. */
#include "backedge/options.h"
#include "internal.h"
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const keys[] = {"passes", "mode",   "remarks",    "stats", "dump",
                                   "only",   "verify", "stop-after", NULL};

const char *const *be_options_keys(void) { return keys; }

void be_options_init(struct be_options *options) {
  *options = (struct be_options){.stop_after = -1};
}

static void clear_passes(struct be_options *options) {
  for (unsigned i = 0; i < options->pass_count; i++)
    free((char *)options->pass_options[i]);
  options->pass_count = 0;
}

void be_options_destroy(struct be_options *options) {
  clear_passes(options);
  free(options->remarks);
  free(options->stats);
  free(options->dump);
  free(options->only);
  be_options_init(options);
}

bool be_options_active(const struct be_options *options) {
  return options->pass_count || options->mode != BE_MODE_PASSES;
}

__attribute__((format(printf, 3, 4))) static int fail(char *err, size_t size, const char *format,
                                                      ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(err, size, format, args);
  va_end(args);
  return -EINVAL;
}

/* Appends the names of all passes, "a, b". */
static void list_passes(char *buf, size_t size) {
  size_t count, len = 0;
  const struct be_pass *const *passes = be_passes(&count);
  buf[0] = '\0';
  for (size_t i = 0; i < count && len < size; i++)
    len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? ", " : "", passes[i]->name);
}

/* The options a pass takes, as "a, b". */
static bool knows_option(const struct be_pass *pass, const char *name, size_t len) {
  for (const char *const *o = pass->options; o && o[0]; o += 2)
    if (strlen(o[0]) == len && memcmp(o[0], name, len) == 0)
      return true;
  return false;
}

/* "name=integer,name=integer" */
static int check_pass_options(const struct be_pass *pass, const char *text, char *err,
                              size_t err_size) {
  for (const char *at = text; *at;) {
    size_t len = strcspn(at, "=,");
    char *end;
    if (at[len] != '=' || !knows_option(pass, at, len)) {
      int n = snprintf(err, err_size, "pass '%s' has no option '%.*s'; it takes:", pass->name,
                       (int)len, at);
      for (const char *const *o = pass->options; o && o[0] && (size_t)n < err_size; o += 2)
        n += snprintf(err + n, err_size - (size_t)n, " %s=N", o[0]);
      return -EINVAL;
    }
    strtol(at + len + 1, &end, 0);
    if (end == at + len + 1 || (*end != ',' && *end))
      return fail(err, err_size, "option '%.*s' of pass '%s' wants an integer", (int)len, at,
                  pass->name);
    at = *end ? end + 1 : end;
  }
  return 0;
}

/* The options within "name(a=1,b=2)", or of "name:a=1:b=2", which needs no quotes in a shell: both
 * as "a=1,b=2", owned. NULL: the ')' is missing. */
static char *options_of(const char *text, size_t len) {
  if (*text == '(' && text[len - 1] != ')')
    return NULL;
  char *options = strndup(text + 1, len - 1 - (*text == '('));
  for (char *at = options; *text == ':' && (at = strchr(at, ':'));)
    *at = ',';
  return options;
}

static int add_pass(struct be_options *options, const char *text, size_t len, char *err,
                    size_t err_size) {
  size_t name_len = 0;
  char *pass_options = NULL;
  while (name_len < len && text[name_len] != '(' && text[name_len] != ':')
    name_len++;
  if (name_len < len && !(pass_options = options_of(text + name_len, len - name_len)))
    return fail(err, err_size, "'%.*s': the ')' is missing", (int)len, text);
  const struct be_pass *pass = be_pass_find(text, name_len);
  if (!pass) {
    char names[512];
    free(pass_options);
    list_passes(names, sizeof names);
    return fail(err, err_size, "there is no pass '%.*s'; the passes are: %s", (int)name_len, text,
                names);
  }
  int status = pass_options ? check_pass_options(pass, pass_options, err, err_size) : 0;
  if (!status && options->pass_count == BE_PASSES_MAX)
    status = fail(err, err_size, "more than %d passes", BE_PASSES_MAX);
  if (status) {
    free(pass_options);
    return status;
  }
  options->pass_options[options->pass_count] = pass_options;
  options->passes[options->pass_count++] = pass;
  return 0;
}

/* Splits at commas outside parentheses. */
static int set_passes(struct be_options *options, const char *text, char *err, size_t err_size) {
  clear_passes(options);
  if (!*text)
    return fail(err, err_size, "'passes' wants a value");
  while (*text) {
    size_t len = 0;
    for (int depth = 0; text[len] && (depth || text[len] != ','); len++)
      depth += (text[len] == '(') - (text[len] == ')');
    int status = len ? add_pass(options, text, len, err, err_size) : 0;
    if (status)
      return status;
    text += len + (text[len] == ',');
  }
  return 0;
}

static int set_mode(struct be_options *options, const char *value, char *err, size_t err_size) {
  static const char *const modes[] = {"passes", "identity", "rebuild"};
  for (int i = 0; i < 3; i++)
    if (strcmp(value, modes[i]) == 0) {
      options->mode = (enum be_mode)i;
      return 0;
    }
  return fail(err, err_size, "there is no mode '%s'; the modes are: passes, identity, rebuild",
              value);
}

static int set_number(const char *key, const char *value, long *out, char *err, size_t err_size) {
  char *end;
  errno = 0;
  long number = strtol(value, &end, 10);
  if (end == value || *end || errno || number < 0)
    return fail(err, err_size, "'%s' wants a number, not '%s'", key, value);
  *out = number;
  return 0;
}

static int set_string(const char *key, char **field, const char *value, char *err,
                      size_t err_size) {
  if (!*value)
    return fail(err, err_size, "'%s' wants a value", key);
  free(*field);
  *field = be_strdup(value);
  return 0;
}

int be_options_set(struct be_options *options, const char *key, const char *value, char *err,
                   size_t err_size) {
  value = value ? value : "";
  if (strcmp(key, "passes") == 0)
    return set_passes(options, value, err, err_size);
  if (strcmp(key, "mode") == 0)
    return set_mode(options, value, err, err_size);
  if (strcmp(key, "remarks") == 0)
    return set_string(key, &options->remarks, value, err, err_size);
  if (strcmp(key, "stats") == 0)
    return set_string(key, &options->stats, value, err, err_size);
  if (strcmp(key, "dump") == 0)
    return set_string(key, &options->dump, value, err, err_size);
  if (strcmp(key, "only") == 0)
    return set_string(key, &options->only, value, err, err_size);
  if (strcmp(key, "stop-after") == 0)
    return set_number(key, value, &options->stop_after, err, err_size);
  if (strcmp(key, "verify") == 0) {
    long number = 1;
    int status = *value ? set_number(key, value, &number, err, err_size) : 0;
    options->verify = number != 0;
    return status;
  }
  int n = snprintf(err, err_size, "there is no option '%s'; the options are:", key);
  for (size_t i = 0; keys[i] && (size_t)n < err_size; i++)
    n += snprintf(err + n, err_size - (size_t)n, " %s", keys[i]);
  return -EINVAL;
}

int be_options_read_env(struct be_options *options, char *err, size_t err_size) {
  for (size_t i = 0; keys[i]; i++) {
    char name[64] = "BACKEDGE_", message[600];
    size_t len = strlen(name);
    for (const char *c = keys[i]; *c; c++)
      name[len++] = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    name[len] = '\0';
    const char *value = getenv(name);
    if (value && *value && be_options_set(options, keys[i], value, message, sizeof message))
      return fail(err, err_size, "%s: %s", name, message);
  }
  return 0;
}

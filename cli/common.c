/* common.c - finding compilers, and the plugins that are installed for them. */
#include "cli.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- asking a compiler -------------------------------------------------------------------------
 */

enum { WORDS_MAX = 16 };

/* Cuts a command into words at white space; NULL-terminated. Returns their number. */
static size_t split_words(char *text, char **words) {
  size_t count = 0;
  for (char *word = strtok(text, " \t"); word && count < WORDS_MAX; word = strtok(NULL, " \t"))
    words[count++] = word;
  words[count] = NULL;
  return count;
}

static int start(char **words, int *out, pid_t *pid) {
  int pipe_ends[2];
  posix_spawn_file_actions_t actions;
  if (pipe2(pipe_ends, O_CLOEXEC))
    return -errno;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  int status = posix_spawnp(pid, words[0], &actions, NULL, words, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  if (status)
    close(pipe_ends[0]);
  *out = pipe_ends[0];
  return -status;
}

/* Runs `command option` and reads the beginning of what it prints. Returns 0 or a negative errno;
 * -EINVAL when the command fails. */
static int ask(const char *command, const char *option, char *buf, size_t size) {
  char *words[WORDS_MAX + 2];
  char *text = strdup(command);
  int out = -1, ended;
  pid_t pid = -1;
  if (!text)
    return -ENOMEM;
  size_t count = split_words(text, words);
  words[count] = (char *)option;
  words[count + 1] = NULL;
  int status = count ? start(words, &out, &pid) : -ENOENT;
  free(text);
  if (status)
    return status;
  FILE *in = fdopen(out, "r");
  buf[in ? fread(buf, 1, size - 1, in) : 0] = '\0';
  while (in && fgetc(in) != EOF) /* the rest: it shall not die of a closed pipe */
    ;
  if (in)
    fclose(in);
  else
    close(out);
  if (waitpid(pid, &ended, 0) < 0)
    return -errno;
  return WIFEXITED(ended) && WEXITSTATUS(ended) == 0 ? 0 : -EINVAL;
}

/* The same, the first line only and without its end. */
static int ask_word(const char *command, const char *option, char *buf, size_t size) {
  int status = ask(command, option, buf, size);
  buf[status ? 0 : strcspn(buf, " \r\n")] = '\0';
  return status ? status : *buf ? 0 : -EINVAL;
}

int be_compiler_ask(const char *command, struct be_compiler *compiler) {
  static const char mark[] = "clang version ";
  char text[1024];
  int status = ask(command, "--version", text, sizeof text);
  if (status)
    return status;
  const char *clang = strstr(text, mark);
  if (clang) {
    compiler->kind = BE_COMPILER_CLANG;
    clang += strlen(mark);
    snprintf(compiler->version, sizeof compiler->version, "%.*s", (int)strspn(clang, "0123456789."),
             clang);
  } else {
    compiler->kind = BE_COMPILER_GCC;
    if (!strstr(text, "Free Software Foundation") ||
        ask_word(command, "-dumpfullversion", compiler->version, sizeof compiler->version))
      return -EINVAL;
  }
  if (ask_word(command, "-dumpmachine", compiler->machine, sizeof compiler->machine))
    return -EINVAL;
  int major = atoi(compiler->version);
  if (compiler->kind == BE_COMPILER_CLANG)
    snprintf(compiler->id, sizeof compiler->id, "llvm-%d", major);
  else
    snprintf(compiler->id, sizeof compiler->id, "gcc-%d-%s", major, compiler->machine);
  return 0;
}

/* ---- what is installed ------------------------------------------------------------------------
 */

/* Relative to the folder of the command; the first is the build's own choice, the second that of
 * the build tree. */
static const char *const plugin_folders[] = {"../" BE_LIBDIR "/backedge", "../lib/backedge", NULL};

char *be_installed_path(const char *const *folders, const char *name) {
  char self[PATH_MAX], path[2 * PATH_MAX];
  ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
  if (len < 0)
    return NULL;
  self[len] = '\0';
  *strrchr(self, '/') = '\0';
  for (; *folders; folders++) {
    snprintf(path, sizeof path, "%s/%s/%s", self, *folders, name);
    char *real = realpath(path, NULL);
    if (real)
      return real;
  }
  return NULL;
}

char *be_plugin_path(const char *id) {
  char name[256];
  snprintf(name, sizeof name, "%s/backedge.so", id);
  return be_installed_path(plugin_folders, name);
}

char *be_plugin_ids(void) {
  char *folder = be_installed_path(plugin_folders, ""), *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  struct dirent **entries;
  int count = folder ? scandir(folder, &entries, NULL, alphasort) : -1;
  if (!out)
    abort();
  for (int i = 0; i < count; i++) {
    char *path = entries[i]->d_name[0] == '.' ? NULL : be_plugin_path(entries[i]->d_name);
    if (path)
      fprintf(out, "%s%s", ftell(out) > 0 ? ", " : "", entries[i]->d_name);
    free(path);
    free(entries[i]);
  }
  if (count >= 0)
    free(entries);
  if (ftell(out) <= 0)
    fputs("none", out);
  fclose(out);
  free(folder);
  return text;
}

/* ---- what is on PATH --------------------------------------------------------------------------
 */

/* The length of "gcc-12" without its version. */
static size_t stem_length(const char *name) {
  size_t len = strlen(name), digits = len;
  while (digits && name[digits - 1] >= '0' && name[digits - 1] <= '9')
    digits--;
  return digits < len && digits && name[digits - 1] == '-' ? digits - 1 : len;
}

/* "gcc", "gcc-12", "clang-19", "aarch64-linux-gnu-gcc-12"; not gcc-ar, c99-gcc, clang-format-19. */
static int is_compiler(const struct dirent *entry) {
  const char *name = entry->d_name;
  size_t len = stem_length(name);
  if ((len == 3 && memcmp(name, "gcc", 3) == 0) || (len == 5 && memcmp(name, "clang", 5) == 0))
    return true;
  return len > 4 && memcmp(name + len - 4, "-gcc", 4) == 0 && memchr(name, '-', len - 4);
}

/* Of a program's several names the plain one with a version comes first: "gcc-12". */
static int name_order(const struct dirent **left, const struct dirent **right) {
  const char *a = (*left)->d_name, *b = (*right)->d_name;
  size_t a_len = stem_length(a), b_len = stem_length(b);
  bool a_cross = a_len > 5, b_cross = b_len > 5;
  bool a_bare = !a[a_len], b_bare = !b[b_len];
  if (a_cross != b_cross)
    return a_cross - b_cross;
  return a_bare != b_bare ? a_bare - b_bare : strverscmp(a, b);
}

struct seen {
  char **paths;
  size_t count;
};

/* True the first time a real path comes. */
static bool is_new(struct seen *seen, const char *path) {
  char *real = realpath(path, NULL);
  bool is_new = real != NULL;
  for (size_t i = 0; i < seen->count && is_new; i++)
    is_new = strcmp(seen->paths[i], real) != 0;
  char **grown = is_new ? realloc(seen->paths, (seen->count + 1) * sizeof *grown) : NULL;
  if (!grown) {
    free(real);
    return false;
  }
  seen->paths = grown;
  grown[seen->count++] = real;
  return true;
}

static void find_in(const char *folder, struct seen *seen,
                    void (*each)(const char *, const struct be_compiler *)) {
  struct dirent **entries;
  int count = scandir(folder, &entries, is_compiler, name_order);
  for (int i = 0; i < count; i++) {
    char path[PATH_MAX];
    struct be_compiler compiler;
    snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
    if (access(path, X_OK) == 0 && is_new(seen, path) && be_compiler_ask(path, &compiler) == 0)
      each(entries[i]->d_name, &compiler);
    free(entries[i]);
  }
  if (count >= 0)
    free(entries);
}

void be_compilers_find(void (*each)(const char *command, const struct be_compiler *compiler)) {
  const char *path = getenv("PATH");
  char *folders = strdup(path ? path : "/usr/bin"), *rest = folders;
  struct seen seen = {NULL, 0};
  for (char *folder; (folder = strsep(&rest, ":"));)
    if (*folder)
      find_in(folder, &seen, each);
  for (size_t i = 0; i < seen.count; i++)
    free(seen.paths[i]);
  free(seen.paths);
  free(folders);
}

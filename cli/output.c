/* output.c - writes what a verb makes: to the file of its option -o, else to the standard output.
 */
#include "output.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Half a profile is worse than none. */
static void remove_file(const char *path) {
  struct stat info;
  if (lstat(path, &info) == 0 && S_ISREG(info.st_mode))
    unlink(path);
}

static enum be_exit cannot_write(const struct be_args *args, const char *path) {
  return be_args_fail(args, BE_EXIT_FAILED, "cannot write '%s': %s",
                      path ? path : "the standard output", strerror(errno));
}

enum be_exit be_output_write(const struct be_args *args, int (*write)(void *user, FILE *out),
                             void *user) {
  const char *path = be_args_get(args, "o");
  FILE *out = path ? fopen(path, "w") : stdout;
  if (!out)
    return cannot_write(args, path);
  int status = write(user, out);
  bool is_bad = status || fflush(out) != 0 || ferror(out);
  if (status)
    errno = -status;
  if (path)
    is_bad |= fclose(out) != 0;
  if (!is_bad)
    return BE_EXIT_DONE;
  enum be_exit exit = cannot_write(args, path);
  if (path)
    remove_file(path);
  return exit;
}

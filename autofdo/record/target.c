/* target.c - looks at a program before it runs: LD_PRELOAD is ignored by some. */
#include "target.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { HEAD = 4096 };

/* The dynamic linker trusts no environment then. */
static bool gains_rights(const char *path) {
  struct stat info;
  if (stat(path, &info))
    return false;
  if ((info.st_mode & S_ISUID && info.st_uid != getuid()) ||
      (info.st_mode & S_ISGID && info.st_gid != getgid()))
    return true;
  return getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0;
}

static bool is_dynamic(int fd, const Elf64_Ehdr *head) {
  Elf64_Phdr segment;
  for (unsigned i = 0; i < head->e_phnum; i++)
    if (pread(fd, &segment, sizeof segment,
              (off_t)(head->e_phoff + i * (uint64_t)head->e_phentsize)) == sizeof segment &&
        segment.p_type == PT_INTERP)
      return true;
  return false;
}

static int check_elf(const char *path, int fd, const Elf64_Ehdr *head, struct be_error *error) {
  if (head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_machine != EM_X86_64)
    return be_error_set(error, -ENOEXEC, "'%s' is no program for x86-64", path);
  if (!is_dynamic(fd, head))
    return be_error_set(error, -ENOEXEC,
                        "'%s' is linked statically: no agent can be loaded into it", path);
  if (gains_rights(path))
    return be_error_set(error, -EPERM,
                        "'%s' runs with the rights of another user or more of them: no agent can "
                        "be loaded into it",
                        path);
  return 0;
}

/* The interpreter that the first line of a script names; false: it is no script. */
static bool find_interpreter(char *line, char **interpreter) {
  if (line[0] != '#' || line[1] != '!')
    return false;
  *interpreter = line + 2 + strspn(line + 2, " \t");
  (*interpreter)[strcspn(*interpreter, " \t\n")] = '\0';
  return true;
}

int be_target_check(const char *path, struct be_error *error) {
  enum { SCRIPTS_MAX = 5 };
  _Alignas(Elf64_Ehdr) char head[HEAD + 1];
  char current[HEAD];
  char *interpreter;
  snprintf(current, sizeof current, "%s", path);
  for (int i = 0; i < SCRIPTS_MAX; i++) {
    int fd = open(current, O_RDONLY | O_CLOEXEC);
    if (fd < 0) /* may be run, and not read: nothing is known */
      return 0;
    ssize_t got = pread(fd, head, HEAD, 0);
    head[got > 0 ? got : 0] = '\0';
    if (got >= (ssize_t)sizeof(Elf64_Ehdr) && memcmp(head, ELFMAG, SELFMAG) == 0) {
      int status = check_elf(current, fd, (const Elf64_Ehdr *)head, error);
      close(fd);
      return status;
    }
    close(fd);
    if (!find_interpreter(head, &interpreter))
      return 0; /* a script of the shell's */
    memmove(current, interpreter, strlen(interpreter) + 1);
  }
  return 0;
}

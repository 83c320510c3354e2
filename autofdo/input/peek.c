/* peek.c - reads the first bytes of a file. */
#include "peek.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void be_file_peek(const char *path, char *text, size_t size) {
  struct stat info;
  int fd = stat(path, &info) == 0 && S_ISREG(info.st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  ssize_t got = fd < 0 ? 0 : pread(fd, text, size - 1, 0);
  if (fd >= 0)
    close(fd);
  text[got > 0 ? got : 0] = '\0';
}

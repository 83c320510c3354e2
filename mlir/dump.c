/* dump.c - writing the IR as MLIR text. */
#include "internal.h"
#include "mlir-c/Support.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void write_part(MlirStringRef part, void *out) { fwrite(part.data, 1, part.length, out); }

/* A name made fit for a file name, at most `room` characters of it. */
static size_t append_name(char *buf, size_t len, size_t size, const char *name, size_t room) {
  for (; *name && room && len + 1 < size; name++, room--)
    buf[len++] = isalnum((unsigned char)*name) || strchr("_.-", *name) ? *name : '_';
  buf[len] = '\0';
  return len;
}

int be_dump(struct be_session *session, MlirOperation module, const char *function,
            const char *when, char *path, size_t path_size) {
  const char *slash = strrchr(session->host.unit, '/');
  size_t len = (size_t)snprintf(path, path_size, "%s/", session->options.dump);
  if (mkdir(session->options.dump, 0777) && errno != EEXIST)
    return -errno;
  if (len >= path_size)
    return -ENAMETOOLONG;
  len = append_name(path, len, path_size, slash ? slash + 1 : session->host.unit, 60);
  path[len++] = '.';
  len = append_name(path, len, path_size, function, 100);
  if (len + 64 > path_size)
    return -ENAMETOOLONG;
  snprintf(path + len, path_size - len, ".%u-%s.mlir", session->dump_count++, when);
  FILE *out = fopen(path, "we");
  if (!out)
    return -errno;
  MlirOpPrintingFlags flags = mlirOpPrintingFlagsCreate();
  mlirOpPrintingFlagsEnableDebugInfo(flags, true, false);
  mlirOperationPrintWithFlags(module, flags, write_part, out);
  mlirOpPrintingFlagsDestroy(flags);
  fputc('\n', out);
  return fclose(out) ? -errno : 0;
}

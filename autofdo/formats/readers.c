/* readers.c - reads profiles in compilers' formats: which one it is, and where the counts go. */
#include "readers.h"
#include "input/peek.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int reader_function(struct be_source_reader *reader);

/* A first line NAME:TOTAL:HEAD. */
static bool is_text(const uint8_t *at, size_t size) {
  enum { LINE_MAX = 4096 };
  const uint8_t *end = memchr(at, '\n', size < LINE_MAX ? size : LINE_MAX);
  unsigned fields = 0;
  if (!end || *at == ' ' || *at == ':')
    return false;
  for (const uint8_t *c = end; c-- > at && fields < 2;)
    if (*c == ':' && c[1] >= '0' && c[1] <= '9')
      fields++;
    else if (*c < '0' || *c > '9')
      return false;
  return fields == 2;
}

static reader_function *choose(struct be_bytes bytes) {
  static const uint8_t gcov[] = {0x61, 0x64, 0x63, 0x67},
                       llvm[] = {0x84, 0xe4, 0xd0, 0xb1, 0xf4, 0xc9, 0x94, 0xa8, 0x53};
  if (bytes.size >= sizeof gcov && memcmp(bytes.at, gcov, sizeof gcov) == 0)
    return be_gcov_read;
  if (bytes.size >= sizeof llvm && memcmp(bytes.at, llvm, sizeof llvm) == 0)
    return be_llvm_read;
  return bytes.size && is_text(bytes.at, bytes.size) ? be_llvmtext_read : NULL;
}

bool be_source_is(const char *path) {
  enum { HEAD = 4096 };
  char head[HEAD];
  be_file_peek(path, head, sizeof head);
  return choose((struct be_bytes){(const uint8_t *)head, strlen(head)}) != NULL;
}

int be_source_read(const char *path, bool with_discriminators, struct be_source_profile *source,
                   struct be_error *error) {
  struct be_source_reader reader = {
      .path = path, .with_discriminators = with_discriminators, .source = source, .error = error};
  struct stat info;
  int fd = open(path, O_RDONLY | O_CLOEXEC), status = 0;
  if (fd < 0 || fstat(fd, &info)) {
    status = be_error_set(error, -errno, "cannot read '%s': %s", path, strerror(errno));
  } else if (!S_ISREG(info.st_mode) || info.st_size == 0) {
    status = be_error_set(error, -EINVAL, "'%s' is no file, or is empty", path);
  } else {
    void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) {
      status = be_error_set(error, -errno, "cannot read '%s': %s", path, strerror(errno));
    } else {
      reader.bytes = (struct be_bytes){bytes, (size_t)info.st_size};
      reader_function *read = choose(reader.bytes);
      status = read ? read(&reader)
                    : be_error_set(error, -EINVAL, "'%s' is no compiler's profile", path);
      munmap(bytes, (size_t)info.st_size);
    }
  }
  if (fd >= 0)
    close(fd);
  free(reader.names);
  return status;
}

/* ---- where counts go --------------------------------------------------------------------------
 */

void be_reader_add(uint64_t *sum, uint64_t count) {
  if (__builtin_add_overflow(*sum, count, sum))
    *sum = UINT64_MAX;
}

uint32_t be_reader_position(const struct be_source_reader *reader, uint32_t instance, uint64_t line,
                            uint64_t discriminator, uint64_t count, struct be_line_read *last) {
  uint32_t kept = reader->with_discriminators ? (uint32_t)discriminator : 0;
  uint32_t position = be_source_position(reader->source, instance, (uint32_t)(line & 0xffff), kept);
  if (position == BE_SOURCE_NONE)
    return position;
  bool is_same = !reader->with_discriminators && last->count && last->position == position;
  uint64_t before = is_same ? last->count : 0;
  if (count > before)
    be_reader_add(&reader->source->positions[position].count, count - before);
  *last = (struct be_line_read){position, count > before ? count : before};
  return position;
}

uint32_t be_reader_instance(const struct be_source_reader *reader, uint32_t parent, uint64_t line,
                            uint64_t discriminator, uint32_t name) {
  if (parent == BE_SOURCE_NONE)
    return be_source_function(reader->source, name, 0);
  return be_source_inlined(reader->source, parent, (uint32_t)(line & 0xffff),
                           reader->with_discriminators ? (uint32_t)discriminator : 0, name);
}

int be_reader_target(const struct be_source_reader *reader, uint32_t position, uint32_t name,
                     uint64_t count, bool is_indirect) {
  uint32_t target = be_source_target(reader->source, position, name, is_indirect);
  if (target == BE_SOURCE_NONE)
    return -ENOMEM;
  be_reader_add(&reader->source->targets[target].count, count);
  return 0;
}

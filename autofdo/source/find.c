/* find.c - where a binary's debug information is: in it, under its build-id, or behind a link. */
#include "debug.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATH_ROOM = 4096 };
static const char global_folder[] = "/usr/lib/debug";

/* A section of the file, as it is; nothing when there is none of the name. */
static struct be_bytes raw_section(const struct be_debug_file *file, const char *wanted) {
  size_t strings;
  GElf_Shdr head;
  if (elf_getshdrstrndx(file->elf, &strings))
    return (struct be_bytes){0};
  for (Elf_Scn *scn = NULL; (scn = elf_nextscn(file->elf, scn));) {
    const char *name =
        gelf_getshdr(scn, &head) ? elf_strptr(file->elf, strings, head.sh_name) : NULL;
    if (!name || strcmp(name, wanted) != 0 || head.sh_type == SHT_NOBITS)
      continue;
    const Elf_Data *data = elf_rawdata(scn, NULL);
    return data ? (struct be_bytes){data->d_buf, data->d_size} : (struct be_bytes){0};
  }
  return (struct be_bytes){0};
}

/* The length of a path's folder, with the slash. */
static int folder_length(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? (int)(slash - path) + 1 : 0;
}

static void path_of_build_id(const struct be_build_id *id, char *path, size_t size) {
  char text[2 * BE_BUILD_ID_MAX + 1];
  be_build_id_print(id, text);
  snprintf(path, size, "%s/.build-id/%.2s/%s.debug", global_folder, text, text + 2);
}

/* Opens a file when it has the build-id (or none is asked for) and debug information. */
static struct be_debug_file *try_file(const char *path, const struct be_build_id *id) {
  struct be_debug_file *file = NULL;
  struct be_error ignored;
  if (be_debug_open(path, false, &file, &ignored))
    return NULL;
  if ((!id->size || be_build_id_equal(&file->build_id, id)) && file->sections[BE_DEBUG_INFO].at)
    return file;
  be_debug_close(file);
  return NULL;
}

static struct be_debug_file *try_link(const char *from, const char *link,
                                      const struct be_build_id *id) {
  char path[PATH_ROOM], real[PATH_ROOM];
  const char *absolute = realpath(from, real) ? real : from;
  if (strlen(link) + strlen(absolute) + sizeof global_folder + 16 > PATH_ROOM)
    return NULL;
  int length = folder_length(absolute);
  struct be_debug_file *found = NULL;
  static const char *const forms[] = {"%.*s%s", "%.*s.debug/%s", "/usr/lib/debug%.*s%s"};
  if (link[0] == '/')
    return try_file(link, id);
  for (unsigned i = 0; i < sizeof forms / sizeof *forms && !found; i++) {
    snprintf(path, sizeof path, forms[i], length, absolute, link);
    found = try_file(path, id);
  }
  return found;
}

/* The text that a section begins with; NULL when it does not end. */
static const char *link_in(const struct be_debug_file *file, const char *section,
                           struct be_bytes *rest) {
  struct be_bytes bytes = raw_section(file, section);
  struct be_cursor cursor = be_cursor_at(bytes, 0);
  const char *text = bytes.size ? be_read_text(&cursor) : NULL;
  *rest = (struct be_bytes){cursor.at, text ? be_cursor_left(&cursor) : 0};
  return text;
}

int be_debug_find(const struct be_binary *binary, struct be_debug_file **file,
                  struct be_error *error) {
  char path[PATH_ROOM] = "";
  struct be_debug_file *own, *found = NULL;
  struct be_bytes rest;
  int status = be_debug_open(binary->path, false, &own, error);
  if (status)
    return status;
  if (own->sections[BE_DEBUG_INFO].at) {
    *file = own;
    return 0;
  }
  if (binary->build_id.size) {
    path_of_build_id(&binary->build_id, path, sizeof path);
    found = try_file(path, &binary->build_id);
  }
  const char *link = link_in(own, ".gnu_debuglink", &rest);
  if (!found && link)
    found = try_link(binary->path, link, &binary->build_id);
  if (!found)
    status = be_error_set(
        error, -ENODATA,
        "'%.150s' has no debug information, which this format is made of: build it with -g "
        "(clang: -g -fdebug-info-for-profiling) or install its debug symbols (looked for %.120s%s"
        "%.120s)",
        binary->path, path[0] ? path : "no file under a build-id: it has none", link ? " and " : "",
        link ? link : "");
  be_debug_close(own);
  *file = found;
  return status;
}

int be_debug_find_shared(const struct be_debug_file *from, struct be_debug_file **file,
                         struct be_error *error) {
  char path[PATH_ROOM];
  struct be_bytes rest;
  const char *link = link_in(from, ".gnu_debugaltlink", &rest);
  struct be_build_id id = {.size = 0};
  *file = NULL;
  if (!link)
    return 0;
  if (rest.size && rest.size <= BE_BUILD_ID_MAX) {
    id.size = (uint8_t)rest.size;
    memcpy(id.bytes, rest.at, rest.size);
  }
  *file = try_link(from->path, link, &id);
  if (!*file && id.size) {
    path_of_build_id(&id, path, sizeof path);
    *file = try_file(path, &id);
  }
  return *file ? 0
               : be_error_set(error, -ENODATA,
                              "'%.200s' shares debug information with '%.200s', which is not there "
                              "or another one",
                              from->path, link);
}

/* processes.c - reads /proc for processes that run already. */
#include "processes.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The number a folder in /proc is named after; 0: none. */
static uint32_t number_of(const struct dirent *entry) {
  return isdigit((unsigned char)entry->d_name[0]) ? (uint32_t)strtoul(entry->d_name, NULL, 10) : 0;
}

static DIR *open_threads(uint32_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%u/task", pid);
  return opendir(path);
}

int be_process_threads(struct be_pids *threads, int pid) {
  size_t before = threads->count;
  DIR *folder = open_threads((uint32_t)pid);
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    int tid = (int)number_of(entry);
    if (!tid)
      continue;
    int *grown = realloc(threads->at, (threads->count + 1) * sizeof *grown);
    if (!grown) {
      closedir(folder);
      return -ENOMEM;
    }
    threads->at = grown;
    grown[threads->count++] = tid;
  }
  if (folder)
    closedir(folder);
  return threads->count > before ? 0 : -ESRCH;
}

static int write_names(struct be_writer *writer, uint32_t pid, struct be_error *error) {
  int status = 0;
  DIR *folder = open_threads(pid);
  for (struct dirent *entry; folder && !status && (entry = readdir(folder));) {
    char path[64], name[32] = "";
    struct be_thread_at at = {pid, number_of(entry), 0};
    snprintf(path, sizeof path, "/proc/%u/task/%u/comm", pid, at.tid);
    FILE *file = at.tid ? fopen(path, "re") : NULL;
    if (!file)
      continue;
    if (fgets(name, sizeof name, file)) {
      name[strcspn(name, "\n")] = '\0';
      status = be_writer_comm(writer, &at, name, false, error);
    }
    fclose(file);
  }
  if (folder)
    closedir(folder);
  return status;
}

/* One line of /proc/PID/maps, when it is of code in a file. */
static bool read_mapping(char *line, struct be_mapped *mapped) {
  unsigned long long begin, end, offset, inode;
  char leave[5];
  int path = 0;
  if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu %n", &begin, &end, leave, &offset, &mapped->major,
             &mapped->minor, &inode, &path) != 7 ||
      !path || leave[2] != 'x')
    return false;
  mapped->address = begin;
  mapped->size = end - begin;
  mapped->offset = offset;
  mapped->inode = inode;
  mapped->protection =
      PROT_EXEC | (leave[0] == 'r' ? PROT_READ : 0) | (leave[1] == 'w' ? PROT_WRITE : 0);
  mapped->flags = leave[3] == 's' ? MAP_SHARED : MAP_PRIVATE;
  line[path + strcspn(line + path, "\n")] = '\0';
  mapped->path = line[path] ? line + path : "//anon"; /* perf's name for it */
  return true;
}

int be_process_write(struct be_writer *writer, uint32_t pid, struct be_error *error) {
  char path[64], *line = NULL;
  size_t room = 0;
  struct be_thread_at at = {pid, pid, 0};
  struct be_mapped mapped;
  int status = write_names(writer, pid, error);
  snprintf(path, sizeof path, "/proc/%u/maps", pid);
  FILE *maps = status ? NULL : fopen(path, "re");
  while (maps && !status && getline(&line, &room, maps) > 0)
    if (read_mapping(line, &mapped))
      status = be_writer_mapped(writer, &at, &mapped, error);
  free(line);
  if (maps)
    fclose(maps);
  return status;
}

int be_processes_write_all(struct be_writer *writer, struct be_error *error) {
  int status = 0;
  DIR *folder = opendir("/proc");
  for (struct dirent *entry; folder && !status && (entry = readdir(folder));) {
    uint32_t pid = number_of(entry);
    if (pid)
      status = be_process_write(writer, pid, error);
  }
  if (folder)
    closedir(folder);
  return status;
}

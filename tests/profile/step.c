/* step.c - writes a recording of a program that runs one instruction at a time: every branch it
 * takes is seen, so that the recording says what happened and nothing else.
 *
 * usage: profile-step OUT BRANCHES[:EVERY] KERNEL BINARY [ARGUMENT...]
 *
 * Ends the program after so many branches. A sample is taken each EVERY of them: with 31, of
 * 32-deep stacks, each straight run is seen exactly once. With KERNEL 1 a system call adds a branch
 * into the kernel and one out of it. Children are followed; threads are not.
 */
#include "backedge/profile/binary.h"
#include "binary/decode.h"
#include "perfwrite.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEPTH = 32, PROCESSES_MAX = 16, CODE_MAX = 16 };
#define KERNEL_ENTRY 0xffffffff81e00000ull

struct process {
  pid_t pid;
  uint64_t at; /* the instruction that is about to run */
  struct be_inst inst;
  int is_syscall;
  struct taken ring[DEPTH];
  uint64_t count;
};

static struct process processes[PROCESSES_MAX];
static unsigned process_count;
static struct recording recording;
static uint64_t branches, branches_max, every = 37;
static int with_kernel;

static struct process *find(pid_t pid) {
  for (unsigned i = 0; i < process_count; i++)
    if (processes[i].pid == pid)
      return &processes[i];
  if (process_count == PROCESSES_MAX)
    die("more than %d processes", PROCESSES_MAX);
  processes[process_count] = (struct process){.pid = pid};
  return &processes[process_count++];
}

static uint64_t where(pid_t pid) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, pid, NULL, &registers))
    die("cannot read the registers of %d", pid);
  return registers.rip;
}

/* Every mapping of code, as perf would have seen it. */
static void describe(pid_t pid) {
  char path[64], line[4096], name[4096];
  unsigned long long start, end, offset;
  snprintf(path, sizeof path, "/proc/%d/maps", pid);
  FILE *maps = fopen(path, "r");
  while (maps && fgets(line, sizeof line, maps))
    if (sscanf(line, "%llx-%llx r-xp %llx %*s %*s %4095[^\n]", &start, &end, &offset, name) == 4)
      recording_mmap(&recording, (uint32_t)pid, start, end - start, offset, name);
  if (maps)
    fclose(maps);
}

static void sample(struct process *process) {
  struct taken stack[DEPTH];
  unsigned count = process->count < DEPTH ? (unsigned)process->count : DEPTH;
  for (unsigned i = 0; i < count; i++)
    stack[i] = process->ring[(process->count - 1 - i) % DEPTH];
  recording_sample(&recording, (uint32_t)process->pid, process->at, stack, count);
  if (recording.samples % 64 == 0)
    recording_round(&recording);
}

static void take(struct process *process, uint64_t from, uint64_t to) {
  process->ring[process->count++ % DEPTH] =
      (struct taken){from, to, process->count % 7 ? TAKEN_PREDICTED : TAKEN_MISPREDICTED};
  if (++branches % every == 0)
    sample(process);
}

/* Looks at the instruction that is about to run. */
static void look(struct process *process) {
  uint8_t code[CODE_MAX];
  struct iovec local = {code, sizeof code}, remote = {(void *)process->at, sizeof code};
  ssize_t got = process_vm_readv(process->pid, &local, 1, &remote, 1, 0);
  process->is_syscall = got >= 2 && code[0] == 0x0f && code[1] == 0x05;
  if (got <= 0 || !be_decode(code, (size_t)got, process->at, &process->inst))
    process->inst = (struct be_inst){0}; /* a vector instruction: it goes on behind itself */
}

/* A jump to the very next instruction is a branch like any other; rep does not branch to itself. */
static int is_taken(const struct process *process, uint64_t from, uint64_t to) {
  switch (process->inst.kind) {
  case BE_INST_PLAIN:
    return process->inst.length && to != from && to != from + process->inst.length;
  case BE_INST_JUMP_IF:
    return to != from + process->inst.length;
  default:
    return 1;
  }
}

/* A step has been made. */
static void stepped(struct process *process) {
  uint64_t from = process->at, to = where(process->pid);
  process->at = to;
  if (from && process->is_syscall && with_kernel) {
    take(process, from, KERNEL_ENTRY);
    take(process, KERNEL_ENTRY + 256, to);
  } else if (from && is_taken(process, from, to)) {
    take(process, from, to);
  }
  look(process);
}

/* Runs the program up to its own first instruction: the dynamic linker is not recorded. */
static void run_to_entry(pid_t pid) {
  char path[64];
  Elf64_auxv_t pair;
  uint64_t entry = 0;
  int status;
  snprintf(path, sizeof path, "/proc/%d/auxv", pid);
  int fd = open(path, O_RDONLY);
  while (fd >= 0 && !entry && read(fd, &pair, sizeof pair) == sizeof pair)
    entry = pair.a_type == AT_ENTRY ? pair.a_un.a_val : 0;
  close(fd);
  errno = 0;
  long code = ptrace(PTRACE_PEEKTEXT, pid, entry, NULL);
  if (errno || ptrace(PTRACE_POKETEXT, pid, entry, (code & ~0xffL) | 0xcc) ||
      ptrace(PTRACE_CONT, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid)
    die("cannot run the program to its beginning");
  struct user_regs_struct registers;
  ptrace(PTRACE_GETREGS, pid, NULL, &registers);
  if (!WIFSTOPPED(status) || registers.rip != entry + 1)
    die("the program did not come to its beginning");
  registers.rip = entry;
  ptrace(PTRACE_POKETEXT, pid, entry, code);
  ptrace(PTRACE_SETREGS, pid, NULL, &registers);
}

/* Handles one stop; the signal to go on with. */
static int handle(pid_t pid, int status) {
  struct process *process = find(pid);
  unsigned long child = 0;
  int event = status >> 16;
  if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK) {
    ptrace(PTRACE_GETEVENTMSG, pid, NULL, &child);
    recording_fork(&recording, (uint32_t)pid, (uint32_t)child);
    return 0;
  }
  if (WSTOPSIG(status) == SIGTRAP) {
    stepped(process);
    return 0;
  }
  process->at = 0; /* what comes next is a signal handler, or a child's first instruction */
  return WSTOPSIG(status) == SIGSTOP ? 0 : WSTOPSIG(status);
}

static void record(pid_t pid) {
  unsigned alive = 1;
  int status;
  if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL))
    die("cannot step");
  while (alive && branches < branches_max && (pid = waitpid(-1, &status, __WALL)) > 0) {
    if (!WIFSTOPPED(status)) {
      alive--;
      continue;
    }
    if (find(pid)->at == 0 && WSTOPSIG(status) == SIGSTOP)
      alive++;
    ptrace(PTRACE_SINGLESTEP, pid, NULL, handle(pid, status));
  }
  for (unsigned i = 0; i < process_count; i++)
    kill(processes[i].pid, SIGKILL);
}

int main(int argc, char **argv) {
  struct be_binary *binary;
  struct be_error error;
  int status;
  if (argc < 5)
    die("usage: %s OUT BRANCHES[:EVERY] KERNEL BINARY [ARGUMENT...]", argv[0]);
  char *path = realpath(argv[4], NULL);
  if (!path || be_binary_open(path, &binary, &error))
    die("%s", path ? error.text : "there is no such binary");
  char *end;
  branches_max = strtoull(argv[2], &end, 0);
  if (*end == ':')
    every = strtoull(end + 1, NULL, 0);
  if (!every)
    die("a sample each 0 branches");
  with_kernel = atoi(argv[3]);
  pid_t pid = fork();
  if (pid == 0) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    execv(path, argv + 4);
    _exit(127);
  }
  if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
    die("cannot start '%s'", path);
  ptrace(PTRACE_SETOPTIONS, pid, NULL,
         PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL);
  run_to_entry(pid);
  recording_open(&recording, argv[1]);
  recording_comm(&recording, (uint32_t)pid, strrchr(path, '/') + 1, 1);
  describe(pid);
  record(pid);
  recording_close(&recording, path, binary->build_id.size == 20 ? binary->build_id.bytes : NULL);
  be_binary_close(binary);
  free(path);
  return 0;
}

/* truth.c - runs a program one instruction at a time from its first breakpoint to its second, and
 * writes each branch that it takes there, as "FROM>TO" in hexadecimal, one a line, and last how
 * many instructions it has run there.
 *
 * usage: agent-truth PROGRAM ARGUMENT. The program is at the addresses it has without
 * randomization.
 */
#include "x86/decode.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void die(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static void wait_for_stop(pid_t pid) {
  int status;
  if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
    die("the program has ended");
}

static uint64_t where(pid_t pid) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, pid, NULL, &registers))
    die("no registers");
  return registers.rip;
}

/* Returns whether the next instruction is a breakpoint. */
static int step(pid_t pid, uint64_t *at) {
  uint8_t code[BE_X86_LENGTH_MAX];
  struct iovec local = {code, sizeof code}, remote = {(void *)*at, sizeof code};
  struct be_x86_inst inst;
  ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
  if (got <= 0 || !be_x86_decode(code, (size_t)got, *at, &inst))
    die("no instruction");
  if (code[0] == 0xcc)
    return 1;
  ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
  wait_for_stop(pid);
  uint64_t from = *at;
  *at = where(pid);
  int is_branch = inst.kind != BE_X86_PLAIN && inst.kind != BE_X86_SYSTEM;
  if (is_branch && (inst.kind != BE_X86_JUMP_IF || *at != from + inst.length))
    printf("%lx>%lx\n", from, *at);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3)
    die("usage: agent-truth PROGRAM ARGUMENT");
  pid_t pid = fork();
  if (pid == 0) {
    personality(ADDR_NO_RANDOMIZE);
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    execl(argv[1], argv[1], argv[2], (char *)NULL);
    _exit(127);
  }
  wait_for_stop(pid);
  ptrace(PTRACE_CONT, pid, NULL, NULL);
  wait_for_stop(pid);
  uint64_t at = where(pid);
  unsigned long instructions = 0;
  while (!step(pid, &at))
    instructions++;
  printf("%lu\n", instructions);
  kill(pid, SIGKILL);
  return 0;
}

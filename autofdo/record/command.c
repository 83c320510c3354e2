/* command.c - the command's process: fork, exec, signals, its end. */
#include "command.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- signals ----------------------------------------------------------------------------------
 */

static const int taken[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { TAKEN = sizeof taken / sizeof *taken };
static struct sigaction before[TAKEN], before_child, before_limit, before_pipe;

static volatile sig_atomic_t came;    /* how many */
static volatile sig_atomic_t pending; /* the one to be passed on; 0: none */

/* From the terminal, the command got it too. */
static void on_signal(int number, siginfo_t *info, void *context) {
  came++;
  if (info->si_code != SI_KERNEL)
    pending = number;
}

/* It is there to end a wait. */
static void on_child(int number) {}

void be_signals_take(void) {
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
  struct sigaction child = {.sa_handler = on_child}, ignored = {.sa_handler = SIG_IGN};
  came = pending = 0;
  for (size_t i = 0; i < TAKEN; i++) {
    sigaction(taken[i], NULL, &before[i]);
    if (before[i].sa_handler != SIG_IGN) /* nohup */
      sigaction(taken[i], &action, NULL);
  }
  sigaction(SIGCHLD, &child, &before_child);
  sigaction(SIGXFSZ, &ignored, &before_limit);
  sigaction(SIGPIPE, &ignored, &before_pipe);
}

void be_signals_give_back(void) {
  for (size_t i = 0; i < TAKEN; i++)
    sigaction(taken[i], &before[i], NULL);
  sigaction(SIGCHLD, &before_child, NULL);
  sigaction(SIGXFSZ, &before_limit, NULL);
  sigaction(SIGPIPE, &before_pipe, NULL);
}

/* ---- finding ----------------------------------------------------------------------------------
 */

static int may_run(const char *path) {
  struct stat info;
  if (stat(path, &info))
    return -errno;
  if (!S_ISREG(info.st_mode) || access(path, X_OK))
    return -EACCES;
  return 0;
}

int be_command_find(const char *name, char *path, size_t size) {
  const char *folders = getenv("PATH");
  int status = -ENOENT;
  if (strchr(name, '/') || !folders) {
    snprintf(path, size, "%s", name);
    return may_run(name);
  }
  for (const char *at = folders; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
    int len = (int)strcspn(at, ":");
    snprintf(path, size, "%.*s%s%s", len, at, len ? "/" : "", name);
    int found = may_run(path);
    if (!found)
      return 0;
    if (found == -EACCES)
      status = -EACCES;
  }
  return status;
}

/* ---- starting ---------------------------------------------------------------------------------
 */

/* Like read, until it is not interrupted. */
static ssize_t read_pipe(int fd, void *bytes, size_t size) {
  for (;;) {
    ssize_t got = read(fd, bytes, size);
    if (got >= 0 || errno != EINTR)
      return got;
  }
}

static void run_child(int go, int failed, char *const *argv, const char *const *variables) {
  char byte;
  be_signals_give_back();
  if (read_pipe(go, &byte, 1) != 1)
    _exit(127);
  for (; variables && *variables; variables += 2)
    setenv(variables[0], variables[1], 1);
  execvp(argv[0], argv);
  int error = errno;
  if (write(failed, &error, sizeof error) != sizeof error)
    _exit(126);
  _exit(127);
}

int be_command_fork(struct be_command *command, char *const *argv, const char *const *variables,
                    bool is_stdout_taken, struct be_error *error) {
  int go[2] = {-1, -1}, failed[2] = {-1, -1};
  *command = (struct be_command){.go = -1, .failed = -1};
  if (pipe2(go, O_CLOEXEC) || pipe2(failed, O_CLOEXEC) || (command->pid = fork()) < 0) {
    int status = -errno;
    for (int i = 0; i < 2; i++) {
      close(go[i]);
      close(failed[i]);
    }
    command->pid = 0;
    return be_error_set(error, status, "cannot make a process: %s", strerror(-status));
  }
  if (!command->pid) {
    close(go[1]);
    close(failed[0]);
    if (is_stdout_taken)
      dup2(STDERR_FILENO, STDOUT_FILENO);
    run_child(go[0], failed[1], argv, variables);
  }
  close(go[0]);
  close(failed[1]);
  command->go = go[1];
  command->failed = failed[0];
  return 0;
}

static void reap(struct be_command *command, int options) {
  struct rusage usage;
  pid_t got;
  while ((got = wait4(command->pid, &command->status, options, &usage)) < 0 && errno == EINTR)
    ;
  if (got != command->pid)
    return;
  command->has_ended = true;
  command->cpu_seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                         1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void close_pipes(struct be_command *command) {
  if (command->go >= 0)
    close(command->go);
  if (command->failed >= 0)
    close(command->failed);
  command->go = command->failed = -1;
}

int be_command_run(struct be_command *command, const char *name, struct be_error *error) {
  int cause = 0;
  if (write(command->go, "", 1) != 1 ||
      read_pipe(command->failed, &cause, sizeof cause) < 0) /* nothing: exec closed it */
    cause = errno;
  close_pipes(command);
  if (!cause)
    return 0;
  reap(command, 0);
  command->pid = 0;
  return be_error_set(error, -cause, "cannot run '%s': %s", name, strerror(cause));
}

void be_command_abandon(struct be_command *command) {
  if (!command->pid)
    return;
  close_pipes(command);
  reap(command, 0);
  command->pid = 0;
}

/* ---- while it runs ----------------------------------------------------------------------------
 */

static void pass_on(struct be_command *command) {
  int number = pending;
  pending = 0;
  if (command->interrupts != came && came >= 2)
    kill(command->pid, SIGTERM);
  else if (number)
    kill(command->pid, number);
}

bool be_command_poll(struct be_command *command) {
  enum { PATIENCE = 3 };
  if (!command->pid)
    return came > 0;
  if (!command->has_ended)
    reap(command, WNOHANG);
  if (!command->has_ended)
    pass_on(command);
  command->interrupts = came;
  return command->has_ended || came >= PATIENCE;
}

void be_command_end(struct be_command *command, bool is_target) {
  if (!command->pid || command->has_ended)
    return;
  if (!is_target) {
    kill(command->pid, SIGTERM);
    command->is_stopped = true;
  }
  reap(command, 0);
}

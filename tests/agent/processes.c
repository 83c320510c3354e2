/* processes.c - children of every kind, and threads: what they compute, and how they end.
 *
 * usage: agent-processes CASE [DEPTH]
 */
#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

enum { CHILDREN = 40, THREADS = 64 };

extern char **environ;
static char *own_path;
static _Thread_local uint64_t of_thread;

static uint64_t work(uint64_t x, unsigned rounds) {
  for (unsigned i = 0; i < rounds; i++)
    x = x & 1 ? 3 * x + 1 : x / 2 + i;
  return x;
}

static int status_of(pid_t pid) {
  int status;
  if (pid < 0 || waitpid(pid, &status, 0) != pid)
    return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void forks(int depth) {
  for (int i = 0; i < CHILDREN; i++) {
    uint64_t before = work((uint64_t)i, 20000);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
      before = work(before, 50000);
      if (i == 7 && depth < 2)
        forks(depth + 1);
      printf("child %d %d: %lu\n", depth, i, before);
      fflush(stdout);
      if (i % 3 == 1)
        abort();
      exit(i);
    }
    printf("status %d\n", status_of(pid));
  }
}

static void vforks(void) {
  for (int i = 0; i < CHILDREN; i++) {
    char number[12];
    snprintf(number, sizeof number, "%d", i);
    uint64_t before = work((uint64_t)i, 20000);
    pid_t pid = vfork();
    if (pid == 0) {
      if (i % 4 == 0)
        _exit(i);
      execl(own_path, own_path, "leaf", number, (char *)NULL);
      _exit(127);
    }
    printf("%lu: status %d\n", before, status_of(pid));
  }
}

static void spawns(void) {
  for (int i = 0; i < CHILDREN; i++) {
    char number[12], *command[] = {own_path, "leaf", number, NULL};
    pid_t pid = -1;
    snprintf(number, sizeof number, "%d", i);
    uint64_t before = work((uint64_t)i, 20000);
    int error =
        posix_spawn(&pid, own_path, NULL, NULL, command, i % 2 ? environ : (char *[]){NULL});
    printf("%lu: %d, status %d\n", before, error, status_of(pid));
  }
  printf("shell: %d\n", system("exit 3") >> 8);
}

/* One after the other, in one process. */
static void chain(int depth) {
  char number[12];
  printf("link %d: %lu\n", depth, work((uint64_t)depth, 300000));
  fflush(stdout);
  snprintf(number, sizeof number, "%d", depth - 1);
  if (depth)
    execl(own_path, own_path, "chain", number, (char *)NULL);
}

static void *compute(void *argument) {
  of_thread = (uint64_t)argument;
  for (int i = 0; i < 20; i++)
    of_thread = work(of_thread, 10000);
  if ((uint64_t)argument % 3 == 0)
    pthread_exit((void *)of_thread);
  return (void *)of_thread;
}

static int compute_c11(void *argument) { return (int)(uint64_t)compute(argument) & 0xffff; }

static void many_threads(void) {
  for (int round = 0; round < 2; round++) {
    pthread_t threads[THREADS];
    thrd_t others[THREADS];
    for (uint64_t i = 0; i < THREADS; i++) {
      pthread_create(&threads[i], NULL, compute, (void *)(i + 1));
      thrd_create(&others[i], compute_c11, (void *)(3 * i + 1));
    }
    for (uint64_t i = 0; i < THREADS; i++) {
      void *result;
      int number;
      pthread_join(threads[i], &result);
      thrd_join(others[i], &number);
      printf("%lu: %lu, %d\n", i, (uint64_t)result, number);
    }
  }
}

static void *fork_in_thread(void *argument) {
  pid_t pid = fork();
  if (pid == 0)
    _exit((int)work((uint64_t)argument, 300000) & 63);
  return (void *)(intptr_t)status_of(pid);
}

static void fork_among_threads(void) {
  pthread_t threads[CHILDREN];
  void *result;
  for (uint64_t i = 0; i < CHILDREN; i++)
    pthread_create(&threads[i], NULL, i % 2 ? fork_in_thread : compute, (void *)(i + 1));
  for (int i = 0; i < CHILDREN; i++) {
    pthread_join(threads[i], &result);
    printf("%d: %lu\n", i, (uint64_t)result);
  }
}

/* After this the kernel kills who makes another call than these four. */
static void strict(void) {
  printf("before: %lu\n", work(1, 2000000));
  fflush(stdout);
  if (prctl(PR_SET_SECCOMP, 1))
    return;
  uint64_t x = work(1, 30000000);
  char text[] = "after: ?\n";
  text[7] = (char)('0' + x % 10);
  if (write(1, text, sizeof text - 1) < 0)
    x = 0;
  syscall(SYS_exit, x ? 0 : 1);
}

int main(int argc, char **argv) {
  int number = argc > 2 ? atoi(argv[2]) : 0;
  own_path = argv[0];
  if (argc < 2)
    return 2;
  if (!strcmp(argv[1], "forks"))
    forks(0);
  else if (!strcmp(argv[1], "vforks"))
    vforks();
  else if (!strcmp(argv[1], "spawns"))
    spawns();
  else if (!strcmp(argv[1], "chain"))
    chain(argc > 2 ? number : 10);
  else if (!strcmp(argv[1], "threads"))
    many_threads();
  else if (!strcmp(argv[1], "fork-among-threads"))
    fork_among_threads();
  else if (!strcmp(argv[1], "strict"))
    strict();
  else if (!strcmp(argv[1], "leaf"))
    return (int)(work((uint64_t)number, 200000) % 100);
  return 0;
}

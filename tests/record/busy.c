/* busy.c - what a recorder has to follow: threads, a child, a library loaded later, and another
 * program in the same process. Each of them computes for a while in a function of its own.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "busy.h"

__attribute__((noinline)) static void in_main(void) { compute(); }
__attribute__((noinline)) static void in_child(void) { compute(); }
__attribute__((noinline)) static void in_executed(void) { compute(); }

__attribute__((noinline)) static void *in_thread(void *arg) {
  compute();
  return arg;
}

int main(int argc, char **argv) {
  int status = 0;
  pthread_t thread;
  if (argc == 2) { /* executed */
    in_executed();
    return atoi(argv[1]);
  }
  in_main();
  if (pthread_create(&thread, NULL, in_thread, NULL) || pthread_join(thread, NULL))
    return 1;
  pid_t child = fork();
  if (child == 0) {
    in_child();
    _exit(0);
  }
  waitpid(child, &status, 0);
  void *library = dlopen(argv[1], RTLD_NOW);
  void (*in_library)(void) = library ? (void (*)(void))dlsym(library, "in_library") : NULL;
  if (status || !in_library)
    return 1;
  in_library();
  execl(argv[0], argv[0], argv[2], NULL);
  return 1;
}

/* calls.c - calls of the program that the agent must know of: filters for system calls, and
 * libraries that go.
 */
#include "agent.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/prctl.h>

/* What the processor's own file calls. */
void be_agent_filtered(void);
long be_agent_failed(long result);

static int (*real_dlclose)(void *);

/* A filter for system calls may kill who makes one that it does not know: the agent makes none any
   more. */
void be_agent_filtered(void) {
  if (be_agent.ring && !be_agent.stopped) {
    be_threads_stop();
    if (be_exact_is_on())
      be_exact_write();
    be_statistics_write(true);
  }
}

long be_agent_failed(long result) {
  errno = (int)-result;
  return -1;
}

BE_EXPORT int prctl(int option, ...) {
  va_list list;
  unsigned long arguments[4];
  va_start(list, option);
  for (unsigned i = 0; i < 4; i++)
    arguments[i] = va_arg(list, unsigned long);
  va_end(list);
  if (option == PR_SET_SECCOMP || option == PR_SET_SYSCALL_USER_DISPATCH)
    be_agent_filtered();
  long result = be_syscall(SYS_prctl, option, (long)arguments[0], (long)arguments[1],
                           (long)arguments[2], (long)arguments[3], 0);
  return (int)(result < 0 ? be_agent_failed(result) : result);
}

/* What was mapped is looked up again, afterwards. */
BE_EXPORT int dlclose(void *library) {
  if (!real_dlclose)
    *(void **)&real_dlclose = dlsym(RTLD_NEXT, "dlclose");
  __atomic_fetch_add(&be_agent.generation, 1, __ATOMIC_ACQ_REL);
  int result = real_dlclose(library);
  __atomic_fetch_add(&be_agent.generation, 1, __ATOMIC_ACQ_REL);
  return result;
}

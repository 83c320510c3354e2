/* advice.c - what the kernel's refusals mean, and what helps. */
#include "recorder.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

long be_setting_read(const char *path, long fallback) {
  char text[32] = "";
  FILE *file = fopen(path, "re");
  bool is_read = file && fgets(text, sizeof text, file);
  if (file)
    fclose(file);
  return is_read ? strtol(text, NULL, 10) : fallback;
}

static int refused(const struct be_attempt *attempt, int cause, struct be_error *error) {
  enum { UNKNOWN = -100, OWN = 2, WHOLE = 0 };
  long paranoid = be_setting_read("/proc/sys/kernel/perf_event_paranoid", UNKNOWN);
  long wanted = attempt->is_all ? WHOLE : OWN;
  if (paranoid == UNKNOWN)
    return be_error_set(error, -cause, "the kernel has no perf events, or hides them here");
  if (paranoid > wanted)
    return be_error_set(error, -cause,
                        "the kernel does not allow it: perf_event_paranoid is %ld; as root run "
                        "'sysctl kernel.perf_event_paranoid=%ld', or give this command "
                        "CAP_PERFMON",
                        paranoid, wanted);
  return be_error_set(error, -cause,
                      "the kernel does not allow it, though perf_event_paranoid is %ld: the "
                      "process is another user's, or a container forbids perf_event_open (its "
                      "seccomp profile, CAP_PERFMON)",
                      paranoid);
}

static int not_mapped(int cause, struct be_error *error) {
  if (cause == EPERM)
    return be_error_set(error, -cause,
                        "the kernel's memory for rings is used up (perf_event_mlock_kb is %ld): "
                        "raise 'ulimit -l' or 'sysctl kernel.perf_event_mlock_kb', or end other "
                        "recordings",
                        be_setting_read("/proc/sys/kernel/perf_event_mlock_kb", 0));
  return be_error_set(error, -cause, "cannot map the kernel's ring: %s", strerror(cause));
}

int be_advice(const struct be_attempt *attempt, int cause, struct be_error *error) {
  if (attempt->is_mapping)
    return not_mapped(cause, error);
  switch (cause) {
  case EACCES:
  case EPERM:
    return refused(attempt, cause, error);
  case ENOENT:
  case ENODEV:
  case ENXIO:
    return be_error_set(error, -cause,
                        "there is no hardware counter of cycles (a virtual machine without a "
                        "PMU)%s",
                        attempt->is_branch ? ", software branch stacks need none" : "");
  case EOPNOTSUPP:
  case EINVAL:
    return attempt->is_branch
               ? be_error_set(error, -cause,
                              "the processor, or the kernel's driver for it, does not record "
                              "branches")
               : be_error_set(error, -cause, "the kernel does not take this event (%s)",
                              strerror(cause));
  case ENOSYS:
    return be_error_set(error, -cause,
                        "this kernel has no perf events (or a container forbids "
                        "perf_event_open)");
  case EMFILE:
  case ENFILE:
    return be_error_set(error, -cause,
                        "%zu events are to be opened, one for each thread and processor, and so "
                        "many files may not be: raise 'ulimit -n', or record --all",
                        attempt->descriptors);
  case EBUSY:
    return be_error_set(error, -cause,
                        "somebody else uses the counter: another profiler, or the "
                        "NMI watchdog ('sysctl kernel.nmi_watchdog=0')");
  case ESRCH:
    return be_error_set(error, -cause, "there is no such process");
  default:
    return be_error_set(error, -cause, "the kernel does not open the event: %s", strerror(cause));
  }
}

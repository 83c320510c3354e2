/* no_events.c - in the place of events.c, where there is no libperf. */
#include "recorder.h"
#include <errno.h>

const struct be_source_calls be_source_events = {0};

int be_events_choose(struct be_recorder *recorder, enum be_source source, struct be_error *error) {
  return be_error_set(error, -ENOSYS,
                      "this backedge was built without libperf, which opens the kernel's events");
}

/* reason.h - why something was left alone. */
#ifndef BACKEDGE_REASON_H
#define BACKEDGE_REASON_H

#ifdef __cplusplus
extern "C" {
#endif

/* One value per line of reason.def. BE_REASON_NONE (0) means: not declined. */
enum be_reason {
#define BE_REASON(ENUM, NAME, TEXT) BE_REASON_##ENUM,
#include "backedge/reason.def"
  BE_REASON_COUNT
};

/* The reason's stable name ("no-loops"), for remarks, statistics and tests. Static. */
const char *be_reason_name(enum be_reason reason);

/* The reason as a sentence for a user, without a full stop. Static. */
const char *be_reason_text(enum be_reason reason);

#ifdef __cplusplus
}
#endif
#endif

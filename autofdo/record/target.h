/* target.h - can a library be loaded into a program? */
#ifndef BACKEDGE_RECORD_TARGET_H
#define BACKEDGE_RECORD_TARGET_H

#include "backedge/profile/error.h"

/* 0 when the dynamic linker will load what LD_PRELOAD names into the program, or into the
 * interpreter of the script, at that path; else a negative errno, and the reason. */
int be_target_check(const char *path, struct be_error *error);

#endif

/* unwind.h - where exceptions land in a function. */
#ifndef BACKEDGE_BINARY_UNWIND_H
#define BACKEDGE_BINARY_UNWIND_H

#include "backedge/profile/binary.h"

struct be_unwind;

struct be_unwind *be_unwind_open(const struct be_binary *binary); /* NULL: no memory */
void be_unwind_close(struct be_unwind *unwind);

/* Calls each with the places where exceptions land in the function. What is malformed, or encoded
 * as no compiler for x86-64 does it, is as if it were not there. */
void be_unwind_each_landing(const struct be_unwind *unwind, const struct be_function *function,
                            void *user,
                            void (*each)(void *user, const struct be_function *function,
                                         uint32_t place));

#endif

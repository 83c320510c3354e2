/* error.h - how the profile library says what went wrong.
 *
 * The library never prints and never exits. A function that can fail returns 0 or a negative errno
 * and, when it fails, leaves in the struct be_error it was given one whole sentence without a full
 * stop: what, and where (file, byte offset, record).
 */
#ifndef BACKEDGE_PROFILE_ERROR_H
#define BACKEDGE_PROFILE_ERROR_H

struct be_error {
  char text[512];
};

/* Formats the sentence; returns status, so that it can stand in a return statement. */
int be_error_set(struct be_error *error, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

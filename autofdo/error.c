/* error.c - formats what went wrong. */
#include "backedge/profile/error.h"
#include <stdarg.h>
#include <stdio.h>

int be_error_set(struct be_error *error, int status, const char *format, ...) {
  va_list list;
  va_start(list, format);
  vsnprintf(error->text, sizeof error->text, format, list);
  va_end(list);
  return status;
}

/* busy_library.c - the library that busy.c loads. */
#include "busy.h"

void in_library(void) { compute(); }

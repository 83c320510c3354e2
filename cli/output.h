/* output.h - where a verb writes what it makes. */
#ifndef BACKEDGE_CLI_OUTPUT_H
#define BACKEDGE_CLI_OUTPUT_H

#include "cli.h"
#include <stdio.h>

/* Opens the file of option -o, or takes the standard output, and lets `write` write to it, which
 * returns 0 or a negative errno. What goes wrong is printed, and half a file is removed. */
enum be_exit be_output_write(const struct be_args *args, int (*write)(void *user, FILE *out),
                             void *user);

#endif

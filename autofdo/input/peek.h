/* peek.h - how a file begins. */
#ifndef BACKEDGE_INPUT_PEEK_H
#define BACKEDGE_INPUT_PEEK_H

#include <stddef.h>

/* The first bytes of a file, with a zero behind them. Empty when there is no such file, and for
 * what is no plain file: what is read from a pipe is gone. */
void be_file_peek(const char *path, char *text, size_t size);

#endif

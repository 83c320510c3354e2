/* fuzz.h - what the fuzzers share: the input as a file with a path, which is how readers want it.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer calls; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Makes the one file of the process hold these bytes and returns its path. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* Reads each byte, so that ASan sees those that are not there. */
void fuzz_touch(const void *bytes, size_t size);

#endif

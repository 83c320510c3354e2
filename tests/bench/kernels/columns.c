/* columns.c - a matrix in rows, summed column by column: a stride of many pages. */
#include "bench.h"

enum { ROWS = 4096, COLUMNS = 8192 };

static double *matrix, *sums;

static void setup(void) {
  matrix = make((size_t)ROWS * COLUMNS, sizeof *matrix);
  sums = make(COLUMNS, sizeof *sums);
  for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++)
    matrix[i] = (double)(i & 63);
}

static NOINLINE void walk(const double *m, double *to, int columns) {
  for (int j = 0; j < columns; j++) {
    double sum = 0;
    for (int i = 0; i < ROWS; i++) {
#ifdef HAND
      __builtin_prefetch(&m[(size_t)(i + DISTANCE < ROWS ? i + DISTANCE : ROWS - 1) * COLUMNS + j],
                         0, 3);
#endif
      sum += m[(size_t)i * COLUMNS + j];
    }
    to[j] = sum;
  }
}

static uint64_t kernel(void) {
  walk(matrix, sums, COLUMNS / 4);
  return (uint64_t)(sums[0] + sums[7]);
}

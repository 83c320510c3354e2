/* spmv.c - sparse matrix times vector, compressed rows. */
#include "bench.h"

enum { ROWS = 1 << 20, COLUMNS = 24 << 20, PER_ROW = 24 };

static int *start, *column;
static double *value, *x, *y;

static void setup(void) {
  size_t total = (size_t)ROWS * PER_ROW;
  start = make(ROWS + 1, sizeof *start);
  column = make(total, sizeof *column);
  value = make(total, sizeof *value);
  x = make(COLUMNS, sizeof *x);
  y = make(ROWS, sizeof *y);
  int at = 0;
  for (int row = 0; row < ROWS; row++) {
    start[row] = at;
    for (int end = at + (int)random_below(PER_ROW); at < end; at++) {
      column[at] = (int)random_below(COLUMNS);
      value[at] = (double)random_below(100);
    }
  }
  start[ROWS] = at;
  for (int i = 0; i < COLUMNS; i++)
    x[i] = (double)(i & 7);
}

static NOINLINE void multiply(const int *from, const int *col, const double *val, const double *in,
                              double *out, int rows) {
#ifdef HAND
  int last = from[rows] - 1; /* rows follow each other without gaps */
#endif
  for (int row = 0; row < rows; row++) {
    double sum = 0;
    for (int k = from[row]; k < from[row + 1]; k++) {
#ifdef HAND
      __builtin_prefetch(&in[col[k + DISTANCE < last ? k + DISTANCE : last]], 0, 3);
#endif
      sum += val[k] * in[col[k]];
    }
    out[row] = sum;
  }
}

static uint64_t kernel(void) {
  double sum = 0;
  multiply(start, column, value, x, y, ROWS);
  for (int row = 0; row < ROWS; row++)
    sum += y[row];
  return (uint64_t)sum;
}

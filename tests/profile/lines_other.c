/* lines_other.c - the other file of lines.c. */
#define STEP __asm__ volatile("nop # line %0" : : "i"(__LINE__))

// Blank lines, so that this one and its namesake in lines.c begin at different lines.

__attribute__((noinline)) static int helper(int n) {
  STEP;
  return n * 2;
}

int other_file(int n);
__attribute__((noinline)) int other_file(int n) {
  int sum = 0;
  for (int i = 0; i < n; i++)
    sum += helper(i);
  STEP; //= 1
  return sum;
}

/* lines.c - a program of which it is known how often each line runs: "//= N" says so.
 *
 * A step is an instruction that no compiler may remove, double or merge with another one.
 */
#include <stdio.h>
#include <stdlib.h>

#define STEP __asm__ volatile("nop # line %0" : : "i"(__LINE__))
#define ALONE __attribute__((noinline))

int other_file(int n); // in lines_other.c

// A name that lines_other.c has, too, where it runs less often.
ALONE static int helper(int n) {
  STEP; //= 300
  return n % 3;
}

ALONE static int by_case(int n) {
  STEP; //= 300
  switch (n % 10) {
  case 0:
    STEP; //= 30
    return n + 1;
  case 1:
  case 2:
    STEP; //= 60
    return n ^ 5;
  case 3:
    STEP; //= 30
    return -n;
  case 4:
    STEP; //= 30
    return n / 2;
  default:
    STEP; //= 150
    return helper(n);
  }
}

static inline __attribute__((always_inline)) void inner(int n) {
  STEP;
  if (n & 1)
    STEP;
}

static inline __attribute__((always_inline)) void outer(int n) {
  STEP;
  inner(n);
  STEP;
}

// Each of them in a loop of its own: what is inlined twice is counted twice.
ALONE static void inlines(void) {
  for (int i = 0; i < 200; i++)
    outer(i); //: outer 200 (inner 200/100)
  for (int i = 0; i < 60; i++)
    inner(i * 2); //: inner 60/0
  STEP;           //= 1
}

static volatile int nine = 9;

ALONE static void rare(int n) {
  STEP; //= 150
  if (__builtin_expect(n == 7, 0)) {
    int i = nine;
    STEP; //= 1
    while (i-- > 0)
      STEP; //= 9
    if (nine == 8)
      abort(); // the part that never runs
  }
  STEP; //= 150
}

ALONE static int add(int a) {
  STEP; //= 120
  return a + 1;
}

ALONE static int subtract(int a) {
  STEP; //= 40
  return a - 1;
}

static int (*volatile const callees[])(int) = {add, subtract, add, add};

ALONE static int indirect(void) {
  int sum = 0;
  for (int i = 0; i < 160; i++)
    sum = callees[i & 3](sum); //> add 120, subtract 40
  STEP;                        //= 1
  return sum;
}

int main(void) {
  int sum = 0;
  for (int i = 0; i < 300; i++)
    sum += by_case(i);
  for (int i = 0; i < 150; i++) {
    sum += helper(i);
    rare(i);
  }
  inlines();
  sum += other_file(3) + indirect();
  STEP; //= 1
  printf("%d\n", sum);
  return 0;
}

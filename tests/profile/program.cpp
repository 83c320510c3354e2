/* program.cpp - a program with what makes profiles hard: tables of jumps, stubs of the linker,
 * exceptions, callbacks from a library, tail calls, recursion, children. Prints one number.
 */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

int other_file(int n); // in other.cpp

static unsigned state = 12345;
static unsigned draw() { return state = state * 1103515245 + 12345, state >> 16 & 0x7fff; }

// A name that other.cpp has, too.
__attribute__((noinline)) static int helper(int n) { return n % 3 ? n * 2 : n / 3; }

__attribute__((noinline)) static int by_table(unsigned op, int n) {
  switch (op) {
  case 0:
    return n + 1;
  case 1:
    n *= 3; // falls through
  case 2:
    return n ^ 5;
  case 3:
    return helper(n);
  case 4:
    n = n > 100 ? n - 100 : n; // falls through
  case 5:
    return other_file(n);
  case 6:
    return -n;
  case 7:
    return n << 1;
  case 8:
    return abs(n) % 1000;
  default:
    return 0;
  }
}

__attribute__((noinline)) static int may_throw(int n) {
  if (n % 7 == 0)
    throw std::runtime_error("seven");
  if (n % 11 == 0)
    throw n;
  return n;
}

__attribute__((noinline)) static int catches(int n) {
  struct guard {
    int &count;
    ~guard() { count++; }
  };
  int count = 0;
  try {
    guard g{count};
    count += may_throw(n);
  } catch (const std::runtime_error &error) {
    count += (int)strlen(error.what());
  } catch (int m) {
    count -= m;
  }
  return count;
}

__attribute__((noinline)) static int fibonacci(int n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static int order(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

__attribute__((noinline)) static int sorts() {
  int numbers[40], sum = 0;
  for (int &n : numbers)
    n = (int)draw();
  qsort(numbers, 40, sizeof *numbers, order);
  for (int i = 0; i < 40; i++)
    sum += i * (numbers[i] & 15);
  return sum;
}

__attribute__((noinline)) static int works(int rounds) {
  int sum = 0;
  for (int i = 0; i < rounds; i++) {
    sum += by_table(draw() % 10, i) + fibonacci(i % 8);
    if (i % 5 == 0)
      sum += catches(i);
    if (i % 9 == 0)
      sum += sorts();
    if (__builtin_expect(sum == 0x7fffffff, 0)) // never: goes into a part of its own
      abort();
  }
  return sum;
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 100, status = 0;
  pid_t child = fork();
  int sum = works(rounds);
  if (child == 0)
    _exit(sum & 63);
  waitpid(child, &status, 0);
  printf("%d %d\n", sum, WEXITSTATUS(status));
  return 0;
}

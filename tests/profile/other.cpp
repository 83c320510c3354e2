/* other.cpp - program.cpp's other file: a static function of a name that is used there. */
#include <cstdlib>

__attribute__((noinline)) static int helper(int n) { return n & 1 ? n + 7 : n - 7; }

int other_file(int n) {
  if (__builtin_expect(n == -0x7fffffff, 0)) // never: goes into a part of its own
    abort();
  return n & 4 ? helper(n) : helper(helper(n));
}

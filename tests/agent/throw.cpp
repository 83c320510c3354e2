/* throw.cpp - exceptions through frames. */
#include <cstdio>
#include <stdexcept>
#include <string>

struct counted {
  static int alive;
  counted() { alive++; }
  ~counted() { alive--; }
};
int counted::alive;

static int descend(int depth, int at) {
  counted here;
  if (depth == at)
    throw std::runtime_error(std::to_string(at));
  if (depth % 7 == 3)
    try {
      return descend(depth + 1, at) + 1;
    } catch (const std::logic_error &) {
      return -1;
    }
  return descend(depth + 1, at) + 1;
}

int main() {
  long sum = 0;
  for (int i = 0; i < 1500; i++) {
    try {
      descend(0, i % 50);
    } catch (const std::exception &error) {
      sum = sum * 31 + std::stoi(error.what());
    }
    sum += counted::alive;
  }
  std::printf("%ld\n", sum);
  return 0;
}

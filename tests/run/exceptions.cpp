// RUN: %grid %s
/* C++: exceptions through loops and destructors, virtual calls, statics, lambdas, member pointers. */
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

static int live;
struct guard {
  int id;
  explicit guard(int n) : id(n) { live++; }
  guard(const guard &other) : id(other.id) { live++; }
  ~guard() { live--, std::printf("~%d ", id); }
};
struct base {
  virtual ~base() {}
  virtual int area(int k) const { return k; }
};
struct box : virtual base {
  int w, h;
  box(int a, int b) : w(a), h(b) {}
  int area(int k) const override {
    if (k > 3)
      throw std::out_of_range("area " + std::to_string(k));
    return w * h * k;
  }
};
struct other : box {
  using box::box;
  int area(int k) const override { return k == 2 ? throw k : box::area(k) + 1; }
};

__attribute__((noinline)) int measure(const base &b, int k) {
  guard g(k);
  try {
    guard inner(10 + k);
    return b.area(k);
  } catch (const std::out_of_range &e) {
    std::printf("[%s] ", e.what());
    return -1;
  } catch (int n) {
    if (n == 2)
      throw std::string("two");
    throw;
  }
}
__attribute__((noinline)) int collect(const std::vector<base *> &all) {
  int s = 0;
  for (int k = 0; k < 6; k++)
    for (auto *b : all) {
      try {
        s += measure(*b, k);
      } catch (const std::string &text) {
        s += (int)text.size() * 100;
        continue;
      } catch (...) {
        return -99;
      }
    }
  return s;
}
__attribute__((noinline)) int nothrow_leaf(int a) noexcept { return a * 2; }
static guard &lazy(int n) {
  static guard once(n);
  return once;
}
template <typename F> __attribute__((noinline)) int times(int n, F f) {
  int s = 0;
  for (int i = 0; i < n; i++)
    s += f(i);
  return s;
}
struct sum {
  int v = 0;
  sum &operator+=(int k) { return v += k, *this; }
};

int main() {
  box a(2, 3);
  other b(4, 5);
  base c;
  std::vector<base *> all = {&a, &b, &c};
  std::printf("%d live %d\n", collect(all), live);
  int captured = 7;
  std::printf("%d %d\n", times(10, [&](int i) { return captured += i, nothrow_leaf(captured) % 5; }), captured);
  int (base::*member)(int) const = &base::area;
  std::printf("%d %d %d\n", (b.*member)(1), lazy(3).id, lazy(4).id);
  std::string text;
  for (int i = 0; i < 20; i++)
    text += std::to_string(i * i) + (i % 3 ? "," : ";");
  std::vector<std::string> parts;
  for (size_t at = 0, end; (end = text.find(';', at)) != std::string::npos; at = end + 1)
    parts.push_back(text.substr(at, end - at));
  sum total;
  for (auto &p : parts)
    total += (int)p.size();
  std::printf("%zu %d %s\n", parts.size(), total.v, dynamic_cast<box *>(all[1]) ? parts.back().c_str() : "none");
  try {
    try {
      throw std::runtime_error("inner");
    } catch (std::exception &e) {
      guard g(42);
      throw std::logic_error(std::string("outer of ") + e.what());
    }
  } catch (std::logic_error &e) {
    std::printf("%s live %d\n", e.what(), live);
  }
}

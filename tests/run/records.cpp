// RUN: %grid %s
/* Records and their parts: returned, passed by value, thrown past, made in place; bit-fields of
 * every sort; lanes of vectors. */
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>
#define NOINLINE __attribute__((noinline))

struct small {
  int a;
  float b;
};
struct big {
  long a[9];
  char tail;
};
struct empty {};
struct owner { // is made in place: its address is part of it
  owner *self;
  int value;
  explicit owner(int v) : self(this), value(v) {}
  owner(const owner &other) : self(this), value(other.value + 100) {}
  ~owner() { value = -1; }
  bool sane() const { return self == this; }
};

NOINLINE static small make_small(int n) { return {n, n * 0.5f}; }
NOINLINE static big make_big(int n) {
  big b = {{n, n + 1, n + 2}, 't'};
  return b;
}
NOINLINE static owner make_owner(int n) {
  if (n > 90)
    throw std::runtime_error("too much");
  return owner(n);
}
NOINLINE static long take_big(big b, int n) {
  b.a[0] += n;
  return b.a[0] + b.a[2] + b.tail;
}
NOINLINE static double take_small(small s, small t, empty, int n) { return s.a + t.b * n; }
NOINLINE __attribute__((const)) static big constant_big(big b) {
  b.a[5] = b.a[1] * 2;
  return b;
}
NOINLINE static std::pair<int, std::string> both(const std::string &s, int n) {
  return {n, s + std::to_string(n)};
}

/* The destination is read by the call that makes what goes there. */
NOINLINE static big next(const big *b) {
  big made = *b;
  made.a[0]++;
  return made;
}

NOINLINE static int records(int n) {
  long sum = 0;
  big b = make_big(n), *p = &b;
  for (int i = 0; i < 4; i++) {
    *p = next(p);
    small s = make_small(i);
    sum += take_big(b, i) + (long)take_small(s, make_small(n), empty(), 3);
    make_big(i);
    b = constant_big(b);
    sum += b.a[5];
  }
  try {
    for (int i = 88; i < 95; i++) {
      owner o = make_owner(i);
      sum += o.value + o.sane();
    }
  } catch (const std::exception &e) {
    sum += e.what()[0];
  }
  auto pair = both("x", n);
  return (int)sum + pair.first + (int)pair.second.size();
}

enum color : unsigned { red, green, blue, white };
struct fields {
  bool yes : 1;
  color c : 2;
  signed s : 5;
  unsigned u : 11;
  long long wide : 40;
  unsigned long long whole : 64;
  unsigned : 0;
  unsigned char byte : 8;
  short rest : 9;
};
struct __attribute__((packed)) tight {
  unsigned a : 3;
  unsigned b : 30;
  uint64_t c : 51;
  char d;
};
union either {
  struct {
    unsigned low : 4, high : 28;
  } f;
  unsigned all;
};
struct device {
  volatile unsigned go : 1;
  volatile unsigned mode : 3;
};

NOINLINE static void set(fields *f, tight *t, int n) {
  f->yes = n & 1;
  f->c = (color)(n & 3);
  f->s = n;
  f->u += n * 7;
  f->wide -= (long long)n << 33;
  f->whole ^= (unsigned long long)n * 0x123456789abcdefull;
  f->byte++;
  f->rest = (short)(f->rest * 3 + n);
  t->a = n;
  t->b = t->b * 5 + n;
  t->c = t->c * 3 + f->whole;
  t->d++;
}
NOINLINE static long get(const fields *f, const tight *t) {
  return f->yes + f->c * 3 + f->s * 5 + f->u * 7 + f->wide + (long)f->whole + f->byte +
         f->rest * 11 + t->a + (long)t->b + (long)t->c * 13 + t->d;
}

NOINLINE static unsigned pun(unsigned n) {
  either e;
  e.all = n;
  e.f.low += 9;
  e.f.high ^= e.f.low;
  return e.all;
}

NOINLINE static unsigned poke(device *d, unsigned n) {
  d->go = 1;
  d->mode = n;
  d->mode += d->go;
  return d->mode;
}

typedef int v4 __attribute__((vector_size(16)));
typedef double d2 __attribute__((vector_size(16)));
NOINLINE static v4 lanes(int a, int b, v4 v) {
  v4 made = {a, b, a + b, v[2]};
  made[1] ^= v[3];
  v[0] = made[3];
  return made + v;
}
NOINLINE static d2 reals(double a, d2 d) { return (d2){a, d[0]} * d; }

int main() {
  fields f = {};
  tight t = {};
  device d = {};
  v4 v = {1, 2, 3, 4};
  d2 r = {0.5, 3};
  long sum = 0;
  for (int i = -20; i < 40; i++) {
    set(&f, &t, i);
    sum = sum * 31 + get(&f, &t) + pun((unsigned)i * 0x9e3779b9u) + poke(&d, (unsigned)i);
    v = lanes(i, (int)sum, v);
    r = reals(i, r);
  }
  printf("%d %ld %d %d %d %d %g %g\n", records(7), sum, v[0], v[1], v[2], v[3], r[0], r[1]);
  return 0;
}

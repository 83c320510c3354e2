// RUN: %dump gcc -O1 %s | %FileCheck %s
// RUN: %dump clang -O1 %s | %FileCheck %s
/* Vectors are made and read lane by lane; prefetches of the source's own are prefetches. */
typedef long pair __attribute__((vector_size(16)));

// CHECK-LABEL: llvm.func @both(
// CHECK: llvm.insertelement {{.*}} : vector<2xi64>
// CHECK: llvm.insertelement {{.*}} : vector<2xi64>
pair both(long a, long b) { return (pair){a, b}; }

// CHECK-LABEL: llvm.func @second(
// CHECK: llvm.extractelement {{.*}} : vector<2xi64>
long second(pair p) { return p[1]; }

// CHECK-LABEL: llvm.func @ahead(
// CHECK: "llvm.intr.prefetch"{{.*}}hint = 2 : i32{{.*}}rw = 1 : i32
void ahead(const char *p) { __builtin_prefetch(p + 64, 1, 2); }

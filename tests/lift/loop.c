// RUN: %dump gcc -O1 %s | %FileCheck %s
// RUN: %dump clang -O1 %s | %FileCheck %s
// RUN: %dump gcc -O1 %s | %mlir-opt --split-input-file --allow-unregistered-dialect -o %t
// RUN: %dump clang -O1 %s | %mlir-opt --split-input-file --allow-unregistered-dialect -o %t
/* A loop: block arguments for what changes on the way round, an element's address, a branch back. */
// CHECK-LABEL: llvm.func @sum
// CHECK: llvm.br ^[[HEAD:bb[0-9]+]]({{.*}})
// CHECK: ^[[HEAD]]({{.*}}: i{{32|64}}
// CHECK: llvm.getelementptr
// CHECK: llvm.load {{.*}} -> i32
// CHECK: llvm.add
// CHECK: llvm.icmp
// CHECK: llvm.cond_br
int sum(int *p, int n) {
  int s = 0;
  for (int i = 0; i < n; i++)
    s += p[i];
  return s;
}

// CHECK-LABEL: llvm.func @choose
// CHECK: llvm.switch %{{.*}} : i32
// CHECK: llvm.call @{{first|second}}
int first(int), second(int), third(int);
int choose(int a) {
  switch (a) {
  case 1: return first(a * 3);
  case 2: return second(a ^ 5);
  case 3: return third(a - 1);
  case 4: return first(second(2));
  case 5: return second(first(3));
  case 6: return third(second(a));
  case 7: return third(third(9));
  }
  return 0;
}

// CHECK-LABEL: llvm.func @indirect
// CHECK: llvm.call %{{[a-z0-9]+}}(%{{[a-z0-9]+}})
int indirect(int (*f)(int), int a) { return f(a) + 1; }

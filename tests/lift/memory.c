// Loads and stores say which field of which record they access, and how they are aligned.
// RUN: %dump gcc -O2 -fno-tree-vectorize %s | %FileCheck %s
// RUN: %dump clang -O2 -fno-vectorize %s | %FileCheck %s
struct node {
  int key;
  double weight;
  struct node *next;
};

// CHECK-LABEL: llvm.func @weight(
// CHECK: llvm.getelementptr {{.*}}[8]
// CHECK: llvm.load {{.*}}alignment = 8 : i64{{.*}} -> f64
double weight(struct node *n) { return n->weight; }

// CHECK-LABEL: llvm.func @link(
// CHECK: llvm.getelementptr {{.*}}[16]
// CHECK: llvm.store {{.*}} !llvm.ptr, !llvm.ptr
void link(struct node *n, struct node *to) { n->next = to; }

// CHECK-LABEL: llvm.func @device(
// CHECK: llvm.load volatile
// CHECK: llvm.store volatile
void device(volatile int *p) { *p = *p + 1; }

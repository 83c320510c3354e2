// RUN: %dump gcc -O1 %s | %FileCheck %s
// RUN: %dump clang -O1 %s | %FileCheck %s
/* Bit-fields are bits of integers in memory: no wider than what the field's neighbours may share.
 */
struct flags {
  unsigned low : 3;
  int middle : 7;
  unsigned high : 6;
  char next;
};

// CHECK-LABEL: llvm.func @middle(
// CHECK: llvm.load {{.*}} -> i16
// CHECK-NOT: backedge.stmt
// CHECK: llvm.return
int middle(struct flags *f) { return f->middle; }

// CHECK-LABEL: llvm.func @set_middle(
// CHECK: llvm.load {{.*}} -> i16
// CHECK: llvm.and
// CHECK: llvm.or
// CHECK: llvm.store {{.*}} : i16, !llvm.ptr
void set_middle(struct flags *f, int value) { f->middle = value; }

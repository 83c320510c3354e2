// RUN: %dump gcc -O1 %s | %FileCheck %s
// RUN: %dump clang -O1 %s | %FileCheck %s
/* A record that a call returns goes where its first operand says; one that is passed is the memory
 * that its operand points to. */
struct big {
  long a[8];
};
struct big make(int);
long take(struct big);

// CHECK-LABEL: llvm.func @first(
// CHECK: llvm.call @make(%{{[a-z0-9]+}}, %{{[a-z0-9]+}}) {{.*}}: (!llvm.ptr, i32) -> ()
// CHECK: llvm.load {{.*}} -> i64
long first(int n) {
  struct big b = make(n);
  return b.a[3];
}

// CHECK-LABEL: llvm.func @pass(
// CHECK: llvm.call @take(%{{[a-z0-9]+}}) {{.*}}: (!llvm.ptr) -> i64
long pass(struct big *b) { return take(*b) + 1; }

// CHECK-LABEL: llvm.func @ignore(
// CHECK: llvm.call @make(
// CHECK: llvm.return
void ignore(void) { make(3); }

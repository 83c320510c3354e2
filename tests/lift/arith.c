// RUN: %dump gcc -O1 %s | %FileCheck %s
// RUN: %dump clang -O1 %s | %FileCheck %s
/* Signed overflow is nsw, unsigned is not; signs become the choice of the op. */
// CHECK-LABEL: llvm.func @add_signed
// CHECK: llvm.add {{.*}}nsw
int add_signed(int a, int b) { return a + b; }

// CHECK-LABEL: llvm.func @add_unsigned
// CHECK: llvm.add
// CHECK-NOT: nsw
// CHECK: llvm.return
unsigned add_unsigned(unsigned a, unsigned b) { return a + b; }

// CHECK-LABEL: llvm.func @divide
// CHECK: llvm.sdiv
int divide(int a, int b) { return a / b; }

// CHECK-LABEL: llvm.func @divide_unsigned
// CHECK: llvm.udiv
unsigned divide_unsigned(unsigned a, unsigned b) { return a / b; }

// CHECK-LABEL: llvm.func @shift
// CHECK: llvm.ashr
int shift(int a, int n) { return a >> n; }

// CHECK-LABEL: llvm.func @shift_unsigned
// CHECK: llvm.lshr
unsigned shift_unsigned(unsigned a, int n) { return a >> n; }

// CHECK-LABEL: llvm.func @widen
// CHECK: llvm.sext {{.*}} : i8 to i64
long widen(signed char a) { return a; }

// CHECK-LABEL: llvm.func @widen_unsigned
// CHECK: llvm.zext {{.*}} : i8 to i64
long widen_unsigned(unsigned char a) { return a; }

// CHECK-LABEL: llvm.func @truncate
// CHECK: llvm.trunc {{.*}} : i64 to i16
short truncate(long a) { return (short)a; }

// CHECK-LABEL: llvm.func @to_double
// CHECK: llvm.sitofp {{.*}} : i32 to f64
double to_double(int a) { return a; }

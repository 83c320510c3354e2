// Arithmetic keeps its sign, its overflow and its width; what has no op is carried as it is.
// RUN: %dump gcc -O1 %s | %FileCheck %s
// RUN: %dump clang -O1 %s | %FileCheck %s

// CHECK-LABEL: llvm.func @defined(
// CHECK: llvm.add %arg{{[01]}}, %arg{{[01]}} {{.*}}: i32
unsigned defined(unsigned a, unsigned b) { return a + b; }

// CHECK-LABEL: llvm.func @undefined(
// CHECK: llvm.add %arg{{[01]}}, %arg{{[01]}} {{.*}}backedge.overflow = #llvm.overflow<nsw>{{.*}}: i32
int undefined(int a, int b) { return a + b; }

// CHECK-LABEL: llvm.func @quotients(
// CHECK-DAG: llvm.sdiv {{.*}}: i64
// CHECK-DAG: llvm.udiv {{.*}}: i64
long quotients(long a, long b) { return a / b ^ (long)((unsigned long)a / (unsigned long)b); }

// CHECK-LABEL: llvm.func @widened(
// CHECK: llvm.sext %arg0 {{.*}}: i32 to i64
long widened(int a) { return a; }

// CHECK-LABEL: llvm.func @scaled(
// CHECK: llvm.fmul %arg0, {{.*}}: f64
double scaled(double a) { return a * 2.5; }

// CHECK-LABEL: llvm.func @carried(
// CHECK: "backedge.stmt"({{.*}}effects = "{{[^"]*}}pin
void carried(int a) { __asm__ volatile("" : : "r"(a)); }

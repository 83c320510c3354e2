// RUN: %dump gcc -O1 %s | %FileCheck --check-prefixes=CHECK,GCC %s
// RUN: %dump clang -O1 %s | %FileCheck --check-prefixes=CHECK,CLANG %s
/* What only the host understands is carried with its effects; exceptions keep their way out. */
extern "C" {
void may_throw(int);
void note(int);

// CHECK-LABEL: llvm.func @caught
// GCC: "backedge.selector"
// GCC: llvm.switch
// CLANG: llvm.invoke @may_throw
int caught(int a) {
  try {
    may_throw(a);
  } catch (...) {
    note(a);
    return 1;
  }
  return 0;
}

// CHECK-LABEL: llvm.func @fence
// CHECK: effects = "{{[^"]*}}write{{[^"]*}}"
void fence() { __asm__ volatile("" : : : "memory"); }
}

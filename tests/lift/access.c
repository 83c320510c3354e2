// RUN: %dump gcc -O1 %s | %FileCheck %s
// RUN: %dump clang -O1 %s | %FileCheck %s
/* Loads and stores say which field of which record they access, and keep size and volatility. */
struct node {
  struct node *next;
  int key;
  short tag;
};

// CHECK-LABEL: llvm.func @key_of
// CHECK: llvm.load {{.*}}backedge.access = ["node", "{{key|[+]8}}"]{{.*}} -> i32
// CHECK: llvm.return
int key_of(struct node *n) { return n->key; }

// CHECK-LABEL: llvm.func @link
// CHECK: llvm.store {{.*}}backedge.access = ["node", "{{next|[+]0}}"]{{.*}} : !llvm.ptr, !llvm.ptr
void link(struct node *a, struct node *b) { a->next = b; }

// CHECK-LABEL: llvm.func @tag
// CHECK: llvm.load {{.*}} -> i16
// CHECK: llvm.sext {{.*}} : i16 to i32
int tag(struct node *n) { return n->tag; }

// CHECK-LABEL: llvm.func @twice
// CHECK: llvm.load volatile
// CHECK: llvm.load volatile
int twice(volatile int *p) { return *p + *p; }

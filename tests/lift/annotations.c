// Annotations of ours that are wrong are errors; those of others stay.
// REQUIRES: clang
// RUN: (! %clang %clang-plugin -O1 -S -emit-llvm -o %t -DWRONG %s) 2>&1 | %FileCheck %s
// RUN: %clang %clang-plugin -O1 -S -emit-llvm -o - %s | %FileCheck --check-prefix=KEPT %s
// KEPT: @llvm.global.annotations = {{.*}}[1 x {{.*}}ptr @other
// KEPT-NOT: backedge_prefetch
// KEPT: call {{.*}}@llvm.ptr.annotation
int other __attribute__((annotate("other")));
int *ours __attribute__((annotate("backedge_prefetch")));
struct member {
  int *other __attribute__((annotate("other")));
};
int read(struct member *m) { return *m->other + other + *ours; }

#ifdef WRONG
// CHECK-DAG: error: {{.*}}:[[#@LINE+1]]: 'backedge_prefetch' needs a distance from 0
int *far __attribute__((annotate("backedge_prefetch", 5000)));
// CHECK-DAG: error: {{.*}}:[[#@LINE+1]]: 'backedge_prefetch' needs a locality from 0 to 3
int *many __attribute__((annotate("backedge_prefetch", 4, 4)));
// CHECK-DAG: error: {{.*}}:[[#@LINE+1]]: 'backedge_prefech' is unknown: it may be 'backedge_prefetch'
int *misspelt __attribute__((annotate("backedge_prefech", 4, 4)));
// CHECK-DAG: warning: {{.*}}:[[#@LINE+1]]: 'backedge_prefetch' is for pointers and arrays
int scalar __attribute__((annotate("backedge_prefetch", 4, 3)));
// CHECK-DAG: error: {{.*}}:[[#@LINE+1]]: 'backedge_loop' is unknown
int loop(int a) { return __builtin_annotation(a, "backedge_loop"); }
#endif

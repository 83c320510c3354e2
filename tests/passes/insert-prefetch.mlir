// RUN: %backedge opt --pass insert-prefetch %s 2>/dev/null | %FileCheck %s
// RUN: %backedge opt --pass insert-prefetch --remarks -o /dev/null %s 2>&1 | %FileCheck --check-prefix=REMARK %s
// RUN: %backedge opt --pass insert-prefetch:cost=0 --remarks -o /dev/null %s 2>&1 | %FileCheck --check-prefix=ALL %s

// What is declined for its cost alone is prefetched when cost does not count; what is not safe is not.
// ALL: independent: {{.*}}loads 0,{{.*}}PrefetchInserted]
// ALL: independent: {{.*}}loads 1,{{.*}}PrefetchInserted]
// ALL-NOT: unknown_bound: {{.*}}PrefetchInserted]
// ALL-NOT: second_way_out: {{.*}}PrefetchInserted]
// ALL: call: {{.*}}Declined, may-leave]
// ALL: guarded: {{.*}}Declined, guarded]
// ALL: volatile: {{.*}}Declined, not-copyable]
// ALL-NOT: list: {{.*}}PrefetchInserted]
// ALL: may_change: {{.*}}Declined, may-change]
// ALL: small_table: {{.*}}loads 1,{{.*}}PrefetchInserted]
// ALL: small_range: {{.*}}loads 1,{{.*}}PrefetchInserted]
// ALL: column: {{.*}}PrefetchInserted]
// ALL: short: {{.*}}loads 1,{{.*}}PrefetchInserted]
// ALL-NOT: refused: {{.*}}PrefetchInserted]
// ALL: cold: {{.*}}loads 1,{{.*}}PrefetchInserted]
// ALL: unknown_width: {{.*}}PrefetchInserted]
// ALL: long_inner: {{.*}}loads 1,{{.*}} trip 0) {{.*}}PrefetchInserted]
// ALL: long_inner: {{.*}}loads 1,{{.*}} trip 3) {{.*}}PrefetchInserted]

// One index out of memory, a branch on what is found; the test stands before the body.
// The index is held to the last iteration: min(64 * 1 / 2, n - 1 - i) as unsigned numbers.
// CHECK-LABEL: llvm.func @indirect
// CHECK: %[[LAST:.*]] = llvm.add %arg2, %{{.*}} : i32
// CHECK: llvm.br ^[[HEAD:bb[0-9]+]]
// CHECK: ^[[HEAD]](%[[I:.*]]: i32, %{{.*}}: i64):
// CHECK-NOT: prefetch
// CHECK: llvm.cond_br
// CHECK: %[[LEFT:.*]] = llvm.sub %[[LAST]], %[[I]] : i32
// CHECK: %[[WANTED:.*]] = llvm.mlir.constant(32 : i32)
// CHECK: %[[SHORT:.*]] = llvm.icmp "ult" %[[LEFT]], %[[WANTED]]
// CHECK: %[[STEPS:.*]] = llvm.select %[[SHORT]], %[[LEFT]], %[[WANTED]]
// CHECK: %[[AHEAD:.*]] = llvm.add %[[I]], %[[STEPS]] : i32
// CHECK: %[[WIDE:.*]] = llvm.sext %[[AHEAD]]
// CHECK: %[[SLOT:.*]] = llvm.getelementptr %arg1[%[[WIDE]]]
// CHECK: %[[INDEX:.*]] = llvm.load %[[SLOT]] : !llvm.ptr -> i32
// CHECK: %[[INDEX64:.*]] = llvm.zext %[[INDEX]]
// CHECK: %[[PLACE:.*]] = llvm.getelementptr %arg0[%[[INDEX64]]]
// CHECK: "llvm.intr.prefetch"(%[[PLACE]]) <{cache = 1 : i32, hint = 3 : i32, rw = 0 : i32}>
llvm.func @indirect(%a: !llvm.ptr, %b: !llvm.ptr, %n: i32) -> i64 {
  %zero = llvm.mlir.constant(0 : i32) : i32
  %one = llvm.mlir.constant(1 : i32) : i32
  %none = llvm.mlir.constant(0 : i64) : i64
  llvm.br ^head(%zero, %none : i32, i64)
^head(%i: i32, %sum: i64):
  %more = llvm.icmp "slt" %i, %n : i32
  llvm.cond_br %more, ^body, ^out
^body:
  %wide = llvm.sext %i : i32 to i64
  %slot = llvm.getelementptr inbounds %b[%wide] : (!llvm.ptr, i64) -> !llvm.ptr, i32
  %index = llvm.load %slot : !llvm.ptr -> i32
  %index64 = llvm.zext %index : i32 to i64
  %place = llvm.getelementptr inbounds %a[%index64] : (!llvm.ptr, i64) -> !llvm.ptr, i32
  %found = llvm.load %place : !llvm.ptr -> i32
  %good = llvm.icmp "sgt" %found, %zero : i32
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %found64 = llvm.zext %found : i32 to i64
  %more_sum = llvm.add %sum, %found64 : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %one overflow<nsw> : i32
  llvm.br ^head(%i2, %sum2 : i32, i64)
^out:
  llvm.return %sum : i64
}

// Bottom-tested with `!=`, 64-bit counter, two indices out of memory: each load of the chain is
// fetched a third earlier than the next, and its index once.
// CHECK-LABEL: llvm.func @chain
// CHECK: llvm.mlir.constant(42 : i64)
// CHECK: llvm.load
// CHECK: llvm.intr.prefetch
// CHECK: llvm.mlir.constant(21 : i64)
// CHECK: llvm.load
// CHECK: llvm.load
// CHECK: llvm.intr.prefetch
// CHECK-NOT: llvm.intr.prefetch
llvm.func @chain(%a: !llvm.ptr, %b: !llvm.ptr, %c: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pc = llvm.getelementptr %c[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vc = llvm.load %pc : !llvm.ptr -> i64
  %pb = llvm.getelementptr %b[%vc] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %one : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// Bottom-tested with `<`: the first iteration is not tested, and where it would not have passed,
// nothing is known of the next ones.
// CHECK-LABEL: llvm.func @untested_first
// CHECK-DAG: %[[ENTERED:.*]] = llvm.icmp "slt" %{{.*}}, %arg2 : i64
// CHECK-DAG: %[[DISTANCE:.*]] = llvm.mlir.constant(32 : i64)
// CHECK: %[[WANTED:.*]] = llvm.select %[[ENTERED]], %[[DISTANCE]], %{{.*}}
// CHECK: llvm.br
// CHECK: %[[SHORT:.*]] = llvm.icmp "ult" %[[LEFT:.*]], %[[WANTED]]
// CHECK: llvm.select %[[SHORT]], %[[LEFT]], %[[WANTED]]
// CHECK: llvm.intr.prefetch
llvm.func @untested_first(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %one : i64
  %again = llvm.icmp "slt" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// Nothing in it waits for memory, so the processor runs ahead by itself.
// CHECK-LABEL: llvm.func @independent
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: independent: {{.*}}[insert-prefetch: Declined, hardware-stride]
// REMARK: independent: {{.*}}(operations 6) [insert-prefetch: Declined, overlapped]
llvm.func @independent(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %sum2 = llvm.add %sum, %va : i64
  %i2 = llvm.add %i, %step : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// A branch waits for the first of them, so the processor does not run ahead to the one behind it (of %c); the one
// before it (of %d) is under way by itself.
// CHECK-LABEL: llvm.func @behind_a_branch
// CHECK-COUNT-2: llvm.intr.prefetch
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: behind_a_branch: {{.*}}[insert-prefetch: Declined, hardware-stride]
// REMARK: behind_a_branch: {{.*}}Declined, overlapped]
// REMARK: behind_a_branch: {{.*}}PrefetchInserted]
// REMARK: behind_a_branch: {{.*}}PrefetchInserted]
llvm.func @behind_a_branch(%a: !llvm.ptr, %b: !llvm.ptr, %c: !llvm.ptr, %d: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pd = llvm.getelementptr %d[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vd = llvm.load %pd : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%vd : i64)
^take:
  %pc = llvm.getelementptr %c[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vc = llvm.load %pc : !llvm.ptr -> i64
  llvm.br ^next(%vc : i64)
^next(%more: i64):
  %sum2 = llvm.add %sum, %more : i64
  %i2 = llvm.add %i, %step : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// Other steps than one may not meet the last iteration: all or nothing.
// CHECK-LABEL: llvm.func @downwards_by_three
// CHECK: %[[REACH:.*]] = llvm.mlir.constant(96 : i64)
// CHECK: %[[ENOUGH:.*]] = llvm.icmp "uge" %{{.*}}, %[[REACH]]
// CHECK: llvm.select %[[ENOUGH]]
// CHECK: llvm.intr.prefetch
llvm.func @downwards_by_three(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(-3 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %step : i64
  %again = llvm.icmp "sgt" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// The counter is a pointer; bytes are counted.
// CHECK-LABEL: llvm.func @pointer_counter
// CHECK: llvm.ptrtoint %arg2
// CHECK: llvm.mlir.constant(256 : i64)
// CHECK: llvm.intr.prefetch
llvm.func @pointer_counter(%a: !llvm.ptr, %b: !llvm.ptr, %end: !llvm.ptr) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%b, %zero : !llvm.ptr, i64)
^body(%p: !llvm.ptr, %sum: i64):
  %vb = llvm.load %p : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %p2 = llvm.getelementptr inbounds %p[8] : (!llvm.ptr) -> !llvm.ptr, i8
  %again = llvm.icmp "ne" %p2, %end : !llvm.ptr
  llvm.cond_br %again, ^body(%p2, %sum2 : !llvm.ptr, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// The bound is read anew each time: where the last iteration is, nobody knows.
// CHECK-LABEL: llvm.func @unknown_bound
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: unknown_bound: {{.*}}Declined, unknown-bound]
llvm.func @unknown_bound(%a: !llvm.ptr, %b: !llvm.ptr, %pn: !llvm.ptr) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %one : i64
  %n = llvm.load %pn : !llvm.ptr -> i64
  %again = llvm.icmp "slt" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// A way out in the middle: later iterations may never be, and their data neither.
// CHECK-LABEL: llvm.func @second_way_out
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: second_way_out: {{.*}}Declined, unknown-bound]
llvm.func @second_way_out(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %stop = llvm.icmp "eq" %va, %zero : i64
  llvm.cond_br %stop, ^out(%sum : i64), ^go
^go:
  %sum2 = llvm.add %sum, %va : i64
  %i2 = llvm.add %i, %one : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out(%sum2 : i64)
^out(%result: i64):
  llvm.return %result : i64
}

llvm.func @check(i64)

// The call may not come back: then the later iterations never are.
// CHECK-LABEL: llvm.func @call
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: call: {{.*}}Declined, may-leave]
llvm.func @call(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  llvm.call @check(%va) : (i64) -> ()
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %step : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// The index is read in some iterations only; in others it may not be there.
// CHECK-LABEL: llvm.func @guarded
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: guarded: {{.*}}Declined, hardware-stride]
// REMARK: guarded: {{.*}}Declined, guarded]
llvm.func @guarded(%a: !llvm.ptr, %b: !llvm.ptr, %c: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pc = llvm.getelementptr %c[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vc = llvm.load %pc : !llvm.ptr -> i64
  %try = llvm.icmp "sgt" %vc, %zero : i64
  llvm.cond_br %try, ^look, ^next(%sum : i64)
^look:
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %step : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// Volatile reads are never repeated.
// CHECK-LABEL: llvm.func @volatile
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: volatile: {{.*}}Declined, not-copyable]
llvm.func @volatile(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load volatile %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %step : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// A list: the next address follows from this one alone.
// CHECK-LABEL: llvm.func @list
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: list: {{.*}}Declined, recurrence]
llvm.func @list(%a: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero, %a : i64, i64, !llvm.ptr)
^body(%i: i64, %sum: i64, %p: !llvm.ptr):
  %next_p = llvm.load %p : !llvm.ptr -> !llvm.ptr
  %pv = llvm.getelementptr %p[8] : (!llvm.ptr) -> !llvm.ptr, i8
  %va = llvm.load %pv : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %one : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2, %next_p : i64, i64, !llvm.ptr), ^out
^out:
  llvm.return %sum2 : i64
}

// The store may change an index between now and then, so %vb ahead is not read; what it is read through is.
// CHECK-LABEL: llvm.func @may_change
// CHECK: llvm.intr.prefetch
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: may_change: {{.*}}Declined, hardware-stride]
// REMARK: may_change: {{.*}}Declined, may-change]
llvm.func @may_change(%a: !llvm.ptr, %b: !llvm.ptr, %c: !llvm.ptr, %d: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pc = llvm.getelementptr %c[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vc = llvm.load %pc : !llvm.ptr -> i64
  %pb = llvm.getelementptr %b[%vc] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %pd = llvm.getelementptr %d[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  llvm.store %va, %pd : i64, !llvm.ptr
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %step : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// The same, when the types say that the store is to other memory.
// CHECK-LABEL: llvm.func @cannot_change
// CHECK: llvm.intr.prefetch
// CHECK: llvm.intr.prefetch
// CHECK: llvm.return
llvm.func @cannot_change(%a: !llvm.ptr, %b: !llvm.ptr, %c: !llvm.ptr, %d: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pc = llvm.getelementptr %c[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vc = llvm.load %pc {backedge.alias = "long"} : !llvm.ptr -> i64
  %pb = llvm.getelementptr %b[%vc] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %pd = llvm.getelementptr %d[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  llvm.store %va, %pd {backedge.alias = "double"} : i64, !llvm.ptr
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %step : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

llvm.mlir.global external @table() : !llvm.array<8192 x i8>

// The table is known to stay in the cache.
// CHECK-LABEL: llvm.func @small_table
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: small_table: {{.*}}(bytes 8192) [insert-prefetch: Declined, fits-cache]
llvm.func @small_table(%b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  %a = llvm.mlir.addressof @table : !llvm.ptr
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %step : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// So is what a masked index can reach.
// CHECK-LABEL: llvm.func @small_range
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: small_range: {{.*}}(bytes 8192) [insert-prefetch: Declined, fits-cache]
llvm.func @small_range(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  %mask = llvm.mlir.constant(1023 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %few = llvm.and %vb, %mask : i64
  %pa = llvm.getelementptr %a[%few] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %step : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// A stride of many pages in a small body: measured to lose.
// CHECK-LABEL: llvm.func @column
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: column: {{.*}}(operations 6) [insert-prefetch: Declined, overlapped]
llvm.func @column(%a: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  %many = llvm.mlir.constant(8192 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %row = llvm.mul %i, %many overflow<nsw> : i64
  %pa = llvm.getelementptr %a[%row] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %sum2 = llvm.add %sum, %va : i64
  %i2 = llvm.add %i, %step : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// Eight iterations are over before a prefetch arrives.
// CHECK-LABEL: llvm.func @short
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: short: {{.*}}(iterations 8) [insert-prefetch: Declined, short-loop]
llvm.func @short(%a: !llvm.ptr, %b: !llvm.ptr) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  %n = llvm.mlir.constant(8 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %step : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// The source asks, with a distance and a locality of its own.
// CHECK-LABEL: llvm.func @asked_for
// CHECK: llvm.mlir.constant(7 : i64)
// CHECK: "llvm.intr.prefetch"(%{{.*}}) <{cache = 1 : i32, hint = 1 : i32, rw = 0 : i32}>
llvm.func @asked_for(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa {backedge.prefetch = [7 : i32, 1 : i32]} : !llvm.ptr -> i64
  %sum2 = llvm.add %sum, %va : i64
  %i2 = llvm.add %i, %step : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// The source asks for none in this loop.
// CHECK-LABEL: llvm.func @refused
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: refused: {{.*}}Declined, switched-off]
llvm.func @refused(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %one : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out {backedge.noprefetch}
^out:
  llvm.return %sum2 : i64
}

// The profile says that it never runs.
// CHECK-LABEL: llvm.func @cold
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: cold: {{.*}}Declined, cold]
llvm.func @cold(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64) {backedge.count = 0 : i64}
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %step : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// A stride known only when the program runs.
// CHECK-LABEL: llvm.func @unknown_width
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: unknown_width: {{.*}}Declined, unknown-stride]
llvm.func @unknown_width(%a: !llvm.ptr, %m: i64, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %row = llvm.mul %i, %m : i64
  %pa = llvm.getelementptr %a[%row] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %step : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// A bucket is walked by an inner loop, which ends by what it finds there: its start is fetched for outer iterations to come, one line once.
// CHECK-LABEL: llvm.func @bucket
// CHECK: llvm.intr.prefetch
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
llvm.func @bucket(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %bucket = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<64 x i8>
  %count = llvm.load %bucket : !llvm.ptr -> i64
  llvm.br ^inner(%zero, %sum : i64, i64)
^inner(%j: i64, %t: i64):
  %pj = llvm.getelementptr %bucket[%j] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vj = llvm.load %pj : !llvm.ptr -> i64
  %t2 = llvm.add %t, %vj : i64
  %j2 = llvm.add %j, %one : i64
  %more = llvm.icmp "ne" %j2, %count : i64
  llvm.cond_br %more, ^inner(%j2, %t2 : i64, i64), ^next
^next:
  %i2 = llvm.add %i, %one : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %t2 : i64, i64), ^out
^out:
  llvm.return %t2 : i64
}

// Of a long inner loop that would be too little.
// CHECK-LABEL: llvm.func @long_inner
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: long_inner: {{.*}}(iterations 256) [insert-prefetch: Declined, long-inner-loop]
llvm.func @long_inner(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %many = llvm.mlir.constant(256 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %bucket = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<64 x i8>
  
  llvm.br ^inner(%zero, %sum : i64, i64)
^inner(%j: i64, %t: i64):
  %pj = llvm.getelementptr %bucket[%j] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vj = llvm.load %pj : !llvm.ptr -> i64
  %t2 = llvm.add %t, %vj : i64
  %j2 = llvm.add %j, %one : i64
  %more = llvm.icmp "ne" %j2, %many : i64
  llvm.cond_br %more, ^inner(%j2, %t2 : i64, i64), ^next
^next:
  %i2 = llvm.add %i, %one : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %t2 : i64, i64), ^out
^out:
  llvm.return %t2 : i64
}

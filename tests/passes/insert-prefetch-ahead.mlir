// RUN: %backedge opt --pass insert-prefetch %s 2>/dev/null | %FileCheck %s
// RUN: %backedge opt --pass insert-prefetch --remarks -o /dev/null %s 2>&1 | %FileCheck --check-prefix=REMARK %s
// RUN: %backedge opt --pass insert-prefetch:cost=0 --remarks -o /dev/null %s 2>&1 | %FileCheck --check-prefix=ALL %s

// What is computed ahead of time, and how: limits, conditions, choices, trips of inner loops, divisions. None of what
// is declined here is a matter of cost.
// ALL-NOT: by_two_tested_before: {{.*}}PrefetchInserted]
// ALL: small_flag: {{.*}}Declined, guarded]
// ALL: divided_after_call: {{.*}}Declined, not-copyable]
// ALL-NOT: divided_after_call: {{.*}}PrefetchInserted]
// ALL: divided_in_some: {{.*}}Declined, not-copyable]
// ALL: divided_signed: {{.*}}Declined, not-copyable]
// ALL: divided_by_seven: {{.*}}loads 1,{{.*}}PrefetchInserted]
// ALL-NOT: long_step: {{.*}}PrefetchInserted]
// ALL-NOT: byte_counter: {{.*}}PrefetchInserted]
// ALL: switched: {{.*}}Declined, guarded]
// ALL: condition_may_change: {{.*}}Declined, may-change]
// ALL: divided_by_loaded: {{.*}}Declined, not-copyable]
// ALL: converted: {{.*}}Declined, not-copyable]
// ALL-NOT: away_{{.*}}PrefetchInserted]
// ALL-NOT: two_entries: {{.*}}PrefetchInserted]
// ALL: condition_of_before: {{.*}}Declined, guarded]
// ALL: divided_by_minus_one: {{.*}}Declined, not-copyable]
// ALL: last_trip: {{.*}}Declined, recurrence]

llvm.func @check(i64)

// The test is of the counter before its step: the next iteration's is then at least the limit.
// CHECK-LABEL: llvm.func @downwards_tested_before
// CHECK: %[[ENTERED:.*]] = llvm.icmp "uge" %arg2, %{{.*}} : i64
// CHECK: llvm.select %[[ENTERED]]
// CHECK: ^bb{{[0-9]+}}(%[[I:[0-9]+]]: i64, %{{[0-9]+}}: i64):
// CHECK: %[[LEFT:.*]] = llvm.sub %[[I]], %{{.*}} : i64
// CHECK: llvm.icmp "ult" %[[LEFT]]
// CHECK: llvm.intr.prefetch
// CHECK: llvm.return
llvm.func @downwards_tested_before(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(-1 : i64) : i64
  llvm.br ^body(%n, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %i2 = llvm.add %i, %step : i64
  %pb = llvm.getelementptr %b[%i2] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %again = llvm.icmp "ugt" %i, %one : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// Two at a time the counter may step over the limit, and beyond.
// CHECK-LABEL: llvm.func @by_two_tested_before
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: by_two_tested_before: {{.*}}Declined, unknown-bound]
llvm.func @by_two_tested_before(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %step = llvm.mlir.constant(-2 : i64) : i64
  llvm.br ^body(%n, %zero : i64, i64)
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
  %again = llvm.icmp "ugt" %i, %one : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// The index is good only where the flag says so: the condition is copied, and where it does not
// hold the flag itself, which is always there, is read again instead.
// The prefetches ask for it, too.
// CHECK-LABEL: llvm.func @copied_condition
// CHECK: llvm.select
// CHECK: llvm.intr.prefetch
// CHECK: %[[PC:.*]] = llvm.getelementptr %arg2
// CHECK: %[[VC:.*]] = llvm.load %[[PC]]
// CHECK: %[[PB:.*]] = llvm.getelementptr %arg1[%[[VC]]]
// CHECK: %[[TRY:.*]] = llvm.icmp "ult" %[[VC]], %arg3
// CHECK: %[[SAFE:.*]] = llvm.select %[[TRY]], %[[PB]], %[[PC]]
// CHECK: %[[VB:.*]] = llvm.load %[[SAFE]]
// CHECK: %[[PA:.*]] = llvm.getelementptr %arg0[%[[VB]]]
// CHECK: %[[PLACE:.*]] = llvm.select %[[TRY]], %[[PA]], %[[PC]]
// CHECK: "llvm.intr.prefetch"(%[[PLACE]])
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
llvm.func @copied_condition(%a: !llvm.ptr, %b: !llvm.ptr, %c: !llvm.ptr, %m: i64, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pc = llvm.getelementptr %c[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vc = llvm.load %pc : !llvm.ptr -> i64
  %try = llvm.icmp "ult" %vc, %m : i64
  llvm.cond_br %try, ^look, ^next(%sum : i64)
^look:
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

// What is always there is one byte: where the condition does not hold, eight cannot be read there.
// CHECK-LABEL: llvm.func @small_flag
// CHECK: llvm.load {{.*}} -> i8
// CHECK-NOT: llvm.load
// CHECK: llvm.intr.prefetch
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: small_flag: {{.*}}Declined, guarded]
llvm.func @small_flag(%a: !llvm.ptr, %b: !llvm.ptr, %c: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %none = llvm.mlir.constant(0 : i8) : i8
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pc = llvm.getelementptr %c[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  %vc = llvm.load %pc : !llvm.ptr -> i8
  %try = llvm.icmp "ne" %vc, %none : i8
  llvm.cond_br %try, ^look, ^next(%sum : i64)
^look:
  %wide = llvm.zext %vc : i8 to i64
  %pb = llvm.getelementptr %b[%wide] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<65536 x i8>
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %vb, %va : i64
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

// One of two indices, chosen without a branch.
// CHECK-LABEL: llvm.func @selected
// CHECK: %[[VC:.*]] = llvm.load
// CHECK: %[[ODD:.*]] = llvm.trunc %[[VC]]
// CHECK: %[[VB:.*]] = llvm.load
// CHECK: %[[ONE:.*]] = llvm.select %[[ODD]], %[[VC]], %[[VB]]
// CHECK: %[[PA:.*]] = llvm.getelementptr %arg0[%[[ONE]]]
// CHECK: "llvm.intr.prefetch"(%[[PA]])
// CHECK: llvm.return
llvm.func @selected(%a: !llvm.ptr, %b: !llvm.ptr, %c: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pc = llvm.getelementptr %c[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vc = llvm.load %pc : !llvm.ptr -> i64
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %odd = llvm.trunc %vc : i64 to i1
  %index = llvm.select %odd, %vc, %vb : i1, i64
  %pa = llvm.getelementptr %a[%index] : (!llvm.ptr, i64) -> !llvm.ptr, i64
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

// One of two indices, chosen by a branch: ahead of time, without one.
// CHECK-LABEL: llvm.func @chosen
// CHECK: ^bb{{[0-9]+}}(%[[INDEX:[0-9]+]]: i64): // 2 preds
// CHECK: %[[PC:.*]] = llvm.getelementptr %arg1
// CHECK: %[[VC:.*]] = llvm.load %[[PC]]
// CHECK-DAG: %[[ODD:.*]] = llvm.trunc %[[VC]]
// CHECK-DAG: %[[TWICE:.*]] = llvm.shl %[[VC]], %{{.*}}
// CHECK: %[[ONE:.*]] = llvm.select %[[ODD]], %[[TWICE]], %[[VC]]
// CHECK: %[[PA:.*]] = llvm.getelementptr %arg0[%[[ONE]]]
// CHECK: "llvm.intr.prefetch"(%[[PA]])
// CHECK: llvm.getelementptr %arg0[%[[INDEX]]]
// CHECK: llvm.return
llvm.func @chosen(%a: !llvm.ptr, %c: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pc = llvm.getelementptr %c[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vc = llvm.load %pc : !llvm.ptr -> i64
  %odd = llvm.trunc %vc : i64 to i1
  llvm.cond_br %odd, ^double, ^found(%vc : i64)
^double:
  %twice = llvm.shl %vc, %one : i64
  llvm.br ^found(%twice : i64)
^found(%index: i64):
  %pa = llvm.getelementptr %a[%index] : (!llvm.ptr, i64) -> !llvm.ptr, i64
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

// A list entered through an index: its first four nodes, the later ones' addresses out of those
// before, each read only where the list goes on; else the slot that the list hangs on, again.
// CHECK-LABEL: llvm.func @short_lists
// CHECK: llvm.intr.prefetch
// CHECK: llvm.intr.prefetch
// CHECK: %[[SLOT:.*]] = llvm.getelementptr %arg0
// CHECK: %[[HEAD:.*]] = llvm.load %[[SLOT]]
// CHECK: %[[SOME:.*]] = llvm.icmp "ne" %[[HEAD]], %[[NULL:.*]] : !llvm.ptr
// CHECK: %[[THERE:.*]] = llvm.select %[[SOME]], %[[HEAD]], %[[SLOT]]
// CHECK: %[[LINK:.*]] = llvm.load %[[THERE]]
// CHECK: %[[MORE:.*]] = llvm.icmp "ne" %[[LINK]], %[[NULL]]
// CHECK: %[[SECOND:.*]] = llvm.select %[[MORE]], %[[LINK]], %[[SLOT]]
// CHECK: %[[PLACE:.*]] = llvm.select %[[SOME]], %[[SECOND]], %[[SLOT]]
// CHECK: "llvm.intr.prefetch"(%[[PLACE]])
// CHECK: %[[SLOT2:.*]] = llvm.getelementptr %arg0
// CHECK: %[[HEAD2:.*]] = llvm.load %[[SLOT2]]
// CHECK: %[[SOME2:.*]] = llvm.icmp "ne" %[[HEAD2]], %[[NULL]]
// CHECK: %[[LINK2:.*]] = llvm.load
// CHECK: %[[MORE2:.*]] = llvm.icmp "ne" %[[LINK2]], %[[NULL]]
// CHECK: %[[NEXT2:.*]] = llvm.load
// CHECK: %[[STILL2:.*]] = llvm.icmp "ne" %[[NEXT2]], %[[NULL]]
// CHECK: %[[THIRD:.*]] = llvm.select %[[STILL2]], %[[NEXT2]], %[[SLOT2]]
// CHECK: %[[IF2:.*]] = llvm.select %[[MORE2]], %[[THIRD]], %[[SLOT2]]
// CHECK: %[[PLACE2:.*]] = llvm.select %[[SOME2]], %[[IF2]], %[[SLOT2]]
// CHECK: "llvm.intr.prefetch"(%[[PLACE2]])
// CHECK: llvm.intr.prefetch
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: short_lists: {{.*}}loads 2,{{.*}} trip 0) {{.*}}PrefetchInserted]
// REMARK: short_lists: {{.*}}loads 3,{{.*}} trip 1) {{.*}}PrefetchInserted]
// REMARK: short_lists: {{.*}}loads 4,{{.*}} trip 2) {{.*}}PrefetchInserted]
// REMARK: short_lists: {{.*}}loads 5,{{.*}} trip 3) {{.*}}PrefetchInserted]
llvm.func @short_lists(%t: !llvm.ptr, %keys: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %null = llvm.mlir.zero : !llvm.ptr
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pk = llvm.getelementptr %keys[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %key = llvm.load %pk : !llvm.ptr -> i64
  %ph = llvm.getelementptr %t[%key] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.ptr
  %head = llvm.load %ph : !llvm.ptr -> !llvm.ptr
  %some = llvm.icmp "ne" %head, %null : !llvm.ptr
  llvm.cond_br %some, ^inner(%head, %sum : !llvm.ptr, i64), ^next(%sum : i64)
^inner(%at: !llvm.ptr, %s: i64):
  %pv = llvm.getelementptr %at[8] : (!llvm.ptr) -> !llvm.ptr, i8
  %value = llvm.load %pv : !llvm.ptr -> i64
  %s2 = llvm.add %s, %value : i64
  %link = llvm.load %at : !llvm.ptr -> !llvm.ptr
  %more = llvm.icmp "ne" %link, %null : !llvm.ptr
  llvm.cond_br %more, ^inner(%link, %s2 : !llvm.ptr, i64), ^next(%s2 : i64) {backedge.finite}
^next(%sum2: i64):
  %i2 = llvm.add %i, %one : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// The same lists, about which nobody says that they end: where one does not, nothing of later iterations need be there.
// CHECK-LABEL: llvm.func @endless_lists
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: endless_lists: {{.*}}Declined, may-leave]
llvm.func @endless_lists(%t: !llvm.ptr, %keys: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %null = llvm.mlir.zero : !llvm.ptr
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pk = llvm.getelementptr %keys[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %key = llvm.load %pk : !llvm.ptr -> i64
  %ph = llvm.getelementptr %t[%key] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.ptr
  %head = llvm.load %ph : !llvm.ptr -> !llvm.ptr
  %some = llvm.icmp "ne" %head, %null : !llvm.ptr
  llvm.cond_br %some, ^inner(%head, %sum : !llvm.ptr, i64), ^next(%sum : i64)
^inner(%at: !llvm.ptr, %s: i64):
  %pv = llvm.getelementptr %at[8] : (!llvm.ptr) -> !llvm.ptr, i8
  %value = llvm.load %pv : !llvm.ptr -> i64
  %s2 = llvm.add %s, %value : i64
  %link = llvm.load %at : !llvm.ptr -> !llvm.ptr
  %more = llvm.icmp "ne" %link, %null : !llvm.ptr
  llvm.cond_br %more, ^inner(%link, %s2 : !llvm.ptr, i64), ^next(%s2 : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %one : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// A way round with two entries, about which nothing is known.
// CHECK-LABEL: llvm.func @round_and_round
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: round_and_round: {{.*}}Declined, may-leave]
llvm.func @round_and_round(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^left(%va : i64), ^right(%vb : i64)
^left(%l: i64):
  %l2 = llvm.add %l, %one : i64
  %stop = llvm.icmp "sgt" %l2, %va : i64
  llvm.cond_br %stop, ^right(%l2 : i64), ^next(%l2 : i64)
^right(%r: i64):
  %r2 = llvm.add %r, %one : i64
  %back = llvm.icmp "sgt" %r2, %vb : i64
  llvm.cond_br %back, ^left(%r2 : i64), ^next(%r2 : i64)
^next(%more: i64):
  %sum2 = llvm.add %sum, %more : i64
  %i2 = llvm.add %i, %one : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// Each iteration divides by the same number: so may a copy, after the loop's test.
// CHECK-LABEL: llvm.func @divided_alike
// CHECK-NOT: llvm.udiv
// CHECK: llvm.cond_br
// CHECK: llvm.udiv %{{.*}}, %arg2
// CHECK: llvm.intr.prefetch
// CHECK: llvm.udiv
// CHECK: llvm.return
llvm.func @divided_alike(%a: !llvm.ptr, %b: !llvm.ptr, %by: i64, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^head(%zero, %zero : i64, i64)
^head(%i: i64, %sum: i64):
  %more = llvm.icmp "slt" %i, %n : i64
  llvm.cond_br %more, ^body, ^out
^body:
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %part = llvm.udiv %vb, %by : i64
  %pa = llvm.getelementptr %a[%part] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %one overflow<nsw> : i64
  llvm.br ^head(%i2, %sum2 : i64, i64)
^out:
  llvm.return %sum : i64
}

// The call may not come back, and then nothing is divided: before it, nothing may be.
// CHECK-LABEL: llvm.func @divided_after_call
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: divided_after_call: {{.*}}Declined, not-copyable]
llvm.func @divided_after_call(%a: !llvm.ptr, %by: i64, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  llvm.call @check(%i) : (i64) -> ()
  %part = llvm.udiv %i, %by : i64
  %pa = llvm.getelementptr %a[%part] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<65536 x i8>
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

// Where the iteration itself may not divide, the divisor may be zero.
// CHECK-LABEL: llvm.func @divided_in_some
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: divided_in_some: {{.*}}Declined, hardware-stride]
// REMARK: divided_in_some: {{.*}}Declined, not-copyable]
llvm.func @divided_in_some(%a: !llvm.ptr, %b: !llvm.ptr, %by: i64, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %vb, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %part = llvm.udiv %vb, %by : i64
  %pa = llvm.getelementptr %a[%part] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %one : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// A signed division traps on -1, too, when the number is the least there is: other iterations' may be.
// CHECK-LABEL: llvm.func @divided_signed
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: divided_signed: {{.*}}Declined, not-copyable]
llvm.func @divided_signed(%a: !llvm.ptr, %b: !llvm.ptr, %by: i64, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %part = llvm.sdiv %vb, %by : i64
  %pa = llvm.getelementptr %a[%part] : (!llvm.ptr, i64) -> !llvm.ptr, i64
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

// A division by a constant cannot trap.
// CHECK-LABEL: llvm.func @divided_by_seven
// CHECK: llvm.sdiv
// CHECK: llvm.intr.prefetch
// CHECK: llvm.sdiv
// CHECK: llvm.return
llvm.func @divided_by_seven(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %by = llvm.mlir.constant(7 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %part = llvm.sdiv %vb, %by : i64
  %pa = llvm.getelementptr %a[%part] : (!llvm.ptr, i64) -> !llvm.ptr, i64
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

// The same upwards: the last value is the limit itself.
// CHECK-LABEL: llvm.func @upwards_tested_before
// CHECK-NOT: llvm.add
// CHECK: %[[ENTERED:.*]] = llvm.icmp "sle" %{{.*}}, %arg2 : i64
// CHECK: llvm.select %[[ENTERED]]
// CHECK: ^bb{{[0-9]+}}(%[[I:[0-9]+]]: i64, %{{[0-9]+}}: i64):
// CHECK: llvm.sub %arg2, %[[I]] : i64
// CHECK: llvm.intr.prefetch
// CHECK: llvm.return
llvm.func @upwards_tested_before(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
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
  %again = llvm.icmp "slt" %i, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// Sixty-four iterations ahead times the step is more than the counter can hold.
// CHECK-LABEL: llvm.func @long_step
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: long_step: {{.*}}Declined, unknown-bound]
llvm.func @long_step(%a: !llvm.ptr, %b: !llvm.ptr, %n: i32) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %none = llvm.mlir.constant(0 : i32) : i32
  %far = llvm.mlir.constant(268435456 : i32) : i32
  llvm.br ^body(%none, %zero : i32, i64)
^body(%i: i32, %sum: i64):
  %wide = llvm.zext %i : i32 to i64
  %pb = llvm.getelementptr %b[%wide] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %far : i32
  %again = llvm.icmp "ult" %i2, %n : i32
  llvm.cond_br %again, ^body(%i2, %sum2 : i32, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// Eight bits do not hold every distance.
// CHECK-LABEL: llvm.func @byte_counter
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: byte_counter: {{.*}}Declined, unknown-bound]
llvm.func @byte_counter(%a: !llvm.ptr, %b: !llvm.ptr, %n: i8) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %none = llvm.mlir.constant(0 : i8) : i8
  %small = llvm.mlir.constant(1 : i8) : i8
  llvm.br ^body(%zero, %none, %zero : i64, i8, i64)
^body(%i: i64, %j: i8, %sum: i64):
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
  %j2 = llvm.add %j, %small : i8
  %again = llvm.icmp "ne" %j2, %n : i8
  llvm.cond_br %again, ^body(%i2, %j2, %sum2 : i64, i8, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// An access before the loop's test is made once more than the test is passed: the prefetch is not.
// CHECK-LABEL: llvm.func @before_the_test
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.cond_br
// CHECK: llvm.load
// CHECK: llvm.intr.prefetch
// CHECK: llvm.return
llvm.func @before_the_test(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^head(%zero, %zero : i64, i64)
^head(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pa = llvm.getelementptr %a[%vb] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %va = llvm.load %pa : !llvm.ptr -> i64
  %more = llvm.icmp "slt" %i, %n : i64
  llvm.cond_br %more, ^body, ^out
^body:
  %good = llvm.icmp "sgt" %va, %zero : i64
  llvm.cond_br %good, ^take, ^next(%sum : i64)
^take:
  %more_sum = llvm.add %sum, %va : i64
  llvm.br ^next(%more_sum : i64)
^next(%sum2: i64):
  %i2 = llvm.add %i, %one overflow<nsw> : i64
  llvm.br ^head(%i2, %sum2 : i64, i64)
^out:
  llvm.return %sum : i64
}

// Two ways lead to the load: it is made ahead when the first condition, which is enough, holds.
// CHECK-LABEL: llvm.func @either_condition
// CHECK: llvm.intr.prefetch
// CHECK: %[[PC:.*]] = llvm.getelementptr %arg2
// CHECK: %[[VC:.*]] = llvm.load %[[PC]]
// CHECK: %[[LOW:.*]] = llvm.icmp "ult" %[[VC]], %arg3
// CHECK: %[[SAFE:.*]] = llvm.select %[[LOW]], %{{.*}}, %[[PC]]
// CHECK: llvm.load %[[SAFE]]
// CHECK: llvm.intr.prefetch
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
llvm.func @either_condition(%a: !llvm.ptr, %b: !llvm.ptr, %c: !llvm.ptr, %m: i64, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pc = llvm.getelementptr %c[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vc = llvm.load %pc : !llvm.ptr -> i64
  %low = llvm.icmp "ult" %vc, %m : i64
  llvm.cond_br %low, ^look, ^other
^other:
  %odd = llvm.trunc %vc : i64 to i1
  llvm.cond_br %odd, ^look, ^next(%sum : i64)
^look:
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

// A condition that is no single bit is not copied.
// CHECK-LABEL: llvm.func @switched
// CHECK: llvm.intr.prefetch
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: switched: {{.*}}Declined, guarded]
llvm.func @switched(%a: !llvm.ptr, %b: !llvm.ptr, %c: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pc = llvm.getelementptr %c[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vc = llvm.load %pc : !llvm.ptr -> i64
  llvm.switch %vc : i64, ^look [
    0: ^next(%sum : i64),
    1: ^next(%sum : i64)
  ]
^look:
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

// The condition is read from what the loop writes: by then it may not hold any more.
// CHECK-LABEL: llvm.func @condition_may_change
// CHECK: llvm.intr.prefetch
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: condition_may_change: {{.*}}Declined, may-change]
llvm.func @condition_may_change(%a: !llvm.ptr, %b: !llvm.ptr, %c: !llvm.ptr, %f: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pf = llvm.getelementptr %f[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vf = llvm.load %pf {backedge.alias = "long"} : !llvm.ptr -> i64
  llvm.store %i, %pf {backedge.alias = "long"} : i64, !llvm.ptr
  %pc = llvm.getelementptr %c[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vc = llvm.load %pc {backedge.alias = "double"} : !llvm.ptr -> i64
  %try = llvm.icmp "sgt" %vf, %zero : i64
  llvm.cond_br %try, ^look, ^next(%sum : i64)
^look:
  %pb = llvm.getelementptr %b[%vc] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb {backedge.alias = "double"} : !llvm.ptr -> i64
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

// A divisor out of memory is another in other iterations, and there it may be zero.
// CHECK-LABEL: llvm.func @divided_by_loaded
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: divided_by_loaded: {{.*}}Declined, not-copyable]
llvm.func @divided_by_loaded(%a: !llvm.ptr, %b: !llvm.ptr, %c: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %pc = llvm.getelementptr %c[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vc = llvm.load %pc : !llvm.ptr -> i64
  %part = llvm.udiv %vb, %vc : i64
  %pa = llvm.getelementptr %a[%part] : (!llvm.ptr, i64) -> !llvm.ptr, i64
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

// Floating-point operations may raise exceptions that the program asks for.
// CHECK-LABEL: llvm.func @converted
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: converted: {{.*}}Declined, not-copyable]
llvm.func @converted(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f64
  %vb = llvm.load %pb : !llvm.ptr -> f64
  %index = llvm.fptosi %vb : f64 to i64
  %pa = llvm.getelementptr %a[%index] : (!llvm.ptr, i64) -> !llvm.ptr, i64
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

// A counter that runs away from its limit ends where it wraps, if at all.
// CHECK-LABEL: llvm.func @away_upwards
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: away_upwards: {{.*}}Declined, unknown-bound]
llvm.func @away_upwards(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
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
  %again = llvm.icmp "sgt" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// The same the other way round.
// CHECK-LABEL: llvm.func @away_downwards
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: away_downwards: {{.*}}Declined, unknown-bound]
llvm.func @away_downwards(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %less = llvm.mlir.constant(-1 : i64) : i64
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
  %i2 = llvm.add %i, %less : i64
  %again = llvm.icmp "slt" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

// Where the counter starts is not known, and the first iteration is not tested.
// CHECK-LABEL: llvm.func @two_entries
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: two_entries: {{.*}}Declined, unknown-bound]
llvm.func @two_entries(%a: !llvm.ptr, %b: !llvm.ptr, %m: i64, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %late = llvm.icmp "sgt" %m, %zero : i64
  llvm.cond_br %late, ^other, ^body(%zero, %zero : i64, i64)
^other:
  llvm.br ^body(%m, %zero : i64, i64)
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

// The condition follows from the iteration before.
// CHECK-LABEL: llvm.func @condition_of_before
// CHECK: llvm.intr.prefetch
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: condition_of_before: {{.*}}Declined, guarded]
llvm.func @condition_of_before(%a: !llvm.ptr, %b: !llvm.ptr, %c: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pc = llvm.getelementptr %c[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vc = llvm.load %pc : !llvm.ptr -> i64
  %try = llvm.icmp "sgt" %sum, %vc : i64
  llvm.cond_br %try, ^look, ^next(%sum : i64)
^look:
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

// There is no copy of a division by -1, which traps for the least number.
// CHECK-LABEL: llvm.func @divided_by_minus_one
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: divided_by_minus_one: {{.*}}Declined, not-copyable]
llvm.func @divided_by_minus_one(%a: !llvm.ptr, %b: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %less = llvm.mlir.constant(-1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  %part = llvm.sdiv %vb, %less : i64
  %pa = llvm.getelementptr %a[%part] : (!llvm.ptr, i64) -> !llvm.ptr, i64
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

// What an inner loop leaves behind is its last trip's.
// CHECK-LABEL: llvm.func @last_trip
// CHECK: llvm.intr.prefetch
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: last_trip: {{.*}}Declined, recurrence]
llvm.func @last_trip(%a: !llvm.ptr, %b: !llvm.ptr, %c: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vb = llvm.load %pb : !llvm.ptr -> i64
  llvm.br ^inner(%vb : i64)
^inner(%k: i64):
  %pc = llvm.getelementptr %c[%k] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vc = llvm.load %pc : !llvm.ptr -> i64
  %k2 = llvm.add %k, %one : i64
  %more = llvm.icmp "sgt" %vc, %zero : i64
  llvm.cond_br %more, ^inner(%k2 : i64), ^found {backedge.finite}
^found:
  %pa = llvm.getelementptr %a[%k] : (!llvm.ptr, i64) -> !llvm.ptr, i64
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

// More conditions than are copied.
// CHECK-LABEL: llvm.func @many_conditions
// CHECK: llvm.intr.prefetch
// CHECK-NOT: llvm.intr.prefetch
// CHECK: llvm.return
// REMARK: many_conditions: {{.*}}Declined, guarded]
llvm.func @many_conditions(%a: !llvm.ptr, %b: !llvm.ptr, %c: !llvm.ptr, %n: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %k1 = llvm.mlir.constant(1 : i64) : i64
  %k2 = llvm.mlir.constant(2 : i64) : i64
  %k3 = llvm.mlir.constant(3 : i64) : i64
  %k4 = llvm.mlir.constant(4 : i64) : i64
  %k5 = llvm.mlir.constant(5 : i64) : i64
  %k6 = llvm.mlir.constant(6 : i64) : i64
  %k7 = llvm.mlir.constant(7 : i64) : i64
  %k8 = llvm.mlir.constant(8 : i64) : i64
  llvm.br ^body(%zero, %zero : i64, i64)
^body(%i: i64, %sum: i64):
  %pc = llvm.getelementptr %c[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %vc = llvm.load %pc : !llvm.ptr -> i64
  %more1 = llvm.icmp "ne" %vc, %k1 : i64
  llvm.cond_br %more1, ^is1, ^next(%sum : i64)
^is1:
  %more2 = llvm.icmp "ne" %vc, %k2 : i64
  llvm.cond_br %more2, ^is2, ^next(%sum : i64)
^is2:
  %more3 = llvm.icmp "ne" %vc, %k3 : i64
  llvm.cond_br %more3, ^is3, ^next(%sum : i64)
^is3:
  %more4 = llvm.icmp "ne" %vc, %k4 : i64
  llvm.cond_br %more4, ^is4, ^next(%sum : i64)
^is4:
  %more5 = llvm.icmp "ne" %vc, %k5 : i64
  llvm.cond_br %more5, ^is5, ^next(%sum : i64)
^is5:
  %more6 = llvm.icmp "ne" %vc, %k6 : i64
  llvm.cond_br %more6, ^is6, ^next(%sum : i64)
^is6:
  %more7 = llvm.icmp "ne" %vc, %k7 : i64
  llvm.cond_br %more7, ^is7, ^next(%sum : i64)
^is7:
  %more8 = llvm.icmp "ne" %vc, %k8 : i64
  llvm.cond_br %more8, ^is8, ^next(%sum : i64)
^is8:
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
  %i2 = llvm.add %i, %k1 : i64
  %again = llvm.icmp "ne" %i2, %n : i64
  llvm.cond_br %again, ^body(%i2, %sum2 : i64, i64), ^out
^out:
  llvm.return %sum2 : i64
}

/* state.S - state_spin and state_spin_avx512: load all of `in`, spin, store all to `out`. */
#define FLAGS 128
#define MASKS 136
#define VECTOR 200
#define MXCSR 2248
#define CONTROL 2256
#define X87 2264
#define SAVED 2368

  .macro spin wide
  push %rbx
  push %rbp
  push %r12
  push %r13
  push %r14
  push %r15
  pushfq
  fninit
  .irp n, 0, 1, 2, 3, 4
  fldl in + X87 + \n * 8(%rip)
  .endr
  fldcw in + CONTROL(%rip)
  ldmxcsr in + MXCSR(%rip)
  .if \wide
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  vmovdqu64 in + VECTOR + \n * 64(%rip), %zmm\n
  .endr
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7
  kmovq in + MASKS + \n * 8(%rip), %k\n
  .endr
  .else
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  movdqu in + VECTOR + \n * 64(%rip), %xmm\n
  .endr
  .endif
  pushq in + FLAGS(%rip)
  popfq
  mov in + 0(%rip), %rax
  mov in + 16(%rip), %rdx
  mov in + 24(%rip), %rbx
  mov in + 40(%rip), %rbp
  mov in + 48(%rip), %rsi
  mov in + 56(%rip), %rdi
  .irp n, 8, 9, 10, 11, 12, 13, 14, 15
  mov in + \n * 8(%rip), %r\n
  .endr
  mov %rbp, -8(%rsp) /* the red zone is in use, and no flag changes */
  mov %rbx, -128(%rsp)
  mov in + 32(%rip), %rcx
1:
  lea -1(%rcx), %rcx
  jrcxz 3f
  jmp 2f
2:
  lea in(%rip), %rbp
  mov -8(%rsp), %rbp
  mov -128(%rsp), %rbx
  jmp 1b
3:
  mov in + 8(%rip), %rcx
  mov %rax, out + 0(%rip)
  mov %rcx, out + 8(%rip)
  mov %rdx, out + 16(%rip)
  mov %rbx, out + 24(%rip)
  mov %rbp, out + 40(%rip)
  mov %rsi, out + 48(%rip)
  mov %rdi, out + 56(%rip)
  .irp n, 8, 9, 10, 11, 12, 13, 14, 15
  mov %r\n, out + \n * 8(%rip)
  .endr
  pushfq
  popq out + FLAGS(%rip)
  cld
  .if \wide
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  vmovdqu64 %zmm\n, out + VECTOR + \n * 64(%rip)
  .endr
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7
  kmovq %k\n, out + MASKS + \n * 8(%rip)
  .endr
  .else
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  movdqu %xmm\n, out + VECTOR + \n * 64(%rip)
  .endr
  .endif
  fxsave64 out + SAVED(%rip)
  stmxcsr out + MXCSR(%rip)
  fnstcw out + CONTROL(%rip)
  fninit
  movl $0x1f80, -4(%rsp)
  ldmxcsr -4(%rsp)
  popfq
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbp
  pop %rbx
  ret
  .endm

  .text
  .globl state_spin, state_spin_avx512
state_spin:
  spin 0
state_spin_avx512:
  spin 1

  .section .note.GNU-stack, "", @progbits

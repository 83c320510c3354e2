/* syscall.S - libc's syscall(), for programs: what turns on filters for system calls ends the agent
 * before; all else goes to the kernel as it came. Nothing may be kept on the stack: of some calls a
 * child returns first.
 */
#include <sys/syscall.h>

#define PR_SET_SECCOMP 22
#define PR_SET_SYSCALL_USER_DISPATCH 59

  .text
  .globl syscall
  .type syscall, @function
syscall:
  .cfi_startproc
  cmp $SYS_seccomp, %rdi
  je 2f
  cmp $SYS_prctl, %rdi
  jne 1f
  cmp $PR_SET_SECCOMP, %rsi
  je 2f
  cmp $PR_SET_SYSCALL_USER_DISPATCH, %rsi
  je 2f
1:
  mov %rdi, %rax
  mov %rsi, %rdi
  mov %rdx, %rsi
  mov %rcx, %rdx
  mov %r8, %r10
  mov %r9, %r8
  mov 8(%rsp), %r9
  syscall
  cmp $-4095, %rax
  jae 3f
  ret
2:
  push %rdi
  .cfi_adjust_cfa_offset 8
  push %rsi
  .cfi_adjust_cfa_offset 8
  push %rdx
  .cfi_adjust_cfa_offset 8
  push %rcx
  .cfi_adjust_cfa_offset 8
  push %r8
  .cfi_adjust_cfa_offset 8
  push %r9
  .cfi_adjust_cfa_offset 8
  sub $8, %rsp
  .cfi_adjust_cfa_offset 8
  call be_agent_filtered
  add $8, %rsp
  .cfi_adjust_cfa_offset -8
  pop %r9
  .cfi_adjust_cfa_offset -8
  pop %r8
  .cfi_adjust_cfa_offset -8
  pop %rcx
  .cfi_adjust_cfa_offset -8
  pop %rdx
  .cfi_adjust_cfa_offset -8
  pop %rsi
  .cfi_adjust_cfa_offset -8
  pop %rdi
  .cfi_adjust_cfa_offset -8
  jmp 1b
3:
  mov %rax, %rdi
  jmp be_agent_failed
  .cfi_endproc
  .size syscall, . - syscall

  .section .note.GNU-stack, "", @progbits

/* enter.S - the way into a code cache and out of it, and from each of its blocks to the next.
 *
 * What stands between be_x86_code and be_x86_code_end is copied to the beginning of each cache. It
 * finds the context by its distance. Nothing in it changes flags or any register of the target's
 * but those that it puts back.
 */
#include "x86/context.h"

#define AT(field) be_x86_code - CONTEXT_TO_CODE + field(%rip)

  .text

/* void be_x86_enter(struct context *): runs copies until they leave the cache. */
  .globl be_x86_enter
  .hidden be_x86_enter
  .type be_x86_enter, @function
be_x86_enter:
  push %rbx
  push %rbp
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, CONTEXT_AGENT_RSP(%rdi)
  pushq CONTEXT_FLAGS(%rdi)
  popfq
  jmp *CONTEXT_ENTER(%rdi)
  .size be_x86_enter, . - be_x86_enter

/* Back from the cache, on the agent's stack. */
  .globl be_x86_back
  .hidden be_x86_back
  .type be_x86_back, @function
be_x86_back:
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbp
  pop %rbx
  ret
  .size be_x86_back, . - be_x86_back

/* void be_x86_on_stack(void *top, void (*function)(void *), void *argument): does not return. */
  .globl be_x86_on_stack
  .hidden be_x86_on_stack
  .type be_x86_on_stack, @function
be_x86_on_stack:
  mov %rdi, %rsp
  xor %ebp, %ebp
  mov %rdx, %rdi
  call *%rsi
  ud2
  .size be_x86_on_stack, . - be_x86_on_stack

/* void be_x86_return(void *ucontext, uint32_t *busy): ends the handler with a frame that stands
   anywhere; whoever waits for *busy to be 0 gets what it stands for. */
  .globl be_x86_return
  .hidden be_x86_return
  .type be_x86_return, @function
be_x86_return:
  mov %rdi, %rsp
  movl $0, (%rsi)
  mov $15, %eax
  syscall
  ud2
  .size be_x86_return, . - be_x86_return

/* size_t be_x86_fetch(void *to, const void *from, size_t size): copies what can be read, and
   returns what is left. A fault between fetch_begin and fetch_end goes on at fetch_end. */
  .globl be_x86_fetch, be_x86_fetch_begin, be_x86_fetch_end
  .hidden be_x86_fetch, be_x86_fetch_begin, be_x86_fetch_end
  .type be_x86_fetch, @function
be_x86_fetch:
  mov %rdx, %rcx
be_x86_fetch_begin:
  cmp $8, %rcx
  jb 1f
  mov (%rsi), %rax
  mov %rax, (%rdi)
  add $8, %rsi
  add $8, %rdi
  sub $8, %rcx
  jmp be_x86_fetch_begin
1:
  test %rcx, %rcx
  jz be_x86_fetch_end
  mov (%rsi), %al
  mov %al, (%rdi)
  inc %rsi
  inc %rdi
  dec %rcx
  jmp 1b
be_x86_fetch_end:
  mov %rcx, %rax
  ret
  .size be_x86_fetch, . - be_x86_fetch

  .globl be_x86_code, be_x86_code_take, be_x86_code_skip, be_x86_code_indirect, be_x86_code_stop
  .globl be_x86_code_end
  .hidden be_x86_code, be_x86_code_take, be_x86_code_skip, be_x86_code_indirect, be_x86_code_stop
  .hidden be_x86_code_end
  .balign 64
be_x86_code:
  mov AT(CONTEXT_RAX), %rax
  mov AT(CONTEXT_RCX), %rcx
  mov AT(CONTEXT_RDX), %rdx
  mov AT(CONTEXT_RBX), %rbx
  mov AT(CONTEXT_RSP), %rsp
  mov AT(CONTEXT_RBP), %rbp
  mov AT(CONTEXT_RSI), %rsi
  mov AT(CONTEXT_RDI), %rdi
  mov AT(CONTEXT_R8), %r8
  mov AT(CONTEXT_R9), %r9
  mov AT(CONTEXT_R10), %r10
  mov AT(CONTEXT_R11), %r11
  mov AT(CONTEXT_R12), %r12
  mov AT(CONTEXT_R13), %r13
  mov AT(CONTEXT_R14), %r14
  mov AT(CONTEXT_R15), %r15
  jmp *AT(CONTEXT_ENTRY)

/* All below come here with the target's rax in the context, and the edge in rax. */
  .macro arrive
  mov %rcx, AT(CONTEXT_RCX)
  mov %rdx, AT(CONTEXT_RDX)
  mov %rax, AT(CONTEXT_EDGE)
  .endm

/* Writes the branch down; then rcx is how many may still be written. */
  .macro record to:vararg
  mov AT(CONTEXT_NEXT), %rcx
  mov EDGE_FROM(%rax), %rdx
  mov %rdx, (%rcx)
  mov \to, %rdx
  mov %rdx, 8(%rcx)
  lea 16(%rcx), %rcx
  mov %rcx, AT(CONTEXT_NEXT)
  mov AT(CONTEXT_LEFT), %rcx
  lea -1(%rcx), %rcx
  mov %rcx, AT(CONTEXT_LEFT)
  .endm

/* A direct branch is taken. */
  .balign 16
be_x86_code_take:
  arrive
  record EDGE_TO(%rax)
  jrcxz full
/* Goes to the edge's target if it was compared in this burst; without flags: age + epoch is 0. */
check:
  mov EDGE_AGE(%rax), %rcx
  mov AT(CONTEXT_EPOCH), %rdx
  lea (%rcx,%rdx), %rcx
  jrcxz go
miss:
  movq $WHY_MISS, be_x86_code - CONTEXT_TO_CODE + CONTEXT_WHY(%rip)
  jmp leave
go:
  mov EDGE_TARGET(%rax), %rcx
  mov %rcx, AT(CONTEXT_ENTRY)
  mov AT(CONTEXT_RCX), %rcx
  mov AT(CONTEXT_RDX), %rdx
  mov AT(CONTEXT_RAX), %rax
  jmp *AT(CONTEXT_ENTRY)
full:
  movq $WHY_FULL, be_x86_code - CONTEXT_TO_CODE + CONTEXT_WHY(%rip)
  jmp leave

/* The code goes on without a branch, in another block. */
  .balign 16
be_x86_code_skip:
  arrive
  jmp check

/* An indirect branch is taken, to what the context says. */
  .balign 16
be_x86_code_indirect:
  arrive
  record AT(CONTEXT_TO)
  jrcxz 1f
  mov AT(CONTEXT_TO), %rcx
  mov EDGE_TO(%rax), %rdx
  lea (%rcx,%rdx), %rcx
  jrcxz 2f
  jmp miss
1:
  jmp full
2:
  jmp check

/* The burst ends before an instruction. */
  .balign 16
be_x86_code_stop:
  arrive
  movq $WHY_STOP, be_x86_code - CONTEXT_TO_CODE + CONTEXT_WHY(%rip)

/* rax, rcx and rdx are in the context already. */
leave:
  mov %rbx, AT(CONTEXT_RBX)
  mov %rsp, AT(CONTEXT_RSP)
  mov %rbp, AT(CONTEXT_RBP)
  mov %rsi, AT(CONTEXT_RSI)
  mov %rdi, AT(CONTEXT_RDI)
  mov %r8, AT(CONTEXT_R8)
  mov %r9, AT(CONTEXT_R9)
  mov %r10, AT(CONTEXT_R10)
  mov %r11, AT(CONTEXT_R11)
  mov %r12, AT(CONTEXT_R12)
  mov %r13, AT(CONTEXT_R13)
  mov %r14, AT(CONTEXT_R14)
  mov %r15, AT(CONTEXT_R15)
  mov AT(CONTEXT_AGENT_RSP), %rsp
  pushfq
  pop AT(CONTEXT_FLAGS)
  cld
  jmp *AT(CONTEXT_BACK)
  .balign 16
be_x86_code_end:

  .section .note.GNU-stack, "", @progbits

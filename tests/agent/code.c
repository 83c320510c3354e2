/* code.c - code that is out of the ordinary: made at run time, loaded and unloaded, odd branches,
 * coroutines, restartable sequences.
 *
 * usage: agent-code CASE [LIBRARY LIBRARY]
 */
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/rseq.h>
#include <ucontext.h>
#include <unistd.h>

enum { STACK = 65536, COROUTINES = 8, PROCESSORS = 1024, THREADS = 4 };

/* ---- made at run time ----------------------------------------------------------------------- */

/* mov $number,%eax; loops some times; add; ret */
static void write_code(uint8_t *to, uint32_t number) {
  static const uint8_t code[] = {0xb8, 0,    0,    0,    0,    0xb9, 100,  0,   0,
                                 0,    0xff, 0xc0, 0xff, 0xc9, 0x75, 0xfa, 0xc3};
  memcpy(to, code, sizeof code);
  memcpy(to + 1, &number, sizeof number);
}

static void jit(void) {
  uint8_t *code =
      mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < 30000; i++) {
    write_code(code, i);
    sum += ((uint32_t(*)(void))(void *)code)() == i + 100;
  }
  printf("%lu right\n", sum);
}

/* The same, through two mappings of a file, one to write and one to run. */
static void jit_twice(void) {
  char path[] = "/tmp/agent-code-XXXXXX";
  int fd = mkstemp(path);
  uint64_t sum = 0;
  if (fd < 0 || ftruncate(fd, 4096))
    exit(1);
  unlink(path);
  uint8_t *write = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  uint8_t *run = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
  for (uint32_t i = 0; i < 30000; i++) {
    write_code(write, i);
    sum += ((uint32_t(*)(void))(void *)run)() == i + 100;
  }
  printf("%lu right\n", sum);
}

/* ---- loaded and unloaded -------------------------------------------------------------------- */

/* One after the other, at the same address as a rule. */
static void libraries(char **paths) {
  uint64_t sum = 0;
  for (int i = 0; i < 600; i++) {
    void *library = dlopen(paths[i % 2], RTLD_NOW);
    uint64_t (*function)(uint64_t) = library ? (uint64_t(*)(uint64_t))dlsym(library, "compute") : 0;
    if (!function)
      exit(1);
    sum = sum * 31 + function(100 + (uint64_t)i);
    dlclose(library);
  }
  printf("%lu\n", sum);
}

/* ---- odd branches --------------------------------------------------------------------------- */

uint64_t odd(uint64_t seed, const uint64_t *table);

__asm__(
    ".text\n"
    "odd: push %rbx\n push %rbp\n push %r12\n mov %rdi, %rax\n mov %rsi, %r12\n mov $200, %ecx\n"
    "1: push %rcx\n"
    "call 2f\n 2: pop %rdx\n" /* where am I */
    "lea 2b(%rip), %rbx\n sub %rdx, %rbx\n jnz 9f\n"
    "push $7\n call 4f\n add %rcx, %rax\n jmp 5f\n" /* ret that pops more */
    "4: mov 8(%rsp), %rcx\n ret $8\n"
    "5: call 6f\n 7: pause\n lfence\n jmp 7b\n" /* a retpoline */
    "6: lea 8f(%rip), %rdx\n mov %rdx, (%rsp)\n ret\n"
    "8: lea 10f(%rip), %rdx\n push %rdx\n jmp *(%rsp)\n" /* through the stack */
    "10: pop %rdx\n lea 11f(%rip), %rbp\n push %rbp\n mov %rsp, %rbp\n"
    "call *(%rbp)\n pop %rbp\n jmp 12f\n"
    "11: inc %rax\n ret\n"
    "12: mov %rsp, %rbx\n lea 13f(%rip), %rdx\n push %rdx\n pop %rdx\n"
    "jmp *%rdx\n"
    "13: cmp %rsp, %rbx\n jne 9f\n"
    "mov $3, %ecx\n 14: add $5, %rax\n loop 14b\n"
    "mov $3, %ecx\n cmp %ecx, %ecx\n 15: inc %rax\n cmp %rax, %rax\n loope 15b\n"
    "mov $3, %ecx\n 16: inc %rax\n or %rax, %rax\n loopne 16b\n"
    "xor %ecx, %ecx\n jrcxz 17f\n dec %rax\n"
    "17: mov $1, %rcx\n shl $32, %rcx\n jecxz 18f\n dec %rax\n" /* the lower half is 0 */
    "18: std\n pushfq\n cld\n popfq\n cld\n"
    "enter $32, $0\n mov %rax, -8(%rbp)\n leave\n"
    "mov %rax, %rdx\n and $3, %edx\n jmp *(%r12,%rdx,8)\n" /* a table */
    ".globl odd_0, odd_1, odd_2, odd_3\n"
    "odd_0: add $1, %rax\n jmp 19f\n"
    "odd_1: add $2, %rax\n jmp 19f\n"
    "odd_2: add $3, %rax\n jmp 19f\n"
    "odd_3: rol $3, %rax\n"
    "19: pop %rcx\n dec %ecx\n jnz 1b\n jmp 20f\n"
    "9: pop %rcx\n xor %eax, %eax\n"
    "20: pop %r12\n pop %rbp\n pop %rbx\n ret\n");
extern const char odd_0[], odd_1[], odd_2[], odd_3[];

static void odd_branches(void) {
  const uint64_t table[] = {(uint64_t)odd_0, (uint64_t)odd_1, (uint64_t)odd_2, (uint64_t)odd_3};
  uint64_t sum = 1;
  for (int i = 0; i < 600; i++)
    sum = odd(sum, table);
  printf("%lu\n", sum);
}

/* ---- coroutines ----------------------------------------------------------------------------- */

static ucontext_t scheduler, contexts[COROUTINES];
static uint64_t coroutine_sum;

static void coroutine(int number) {
  for (uint64_t i = 0; i < 3000; i++) {
    coroutine_sum = coroutine_sum * 31 + i * (uint64_t)number;
    swapcontext(&contexts[number], &scheduler);
  }
}

static void coroutines(void) {
  jmp_buf buffer;
  volatile uint64_t jumps = 0;
  for (int i = 0; i < COROUTINES; i++) {
    getcontext(&contexts[i]);
    contexts[i].uc_stack.ss_sp = malloc(STACK);
    contexts[i].uc_stack.ss_size = STACK;
    contexts[i].uc_link = &scheduler;
    makecontext(&contexts[i], (void (*)(void))coroutine, 1, i);
  }
  for (int i = 0; i < 3000; i++)
    for (int k = 0; k < COROUTINES; k++)
      swapcontext(&scheduler, &contexts[k]);
  if (setjmp(buffer) < 20000) {
    jumps++;
    longjmp(buffer, (int)jumps);
  }
  printf("%lu %lu\n", coroutine_sum, jumps);
}

/* ---- restartable sequences ------------------------------------------------------------------ */

static uint64_t counters[PROCESSORS][8];

/* Adds 1 to this processor's counter, unless it is interrupted. Returns whether it was. Spins in
   the sequence, so that this is likely. */
static int add_here(volatile struct rseq *area) {
  uint32_t processor = area->cpu_id_start;
  __asm__ goto(".pushsection __rseq_cs, \"aw\"\n"
               ".balign 32\n"
               "3: .long 0, 0\n .quad 1f, 2f - 1f, 4f\n"
               ".popsection\n"
               "lea 3b(%%rip), %%rax\n"
               "mov %%rax, 8(%[area])\n"
               "1: cmp %[processor], 4(%[area])\n jne 4f\n"
               "mov (%[counter]), %%rcx\n"
               "mov $60, %%eax\n"
               "5: dec %%eax\n jnz 5b\n"
               "inc %%rcx\n"
               "mov %%rcx, (%[counter])\n"
               "2:\n"
               ".pushsection __rseq_failure, \"ax\"\n"
               ".byte 0x0f, 0xb9, 0x3d\n .long 0x53053053\n"
               "4: jmp %l[interrupted]\n"
               ".popsection\n"
               :
               : [area] "r"(area), [processor] "r"(processor), [counter] "r"(counters[processor])
               : "rax", "rcx", "memory", "cc"
               : interrupted);
  return 1;
interrupted:
  return 0;
}

static void *add_many(void *argument) {
  volatile struct rseq *area =
      (struct rseq *)((uint8_t *)__builtin_thread_pointer() + __rseq_offset);
  for (int i = 0; i < 1000000;)
    i += add_here(area);
  return NULL;
}

static void sequences(void) {
  pthread_t threads[THREADS];
  uint64_t sum = 0;
  for (int i = 0; i < THREADS; i++)
    pthread_create(&threads[i], NULL, add_many, NULL);
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  for (int i = 0; i < PROCESSORS; i++)
    sum += counters[i][0];
  printf("%lu\n", sum);
}

int main(int argc, char **argv) {
  if (argc < 2)
    return 2;
  if (!strcmp(argv[1], "jit"))
    jit();
  else if (!strcmp(argv[1], "jit-twice"))
    jit_twice();
  else if (!strcmp(argv[1], "libraries") && argc == 4)
    libraries(argv + 2);
  else if (!strcmp(argv[1], "odd"))
    odd_branches();
  else if (!strcmp(argv[1], "coroutines"))
    coroutines();
  else if (!strcmp(argv[1], "sequences"))
    sequences();
  else
    return 2;
  return 0;
}

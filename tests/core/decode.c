/* decode.c - the decoder without a listing: corner cases by hand, and bytes at the end of memory.
 */
#include "x86/decode.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ADDRESS = 0x401000, ROUNDS = 400000, BEYOND = 2 * 16 };

static int failures;

/* One instruction, in hexadecimal, and what it must be; length 0 when it must be declined. */
struct example {
  const char *what, *bytes;
  int length;
  unsigned kind, flags;
};

static const struct example examples[] = {
    /* prefixes */
    {"nop", "90", 1, BE_X86_PLAIN, 0},
    {"pause", "f390", 2, BE_X86_PLAIN, 0},
    {"endbr64", "f30f1efa", 4, BE_X86_PLAIN, 0},
    {"nop of 15 bytes", "66666666662e0f1f840000000000 90", 14, BE_X86_PLAIN, BE_X86_MEMORY},
    {"16 bytes are too many", "6666666666666666660f1f840000000000", 0, 0, 0},
    {"prefixes without end", "66666666666666666666666666666666", 0, 0, 0},
    {"lock cmpxchg %rcx,(%rsp)", "f0480fb10c24", 6, BE_X86_PLAIN, BE_X86_MEMORY | BE_X86_NAMES_RSP},
    {"REX before 66: mov $imm16", "4866b83412", 5, BE_X86_PLAIN, 0},
    {"66 before REX.W: mov $imm64", "6648b80102030405060708", 11, BE_X86_PLAIN, 0},
    {"REX.W before REX.B: mov $imm32,%r8d", "4841b801020304", 7, BE_X86_PLAIN, 0},
    {"mov %ah,%al", "88e0", 2, BE_X86_PLAIN, 0},
    {"mov %spl,%al", "4088e0", 3, BE_X86_PLAIN, BE_X86_NAMES_RSP},
    {"sub $8,%rsp", "4883ec08", 4, BE_X86_PLAIN, BE_X86_NAMES_RSP},
    {"push %rsp", "54", 1, BE_X86_PLAIN, BE_X86_STACK | BE_X86_NAMES_RSP},
    {"push %r12", "4154", 2, BE_X86_PLAIN, BE_X86_STACK},
    {"enter $16,$1", "c8100001", 4, BE_X86_PLAIN, BE_X86_STACK},
    {"movsd (%r12),%xmm4", "f2410f102424", 6, BE_X86_PLAIN, BE_X86_MEMORY},
    /* immediates that depend on more than the opcode */
    {"test $1,%al", "f6c001", 3, BE_X86_PLAIN, 0},
    {"not %al", "f6d0", 2, BE_X86_PLAIN, 0},
    {"testw $1,(%rax)", "66f7000100", 5, BE_X86_PLAIN, BE_X86_MEMORY},
    {"extrq $1,$2,%xmm0", "660f78c00102", 6, BE_X86_PLAIN, 0},
    {"insertq $1,$2,%xmm1,%xmm0", "f20f78c10102", 6, BE_X86_PLAIN, 0},
    {"vmread %rax,%rcx", "0f78c1", 3, BE_X86_PLAIN, 0},
    {"shld $3,%eax,%ecx", "0fa4c103", 4, BE_X86_PLAIN, 0},
    {"pushw $1", "66680100", 4, BE_X86_PLAIN, BE_X86_STACK},
    {"pfadd %mm1,%mm0", "0f0fc19e", 4, BE_X86_PLAIN, 0},
    {"movabs moffs64,%al", "a00102030405060708", 9, BE_X86_PLAIN, BE_X86_MEMORY},
    {"addr32 mov moffs32,%al", "67a001020384", 6, BE_X86_PLAIN, BE_X86_MEMORY},
    {"mov %cr0,%rax, whatever mod says", "0f2000", 3, BE_X86_PLAIN, 0},
    /* VEX, EVEX, XOP */
    {"vzeroupper", "c5f877", 3, BE_X86_PLAIN, 0},
    {"VEX after 66", "66c5f877", 0, 0, 0},
    {"VEX after REX", "48c5f877", 0, 0, 0},
    {"vpalignr $1,%xmm2,%xmm1,%xmm0", "c4e3710fc201", 6, BE_X86_PLAIN, 0},
    {"andn %rsp,%rax,%rcx", "c4e2f8f2cc", 5, BE_X86_PLAIN, BE_X86_NAMES_RSP},
    {"vgatherdps, VEX", "c4e26992048d04000000", 10, BE_X86_PLAIN, BE_X86_MEMORY | BE_X86_VSIB},
    {"vgatherdps, EVEX, index zmm20", "62f27d4192446001", 8, BE_X86_PLAIN,
     BE_X86_MEMORY | BE_X86_VSIB | BE_X86_SCALED},
    {"a gather without SIB", "c4e2699200", 0, 0, 0},
    {"vpcmpeqb into a mask, with a mask", "62f16d4974c9", 6, BE_X86_PLAIN, 0},
    {"vpternlogd $255", "62f37d4825c0ff", 7, BE_X86_PLAIN, 0},
    {"vmovdqu8 64(%rsi),%zmm16{%k1}{z}", "62e17fc96f4601", 7, BE_X86_PLAIN,
     BE_X86_MEMORY | BE_X86_SCALED},
    {"vmovdqu64 0x100(%rip),%zmm0", "62f1fe486f0500010000", 10, BE_X86_PLAIN,
     BE_X86_MEMORY | BE_X86_RELATIVE},
    {"EVEX with a bit that is none", "62f97d4825c0ff", 0, 0, 0},
    {"bextr $imm32 (XOP)", "8fea7810c101020304", 9, BE_X86_PLAIN, 0},
    {"vprotb $1 (XOP)", "8fe878c0c101", 6, BE_X86_PLAIN, 0},
    {"pop (%rax), not XOP", "8f00", 2, BE_X86_PLAIN, BE_X86_STACK | BE_X86_MEMORY},
    /* branches */
    {"jmp rel8", "ebfe", 2, BE_X86_JUMP, 0},
    {"bnd jmp rel32", "f2e900000000", 6, BE_X86_JUMP, 0},
    {"jmp with 66", "66eb00", 0, 0, 0},
    {"call with 66", "66e800000000", 0, 0, 0},
    {"call with 66 and REX.W", "6648e800000000", 7, BE_X86_CALL, BE_X86_STACK},
    {"ret with 66", "66c3", 0, 0, 0},
    {"repz ret", "f3c3", 2, BE_X86_RETURN, BE_X86_STACK},
    {"notrack jmp *%rax", "3effe0", 3, BE_X86_JUMP_INDIRECT, 0},
    {"jmp *%rsp", "ffe4", 2, BE_X86_JUMP_INDIRECT, BE_X86_NAMES_RSP},
    {"bnd call *8(%rip)", "f2ff1508000000", 7, BE_X86_CALL_INDIRECT,
     BE_X86_STACK | BE_X86_MEMORY | BE_X86_RELATIVE},
    {"ljmp *(%rax)", "ff28", 2, BE_X86_JUMP_FAR, BE_X86_MEMORY | BE_X86_PINNED},
    {"rex.W lcall *(%rax)", "48ff18", 3, BE_X86_CALL_FAR,
     BE_X86_MEMORY | BE_X86_STACK | BE_X86_PINNED},
    {"lcall to a register", "ffd8", 0, 0, 0},
    {"lret", "cb", 1, BE_X86_RETURN_FAR, BE_X86_STACK | BE_X86_PINNED},
    {"iretq", "48cf", 2, BE_X86_RETURN_FAR, BE_X86_STACK | BE_X86_PINNED},
    {"syscall", "0f05", 2, BE_X86_SYSTEM, BE_X86_PINNED},
    {"sysenter", "0f34", 2, BE_X86_SYSTEM, BE_X86_PINNED},
    {"int $0x80", "cd80", 2, BE_X86_SYSTEM, BE_X86_PINNED},
    {"int3", "cc", 1, BE_X86_TRAP, BE_X86_PINNED},
    {"ud2", "0f0b", 2, BE_X86_TRAP, BE_X86_PINNED},
    {"hlt", "f4", 1, BE_X86_TRAP, BE_X86_PINNED},
    {"xabort $1", "c6f801", 3, BE_X86_XABORT, BE_X86_PINNED},
    {"xbegin", "c7f804000000", 6, BE_X86_XBEGIN, BE_X86_PINNED},
    {"xbegin with 66", "66c7f80400", 0, 0, 0},
    {"rdfsbase %rax", "f3480faec0", 5, BE_X86_PLAIN, 0},
    {"lea 8(%eip),%rax cannot be moved", "67488d0508000000", 8, BE_X86_PLAIN,
     BE_X86_MEMORY | BE_X86_RELATIVE | BE_X86_PINNED},
    /* what 64-bit mode does not have */
    {"push %es", "06", 0, 0, 0},
    {"lcall with its address", "9a010203040506", 0, 0, 0},
    {"pusha", "60", 0, 0, 0},
    {"JMPE, popcnt without F3", "0fb8c0", 0, 0, 0},
    {"nothing", "", 0, 0, 0},
};

static size_t parse(const char *text, uint8_t *bytes) {
  size_t count = 0;
  for (; *text; text++) {
    char digits[3] = {text[0], text[1], 0};
    if (*text == ' ')
      continue;
    bytes[count++] = (uint8_t)strtoul(digits, NULL, 16);
    text++;
  }
  return count;
}

static void expect(bool ok, const char *what, const char *detail) {
  if (!ok)
    printf("FAILED: %s: %s\n", what, detail);
  failures += !ok;
}

static struct be_x86_inst decode(const char *text) {
  struct be_x86_inst inst;
  uint8_t bytes[32];
  size_t size = parse(text, bytes);
  expect(be_x86_decode(bytes, size, ADDRESS, &inst) == (int)size, text, "its length");
  return inst;
}

static void test_examples(void) {
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    const struct example *e = &examples[i];
    struct be_x86_inst inst;
    uint8_t bytes[32];
    size_t size = parse(e->bytes, bytes);
    int length = be_x86_decode(bytes, size, ADDRESS, &inst);
    expect(length == e->length, e->what, "length");
    if (length && length == e->length) {
      expect(inst.kind == e->kind, e->what, "kind");
      expect(inst.flags == e->flags, e->what, "flags");
      expect(inst.length == length, e->what, "length in the result");
    }
  }
}

static void test_targets(void) {
  struct be_x86_inst inst = decode("ebfe");
  expect(inst.target == ADDRESS, "jmp .", "target");
  expect(inst.immediate_offset == 1 && inst.immediate_size == 1, "jmp .", "where its distance is");
  inst = decode("0f8f00010000");
  expect(inst.target == ADDRESS + 0x106 && inst.condition == 15, "jg", "target, condition");
  inst = decode("e8fbffffff");
  expect(inst.target == ADDRESS, "call .", "target");
  inst = decode("67e3fd");
  expect(inst.kind == BE_X86_JUMP_COUNT && inst.condition == 3 && inst.target == ADDRESS &&
             inst.prefixes == BE_X86_PREFIX_ADDRESS,
         "jecxz .", "target, condition, prefixes");
  inst = decode("e2fe");
  expect(inst.kind == BE_X86_JUMP_COUNT && inst.condition == 2, "loop .", "condition");
  inst = decode("c2feff");
  expect(inst.immediate == 0xfffe, "ret $0xfffe", "what it pops is unsigned");
  inst = decode("c7f8faffffff");
  expect(inst.target == ADDRESS, "xbegin .", "target");
}

static void test_operands(void) {
  struct be_x86_inst inst = decode("3e42ff64e110");
  expect(inst.memory_base == 1 && inst.memory_index == 12 && inst.memory_scale == 8 &&
             inst.displacement == 16 && inst.displacement_offset == 5 &&
             inst.displacement_size == 1 && inst.rm == BE_X86_NONE &&
             inst.prefixes == (BE_X86_PREFIX_DS | BE_X86_PREFIX_REX),
         "notrack jmp *16(%rcx,%r12,8)", "operand");
  inst = decode("41ffd4");
  expect(inst.rm == 12 && !(inst.flags & BE_X86_MEMORY), "call *%r12", "operand");
  inst = decode("64ff1425f0ffffff");
  expect(inst.memory_segment == BE_X86_FS && inst.memory_base == BE_X86_NONE &&
             inst.memory_index == BE_X86_NONE && inst.displacement == -16,
         "call *%fs:-16", "operand");
  inst = decode("c705f8ffffff01000000");
  expect(inst.memory_base == BE_X86_RIP && inst.memory_address == ADDRESS + 2 &&
             inst.displacement_offset == 2 && inst.displacement_size == 4 && inst.immediate == 1 &&
             inst.immediate_offset == 6 && inst.immediate_size == 4,
         "movl $1,-8(%rip)", "operand");
  inst = decode("4a630484");
  expect(inst.reg == 0 && inst.has_reg && inst.wide && inst.memory_base == BE_X86_RSP &&
             inst.memory_index == 8 && inst.memory_scale == 4 && inst.opcode == 0x63 && !inst.map,
         "movslq (%rsp,%r8,4),%rax", "operand");
  inst = decode("62f27d4192446001");
  expect(inst.memory_index == 20 && inst.displacement == 1, "gather", "index, unscaled");
  inst = decode("62a17f486fca");
  expect(inst.reg == 17 && inst.rm == 18 && inst.space == BE_X86_EVEX && inst.map == 1,
         "vmovdqu8 %zmm18,%zmm17", "registers");
  inst = decode("67a001020384");
  expect(inst.displacement == 0x84030201, "addr32 mov moffs", "address is unsigned");
}

/* ---- bytes at the end of memory ------------------------------------------------------------ */

static uint64_t random_state = 20250101;

static uint64_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

/* Half of them begin with what makes long instructions. */
static void fill(uint8_t *bytes, size_t size) {
  static const uint8_t first[] = {0x66, 0xf2, 0xf3, 0x67, 0x48, 0x0f, 0x62, 0xc4, 0x8f, 0x41};
  for (size_t i = 0; i < size; i++)
    bytes[i] = (uint8_t)(next_random() >> 24);
  for (size_t i = 0; i < size && next_random() >> 63; i++)
    bytes[i] = first[next_random() % sizeof first];
}

/* Every size up to the end of readable memory: what is cut is no instruction, what is not is the
   same as with more bytes behind it. */
static void try_sizes(uint8_t *end) {
  const size_t members = offsetof(struct be_x86_inst, immediate_size) + 1; /* padding is not */
  struct be_x86_inst whole, part;
  int length = be_x86_decode(end - BEYOND, BEYOND, ADDRESS, &whole);
  expect(length >= 0 && length <= BE_X86_LENGTH_MAX, "random bytes", "length");
  for (size_t size = 0; size <= BE_X86_LENGTH_MAX; size++) {
    memmove(end - size, end - BEYOND, size);
    int cut = be_x86_decode(end - size, size, ADDRESS, &part);
    memmove(end - BEYOND, end - size, size);
    if (length && size >= (size_t)length)
      expect(cut == length && !memcmp(&part, &whole, members), "random bytes", "cut behind");
    else
      expect(cut == 0, "random bytes", "cut within");
  }
}

static void test_bounds(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  uint8_t *memory =
      mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory + page, page, PROT_NONE) != 0) {
    expect(false, "bounds", "no memory");
    return;
  }
  for (int i = 0; i < ROUNDS && failures < 20; i++) {
    fill(memory + page - BEYOND, BEYOND);
    try_sizes(memory + page);
  }
  munmap(memory, 2 * page);
}

int main(void) {
  test_examples();
  test_targets();
  test_operands();
  test_bounds();
  printf("%s\n", failures ? "FAILED" : "ok");
  return failures != 0;
}

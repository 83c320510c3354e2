/* decode.h - what one x86-64 instruction is: its length, where it goes, and what a copy must fix.
 *
 * Shared by the agent that lives in other people's processes, which copies basic blocks elsewhere,
 * and by the tools that walk a binary's code. So nothing here calls libc, allocates or writes to
 * anything but *out: all of it may run in a signal handler and in any number of threads.
 *
 * The border to other architectures is this folder. What knows an encoding stands in it; another
 * architecture is another folder whose decode.h answers the same questions (length, kind, target,
 * what a copy must fix), and its callers choose one of them by the ELF file's machine.
 *
 * 64-bit mode only. The facts are from the opcode maps and instruction pages of the Intel SDM
 * (volume 2, appendix A; newer ones, up to AVX10.2, from its companion reference of extensions)
 * and, for 3DNow!, SSE4a, XOP, FMA4, TBM and LWP, of the AMD APM (volumes 3 to 6). APX is not
 * decoded.
 */
#ifndef BACKEDGE_RUNTIME_X86_DECODE_H
#define BACKEDGE_RUNTIME_X86_DECODE_H

#include <stddef.h>
#include <stdint.h>

/* No instruction is longer, in bytes. */
#define BE_X86_LENGTH_MAX 15

enum be_x86_kind {
  BE_X86_PLAIN,         /* goes on with the next one */
  BE_X86_JUMP,          /* jmp rel */
  BE_X86_JUMP_IF,       /* jcc rel: condition */
  BE_X86_JUMP_COUNT,    /* loopne, loope, loop, jrcxz: condition 0, 1, 2, 3 */
  BE_X86_JUMP_INDIRECT, /* jmp *: the operand has 8 bytes */
  BE_X86_CALL,          /* call rel; pushes the address after it */
  BE_X86_CALL_INDIRECT, /* call *: as above */
  BE_X86_RETURN,        /* ret; immediate is what it pops besides, in bytes */
  BE_X86_JUMP_FAR,      /* ljmp * */
  BE_X86_CALL_FAR,      /* lcall * */
  BE_X86_RETURN_FAR,    /* lret, iret, sysret, sysexit, uiret, rsm */
  BE_X86_SYSTEM,        /* syscall, sysenter, int n, enclu */
  BE_X86_TRAP,          /* int3, int1, hlt, ud0, ud1, ud2 */
  BE_X86_XBEGIN,        /* target is where an aborted transaction goes on */
  BE_X86_XABORT,
};

/* Registers have the numbers that the encoding gives them: rax 0, rcx 1, rdx 2, rbx 3, rsp 4, … */
enum { BE_X86_RSP = 4, BE_X86_FS = 4, BE_X86_GS = 5, BE_X86_RIP = 0x80, BE_X86_NONE = 0xff };

/* Prefixes, as they stand before the opcode. Where VEX, EVEX or XOP say the same, it is not here.
 */
enum {
  BE_X86_PREFIX_OPERAND = 1 << 0, /* 66 */
  BE_X86_PREFIX_ADDRESS = 1 << 1, /* 67: addresses, and rcx of jrcxz and loop, have 32 bits */
  BE_X86_PREFIX_REPNE = 1 << 2,   /* F2; of a branch: bnd */
  BE_X86_PREFIX_REP = 1 << 3,     /* F3 */
  BE_X86_PREFIX_LOCK = 1 << 4,    /* F0 */
  BE_X86_PREFIX_DS = 1 << 5,      /* 3E; of an indirect jump or call: notrack */
  BE_X86_PREFIX_SEGMENT = 1 << 6, /* any other of a segment; which one counts: memory_segment */
  BE_X86_PREFIX_REX = 1 << 7,     /* a REX that counts: one before another prefix does not */
};

enum {
  BE_X86_MEMORY = 1 << 0,   /* has an operand in memory, given by ModRM or moffs */
  BE_X86_RELATIVE = 1 << 1, /* and its address counts from the next instruction: memory_address */
  BE_X86_VSIB = 1 << 2,     /* its index is a vector register (gather, scatter) */
  BE_X86_SCALED = 1 << 3,   /* EVEX with one byte of displacement: displacement is unscaled */
  BE_X86_STACK = 1 << 4,    /* pushes or pops: changes rsp, and uses memory at it */
  BE_X86_NAMES_RSP =
      1 << 5,             /* rsp, esp, sp or spl is an operand, or rsp is a memory operand's base */
  BE_X86_PINNED = 1 << 6, /* means another thing elsewhere, or leaves user code: never copy it */
};

enum be_x86_space { BE_X86_LEGACY, BE_X86_VEX, BE_X86_EVEX, BE_X86_XOP };

struct be_x86_inst {
  uint64_t target;         /* of a direct jump, call or xbegin; else 0 */
  uint64_t memory_address; /* of a RIP-relative operand; else 0 */
  int64_t displacement;    /* of the memory operand, sign-extended; moffs: the address */
  int64_t immediate;       /* sign-extended but in ret and enter; of two, the first is lowest */
  uint8_t length;          /* in bytes */
  uint8_t kind;            /* enum be_x86_kind */
  uint8_t condition;       /* of jcc: its encoding, 0 (o) to 15 (g) */
  uint8_t flags;           /* BE_X86_MEMORY … */
  uint8_t prefixes;        /* BE_X86_PREFIX_… */
  uint8_t space;           /* enum be_x86_space */
  uint8_t map;             /* 0: one byte, 1: 0F, 2: 0F 38, 3: 0F 3A, or what VEX … say */
  uint8_t opcode;
  uint8_t wide;           /* 1: REX.W, or W of VEX, EVEX, XOP */
  uint8_t has_reg;        /* 1: there is a ModRM byte, and so reg */
  uint8_t reg;            /* its register, or the number that tells a group's members apart */
  uint8_t rm;             /* its other register; BE_X86_NONE when that is in memory or not there */
  uint8_t memory_base;    /* a register, BE_X86_RIP or BE_X86_NONE */
  uint8_t memory_index;   /* a register or BE_X86_NONE */
  uint8_t memory_scale;   /* 1, 2, 4, 8 */
  uint8_t memory_segment; /* BE_X86_FS, BE_X86_GS; the others start at 0: BE_X86_NONE */
  uint8_t displacement_offset; /* in bytes from the instruction's start */
  uint8_t displacement_size;   /* in bytes: 0, 1, 4, 8 */
  uint8_t immediate_offset;    /* the same of the immediate, or of a branch's distance */
  uint8_t immediate_size;      /* in bytes: 0, 1, 2, 3 (enter), 4, 8 */
};

/* Decodes the instruction that stands at code, of which size bytes may be read, and that runs at
   address. Returns its length, or 0 when there is none in so many bytes; *out is then undefined.
   Returns 0 also for what processors disagree about: a near branch or xbegin with an operand-size
   prefix (AMD cuts the target of a branch to 16 bits, Intel does not).

   What a processor rejects is found by opcode, group and map. Finer rules (LOCK before what cannot
   be locked, W or L that an instruction does not have) are not checked: the length is right, and
   running it raises the same fault in a copy.

   A copy runs like the original when BE_X86_PINNED is not set, its kind is BE_X86_PLAIN, and the
   displacement of a RIP-relative operand is changed by as much as the instruction was moved. What
   still tells it from the original: x87's record of where its last instruction was (fnstenv). */
int be_x86_decode(const uint8_t *code, size_t size, uint64_t address, struct be_x86_inst *out);

#endif

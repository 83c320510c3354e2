/* context.h - what the code in enter.S and the C around it both know: offsets and reasons. */
#ifndef BACKEDGE_RUNTIME_X86_CONTEXT_H
#define BACKEDGE_RUNTIME_X86_CONTEXT_H

/* struct context: of one code cache; the general registers first, by their numbers. */
#define CONTEXT_RAX 0
#define CONTEXT_RCX 8
#define CONTEXT_RDX 16
#define CONTEXT_RBX 24
#define CONTEXT_RSP 32
#define CONTEXT_RBP 40
#define CONTEXT_RSI 48
#define CONTEXT_RDI 56
#define CONTEXT_R8 64
#define CONTEXT_R9 72
#define CONTEXT_R10 80
#define CONTEXT_R11 88
#define CONTEXT_R12 96
#define CONTEXT_R13 104
#define CONTEXT_R14 112
#define CONTEXT_R15 120
#define CONTEXT_FLAGS 128
#define CONTEXT_ENTRY 136     /* where in the cache to go on */
#define CONTEXT_AGENT_RSP 144 /* the agent's stack, while the target's code runs */
#define CONTEXT_SCRATCH 152   /* the target's value of a register that a copy uses */
#define CONTEXT_TO 160        /* where an indirect branch goes */
#define CONTEXT_EDGE 168      /* the one that was taken last */
#define CONTEXT_NEXT 176      /* where to write the next branch */
#define CONTEXT_LEFT 184      /* how many may still be written */
#define CONTEXT_EPOCH 192     /* number of the burst */
#define CONTEXT_WHY 200       /* WHY_… */
#define CONTEXT_BACK 208      /* where in the agent to go when the cache is left */
#define CONTEXT_ENTER 216     /* where in the cache registers are loaded */

/* struct edge: a way out of a block. */
#define EDGE_FROM 0
#define EDGE_TO 8      /* of an indirect branch: minus where it went last */
#define EDGE_TARGET 16 /* the copy of what is there */
#define EDGE_AGE 24    /* minus the number of the burst in which the copy was last compared */

/* Why the cache was left. */
#define WHY_MISS 0  /* EDGE has no copy that was compared in this burst */
#define WHY_FULL 1  /* EDGE was the last branch there is room for */
#define WHY_STOP 2  /* EDGE says why no copy goes on */
#define WHY_FAULT 3 /* the target's instruction got a signal */

/* From the context to the code in a cache, in bytes: enter.S is copied to where this is so. */
#define CONTEXT_TO_CODE 0x1000000

#endif

/* cache.h - a code cache: copies of basic blocks, the ways between them, and one burst's state. */
#ifndef BACKEDGE_RUNTIME_X86_CACHE_H
#define BACKEDGE_RUNTIME_X86_CACHE_H

#include "agent/cpu.h"
#include "context.h"

enum {
  CODE_SIZE = 4 << 20, /* in bytes */
  EDGE_COUNT = 1 << 16,
  BLOCK_COUNT = 1 << 15,
  POINT_COUNT = 3 << 17,
  HASH_SIZE = 1 << 16,
  BLOCK_BYTES = 240, /* of a block's original code, at most */
  BLOCK_INSTRUCTIONS = 48,
  BLOCK_CONDITIONALS = 4, /* a block goes on behind so many that were not taken, less one */
  BLOCK_ROOM = 4096,      /* no copy is larger, in bytes */
};

struct context {
  uint64_t registers[16]; /* by their numbers */
  uint64_t flags, entry, agent_rsp, scratch, to;
  struct edge *edge;
  struct be_branch *next;
  uint64_t left, epoch, why, back, enter;
};

enum edge_kind { EDGE_TAKE, EDGE_SKIP, EDGE_INDIRECT, EDGE_STOP };

/* A way out of a block. The code in enter.S knows the first four. Each in one line of the
   processor's cache: what a burst costs is mostly what it has to wait for memory. */
struct edge {
  uint64_t from, to, target, age;
  struct block *block; /* that is at target, or NULL */
  int32_t popped;      /* by an indirect branch, in bytes */
  uint8_t kind;        /* enum edge_kind */
  uint8_t end;         /* of EDGE_STOP: enum be_burst_end */
} __attribute__((aligned(64)));

/* Which register has another value than the target's at a point, and where the target's is. */
enum spill { SPILL_NONE, SPILL_RAX, SPILL_SCRATCH /* + its number */ };

/* From code on, until the next point, the copy stands for one original instruction. */
struct point {
  uint32_t code; /* offset in the cache's code */
  uint8_t delta; /* of the instruction, from the block's start */
  uint8_t spill; /* enum spill */
};

struct block {
  uint64_t start; /* 0: what is there now is another one */
  uint64_t epoch; /* the burst in which it was compared last */
  uint64_t sum;   /* of the original's bytes */
  uint32_t code, points, edges;
  uint32_t next; /* with the same hash; 0: none */
  uint16_t length, point_count;
};

struct be_cache {
  struct context context;
  uint8_t *write;                              /* the code, where it may be written */
  uint32_t code_used, edge_count, block_count; /* block 0 is none */
  uint32_t point_count;
  uint64_t flushes, blocks_made, flushes_made;
  uint64_t fault_ip;
  uint32_t hash[HASH_SIZE]; /* of blocks, by their starts */
  struct edge edges[EDGE_COUNT];
  struct block blocks[BLOCK_COUNT];
  struct point points[POINT_COUNT];
};

/* The code in enter.S, to be copied, and its entries. */
extern const uint8_t be_x86_code[], be_x86_code_take[], be_x86_code_skip[], be_x86_code_indirect[],
    be_x86_code_stop[], be_x86_code_end[];

static inline uint64_t cache_code(const struct be_cache *cache) {
  return (uint64_t)cache + CONTEXT_TO_CODE;
}

/* A sum that two different codes do not have in common. There is memory up to a multiple of 8. */
static inline uint64_t code_sum(const uint8_t *bytes, unsigned length) {
  const uint64_t factor = 0x9e3779b97f4a7c15u;
  uint64_t sum = length * factor, word;
  for (unsigned i = 0; i < length; i += 8) {
    __builtin_memcpy(&word, bytes + i, sizeof word);
    if (length - i < 8)
      word &= ~0ull >> (64 - 8 * (length - i));
    sum = (sum ^ word) * factor;
    sum ^= sum >> 32;
  }
  return sum;
}

static inline uint32_t cache_hash(uint64_t address) {
  return (uint32_t)(address * 0x9e3779b97f4a7c15ull >> 48) & (HASH_SIZE - 1);
}

/* Copies the block that starts at address, with a hash entry. Returns NULL, and *end says why,
   when not one instruction of it may run as a copy. May flush the cache. */
struct block *be_x86_translate(struct be_cache *cache, struct be_map *map, uint64_t address,
                               enum be_burst_end *end);

#endif

/* graph.h - the control-flow graph of a function, as its code in the binary has it.
 *
 * A function is taken together with its fragments (name.cold). A block begins where something leads
 * to, and ends with a jump, a return, a trap, or a call that does not come back; other calls end
 * none. So it differs from the blocks of code.h, which are those that BOLT's profiles speak of.
 */
#ifndef BACKEDGE_PROFILE_GRAPH_H
#define BACKEDGE_PROFILE_GRAPH_H

#include "backedge/profile/binary.h"

enum be_graph_flag {
  BE_GRAPH_ENTRY = 1 << 0,   /* the function begins here, or others call it or jump to it here */
  BE_GRAPH_LANDING = 1 << 1, /* exceptions land here */
  BE_GRAPH_LEAVES = 1 << 2,  /* its end may leave the function: a return, a jump to another one */
  BE_GRAPH_STOPS = 1 << 3,   /* nothing follows its end: a trap, a call that does not come back */
  BE_GRAPH_UNKNOWN = 1 << 4, /* ends with an indirect jump of which not all targets are known */
  BE_GRAPH_CALLS = 1 << 5, /* has a call in it, so that an exception may leave it before its end */
  BE_GRAPH_ENDS_CALL = 1 << 6, /* its last instruction is a call */
};

struct be_graph_block {
  uint32_t place;
  uint32_t last;         /* place of its last instruction */
  uint32_t size;         /* bytes */
  uint32_t instructions; /* how many */
  uint32_t flags;        /* enum be_graph_flag */
  uint32_t edge;         /* its first edge; they end where those of the next block begin */
};

enum be_graph_edge_kind {
  BE_GRAPH_FALL,  /* to the block that stands behind it */
  BE_GRAPH_JUMP,  /* a direct jump; to the very next block, too */
  BE_GRAPH_TABLE, /* an indirect jump, by its table */
  BE_GRAPH_SEEN   /* an indirect jump, since it was seen to lead there */
};

struct be_graph_edge {
  uint32_t from, to; /* blocks */
  uint32_t kind;     /* enum be_graph_edge_kind */
};

struct be_graph_call { /* direct: a call, or a jump to another function's beginning */
  uint32_t place;      /* of the instruction */
  uint32_t target;     /* place; BE_PLACE_OUTSIDE */
  uint32_t block;
};

struct be_graph {
  const struct be_function *const *parts; /* the function, then its fragments */
  size_t part_count;
  struct be_graph_block *blocks; /* sorted by place; one more after the last, of which only the edge
                                    is valid */
  size_t block_count;
  struct be_graph_edge *edges; /* sorted by (from, to); from a block to another only one */
  size_t edge_count;
  struct be_graph_call *calls; /* sorted by place */
  size_t call_count;
};

/* A jump that was seen: of indirect ones, and into functions from elsewhere. */
struct be_graph_jump {
  uint32_t from, to; /* places; from may be BE_PLACE_OUTSIDE */
};

struct be_graph_reader;

/* The binary must outlive the reader. -ENOMEM. */
int be_graph_open(const struct be_binary *binary, struct be_graph_reader **reader,
                  struct be_error *error);
void be_graph_close(struct be_graph_reader *reader);

/* The number (in binary->functions) of the function that a function is a part of: its own, but for
 * fragments. */
uint32_t be_graph_whole(const struct be_graph_reader *reader, uint32_t function);

/* The graph of a function that is no fragment. What it has is the reader's, and valid until the
 * next call. Jumps that concern other functions are ignored. -EILSEQ when the function itself
 * cannot be decoded (a fragment that cannot is left out); -ENOMEM. */
int be_graph_read(struct be_graph_reader *reader, const struct be_function *function,
                  const struct be_graph_jump *jumps, size_t jump_count, struct be_graph *graph);

/* The block that a place is in; block_count when it is in none. */
size_t be_graph_block_at(const struct be_graph *graph, uint32_t place);

/* The edge between two blocks; edge_count when there is none. */
size_t be_graph_edge_between(const struct be_graph *graph, size_t from, size_t to);

/* Does a call of the function never come back? Known by its name, or because nothing in its code
 * does return. */
bool be_graph_never_returns(struct be_graph_reader *reader, uint32_t place);

#endif

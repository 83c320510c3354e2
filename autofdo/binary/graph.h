/* graph.h - what the files that make the graph of a function share. */
#ifndef BACKEDGE_BINARY_GRAPH_H
#define BACKEDGE_BINARY_GRAPH_H

#include "backedge/profile/graph.h"
#include "jumps.h"

struct be_graph_end { /* of a block */
  uint32_t target;    /* of its jump; BE_PLACE_OUTSIDE */
  uint8_t kind;       /* enum be_inst_kind */
  bool is_last;       /* of its part: no block stands behind it */
};

struct be_graph_reader {
  const struct be_binary *binary;
  struct be_code_reader *code;
  struct be_words words;
  uint32_t *whole;                  /* of each function: the one that it is a part of */
  uint8_t *returns;                 /* of each function: enum be_graph_returns */
  const struct be_function **parts; /* of the function at hand, sorted by place */
  struct be_graph_jump *jumps;      /* through tables, and those that were seen */
  uint32_t *entries;                /* of the part at hand */
  struct be_graph_end *ends;        /* of each block */
  struct be_graph graph;
  size_t part_room, jump_count, seen_count, jump_room, entry_room, end_room, block_room, edge_room,
      call_room;
};

enum be_graph_returns { BE_RETURNS_UNKNOWN, BE_RETURNS, BE_RETURNS_NEVER };

/* The index of the function that a place is in; UINT32_MAX when it is in none. */
uint32_t be_graph_function_at(const struct be_graph_reader *reader, uint32_t place);

/* Finds out which function each fragment is a part of. 0 or -ENOMEM. */
int be_graph_find_parts(struct be_graph_reader *reader);

#endif

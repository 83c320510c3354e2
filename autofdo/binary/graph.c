/* graph.c - the control-flow graph of a function and its fragments.
 *
 * First the jumps through tables are looked up in all parts, since they lead from part to part;
 * then each part is cut into blocks; then the blocks are joined by edges.
 */
#include "graph.h"
#include "decode.h"
#include "room.h"
#include "search.h"
#include <errno.h>
#include <stdlib.h>

/* Jumps through tables that one function may have: more is no function. */
enum { TABLES_MAX = 64, TABLE_JUMPS_MAX = 1 << 22 };

/* ---- places, blocks, edges --------------------------------------------------------------------
 */

size_t be_graph_block_at(const struct be_graph *graph, uint32_t place) {
  size_t behind;
  BE_FIND_FIRST(behind, graph->block_count, graph->blocks[behind].place > place);
  bool is_inside =
      behind && place - graph->blocks[behind - 1].place < graph->blocks[behind - 1].size;
  return is_inside ? behind - 1 : graph->block_count;
}

size_t be_graph_edge_between(const struct be_graph *graph, size_t from, size_t to) {
  size_t first = graph->blocks[from].edge, count = graph->blocks[from + 1].edge - first, at;
  BE_FIND_FIRST(at, count, graph->edges[first + at].to >= to);
  return at < count && graph->edges[first + at].to == to ? first + at : graph->edge_count;
}

static bool is_in(const struct be_function *part, uint32_t place) {
  return place - part->place < part->size;
}

static bool is_in_unit(const struct be_graph_reader *reader, uint32_t place) {
  for (size_t i = 0; i < reader->graph.part_count; i++)
    if (is_in(reader->parts[i], place))
      return true;
  return false;
}

/* The block that begins at a place; block_count when none does. */
static size_t block_beginning(const struct be_graph *graph, uint32_t place) {
  size_t block = be_graph_block_at(graph, place);
  return block < graph->block_count && graph->blocks[block].place == place ? block
                                                                           : graph->block_count;
}

/* ---- parts ------------------------------------------------------------------------------------
 */

static int part_order(const void *left, const void *right) {
  const struct be_function *a = *(const struct be_function *const *)left,
                           *b = *(const struct be_function *const *)right;
  return (a->place > b->place) - (a->place < b->place);
}

static int find_parts(struct be_graph_reader *reader, const struct be_function *function) {
  const struct be_function *functions = reader->binary->functions;
  uint32_t whole = (uint32_t)(function - functions);
  size_t count = 0;
  if (!BE_MAKE_ROOM(reader->parts, count, reader->part_room))
    return -ENOMEM;
  reader->parts[count++] = function;
  for (size_t i = be_code_first_related(reader->code, function);
       i < reader->code->fragment_count && be_code_is_related(reader->code->fragments[i], function);
       i++) {
    const struct be_function *other = reader->code->fragments[i];
    if (other == function || reader->whole[other - functions] != whole)
      continue;
    if (!BE_MAKE_ROOM(reader->parts, count, reader->part_room))
      return -ENOMEM;
    reader->parts[count++] = other;
  }
  qsort(reader->parts, count, sizeof *reader->parts, part_order);
  reader->graph.parts = reader->parts;
  reader->graph.part_count = count;
  return 0;
}

/* ---- jumps through tables ---------------------------------------------------------------------
 */

static int add_jump(struct be_graph_reader *reader, uint32_t from, uint32_t to) {
  if (!BE_MAKE_ROOM(reader->jumps, reader->jump_count, reader->jump_room))
    return -ENOMEM;
  reader->jumps[reader->jump_count++] = (struct be_graph_jump){from, to};
  return 0;
}

/* Where nothing comes to, as the compiler knew, entries lead to behind the code. */
static bool is_end(const struct be_graph_reader *reader, uint32_t place) {
  for (size_t i = 0; i < reader->graph.part_count; i++)
    if (place == reader->parts[i]->place + reader->parts[i]->size)
      return true;
  return false;
}

/* Up to the first entry that leads out of the function. One entry alone is taken for chance. */
static int add_table(struct be_graph_reader *reader, uint32_t from,
                     const struct be_jump_table *table) {
  size_t begin = reader->jump_count;
  for (uint64_t i = 0; i < table->bound && reader->jump_count < TABLE_JUMPS_MAX; i++) {
    uint32_t to = be_jump_table_entry(table, &reader->words, i);
    bool is_inside = is_in_unit(reader, to);
    if (!is_inside && !is_end(reader, to))
      break;
    if (is_inside && add_jump(reader, from, to))
      return -ENOMEM;
  }
  if (reader->jump_count - begin < 2)
    reader->jump_count = begin;
  return 0;
}

/* Of the part at hand. */
static int add_tables(struct be_graph_reader *reader) {
  const struct be_code_reader *code = reader->code;
  struct be_jump_table tables[TABLES_MAX];
  for (size_t i = 0; i < code->inst_count; i++) {
    if (code->insts[i].kind != BE_INST_JUMP_INDIRECT)
      continue;
    size_t count = be_jump_find_tables(code, i, tables, TABLES_MAX);
    for (size_t k = 0; k < count; k++)
      if (add_table(reader, code->insts[i].place, &tables[k]))
        return -ENOMEM;
  }
  return 0;
}

static int jump_order(const void *left, const void *right) {
  const struct be_graph_jump *a = left, *b = right;
  if (a->from != b->from)
    return a->from < b->from ? -1 : 1;
  return (a->to > b->to) - (a->to < b->to);
}

/* Sorts them, each but once. */
static void tidy_jumps(struct be_graph_reader *reader) {
  size_t used = 0;
  if (reader->jump_count)
    qsort(reader->jumps, reader->jump_count, sizeof *reader->jumps, jump_order);
  for (size_t i = 0; i < reader->jump_count; i++)
    if (!used || jump_order(&reader->jumps[used - 1], &reader->jumps[i]) != 0)
      reader->jumps[used++] = reader->jumps[i];
  reader->jump_count = used;
}

/* All jumps into the unit that its instructions do not say; the scan of the only part stays. */
static int find_jumps(struct be_graph_reader *reader, const struct be_function *function,
                      const struct be_graph_jump *seen, size_t seen_count) {
  reader->jump_count = 0;
  for (size_t i = 0; i < reader->graph.part_count; i++) {
    const struct be_function *part = reader->parts[i];
    int status = be_code_scan(reader->code, part, NULL, 0);
    if (status == -EILSEQ && part != function)
      continue;
    if (status)
      return status;
    if (reader->code->has_indirect && add_tables(reader))
      return -ENOMEM;
  }
  tidy_jumps(reader);
  reader->seen_count = reader->jump_count;
  for (size_t i = 0; i < seen_count; i++)
    if (is_in_unit(reader, seen[i].to) && add_jump(reader, seen[i].from, seen[i].to))
      return -ENOMEM;
  return 0;
}

/* ---- blocks -----------------------------------------------------------------------------------
 */

static int find_entries(struct be_graph_reader *reader, const struct be_function *part,
                        size_t *count) {
  *count = 0;
  for (size_t i = 0; i < reader->jump_count; i++) {
    if (!is_in(part, reader->jumps[i].to))
      continue;
    if (!BE_MAKE_ROOM(reader->entries, *count, reader->entry_room))
      return -ENOMEM;
    reader->entries[(*count)++] = reader->jumps[i].to;
  }
  return 0;
}

static bool ends_block(struct be_graph_reader *reader, const struct be_code_inst *inst) {
  switch (inst->kind) {
  case BE_INST_PLAIN:
  case BE_INST_CALL_INDIRECT:
    return false;
  case BE_INST_CALL:
    return be_graph_never_returns(reader, inst->target);
  default:
    return true;
  }
}

static int begin_block(struct be_graph_reader *reader, const struct be_code_inst *inst) {
  struct be_graph *graph = &reader->graph;
  uint8_t marks = reader->code->marks[inst->place - reader->code->insts->place];
  if (!BE_MAKE_ROOM(graph->blocks, graph->block_count + 1, reader->block_room) ||
      !BE_MAKE_ROOM(reader->ends, graph->block_count, reader->end_room))
    return -ENOMEM;
  graph->blocks[graph->block_count++] = (struct be_graph_block){
      .place = inst->place,
      .flags = (marks & BE_MARK_LANDING ? BE_GRAPH_LANDING : 0u) |
               (marks & BE_MARK_SYMBOL ? BE_GRAPH_ENTRY : 0u),
  };
  return 0;
}

static int note_call(struct be_graph_reader *reader, const struct be_code_inst *inst) {
  struct be_graph *graph = &reader->graph;
  if (!BE_MAKE_ROOM(graph->calls, graph->call_count, reader->call_room))
    return -ENOMEM;
  graph->calls[graph->call_count++] =
      (struct be_graph_call){inst->place, inst->target, (uint32_t)(graph->block_count - 1)};
  return 0;
}

/* Adds an instruction to the last block; true in *ends when it ends there. */
static int add_inst(struct be_graph_reader *reader, const struct be_code_inst *inst, bool *ends) {
  struct be_graph_block *block = &reader->graph.blocks[reader->graph.block_count - 1];
  bool calls = inst->kind == BE_INST_CALL || inst->kind == BE_INST_CALL_INDIRECT;
  bool jumps = inst->kind == BE_INST_JUMP || inst->kind == BE_INST_JUMP_IF;
  *ends = ends_block(reader, inst);
  block->last = inst->place;
  block->size = inst->place + inst->length - block->place;
  block->instructions++;
  block->flags &= ~(uint32_t)BE_GRAPH_ENDS_CALL;
  if (calls)
    block->flags |= BE_GRAPH_CALLS | BE_GRAPH_ENDS_CALL;
  reader->ends[reader->graph.block_count - 1] =
      (struct be_graph_end){inst->target, *ends && calls ? BE_INST_STOP : inst->kind, false};
  bool leaves = inst->kind == BE_INST_CALL || (jumps && !is_in_unit(reader, inst->target));
  return leaves ? note_call(reader, inst) : 0;
}

static int cut_part(struct be_graph_reader *reader) {
  const struct be_code_reader *code = reader->code;
  bool ends = true;
  for (size_t i = 0; i < code->inst_count; i++) {
    const struct be_code_inst *inst = &code->insts[i];
    bool is_label = code->marks[inst->place - code->insts->place] & BE_MARK_LABEL;
    if (((ends || is_label) && begin_block(reader, inst)) || add_inst(reader, inst, &ends))
      return -ENOMEM;
  }
  if (code->inst_count)
    reader->ends[reader->graph.block_count - 1].is_last = true;
  return 0;
}

static int make_blocks(struct be_graph_reader *reader, const struct be_function *function) {
  struct be_graph *graph = &reader->graph;
  size_t entry_count;
  graph->block_count = graph->call_count = 0;
  for (size_t i = 0; i < graph->part_count; i++) {
    if (find_entries(reader, reader->parts[i], &entry_count))
      return -ENOMEM;
    int status = be_code_scan(reader->code, reader->parts[i], reader->entries, entry_count);
    if (status == -EILSEQ && reader->parts[i] != function)
      continue;
    if (status || cut_part(reader))
      return status ? status : -ENOMEM;
  }
  size_t first = block_beginning(graph, function->place);
  if (first == graph->block_count)
    return -EILSEQ;
  graph->blocks[first].flags |= BE_GRAPH_ENTRY;
  return 0;
}

/* ---- edges ------------------------------------------------------------------------------------
 */

static int add_edge(struct be_graph_reader *reader, size_t from, size_t to,
                    enum be_graph_edge_kind kind) {
  struct be_graph *graph = &reader->graph;
  if (!BE_MAKE_ROOM(graph->edges, graph->edge_count, reader->edge_room))
    return -ENOMEM;
  graph->edges[graph->edge_count++] = (struct be_graph_edge){(uint32_t)from, (uint32_t)to, kind};
  return 0;
}

/* What a block's end leads to, but for indirect jumps. */
static int add_end(struct be_graph_reader *reader, size_t block) {
  struct be_graph *graph = &reader->graph;
  const struct be_graph_end *end = &reader->ends[block];
  uint32_t *flags = &graph->blocks[block].flags;
  bool jumps = end->kind == BE_INST_JUMP || end->kind == BE_INST_JUMP_IF;
  bool falls = !jumps && end->kind != BE_INST_RETURN && end->kind != BE_INST_STOP &&
               end->kind != BE_INST_JUMP_INDIRECT;
  size_t to = jumps ? block_beginning(graph, end->target) : graph->block_count;
  if (end->kind == BE_INST_STOP)
    *flags |= BE_GRAPH_STOPS;
  if (end->kind == BE_INST_JUMP_INDIRECT)
    *flags |= BE_GRAPH_UNKNOWN;
  if (end->kind == BE_INST_RETURN || (jumps && to == graph->block_count))
    *flags |= BE_GRAPH_LEAVES;
  if (falls && end->is_last)
    *flags |= *flags & BE_GRAPH_ENDS_CALL ? BE_GRAPH_STOPS : BE_GRAPH_LEAVES;
  if ((falls || end->kind == BE_INST_JUMP_IF) && !end->is_last &&
      add_edge(reader, block, block + 1, BE_GRAPH_FALL))
    return -ENOMEM;
  return jumps && to < graph->block_count ? add_edge(reader, block, to, BE_GRAPH_JUMP) : 0;
}

/* What tables and those who watched say. */
static int add_jumps(struct be_graph_reader *reader) {
  struct be_graph *graph = &reader->graph;
  for (size_t i = 0; i < reader->jump_count; i++) {
    const struct be_graph_jump *jump = &reader->jumps[i];
    bool is_seen = i >= reader->seen_count;
    size_t from = be_graph_block_at(graph, jump->from), to = block_beginning(graph, jump->to);
    if (to == graph->block_count)
      continue;
    if (from == graph->block_count) {
      graph->blocks[to].flags |= BE_GRAPH_ENTRY;
      continue;
    }
    if (graph->blocks[from].last != jump->from || reader->ends[from].kind != BE_INST_JUMP_INDIRECT)
      continue;
    if (!is_seen)
      graph->blocks[from].flags &= ~(uint32_t)BE_GRAPH_UNKNOWN;
    if (add_edge(reader, from, to, is_seen ? BE_GRAPH_SEEN : BE_GRAPH_TABLE))
      return -ENOMEM;
  }
  return 0;
}

static int edge_order(const void *left, const void *right) {
  const struct be_graph_edge *a = left, *b = right;
  if (a->from != b->from)
    return a->from < b->from ? -1 : 1;
  if (a->to != b->to)
    return a->to < b->to ? -1 : 1;
  return (a->kind > b->kind) - (a->kind < b->kind);
}

static int make_edges(struct be_graph_reader *reader) {
  struct be_graph *graph = &reader->graph;
  size_t used = 0, block = 0;
  graph->edge_count = 0;
  for (size_t i = 0; i < graph->block_count; i++)
    if (add_end(reader, i))
      return -ENOMEM;
  if (add_jumps(reader))
    return -ENOMEM;
  if (graph->edge_count)
    qsort(graph->edges, graph->edge_count, sizeof *graph->edges, edge_order);
  for (size_t i = 0; i < graph->edge_count; i++) {
    const struct be_graph_edge *edge = &graph->edges[i];
    const struct be_graph_edge *last = used ? &graph->edges[used - 1] : NULL;
    if (last && last->from == edge->from && last->to == edge->to)
      continue;
    while (block <= edge->from)
      graph->blocks[block++].edge = (uint32_t)used;
    graph->edges[used++] = *edge;
  }
  graph->edge_count = used;
  while (block <= graph->block_count)
    graph->blocks[block++].edge = (uint32_t)used;
  return 0;
}

/* ---- all of it --------------------------------------------------------------------------------
 */

uint32_t be_graph_whole(const struct be_graph_reader *reader, uint32_t function) {
  return reader->whole[function];
}

int be_graph_read(struct be_graph_reader *reader, const struct be_function *function,
                  const struct be_graph_jump *jumps, size_t jump_count, struct be_graph *graph) {
  int status = find_parts(reader, function);
  if (!status)
    status = find_jumps(reader, function, jumps, jump_count);
  if (!status)
    status = make_blocks(reader, function);
  if (!status)
    status = make_edges(reader);
  *graph = reader->graph;
  return status;
}

int be_graph_open(const struct be_binary *binary, struct be_graph_reader **reader,
                  struct be_error *error) {
  struct be_graph_reader *made = calloc(1, sizeof *made);
  if (made) {
    made->binary = binary;
    made->returns = calloc(binary->function_count + 1, sizeof *made->returns);
    if (made->returns && !be_words_init(&made->words, binary) &&
        !be_code_open(binary, &made->code, error) && !be_graph_find_parts(made)) {
      *reader = made;
      return 0;
    }
  }
  be_graph_close(made);
  return be_error_set(error, -ENOMEM, "no memory to read the code of '%s'", binary->path);
}

void be_graph_close(struct be_graph_reader *reader) {
  if (!reader)
    return;
  be_code_close(reader->code);
  be_words_destroy(&reader->words);
  free(reader->whole);
  free(reader->returns);
  free(reader->parts);
  free(reader->jumps);
  free(reader->entries);
  free(reader->ends);
  free(reader->graph.blocks);
  free(reader->graph.edges);
  free(reader->graph.calls);
  free(reader);
}

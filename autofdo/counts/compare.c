/* compare.c - functions by their weight, chance, overlap. */
#include "backedge/profile/compare.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* ---- functions --------------------------------------------------------------------------------
 */

static struct be_function_share *share_of(struct be_shares *shares, const struct be_binary *binary,
                                          uint32_t place) {
  const struct be_function *function =
      place <= BE_PLACE_MAX ? be_binary_function_at(binary, place) : NULL;
  return function ? &shares->at[function - binary->functions] : NULL;
}

static void add_samples(struct be_shares *shares, const struct be_binary *binary,
                        const struct be_traces *traces, const struct be_ips *ips) {
  for (size_t i = 0; traces && i < traces->count; i++) {
    struct be_function_share *to = share_of(shares, binary, traces->slots[i].to),
                             *from = share_of(shares, binary, traces->slots[i].from);
    if (to)
      to->samples += traces->slots[i].count;
    if (from && from != to)
      from->samples += traces->slots[i].count;
  }
  for (size_t i = 0; ips && i < ips->count; i++) {
    struct be_function_share *share = share_of(shares, binary, ips->slots[i].place);
    if (share)
      share->samples += ips->slots[i].count;
  }
}

static int share_order(const void *left, const void *right) {
  const struct be_function_share *a = left, *b = right;
  if (a->weight != b->weight)
    return a->weight > b->weight ? -1 : 1;
  return (a->function > b->function) - (a->function < b->function);
}

int be_shares_make(const struct be_profile *profile, const struct be_traces *traces,
                   const struct be_ips *ips, struct be_shares *shares, struct be_error *error) {
  const struct be_binary *binary = profile->binary;
  *shares = (struct be_shares){calloc(binary->function_count + 1, sizeof *shares->at), 0, 0};
  if (!shares->at)
    return be_error_set(error, -ENOMEM, "no memory for the functions of '%s'", binary->path);
  for (size_t i = 0; i < binary->function_count; i++)
    shares->at[i].function = &binary->functions[i];
  for (size_t i = 0; i < profile->block_count; i++) {
    const struct be_counted_block *block = &profile->blocks[i];
    struct be_function_share *share = share_of(shares, binary, block->place);
    if (!share || !block->count)
      continue;
    share->weight += (double)block->count * block->size;
    share->blocks++;
  }
  add_samples(shares, binary, traces, ips);
  for (size_t i = 0; i < binary->function_count; i++) {
    shares->weight += shares->at[i].weight;
    if (shares->at[i].weight > 0)
      shares->at[shares->count++] = shares->at[i];
  }
  if (shares->count)
    qsort(shares->at, shares->count, sizeof *shares->at, share_order);
  return 0;
}

void be_shares_destroy(struct be_shares *shares) { free(shares->at); }

size_t be_shares_covering(const struct be_shares *shares, double part) {
  double sum = 0;
  size_t count = 0;
  while (count < shares->count && sum < part * shares->weight)
    sum += shares->at[count++].weight;
  return count;
}

/* ---- chance -----------------------------------------------------------------------------------
 */

struct chance {
  double total, apart;
};

/* A count that has the mean n is, on average, sqrt(2n/pi) apart from it; never more than 2n. */
static void add_count(struct chance *chance, double count, double spread) {
  double apart = sqrt(2 * count * spread / 3.14159265358979);
  chance->total += count;
  chance->apart += apart < 2 * count ? apart : 2 * count;
}

double be_profile_chance(const struct be_profile *profile, const struct be_traces *traces,
                         const struct be_ips *ips, double stack) {
  struct chance chance = {0, 0};
  for (size_t i = 0, next; traces && i < traces->count; i = next) {
    const struct be_trace *first = &traces->slots[i];
    double count = 0;
    for (next = i; next < traces->count && traces->slots[next].to == first->to &&
                   traces->slots[next].from == first->from;
         next++)
      count += traces->slots[next].count;
    add_count(&chance, count, stack);
  }
  size_t at = 0;
  for (size_t i = 0; ips && !chance.total && i < profile->block_count; i++) {
    const struct be_counted_block *block = &profile->blocks[i];
    double count = 0;
    while (at < ips->count && ips->slots[at].place < block->place)
      at++;
    for (; at < ips->count && ips->slots[at].place - block->place < block->size; at++)
      count += ips->slots[at].count;
    add_count(&chance, count, 1);
  }
  return chance.total > 0 ? chance.apart / (2 * chance.total) : 1;
}

/* ---- overlap ----------------------------------------------------------------------------------
 */

static double block_sum(const struct be_profile *profile) {
  double sum = 0;
  for (size_t i = 0; i < profile->block_count; i++)
    sum += (double)profile->blocks[i].count;
  return sum;
}

static double edge_sum(const struct be_profile *profile) {
  double sum = 0;
  for (size_t i = 0; i < profile->edge_count; i++)
    sum += (double)profile->edges[i].count;
  return sum;
}

static double smaller(double a, double b) { return a < b ? a : b; }

static double overlap_of_blocks(const struct be_profile *a, const struct be_profile *b) {
  double sum = 0, sum_a = block_sum(a), sum_b = block_sum(b);
  for (size_t i = 0, k = 0; i < a->block_count && sum_b > 0; i++) {
    while (k < b->block_count && b->blocks[k].place < a->blocks[i].place)
      k++;
    if (k < b->block_count && b->blocks[k].place == a->blocks[i].place && a->blocks[i].count)
      sum += smaller((double)a->blocks[i].count / sum_a, (double)b->blocks[k].count / sum_b);
  }
  return sum;
}

static int edge_order(const struct be_counted_edge *a, const struct be_counted_edge *b) {
  if (a->from != b->from)
    return a->from < b->from ? -1 : 1;
  return (a->to > b->to) - (a->to < b->to);
}

static double overlap_of_edges(const struct be_profile *a, const struct be_profile *b) {
  double sum = 0, sum_a = edge_sum(a), sum_b = edge_sum(b);
  for (size_t i = 0, k = 0; i < a->edge_count && sum_b > 0; i++) {
    while (k < b->edge_count && edge_order(&b->edges[k], &a->edges[i]) < 0)
      k++;
    if (k < b->edge_count && edge_order(&b->edges[k], &a->edges[i]) == 0)
      sum += smaller((double)a->edges[i].count / sum_a, (double)b->edges[k].count / sum_b);
  }
  return sum;
}

struct be_overlap be_profile_overlap(const struct be_profile *a, const struct be_profile *b) {
  return (struct be_overlap){overlap_of_blocks(a, b), overlap_of_edges(a, b)};
}

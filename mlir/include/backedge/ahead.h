/* ahead.h - computing what a later iteration of a loop will compute, without ever faulting.
 *
 * A value of iteration i is rebuilt for iteration i + min(distance, iterations left): its
 * operations are copied, the loop's inductions advanced. Loads are copied only where it is proved
 * that the later iteration makes the same load from a valid address:
 *   - the later iteration happens: one way out, a known bound, nothing in the loop that may not
 *     come back, and no inner loop that may not end;
 *   - it makes the load whatever happens in it; or the conditions on which it makes it are computed
 *     ahead too, and where one does not hold, something is loaded that is known to be there;
 *   - address and conditions follow from inductions alone, or through loads of memory that the loop
 *     does not write.
 */
#ifndef BACKEDGE_AHEAD_H
#define BACKEDGE_AHEAD_H

#include "backedge/analysis.h"
#include "backedge/reason.h"

#ifdef __cplusplus
extern "C" {
#endif

struct be_ahead;

/* Never null; owned by the caller. The loop's IR must not change but through be_ahead_build. */
struct be_ahead *be_ahead_create(const struct be_cfg *cfg, const struct be_loop *loop);
void be_ahead_destroy(struct be_ahead *ahead);

/* The loop's bound; null when unknown. */
const struct be_bound *be_ahead_bound(const struct be_ahead *ahead);

/* True when something in the loop may leave it unseen. */
bool be_ahead_may_leave(const struct be_ahead *ahead);

enum {
  BE_AHEAD_TRIPS = 4, /* trips of an inner loop that can be looked at */
  BE_AHEAD_MAX = 4096 /* iterations */
};

/* Can `value`, as block `user` uses it, be computed ahead? Values of an inner loop are meant as
 * they are in its trip number `trip` (0: the first) of the later iteration. Returns the number of
 * loads on the longest path to it (0: from inductions alone), or -1 and the reason. *varies: it
 * differs from iteration to iteration at all. */
int be_ahead_level(struct be_ahead *ahead, MlirValue value, int user, int trip, bool *varies,
                   enum be_reason *reason);

/* The block in which code for an access in `block` is to be put: run once per iteration and only
 * after the loop's test; -1: there is none. */
int be_ahead_place(const struct be_ahead *ahead, int block);

/* Builds the address of a load or store, which be_ahead_level has allowed, `distance` (1 to
 * BE_AHEAD_MAX) iterations ahead, before `anchor`, which stands in a block from be_ahead_place.
 * Where it can be told that the access will not be made, the address is one that was read on the
 * way. What was built before for the same anchor and distance is used again. */
MlirValue be_ahead_build(struct be_ahead *ahead, MlirOperation anchor, MlirOperation access,
                         int trip, int64_t distance);

#ifdef __cplusplus
}
#endif
#endif

/* pool.h - parked cells: built ahead, so that a run of their Skill starts in a fraction of the
 * time.
 *
 * For each Skill up to a fixed number, each built from the Skill's policy, profile and bundle as
 * they were loaded, with an identity of its own. Invariants: a parked cell holds nothing of any
 * run; it is taken once, for its own Skill, and never comes back; it dies with this process. What
 * is taken is built again in the background; what cannot be built is tried again more and more
 * slowly, and runs start cold meanwhile. */
#ifndef SUPERVISOR_POOL_H
#define SUPERVISOR_POOL_H

#include "sandbox/cell.h"
#include "supervisor/supervisor.h"

/* Begins to build per_skill cells for each Skill of supervisor, from the event loop on; 0: none
 * ever. NULL: out of memory. */
MUST_USE struct pool *pool_new(struct supervisor *supervisor, unsigned per_skill);
/* Ends all parked cells and writes to the log how many were built and used; NULLs the caller's
 * pointer; accepts NULL. A Skill must outlive the pool, or it has to be built anew. */
void pool_free(struct pool **pool);

/* Puts skill in the place of old: what is parked for old is ended, and built anew. Accepts NULL. */
void pool_replace(struct pool *pool, const struct skill *old, const struct skill *skill);
/* Moves a parked cell of the Skill to *ret, ready for cell_hand_over. false: there is none now, or
 * no pool. */
MUST_USE bool pool_take(struct pool *pool, const struct skill *skill, struct cell *ret);

#endif

/* runs.h - the runs that are admitted and not ended, and each one's chain through the log.
 *
 * Invariant: a record that names a run continues that run's chain exactly, or runs_apply refuses
 * it. The writer fills the chain fields from here; the scan checks them against here. */
#ifndef AUDIT_RUNS_H
#define AUDIT_RUNS_H

#include "audit/record.h"

struct runs;

struct run_state {
	char run[ID_MAX];
	char skill[ID_NAME_MAX];
	uint64_t records;   /* of this run so far: the next one's run_seq */
	struct digest last; /* hash of its last leaf */
};

/* NULL: out of memory. */
struct runs *runs_new(void);
/* Accepts NULL and NULLs the caller's pointer. */
void runs_free(struct runs **runs);
/* The run's state, borrowed until the next call that changes runs; NULL: not live. */
const struct run_state *runs_find(const struct runs *runs, const char *run);
size_t runs_count(const struct runs *runs);
/* Calls each(context, state) for every live run, in the order of their ids. */
void runs_each(const struct runs *runs, void (*each)(void *context, const struct run_state *state),
    void *context);

/* Adds a live run as runs_each gave it. ERR_PROTOCOL: it is there already; ERR_INTERNAL: out of
 * memory. */
MUST_USE enum err runs_add(struct runs *runs, const struct run_state *state, struct fault *fault);

/* Sets the record's run_seq and prev_in_run. */
void runs_link(const struct runs *runs, struct audit_record *record);
/* Takes note of a record with this leaf hash: admits, continues or ends its run. ERR_PROTOCOL: its
 * chain fields or its kind do not fit the run; ERR_INTERNAL: out of memory. */
MUST_USE enum err runs_apply(struct runs *runs, const struct audit_record *record,
    const struct digest *leaf, struct fault *fault);

#endif

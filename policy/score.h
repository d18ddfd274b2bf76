/* score.h - the mutation score of a policy's fixtures: how many small changes of the policy at
 * least one of them notices, and, for each that none does, the fixture that would.
 *
 * Invariant: a change that counts as harmless was proven to decide every request alike; what is not
 * proven, and what the cap on work leaves over, counts against the score. */
#ifndef POLICY_SCORE_H
#define POLICY_SCORE_H

#include "policy/fixture.h"

enum {
	SCORE_DECISIONS_MAX = 4 * 1000 * 1000, /* fixtures run on mutants: some seconds */
	SCORE_SEARCHES_MAX = 16384,            /* questions for a witness, about */
	SCORE_DOUBTS_MAX = 32, /* of them, without an answer: each may take its share of work */
	SCORE_SURVIVORS_MAX = 1024, /* that are kept */
};

/* A change that no fixture notices. Lives as long as the score. */
struct policy_survivor {
	const char *rule; /* as decisions name it */
	uint32_t line;
	const char *change; /* "without glob" */
	bool opens; /* it lets something through; false: it stops something, or nobody knows */
	/* Notices it, and holds for the policy as it is; NULL: none was found. Several survivors
	 * share one. */
	const struct policy_fixture *killer;
};

struct policy_score {
	uint32_t mutants;  /* all there are: the sum of the next four */
	uint32_t killed;   /* a fixture that passes fails on it */
	uint32_t harmless; /* proven: no request is decided otherwise */
	uint32_t survived;
	uint32_t untried; /* beyond the cap on decisions */
	uint32_t
	    unsearched;   /* of the survivors: beyond the caps on searches; some may be harmless */
	uint32_t percent; /* of those that are not harmless, killed; rounded down, 100 where there
			   * are none */
	const struct policy_survivor *survivors;
	uint32_t survivor_count;                     /* kept */
	const struct policy_fixture *const *killers; /* each once */
	uint32_t killer_count;
	void *memory;
};

/* Makes every mutant of the policy and runs its fixtures on it. No I/O, no clock, bounded work.
 * ERR_INTERNAL: out of memory, and *ret is untouched. The policy must outlive the score. */
MUST_USE enum err policy_score(const struct policy *policy, struct policy_score *ret);
void policy_score_done(struct policy_score *score);

#endif

/* stage.h - what all launches share, prepared once. */
#ifndef BENCH_STAGE_H
#define BENCH_STAGE_H

#include "sandbox/cell.h"

/* Prepared once, shared by all launches. */
struct stage {
	char scratch[64]; /* directory of our own: the no-op and what the peers need */
	char noop[96];    /* path of the no-op there */
	struct cell_launcher *launcher;
	struct profile *profile;
	struct policy_cell cell, idle; /* of the no-op that ends, of the one that waits */
	int bundle_fd;                 /* a pack with the no-op */
	struct cell parked;            /* between prepare and launch of CONTENDER_WARM */
	unsigned launches;
	bool timed; /* take the times of the steps */
	void (*on_step)(void *context, const char *name, uint64_t ns);
	void *context;
};

/* Says on stderr what is wrong. */
MUST_USE bool stage_init(
    struct stage *stage, const char *init, const char *profiles, const char *noop);
/* The kernel takes namespaces apart behind our back: with a rest before each launch, nobody pays
 * for who came before. */
void stage_rest(void);
void stage_done(struct stage *stage);

#endif

/* explain.h - what the log says about the system calls that a run was denied. Pure: records in,
 * text or a value out. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include <stdio.h>

#include "common/arena.h"
#include "common/fault.h"
#include "common/value.h"

enum { EXPLAIN_KINDS_MAX = 512 }; /* praxad records at most 256 of a run */

/* One kind of denied call. Texts borrow from the arena. */
struct explain_kind {
	const char *tool; /* "": the Skill's own cell */
	const char *syscall, *arch, *answer, *profile, *reason;
	const struct value *args; /* of the first one */
	int64_t rule;             /* of the profile, counted from 1; 0: none */
	int64_t count;
};

struct explain {
	struct arena *arena;
	struct explain_kind kinds[EXPLAIN_KINDS_MAX];
	unsigned kind_count;
	bool found, ended;
	const char *skill; /* sk_<name> */
	const char *seen;  /* how much was seen; NULL while the run goes on */
	int64_t denied;
};

/* Takes one exported record of the run into account; what it does not know it leaves alone. record
 * may be dropped afterwards. ERR_LIMIT: the arena is full. Trust: a record is only as true as the
 * log that it is from. */
MUST_USE enum err explain_add(
    struct explain *explain, const struct value *record, struct fault *fault);
/* For people. run: its id. */
void explain_print(FILE *out, const struct explain *explain, const char *run);
/* For programs: {"runId", "skillId", "ended", "syscalls_denied", "syscalls_seen", "denied": [...]},
 * in the arena. ERR_LIMIT: the arena is full. */
MUST_USE enum err explain_value(
    const struct explain *explain, const char *run, struct value *ret, struct fault *fault);

#endif

/* identity.h - who a cell is outside, and that no two are the same.
 *
 * Invariant: no cell is root outside; an id of a range is leased to one cell at a time,
 * from before its first process until after its last. Files of its own a cell has only in its mount
 * namespace, which ends with that one. An id that a process of the host has is passed over: a cell
 * of another supervisor, or of one that was killed a moment ago. */
#ifndef SANDBOX_IDENTITY_H
#define SANDBOX_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/fault.h"

struct identities;

/* The range, and where in it to begin. */
struct identity_range {
	uid_t base;
	uint32_t count, start;
	bool (*in_use)(void *context, uid_t uid); /* whether a process of the host has it */
	void *context;
};

/* An id that is ours for as long as this is. Moved, not copied. */
struct identity_lease {
	struct identities *from; /* NULL: none */
	uint32_t number;
};

#define IDENTITY_LEASE_NONE ((struct identity_lease){NULL, 0})

/* The range is copied. NULL: out of memory. */
MUST_USE struct identities *identities_new(const struct identity_range *range);
/* All leases must have ended. NULLs the caller's pointer; accepts NULL. */
void identities_free(struct identities **identities);

/* The next id that nobody has, in turn, so that one comes back as late as can be. ERR_LIMIT: all
 * are taken. */
MUST_USE enum err identity_lease_take(
    struct identities *identities, struct identity_lease *ret, struct fault *fault);
uid_t identity_lease_uid(const struct identity_lease *lease);
/* Leaves IDENTITY_LEASE_NONE behind; accepts it. */
void identity_lease_end(struct identity_lease *lease);

/* What one cell is outside, and what it calls itself. */
struct identity {
	uid_t uid;
	gid_t gid;
	bool drop_groups;
	uint32_t inside;
};

/* The lease's id, else host_uid, else (host_uid is (uid_t)-1) the caller's with its groups.
 * privileged: without a user namespace, where the id inside is the one outside. ERR_CONFINEMENT:
 * that would be root, or nobody of its own. */
MUST_USE enum err identity_choose(uid_t host_uid, const struct identity_lease *lease,
    bool privileged, struct identity *ret, struct fault *fault);

/* Asks the kernel, which keeps users in a hash: quick where there is no such process. */
bool identity_is_in_use(void *context, uid_t uid);

#endif

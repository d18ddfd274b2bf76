#include "sandbox/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "sandbox/idmap.h"

struct identities {
	struct identity_range range;
	uint32_t next;
	bool taken[];
};

struct identities *
identities_new(const struct identity_range *range)
{
	struct identities *identities = calloc(1, sizeof(*identities) + range->count);

	if (identities == NULL)
		return NULL;
	identities->range = *range;
	identities->next = range->start % range->count;
	return identities;
}

void
identities_free(struct identities **identities)
{
	free(*identities);
	*identities = NULL;
}

enum err
identity_lease_take(struct identities *identities, struct identity_lease *ret, struct fault *fault)
{
	const struct identity_range *range = &identities->range;

	for (uint32_t tried = 0; tried < range->count; tried++) {
		uint32_t number = identities->next;

		identities->next = (number + 1) % range->count;
		if (identities->taken[number] ||
		    range->in_use(range->context, range->base + number))
			continue;
		identities->taken[number] = true;
		*ret = (struct identity_lease){identities, number};
		return ERR_OK;
	}
	return fault_set(fault, ERR_LIMIT,
	    "all %u user ids for cells are taken; try again when runs have ended", range->count);
}

uid_t
identity_lease_uid(const struct identity_lease *lease)
{
	return lease->from->range.base + lease->number;
}

void
identity_lease_end(struct identity_lease *lease)
{
	if (lease->from != NULL)
		lease->from->taken[lease->number] = false;
	*lease = IDENTITY_LEASE_NONE;
}

enum err
identity_choose(uid_t host_uid, const struct identity_lease *lease, bool privileged,
    struct identity *ret, struct fault *fault)
{
	uid_t uid = lease->from != NULL ? identity_lease_uid(lease) : host_uid;
	bool given = uid != (uid_t)-1;

	*ret = (struct identity){
	    .uid = given ? uid : geteuid(),
	    .gid = given ? (gid_t)uid : getegid(),
	    .drop_groups = given,
	    .inside = privileged ? uid : IDMAP_INSIDE,
	};
	if (ret->uid == 0 || ret->gid == 0)
		return fault_set(fault, ERR_CONFINEMENT,
		    "no cell runs as root outside: give it a user id of its own");
	if (privileged && !given)
		return fault_set(fault, ERR_CONFINEMENT,
		    "without user namespaces a cell needs a user id of its own");
	return ERR_OK;
}

bool
identity_is_in_use(void *context, uid_t uid)
{
	(void)context;
	errno = 0;
	/* getpriority(2): -1 is a priority, too. Anything but "no such process" is no proof. */
	return getpriority(PRIO_USER, (id_t)uid) != -1 || errno != ESRCH;
}

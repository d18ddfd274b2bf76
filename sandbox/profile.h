/* profile.h - seccomp profiles: OCI JSON to BPF, once, when a policy loads.
 *
 * Three answers: a call unknown to our table ENOSYS, a known and denied one EPERM, an escape-only
 * one, a foreign architecture or x32 kills. Invariant: a profile that names a call libseccomp does
 * not know, or a rule without a reason, does not load. */
#ifndef SANDBOX_PROFILE_H
#define SANDBOX_PROFILE_H

#include <linux/filter.h>
#include <stddef.h>

#include "common/fault.h"

struct profile {
	char name[64];
	struct sock_filter *filter;
	uint16_t length;  /* instructions */
	uint32_t allowed; /* distinct system calls that may succeed */
};

/* Loads <name>.json beneath dir_fd. name is a plain name. ERR_POLICY with file and reason. */
MUST_USE enum err profile_load(
    int dir_fd, const char *name, struct profile **ret, struct fault *fault);
/* The same from text; name stands in messages and in the profile. Trust: text may hold anything. */
MUST_USE enum err profile_parse(
    const char *text, size_t length, const char *name, struct profile **ret, struct fault *fault);
/* NULLs the caller's pointer; accepts NULL. */
void profile_free(struct profile **profile);

#endif

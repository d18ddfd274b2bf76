/* profile_rule.h - one call of one rule of a profile, as it stands in the file. Between profile.c,
 * which reads them, and profile_ask.c, which says which one answered. */
#ifndef SANDBOX_PROFILE_RULE_H
#define SANDBOX_PROFILE_RULE_H

#include <seccomp.h>

#include "sandbox/profile.h"

struct profile_rule {
	const struct profile_rule *next;
	int number;      /* of the call, on the profile's architecture */
	uint32_t rule;   /* of the file, counted from 1 */
	uint32_t action; /* SCMP_ACT_ value, which is also the kernel's SECCOMP_RET_ */
	uint32_t count;
	const struct scmp_arg_cmp *args; /* all must hold */
	const char *reason;
};

#endif

/* profile.h - seccomp profiles: OCI JSON to BPF, once, when a policy loads.
 *
 * Three answers: a call unknown to our table ENOSYS, a known and denied one EPERM, an escape-only
 * one, a foreign architecture or x32 kills. Invariant: a profile that names a call libseccomp does
 * not know, or a rule without a reason, does not load. */
#ifndef SANDBOX_PROFILE_H
#define SANDBOX_PROFILE_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/fault.h"

struct profile_rule;

struct profile {
	char name[64];
	struct sock_filter *filter;
	const char *reason; /* what it is for; "" */
	uint16_t length;    /* instructions */
	uint32_t allowed;   /* distinct system calls that may succeed */
	bool mdwe;          /* its programs make no code: see sandbox/hardening.h */
	uint32_t arch;      /* SCMP_ARCH_ value, which is also the kernel's AUDIT_ARCH_ */
	/* The rules once more, to say which one answered a call. */
	const struct profile_rule *rules;
	struct arena arena; /* the rules and their reasons */
};

/* What a profile says of one call. */
struct profile_answer {
	uint32_t action;    /* SECCOMP_RET_ value */
	uint32_t rule;      /* of the file, counted from 1; 0: none names the call so */
	bool named;         /* without a rule: one names the call with other arguments */
	const char *reason; /* of the rule, borrowed from the profile; "" without one */
};

/* The architectures that profiles are written for, SCMP_ARCH_ values; ends with 0. */
extern const uint32_t profile_archs[];

/* Loads <name>.json beneath dir_fd for this architecture. name is a plain name. ERR_POLICY with
 * file and reason. */
MUST_USE enum err profile_load(
    int dir_fd, const char *name, struct profile **ret, struct fault *fault);
/* The same from text; name stands in messages and in the profile. arch is one of profile_archs, 0:
 * this one. Trust: text may hold anything. */
MUST_USE enum err profile_parse(const char *text, size_t length, const char *name, uint32_t arch,
    struct profile **ret, struct fault *fault);
/* NULLs the caller's pointer; accepts NULL. */
void profile_free(struct profile **profile);

/* What profile answers to a call, and why. Total: data may come from a hostile program. */
void profile_ask(
    const struct profile *profile, const struct seccomp_data *data, struct profile_answer *ret);
/* The name of an architecture as uname(2) has it; "foreign" for one that is not among
 * profile_archs. */
void profile_arch_name(uint32_t arch, char *to, size_t size);
/* The name of a call on an architecture; "unknown" when it has none, "foreign" when the
 * architecture is not among profile_archs. */
void profile_call_name(uint32_t arch, int number, char *to, size_t size);

#endif

/* skill.h - a Skill as the supervisor holds it: its policy, its bundle and its tools' bundles as
 * they were pinned, profiles compiled, directories opened. Everything that can be wrong with files
 * is wrong here, when the service starts or reloads, and never in the middle of a run.
 *
 * Immutable and counted: a run, and a cell that is parked for one, keep theirs when a newer one
 * takes its place. */
#ifndef SUPERVISOR_SKILL_H
#define SUPERVISOR_SKILL_H

#include "common/id.h"
#include "policy/review.h"
#include "sandbox/profile.h"

enum { SKILL_TOOLS_MAX = 64, SKILL_RESOURCES_MAX = 16 };

/* A directory of the host that the operator named on the command line. */
struct skill_resource {
	char *name; /* owned */
	int fd;     /* O_PATH */
};

struct skill_resources {
	struct skill_resource items[SKILL_RESOURCES_MAX];
	unsigned count;
};

struct skill_tool {
	const struct policy_tool *tool;
	struct profile *profile;
	int bundle_fd;
	int resource_fds[POLICY_RESOURCES_MAX]; /* borrowed from skill_resources */
};

/* What signed policies are checked against. */
struct skill_trust {
	const struct policy_signers *signers;
	int accepted_fd; /* folder of accepted.h */
	int64_t now_s;   /* since 1970 */
};

/* Where a Skill comes from. All borrowed. */
struct skill_source {
	const char *path;                        /* of the policy */
	int profiles_fd;                         /* directory of seccomp profiles */
	const struct skill_resources *resources; /* must outlive the skill */
	const struct skill_trust *trust; /* NULL: signatures are not asked for, and a policy that
					  * asks for them does not load */
};

/* What was seen of a policy, as far as loading came. Zeroed: nothing. */
struct skill_seen {
	char id[ID_NAME_MAX];
	uint64_t revision;
	struct digest policy;
};

struct skill {
	unsigned references;
	char id[ID_NAME_MAX]; /* sk_<name> */
	bool is_signed;
	struct policy_review review; /* who signed; where is_signed */
	struct policy_source source;
	struct profile *profile;
	int bundle_fd;
	struct skill_tool tools[SKILL_TOOLS_MAX];
	unsigned tool_count;
};

/* Adds NAME=PATH. ERR_PROTOCOL: malformed, twice, or not a directory that can be opened. */
MUST_USE enum err skill_resource_add(
    struct skill_resources *resources, const char *text, struct fault *fault);
void skill_resources_done(struct skill_resources *resources);

/* Loads a policy and everything it pins; one reference is the caller's. ERR_POLICY (with problems:
 * it does not load; without: it is not signed as it must be, is older than one that was accepted,
 * or asks for what is not enforced), ERR_SKILL_DIGEST, or ERR_NOT_FOUND for a resource nobody
 * named; *ret is untouched, *seen says how far it came. Blocks on the file system. */
MUST_USE enum err skill_load(const struct skill_source *from, struct skill **ret,
    struct skill_seen *seen, struct policy_problems *problems, struct fault *fault);
struct skill *skill_ref(struct skill *skill);
/* Gives a reference back and NULLs the caller's pointer; accepts NULL. */
void skill_unref(struct skill **skill);

/* The tool by name, or NULL. */
const struct skill_tool *skill_tool_find(const struct skill *skill, const char *name);

#endif

/* skill.h - a Skill as the supervisor holds it: its policy, its bundle and its tools' bundles as
 * they were pinned, profiles compiled, directories opened. Everything that can be wrong with files
 * is wrong here, when the service starts, and never in the middle of a run. */
#ifndef SUPERVISOR_SKILL_H
#define SUPERVISOR_SKILL_H

#include "common/id.h"
#include "policy/source.h"
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

struct skill {
	char id[ID_NAME_MAX]; /* sk_<name> */
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

/* Loads the policy at path and everything it pins. Profiles are looked up beneath profiles_fd.
 * ERR_POLICY with problems, ERR_SKILL_DIGEST, or ERR_NOT_FOUND for a resource nobody named; *ret is
 * untouched. resources must outlive the skill. Blocks on the file system. */
MUST_USE enum err skill_load(const char *path, int profiles_fd,
    const struct skill_resources *resources, struct skill **ret, struct policy_problems *problems,
    struct fault *fault);
/* NULLs the caller's pointer; accepts NULL. */
void skill_free(struct skill **skill);

/* The tool by name, or NULL. */
const struct skill_tool *skill_tool_find(const struct skill *skill, const char *name);

#endif

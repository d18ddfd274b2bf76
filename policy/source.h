/* source.h - a policy file and the manifests it names, read from disk once, as one sealed pack.
 *
 * The pack holds "policy" and "manifest/<file>" for each. It travels to the broker with every
 * grant, so that supervisor and broker cannot decide by different files. */
#ifndef POLICY_SOURCE_H
#define POLICY_SOURCE_H

#include "policy/policy.h"

/* A policy as the supervisor holds it. Zeroed: none. */
struct policy_source {
	int pack_fd; /* sealed; -1 when zeroed by policy_source_done */
	int dir_fd;  /* the policy file's directory: bundles are opened beneath it */
	struct policy *policy;
};

/* Reads and compiles the policy file at path. ERR_POLICY: problems says why. ERR_SKILL_DIGEST is
 * not this function's: bundles are opened by policy_source_bundle. Blocks on the file system. */
MUST_USE enum err policy_source_open(
    const char *path, struct policy_source *ret, struct policy_problems *problems);
/* Reads a bundle (relative path) into a sealed pack and compares its digest with pinned:
 * ERR_SKILL_DIGEST with both digests and what to do. */
MUST_USE enum err policy_source_bundle(const struct policy_source *source, const char *path,
    const struct digest *pinned, int *ret_fd, struct fault *fault);
/* Frees and closes; accepts a zeroed one. */
void policy_source_done(struct policy_source *source);

#endif

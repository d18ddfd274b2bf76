/* policies.h - compiled policies, kept by digest: a policy is compiled once, not once a run. */
#ifndef BROKER_POLICIES_H
#define BROKER_POLICIES_H

#include "broker/limits.h"
#include "policy/policy.h"

struct broker_policy {
	struct broker_policy *next;
	struct policy *policy;
	struct digest digest;
	uint32_t users;
};

/* Most recently used first. Zeroed: empty. */
struct broker_policies {
	struct broker_policy *first;
};

/* The policy named by digest: from the cache, else compiled from the sealed source pack pack_fd
 * (borrowed). Release with broker_policies_put. ERR_POLICY: it does not load, or the pack's digest
 * is another one. Blocks only on memory. */
MUST_USE enum err broker_policies_get(struct broker_policies *cache, int pack_fd,
    const struct digest *digest, struct broker_policy **ret, struct fault *fault);
/* Gives a policy back; NULLs the caller's pointer; accepts NULL. The least recently used ones above
 * BROKER_POLICIES_MAX that nobody uses are freed. */
void broker_policies_put(struct broker_policies *cache, struct broker_policy **policy);
/* Frees all; nobody may use one any more. */
void broker_policies_done(struct broker_policies *cache);

#endif

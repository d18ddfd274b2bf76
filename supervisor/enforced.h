/* enforced.h - which features of the policy language this build enforces: praxad refuses a policy
 * that uses another, so that no key is ever read and then silently not applied. `praxa policy
 * check` tells the same beforehand.
 *
 * A feature is enforced from the commit that enforces it on: change its row there. */
#ifndef SUPERVISOR_ENFORCED_H
#define SUPERVISOR_ENFORCED_H

#include "policy/policy.h"

/* X(feature, 1: enforced, reason) */
#define SUPERVISOR_FEATURES(X)                                                   \
	X(REVIEWERS, 1, "by praxad --allowed-signers only")                      \
	X(REVISION, 1, "by praxad --allowed-signers only")                       \
	X(PER_HOUR, 1, "by the broker")                                          \
	X(PER_DAY, 1, "by the broker")                                           \
	X(RUN_TOKENS, 0, "no model can be called yet, so nothing counts tokens") \
	X(RUN_USD, 0, "no model can be called yet, so nothing knows prices")     \
	X(DAY_CALLS, 1, "by the broker")                                         \
	X(DAY_TOKENS, 0, "no model can be called yet, so nothing counts tokens") \
	X(DAY_USD, 0, "no model can be called yet, so nothing knows prices")     \
	X(SUBAGENTS, 0, "no run can dispatch another yet")                       \
	X(MODELS, 0, "no model can be called yet")                               \
	X(APPROVAL, 0, "nobody can be asked yet")                                \
	X(RETENTION, 0, "nothing erases the log's payloads yet")                 \
	X(GITHUB, 0, "nothing receives webhooks yet")                            \
	X(WEBHOOK, 0, "nothing receives webhooks yet")                           \
	X(SLACK, 0, "nothing receives webhooks yet")                             \
	X(PARENT, 0, "no run can dispatch another yet")

#define SUPERVISOR_FEATURE_BIT(name, enforced, reason) \
	| (uint64_t)(enforced) << POLICY_FEATURE_##name
#define SUPERVISOR_FEATURE_ONE(name, enforced, reason) +1
/* Mask of enum policy_feature. */
#define SUPERVISOR_ENFORCED (UINT64_C(0) SUPERVISOR_FEATURES(SUPERVISOR_FEATURE_BIT))

/* What holds only where praxad knows who may sign. */
#define SUPERVISOR_SIGNED \
	(UINT64_C(1) << POLICY_FEATURE_REVIEWERS | UINT64_C(1) << POLICY_FEATURE_REVISION)
#define SUPERVISOR_SIGNED_WORDS                                                                  \
	"holds only where it is known who may sign; start with --allowed-signers FILE, or take " \
	"the "                                                                                   \
	"key out"

_Static_assert(0 SUPERVISOR_FEATURES(SUPERVISOR_FEATURE_ONE) == POLICY_FEATURE_COUNT,
    "every feature has a row: what has none is not enforced, and nobody says why");

#endif

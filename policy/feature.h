/* feature.h - what a policy may ask for and a build need not enforce: whoever puts a policy in
 * force asks which of them it uses, so that no key is read and then silently not applied. */
#ifndef POLICY_FEATURE_H
#define POLICY_FEATURE_H

#include "common/fault.h"

struct policy;

/* X(name, key, words) */
#define POLICY_FEATURES(X)                                                                 \
	X(REVIEWERS, "owner.reviewers", "signatures of reviewers")                         \
	X(REVISION, "revision", "refusing an older revision")                              \
	X(PER_HOUR, "tools.limits.per_hour", "limits of a tool in an hour")                \
	X(PER_DAY, "tools.limits.per_day", "limits of a tool in a day")                    \
	X(RUN_TOKENS, "budget.run.tokens", "counting the tokens of a run")                 \
	X(RUN_USD, "budget.run.usd", "counting the money of a run")                        \
	X(DAY_CALLS, "budget.day.calls", "counting the calls of a day")                    \
	X(DAY_TOKENS, "budget.day.tokens", "counting the tokens of a day")                 \
	X(DAY_USD, "budget.day.usd", "counting the money of a day")                        \
	X(SUBAGENTS, "subagents", "dispatching sub-agents")                                \
	X(MODELS, "llm", "calling models")                                                 \
	X(APPROVAL, "approval", "asking a person first")                                   \
	X(RETENTION, "audit.retention", "erasing what was recorded when its time is over") \
	X(GITHUB, "trigger.source: github.webhook", "triggers by GitHub's webhooks")       \
	X(WEBHOOK, "trigger.source: webhook", "triggers by Standard Webhooks")             \
	X(SLACK, "trigger.source: slack", "triggers by Slack")                             \
	X(PARENT, "trigger.source: parent", "being dispatched by another Skill")
#define POLICY_FEATURE_ENUM(name, key, words) POLICY_FEATURE_##name,
enum policy_feature {
	POLICY_FEATURES(POLICY_FEATURE_ENUM) POLICY_FEATURE_COUNT,
	POLICY_FEATURE_NONE = POLICY_FEATURE_COUNT, /* in tables of keys: every build has it */
};

struct policy_feature_info {
	const char *key;   /* as the file spells it: owner.reviewers */
	const char *words; /* what it does */
};

/* The line on which a policy uses a feature, the first of them; 0: it does not. */
uint32_t policy_feature_line(const struct policy *policy, enum policy_feature feature);
/* Static, never NULL. */
const struct policy_feature_info *policy_feature_info(enum policy_feature feature);
/* ERR_POLICY, with key, line and what to do, where policy uses a feature that is not in enforced, a
 * mask of 1 << enum policy_feature: such a policy must not be put in force. */
MUST_USE enum err policy_feature_check(
    const struct policy *policy, uint64_t enforced, struct fault *fault);
#endif

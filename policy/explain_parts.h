/* explain_parts.h - the parts of policy_explain, one file a kind of request. */
#ifndef POLICY_EXPLAIN_PARTS_H
#define POLICY_EXPLAIN_PARTS_H

#include "policy/explain.h"
#include "policy/model.h"

/* The misses of one rule. */
struct misses {
	struct policy_miss items[POLICY_MISSES_MAX];
	uint32_t count;
};

/* A copy of miss with this field; NULL: it was one too many, and is counted only. */
struct policy_miss *policy_explain_add(
    struct misses *misses, const struct policy_miss *miss, const char *field, size_t length);
/* Adds a quota that is used up. */
void policy_explain_quota(struct misses *misses, const struct policy_quota *quota, uint64_t used);
void policy_explain_subagent(
    const struct policy *policy, const struct policy_request *request, struct misses *misses);
void policy_explain_model(
    const struct policy *policy, const struct policy_request *request, struct misses *misses);

#endif

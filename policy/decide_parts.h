/* decide_parts.h - the parts of policy_decide, one file a kind of request. */
#ifndef POLICY_DECIDE_PARTS_H
#define POLICY_DECIDE_PARTS_H

#include "policy/constraint.h"

/* A reason owns its verdict, so that nothing can be allowed because it is malformed. code counts
 * where that is no POLICY_ALLOW. */
struct policy_decision decide_because(
    enum policy_reason reason, enum err code, const char *rule, uint32_t line);
/* A denial in a section none of whose rules matches. */
struct policy_decision decide_because_of(
    enum policy_reason reason, enum err code, const struct policy_section *section);
/* A denial because something is used up. */
struct policy_decision decide_used_up(
    enum policy_reason reason, enum err code, const struct policy_quota *quota);
/* Names what is at fault, and what would be accepted. */
void decide_name(
    struct policy_decision *decision, const char *name, size_t length, const char *allowed);

/* request has a name and a workspace; usage is never NULL. */
struct policy_decision decide_tool(const struct policy *policy,
    const struct policy_request *request, const struct policy_usage *usage);
/* What becomes of a call that would be allowed. */
struct policy_decision decide_approval(const struct policy *policy,
    const struct policy_request *request, const struct policy_decision *allowed);
struct policy_decision decide_subagent(const struct policy *policy,
    const struct policy_request *request, const struct policy_usage *usage);
struct policy_decision decide_model(const struct policy *policy,
    const struct policy_request *request, const struct policy_usage *usage);

#endif

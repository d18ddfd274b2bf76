/* Whether a call that is allowed must be approved by a person first. */
#include "policy/decide_parts.h"

/* Less sure than the threshold, or not sure at all: a Skill that leaves its confidence out must not
 * get around a person by it. */
static bool
is_unsure(const struct policy_approval *approval, const struct value *confidence)
{
	return !approval->has_below || confidence == NULL ||
	       !policy_schema_is_type(SCHEMA_NUMBER, confidence) ||
	       policy_number_compare(confidence, &approval->below) < 0;
}

bool
policy_approval_asks(const struct policy_approval *approval, const struct policy_request *request)
{
	if (strcmp(approval->tool, request->name) != 0 || !is_unsure(approval, request->confidence))
		return false;
	for (uint32_t i = 0; i < approval->args.count; i++) {
		const struct policy_constraint *constraint = &approval->args.items[i];

		if (!policy_constraint_holds(
			constraint, value_get(request->args, constraint->name), request->input))
			return false;
	}
	return true;
}

struct policy_decision
decide_approval(const struct policy *policy, const struct policy_request *request,
    const struct policy_decision *allowed)
{
	struct policy_decision ask = *allowed;
	uint64_t approvals = 0;

	/* C9. Every approval that is about this call is needed, so that the order of the file
	 * decides nothing; the first is named. */
	for (uint32_t i = policy->approvals.count; i-- > 0;) {
		const struct policy_approval *approval = &policy->approvals.items[i];

		if (!policy_approval_asks(approval, request))
			continue;
		ask = decide_because(
		    POLICY_REASON_APPROVAL, ERR_APPROVAL_REQUIRED, "approval", approval->line);
		ask.allowed = approval->allowed;
		approvals |= UINT64_C(1) << i;
	}
	ask.approvals = approvals;
	/* C10. Allowed by a rule that names this tool and every argument. */
	return ask;
}

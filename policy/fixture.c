#include "policy/model.h"

uint32_t
policy_fixture_count(const struct policy *policy)
{
	return policy->fixture_count;
}

const struct policy_fixture *
policy_fixture(const struct policy *policy, uint32_t index)
{
	return index < policy->fixture_count ? &policy->fixtures[index] : NULL;
}

struct policy_fixture_result
policy_fixture_run(const struct policy *policy, const struct policy_fixture *fixture)
{
	struct policy_fixture_result result = {
	    .decision = policy_decide(policy, &fixture->request)};
	const struct policy_decision *decision = &result.decision;

	result.passed = decision->code == fixture->expected &&
			(decision->verdict == POLICY_ALLOW) == (fixture->expected == ERR_OK) &&
			(fixture->rule == NULL || strcmp(fixture->rule, decision->rule) == 0);
	return result;
}

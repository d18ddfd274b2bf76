/* What a policy asks for that not every build enforces: a key that is read and not enforced would
 * be a rule that silently does not apply. */
#include "policy/model.h"

#define FEATURE_ROW(name, key, words) [POLICY_FEATURE_##name] = {key, words},
static const struct policy_feature_info infos[POLICY_FEATURE_COUNT] = {
    POLICY_FEATURES(FEATURE_ROW)};

const struct policy_feature_info *
policy_feature_info(enum policy_feature feature)
{
	static const struct policy_feature_info unknown = {"", "an unknown feature"};

	return (unsigned)feature < POLICY_FEATURE_COUNT ? &infos[feature] : &unknown;
}

uint32_t
policy_feature_line(const struct policy *policy, enum policy_feature feature)
{
	return (unsigned)feature < POLICY_FEATURE_COUNT ? policy->feature_lines[feature] : 0;
}

enum err
policy_feature_check(const struct policy *policy, uint64_t enforced, struct fault *fault)
{
	enum policy_feature first = POLICY_FEATURE_COUNT;

	for (unsigned i = 0; i < POLICY_FEATURE_COUNT; i++) {
		uint32_t line = policy->feature_lines[i];

		if (line == 0 || (enforced & UINT64_C(1) << i) != 0)
			continue;
		if (first == POLICY_FEATURE_COUNT || line < policy->feature_lines[first])
			first = (enum policy_feature)i;
	}
	if (first == POLICY_FEATURE_COUNT)
		return ERR_OK;
	fault_set(fault, ERR_POLICY,
	    "line %u: this praxad does not enforce %s (%s); take the key out, or run a praxad that "
	    "does",
	    policy->feature_lines[first], infos[first].key, infos[first].words);
	return fault_at(fault, infos[first].key, policy->feature_lines[first]);
}

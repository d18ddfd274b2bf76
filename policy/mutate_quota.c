/* Mutants of quotas: each left out, and each with one more. */
#include "policy/mutate.h"

/* Hands on the mutant whose quota, a part of mutant, is changed. usage is all that it gives. */
static void
hand_on(struct mutating *m, struct mutant *mutant, struct policy_quota *quota,
    const struct policy_quota *whole, const struct policy_usage *usage, uint64_t most)
{
	mutant->usage = usage;
	mutant->rule = whole->rule;
	mutant->line = whole->line;
	quota->most = most;
	if (most == 0)
		mutate_hand_on(m, mutant, "without the quota");
	else
		mutate_hand_on(m, mutant, "%llu for %llu", (unsigned long long)most,
		    (unsigned long long)whole->most);
}

static void
mutate_limit(
    struct mutating *m, const struct policy_tool_rule *rule, enum policy_rate rate, uint64_t most)
{
	struct policy_usage usage = {.tool = {0}};
	struct policy_tool_rule changed = *rule, *tool;
	struct mutant mutant;

	usage.tool[rate] = rule->limits[rate].most;
	mutate_put_tool(m, rule, &changed, &mutant);
	if (m->out_of_memory)
		return;
	tool = mutant.policy.tools;
	hand_on(m, &mutant, &tool->limits[rate], &rule->limits[rate], &usage, most);
}

void
mutate_limits(struct mutating *m, const struct policy_tool_rule *rule)
{
	for (unsigned i = 0; i < POLICY_RATE_COUNT; i++) {
		if (rule->limits[i].most == 0)
			continue;
		mutate_limit(m, rule, (enum policy_rate)i, 0);
		mutate_limit(m, rule, (enum policy_rate)i, rule->limits[i].most + 1);
	}
}

static void
mutate_budget(struct mutating *m, enum policy_budget budget, uint64_t most)
{
	const struct policy_quota *whole = &m->policy->skill.budget[budget];
	struct policy_usage usage = {.budget = {0}};
	struct mutant mutant = {.policy = *m->policy, .action = POLICY_TOOL};

	usage.budget[budget] = whole->most;
	hand_on(m, &mutant, &mutant.policy.skill.budget[budget], whole, &usage, most);
}

/* Those that the file sets: a default is nobody's decision. */
void
mutate_budgets(struct mutating *m)
{
	static const enum policy_budget calls[] = {
	    POLICY_BUDGET_RUN_CALLS, POLICY_BUDGET_DAY_CALLS};

	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct policy_quota *quota = &m->policy->skill.budget[calls[i]];

		if (quota->line == 0)
			continue;
		mutate_budget(m, calls[i], 0);
		mutate_budget(m, calls[i], quota->most + 1);
	}
}

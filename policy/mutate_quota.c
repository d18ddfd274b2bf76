/* Mutants of quotas: each left out, and each with one more. */
#include "policy/amount.h"
#include "policy/mutate.h"

#define UNIT_INTEGER POLICY_UNIT_COUNT
#define UNIT_MONEY POLICY_UNIT_MILLIONTHS
#define UNIT(name, window, key, type, most, feature, unit, help) UNIT_##type,
static const enum policy_unit units[POLICY_BUDGET_COUNT] = {POLICY_BUDGETS(UNIT)};

/* Hands on the mutant in which quota, a part of it, was whole. */
static void
hand_on(struct mutating *m, struct mutant *mutant, const struct policy_quota *quota,
    const struct policy_quota *whole, enum policy_unit unit)
{
	char from[POLICY_AMOUNT_MAX], to[POLICY_AMOUNT_MAX];

	mutant->rule = whole->rule;
	mutant->line = whole->line;
	policy_amount_text(from, unit, whole->most);
	policy_amount_text(to, unit, quota->most);
	if (quota->most == 0)
		mutate_hand_on(m, mutant, "without the quota");
	else
		mutate_hand_on(m, mutant, "%s for %s", to, from);
}

static void
mutate_limit(
    struct mutating *m, const struct policy_tool_rule *rule, enum policy_rate rate, uint64_t most)
{
	struct policy_usage usage = {.dispatched = 0};
	struct policy_tool_rule changed = *rule;
	struct mutant mutant;

	usage.tool[rate] = rule->limits[rate].most;
	changed.limits[rate].most = most;
	mutate_put_tool(m, rule, &changed, &mutant);
	mutant.usage = &usage;
	hand_on(m, &mutant, &changed.limits[rate], &rule->limits[rate], POLICY_UNIT_COUNT);
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
mutate_budget(
    struct mutating *m, enum policy_budget budget, enum policy_action action, uint64_t most)
{
	const struct policy_quota *whole = &m->policy->skill.budget[budget];
	struct policy_usage usage = {.dispatched = 0};
	struct mutant mutant = {.policy = *m->policy, .action = action, .usage = &usage};
	struct policy_quota *quota = &mutant.policy.skill.budget[budget];

	usage.budget[budget] = whole->most;
	quota->most = most;
	hand_on(m, &mutant, quota, whole, units[budget]);
}

/* Those that the file sets: a default is nobody's decision. Tokens and money are models' alone. */
void
mutate_budgets(struct mutating *m)
{
	for (unsigned i = 0; i < POLICY_BUDGET_COUNT; i++) {
		enum policy_budget budget = (enum policy_budget)i;
		bool calls = budget == POLICY_BUDGET_RUN_CALLS || budget == POLICY_BUDGET_DAY_CALLS;
		enum policy_action action = calls ? POLICY_ACTION_NONE : POLICY_MODEL;
		const struct policy_quota *quota = &m->policy->skill.budget[i];

		if (quota->line == 0 || (!calls && m->policy->models.count == 0))
			continue;
		mutate_budget(m, budget, action, 0);
		mutate_budget(m, budget, action, quota->most + 1);
	}
}

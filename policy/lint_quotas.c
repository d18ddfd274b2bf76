/* Quotas: those that another one makes idle, and those that are no smaller than the next. */
#include "policy/lint_parts.h"

/* Every call of a tool is a call of the run: the run's budget ends it no later. */
void
lint_useless_limit(struct linting *l)
{
	const struct policy_quota *calls = &l->policy->skill.budget[POLICY_BUDGET_RUN_CALLS];

	for (uint32_t i = 0; i < l->policy->allowed_count; i++) {
		const struct policy_tool_rule *rule = l->policy->allowed[i];
		const struct policy_quota *limit = &rule->limits[POLICY_RATE_RUN];
		struct policy_finding *finding;

		if (limit->most == 0 || limit->most < calls->most)
			continue;
		finding = lint_add(l, POLICY_LINT_useless_limit,
		    lint_node(l, "tools", rule->tool.name, "limits", "per_run", NULL),
		    "lower or remove it", "never reached before %s, which is %llu%s", calls->rule,
		    (unsigned long long)calls->most, calls->line == 0 ? " by default" : "");
		if (finding != NULL)
			finding->other_line = calls->line;
	}
}

void
lint_day_in_one_run(struct linting *l)
{
	static const struct {
		enum policy_budget run, day;
		const char *key;
	} pairs[] = {
	    {POLICY_BUDGET_RUN_CALLS, POLICY_BUDGET_DAY_CALLS, "calls"},
	    {POLICY_BUDGET_RUN_TOKENS, POLICY_BUDGET_DAY_TOKENS, "tokens"},
	    {POLICY_BUDGET_RUN_USD, POLICY_BUDGET_DAY_USD, "usd"},
	};
	const struct policy_quota *budget = l->policy->skill.budget;

	for (unsigned i = 0; i < ARRAY_SIZE(pairs); i++) {
		const struct policy_quota *run = &budget[pairs[i].run],
					  *day = &budget[pairs[i].day];
		struct policy_finding *finding;

		if (day->most == 0 || (run->most > 0 && run->most < day->most))
			continue;
		finding = lint_add(l, POLICY_LINT_day_in_one_run,
		    lint_node(l, "budget", "day", pairs[i].key, NULL), "",
		    "one run may use up the whole day: budget.run.%s is %s", pairs[i].key,
		    run->most == 0 ? "not set" : "no smaller");
		if (finding != NULL)
			finding->other_line = run->line;
	}
}

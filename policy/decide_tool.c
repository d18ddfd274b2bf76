/* Whether a call of a tool is allowed: steps C1 to C10. */
#include "policy/decide_parts.h"

/* The arguments of a call that a rule allows in principle. */
static struct policy_decision
decide_arguments(const struct policy_tool_rule *rule, const struct policy_request *request)
{
	static const struct value none = {.type = VALUE_MAP};
	const struct value *args = request->args != NULL ? request->args : &none;
	struct policy_decision deny;
	struct policy_misfit misfit;

	/* C4. The schema first: a tool is never called with what it does not understand, and
	 * constraints need not think of it. */
	if (!policy_schema_fits(&rule->schema, args, &misfit)) {
		deny = decide_because(
		    POLICY_REASON_SCHEMA, ERR_TOOL_ARGUMENT, rule->allow_rule, rule->allow_line);
		decide_name(&deny, misfit.path, strlen(misfit.path), misfit.allowed);
		return deny;
	}
	/* C5. An argument that the rule does not name is denied, and each one that is given must
	 * hold. The call's arguments are walked, not the rule's: if a decoder ever let a name
	 * through twice, both values would be judged. */
	for (uint32_t i = 0; i < args->length; i++) {
		const struct value *key = &args->pairs[i].key;
		const struct policy_constraint *constraint =
		    policy_constraint_find(&rule->arguments, key->string, key->length);

		if (constraint == NULL) {
			deny = decide_because(POLICY_REASON_UNKNOWN_ARGUMENT, ERR_TOOL_ARGUMENT,
			    rule->allow_rule, rule->allow_line);
			decide_name(&deny, key->string, key->length, rule->names);
			return deny;
		}
		if (!policy_constraint_holds(constraint, &args->pairs[i].value, request->input)) {
			deny = decide_because(POLICY_REASON_ARGUMENT, ERR_TOOL_ARGUMENT,
			    constraint->rule, constraint->line);
			decide_name(&deny, key->string, key->length, constraint->allowed);
			return deny;
		}
	}
	/* C6. An argument that the rule names must be there, unless it is optional or absent:
	 * leaving one out must not be a way around its constraint. */
	for (uint32_t i = 0; i < rule->arguments.count; i++) {
		const struct policy_constraint *constraint = &rule->arguments.items[i];

		if (value_get(args, constraint->name) == NULL &&
		    !policy_constraint_holds(constraint, NULL, request->input)) {
			deny = decide_because(POLICY_REASON_ARGUMENT, ERR_TOOL_ARGUMENT,
			    constraint->rule, constraint->line);
			decide_name(
			    &deny, constraint->name, strlen(constraint->name), constraint->allowed);
			return deny;
		}
	}
	return decide_because(POLICY_REASON_ALLOW_RULE, ERR_OK, rule->allow_rule, rule->allow_line);
}

static struct policy_decision
decide_quotas(const struct policy *policy, const struct policy_tool_rule *rule,
    const struct policy_usage *usage)
{
	const struct policy_quota *budget = policy->skill.budget;
	static const enum policy_budget calls[] = {
	    POLICY_BUDGET_RUN_CALLS, POLICY_BUDGET_DAY_CALLS};

	/* C7. The limits of this tool, the shortest window first. */
	for (unsigned i = 0; i < POLICY_RATE_COUNT; i++)
		if (rule->limits[i].most > 0 && usage->tool[i] >= rule->limits[i].most)
			return decide_used_up(POLICY_REASON_RATE, ERR_RATE_LIMIT, &rule->limits[i]);
	/* C8. The budgets of calls, which all tools share. */
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++)
		if (budget[calls[i]].most > 0 && usage->budget[calls[i]] >= budget[calls[i]].most)
			return decide_used_up(
			    POLICY_REASON_BUDGET, ERR_BUDGET_EXCEEDED, &budget[calls[i]]);
	return decide_because(POLICY_REASON_ALLOW_RULE, ERR_OK, rule->allow_rule, rule->allow_line);
}

struct policy_decision
decide_tool(const struct policy *policy, const struct policy_request *request,
    const struct policy_usage *usage)
{
	const struct policy_tool_rule *rule = policy_tool_rule_find(policy, request->name);
	struct policy_decision deny;

	/* C1. A tool without a rule is as good as none: the answer does not tell which. */
	if (rule == NULL || !rule->has_rule)
		return decide_because_of(
		    POLICY_REASON_NO_RULE, ERR_TOOL_NOT_ALLOWED, &policy->tool);
	/* C2. A deny beats every allow, so that no other line of the file can open what one
	 * closes. */
	if (rule->deny) {
		deny = decide_because(
		    POLICY_REASON_DENY_RULE, ERR_TOOL_NOT_ALLOWED, rule->rule, rule->deny_line);
		deny.allowed = rule->why;
		return deny;
	}
	/* C3. Nothing is allowed by not being denied. */
	if (!rule->allow)
		return decide_because(
		    POLICY_REASON_NO_RULE, ERR_TOOL_NOT_ALLOWED, rule->rule, rule->line);
	deny = decide_arguments(rule, request);
	if (deny.verdict != POLICY_ALLOW)
		return deny;
	deny = decide_quotas(policy, rule, usage);
	return deny.verdict == POLICY_ALLOW ? decide_approval(policy, request, &deny) : deny;
}

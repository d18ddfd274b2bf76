#include "policy/explain.h"

#include "policy/constraint.h"
#include "policy/explain_parts.h"

struct policy_miss *
policy_explain_add(
    struct misses *misses, const struct policy_miss *miss, const char *field, size_t length)
{
	struct policy_miss *to;

	if (misses->count++ >= POLICY_MISSES_MAX)
		return NULL;
	to = &misses->items[misses->count - 1];
	*to = *miss;
	text_copy_bytes(to->field, sizeof(to->field), field, length);
	return to;
}

void
policy_explain_quota(struct misses *misses, const struct policy_quota *quota, uint64_t used)
{
	const struct policy_miss miss = {
	    .rule = quota->rule, .line = quota->line, .operator= "used", .allowed = quota->text};

	if (quota->most > 0 && used >= quota->most)
		policy_explain_add(misses, &miss, "", 0);
}

/* Adds the first test of constraint that value fails, if any. */
static void
judge(struct misses *misses, const struct policy_constraint *constraint, const struct value *value,
    const struct value *input, const char *name, size_t length)
{
	struct policy_miss miss = {.rule = constraint->rule,
	    .line = constraint->line,
	    .operator= "missing",
	    .allowed = constraint->allowed};

	if (policy_constraint_holds(constraint, value, input))
		return;
	for (uint32_t i = 0; value != NULL && i < constraint->count; i++)
		if (!policy_test_holds(&constraint->tests[i], value, input)) {
			miss.operator= policy_operator_name(constraint->tests[i].operator);
			break;
		}
	policy_explain_add(misses, &miss, name, length);
}

static void
explain_arguments(struct misses *misses, const struct policy_tool_rule *rule,
    const struct policy_request *request)
{
	static const struct value none = {.type = VALUE_MAP};
	const struct value *args = request->args != NULL ? request->args : &none;
	struct policy_miss miss = {.rule = rule->allow_rule, .line = rule->allow_line};
	struct policy_misfit misfit;

	if (!policy_schema_fits(&rule->schema, args, &misfit)) {
		miss.operator= "schema";
		miss.allowed = misfit.allowed;
		policy_explain_add(misses, &miss, misfit.path, strlen(misfit.path));
	}
	for (uint32_t i = 0; args->type == VALUE_MAP && i < args->length; i++) {
		const struct value *key = &args->pairs[i].key;
		const struct policy_constraint *constraint =
		    policy_constraint_find(&rule->arguments, key->string, key->length);

		if (constraint != NULL) {
			judge(misses, constraint, &args->pairs[i].value, request->input,
			    key->string, key->length);
			continue;
		}
		miss.operator= "unnamed";
		miss.allowed = rule->names;
		policy_explain_add(misses, &miss, key->string, key->length);
	}
	for (uint32_t i = 0; i < rule->arguments.count; i++) {
		const struct policy_constraint *constraint = &rule->arguments.items[i];

		if (value_get(args, constraint->name) == NULL)
			judge(misses, constraint, NULL, request->input, constraint->name,
			    strlen(constraint->name));
	}
}

static void
explain_tool(const struct policy *policy, const struct policy_request *request, uint64_t approvals,
    struct misses *misses)
{
	const struct policy_tool_rule *rule = policy_tool_rule_find(policy, request->name);
	struct policy_miss miss = {0};

	if (rule == NULL || !rule->has_rule)
		return;
	if (rule->deny) {
		miss.rule = rule->rule;
		miss.line = rule->deny_line;
		miss.operator= "deny";
		miss.allowed = rule->why;
		policy_explain_add(misses, &miss, "", 0);
	}
	if (!rule->allow)
		return;
	for (uint32_t i = 0; i < policy->approvals.count; i++)
		if ((approvals >> i & 1) != 0) {
			miss = (struct policy_miss){.rule = "approval",
			    .line = policy->approvals.items[i].line,
			    .operator= "approval",
			    .allowed = policy->approvals.items[i].allowed};
			policy_explain_add(misses, &miss, "", 0);
		}
	explain_arguments(misses, rule, request);
	for (unsigned i = 0; request->usage != NULL && i < POLICY_RATE_COUNT; i++)
		policy_explain_quota(misses, &rule->limits[i], request->usage->tool[i]);
	if (request->usage != NULL) {
		policy_explain_quota(misses, &policy->skill.budget[POLICY_BUDGET_RUN_CALLS],
		    request->usage->budget[POLICY_BUDGET_RUN_CALLS]);
		policy_explain_quota(misses, &policy->skill.budget[POLICY_BUDGET_DAY_CALLS],
		    request->usage->budget[POLICY_BUDGET_DAY_CALLS]);
	}
}

static void
explain_where(struct misses *misses, const struct policy_trigger_rule *rule,
    const struct policy_request *request)
{
	struct policy_miss miss = {.rule = "trigger", .line = rule->line};
	bool named = false;

	for (uint32_t i = 0; request->event != NULL && i < rule->event_count; i++)
		named = named || strcmp(rule->events[i], request->event) == 0;
	if (strcmp(rule->source, request->name) != 0) {
		miss.operator= "source";
		miss.allowed = rule->source;
		policy_explain_add(misses, &miss, "source", 6);
	}
	if (!named) {
		miss.operator= "event";
		miss.allowed = rule->events[0];
		policy_explain_add(misses, &miss, "event", 5);
	}
	for (uint32_t i = 0; i < rule->where.count; i++) {
		const struct policy_constraint *constraint = &rule->where.items[i];

		judge(misses, constraint, value_path(request->input, constraint->name),
		    request->input, constraint->name, strlen(constraint->name));
	}
}

/* The rule of which the fewest things failed; of equal ones the first. */
static void
explain_trigger(
    const struct policy *policy, const struct policy_request *request, struct misses *misses)
{
	for (uint32_t i = 0; i < policy->trigger_count; i++) {
		struct misses own = {.count = 0};

		explain_where(&own, &policy->triggers[i], request);
		if (i == 0 || own.count < misses->count)
			*misses = own;
	}
}

/* The pattern that the key follows farthest. */
static void
explain_memory(const struct policy_patterns *patterns, const struct policy_request *request,
    struct misses *misses)
{
	const size_t length = strnlen(request->name, POLICY_KEY_MAX + 1);

	for (uint32_t i = 0; i < patterns->count; i++) {
		const struct policy_pattern *pattern = &patterns->items[i];
		struct policy_miss miss = {.rule = patterns->section.rule,
		    .line = pattern->line,
		    .operator= "text",
		    .allowed = pattern->text};
		const char *variable = NULL;

		if (policy_pattern_meets(pattern, request->name, length, request, &variable) ==
		    POLICY_MEETS)
			continue;
		miss.at = policy_pattern_follows(pattern, request->name, length, request);
		if (variable != NULL)
			miss.operator= "value";
		if (misses->count > 0 && misses->items[0].at >= miss.at)
			continue;
		misses->count = 0;
		policy_explain_add(misses, &miss, variable != NULL ? variable : "",
		    variable != NULL ? strlen(variable) : 0);
	}
}

static void
explain_denial(const struct policy *policy, const struct policy_request *request,
    uint64_t approvals, struct misses *misses)
{
	switch (request->action) {
	case POLICY_TRIGGER:
		explain_trigger(policy, request, misses);
		break;
	case POLICY_TOOL:
		explain_tool(policy, request, approvals, misses);
		break;
	case POLICY_MEMORY_READ:
		explain_memory(&policy->read, request, misses);
		break;
	case POLICY_MEMORY_WRITE:
		explain_memory(&policy->write, request, misses);
		break;
	case POLICY_SUBAGENT:
		policy_explain_subagent(policy, request, misses);
		break;
	case POLICY_MODEL:
		policy_explain_model(policy, request, misses);
		break;
	case POLICY_ACTION_NONE:
	case POLICY_ACTION_COUNT:
		break;
	}
}

struct policy_explanation
policy_explain(const struct policy *policy, const struct policy_request *request)
{
	struct policy_explanation explanation = {.decision = policy_decide(policy, request)};
	struct misses misses = {.count = 0};

	if (policy == NULL || request->name == NULL || request->workspace == NULL ||
	    explanation.decision.verdict == POLICY_ALLOW)
		return explanation;
	explain_denial(policy, request, explanation.decision.approvals, &misses);
	memcpy(explanation.misses, misses.items, sizeof(misses.items));
	explanation.count = misses.count;
	return explanation;
}

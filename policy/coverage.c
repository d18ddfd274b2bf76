#include "policy/coverage.h"

#include "policy/constraint.h"

/* Parts being listed: counted first, then filled. */
struct listing {
	const struct policy *policy;
	struct policy_covered *items; /* NULL: only counted */
	uint32_t count;
};

static struct policy_covered *
add(struct listing *l, const char *rule, const char *part, uint32_t line, bool has_failing)
{
	uint32_t at = l->count++;

	if (l->items == NULL)
		return NULL;
	l->items[at] = (struct policy_covered){
	    .rule = rule, .part = part, .line = line, .has_failing = has_failing};
	return &l->items[at];
}

static void
mark(struct policy_covered *item, bool holds)
{
	item->passes = item->passes || holds;
	item->fails = item->fails || !holds;
}

/* The operators of a constraint, those of its items included, in the order that mark_constraint
 * walks. */
static void
add_constraint(struct listing *l, const struct policy_constraint *constraint, const char *rule)
{
	for (uint32_t i = 0; i < constraint->count; i++) {
		const struct policy_test *test = &constraint->tests[i];

		add(l, rule, policy_operator_name(test->operator), test->line, true);
		if (test->operator== POLICY_OPERATOR_EACH)
			add_constraint(l, test->each, rule);
	}
}

static struct policy_covered *
mark_constraint(struct policy_covered *item, const struct policy_constraint *constraint,
    const struct value *value, const struct value *input)
{
	for (uint32_t i = 0; i < constraint->count; i++) {
		const struct policy_test *test = &constraint->tests[i];
		bool is_list = value != NULL && value->type == VALUE_ARRAY && value->length > 0;

		if (test->operator== POLICY_OPERATOR_ABSENT)
			mark(item, value == NULL);
		else if (value != NULL)
			mark(item, policy_test_holds(test, value, input));
		item++;
		if (test->operator!= POLICY_OPERATOR_EACH)
			continue;
		for (uint32_t j = 0; is_list && j + 1 < value->length; j++)
			mark_constraint(item, test->each, &value->items[j], input);
		item = mark_constraint(
		    item, test->each, is_list ? &value->items[value->length - 1] : NULL, input);
	}
	return item;
}

static bool
is_named(const struct policy_trigger_rule *rule, const struct policy_request *request)
{
	if (strcmp(rule->source, request->name) != 0)
		return false;
	for (uint32_t i = 0; request->event != NULL && i < rule->event_count; i++)
		if (strcmp(rule->events[i], request->event) == 0)
			return true;
	return false;
}

static void
mark_trigger(struct policy_covered *item, const struct policy_trigger_rule *rule,
    const struct policy_request *request)
{
	bool named = is_named(rule, request), holds = named;
	struct policy_covered *next = item + 1;

	for (uint32_t i = 0; named && i < rule->where.count; i++) {
		const struct policy_constraint *constraint = &rule->where.items[i];
		const struct value *value = value_path(request->input, constraint->name);

		holds = policy_constraint_holds(constraint, value, request->input) && holds;
		next = mark_constraint(next, constraint, value, request->input);
	}
	mark(item, holds);
}

static void
cover_trigger(struct listing *l, const struct policy_trigger_rule *rule)
{
	struct policy_covered *item = add(l, "trigger", "rule", rule->line, true);

	for (uint32_t i = 0; i < rule->where.count; i++)
		add_constraint(l, &rule->where.items[i], rule->where.items[i].rule);
	for (uint32_t i = 0; item != NULL && i < l->policy->fixture_count; i++)
		if (l->policy->fixtures[i].request.action == POLICY_TRIGGER)
			mark_trigger(item, rule, &l->policy->fixtures[i].request);
}

/* The limits that a rule sets, in the order that mark_limits walks. */
static void
add_limits(struct listing *l, const struct policy_tool_rule *rule)
{
#define LIMIT(name, key, feature, words)                               \
	if (rule->limits[POLICY_RATE_##name].most > 0)                 \
		add(l, rule->limits[POLICY_RATE_##name].rule, "limit", \
		    rule->limits[POLICY_RATE_##name].line, true);
	POLICY_RATES(LIMIT)
}

static void
mark_limits(struct policy_covered *item, const struct policy_tool_rule *rule,
    const struct policy_usage *usage)
{
	for (unsigned i = 0; i < POLICY_RATE_COUNT; i++)
		if (rule->limits[i].most > 0)
			mark(item++, usage->tool[i] < rule->limits[i].most);
}

static void
mark_call(struct policy_covered *item, const struct policy_tool_rule *rule,
    const struct policy *policy, const struct policy_request *request)
{
	const struct policy_decision decision = policy_decide(policy, request);
	struct policy_covered *next = item + 1;
	struct policy_misfit misfit;

	mark(item, decision.verdict == POLICY_ALLOW);
	if (!policy_schema_fits(&rule->schema, request->args, &misfit))
		return;
	for (uint32_t i = 0; i < rule->arguments.count; i++) {
		const struct policy_constraint *constraint = &rule->arguments.items[i];

		next = mark_constraint(
		    next, constraint, value_get(request->args, constraint->name), request->input);
	}
	if (decision.verdict == POLICY_ALLOW || decision.reason == POLICY_REASON_RATE ||
	    decision.reason == POLICY_REASON_BUDGET)
		mark_limits(next, rule, request->usage);
}

/* What a deny closes is not there to be exercised. */
static void
cover_tool(struct listing *l, const struct policy_tool_rule *rule)
{
	struct policy_covered *item;

	if (rule->deny)
		item = add(l, rule->rule, "deny", rule->deny_line, false);
	else
		item = add(l, rule->allow_rule, "rule", rule->allow_line, true);
	for (uint32_t i = 0; !rule->deny && i < rule->arguments.count; i++)
		add_constraint(l, &rule->arguments.items[i], rule->arguments.items[i].rule);
	if (!rule->deny)
		add_limits(l, rule);
	for (uint32_t i = 0; item != NULL && i < l->policy->fixture_count; i++) {
		const struct policy_request *request = &l->policy->fixtures[i].request;

		if (request->action != POLICY_TOOL || strcmp(request->name, rule->tool.name) != 0)
			continue;
		if (rule->deny)
			mark(item, true);
		else
			mark_call(item, rule, l->policy, request);
	}
}

/* A budget that the file sets and that calls, of tools or of models, are counted in. */
static void
cover_budget(struct listing *l, enum policy_budget budget)
{
	const struct policy_quota *quota = &l->policy->skill.budget[budget];
	bool calls = budget == POLICY_BUDGET_RUN_CALLS || budget == POLICY_BUDGET_DAY_CALLS;
	struct policy_covered *item = quota->line > 0 && (calls || l->policy->models.count > 0)
					  ? add(l, quota->rule, "budget", quota->line, true)
					  : NULL;

	for (uint32_t i = 0; item != NULL && i < l->policy->fixture_count; i++) {
		const struct policy_request *request = &l->policy->fixtures[i].request;
		struct policy_decision decision = policy_decide(l->policy, request);

		if (request->action != POLICY_MODEL && (request->action != POLICY_TOOL || !calls))
			continue;
		if (decision.verdict == POLICY_ALLOW || decision.reason == POLICY_REASON_BUDGET)
			mark(item, request->usage->budget[budget] < quota->most);
	}
}

/* The edge, its two numbers, and what it grants: nothing, in the case of a grant that only ever
 * refuses. */
static void
cover_edge(struct listing *l, const struct policy_subagent *edge)
{
	struct policy_covered *item = add(l, edge->rule, "rule", edge->line, true);

	add(l, edge->depth.rule, "limit", edge->depth.line, true);
	add(l, edge->run.rule, "limit", edge->run.line, true);
	add(l, edge->grant.rule, "grant", edge->grant.line, edge->grant_count > 0);
	for (uint32_t i = 0; item != NULL && i < l->policy->fixture_count; i++) {
		const struct policy_request *request = &l->policy->fixtures[i].request;
		struct policy_decision decision;

		if (request->action != POLICY_SUBAGENT || strcmp(request->name, edge->name) != 0)
			continue;
		decision = policy_decide(l->policy, request);
		mark(item, decision.verdict == POLICY_ALLOW);
		mark(item + 1, request->depth <= edge->depth.most);
		mark(item + 2, request->usage->dispatched < edge->run.most);
		if (request->tool != NULL &&
		    (decision.verdict == POLICY_ALLOW || decision.reason == POLICY_REASON_GRANT))
			mark(item + 3, decision.verdict == POLICY_ALLOW || edge->grant_count == 0);
	}
}

/* A rule for models, and each of its patterns at its provider and regions. */
static void
cover_models(struct listing *l, const struct policy_model_rule *rule)
{
	struct policy_covered *item = add(l, "llm", "rule", rule->line, true);

	for (uint32_t i = 0; i < rule->model_count; i++)
		add(l, "llm", rule->models[i].pattern, rule->line, true);
	for (uint32_t i = 0; item != NULL && i < l->policy->fixture_count; i++) {
		const struct policy_request *request = &l->policy->fixtures[i].request;
		bool at = request->action == POLICY_MODEL && policy_model_rule_is_at(rule, request);

		if (request->action == POLICY_MODEL)
			mark(item, at && policy_model_rule_names(rule, request->name));
		for (uint32_t j = 0; at && j < rule->model_count; j++)
			mark(item + 1 + j, policy_glob_match(&rule->models[j], request->name,
					       strlen(request->name)));
	}
}

static void
cover_patterns(struct listing *l, const struct policy_patterns *patterns, enum policy_action action)
{
	for (uint32_t i = 0; i < patterns->count; i++) {
		const struct policy_pattern *pattern = &patterns->items[i];
		struct policy_covered *item =
		    add(l, patterns->section.rule, pattern->text, pattern->line, true);

		for (uint32_t j = 0; item != NULL && j < l->policy->fixture_count; j++) {
			const struct policy_request *request = &l->policy->fixtures[j].request;
			const char *variable = NULL;

			if (request->action == action)
				mark(item,
				    policy_pattern_meets(pattern, request->name,
					strlen(request->name), request, &variable) == POLICY_MEETS);
		}
	}
}

static void
cover(struct listing *l)
{
	const struct policy *policy = l->policy;

	for (uint32_t i = 0; i < policy->trigger_count; i++)
		cover_trigger(l, &policy->triggers[i]);
	for (uint32_t i = 0; i < policy->tool_count; i++)
		if (policy->tools[i].has_rule)
			cover_tool(l, &policy->tools[i]);
	for (uint32_t i = 0; i < policy->subagents.count; i++)
		cover_edge(l, &policy->subagents.items[i]);
	for (uint32_t i = 0; i < policy->models.count; i++)
		cover_models(l, &policy->models.items[i]);
	for (unsigned i = 0; i < POLICY_BUDGET_COUNT; i++)
		cover_budget(l, (enum policy_budget)i);
	cover_patterns(l, &policy->read, POLICY_MEMORY_READ);
	cover_patterns(l, &policy->write, POLICY_MEMORY_WRITE);
}

bool
policy_covered_is_whole(const struct policy_covered *covered)
{
	return covered->passes && (covered->fails || !covered->has_failing);
}

enum err
policy_coverage(const struct policy *policy, struct policy_coverage *ret)
{
	struct listing l = {.policy = policy};
	uint32_t covered = 0;

	cover(&l);
	l.items = calloc(l.count > 0 ? l.count : 1, sizeof(*l.items));
	if (l.items == NULL)
		return ERR_INTERNAL;
	l.count = 0;
	cover(&l);
	for (uint32_t i = 0; i < l.count; i++)
		covered += policy_covered_is_whole(&l.items[i]);
	*ret = (struct policy_coverage){
	    .items = l.items, .count = l.count, .covered = covered, .memory = l.items};
	return ERR_OK;
}

void
policy_coverage_done(struct policy_coverage *coverage)
{
	free(coverage->memory);
	*coverage = (struct policy_coverage){0};
}

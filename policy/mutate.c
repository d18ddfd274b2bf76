#include "policy/mutate.h"

#include <stdarg.h>
#include <stdio.h>

void *
mutate_alloc(struct mutating *m, size_t count, size_t size)
{
	void *at = arena_array(&m->arena, count > 0 ? count : 1, size);

	m->out_of_memory = m->out_of_memory || at == NULL;
	return at;
}

void *
mutate_copy(struct mutating *m, const void *items, uint32_t count, size_t size, uint32_t without,
    uint32_t extra)
{
	unsigned char *copy = mutate_alloc(m, (size_t)count + extra, size);
	uint32_t before = without < count ? without : count;

	if (copy == NULL)
		return NULL;
	if (before > 0)
		memcpy(copy, items, before * size);
	if (before + 1 < count)
		memcpy(copy + before * size, (const unsigned char *)items + (before + 1) * size,
		    (count - before - 1) * size);
	return copy;
}

/* Hands the mutant on, and forgets it. */
static void PRINTF_LIKE(3, 0)
    hand_on(struct mutating *m, struct mutant *mutant, const char *format, va_list args)
{
	char text[2 * MUTANT_CHANGE_MAX];

	vsnprintf(text, sizeof(text), format, args);
	text_copy(mutant->change, sizeof(mutant->change), text);
	if (!m->out_of_memory)
		m->judge(m->context, mutant);
	arena_clear(&m->arena);
}

void
mutate_hand_on(struct mutating *m, struct mutant *mutant, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	hand_on(m, mutant, format, args);
	va_end(args);
}

/* The mutant in which changed (NULL: nothing) stands in rule's place. */
static void
put_trigger(struct mutating *m, const struct policy_trigger_rule *rule,
    const struct policy_trigger_rule *changed, struct mutant *ret)
{
	const struct policy *policy = m->policy;
	uint32_t at = (uint32_t)(rule - policy->triggers);
	struct policy_trigger_rule *rules = mutate_copy(m, policy->triggers, policy->trigger_count,
	    sizeof(*rules), changed == NULL ? at : UINT32_MAX, 0);

	*ret = (struct mutant){
	    .policy = *policy, .action = POLICY_TRIGGER, .rule = "trigger", .line = rule->line};
	if (rules == NULL)
		return;
	if (changed != NULL)
		rules[at] = *changed;
	ret->policy.triggers = rules;
	ret->policy.trigger_count -= changed == NULL;
}

void
mutate_put_tool(struct mutating *m, const struct policy_tool_rule *rule,
    const struct policy_tool_rule *changed, struct mutant *ret)
{
	struct policy_tool_rule *tool = mutate_alloc(m, 1, sizeof(*tool));

	*ret = (struct mutant){.policy = *m->policy,
	    .action = POLICY_TOOL,
	    .name = rule->tool.name,
	    .rule = rule->allow_rule,
	    .line = rule->allow_line};
	if (tool == NULL)
		return;
	*tool = *changed;
	ret->policy.tools = tool;
	ret->policy.tool_count = 1;
}

void
mutate_replace(struct mutating *m, const struct mutant_place *place,
    const struct policy_constraint *changed, uint32_t line, const char *format, ...)
{
	const struct policy_constraints *all =
	    place->tool != NULL ? &place->tool->arguments : &place->trigger->where;
	struct policy_constraint *items = mutate_copy(m, all->items, all->count, sizeof(*items),
	    changed == NULL ? place->index : UINT32_MAX, 0);
	struct policy_constraints constraints = {
	    .items = items, .count = all->count - (changed == NULL)};
	struct policy_trigger_rule trigger;
	struct policy_tool_rule tool;
	struct mutant mutant;
	va_list args;

	if (items != NULL && changed != NULL)
		items[place->index] = *changed;
	if (place->tool != NULL) {
		tool = *place->tool;
		tool.arguments = constraints;
		mutate_put_tool(m, place->tool, &tool, &mutant);
	} else {
		trigger = *place->trigger;
		trigger.where = constraints;
		put_trigger(m, place->trigger, &trigger, &mutant);
	}
	mutant.rule = place->whole->rule;
	mutant.line = line;
	va_start(args, format);
	hand_on(m, &mutant, format, args);
	va_end(args);
}

const struct policy_constraint *
mutate_open(struct mutating *m, const struct policy_constraint *like,
    const struct policy_schema *schema, bool optional)
{
	struct policy_constraint *open = mutate_alloc(m, 1, sizeof(*open));
	struct policy_test *test = mutate_alloc(m, 1, sizeof(*test));

	if (open == NULL || test == NULL)
		return NULL;
	/* A constraint without a test allows nothing; this one is what the schema says anyway. */
	*test = (struct policy_test){.operator= POLICY_OPERATOR_TYPE, .type = schema->type};
	*open = *like;
	open->tests = test;
	open->count = 1;
	open->absent = false;
	open->optional = optional;
	return open;
}

static void
mutate_trigger(struct mutating *m, const struct policy_trigger_rule *rule)
{
	struct mutant mutant;

	put_trigger(m, rule, NULL, &mutant);
	mutate_hand_on(m, &mutant, "without the rule");
	for (uint32_t i = 0; rule->event_count > 1 && i < rule->event_count; i++) {
		struct policy_trigger_rule changed = *rule;

		changed.events =
		    mutate_copy(m, rule->events, rule->event_count, sizeof(*rule->events), i, 0);
		changed.event_count--;
		put_trigger(m, rule, &changed, &mutant);
		mutate_hand_on(m, &mutant, "without the event %s", rule->events[i]);
	}
	for (uint32_t i = 0; i < rule->where.count; i++)
		mutate_constraint(
		    m, &(struct mutant_place){
			   .trigger = rule, .index = i, .whole = &rule->where.items[i]});
}

/* A deny beside an allow is left out. Where it stands alone nothing would change, until somebody
 * writes an allow: so that is the mutant, with every argument that the tool takes. */
static void
mutate_deny(struct mutating *m, const struct policy_tool_rule *rule)
{
	struct policy_tool_rule changed = *rule;
	uint32_t count = rule->schema.property_count;
	struct policy_constraint *items = mutate_alloc(m, count, sizeof(*items));
	struct mutant mutant;

	changed.deny = false;
	changed.allow = true;
	for (uint32_t i = 0; items != NULL && !rule->allow && i < count; i++) {
		const struct policy_property *property = &rule->schema.properties[i];
		const struct policy_constraint like = {
		    .name = property->name, .rule = rule->rule, .allowed = ""};
		const struct policy_constraint *open =
		    mutate_open(m, &like, &property->schema, !property->required);

		if (open != NULL)
			items[i] = *open;
	}
	if (!rule->allow) {
		changed.arguments = (struct policy_constraints){.items = items, .count = count};
		changed.names = "";
	}
	mutate_put_tool(m, rule, &changed, &mutant);
	mutant.rule = rule->rule;
	mutant.line = rule->deny_line;
	mutate_hand_on(m, &mutant, rule->allow ? "without the deny" : "with an allow for the deny");
}

static void
mutate_tool(struct mutating *m, const struct policy_tool_rule *rule)
{
	struct policy_tool_rule changed = *rule;
	struct mutant mutant;

	if (rule->deny) {
		mutate_deny(m, rule);
		return;
	}
	changed.allow = false;
	mutate_put_tool(m, rule, &changed, &mutant);
	mutate_hand_on(m, &mutant, "without the rule");
	for (uint32_t i = 0; i < rule->arguments.count; i++) {
		const struct policy_constraint *constraint = &rule->arguments.items[i];
		const struct policy_property *property = policy_schema_property(
		    &rule->schema, constraint->name, strlen(constraint->name));
		const struct mutant_place place = {.tool = rule,
		    .index = i,
		    .schema = property != NULL ? &property->schema : NULL,
		    .whole = constraint};

		if (!constraint->absent)
			mutate_replace(m, &place, NULL, constraint->line, "without the argument %s",
			    constraint->name);
		mutate_constraint(m, &place);
	}
	mutate_limits(m, rule);
}

bool
mutate_policy(const struct policy *policy,
    void (*judge)(void *context, const struct mutant *mutant), void *context)
{
	struct mutating m = {.policy = policy, .judge = judge, .context = context};

	arena_init(&m.arena, MUTANT_BYTES_MAX);
	for (uint32_t i = 0; i < policy->trigger_count; i++)
		mutate_trigger(&m, &policy->triggers[i]);
	for (uint32_t i = 0; i < policy->tool_count; i++)
		if (policy->tools[i].has_rule)
			mutate_tool(&m, &policy->tools[i]);
	mutate_subagents(&m);
	mutate_models(&m);
	mutate_budgets(&m);
	mutate_patterns(&m, POLICY_MEMORY_READ);
	mutate_patterns(&m, POLICY_MEMORY_WRITE);
	arena_clear(&m.arena);
	return !m.out_of_memory;
}

bool
mutant_concerns(const struct mutant *mutant, const struct policy_request *request)
{
	return (mutant->action == POLICY_ACTION_NONE || mutant->action == request->action) &&
	       (mutant->name == NULL || strcmp(mutant->name, request->name) == 0);
}

/* Triggers: which of them let in anything, and anything that the others do not. */
#include "policy/lint_parts.h"

/* What an example must pass: rules of own let it in, rules of rest do not. */
struct checking {
	const struct policy *policy;
	struct policy_trigger_rule own[2], rest[POLICY_TRIGGERS_MAX];
	uint32_t own_count, rest_count;
	struct policy_request request;
};

/* Whether these rules alone let the request in. */
static bool
lets_in(const struct policy *policy, const struct policy_trigger_rule *rules, uint32_t count,
    const struct policy_request *request)
{
	struct policy alone = *policy;

	alone.triggers = rules;
	alone.trigger_count = count;
	return policy_decide(&alone, request).verdict == POLICY_ALLOW;
}

static bool
is_example(const void *context, const struct box_example *example)
{
	const struct checking *c = context;
	struct policy_request request = c->request;

	request.input = &example->input;
	for (uint32_t i = 0; i < c->own_count; i++)
		if (!lets_in(c->policy, &c->own[i], 1, &request))
			return false;
	return !lets_in(c->policy, c->rest, c->rest_count, &request);
}

/* A question about one event of rule. */
static void
prepare(const struct linting *l, const struct policy_trigger_rule *rule, const char *event,
    struct checking *ret)
{
	ret->policy = l->policy;
	ret->own[0] = *rule;
	ret->own_count = 1;
	ret->rest_count = 0;
	ret->request = (struct policy_request){.action = POLICY_TRIGGER,
	    .workspace = ANALYSE_WORKSPACE,
	    .name = rule->source,
	    .event = event};
}

/* Whether rule j still lets in this event of this source, as far as is known. */
static bool
stands_for(const struct linting *l, uint32_t j, const char *source, const char *event)
{
	const struct policy_trigger_rule *rule = &l->policy->triggers[j];

	if (l->triggers[j].fate != LINT_STANDS || strcmp(rule->source, source) != 0)
		return false;
	for (uint32_t m = 0; m < rule->event_count; m++)
		if ((l->triggers[j].events >> m & 1) == 0 && strcmp(rule->events[m], event) == 0)
			return true;
	return false;
}

static const struct yaml_node *
trigger_node(const struct linting *l, uint32_t index)
{
	return lint_item(lint_node(l, "trigger", NULL)->value, index);
}

/* What event number k of rule i lets in and rules chosen by only (or, where it is the count of
 * rules, by all that stand) do not. */
static enum analyse_answer
uncovered(struct linting *l, uint32_t i, uint32_t k, uint32_t only)
{
	const struct policy_trigger_rule *rule = &l->policy->triggers[i];
	struct box box, others[POLICY_TRIGGERS_MAX];
	struct analysis *a = lint_ask(l);
	struct checking c;
	struct box_example example;

	prepare(l, rule, rule->events[k], &c);
	box = box_of_where(a, rule);
	for (uint32_t j = 0; j < l->policy->trigger_count; j++) {
		if (j == i || (only < l->policy->trigger_count && j != only) ||
		    !stands_for(l, j, rule->source, rule->events[k]))
			continue;
		others[c.rest_count] = box_of_where(a, &l->policy->triggers[j]);
		c.rest[c.rest_count++] = l->policy->triggers[j];
	}
	return lint_answer(
	    l, analyse_box_subtract(a, &box, others, c.rest_count, is_example, &c, &example));
}

/* The same event once more in the list of one rule. */
static bool
is_repeated(const struct policy_trigger_rule *rule, uint32_t k, uint64_t gone)
{
	for (uint32_t m = 0; m < rule->event_count; m++)
		if (m != k && (gone >> m & 1) == 0 && strcmp(rule->events[m], rule->events[k]) == 0)
			return true;
	return false;
}

static void
judge_events(struct linting *l, uint32_t i)
{
	const struct policy_trigger_rule *rule = &l->policy->triggers[i];
	struct lint_rule_state *state = &l->triggers[i];

	for (uint32_t k = rule->event_count; k-- > 0;) {
		enum analyse_answer answer = is_repeated(rule, k, state->events)
						 ? ANALYSE_NONE
						 : uncovered(l, i, k, l->policy->trigger_count);

		if (answer == ANALYSE_NONE)
			state->events |= UINT64_C(1) << k;
		if (answer == ANALYSE_UNKNOWN)
			lint_doubt(l, trigger_node(l, i),
			    "whether the others let in all that this one does");
	}
}

/* Whether rule j covers all of rule i: where it does for one event, it does for each that it names.
 */
static bool
covers(struct linting *l, uint32_t j, uint32_t i)
{
	const struct policy_trigger_rule *rule = &l->policy->triggers[i];

	for (uint32_t k = 0; k < rule->event_count; k++)
		if (!stands_for(l, j, rule->source, rule->events[k]))
			return false;
	return uncovered(l, i, 0, j) == ANALYSE_NONE;
}

static void
judge_whole(struct linting *l, uint32_t i)
{
	uint32_t events = l->policy->triggers[i].event_count;
	struct lint_rule_state *state = &l->triggers[i];

	if (state->events != (UINT64_C(1) << events) - 1)
		return;
	state->fate = LINT_REDUNDANT;
	for (uint32_t j = 0; j < l->policy->trigger_count; j++)
		if (j != i && covers(l, j, i)) {
			state->fate = LINT_SHADOWED;
			state->other = j;
			return;
		}
}

/* From the last to the first: of two that are the same the first one stays. */
void
lint_judge_triggers(struct linting *l)
{
	uint32_t count = l->policy->trigger_count;

	for (uint32_t i = 0; i < count; i++) {
		struct analysis *a = lint_ask(l);
		struct box box = box_of_where(a, &l->policy->triggers[i]);
		struct box_example example;
		struct checking c;
		enum analyse_answer answer;

		prepare(l, &l->policy->triggers[i], l->policy->triggers[i].events[0], &c);
		answer = lint_answer(
		    l, analyse_box_subtract(a, &box, NULL, 0, is_example, &c, &example));
		if (answer == ANALYSE_NONE)
			l->triggers[i].fate = LINT_UNREACHABLE;
		if (answer == ANALYSE_UNKNOWN)
			lint_doubt(
			    l, trigger_node(l, i), "whether anything can satisfy this trigger");
	}
	for (uint32_t i = count; i-- > 0;) {
		if (l->triggers[i].fate != LINT_STANDS)
			continue;
		judge_events(l, i);
		judge_whole(l, i);
	}
}

/* What an example for lint_for_triggers must pass. */
struct starting {
	struct checking trigger;
	const char *tool;
};

static bool
is_started(const void *context, const struct box_example *example)
{
	const struct starting *s = context;
	const struct policy_request call = {.action = POLICY_TOOL,
	    .workspace = ANALYSE_WORKSPACE,
	    .name = s->tool,
	    .args = &example->args,
	    .input = &example->input};

	return is_example(&s->trigger, example) &&
	       (s->tool == NULL || policy_decide(s->trigger.policy, &call).verdict != POLICY_DENY);
}

enum analyse_answer
lint_for_triggers(struct linting *l, struct box (*make)(struct analysis *a, const void *subject),
    const void *subject, const char *tool)
{
	enum analyse_answer all = ANALYSE_NONE;

	for (uint32_t i = 0; i < l->policy->trigger_count && all != ANALYSE_FOUND; i++) {
		const struct policy_trigger_rule *rule = &l->policy->triggers[i];
		struct analysis *a = lint_ask(l);
		struct box where = box_of_where(a, rule), more = make(a, subject);
		struct box both = box_meet(a, &where, &more);
		struct starting s = {.tool = tool};
		struct box_example example;
		enum analyse_answer answer;

		prepare(l, rule, rule->events[0], &s.trigger);
		answer = lint_answer(
		    l, analyse_box_subtract(a, &both, NULL, 0, is_started, &s, &example));
		if (answer != ANALYSE_NONE)
			all = answer;
	}
	return all;
}

void
lint_unreachable_trigger(struct linting *l)
{
	for (uint32_t i = 0; i < l->policy->trigger_count; i++)
		if (l->triggers[i].fate == LINT_UNREACHABLE)
			lint_add(l, POLICY_LINT_unreachable_trigger, trigger_node(l, i),
			    "its conditions exclude each other",
			    "no event can satisfy this trigger");
}

void
lint_shadowed_trigger(struct linting *l)
{
	for (uint32_t i = 0; i < l->policy->trigger_count; i++) {
		struct policy_finding *finding;
		uint32_t line = l->policy->triggers[l->triggers[i].other].line;

		if (l->triggers[i].fate != LINT_SHADOWED)
			continue;
		finding = lint_add(l, POLICY_LINT_shadowed_trigger, trigger_node(l, i), "remove it",
		    "the trigger on line %u lets in all that this one does", line);
		if (finding != NULL)
			finding->other_line = line;
	}
}

void
lint_redundant_trigger(struct linting *l)
{
	for (uint32_t i = 0; i < l->policy->trigger_count; i++)
		if (l->triggers[i].fate == LINT_REDUNDANT)
			lint_add(l, POLICY_LINT_redundant_trigger, trigger_node(l, i), "remove it",
			    "the other triggers together let in all that this one does");
}

void
lint_redundant_event(struct linting *l)
{
	for (uint32_t i = 0; i < l->policy->trigger_count; i++) {
		const struct policy_trigger_rule *rule = &l->policy->triggers[i];
		const struct yaml_node *key;

		if (l->triggers[i].fate != LINT_STANDS)
			continue;
		key = policy_yaml_find(trigger_node(l, i), "event");
		for (uint32_t k = 0; key != NULL && k < rule->event_count; k++)
			if ((l->triggers[i].events >> k & 1) != 0)
				lint_add(l, POLICY_LINT_redundant_event, lint_item(key->value, k),
				    "remove it", "the event \"%s\" is let in without this, too",
				    rule->events[k]);
	}
}

/* An event that both let in, if there is one. false: there is none. */
static bool
overlap(struct linting *l, uint32_t i, uint32_t j, const char *event)
{
	const struct policy_trigger_rule *x = &l->policy->triggers[i], *y = &l->policy->triggers[j];
	struct analysis *a = lint_ask(l);
	struct box boxes[2] = {box_of_where(a, x), box_of_where(a, y)};
	struct box both = box_meet(a, &boxes[0], &boxes[1]);
	struct policy_finding *finding;
	struct box_example example;
	enum analyse_answer answer;
	struct checking c;

	prepare(l, x, event, &c);
	c.own[c.own_count++] = *y;
	answer = lint_answer(l, analyse_box_subtract(a, &both, NULL, 0, is_example, &c, &example));
	if (answer == ANALYSE_UNKNOWN)
		lint_doubt(l, trigger_node(l, j), "whether another trigger lets in the same");
	if (answer != ANALYSE_FOUND)
		return false;
	finding = lint_add(l, POLICY_LINT_overlapping_triggers, trigger_node(l, j), "",
	    "this trigger and the one on line %u let in the same event", x->line);
	if (finding != NULL)
		finding->other_line = x->line;
	lint_example(l, finding, &c.request, NULL, &example.input);
	return true;
}

void
lint_overlapping_triggers(struct linting *l)
{
	for (uint32_t j = 0; j < l->policy->trigger_count; j++) {
		const struct policy_trigger_rule *rule = &l->policy->triggers[j];

		for (uint32_t i = 0; i < j; i++)
			for (uint32_t k = 0; k < rule->event_count; k++)
				if (stands_for(l, i, rule->source, rule->events[k]) &&
				    stands_for(l, j, rule->source, rule->events[k]) &&
				    overlap(l, i, j, rule->events[k]))
					break;
	}
}

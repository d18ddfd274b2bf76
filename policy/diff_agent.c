/* Sub-agents and models: edges by their numbers and grants, models as automata. */
#include <stdio.h>

#include "policy/constraint.h"
#include "policy/diff_parts.h"

/* Keeps request as side's witness if the one allows it and the other does not. */
static bool
keep(const struct policy *allows, const struct policy *refuses, struct policy_side *side,
    const struct policy_request *request)
{
	const struct policy_decision decision = policy_decide(allows, request);

	if (decision.verdict == POLICY_DENY ||
	    policy_decide(refuses, request).verdict != POLICY_DENY)
		return false;
	side->state = POLICY_SIDE_WITNESS;
	side->has_request = true;
	side->request = *request;
	side->line = decision.line;
	return true;
}

static struct policy_request
dispatch(const struct policy_subagent *edge)
{
	return (struct policy_request){.action = POLICY_SUBAGENT,
	    .workspace = ANALYSE_WORKSPACE,
	    .name = edge->name,
	    .depth = 1};
}

/* What the edges of one child open, number by number. theirs is NULL: they have none. */
static void
open_edge(const struct policy *allows, const struct policy *refuses,
    const struct policy_subagent *own, struct policy_side *side)
{
	const struct policy_request request = dispatch(own);

	side->state = POLICY_SIDE_UNKNOWN;
	keep(allows, refuses, side, &request);
}

static void
open_depth(const struct policy *allows, const struct policy *refuses,
    const struct policy_subagent *own, const struct policy_subagent *theirs,
    struct policy_side *side)
{
	struct policy_request request = dispatch(own);

	request.depth = (uint32_t)theirs->depth.most + 1;
	side->state =
	    own->depth.most > theirs->depth.most ? POLICY_SIDE_UNKNOWN : POLICY_SIDE_NOTHING;
	if (side->state == POLICY_SIDE_UNKNOWN)
		keep(allows, refuses, side, &request);
}

static void
open_fan_out(const struct policy *allows, const struct policy *refuses,
    const struct policy_subagent *own, const struct policy_subagent *theirs,
    struct policy_side *side)
{
	struct policy_request request = dispatch(own);

	side->state = own->run.most > theirs->run.most ? POLICY_SIDE_UNKNOWN : POLICY_SIDE_NOTHING;
	if (side->state == POLICY_SIDE_NOTHING)
		return;
	side->usage.dispatched = theirs->run.most;
	request.usage = &side->usage;
	keep(allows, refuses, side, &request);
}

static void
open_grant(const struct policy *allows, const struct policy *refuses,
    const struct policy_subagent *own, const struct policy_subagent *theirs,
    struct policy_side *side)
{
	struct policy_request request = dispatch(own);

	(void)theirs;
	side->state = POLICY_SIDE_NOTHING;
	for (uint32_t i = 0; i < own->grant_count; i++) {
		request.tool = own->grants[i];
		if (keep(allows, refuses, side, &request))
			return;
	}
}

typedef void (*edge_opener)(const struct policy *allows, const struct policy *refuses,
    const struct policy_subagent *own, const struct policy_subagent *theirs,
    struct policy_side *side);

static const struct {
	const char *tail;
	edge_opener open;
} edge_parts[] = {
    {".max_depth", open_depth}, {".max_per_run", open_fan_out}, {".grant", open_grant}};

static void
diff_edge(struct differing *d, const struct policy_subagent *old, const struct policy_subagent *new)
{
	const char *head = diff_name(d, "subagents.", (new != NULL ? new : old)->name, "");
	struct policy_dimension *dimension;

	if (old == NULL || new == NULL) {
		dimension = diff_add(d, head);
		if (dimension == NULL)
			return;
		dimension->opened.state = dimension->closed.state = POLICY_SIDE_NOTHING;
		if (new != NULL)
			open_edge(d->new, d->old, new, &dimension->opened);
		else
			open_edge(d->old, d->new, old, &dimension->closed);
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(edge_parts); i++) {
		dimension = diff_add(d, diff_name(d, head, edge_parts[i].tail, ""));
		if (dimension == NULL)
			return;
		edge_parts[i].open(d->new, d->old, new, old, &dimension->opened);
		edge_parts[i].open(d->old, d->new, old, new, &dimension->closed);
	}
}

void
diff_subagents(struct differing *d)
{
	const struct policy_subagents *old = &d->old->subagents, *new = &d->new->subagents;

	for (uint32_t i = 0; i < old->count; i++)
		diff_edge(d, &old->items[i], policy_subagent_find(d->new, old->items[i].name));
	for (uint32_t i = 0; i < new->count; i++)
		if (policy_subagent_find(d->old, new->items[i].name) == NULL)
			diff_edge(d, NULL, &new->items[i]);
}

/* A model of own's pattern that no rule of theirs at the same place names. */
static enum analyse_answer
find_model(struct analysis *a, const struct glob *own, const struct policy_models *theirs,
    const struct policy_request *at, struct analyse_word *ret)
{
	static const struct analyse_word nameless = {.length = 0};
	uint32_t room = 1;
	struct analyse_word *patterns, empty = nameless;
	bool *negated;
	struct analyse_language language = {.words = &empty, .word_count = 1, .pattern_count = 1};

	for (uint32_t i = 0; i < theirs->count; i++)
		room += theirs->items[i].model_count;
	patterns = analyse_alloc(a, room, sizeof(*patterns));
	negated = analyse_alloc(a, room, sizeof(*negated));
	if (patterns == NULL || negated == NULL)
		return ANALYSE_UNKNOWN;
	patterns[0] = analyse_tokens(a, own->pattern);
	for (uint32_t i = 0; i < theirs->count; i++) {
		const struct policy_model_rule *rule = &theirs->items[i];

		for (uint32_t j = 0; policy_model_rule_is_at(rule, at) && j < rule->model_count;
		     j++) {
			if (strcmp(rule->models[j].pattern, own->pattern) == 0)
				return ANALYSE_NONE;
			negated[language.pattern_count] = true;
			patterns[language.pattern_count++] =
			    analyse_tokens(a, rule->models[j].pattern);
		}
	}
	language.patterns = patterns;
	language.negated = negated;
	return a->out_of_memory ? ANALYSE_UNKNOWN : analyse_language_find(a, &language, ret);
}

/* One pattern of own in one region. */
static void
open_model(struct differing *d, const struct policy *allows, const struct policy *refuses,
    const struct glob *model, struct policy_request *at, struct policy_side *side)
{
	struct analysis *a = &d->analysis;
	struct analyse_word word = {0};
	enum analyse_answer answer;
	struct value name;
	char *text;

	a->work = ANALYSE_WORK_MAX;
	answer = find_model(a, model, &refuses->models, at, &word);
	if (answer == ANALYSE_NONE)
		return;
	side->state = POLICY_SIDE_UNKNOWN;
	if (answer != ANALYSE_FOUND)
		return;
	name = analyse_spell(a, &word);
	text = analyse_alloc(a, (size_t)name.length + 1, 1);
	if (text == NULL)
		return;
	memcpy(text, name.string, name.length);
	at->name = text;
	keep(allows, refuses, side, at);
}

static void
open_models(struct differing *d, const struct policy *allows, const struct policy *refuses,
    struct policy_side *side)
{
	bool unknown = false;

	side->state = POLICY_SIDE_NOTHING;
	for (uint32_t i = 0; i < allows->models.count; i++) {
		const struct policy_model_rule *rule = &allows->models.items[i];
		uint32_t places = rule->region_count > 0 ? rule->region_count : 1;
		struct policy_request at = {.action = POLICY_MODEL,
		    .workspace = ANALYSE_WORKSPACE,
		    .provider = policy_provider_name(rule->provider)};

		for (uint32_t j = 0; j < places * rule->model_count; j++) {
			if (rule->region_count > 0)
				at.region = rule->regions[j % places];
			open_model(d, allows, refuses, &rule->models[j / places], &at, side);
			if (diff_is_found(side, &unknown))
				return;
		}
	}
	if (unknown)
		side->state = POLICY_SIDE_UNKNOWN;
}

void
diff_models(struct differing *d)
{
	struct policy_dimension *dimension;

	if (d->old->models.count == 0 && d->new->models.count == 0)
		return;
	dimension = diff_add(d, "llm");
	if (dimension == NULL)
		return;
	open_models(d, d->new, d->old, &dimension->opened);
	open_models(d, d->old, d->new, &dimension->closed);
}

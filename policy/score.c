#include "policy/score.h"

#include "policy/constraint.h"
#include "policy/diff.h"
#include "policy/mutate.h"

enum { SCORE_BYTES_MAX = 64 * 1024 * 1024 };

struct scoring {
	const struct policy *policy;
	struct arena arena; /* what the score is made of */
	bool *passes;       /* [fixture_count]: on the policy itself */
	uint64_t decisions;
	uint32_t searches, doubts;
	struct policy_survivor *survivors;
	const struct policy_fixture **killers;
	struct policy_score score;
	bool out_of_memory;
};

static void *
keep(struct scoring *s, size_t count, size_t size)
{
	void *at = arena_array(&s->arena, count > 0 ? count : 1, size);

	s->out_of_memory = s->out_of_memory || at == NULL;
	return at;
}

static const char *
keep_text(struct scoring *s, const char *text, size_t length)
{
	const char *copy = arena_copy(&s->arena, text, length);

	s->out_of_memory = s->out_of_memory || copy == NULL;
	return copy != NULL ? copy : "";
}

static const char *
keep_optional(struct scoring *s, const char *text)
{
	return text != NULL ? keep_text(s, text, strlen(text)) : NULL;
}

static struct value keep_value(struct scoring *s, const struct value *value);

static const struct value *
keep_items(struct scoring *s, const struct value *array)
{
	struct value *items = keep(s, array->length, sizeof(*items));

	for (uint32_t i = 0; items != NULL && i < array->length; i++)
		items[i] = keep_value(s, &array->items[i]);
	return items;
}

static const struct value_pair *
keep_pairs(struct scoring *s, const struct value *map)
{
	struct value_pair *pairs = keep(s, map->length, sizeof(*pairs));

	for (uint32_t i = 0; pairs != NULL && i < map->length; i++)
		pairs[i] = (struct value_pair){
		    keep_value(s, &map->pairs[i].key), keep_value(s, &map->pairs[i].value)};
	return pairs;
}

/* A copy that outlives the search. Witnesses are as deep as the policy's constraints and schemas.
 */
static struct value
keep_value(struct scoring *s, const struct value *value)
{
	struct value copy = *value;

	if (value->type == VALUE_STRING)
		copy.string = keep_text(s, value->string, value->length);
	else if (value->type == VALUE_ARRAY)
		copy.items = keep_items(s, value);
	else if (value->type == VALUE_MAP)
		copy.pairs = keep_pairs(s, value);
	if (s->out_of_memory)
		copy = (struct value){.type = VALUE_NULL};
	return copy;
}

/* True where the fixture holds for the policy, and not for the mutant. */
static bool
notices(struct scoring *s, const struct policy_fixture *fixture, const struct mutant *mutant)
{
	const struct policy_request *request = &fixture->request;

	if (!mutant_concerns(mutant, request))
		return false;
	s->decisions++;
	return !policy_fixture_run(&mutant->policy, fixture).passed;
}

static bool
is_killed(struct scoring *s, const struct mutant *mutant)
{
	for (uint32_t i = 0; i < s->policy->fixture_count; i++)
		if (s->passes[i] && notices(s, &s->policy->fixtures[i], mutant))
			return true;
	return false;
}

/* All that decides about what mutant changes, as a policy of its own: less to compare. tool: the
 * one that is called; NULL: none is. */
static struct policy
narrow(
    const struct policy *policy, const struct mutant *mutant, const struct policy_tool_rule *tool)
{
	struct policy narrowed = *policy;

	if (mutant->action != POLICY_TRIGGER)
		narrowed.trigger_count = 0;
	if (mutant->action != POLICY_MEMORY_READ)
		narrowed.read.count = 0;
	if (mutant->action != POLICY_MEMORY_WRITE)
		narrowed.write.count = 0;
	if (mutant->action != POLICY_SUBAGENT)
		narrowed.subagents.count = 0;
	if (mutant->action != POLICY_MODEL)
		narrowed.models.count = 0;
	/* Nothing below writes what it compares. */
	narrowed.tools = (struct policy_tool_rule *)(uintptr_t)tool;
	narrowed.tool_count = tool != NULL;
	return narrowed;
}

/* A fixture that asks for what request does, with a copy of all that it borrows. */
static struct policy_fixture *
keep_fixture(struct scoring *s, const struct policy_request *request)
{
	struct policy_fixture *fixture = keep(s, 1, sizeof(*fixture));

	if (fixture == NULL)
		return NULL;
	*fixture = (struct policy_fixture){.request = *request, .why = ""};
	fixture->args = (struct value){.type = VALUE_MAP};
	fixture->input = fixture->args;
	if (request->args != NULL)
		fixture->args = keep_value(s, request->args);
	if (request->input != NULL)
		fixture->input = keep_value(s, request->input);
	fixture->request.args = request->action == POLICY_TOOL ? &fixture->args : NULL;
	fixture->request.input = &fixture->input;
	fixture->request.usage = &fixture->usage;
	fixture->request.name = keep_text(s, request->name, strlen(request->name));
	fixture->request.workspace = keep_text(s, request->workspace, strlen(request->workspace));
	fixture->request.event = keep_optional(s, request->event);
	fixture->request.tool = keep_optional(s, request->tool);
	fixture->request.provider = keep_optional(s, request->provider);
	fixture->request.region = keep_optional(s, request->region);
	return fixture;
}

/* The fixture that asks for request after usage (NULL: what the request says) and expects what the
 * policy says; NULL: the mutant says the same. */
static const struct policy_fixture *
keep_killer(struct scoring *s, const struct policy_request *request,
    const struct policy_usage *usage, const struct mutant *mutant)
{
	struct policy_fixture *fixture = keep_fixture(s, request);

	if (fixture == NULL || s->score.killer_count == SCORE_SEARCHES_MAX)
		return NULL;
	if (usage != NULL || request->usage != NULL)
		fixture->usage = *(usage != NULL ? usage : request->usage);
	fixture->expected = policy_decide(s->policy, &fixture->request).code;
	if (s->out_of_memory || !policy_fixture_run(s->policy, fixture).passed ||
	    !notices(s, fixture, mutant))
		return NULL;
	s->killers[s->score.killer_count++] = fixture;
	return fixture;
}

/* Asks for what a fixture of the mutant's kind is allowed, after the mutant's usage. */
static const struct policy_fixture *
exhaust(struct scoring *s, const struct policy_fixture *fixture, const struct mutant *mutant)
{
	if (fixture->expected != ERR_OK || !mutant_concerns(mutant, &fixture->request))
		return NULL;
	return keep_killer(s, &fixture->request, mutant->usage, mutant);
}

/* What the differ says about two policies; their witness makes the killer. */
static enum policy_side_state
ask_differ(struct scoring *s, const struct policy *old, const struct policy *new,
    const struct mutant *mutant, struct policy_survivor *survivor)
{
	enum policy_side_state state = POLICY_SIDE_NOTHING;
	struct policy_diff diff;

	s->searches++;
	if (policy_diff(old, new, &diff) != ERR_OK) {
		s->out_of_memory = true;
		return POLICY_SIDE_UNKNOWN;
	}
	for (uint32_t i = 0; survivor->killer == NULL && i < 2 * diff.count; i++) {
		const struct policy_dimension *dimension = &diff.items[i / 2];
		const struct policy_side *side =
		    i % 2 == 0 ? &dimension->opened : &dimension->closed;

		if (side->state == POLICY_SIDE_WITNESS && side->has_request)
			survivor->killer = keep_killer(s, &side->request, mutant->usage, mutant);
		if (side->state != POLICY_SIDE_NOTHING && survivor->killer == NULL)
			state = POLICY_SIDE_UNKNOWN;
	}
	policy_diff_done(&diff);
	s->doubts += state == POLICY_SIDE_UNKNOWN;
	return survivor->killer != NULL ? POLICY_SIDE_WITNESS : state;
}

static enum policy_side_state
search(struct scoring *s, const struct mutant *mutant, struct policy_survivor *survivor)
{
	bool call = mutant->action == POLICY_TOOL;
	const struct policy_tool_rule *tool =
	    call ? policy_tool_rule_find(s->policy, mutant->name) : NULL;
	struct policy old = narrow(s->policy, mutant, tool);
	struct policy new = narrow(&mutant->policy, mutant, call ? mutant->policy.tools : NULL);

	return ask_differ(s, &old, &new, mutant, survivor);
}

/* A call that rule allows is what the differ finds between it and nothing. */
static enum policy_side_state
search_call(struct scoring *s, const struct policy_tool_rule *rule, const struct mutant *mutant,
    struct policy_survivor *survivor)
{
	struct policy_tool_rule closed = *rule;
	struct policy old = narrow(s->policy, mutant, rule);
	struct policy new = narrow(s->policy, mutant, &closed);

	closed.allow = false;
	return ask_differ(s, &old, &new, mutant, survivor);
}

/* A model that may be called, in the same way. */
static enum policy_side_state
search_model(struct scoring *s, const struct mutant *mutant, struct policy_survivor *survivor)
{
	struct policy old = narrow(s->policy, mutant, NULL), new = old;

	old.models = s->policy->models;
	new.models.count = 0;
	return ask_differ(s, &old, &new, mutant, survivor);
}

/* Any request of the mutant's that is allowed. */
static enum policy_side_state
search_allowed(struct scoring *s, const struct mutant *mutant, struct policy_survivor *survivor)
{
	const struct policy *policy = s->policy;
	enum policy_side_state state = POLICY_SIDE_NOTHING;
	bool calls = mutant->action != POLICY_MODEL, models = mutant->action != POLICY_TOOL;

	for (uint32_t i = 0; calls && survivor->killer == NULL && i < policy->allowed_count; i++)
		if ((mutant->name == NULL ||
			strcmp(mutant->name, policy->allowed[i]->tool.name) == 0) &&
		    search_call(s, policy->allowed[i], mutant, survivor) == POLICY_SIDE_UNKNOWN)
			state = POLICY_SIDE_UNKNOWN;
	if (models && survivor->killer == NULL && policy->models.count > 0 &&
	    search_model(s, mutant, survivor) == POLICY_SIDE_UNKNOWN)
		state = POLICY_SIDE_UNKNOWN;
	return survivor->killer != NULL ? POLICY_SIDE_WITNESS : state;
}

/* A quota is noticed by any request that is allowed while it lasts: by one that the policy's own
 * fixtures or the killers ask for already, or by another. */
static enum policy_side_state
search_usage(struct scoring *s, const struct mutant *mutant, struct policy_survivor *survivor)
{
	for (uint32_t i = 0; survivor->killer == NULL && i < s->policy->fixture_count; i++)
		if (s->passes[i])
			survivor->killer = exhaust(s, &s->policy->fixtures[i], mutant);
	for (uint32_t i = 0; survivor->killer == NULL && i < s->score.killer_count; i++)
		survivor->killer = exhaust(s, s->killers[i], mutant);
	if (survivor->killer != NULL)
		return POLICY_SIDE_WITNESS;
	return search_allowed(s, mutant, survivor);
}

/* A fixture that was found for another mutant may do for this one. */
static const struct policy_fixture *
find_killer(struct scoring *s, const struct mutant *mutant)
{
	for (uint32_t i = 0; i < s->score.killer_count; i++)
		if (notices(s, s->killers[i], mutant))
			return s->killers[i];
	return NULL;
}

/* Finds the fixture that is missing. False: there is none, because nothing is decided otherwise. */
static bool
is_survivor(struct scoring *s, const struct mutant *mutant, struct policy_survivor *survivor)
{
	survivor->killer = find_killer(s, mutant);
	if (survivor->killer != NULL)
		return true;
	if (s->searches >= SCORE_SEARCHES_MAX || s->doubts >= SCORE_DOUBTS_MAX) {
		s->score.unsearched++;
		return true;
	}
	return (mutant->usage != NULL ? search_usage(s, mutant, survivor)
				      : search(s, mutant, survivor)) != POLICY_SIDE_NOTHING;
}

static void
judge(void *context, const struct mutant *mutant)
{
	struct scoring *s = context;
	struct policy_survivor survivor = {.rule = mutant->rule, .line = mutant->line};

	s->score.mutants++;
	if (s->decisions >= SCORE_DECISIONS_MAX) {
		s->score.untried++;
		return;
	}
	if (is_killed(s, mutant)) {
		s->score.killed++;
		return;
	}
	if (!is_survivor(s, mutant, &survivor)) {
		s->score.harmless++;
		return;
	}
	s->score.survived++;
	if (s->score.survivor_count == SCORE_SURVIVORS_MAX)
		return;
	survivor.opens = survivor.killer != NULL && survivor.killer->expected != ERR_OK;
	survivor.change = keep_text(s, mutant->change, strlen(mutant->change));
	s->survivors[s->score.survivor_count++] = survivor;
}

static uint32_t
percent(const struct policy_score *score)
{
	uint32_t counted = score->mutants - score->harmless;

	return counted > 0 ? (uint32_t)((uint64_t)score->killed * 100 / counted) : 100;
}

enum err
policy_score(const struct policy *policy, struct policy_score *ret)
{
	struct scoring *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return ERR_INTERNAL;
	s->policy = policy;
	arena_init(&s->arena, SCORE_BYTES_MAX);
	s->passes = keep(s, policy->fixture_count, sizeof(*s->passes));
	s->survivors = keep(s, SCORE_SURVIVORS_MAX, sizeof(*s->survivors));
	s->killers = keep(s, SCORE_SEARCHES_MAX, sizeof(*s->killers));
	for (uint32_t i = 0; !s->out_of_memory && i < policy->fixture_count; i++)
		s->passes[i] = policy_fixture_run(policy, &policy->fixtures[i]).passed;
	if (s->out_of_memory || !mutate_policy(policy, judge, s) || s->out_of_memory) {
		arena_clear(&s->arena);
		free(s);
		return ERR_INTERNAL;
	}
	s->score.percent = percent(&s->score);
	s->score.survivors = s->survivors;
	s->score.killers = s->killers;
	s->score.memory = s;
	*ret = s->score;
	return ERR_OK;
}

void
policy_score_done(struct policy_score *score)
{
	struct scoring *s = score->memory;

	if (s != NULL) {
		arena_clear(&s->arena);
		free(s);
	}
	*score = (struct policy_score){0};
}

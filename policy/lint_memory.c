/* Memory: patterns that open nothing, nothing new, or more than a Skill needs. */
#include "policy/lint_parts.h"

/* The patterns of one direction. */
struct direction {
	enum policy_action action;
	const char *name;
	const struct policy_patterns *patterns;
	struct lint_rule_state *states;
};

enum { DIRECTIONS = 2 };

static void
list_directions(struct linting *l, struct direction ret[DIRECTIONS])
{
	ret[0] = (struct direction){POLICY_MEMORY_READ, "read", &l->policy->read, l->read};
	ret[1] = (struct direction){POLICY_MEMORY_WRITE, "write", &l->policy->write, l->write};
}

static const struct yaml_node *
pattern_node(const struct linting *l, const struct direction *d, uint32_t index)
{
	return lint_item(lint_node(l, "memory", d->name, NULL)->value, index);
}

/* What an example must pass. */
struct checking {
	const struct policy_pattern *own, *const *rest;
	uint32_t rest_count;
};

static bool
meets(const struct policy_pattern *pattern, const struct key_example *example)
{
	const struct policy_request request = {
	    .workspace = ANALYSE_WORKSPACE, .input = &example->input};
	const char *variable;

	return policy_pattern_meets(pattern, example->name, strlen(example->name), &request,
		   &variable) == POLICY_MEETS;
}

static bool
is_example(const void *context, const struct key_example *example)
{
	const struct checking *c = context;

	for (uint32_t i = 0; i < c->rest_count; i++)
		if (meets(c->rest[i], example))
			return false;
	return meets(c->own, example);
}

static enum analyse_answer
uncovered(struct linting *l, const struct policy_pattern *pattern,
    const struct policy_pattern *const *others, uint32_t count, struct key_example *ret)
{
	const struct checking c = {.own = pattern, .rest = others, .rest_count = count};

	return lint_answer(
	    l, analyse_key_find(lint_ask(l), pattern, others, count, is_example, &c, ret));
}

static void
judge(struct linting *l, const struct direction *d, uint32_t i)
{
	const struct policy_pattern *pattern = &d->patterns->items[i], *others[POLICY_PATTERNS_MAX];
	uint32_t indexes[POLICY_PATTERNS_MAX], count = 0;
	struct key_example example;
	enum analyse_answer answer;

	for (uint32_t j = 0; j < d->patterns->count; j++) {
		if (j == i || d->states[j].fate != LINT_STANDS)
			continue;
		indexes[count] = j;
		others[count++] = &d->patterns->items[j];
	}
	answer = uncovered(l, pattern, others, count, &example);
	if (answer == ANALYSE_UNKNOWN)
		lint_doubt(l, pattern_node(l, d, i), "whether the other patterns open the same");
	if (answer != ANALYSE_NONE)
		return;
	d->states[i].fate = LINT_REDUNDANT;
	for (uint32_t j = 0; j < count; j++)
		if (uncovered(l, pattern, &others[j], 1, &example) == ANALYSE_NONE) {
			d->states[i].fate = LINT_SHADOWED;
			d->states[i].other = indexes[j];
			return;
		}
}

bool
lint_is_field(const struct policy_piece *piece)
{
	return piece->variable && strcmp(piece->text, "workspace") != 0;
}

char *
lint_path(struct arena *arena, const struct policy_piece *piece)
{
	char *path = arena_alloc(arena, piece->length + 3);

	if (path != NULL) {
		memcpy(path, "$.", 2);
		memcpy(path + 2, piece->text, piece->length);
	}
	return path;
}

/* Adds slot to the sorted slots of box, once by name. */
static void
insert(struct box *box, struct box_slot *slots, struct box_slot slot)
{
	uint32_t at = box->count;

	while (at > 0 && strcmp(slots[at - 1].name, slot.name) > 0)
		at--;
	if (at > 0 && strcmp(slots[at - 1].name, slot.name) == 0)
		return;
	memmove(slots + at + 1, slots + at, (box->count - at) * sizeof(*slots));
	slots[at] = slot;
	box->count++;
}

/* The variables of a pattern as fields of the payload: texts that can be a segment. */
static struct box
box_of_variables(struct analysis *a, const void *subject)
{
	static const struct value one = {.type = VALUE_INT, .integer = 1};
	const struct policy_pattern *pattern = subject;
	struct box_slot *slots = analyse_alloc(a, pattern->piece_count, sizeof(*slots));
	struct policy_test *tests = analyse_alloc(a, 2, sizeof(*tests));
	struct glob *glob = analyse_alloc(a, 1, sizeof(*glob));
	struct policy_constraint constraint = {.tests = tests, .count = 2};
	struct box box = {.slots = slots};
	const char *fault;

	if (a->out_of_memory || !policy_glob_compile("*", 1, &a->arena, glob, &fault))
		return (struct box){0};
	tests[0] = (struct policy_test){.operator= POLICY_OPERATOR_GLOB, .glob = glob};
	tests[1] = (struct policy_test){
	    .operator= POLICY_OPERATOR_LEN, .bounds = {.has_min = true, .min = one}};
	for (uint32_t i = 0; i < pattern->piece_count; i++) {
		const struct policy_piece *piece = &pattern->pieces[i];
		char *path;

		if (!lint_is_field(piece))
			continue;
		path = lint_path(&a->arena, piece);
		a->out_of_memory = a->out_of_memory || path == NULL;
		if (path == NULL)
			break;
		insert(&box, slots,
		    (struct box_slot){.name = path,
			.payload = true,
			.may_have = true,
			.atoms = analyse_atoms(a, &constraint, NULL)});
	}
	return box;
}

static void
judge_values(struct linting *l, const struct direction *d, uint32_t i)
{
	enum analyse_answer answer =
	    lint_for_triggers(l, box_of_variables, &d->patterns->items[i], NULL);

	if (answer == ANALYSE_NONE)
		d->states[i].fate = LINT_UNREACHABLE;
	if (answer == ANALYSE_UNKNOWN)
		lint_doubt(l, pattern_node(l, d, i), "whether its variables can have values");
}

/* From the last to the first: of two that are the same the first one stays. */
void
lint_judge_patterns(struct linting *l)
{
	struct direction directions[DIRECTIONS];

	list_directions(l, directions);
	for (unsigned n = 0; n < DIRECTIONS; n++) {
		const struct direction *d = &directions[n];

		for (uint32_t i = 0; i < d->patterns->count; i++)
			judge_values(l, d, i);
		for (uint32_t i = d->patterns->count; i-- > 0;)
			if (d->states[i].fate == LINT_STANDS)
				judge(l, d, i);
	}
}

/* Calls report for every pattern with this fate. */
static void
each_pattern(struct linting *l, enum lint_fate fate,
    void (*report)(struct linting *l, const struct direction *d, uint32_t index))
{
	struct direction directions[DIRECTIONS];

	list_directions(l, directions);
	for (unsigned n = 0; n < DIRECTIONS; n++)
		for (uint32_t i = 0; i < directions[n].patterns->count; i++)
			if (directions[n].states[i].fate == fate)
				report(l, &directions[n], i);
}

static void
report_unreachable(struct linting *l, const struct direction *d, uint32_t index)
{
	lint_add(l, POLICY_LINT_unreachable_pattern, pattern_node(l, d, index), "remove it",
	    "no trigger lets in a payload that gives its variables values");
}

void
lint_unreachable_pattern(struct linting *l)
{
	each_pattern(l, LINT_UNREACHABLE, report_unreachable);
}

static void
report_shadowed(struct linting *l, const struct direction *d, uint32_t index)
{
	const struct policy_pattern *other = &d->patterns->items[d->states[index].other];
	struct policy_finding *finding =
	    lint_add(l, POLICY_LINT_shadowed_pattern, pattern_node(l, d, index), "remove it",
		"\"%s\" on line %u opens all that this one does", other->text, other->line);

	if (finding != NULL)
		finding->other_line = other->line;
}

void
lint_shadowed_pattern(struct linting *l)
{
	each_pattern(l, LINT_SHADOWED, report_shadowed);
}

static void
report_redundant(struct linting *l, const struct direction *d, uint32_t index)
{
	lint_add(l, POLICY_LINT_redundant_pattern, pattern_node(l, d, index), "remove it",
	    "the other patterns together open all that this one does");
}

void
lint_redundant_pattern(struct linting *l)
{
	each_pattern(l, LINT_REDUNDANT, report_redundant);
}

static void
report_whole(struct linting *l, const struct direction *d, uint32_t index)
{
	const struct policy_pattern *pattern = &d->patterns->items[index];

	if (strcmp(pattern->text, "ws/{workspace}/**") == 0)
		lint_add(l, POLICY_LINT_whole_workspace, pattern_node(l, d, index),
		    "name the namespaces that it needs",
		    "opens every key of the workspace, those of other Skills too");
}

void
lint_whole_workspace(struct linting *l)
{
	each_pattern(l, LINT_STANDS, report_whole);
}

static void
report_written(struct linting *l, const struct direction *d, uint32_t index)
{
	const struct policy_pattern *pattern = &d->patterns->items[index];
	const struct policy_pattern *others[POLICY_PATTERNS_MAX];
	const struct policy_patterns *read = &l->policy->read;
	struct policy_request request = {.action = d->action, .workspace = ANALYSE_WORKSPACE};
	struct key_example example;
	enum analyse_answer answer;

	if (d->action != POLICY_MEMORY_WRITE)
		return;
	for (uint32_t i = 0; i < read->count; i++)
		others[i] = &read->items[i];
	answer = uncovered(l, pattern, others, read->count, &example);
	if (answer == ANALYSE_UNKNOWN)
		lint_doubt(
		    l, pattern_node(l, d, index), "whether it may read all that it may write");
	if (answer != ANALYSE_FOUND)
		return;
	request.name = example.name;
	lint_example(l,
	    lint_add(l, POLICY_LINT_write_without_read, pattern_node(l, d, index), "",
		"the Skill may write keys that it may not read: it replaces what it cannot see"),
	    &request, NULL, &example.input);
}

void
lint_write_without_read(struct linting *l)
{
	each_pattern(l, LINT_STANDS, report_written);
}

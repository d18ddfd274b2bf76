#include "policy/lint.h"

#include <stdarg.h>
#include <stdio.h>

#include "policy/lint_parts.h"
#include "policy/load.h"

#define LINT_ROW(name, text, level) {text, POLICY_LINT_##level, lint_##name},
static const struct {
	const char *name;
	enum policy_lint_level level;
	void (*examine)(struct linting *l);
} rows[POLICY_LINT_COUNT] = {POLICY_LINTS(LINT_ROW)};

const char *
policy_lint_name(enum policy_lint_rule rule)
{
	return (unsigned)rule < POLICY_LINT_COUNT ? rows[rule].name : "unknown";
}

enum policy_lint_level
policy_lint_level(enum policy_lint_rule rule)
{
	return (unsigned)rule < POLICY_LINT_COUNT ? rows[rule].level : POLICY_LINT_WARNING;
}

/* Room for one more; NULL: memory is out. */
static struct policy_finding *
grow(struct linting *l)
{
	uint32_t room = l->room > 0 ? 2 * l->room : 32;
	struct policy_finding *items;

	if (l->count == l->room) {
		items = reallocarray(l->items, room, sizeof(*items));
		if (items == NULL) {
			l->out_of_memory = true;
			return NULL;
		}
		l->items = items;
		l->room = room;
	}
	return &l->items[l->count++];
}

struct policy_finding *
lint_add(struct linting *l, enum policy_lint_rule rule, const struct yaml_node *node,
    const char *hint, const char *format, ...)
{
	static const struct policy_place whole = {0};
	struct policy_problems problems = {.count = 0};
	struct policy_finding *finding = grow(l);
	char message[POLICY_PROBLEM_TEXT_MAX];
	va_list args;

	if (finding == NULL)
		return NULL;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	policy_problem_add(
	    &problems, l->file, node != NULL ? node->place : whole, hint, "%s", message);
	*finding = (struct policy_finding){.rule = rule, .problem = problems.items[0]};
	return finding;
}

void
lint_doubt(struct linting *l, const struct yaml_node *node, const char *what)
{
	struct lint_doubt *doubt;

	for (doubt = l->doubts; doubt != NULL; doubt = doubt->next)
		if (doubt->node == node)
			return;
	doubt = arena_alloc(&l->kept, sizeof(*doubt));
	l->out_of_memory = l->out_of_memory || doubt == NULL;
	if (doubt == NULL)
		return;
	*doubt = (struct lint_doubt){.node = node, .what = what, .next = l->doubts};
	l->doubts = doubt;
}

/* The last row: the others know what they could not decide. */
void
lint_undecided(struct linting *l)
{
	for (const struct lint_doubt *doubt = l->doubts; doubt != NULL; doubt = doubt->next)
		lint_add(l, POLICY_LINT_undecided, doubt->node, "",
		    "not decided within its share of work: %s", doubt->what);
}

static struct value keep_value(struct linting *l, const struct value *value);

static struct value
keep_items(struct linting *l, const struct value *value)
{
	struct value *items = arena_array(&l->kept, value->length, sizeof(*items));
	struct value copy = *value;

	for (uint32_t i = 0; items != NULL && i < value->length; i++)
		items[i] = keep_value(l, &value->items[i]);
	copy.items = items;
	l->out_of_memory = l->out_of_memory || items == NULL;
	return copy;
}

static struct value
keep_pairs(struct linting *l, const struct value *value)
{
	struct value_pair *pairs = arena_array(&l->kept, value->length, sizeof(*pairs));
	struct value copy = *value;

	for (uint32_t i = 0; pairs != NULL && i < value->length; i++) {
		pairs[i].key = keep_value(l, &value->pairs[i].key);
		pairs[i].value = keep_value(l, &value->pairs[i].value);
	}
	copy.pairs = pairs;
	l->out_of_memory = l->out_of_memory || pairs == NULL;
	return copy;
}

/* As deep as the paths of a policy: a few levels. */
static struct value
keep_value(struct linting *l, const struct value *value)
{
	struct value copy = *value;

	if (value->type == VALUE_ARRAY && value->length > 0)
		return keep_items(l, value);
	if (value->type == VALUE_MAP && value->length > 0)
		return keep_pairs(l, value);
	if (value->type == VALUE_STRING) {
		copy.string = arena_copy(&l->kept, value->string, value->length);
		l->out_of_memory = l->out_of_memory || copy.string == NULL;
	}
	return copy;
}

void
lint_example(struct linting *l, struct policy_finding *finding,
    const struct policy_request *request, const struct value *args, const struct value *input)
{
	if (finding == NULL)
		return;
	finding->has_request = true;
	finding->request = *request;
	finding->request.name = arena_copy(&l->kept, request->name, strlen(request->name));
	l->out_of_memory = l->out_of_memory || finding->request.name == NULL;
	if (args != NULL)
		finding->args = keep_value(l, args);
	if (input != NULL)
		finding->input = keep_value(l, input);
	finding->request.args = NULL;
	finding->request.input = NULL;
}

struct analysis *
lint_ask(struct linting *l)
{
	analyse_done(&l->analysis);
	analyse_init(&l->analysis);
	if (l->work < l->analysis.work)
		l->analysis.work = l->work;
	l->work -= l->analysis.work;
	return &l->analysis;
}

enum analyse_answer
lint_answer(struct linting *l, enum analyse_answer answer)
{
	if (l->analysis.work > 0)
		l->work += l->analysis.work;
	return l->analysis.out_of_memory ? ANALYSE_UNKNOWN : answer;
}

const struct yaml_node *
lint_node(const struct linting *l, ...)
{
	const struct yaml_node *map = l->root, *key = NULL;
	const char *name;
	va_list names;

	va_start(names, l);
	while ((name = va_arg(names, const char *)) != NULL) {
		key = map != NULL ? policy_yaml_find(map, name) : NULL;
		map = key != NULL ? key->value : NULL;
	}
	va_end(names);
	return key;
}

const struct yaml_node *
lint_item(const struct yaml_node *list, uint32_t index)
{
	const struct yaml_node *item = list->kind == YAML_LIST ? list->child : NULL;

	while (item != NULL && index-- > 0)
		item = item->next;
	return item;
}

static int
compare_findings(const void *a, const void *b)
{
	const struct policy_finding *x = a, *y = b;

	if (x->problem.line != y->problem.line)
		return x->problem.line < y->problem.line ? -1 : 1;
	if (x->problem.column != y->problem.column)
		return x->problem.column < y->problem.column ? -1 : 1;
	return (int)x->rule - (int)y->rule;
}

/* In the file's order; requests point into their finding, so only then. */
static void
settle(struct linting *l)
{
	if (l->count > 1)
		qsort(l->items, l->count, sizeof(*l->items), compare_findings);
	for (uint32_t i = 0; i < l->count; i++) {
		struct policy_finding *finding = &l->items[i];

		if (finding->has_request && finding->request.action == POLICY_TOOL)
			finding->request.args = &finding->args;
		if (finding->has_request)
			finding->request.input = &finding->input;
	}
}

enum err
policy_lint(
    const struct policy *policy, const struct policy_file *file, struct policy_findings *ret)
{
	struct linting *l = calloc(1, sizeof(*l));
	struct policy_problems problems = {.count = 0};
	struct yaml_node *root = NULL;
	bool whole;

	if (l == NULL)
		return ERR_INTERNAL;
	l->policy = policy;
	l->file = file;
	l->work = LINT_WORK_MAX;
	arena_init(&l->kept, POLICY_TREE_BYTES_MAX + ANALYSE_BYTES_MAX);
	analyse_init(&l->analysis);
	whole = policy_yaml_parse(file, &l->kept, &root, &problems) == ERR_OK;
	if (whole) {
		l->root = root;
		lint_judge_triggers(l);
		lint_judge_patterns(l);
		for (unsigned i = 0; i < POLICY_LINT_COUNT; i++)
			rows[i].examine(l);
		settle(l);
	}
	analyse_done(&l->analysis);
	whole = whole && !l->out_of_memory;
	if (whole)
		*ret = (struct policy_findings){.items = l->items, .count = l->count, .memory = l};
	else
		policy_findings_done(&(struct policy_findings){.memory = l});
	return whole ? ERR_OK : ERR_INTERNAL;
}

void
policy_findings_done(struct policy_findings *findings)
{
	struct linting *l = findings->memory;

	if (l != NULL) {
		free(l->items);
		arena_clear(&l->kept);
		free(l);
	}
	*findings = (struct policy_findings){.memory = NULL};
}

/* Fields of the payload that a rule relies on: "only the commit that woke you" is as narrow as what
 * a trigger lets that commit be. */
#include "policy/lint_parts.h"

/* A trigger that says nothing about a field of the payload; NULL: each says something. */
static const struct policy_trigger_rule *
find_silent(const struct linting *l, const char *path)
{
	for (uint32_t i = 0; i < l->policy->trigger_count; i++)
		if (policy_constraint_find(&l->policy->triggers[i].where, path, strlen(path)) ==
		    NULL)
			return &l->policy->triggers[i];
	return NULL;
}

/* True the first time that a path is asked for. */
static bool
is_new(struct linting *l, const char *path)
{
	struct lint_field *field;

	for (field = l->fields; field != NULL; field = field->next)
		if (strcmp(field->path, path) == 0)
			return false;
	field = arena_alloc(&l->kept, sizeof(*field));
	l->out_of_memory = l->out_of_memory || field == NULL;
	if (field == NULL)
		return false;
	*field = (struct lint_field){.path = path, .next = l->fields};
	l->fields = field;
	return true;
}

static void
check_field(struct linting *l, const char *path, const struct yaml_node *node)
{
	const struct policy_trigger_rule *silent = find_silent(l, path);
	struct policy_finding *finding;

	if (silent == NULL || !is_new(l, path))
		return;
	finding = lint_add(l, POLICY_LINT_unchecked_field, node, "constrain it in where",
	    "the trigger on line %u says nothing about %s: who sends the event chooses it",
	    silent->line, path);
	if (finding != NULL)
		finding->other_line = silent->line;
}

static void
check_constraint(struct linting *l, const struct lint_subject *subject)
{
	const struct policy_constraint *constraint = subject->constraint;

	for (uint32_t i = 0; subject->tool != NULL && i < constraint->count; i++)
		if (constraint->tests[i].operator== POLICY_OPERATOR_EQUALS_TRIGGER)
			check_field(l, constraint->tests[i].path,
			    policy_yaml_find(subject->key->value, "equals_trigger"));
}

static void
check_pattern(struct linting *l, const struct policy_pattern *pattern, const struct yaml_node *node)
{
	for (uint32_t i = 0; i < pattern->piece_count; i++) {
		const struct policy_piece *piece = &pattern->pieces[i];
		char *path;

		if (!lint_is_field(piece))
			continue;
		path = lint_path(&l->kept, piece);
		l->out_of_memory = l->out_of_memory || path == NULL;
		if (path != NULL)
			check_field(l, path, node);
	}
}

void
lint_unchecked_field(struct linting *l)
{
	const struct policy_patterns *lists[] = {&l->policy->read, &l->policy->write};
	static const char *const names[] = {"read", "write"};

	lint_each_constraint(l, check_constraint);
	for (unsigned n = 0; n < ARRAY_SIZE(lists); n++) {
		const struct yaml_node *key = lint_node(l, "memory", names[n], NULL);

		for (uint32_t i = 0; key != NULL && i < lists[n]->count; i++)
			check_pattern(l, &lists[n]->items[i], lint_item(key->value, i));
	}
}

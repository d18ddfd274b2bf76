#include "policy/canonical.h"

#include "common/json.h"
#include "common/value_build.h"
#include "policy/canonical_parts.h"
#include "policy/constraint.h"

enum {
	SECTION_MAX = 16,                        /* members of one object that the language fixes */
	CANONICAL_BYTES_MAX = 128 * 1024 * 1024, /* twice a compiled policy */
};

/* Above it not every whole number is a double. */
#define WHOLE_MAX 9007199254740992.0

/* A member of a set, beside what it is sorted by. */
struct member {
	struct value value;
	const char *text;
};

static int
compare_members(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->text, ((const struct member *)b)->text);
}

/* A list whose order decides nothing: sorted by its members' own texts, each once. */
struct value
canonical_set(struct value_build *b, const struct value_list *list)
{
	struct member *members = arena_array(b->arena, list->count, sizeof(*members));
	struct value_list set = value_list_new(b, list->count);

	if (members == NULL || b->failed) {
		b->failed = b->failed || list->count > 0;
		return value_list_done(&set);
	}
	for (uint32_t i = 0; i < list->count; i++) {
		size_t length = 0;
		SCOPED_FREE char *text = json_write(&list->items[i], JSON_STYLE_COMPACT, &length);

		members[i].value = list->items[i];
		members[i].text = text != NULL ? arena_copy(b->arena, text, length) : NULL;
		if (members[i].text == NULL) {
			b->failed = true;
			return value_list_done(&set);
		}
	}
	qsort(members, list->count, sizeof(*members), compare_members);
	for (uint32_t i = 0; i < list->count; i++)
		if (i == 0 || compare_members(&members[i - 1], &members[i]) != 0)
			value_list_put(b, &set, members[i].value);
	return value_list_done(&set);
}

/* 1 and 1.0 are equal to every operator: a whole number is written as one. */
static struct value
plain(struct value value)
{
	if (value.type == VALUE_REAL && value.real > -WHOLE_MAX && value.real < WHOLE_MAX &&
	    (double)(int64_t)value.real == value.real)
		return (struct value){.type = VALUE_INT, .integer = (int64_t)value.real};
	return value;
}

static struct value
values(struct value_build *b, const struct value *items, uint32_t count)
{
	struct value_list list = value_list_new(b, count);

	for (uint32_t i = 0; i < list.room; i++)
		value_list_put(b, &list, plain(items[i]));
	return canonical_set(b, &list);
}

static struct value
digest_value(struct value_build *b, const struct digest *digest)
{
	char text[DIGEST_TEXT_MAX];
	const char *copy;

	digest_text(text, digest);
	copy = arena_copy(b->arena, text, strlen(text));
	b->failed = b->failed || copy == NULL;
	return value_string(copy != NULL ? copy : "");
}

static struct value
bundle(struct value_build *b, const char *path, const struct digest *digest)
{
	struct value_map map = value_map_new(b, SECTION_MAX);

	value_map_text(b, &map, "path", path);
	value_map_put(b, &map, "digest", digest_value(b, digest));
	return value_map_done(&map);
}

/* A part that says nothing is left out, so that one that the language gets later does not change
 * the digest of a policy without it. */
static void
put_part(struct value_build *b, struct value_map *root, const char *name, struct value part)
{
	if (part.length > 0)
		value_map_put(b, root, name, part);
}

static void
put_quota(struct value_build *b, struct value_map *map, const char *name,
    const struct policy_quota *quota)
{
	if (quota->most > 0)
		value_map_number(b, map, name, quota->most);
}

static struct value
limits(struct value_build *b, const struct policy_limits *limits)
{
	struct value_map map = value_map_new(b, SECTION_MAX);

#define LIMIT(field, key, type, fallback, least, most, help) \
	value_map_number(b, &map, #key, limits->field);
	POLICY_LIMITS(LIMIT)
	value_map_number(b, &map, "wall", limits->wall_ns);
	return value_map_done(&map);
}

/* What runs, and how it is confined. The order of arguments and the bits of layers never change. */
static void
put_cell(struct value_build *b, struct value_map *map, const struct policy_cell *cell)
{
	struct value_list require = value_list_new(b, LAYER_COUNT);

	for (unsigned i = 0; i < LAYER_COUNT; i++)
		if ((cell->required >> i & 1) != 0)
			value_list_put(b, &require, value_string(layer_info(i)->name));
	value_map_put(b, map, "run", value_list_texts(b, cell->argv));
	value_map_text(b, map, "profile", cell->profile);
	value_map_put(b, map, "limits", limits(b, &cell->limits));
	value_map_put(b, map, "require", value_list_done(&require));
}

static struct value constraint(struct value_build *b, const struct policy_constraint *from);

static struct value
bounds(struct value_build *b, const struct policy_bounds *from)
{
	struct value_map map = value_map_new(b, 2);

	if (from->has_min)
		value_map_put(b, &map, "min", plain(from->min));
	if (from->has_max)
		value_map_put(b, &map, "max", plain(from->max));
	return value_map_done(&map);
}

static struct value
operand(struct value_build *b, const struct policy_test *test)
{
	switch (test->operator) {
	case POLICY_OPERATOR_EQ:
	case POLICY_OPERATOR_IN:
		return values(b, test->in.values, test->in.count);
	case POLICY_OPERATOR_GLOB:
		return value_string(test->glob->pattern);
	case POLICY_OPERATOR_PREFIX:
	case POLICY_OPERATOR_SUFFIX:
		return test->text;
	case POLICY_OPERATOR_RANGE:
	case POLICY_OPERATOR_LEN:
		return bounds(b, &test->bounds);
	case POLICY_OPERATOR_TYPE:
		return value_string(policy_schema_type_name(test->type));
	case POLICY_OPERATOR_EACH:
		return constraint(b, test->each);
	case POLICY_OPERATOR_EQUALS_TRIGGER:
		return value_string(test->path);
	case POLICY_OPERATOR_ABSENT:
		return value_boolean(true);
	case POLICY_OPERATOR_COUNT:
		break;
	}
	b->failed = true;
	return value_boolean(false);
}

/* In the order of the operators: a constraint has each at most once. */
static struct value
constraint(struct value_build *b, const struct policy_constraint *from)
{
	struct value_map map = value_map_new(b, POLICY_OPERATOR_COUNT + 1);

	for (unsigned o = 0; o < POLICY_OPERATOR_COUNT; o++)
		for (uint32_t i = 0; i < from->count; i++)
			if (from->tests[i].operator== o)
				value_map_put(b, &map,
				    policy_operator_name(from->tests[i].operator),
				    operand(b, &from->tests[i]));
	if (from->optional)
		value_map_true(b, &map, "optional");
	return value_map_done(&map);
}

struct value
canonical_constraints(struct value_build *b, const struct policy_constraints *from)
{
	struct value_map map = value_map_new(b, from->count);

	for (uint32_t i = 0; i < from->count; i++)
		value_map_put(b, &map, from->items[i].name, constraint(b, &from->items[i]));
	return value_map_done(&map);
}

struct value
canonical_texts(struct value_build *b, const char *const *items, uint32_t count)
{
	struct value_list list = value_list_new(b, count);

	for (uint32_t i = 0; i < list.room; i++)
		value_list_put(b, &list, value_string(items[i]));
	return canonical_set(b, &list);
}

static struct value
triggers(struct value_build *b, const struct policy *policy)
{
	struct value_list list = value_list_new(b, policy->trigger_count);

	for (uint32_t i = 0; i < list.room; i++) {
		const struct policy_trigger_rule *rule = &policy->triggers[i];
		struct value_map map = value_map_new(b, SECTION_MAX);

		value_map_text(b, &map, "source", rule->source);
		value_map_put(
		    b, &map, "event", canonical_texts(b, rule->events, rule->event_count));
		value_map_put(b, &map, "where", canonical_constraints(b, &rule->where));
		value_list_put(b, &list, value_map_done(&map));
	}
	return canonical_set(b, &list);
}

static struct value
schema(struct value_build *b, const struct policy_schema *from)
{
	struct value_map map = value_map_new(b, SECTION_MAX);
	struct value_map properties = value_map_new(b, from->property_count);
	struct value_list required = value_list_new(b, from->property_count);

	value_map_text(b, &map, "type", policy_schema_type_name(from->type));
	if (from->min_length > 0)
		value_map_number(b, &map, "minLength", from->min_length);
	if (from->max_length > 0)
		value_map_number(b, &map, "maxLength", from->max_length);
	if (from->has_minimum)
		value_map_put(b, &map, "minimum", plain(from->minimum));
	if (from->has_maximum)
		value_map_put(b, &map, "maximum", plain(from->maximum));
	if (from->value_count > 0)
		value_map_put(b, &map, "enum", values(b, from->values, from->value_count));
	if (from->items != NULL)
		value_map_put(b, &map, "items", schema(b, from->items));
	if (from->max_items > 0)
		value_map_number(b, &map, "maxItems", from->max_items);
	for (uint32_t i = 0; i < properties.room; i++) {
		const struct policy_property *property = &from->properties[i];

		value_map_put(b, &properties, property->name, schema(b, &property->schema));
		if (property->required)
			value_list_put(b, &required, value_string(property->name));
	}
	if (required.count > 0)
		value_map_put(b, &map, "required", value_list_done(&required));
	if (properties.count > 0)
		value_map_put(b, &map, "properties", value_map_done(&properties));
	return value_map_done(&map);
}

/* A tool as its manifest has it. */
static struct value
tool(struct value_build *b, const struct policy_tool_rule *rule)
{
	const struct policy_tool *from = &rule->tool;
	struct value_map map = value_map_new(b, SECTION_MAX);
	struct value_list resources = value_list_new(b, from->resource_count);

	for (uint32_t i = 0; i < resources.room; i++) {
		struct value_map resource = value_map_new(b, 1);

		value_map_text(b, &resource, from->resources[i].name, from->resources[i].at);
		value_list_put(b, &resources, value_map_done(&resource));
	}
	value_map_text(b, &map, "summary", from->summary);
	value_map_put(b, &map, "bundle", bundle(b, from->bundle_path, &from->bundle));
	put_cell(b, &map, &from->cell);
	if (resources.count > 0)
		value_map_put(b, &map, "resources", canonical_set(b, &resources));
	value_map_put(b, &map, "arguments", schema(b, &rule->schema));
	return value_map_done(&map);
}

static struct value
rates(struct value_build *b, const struct policy_tool_rule *rule)
{
	struct value_map map = value_map_new(b, POLICY_RATE_COUNT);

#define RATE(name, key, feature, words) put_quota(b, &map, #key, &rule->limits[POLICY_RATE_##name]);
	POLICY_RATES(RATE)
	return value_map_done(&map);
}

static struct value
tool_rule(struct value_build *b, const struct policy_tool_rule *rule)
{
	struct value_map map = value_map_new(b, SECTION_MAX);

	if (rule->allow)
		value_map_put(b, &map, "allow", canonical_constraints(b, &rule->arguments));
	if (rule->deny)
		value_map_true(b, &map, "deny");
	put_part(b, &map, "limits", rates(b, rule));
	if (rule->why[0] != '\0')
		value_map_text(b, &map, "why", rule->why);
	value_map_put(b, &map, "tool", tool(b, rule));
	return value_map_done(&map);
}

static struct value
tools(struct value_build *b, const struct policy *policy)
{
	struct value_map map = value_map_new(b, policy->tool_count);

	for (uint32_t i = 0; i < map.room; i++)
		if (policy->tools[i].has_rule)
			value_map_put(
			    b, &map, policy->tools[i].tool.name, tool_rule(b, &policy->tools[i]));
	return value_map_done(&map);
}

static struct value
patterns(struct value_build *b, const struct policy_patterns *from)
{
	struct value_list list = value_list_new(b, from->count);

	for (uint32_t i = 0; i < list.room; i++)
		value_list_put(b, &list, value_string(from->items[i].text));
	return canonical_set(b, &list);
}

static struct value
owner(struct value_build *b, const struct policy_skill *skill)
{
	struct value_map map = value_map_new(b, SECTION_MAX);

	value_map_text(b, &map, "team", skill->team);
	if (skill->reviewers > 0)
		value_map_number(b, &map, "reviewers", skill->reviewers);
	return value_map_done(&map);
}

static struct value
memory(struct value_build *b, const struct policy *policy)
{
	struct value_map map = value_map_new(b, SECTION_MAX);

	if (policy->read.count > 0)
		value_map_put(b, &map, "read", patterns(b, &policy->read));
	if (policy->write.count > 0)
		value_map_put(b, &map, "write", patterns(b, &policy->write));
	return value_map_done(&map);
}

static struct value
budget(struct value_build *b, const struct policy_skill *skill)
{
	struct value_map map = value_map_new(b, 2);
	struct value_map run = value_map_new(b, SECTION_MAX), day = value_map_new(b, SECTION_MAX);

#define BUDGET(name, window, key, type, most, feature, unit, help) \
	put_quota(b, &window, #key, &skill->budget[POLICY_BUDGET_##name]);
	POLICY_BUDGETS(BUDGET)
	put_part(b, &map, "run", value_map_done(&run));
	put_part(b, &map, "day", value_map_done(&day));
	return value_map_done(&map);
}

static struct value
audit(struct value_build *b, const struct policy_skill *skill)
{
	struct value_map map = value_map_new(b, SECTION_MAX);

	if (skill->retention_ns > 0)
		value_map_number(b, &map, "retention", skill->retention_ns);
	return value_map_done(&map);
}

static struct value
whole(struct value_build *b, const struct policy *policy)
{
	const struct policy_skill *skill = &policy->skill;
	struct value_map root = value_map_new(b, SECTION_MAX), cell = value_map_new(b, SECTION_MAX);

	put_cell(b, &cell, &skill->cell);
	value_map_number(b, &root, "policy", 1);
	value_map_text(b, &root, "skill", skill->name);
	if (skill->revision > 0)
		value_map_number(b, &root, "revision", skill->revision);
	if (skill->ends_on_reload)
		value_map_text(b, &root, "on_reload", "end");
	put_part(b, &root, "owner", owner(b, skill));
	put_part(b, &root, "bundle", bundle(b, skill->bundle_path, &skill->bundle));
	put_part(b, &root, "trigger", triggers(b, policy));
	put_part(b, &root, "tools", tools(b, policy));
	put_part(b, &root, "memory", memory(b, policy));
	put_part(b, &root, "approval", canonical_approvals(b, &policy->approvals));
	put_part(b, &root, "subagents", canonical_subagents(b, &policy->subagents));
	put_part(b, &root, "llm", canonical_models(b, &policy->models));
	put_part(b, &root, "budget", budget(b, skill));
	put_part(b, &root, "sandbox", value_map_done(&cell));
	put_part(b, &root, "audit", audit(b, skill));
	return value_map_done(&root);
}

char *
policy_canonical(const struct policy *policy)
{
	struct value_build b = {0};
	struct arena arena;
	struct value root;
	char *text = NULL;

	arena_init(&arena, CANONICAL_BYTES_MAX);
	b.arena = &arena;
	root = whole(&b, policy);
	if (!b.failed)
		text = json_write(&root, JSON_STYLE_COMPACT, NULL);
	arena_clear(&arena);
	return text;
}

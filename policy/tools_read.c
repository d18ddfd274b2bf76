/* Rules for tools, checked against what the manifests say: a rule on a tool or an argument that
 * does not exist would silently apply to nothing. */
#include <stdio.h>

#include "policy/constraint.h"
#include "policy/rule_read.h"

enum { WORDS_MAX = 256, NAMES_MAX = 256, RATE_MAX = 1000000000 };

/* A rule being read. */
struct reading {
	struct policy *policy;
	struct policy_tool_rule *rule;
	const struct yaml_node *why, *limits;
};

static void
unknown_argument(
    struct policy_reader *reader, const struct yaml_node *key, const struct policy_tool_rule *rule)
{
	const char *names[NAMES_MAX + 1] = {NULL};

	for (uint32_t i = 0; i < rule->schema.property_count && i < NAMES_MAX; i++)
		names[i] = rule->schema.properties[i].name;
	policy_read_unknown(reader, key, names, "the tool \"%s\" has no argument \"%s\"",
	    rule->tool.name, key->text);
}

static void
read_argument(struct policy_reader *reader, const struct yaml_node *key,
    const struct policy_tool_rule *rule, struct policy_constraint *ret)
{
	const struct policy_property *property =
	    policy_schema_property(&rule->schema, key->text, key->length);

	if (!policy_read_text(reader, key))
		return;
	if (property == NULL) {
		unknown_argument(reader, key, rule);
		return;
	}
	policy_read_constraint(reader, key->value, key->text, &property->schema, ret);
	ret->name = property->name;
	ret->line = key->place.line;
	ret->rule = policy_read_format(reader, "%s.%s", rule->allow_rule, key->text);
	if (ret->absent && property->required)
		policy_read_problem(reader, key, NULL,
		    "the rule can never match: the tool \"%s\" requires \"%s\"", rule->tool.name,
		    key->text);
}

/* An argument that the tool requires and the rule does not name would be denied in every call. */
static void
require_arguments(struct policy_reader *reader, const struct yaml_node *allow,
    const struct policy_tool_rule *rule)
{
	for (uint32_t i = 0; i < rule->schema.property_count; i++) {
		const struct policy_property *property = &rule->schema.properties[i];

		if (property->required && policy_yaml_find(allow->value, property->name) == NULL)
			policy_read_problem(reader, allow, NULL,
			    "the rule can never match: the tool \"%s\" requires \"%s\"; name it",
			    rule->tool.name, property->name);
	}
}

static const char *
describe(struct policy_reader *reader, const struct policy_constraints *arguments)
{
	char words[WORDS_MAX] = "no arguments";
	size_t used = 0;

	for (uint32_t i = 0; i < arguments->count && used < sizeof(words); i++)
		used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s",
		    i > 0 ? ", " : "", arguments->items[i].name);
	return policy_read_copy(reader, words);
}

static void
read_allow(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_tool_rule *rule = ((struct reading *)into)->rule;
	uint32_t before = reader->problems->count, n = 0;
	struct policy_constraint *items =
	    policy_read_alloc(reader, key->value->count, sizeof(*items));

	if (items == NULL)
		return;
	rule->allow = true;
	rule->allow_line = key->place.line;
	for (const struct yaml_node *name = key->value->child; name != NULL; name = name->next)
		read_argument(reader, name, rule, &items[n++]);
	require_arguments(reader, key, rule);
	if (reader->problems->count != before || reader->out_of_memory)
		return;
	policy_constraints_sort(items, n);
	rule->arguments = (struct policy_constraints){.items = items, .count = n};
	rule->names = describe(reader, &rule->arguments);
}

static void
read_deny(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_tool_rule *rule = ((struct reading *)into)->rule;

	if (strcmp(key->value->text, "always") != 0)
		policy_read_problem(reader, key->value, NULL, "\"%s\" is no deny; expected: always",
		    key->value->text);
	rule->deny = true;
	rule->deny_line = key->place.line;
}

static void
read_why(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	reading->why = key;
	reading->rule->why = policy_read_copy(reader, key->value->text);
}

static const struct policy_key argument_item = {
    .type = POLICY_TYPE_MAP, .min = 1, .rows = policy_constraint_rows};

#define RATE_HANDLER(rate, key, feature, words)                                                    \
	static void read_##key(                                                                    \
	    struct policy_reader *reader, const struct yaml_node *node, void *into)                \
	{                                                                                          \
		struct reading *reading = into;                                                    \
		struct policy_quota *quota = &reading->rule->limits[POLICY_RATE_##rate];           \
                                                                                                   \
		quota->line = node->place.line;                                                    \
		quota->rule =                                                                      \
		    policy_read_format(reader, "tools.%s.limits." #key, reading->rule->tool.name); \
		policy_read_quota(                                                                 \
		    reader, quota, node->value->number, POLICY_UNIT_COUNT, "calls " words);        \
		policy_read_feature(reading->policy, POLICY_FEATURE_##feature, node->place.line);  \
	}
POLICY_RATES(RATE_HANDLER)

#define RATE_ROW(rate, key, feature, words) \
	{#key, POLICY_OPTIONAL, POLICY_TYPE_INTEGER, read_##key, "calls " words, 1, RATE_MAX},
static const struct policy_key limit_rows[] = {POLICY_RATES(RATE_ROW){0}};

static void
read_limits(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	if (key->value->count == 0)
		policy_read_problem(reader, key, NULL,
		    "limits says nothing; expected per_run, per_hour or per_day");
	((struct reading *)into)->limits = key;
}

static const char *const deny_words[] = {"always", NULL};

static const struct policy_key rule_rows[] = {
    {"allow", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_allow,
	"the arguments that a call may have, each with what it may be", .item = &argument_item,
	.pattern = POLICY_PATTERN_ARGUMENT},
    {"deny", POLICY_OPTIONAL, POLICY_TYPE_TEXT, read_deny, "always", .words = deny_words},
    {"limits", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_limits, "how often it may be called",
	.min = 1, .rows = limit_rows, .within = policy_within_same, .what = "the limits of a tool"},
    {"why", POLICY_OPTIONAL, POLICY_TYPE_TEXT, read_why, "of a deny: shown to who is denied"},
    {0},
};

const struct policy_key policy_tool_rule_item = {
    .type = POLICY_TYPE_MAP, .min = 1, .rows = rule_rows};

static void
unknown_tool(struct policy_reader *reader, const struct yaml_node *key, const struct policy *policy)
{
	const char *names[NAMES_MAX + 1] = {NULL};

	for (uint32_t i = 0; i < policy->tool_count && i < NAMES_MAX; i++)
		names[i] = policy->tools[i].tool.name;
	policy_read_unknown(reader, key, names,
	    "no manifest has the tool \"%s\"; name the manifest that has it under manifests:",
	    key->text);
}

static void
read_rule(struct policy_reader *reader, const struct yaml_node *key, struct policy *policy)
{
	struct reading reading = {.policy = policy};
	const struct policy_tool_rule *found;
	char what[96];

	if (!policy_read_text(reader, key))
		return;
	found = policy_tool_rule_find(policy, key->text);
	if (found == NULL) {
		unknown_tool(reader, key, policy);
		return;
	}
	reading.rule = &policy->tools[found - policy->tools];
	reading.rule->has_rule = true;
	reading.rule->why = "";
	reading.rule->line = key->place.line;
	reading.rule->rule = policy_read_format(reader, "tools.%s", key->text);
	reading.rule->allow_rule = policy_read_format(reader, "tools.%s.allow", key->text);
	snprintf(what, sizeof(what), "the rule for \"%s\"", key->text);
	policy_read_map(reader, key->value, what, rule_rows, &reading);
	if (key->value->kind == YAML_MAP && !reading.rule->allow && !reading.rule->deny)
		policy_read_problem(
		    reader, key, NULL, "%s says nothing; expected allow or deny", what);
	if (reading.why != NULL && !reading.rule->deny)
		policy_read_problem(
		    reader, reading.why, NULL, "\"why\" without a deny; an allow needs no excuse");
	if (reading.limits != NULL && !reading.rule->allow)
		policy_read_problem(reader, reading.limits, NULL,
		    "\"limits\" can never matter: no call of this tool is allowed");
}

/* Those that a call may reach, in the order of their names. */
static void
list_allowed(struct policy_reader *reader, const struct yaml_node *key, struct policy *policy)
{
	const struct policy_tool_rule **allowed =
	    policy_read_alloc(reader, policy->tool_count, sizeof(*allowed));
	char words[WORDS_MAX] = "no tool";
	size_t used = 0;
	uint32_t n = 0;

	if (allowed == NULL)
		return;
	for (uint32_t i = 0; i < policy->tool_count; i++) {
		if (!policy->tools[i].allow || policy->tools[i].deny)
			continue;
		allowed[n++] = &policy->tools[i];
		if (used < sizeof(words))
			used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s",
			    n > 1 ? ", " : "", policy->tools[i].tool.name);
	}
	policy->allowed = allowed;
	policy->allowed_count = n;
	policy->tool = (struct policy_section){
	    .rule = "tools", .line = key->place.line, .allowed = policy_read_copy(reader, words)};
}

void
policy_read_tools(struct policy_reader *reader, const struct yaml_node *key, struct policy *policy)
{
	for (const struct yaml_node *name = key->value->child; name != NULL; name = name->next)
		read_rule(reader, name, policy);
	list_allowed(reader, key, policy);
}

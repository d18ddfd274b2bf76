/* Rules for tools: what they open that no call can reach, and what they leave open. */
#include <stdio.h>

#include "policy/lint_parts.h"
#include "policy/load.h"

enum { WORDS_MAX = 128 };

/* The rule's key, or what stands beneath it. */
static const struct yaml_node *
rule_node(const struct linting *l, const struct policy_tool_rule *rule, const char *name)
{
	return lint_node(l, "tools", rule->tool.name, name, NULL);
}

void
lint_dead_allow(struct linting *l)
{
	for (uint32_t i = 0; i < l->policy->tool_count; i++) {
		const struct policy_tool_rule *rule = &l->policy->tools[i];
		struct policy_finding *finding;

		if (!rule->allow || !rule->deny)
			continue;
		finding = lint_add(l, POLICY_LINT_dead_allow, rule_node(l, rule, "allow"),
		    "remove one of them", "the deny on line %u beats this allow in every call",
		    rule->deny_line);
		if (finding != NULL)
			finding->other_line = rule->deny_line;
	}
}

static struct box
box_of_rule(struct analysis *a, const void *subject)
{
	return box_of_tool(a, subject);
}

void
lint_unreachable_allow(struct linting *l)
{
	for (uint32_t i = 0; i < l->policy->allowed_count; i++) {
		const struct policy_tool_rule *rule = l->policy->allowed[i];
		const struct yaml_node *node = rule_node(l, rule, "allow");
		enum analyse_answer answer =
		    lint_for_triggers(l, box_of_rule, rule, rule->tool.name);

		if (answer == ANALYSE_NONE)
			lint_add(l, POLICY_LINT_unreachable_allow, node,
			    "its constraints, and the triggers', exclude each other",
			    "no call satisfies this, whatever wakes the Skill");
		if (answer == ANALYSE_UNKNOWN)
			lint_doubt(l, node, "whether any call can satisfy this");
	}
}

void
lint_unnamed_argument(struct linting *l)
{
	for (uint32_t i = 0; i < l->policy->allowed_count; i++) {
		const struct policy_tool_rule *rule = l->policy->allowed[i];
		char words[WORDS_MAX] = "";
		size_t used = 0;

		for (uint32_t j = 0; j < rule->schema.property_count; j++) {
			const char *name = rule->schema.properties[j].name;

			if (policy_constraint_find(&rule->arguments, name, strlen(name)) == NULL &&
			    used < sizeof(words))
				used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s",
				    used > 0 ? ", " : "", name);
		}
		if (used > 0)
			lint_add(l, POLICY_LINT_unnamed_argument, rule_node(l, rule, "allow"), "",
			    "arguments that the tool has and no call may use: %s", words);
	}
}

static bool
is_named(const struct linting *l, const char *manifest)
{
	for (uint32_t i = 0; i < l->policy->tool_count; i++)
		if (l->policy->tools[i].has_rule &&
		    strcmp(l->policy->tools[i].tool.manifest, manifest) == 0)
			return true;
	return false;
}

void
lint_unused_manifest(struct linting *l)
{
	const struct yaml_node *list = lint_node(l, "manifests", NULL);

	for (const struct yaml_node *item = list != NULL ? list->value->child : NULL; item != NULL;
	     item = item->next) {
		const struct yaml_node *name = policy_load_name(item);

		if (name != NULL && !is_named(l, name->text))
			lint_add(l, POLICY_LINT_unused_manifest, name, "remove it",
			    "no rule names a tool of this manifest");
	}
}

void
lint_unpinned_manifest(struct linting *l)
{
	const struct yaml_node *list = lint_node(l, "manifests", NULL);

	for (const struct yaml_node *item = list != NULL ? list->value->child : NULL; item != NULL;
	     item = item->next) {
		const struct yaml_node *name = policy_load_name(item);

		if (name != NULL && policy_yaml_find(item, "digest") == NULL)
			lint_add(l, POLICY_LINT_unpinned_manifest, name,
			    "write { file: ..., digest: ... }",
			    "what this manifest says may change while the policy stays the same");
	}
}

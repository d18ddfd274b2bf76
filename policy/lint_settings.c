/* Settings that say what holds anyway, and layers that a policy does without. */
#include <stdio.h>

#include "policy/lint_parts.h"

enum { WORDS_MAX = 128 };

static void
add_word(char words[WORDS_MAX], const char *word)
{
	size_t used = strlen(words);

	snprintf(words + used, WORDS_MAX - used, "%s%s", used > 0 ? ", " : "", word);
}

static void
report_defaults(struct linting *l, const struct yaml_node *key, const char *words)
{
	if (words[0] != '\0')
		lint_add(l, POLICY_LINT_default_limit, key, "", "what holds without being said: %s",
		    words);
}

static void
check_limits(struct linting *l, const struct yaml_node *key)
{
	static const struct {
		const char *name;
		uint64_t fallback;
		size_t offset;
	} limits[] = {
#define LIMIT(field, key, type, fallback, least, most, help) \
	{#key, fallback, offsetof(struct policy_limits, field)},
	    POLICY_LIMITS(LIMIT)};
	const char *base = (const char *)&l->policy->skill.cell.limits;
	char words[WORDS_MAX] = "";

	for (unsigned i = 0; i < ARRAY_SIZE(limits); i++) {
		uint64_t number;

		memcpy(&number, base + limits[i].offset, sizeof(number));
		if (policy_yaml_find(key->value, limits[i].name) != NULL &&
		    number == limits[i].fallback)
			add_word(words, limits[i].name);
	}
	report_defaults(l, key, words);
}

void
lint_default_limit(struct linting *l)
{
	const struct yaml_node *limits = lint_node(l, "sandbox", "limits", NULL);
	const struct yaml_node *run = lint_node(l, "budget", "run", NULL);
	const struct policy_skill *skill = &l->policy->skill;
	char words[WORDS_MAX] = "";

	if (limits != NULL)
		check_limits(l, limits);
	if (run == NULL)
		return;
	if (policy_yaml_find(run->value, "calls") != NULL &&
	    skill->budget[POLICY_BUDGET_RUN_CALLS].most == POLICY_CALLS_DEFAULT)
		add_word(words, "calls");
	if (policy_yaml_find(run->value, "wall") != NULL &&
	    skill->cell.limits.wall_ns == POLICY_WALL_DEFAULT_NS)
		add_word(words, "wall");
	report_defaults(l, run, words);
}

void
lint_weak_require(struct linting *l)
{
	uint64_t missing = POLICY_REQUIRED_DEFAULT & ~l->policy->skill.cell.required;
	const struct yaml_node *key = lint_node(l, "sandbox", "require", NULL);
	char words[WORDS_MAX];

	layer_list(words, sizeof(words), missing);
	if (missing != 0 && key != NULL)
		lint_add(l, POLICY_LINT_weak_require, key,
		    "leave require out for the default, or write all",
		    "less than the default: a cell may start without %s", words);
}

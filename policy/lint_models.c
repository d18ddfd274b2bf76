/* Models: patterns that open nothing that others do not, and those that open everything. */
#include "policy/lint_parts.h"

/* The pattern number j of rule i of `llm`. */
static const struct yaml_node *
model_node(const struct linting *l, uint32_t i, uint32_t j)
{
	const struct yaml_node *rule = lint_item(lint_node(l, "llm", NULL)->value, i);
	const struct yaml_node *key = policy_yaml_find(rule, "models");

	return key->value->kind == YAML_LIST ? lint_item(key->value, j) : key->value;
}

/* Wherever narrow lets a model run, wide does, too. */
static bool
is_at_all(const struct policy_model_rule *wide, const struct policy_model_rule *narrow)
{
	if (wide->provider != narrow->provider ||
	    (wide->region_count == 0) != (narrow->region_count == 0))
		return false;
	for (uint32_t i = 0; i < narrow->region_count; i++) {
		uint32_t j = 0;

		while (j < wide->region_count && strcmp(wide->regions[j], narrow->regions[i]) != 0)
			j++;
		if (j == wide->region_count)
			return false;
	}
	return true;
}

/* A model that the pattern opens and no other does that stands: gone[i] has a bit for each pattern
 * of rule i that does not. */
static enum analyse_answer
uncovered(struct linting *l, const uint64_t gone[], uint32_t i, uint32_t j)
{
	const struct policy_models *models = &l->policy->models;
	struct analysis *a = lint_ask(l);
	struct analyse_word *words, found;
	struct analyse_language language = {.pattern_count = 1};
	uint32_t most = 1;
	bool *negated;

	for (uint32_t k = 0; k < models->count; k++)
		most += models->items[k].model_count;
	words = analyse_alloc(a, most, sizeof(*words));
	negated = analyse_alloc(a, most, sizeof(*negated));
	if (words == NULL || negated == NULL)
		return lint_answer(l, ANALYSE_UNKNOWN);
	words[0] = analyse_tokens(a, models->items[i].models[j].pattern);
	for (uint32_t k = 0; k < models->count; k++) {
		if (!is_at_all(&models->items[k], &models->items[i]))
			continue;
		for (uint32_t m = 0; m < models->items[k].model_count; m++) {
			if ((k == i && m == j) || (gone[k] >> m & 1) != 0)
				continue;
			negated[language.pattern_count] = true;
			words[language.pattern_count++] =
			    analyse_tokens(a, models->items[k].models[m].pattern);
		}
	}
	language.patterns = words;
	language.negated = negated;
	return lint_answer(
	    l, a->out_of_memory ? ANALYSE_UNKNOWN : analyse_language_find(a, &language, &found));
}

/* From the last to the first: of two that are the same the first one stays. */
void
lint_redundant_model(struct linting *l)
{
	const struct policy_models *models = &l->policy->models;
	uint64_t gone[POLICY_MODEL_RULES_MAX] = {0};

	for (uint32_t i = models->count; i-- > 0;)
		for (uint32_t j = models->items[i].model_count; j-- > 0;) {
			enum analyse_answer answer = uncovered(l, gone, i, j);

			if (answer == ANALYSE_UNKNOWN)
				lint_doubt(
				    l, model_node(l, i, j), "whether other patterns open the same");
			if (answer != ANALYSE_NONE)
				continue;
			gone[i] |= UINT64_C(1) << j;
			lint_add(l, POLICY_LINT_redundant_model, model_node(l, i, j), "remove it",
			    "other patterns open all models of %s that this one does",
			    policy_provider_name(models->items[i].provider));
		}
}

void
lint_any_model(struct linting *l)
{
	const struct policy_models *models = &l->policy->models;

	for (uint32_t i = 0; i < models->count; i++)
		for (uint32_t j = 0; j < models->items[i].model_count; j++) {
			const char *pattern = models->items[i].models[j].pattern;

			if (strcmp(pattern, "*") == 0 || strcmp(pattern, "**") == 0)
				lint_add(l, POLICY_LINT_any_model, model_node(l, i, j), "",
				    "every model of %s, those that come later and what they cost "
				    "too",
				    policy_provider_name(models->items[i].provider));
		}
}

/* Models: which provider, where, and which of its models. */
#include <stdio.h>

#include "policy/rule_read.h"

enum { WORDS_MAX = 256, REGION_MAX = 32 };

#define PROVIDER_NAME(name, text, regions) [POLICY_PROVIDER_##name] = #text,
static const char *const providers[POLICY_PROVIDER_COUNT + 1] = {
    POLICY_PROVIDERS(PROVIDER_NAME) NULL};

const char *
policy_provider_name(enum policy_provider provider)
{
	return (unsigned)provider < POLICY_PROVIDER_COUNT ? providers[provider] : NULL;
}

static bool
has_regions(enum policy_provider provider)
{
#define PROVIDER_REGIONS(name, text, regions) [POLICY_PROVIDER_##name] = (regions) != 0,
	static const bool rows[POLICY_PROVIDER_COUNT] = {POLICY_PROVIDERS(PROVIDER_REGIONS)};

	return rows[provider];
}

static void
read_provider(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_model_rule *rule = into;

	for (unsigned i = 0; i < POLICY_PROVIDER_COUNT; i++)
		if (strcmp(providers[i], key->value->text) == 0) {
			rule->provider = (enum policy_provider)i;
			return;
		}
#define PROVIDER_WORD(name, text, regions) " " #text
	policy_read_unknown(reader, key->value, providers,
	    "unknown provider \"%s\"; expected one of:" POLICY_PROVIDERS(PROVIDER_WORD),
	    key->value->text);
}

static void
read_models(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_model_rule *rule = into;
	uint32_t count = policy_read_count(key->value), n = 0;
	struct glob *models = policy_read_alloc(reader, count, sizeof(*models));
	char words[WORDS_MAX] = "";
	size_t used = 0;

	if (models == NULL)
		return;
	if (count == 0 || count > POLICY_MODELS_MAX)
		policy_read_problem(reader, key->value, NULL, "%u models; expected 1 to %d", count,
		    POLICY_MODELS_MAX);
	for (const struct yaml_node *item = policy_read_first(key->value);
	     item != NULL && n < count; item = item->next, n++) {
		const char *fault = NULL;

		if (!policy_glob_compile(
			item->text, item->length, reader->arena, &models[n], &fault)) {
			if (fault != NULL)
				policy_read_problem(reader, item, NULL, "%s", fault);
			reader->out_of_memory = reader->out_of_memory || fault == NULL;
		}
		if (used < sizeof(words))
			used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s",
			    n > 0 ? ", " : "", item->text);
	}
	rule->models = models;
	rule->model_count = n;
	rule->allowed = policy_read_copy(reader, words);
}

static bool
is_region(const struct yaml_node *item)
{
	return item->length <= REGION_MAX && item->text[0] != '-' &&
	       strspn(item->text, "abcdefghijklmnopqrstuvwxyz0123456789-") == item->length;
}

static void
read_region(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_model_rule *rule = into;
	uint32_t count = policy_read_count(key->value), n = 0;
	const char **regions = policy_read_alloc(reader, count, sizeof(*regions));

	if (regions == NULL)
		return;
	if (count == 0 || count > POLICY_REGIONS_MAX)
		policy_read_problem(reader, key->value, NULL, "%u regions; expected 1 to %d", count,
		    POLICY_REGIONS_MAX);
	for (const struct yaml_node *item = policy_read_first(key->value);
	     item != NULL && n < count; item = item->next) {
		if (!is_region(item))
			policy_read_problem(reader, item, NULL,
			    "\"%s\" is no region; expected one such as us-east-1", item->text);
		regions[n++] = policy_read_copy(reader, item->text);
	}
	rule->regions = regions;
	rule->region_count = n;
}

static const struct policy_key rule_rows[] = {
    {"provider", POLICY_REQUIRED, POLICY_TYPE_TEXT, read_provider, "whose models",
	.words = providers},
    {"models", POLICY_REQUIRED, POLICY_TYPE_TEXT_OR_TEXTS, read_models,
	"their names; * stays inside one path segment, ** crosses"},
    {"region", POLICY_OPTIONAL, POLICY_TYPE_TEXT_OR_TEXTS, read_region,
	"where they run: of bedrock and vertex, which need one", .pattern = POLICY_PATTERN_REGION},
    {0},
};

const struct policy_key policy_model_item = {.type = POLICY_TYPE_MAP, .rows = rule_rows};

static void
read_rule(
    struct policy_reader *reader, const struct yaml_node *item, struct policy_model_rule *rule)
{
	uint32_t before = reader->problems->count;

	rule->line = item->place.line;
	policy_read_map(reader, item, "a rule for models", rule_rows, rule);
	if (reader->problems->count != before)
		return;
	if (has_regions(rule->provider) && rule->region_count == 0)
		policy_read_problem(reader, item, NULL,
		    "the rule can never match: every call of %s names a region; name those that it "
		    "may use",
		    providers[rule->provider]);
	if (!has_regions(rule->provider) && rule->region_count > 0)
		policy_read_problem(reader, item, NULL,
		    "the rule can never match: %s has no regions; leave region out",
		    providers[rule->provider]);
}

/* "bedrock us-east-1: anthropic.claude-*", for people. */
static size_t
describe(char *to, size_t size, const struct policy_model_rule *rule)
{
	size_t used = (size_t)snprintf(to, size, "%s", providers[rule->provider]);

	for (uint32_t i = 0; i < rule->region_count && used < size; i++)
		used += (size_t)snprintf(
		    to + used, size - used, "%s%s", i > 0 ? "," : " ", rule->regions[i]);
	if (used < size)
		used += (size_t)snprintf(
		    to + used, size - used, ": %s", rule->allowed != NULL ? rule->allowed : "");
	return used;
}

void
policy_read_llm(struct policy_reader *reader, const struct yaml_node *key, struct policy *policy)
{
	const struct yaml_node *list = key->value;
	struct policy_model_rule *rules = policy_read_alloc(reader, list->count, sizeof(*rules));
	char words[WORDS_MAX] = "no model";
	size_t used = 0;
	uint32_t n = 0;

	if (rules == NULL)
		return;
	for (const struct yaml_node *item = list->child; item != NULL; item = item->next, n++) {
		read_rule(reader, item, &rules[n]);
		if (n > 0 && used + 2 < sizeof(words))
			used += (size_t)snprintf(words + used, sizeof(words) - used, "; ");
		if (used < sizeof(words))
			used += describe(words + used, sizeof(words) - used, &rules[n]);
	}
	policy->models = (struct policy_models){
	    .section = {.rule = "llm",
		.line = key->place.line,
		.allowed = policy_read_copy(reader, words)},
	    .items = rules,
	    .count = n,
	};
	policy_read_feature(policy, POLICY_FEATURE_MODELS, key->place.line);
}

void
policy_read_model_budget(
    struct policy_reader *reader, const struct yaml_node *key, const struct policy *policy)
{
	const struct policy_quota *budget = policy->skill.budget;

	if (budget[POLICY_BUDGET_RUN_TOKENS].most == 0 && budget[POLICY_BUDGET_RUN_USD].most == 0)
		policy_read_problem(reader, key, NULL,
		    "llm without a budget: nothing bounds what one run spends; add "
		    "budget.run.usd or budget.run.tokens");
}

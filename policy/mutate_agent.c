/* Mutants of what a Skill may hand on and ask: edges to sub-agents, and rules for models. */
#include "policy/constraint.h"
#include "policy/mutate.h"

/* The mutant in which changed (NULL: nothing) stands in edge's place. */
static void
put_edge(struct mutating *m, const struct policy_subagent *edge,
    const struct policy_subagent *changed, struct mutant *ret)
{
	const struct policy_subagents *all = &m->policy->subagents;
	uint32_t at = (uint32_t)(edge - all->items);
	struct policy_subagent *items = mutate_copy(
	    m, all->items, all->count, sizeof(*items), changed == NULL ? at : UINT32_MAX, 0);

	*ret = (struct mutant){.policy = *m->policy,
	    .action = POLICY_SUBAGENT,
	    .name = edge->name,
	    .rule = edge->rule,
	    .line = edge->line};
	if (items == NULL)
		return;
	if (changed != NULL)
		items[at] = *changed;
	ret->policy.subagents.items = items;
	ret->policy.subagents.count -= changed == NULL;
}

static void
mutate_number(struct mutating *m, const struct policy_subagent *edge,
    const struct policy_subagent *changed, const struct policy_quota *quota)
{
	struct mutant mutant;

	put_edge(m, edge, changed, &mutant);
	mutant.rule = quota->rule;
	mutant.line = quota->line;
	mutate_hand_on(m, &mutant, "%llu for %llu", (unsigned long long)quota->most + 1,
	    (unsigned long long)quota->most);
}

static void
put_grants(struct mutating *m, const struct policy_subagent *edge,
    const struct policy_subagent *changed, const char *verb, const char *tool)
{
	struct mutant mutant;

	put_edge(m, edge, changed, &mutant);
	mutant.rule = edge->grant.rule;
	mutant.line = edge->grant.line;
	mutate_hand_on(m, &mutant, "%s %s", verb, tool);
}

/* One tool less, and each that the Skill has and does not grant. */
static void
mutate_grants(struct mutating *m, const struct policy_subagent *edge)
{
	struct policy_subagent changed = *edge;

	for (uint32_t i = 0; i < edge->grant_count; i++) {
		changed.grants =
		    mutate_copy(m, edge->grants, edge->grant_count, sizeof(*edge->grants), i, 0);
		changed.grant_count = edge->grant_count - 1;
		put_grants(m, edge, &changed, "without", edge->grants[i]);
	}
	for (uint32_t i = 0; i < m->policy->allowed_count; i++) {
		const char *tool = m->policy->allowed[i]->tool.name;
		const char **grants;

		if (policy_subagent_grants(edge, tool))
			continue;
		grants =
		    mutate_copy(m, edge->grants, edge->grant_count, sizeof(*grants), UINT32_MAX, 1);
		if (grants == NULL)
			return;
		grants[edge->grant_count] = tool;
		changed.grants = grants;
		changed.grant_count = edge->grant_count + 1;
		put_grants(m, edge, &changed, "with", tool);
	}
}

void
mutate_subagents(struct mutating *m)
{
	for (uint32_t i = 0; i < m->policy->subagents.count; i++) {
		const struct policy_subagent *edge = &m->policy->subagents.items[i];
		struct policy_subagent deeper = *edge, wider = *edge;
		struct mutant mutant;

		put_edge(m, edge, NULL, &mutant);
		mutate_hand_on(m, &mutant, "without the rule");
		deeper.depth.most++;
		mutate_number(m, edge, &deeper, &edge->depth);
		wider.run.most++;
		mutate_number(m, edge, &wider, &edge->run);
		mutate_grants(m, edge);
	}
}

/* The mutant in which changed (NULL: nothing) stands in rule's place. */
static void
put_models(struct mutating *m, const struct policy_model_rule *rule,
    const struct policy_model_rule *changed, struct mutant *ret)
{
	const struct policy_models *all = &m->policy->models;
	uint32_t at = (uint32_t)(rule - all->items);
	struct policy_model_rule *items = mutate_copy(
	    m, all->items, all->count, sizeof(*items), changed == NULL ? at : UINT32_MAX, 0);

	*ret = (struct mutant){
	    .policy = *m->policy, .action = POLICY_MODEL, .rule = "llm", .line = rule->line};
	if (items == NULL)
		return;
	if (changed != NULL)
		items[at] = *changed;
	ret->policy.models.items = items;
	ret->policy.models.count -= changed == NULL;
}

/* Hands on the mutant in which the model at index has another pattern. */
static void
put_pattern(
    struct mutating *m, const struct policy_model_rule *rule, uint32_t index, const char *pattern)
{
	struct policy_model_rule changed = *rule;
	struct glob *models =
	    mutate_copy(m, rule->models, rule->model_count, sizeof(*models), UINT32_MAX, 0);
	const char *fault = NULL;
	struct mutant mutant;

	if (models == NULL)
		return;
	if (!policy_glob_compile(pattern, strlen(pattern), &m->arena, &models[index], &fault)) {
		m->out_of_memory = m->out_of_memory || fault == NULL;
		return;
	}
	changed.models = models;
	put_models(m, rule, &changed, &mutant);
	mutate_hand_on(m, &mutant, "models %s for %s", pattern, rule->models[index].pattern);
}

/* A pattern left out where there are more, each '*' that crosses, and any model at all. */
static void
mutate_names(struct mutating *m, const struct policy_model_rule *rule, uint32_t index)
{
	const char *pattern = rule->models[index].pattern;
	struct policy_model_rule changed = *rule;
	char crossing[GLOB_LENGTH_MAX + 2];
	struct mutant mutant;

	if (rule->model_count > 1) {
		changed.models = mutate_copy(
		    m, rule->models, rule->model_count, sizeof(*rule->models), index, 0);
		changed.model_count--;
		put_models(m, rule, &changed, &mutant);
		mutate_hand_on(m, &mutant, "without %s", pattern);
	}
	for (size_t at = 0; mutate_cross(pattern, &at, crossing);)
		if (strcmp(crossing, "**") != 0)
			put_pattern(m, rule, index, crossing);
	if (strcmp(pattern, "**") != 0)
		put_pattern(m, rule, index, "**");
}

void
mutate_models(struct mutating *m)
{
	for (uint32_t i = 0; i < m->policy->models.count; i++) {
		const struct policy_model_rule *rule = &m->policy->models.items[i];
		struct policy_model_rule changed = *rule;
		struct mutant mutant;

		put_models(m, rule, NULL, &mutant);
		mutate_hand_on(m, &mutant, "without the rule");
		for (uint32_t j = 0; j < rule->model_count; j++)
			mutate_names(m, rule, j);
		for (uint32_t j = 0; rule->region_count > 1 && j < rule->region_count; j++) {
			changed.regions = mutate_copy(
			    m, rule->regions, rule->region_count, sizeof(*rule->regions), j, 0);
			changed.region_count = rule->region_count - 1;
			put_models(m, rule, &changed, &mutant);
			mutate_hand_on(m, &mutant, "without the region %s", rule->regions[j]);
		}
	}
}

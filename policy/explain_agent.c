/* Why a sub-agent or a model was refused: the edge, or the rule that came nearest. */
#include "policy/constraint.h"
#include "policy/explain_parts.h"

void
policy_explain_subagent(
    const struct policy *policy, const struct policy_request *request, struct misses *misses)
{
	const struct policy_subagent *edge = policy_subagent_find(policy, request->name);
	struct policy_miss miss = {0};

	if (edge == NULL)
		return;
	if (request->depth == 0 || request->depth > edge->depth.most) {
		miss = (struct policy_miss){.rule = edge->depth.rule,
		    .line = edge->depth.line,
		    .operator= "depth",
		    .allowed = edge->depth.text};
		policy_explain_add(misses, &miss, "", 0);
	}
	if (request->usage != NULL)
		policy_explain_quota(misses, &edge->run, request->usage->dispatched);
	if (request->tool == NULL || policy_subagent_grants(edge, request->tool))
		return;
	miss = (struct policy_miss){.rule = edge->grant.rule,
	    .line = edge->grant.line,
	    .operator= "grant",
	    .allowed = edge->grant.allowed};
	policy_explain_add(misses, &miss, request->tool, strlen(request->tool));
}

static void
explain_rule(struct misses *misses, const struct policy_model_rule *rule,
    const struct policy_request *request)
{
	struct policy_miss miss = {.rule = "llm", .line = rule->line};
	const char *provider = policy_provider_name(rule->provider);

	if (strcmp(provider, request->provider) != 0) {
		miss.operator= "provider";
		miss.allowed = provider;
		policy_explain_add(misses, &miss, "provider", 8);
	} else if (!policy_model_rule_is_at(rule, request)) {
		miss.operator= "region";
		miss.allowed = rule->region_count > 0 ? rule->regions[0] : "none";
		policy_explain_add(misses, &miss, "region", 6);
	}
	if (!policy_model_rule_names(rule, request->name)) {
		miss.operator= "models";
		miss.allowed = rule->allowed;
		policy_explain_add(misses, &miss, "model", 5);
	}
}

/* The rule of which the fewest things failed; of equal ones the first. */
void
policy_explain_model(
    const struct policy *policy, const struct policy_request *request, struct misses *misses)
{
	for (uint32_t i = 0; request->provider != NULL && i < policy->models.count; i++) {
		struct misses own = {.count = 0};

		explain_rule(&own, &policy->models.items[i], request);
		if (i == 0 || own.count < misses->count)
			*misses = own;
	}
	for (unsigned i = 0; request->usage != NULL && i < POLICY_BUDGET_COUNT; i++)
		policy_explain_quota(misses, &policy->skill.budget[i], request->usage->budget[i]);
}

/* Whether a sub-agent may be dispatched (steps A1 to A5), and whether a model may be called (L1 to
 * L5). */
#include "policy/decide_parts.h"

static int
compare_edge(const void *name, const void *edge)
{
	return strcmp(name, ((const struct policy_subagent *)edge)->name);
}

const struct policy_subagent *
policy_subagent_find(const struct policy *policy, const char *name)
{
	if (policy->subagents.count == 0)
		return NULL;
	return bsearch(name, policy->subagents.items, policy->subagents.count,
	    sizeof(*policy->subagents.items), compare_edge);
}

bool
policy_subagent_grants(const struct policy_subagent *edge, const char *tool)
{
	for (uint32_t i = 0; i < edge->grant_count; i++)
		if (strcmp(edge->grants[i], tool) == 0)
			return true;
	return false;
}

struct policy_decision
decide_subagent(const struct policy *policy, const struct policy_request *request,
    const struct policy_usage *usage)
{
	const struct policy_subagent *edge = policy_subagent_find(policy, request->name);
	struct policy_decision deny;

	/* A1. A child without an edge of its own is not dispatched. */
	if (edge == NULL)
		return decide_because_of(
		    POLICY_REASON_NO_RULE, ERR_SUBAGENT_DISPATCH, &policy->subagents.section);
	/* A2. Depth counts from the run that a trigger woke, which has 0: a request that does not
	 * say how deep the child would stand is none. */
	if (request->depth == 0)
		return decide_because(
		    POLICY_REASON_BAD_REQUEST, ERR_SUBAGENT_DISPATCH, edge->rule, edge->line);
	if (request->depth > edge->depth.most)
		return decide_used_up(POLICY_REASON_DEPTH, ERR_SUBAGENT_DISPATCH, &edge->depth);
	/* A3. How many of it this run has dispatched, those that ended included. */
	if (usage->dispatched >= edge->run.most)
		return decide_used_up(POLICY_REASON_FAN_OUT, ERR_SUBAGENT_DISPATCH, &edge->run);
	/* A4. Nothing is inherited: the edge names every tool that goes over it. */
	if (request->tool != NULL && !policy_subagent_grants(edge, request->tool)) {
		deny = decide_because_of(POLICY_REASON_GRANT, ERR_SUBAGENT_DISPATCH, &edge->grant);
		decide_name(&deny, request->tool, strlen(request->tool), edge->grant.allowed);
		return deny;
	}
	/* A5. Allowed by the edge. */
	return decide_because(POLICY_REASON_ALLOW_RULE, ERR_OK, edge->rule, edge->line);
}

bool
policy_model_rule_is_at(const struct policy_model_rule *rule, const struct policy_request *request)
{
	if (strcmp(policy_provider_name(rule->provider), request->provider) != 0)
		return false;
	if (rule->region_count == 0 || request->region == NULL)
		return rule->region_count == 0 && request->region == NULL;
	for (uint32_t i = 0; i < rule->region_count; i++)
		if (strcmp(rule->regions[i], request->region) == 0)
			return true;
	return false;
}

bool
policy_model_rule_names(const struct policy_model_rule *rule, const char *model)
{
	const size_t length = strlen(model);

	for (uint32_t i = 0; i < rule->model_count; i++)
		if (policy_glob_match(&rule->models[i], model, length))
			return true;
	return false;
}

/* Whatever a call of a model counts toward. */
static struct policy_decision
decide_model_budget(const struct policy *policy, const struct policy_model_rule *rule,
    const struct policy_usage *usage)
{
	const struct policy_quota *budget = policy->skill.budget;

	/* L4. What it will cost is known afterwards only: one that has nothing left asks nothing.
	 */
	for (unsigned i = 0; i < POLICY_BUDGET_COUNT; i++)
		if (budget[i].most > 0 && usage->budget[i] >= budget[i].most)
			return decide_used_up(
			    POLICY_REASON_BUDGET, ERR_BUDGET_EXCEEDED, &budget[i]);
	/* L5. Allowed by a rule that names provider, region and model. */
	return decide_because(POLICY_REASON_ALLOW_RULE, ERR_OK, "llm", rule->line);
}

struct policy_decision
decide_model(const struct policy *policy, const struct policy_request *request,
    const struct policy_usage *usage)
{
	/* L1. A model is one of somebody's: its name alone says nothing. */
	if (request->provider == NULL || request->name[0] == '\0')
		return decide_because_of(
		    POLICY_REASON_BAD_REQUEST, ERR_MODEL_NOT_ALLOWED, &policy->models.section);
	/* L2. Provider, region and name must be one rule's: two rules are never mixed. */
	for (uint32_t i = 0; i < policy->models.count; i++) {
		const struct policy_model_rule *rule = &policy->models.items[i];

		if (policy_model_rule_is_at(rule, request) &&
		    policy_model_rule_names(rule, request->name))
			return decide_model_budget(policy, rule, usage);
	}
	/* L3. No rule names it. */
	return decide_because_of(
	    POLICY_REASON_NO_RULE, ERR_MODEL_NOT_ALLOWED, &policy->models.section);
}

/* Approvals, sub-agents and models in the compiled form's text. */
#include "policy/canonical_parts.h"

enum { SECTION_MAX = 8 };

struct value
canonical_approvals(struct value_build *b, const struct policy_approvals *from)
{
	struct value_list list = value_list_new(b, from->count);

	for (uint32_t i = 0; i < list.room; i++) {
		const struct policy_approval *approval = &from->items[i];
		struct value_map one = value_map_new(b, SECTION_MAX);

		value_map_text(b, &one, "tool", approval->tool);
		value_map_put(b, &one, "args", canonical_constraints(b, &approval->args));
		if (approval->has_below)
			value_map_put(b, &one, "below", approval->below);
		value_map_text(b, &one, "group", approval->group);
		value_map_text(b, &one, "person", approval->person);
		if (approval->not_initiator)
			value_map_true(b, &one, "not_initiator");
		value_map_number(b, &one, "expires", approval->expires_ns);
		value_list_put(b, &list, value_map_done(&one));
	}
	return canonical_set(b, &list);
}

struct value
canonical_subagents(struct value_build *b, const struct policy_subagents *from)
{
	struct value_map map = value_map_new(b, from->count);

	for (uint32_t i = 0; i < map.room; i++) {
		const struct policy_subagent *edge = &from->items[i];
		struct value_map one = value_map_new(b, SECTION_MAX);

		value_map_number(b, &one, "max_depth", edge->depth.most);
		value_map_number(b, &one, "max_per_run", edge->run.most);
		value_map_put(
		    b, &one, "grant", canonical_texts(b, edge->grants, edge->grant_count));
		value_map_put(b, &map, edge->name, value_map_done(&one));
	}
	return value_map_done(&map);
}

struct value
canonical_models(struct value_build *b, const struct policy_models *from)
{
	struct value_list list = value_list_new(b, from->count);

	for (uint32_t i = 0; i < list.room; i++) {
		const struct policy_model_rule *rule = &from->items[i];
		struct value_map one = value_map_new(b, SECTION_MAX);
		struct value_list models = value_list_new(b, rule->model_count);

		for (uint32_t j = 0; j < models.room; j++)
			value_list_put(b, &models, value_string(rule->models[j].pattern));
		value_map_text(b, &one, "provider", policy_provider_name(rule->provider));
		value_map_put(b, &one, "models", canonical_set(b, &models));
		if (rule->region_count > 0)
			value_map_put(b, &one, "region",
			    canonical_texts(b, rule->regions, rule->region_count));
		value_list_put(b, &list, value_map_done(&one));
	}
	return canonical_set(b, &list);
}

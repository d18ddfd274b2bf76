/* Approvals, sub-agents and models on the page. */
#include <stdio.h>

#include "policy/render_parts.h"

static void
render_edge(struct page *page, const struct policy_subagent *edge)
{
	page_item(page, 1, "{}", edge->name);
	page_line(page, edge->line);
	page_more(page, ":");
	page_item(page, 2, "standing at most []", edge->depth.text);
	page_line(page, edge->depth.line);
	page_item(page, 2, "at most []", edge->run.text);
	page_line(page, edge->run.line);
	page_item(
	    page, 2, edge->grant_count > 0 ? "with the tools " : "with no tool of this Skill's");
	render_texts(page, edge->grants, edge->grant_count, " and ");
	page_line(page, edge->grant.line);
}

void
render_subagents(struct page *page, const struct policy *policy)
{
	page_heading(page, 2, "Whom it may dispatch");
	page_line(page, policy->subagents.section.line);
	page_paragraph(page,
	    policy->subagents.count > 0
		? "These Skills, as sub-agents. One inherits nothing: of this Skill's tools it has "
		  "those that stand here, and only where its own policy allows them, too."
		: "Nobody.");
	for (uint32_t i = 0; i < policy->subagents.count; i++)
		render_edge(page, &policy->subagents.items[i]);
}

static void
render_rule(struct page *page, const struct policy_model_rule *rule)
{
	const char *names[POLICY_MODELS_MAX];

	for (uint32_t i = 0; i < rule->model_count; i++)
		names[i] = rule->models[i].pattern;
	page_item(page, 1, "of {}", policy_provider_name(rule->provider));
	page_more(page, rule->region_count > 0 ? " in " : "");
	render_texts(page, rule->regions, rule->region_count, " or ");
	page_more(page, ": models like ");
	render_texts(page, names, rule->model_count, " or ");
	page_line(page, rule->line);
}

void
render_models(struct page *page, const struct policy *policy)
{
	page_heading(page, 2, "Which models it may ask");
	page_line(page, policy->models.section.line);
	page_paragraph(page,
	    policy->models.count > 0
		? "In the names {} stands for any text without a slash, {} for "
		  "any text."
		: "None.",
	    "*", "**");
	for (uint32_t i = 0; i < policy->models.count; i++)
		render_rule(page, &policy->models.items[i]);
}

static void
render_approval(struct page *page, const struct policy_approval *approval)
{
	char below[POLICY_AMOUNT_MAX] = "";

	page_item(
	    page, 1, "A call of {} needs the approval of []", approval->tool, approval->allowed);
	if (approval->has_below) {
		snprintf(below, sizeof(below), "%.6g",
		    approval->below.type == VALUE_INT ? (double)approval->below.integer
						      : approval->below.real);
		page_more(page, ", if the Skill says that it is less sure than {} or does not say",
		    below);
	}
	page_more(page, approval->args.count > 0 ? ", when all of this holds" : "");
	page_line(page, approval->line);
	page_more(page, approval->args.count > 0 ? ":" : "");
	for (uint32_t i = 0; i < approval->args.count; i++) {
		page_item(page, 2, "{} is ", approval->args.items[i].name);
		render_constraint(page, &approval->args.items[i]);
		page_line(page, approval->args.items[i].line);
	}
}

void
render_approvals(struct page *page, const struct policy *policy)
{
	page_heading(page, 2, "What a person must approve first");
	if (policy->approvals.count == 0)
		page_paragraph(page, "Nothing.");
	else
		page_paragraph(page,
		    "Every approval that is about a call is needed. Who does not answer in time "
		    "has not said no.");
	for (uint32_t i = 0; i < policy->approvals.count; i++)
		render_approval(page, &policy->approvals.items[i]);
}

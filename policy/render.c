#include "policy/render.h"

#include "policy/render_parts.h"

static void
render_head(struct page *page, const struct policy *policy, const char *shown)
{
	const struct policy_skill *skill = &policy->skill;
	char digest[DIGEST_TEXT_MAX], source[DIGEST_TEXT_MAX], number[32];

	digest_text(digest, &policy->digest);
	digest_text(source, &policy->source);
	page_heading(page, 1, "What the Skill {} may do", skill->name);
	page_paragraph(page,
	    "This page says all that the policy file {} says. What is not on it is denied. A "
	    "denial "
	    "beats every permission, and the order of the rules decides nothing.",
	    shown);
	page_item(page, 1, "Who answers for it: {}", skill->team);
	if (skill->reviewers > 0)
		page_item(page, 1, "People who must have signed the file: {}",
		    policy_quantity_text(number, POLICY_TYPE_INTEGER, skill->reviewers));
	page_line(page, skill->reviewers_line);
	if (skill->revision > 0) {
		page_item(page, 1, "Revision of the file: {}",
		    policy_quantity_text(number, POLICY_TYPE_INTEGER, skill->revision));
		page_line(page, skill->revision_line);
	}
	page_item(page, 1, "When it comes into force, live runs []",
	    skill->ends_on_reload ? "end if they may do anything that it does not allow"
				  : "go on under the policy that they were started with");
	page_line(page, skill->on_reload_line);
	page_item(page, 1, "Digest of what it says, as it stands in every record: {}", digest);
	page_item(page, 1, "Digest of the file and its manifests: {}", source);
	digest_text(digest, &skill->bundle);
	page_heading(page, 2, "What runs");
	page_line(page, skill->bundle_line);
	page_paragraph(page, "The program ");
	for (unsigned i = 0; skill->cell.argv[i] != NULL; i++)
		page_more(page, i == 0 ? "{}" : " {}", skill->cell.argv[i]);
	page_more(page,
	    ", with the files of the directory {}, which it sees as {}. If one byte of them "
	    "changes, "
	    "nothing starts: their content is pinned as {}.",
	    skill->bundle_path, "/skill", digest);
}

static void
render_triggers(struct page *page, const struct policy *policy)
{
	page_heading(page, 2, "What may start it");
	page_paragraph(
	    page, "Nothing else starts it; whether an event may is decided before anything runs.");
	for (uint32_t i = 0; i < policy->trigger_count; i++) {
		const struct policy_trigger_rule *rule = &policy->triggers[i];

		page_item(page, 1, "From {} the event ", rule->source);
		render_texts(page, rule->events, rule->event_count, " or ");
		page_more(page, rule->where.count > 0 ? ", when all of this holds" : "");
		page_line(page, rule->line);
		page_more(page, rule->where.count > 0 ? ":" : "");
		for (uint32_t j = 0; j < rule->where.count; j++) {
			page_item(page, 2, "{} of the event is ", rule->where.items[j].name);
			render_constraint(page, &rule->where.items[j]);
			page_line(page, rule->where.items[j].line);
		}
	}
}

/* Properties of the schema that the rule does not name. */
static void
render_unnamed(struct page *page, const struct policy_tool_rule *rule)
{
	const char *names[256];
	uint32_t n = 0;

	for (uint32_t i = 0; i < rule->schema.property_count && n < ARRAY_SIZE(names); i++) {
		const char *name = rule->schema.properties[i].name;
		bool named = false;

		for (uint32_t j = 0; j < rule->arguments.count; j++)
			named = named || strcmp(rule->arguments.items[j].name, name) == 0;
		if (!named)
			names[n++] = name;
	}
	if (n == 0)
		return;
	page_item(page, 1, "The tool also knows ");
	render_texts(page, names, n, " and ");
	page_more(page, ", which a call must leave out.");
}

static void
render_allowed(struct page *page, const struct policy_tool_rule *rule)
{
	page_heading(page, 3, "{}", rule->tool.name);
	page_line(page, rule->line);
	page_paragraph(page, "Its manifest, {}, says: []", rule->tool.manifest, rule->tool.summary);
	page_line(page, rule->tool.line);
	page_item(page, 1,
	    rule->arguments.count > 0 ? "A call may pass these arguments and no others"
				      : "A call may pass no arguments");
	page_line(page, rule->allow_line);
	page_more(page, rule->arguments.count > 0 ? ":" : "");
	for (uint32_t i = 0; i < rule->arguments.count; i++) {
		page_item(page, 2, "{}: ", rule->arguments.items[i].name);
		render_constraint(page, &rule->arguments.items[i]);
		page_line(page, rule->arguments.items[i].line);
	}
	render_unnamed(page, rule);
	for (unsigned i = 0; i < POLICY_RATE_COUNT; i++)
		if (rule->limits[i].most > 0) {
			page_item(page, 1, "It may be called no more often than: []",
			    rule->limits[i].text);
			page_line(page, rule->limits[i].line);
		}
	if (rule->schema.property_count > 0)
		page_item(page, 1, "The tool itself takes no more than:");
	render_properties(page, 2, &rule->schema);
	render_tool_cell(page, 1, &rule->tool);
}

static void
render_denied(struct page *page, const struct policy *policy)
{
	page_heading(page, 2, "What is denied, and why");
	for (uint32_t i = 0; i < policy->tool_count; i++) {
		const struct policy_tool_rule *rule = &policy->tools[i];

		if (!rule->deny)
			continue;
		page_item(page, 1, "{} ([]): always", rule->tool.name, rule->tool.summary);
		page_more(page, rule->why[0] != '\0' ? ", because: []" : "", rule->why);
		page_line(page, rule->deny_line);
		if (rule->allow) {
			page_more(page, "; what it allows has no effect");
			page_line(page, rule->allow_line);
		}
	}
	for (uint32_t i = 0; i < policy->tool_count; i++)
		if (!policy->tools[i].has_rule)
			page_item(page, 1, "{} ([]): no rule names it", policy->tools[i].tool.name,
			    policy->tools[i].tool.summary);
	page_item(page, 1, "Every other tool, as if it did not exist.");
}

static void
render_tools(struct page *page, const struct policy *policy)
{
	page_heading(page, 2, "What it may call");
	page_line(page, policy->tool.line);
	if (policy->allowed_count == 0)
		page_paragraph(page, "Nothing.");
	for (uint32_t i = 0; i < policy->allowed_count; i++)
		render_allowed(page, policy->allowed[i]);
	render_denied(page, policy);
}

static void
render_patterns(struct page *page, const char *verb, const struct policy_patterns *patterns)
{
	page_item(page, 1, patterns->count > 0 ? "It may [] keys like" : "It may [] no key", verb);
	page_line(page, patterns->section.line);
	page_more(page, patterns->count > 0 ? ":" : "");
	for (uint32_t i = 0; i < patterns->count; i++) {
		page_item(page, 2, "{}", patterns->items[i].text);
		page_line(page, patterns->items[i].line);
	}
}

static void
render_memory(struct page *page, const struct policy *policy)
{
	page_heading(page, 2, "What it remembers");
	page_paragraph(page,
	    "Its memory is a store of its workspace. In the patterns {} stands for the workspace, "
	    "any other name in braces for that field of the event that woke it, {} for any text "
	    "without a slash, {} for any text.",
	    "{workspace}", "*", "**");
	render_patterns(page, "read", &policy->read);
	render_patterns(page, "write", &policy->write);
}

static void
render_budget(struct page *page, const struct policy *policy)
{
	char text[POLICY_AMOUNT_MAX];

	page_heading(page, 2, "What it may use up");
	for (unsigned i = 0; i < POLICY_BUDGET_COUNT; i++) {
		const struct policy_quota *quota = &policy->skill.budget[i];

		if (quota->most == 0)
			continue;
		page_item(page, 1, "At most []", quota->text);
		page_line(page, quota->line);
	}
	page_item(page, 1, "At most [] of one run, from start to kill",
	    policy_quantity_text(text, POLICY_TYPE_DURATION, policy->skill.cell.limits.wall_ns));
	page_line(page, policy->skill.wall_line);
}

static void
render_audit(struct page *page, const struct policy *policy)
{
	char text[POLICY_AMOUNT_MAX];

	page_heading(page, 2, "What is recorded");
	page_paragraph(
	    page, "Every start, call, denial and end, in a signed log, before it takes effect. ");
	if (policy->skill.retention_ns > 0)
		page_more(page, "What was said in them is kept for {}.",
		    policy_quantity_text(text, POLICY_TYPE_DURATION, policy->skill.retention_ns));
	else
		page_more(
		    page, "How long what was said in them is kept is not this policy's to say.");
}

/* Keys that a praxad may not enforce: it then refuses the policy. */
static void
render_features(struct page *page, const struct policy *policy)
{
	bool any = false;

	for (unsigned i = 0; i < POLICY_FEATURE_COUNT; i++) {
		enum policy_feature feature = (enum policy_feature)i;

		if (policy_feature_line(policy, feature) == 0)
			continue;
		if (!any) {
			page_heading(page, 2, "What not every installation enforces");
			page_paragraph(page, "One that does not refuses this policy as a whole.");
		}
		any = true;
		page_item(page, 1, "{}: []", policy_feature_info(feature)->key,
		    policy_feature_info(feature)->words);
		page_line(page, policy_feature_line(policy, feature));
	}
}

char *
policy_render(const struct policy *policy, const char *shown, enum page_style style)
{
	struct page page;

	if (!page_begin(&page, style, policy->skill.name))
		return NULL;
	render_head(&page, policy, shown);
	render_triggers(&page, policy);
	render_tools(&page, policy);
	render_memory(&page, policy);
	render_approvals(&page, policy);
	render_subagents(&page, policy);
	render_models(&page, policy);
	render_budget(&page, policy);
	render_confinement(&page, policy);
	render_never(&page, policy);
	render_audit(&page, policy);
	render_features(&page, policy);
	return page_end(&page);
}

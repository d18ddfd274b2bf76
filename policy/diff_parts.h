/* diff_parts.h - the parts of policy_diff, one file a kind of dimension. */
#ifndef POLICY_DIFF_PARTS_H
#define POLICY_DIFF_PARTS_H

#include "policy/analyse.h"
#include "policy/diff.h"

enum {
	DIFF_SETTINGS_MAX = 64, /* dimensions beside the tools' */
	DIFF_TOOL_MAX = 32,     /* dimensions of one tool */
	DIFF_EDGE_MAX = 3,      /* of one sub-agent */
};

struct differing {
	const struct policy *old, *new;
	struct analysis analysis;
	struct policy_dimension *items;
	uint32_t count, room;
};

struct policy_dimension *diff_add(struct differing *d, const char *name);
/* After one of several searches for a side: true where it has a witness, and the search is over.
 * Else the next may begin; *unknown latches that one did not come to an end. */
bool diff_is_found(struct policy_side *side, bool *unknown);
/* "tools." + "git.push" + ".cell", as long as the diff. */
const char *diff_name(struct differing *d, const char *head, const char *name, const char *tail);
/* Everything but triggers, arguments and memory. */
void diff_settings(struct differing *d);
/* What runs when the tool is called, and how it is confined. */
void diff_tool_cell(
    struct differing *d, const struct policy_tool *old, const struct policy_tool *new);
/* How often it may be called. */
void diff_tool_limits(
    struct differing *d, const struct policy_tool_rule *old, const struct policy_tool_rule *new);
/* Who is asked first. */
void diff_approvals(
    struct differing *d, const struct policy_tool_rule *old, const struct policy_tool_rule *new);
void diff_subagents(struct differing *d);
void diff_models(struct differing *d);
/* Keys that a pattern of own matches and none of theirs does. */
void diff_patterns(struct differing *d, const struct policy *allows, const struct policy *refuses,
    enum policy_action action, const struct policy_patterns *own,
    const struct policy_patterns *theirs, struct policy_side *side);

#endif

/* render_parts.h - the parts of policy_render, one file a kind of part. */
#ifndef POLICY_RENDER_PARTS_H
#define POLICY_RENDER_PARTS_H

#include "policy/model.h"
#include "policy/reader.h"
#include "policy/render.h"

/* render_value.c: what a value may be. Each continues the block that is open. */
void render_constraint(struct page *page, const struct policy_constraint *constraint);
/* Items at depth for what a schema says of an object's properties, and of theirs. */
void render_properties(struct page *page, unsigned depth, const struct policy_schema *schema);
/* "`a`, `b` and `c`"; joined by last: " and ". */
void render_texts(struct page *page, const char *const *texts, uint32_t count, const char *last);

/* render_agent.c: what it may hand on and ask. */
void render_approvals(struct page *page, const struct policy *policy);
void render_subagents(struct page *page, const struct policy *policy);
void render_models(struct page *page, const struct policy *policy);

/* render_cell.c: how a program is confined. */
void render_confinement(struct page *page, const struct policy *policy);
void render_never(struct page *page, const struct policy *policy);
/* Items at depth: program, bundle, profile, limits, layers. */
void render_tool_cell(struct page *page, unsigned depth, const struct policy_tool *tool);

#endif

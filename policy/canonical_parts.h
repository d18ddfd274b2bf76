/* canonical_parts.h - the parts of policy_canonical. */
#ifndef POLICY_CANONICAL_PARTS_H
#define POLICY_CANONICAL_PARTS_H

#include "common/value_build.h"
#include "policy/model.h"

/* A list whose order decides nothing: sorted by its members' own texts, each once. */
struct value canonical_set(struct value_build *b, const struct value_list *list);
/* The same of texts. */
struct value canonical_texts(struct value_build *b, const char *const *items, uint32_t count);
struct value canonical_constraints(struct value_build *b, const struct policy_constraints *from);
struct value canonical_approvals(struct value_build *b, const struct policy_approvals *from);
struct value canonical_subagents(struct value_build *b, const struct policy_subagents *from);
struct value canonical_models(struct value_build *b, const struct policy_models *from);

#endif

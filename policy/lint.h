/* lint.h - what a reviewer would ask about in a policy that is sound: rules that do nothing, rules
 * that say less than they seem to, requests that two rules answer.
 *
 * Invariant: a finding is proven by the analyses that `diff` uses (policy/analyse.h), and an
 * example was decided by policy_decide before it is shown. What is not decided within its share of
 * work is a finding of its own, "undecided", never a guess. */
#ifndef POLICY_LINT_H
#define POLICY_LINT_H

#include "policy/policy.h"

enum policy_lint_level { POLICY_LINT_NOTE = 0, POLICY_LINT_WARNING };

/* X(name, text, level): one row a rule of the linter; docs/policy.md has what each means. A warning
 * is a part of the file that does nothing, or less than it says; a note is what a reviewer should
 * know before he signs. */
#define POLICY_LINTS(X)                                           \
	X(unreachable_trigger, "unreachable-trigger", WARNING)    \
	X(shadowed_trigger, "shadowed-trigger", WARNING)          \
	X(redundant_trigger, "redundant-trigger", WARNING)        \
	X(redundant_event, "redundant-event", WARNING)            \
	X(overlapping_triggers, "overlapping-triggers", NOTE)     \
	X(dead_allow, "dead-allow", WARNING)                      \
	X(unreachable_allow, "unreachable-allow", WARNING)        \
	X(unreachable_argument, "unreachable-argument", WARNING)  \
	X(unnamed_argument, "unnamed-argument", NOTE)             \
	X(unconstrained_argument, "unconstrained-argument", NOTE) \
	X(unchecked_field, "unchecked-field", NOTE)               \
	X(unused_manifest, "unused-manifest", WARNING)            \
	X(unpinned_manifest, "unpinned-manifest", NOTE)           \
	X(useless_operator, "useless-operator", WARNING)          \
	X(useless_type, "useless-type", NOTE)                     \
	X(useless_optional, "useless-optional", WARNING)          \
	X(useless_absent, "useless-absent", NOTE)                 \
	X(unreachable_value, "unreachable-value", WARNING)        \
	X(repeated_value, "repeated-value", WARNING)              \
	X(single_value, "single-value", NOTE)                     \
	X(unreachable_pattern, "unreachable-pattern", WARNING)    \
	X(shadowed_pattern, "shadowed-pattern", WARNING)          \
	X(redundant_pattern, "redundant-pattern", WARNING)        \
	X(whole_workspace, "whole-workspace", WARNING)            \
	X(write_without_read, "write-without-read", NOTE)         \
	X(redundant_model, "redundant-model", WARNING)            \
	X(any_model, "any-model", NOTE)                           \
	X(useless_limit, "useless-limit", WARNING)                \
	X(day_in_one_run, "day-in-one-run", NOTE)                 \
	X(default_limit, "default-limit", NOTE)                   \
	X(weak_require, "weak-require", WARNING)                  \
	X(undecided, "undecided", WARNING)
#define POLICY_LINT_ENUM(name, text, level) POLICY_LINT_##name,
enum policy_lint_rule { POLICY_LINTS(POLICY_LINT_ENUM) POLICY_LINT_COUNT };

struct policy_finding {
	enum policy_lint_rule rule;
	struct policy_problem problem; /* where, what, and as its suggestion what to do */
	uint32_t other_line;           /* of the rule that it is about, too; 0: none */
	bool has_request;              /* an example, which lives as long as the findings */
	struct policy_request request;
	struct value args, input; /* what request points to */
};

struct policy_findings {
	struct policy_finding *items; /* by line and column */
	uint32_t count;
	void *memory;
};

/* Examines policy, which was compiled from file (and its manifests). Pure, no I/O, bounded work.
 * ERR_INTERNAL: out of memory; then *ret is untouched. policy_findings_done frees; policy must
 * outlive the findings. */
MUST_USE enum err policy_lint(
    const struct policy *policy, const struct policy_file *file, struct policy_findings *ret);
void policy_findings_done(struct policy_findings *findings);

/* shadowed-trigger; static, never NULL. */
const char *policy_lint_name(enum policy_lint_rule rule);
enum policy_lint_level policy_lint_level(enum policy_lint_rule rule);

#endif

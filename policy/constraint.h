/* constraint.h - whether a value is what the policy allows. Pure, no allocation. */
#ifndef POLICY_CONSTRAINT_H
#define POLICY_CONSTRAINT_H

#include "policy/model.h"

/* True when value (NULL: it is not there) passes every test. input is the trigger's payload, NULL:
 * none. */
bool policy_constraint_holds(const struct policy_constraint *constraint, const struct value *value,
    const struct value *input);
/* One test alone. */
bool policy_test_holds(
    const struct policy_test *test, const struct value *value, const struct value *input);
/* An operator as the language spells it; static, never NULL. */
const char *policy_operator_name(enum policy_operator operator);
/* The rule for a tool, or at least its manifest's row, by name; NULL: no manifest has it. */
const struct policy_tool_rule *policy_tool_rule_find(const struct policy *policy, const char *name);
/* True where approval is about the call. request is one of a tool. */
bool policy_approval_asks(
    const struct policy_approval *approval, const struct policy_request *request);
/* The edge to a child by name, or NULL. */
const struct policy_subagent *policy_subagent_find(const struct policy *policy, const char *name);
/* True where the edge gives the child this tool. */
bool policy_subagent_grants(const struct policy_subagent *edge, const char *tool);
/* True where provider and region of a POLICY_MODEL request are the rule's. */
bool policy_model_rule_is_at(
    const struct policy_model_rule *rule, const struct policy_request *request);
/* True where the rule names the model, wherever it runs. */
bool policy_model_rule_names(const struct policy_model_rule *rule, const char *model);
/* The constraint by a name of length bytes, or NULL. */
const struct policy_constraint *policy_constraint_find(
    const struct policy_constraints *constraints, const char *name, size_t length);

/* How a key and a pattern meet. */
enum policy_meeting {
	POLICY_APART = 0,
	POLICY_NO_VALUE, /* a variable has no usable value in this run */
	POLICY_MEETS,
};

/* Whether key[0..length) lies in pattern for this workspace and payload. On POLICY_NO_VALUE
 * *ret_variable names the variable. A variable's value is compared byte by byte; one that is no
 * text, empty, "." or "..", or that holds '/' or a control character has no usable value: it could
 * move the boundary that the pattern draws. */
enum policy_meeting policy_pattern_meets(const struct policy_pattern *pattern, const char *key,
    size_t length, const struct policy_request *request, const char **ret_variable);
/* How many bytes of key the pieces of pattern follow before the first that differs or has no value:
 * for explanations. */
size_t policy_pattern_follows(const struct policy_pattern *pattern, const char *key, size_t length,
    const struct policy_request *request);
/* True for 1 to POLICY_KEY_MAX bytes of printable UTF-8 whose segments are neither empty nor "." or
 * "..". */
bool policy_key_is_valid(const char *key, size_t length);

#endif

/* rule_read.h - from the tree of a file to the compiled form: the parts that several keys share.
 *
 * Every function adds problems to the reader and goes on; what it leaves behind after a problem may
 * be incomplete, is sorted and searched by name at most, and never decides: a policy with a problem
 * does not load. */
#ifndef POLICY_RULE_READ_H
#define POLICY_RULE_READ_H

#include "policy/model.h"
#include "policy/reader.h"

/* What texts are made of, for editors. */
#define POLICY_PATTERN_NAME "^(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*$"
#define POLICY_PATTERN_WORKSPACE "^ws_(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*$"
#define POLICY_PATTERN_TOOL "^[a-z][a-z0-9._-]{0,63}$"
#define POLICY_PATTERN_EVENT "^[a-z][a-z0-9._-]{0,62}$"
#define POLICY_PATTERN_ARGUMENT "^[A-Za-z_][A-Za-z0-9_-]{0,63}$"
#define POLICY_PATTERN_REGION "^[a-z0-9][a-z0-9-]{0,31}$"
#define POLICY_PATTERN_DIGEST "^sha256:[0-9a-f]{64}$"
#define POLICY_PATTERN_FILE "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$"
#define POLICY_PATTERN_BENEATH "^(?!.*(^|/)[.]{0,2}(/|$))[^\\\\]+$"
#define POLICY_PATTERN_PAYLOAD "^[$]([.][A-Za-z0-9_-]+|\\[[0-9]{1,8}\\])+$"
#define POLICY_PATTERN_MEMORY "^(?!.*/[.]{0,2}(/|$))ws/[{]workspace[}]/"
#define POLICY_PATTERN_RESOURCE "^/[a-z][a-z0-9._-]{0,63}$"

/* A policy file being read. */
struct policy_loading {
	struct policy *policy;
	/* Keys that are read last: their rules need all tools, or the whole file. */
	const struct yaml_node *manifests, *tools, *approval, *subagents, *llm;
};

/* keys_read.c: everything but the rules for tools. */
void policy_read_keys(
    struct policy_reader *reader, const struct yaml_node *root, struct policy_loading *loading);

/* budget_read.c: the budgets of a run and of a day. */
extern const struct policy_key policy_budget_rows[];
/* Of the whole section: what can never be reached. */
void policy_read_budget(struct policy_reader *reader, const struct yaml_node *key, void *into);
/* What holds where the file does not say. */
void policy_budget_defaults(struct policy *policy);
/* Sets most, and text: the amount and words. */
void policy_read_quota(struct policy_reader *reader, struct policy_quota *quota, uint64_t most,
    enum policy_unit unit, const char *words);

/* approval_read.c: one approval, and the list of them; policy->tools is whole. */
extern const struct policy_key policy_approval_item;
void policy_read_approvals(
    struct policy_reader *reader, const struct yaml_node *key, struct policy *policy);

/* subagent_read.c: one edge, and the map of them; policy->allowed is whole. */
extern const struct policy_key policy_subagent_item;
void policy_read_subagents(
    struct policy_reader *reader, const struct yaml_node *key, struct policy *policy);

/* llm_read.c: one rule for models, and the list of them. */
extern const struct policy_key policy_model_item;
void policy_read_llm(
    struct policy_reader *reader, const struct yaml_node *key, struct policy *policy);
/* Models without anything that bounds what they cost; key is llm's, the whole file was read. */
void policy_read_model_budget(
    struct policy_reader *reader, const struct yaml_node *key, const struct policy *policy);

/* Notes that the key at line uses a feature; POLICY_FEATURE_NONE: nothing to note. */
void policy_read_feature(struct policy *policy, enum policy_feature feature, uint32_t line);

/* What an item of `manifests` says where it is a map. */
struct policy_pin {
	const struct yaml_node *file, *digest; /* values; NULL: not there */
};
extern const struct policy_key policy_pin_rows[];

/* constraint_read.c: the operators. */
extern const struct policy_key policy_constraint_rows[];
/* A map of them. name is the argument or path, for messages; schema says
 * what the value can be (NULL: anything), so that a test that can never pass is found. */
void policy_read_constraint(struct policy_reader *reader, const struct yaml_node *map,
    const char *name, const struct policy_schema *schema, struct policy_constraint *ret);
/* Checks $.field, with .name and [index] steps. */
MUST_USE bool policy_read_path(struct policy_reader *reader, const struct yaml_node *node);
/* Sorts by name; the names are unique. */
void policy_constraints_sort(struct policy_constraint *items, uint32_t count);

/* value_read.c: any value, without what YAML readers disagree on; false: a problem was added, or
 * memory is out. */
enum { POLICY_VALUES_MAX = 1024 }; /* lists, maps and what they hold, together */
MUST_USE bool policy_read_tree(
    struct policy_reader *reader, struct yaml_node *node, struct value *ret);

/* fixture_read.c: the list of tests. */
extern const struct policy_key policy_fixture_item;
void policy_read_fixtures(
    struct policy_reader *reader, const struct yaml_node *key, struct policy *policy);

/* schema_read.c: an object's `required` and `properties`. */
extern const struct policy_key policy_schema_rows[], policy_arguments_rows[];
void policy_read_schema(
    struct policy_reader *reader, const struct yaml_node *map, struct policy_schema *ret);

/* pattern_read.c: the list of patterns of one direction of memory. */
void policy_read_patterns(
    struct policy_reader *reader, const struct yaml_node *key, struct policy_patterns *ret);

/* cell_read.c: what a program is and how it is confined. */
extern const struct policy_limits policy_limits_default;
extern const struct policy_key policy_limit_rows[];
/* With the wall time. */
extern const struct policy_key policy_call_limit_rows[];
extern const char *const policy_profile_words[], *const policy_layer_words[];
void policy_read_argv(
    struct policy_reader *reader, const struct yaml_node *list, struct policy_cell *ret);
void policy_read_profile(
    struct policy_reader *reader, const struct yaml_node *value, struct policy_cell *ret);
void policy_read_require(
    struct policy_reader *reader, const struct yaml_node *value, uint64_t *ret_mask);
/* Requires the layers without which a limit of the cell would silently not hold. */
void policy_read_needs(struct policy_cell *cell);
/* A relative path beneath the policy's directory. */
void policy_read_beneath(
    struct policy_reader *reader, const struct yaml_node *value, const char **ret);
void policy_read_digest(
    struct policy_reader *reader, const struct yaml_node *value, struct digest *ret);

/* manifest.c: the keys of a tools manifest. */
extern const struct policy_key policy_manifest_rows[];
/* The tools of one manifest, in its order. shown is its name in the policy. */
void policy_read_manifest(struct policy_reader *reader, const struct yaml_node *root,
    const char *shown, struct policy_tool_rule **ret, uint32_t *ret_count);
/* True for 1 to POLICY_NAME_MAX of [a-z0-9._-] (dotted: as a tool) or [A-Za-z0-9_-] (as an
 * argument), beginning with a letter or, for an argument, '_'. */
bool policy_name_is_valid(const char *name, bool dotted);

/* tools_read.c: the rule for one tool. */
extern const struct policy_key policy_tool_rule_item;
/* The map of rules; policy->tools is whole and sorted by name. */
void policy_read_tools(
    struct policy_reader *reader, const struct yaml_node *key, struct policy *policy);

/* tool_index.c: what policy_tool_rule_find reads, when policy->tools is whole. */
void policy_read_tool_index(struct policy_reader *reader, struct policy *policy);

/* trigger_read.c: the list of triggers, and one of them. */
extern const struct policy_key policy_trigger_item;
void policy_read_triggers(
    struct policy_reader *reader, const struct yaml_node *key, struct policy *policy);

#endif

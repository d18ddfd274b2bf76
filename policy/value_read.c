/* A tree of YAML as a value: what a fixture passes to a tool, or finds in the trigger's payload. */
#include <assert.h>

#include "policy/rule_read.h"

/* The parser's limit bounds the recursion below, and what a decision walks. */
static_assert((int)YAML_DEPTH_MAX <= (int)VALUE_DEPTH_MAX, "a file nests no deeper than a value");

static bool
read_null(struct policy_reader *reader, const struct yaml_node *node)
{
	if (strcmp(node->text, "null") == 0)
		return true;
	policy_read_problem(reader, node, NULL,
	    "an empty value; expected a value, null, or \"\" for an empty text");
	return false;
}

static bool
read_scalar(struct policy_reader *reader, struct yaml_node *node, struct value *ret)
{
	static const struct policy_key row = {.type = POLICY_TYPE_SCALAR};

	if (policy_yaml_scalar(node) == YAML_NULL) {
		*ret = (struct value){.type = VALUE_NULL};
		return read_null(reader, node);
	}
	if (!policy_read_value(reader, node, "a value", &row))
		return false;
	*ret = policy_read_scalar(reader, node);
	return true;
}

static bool read_node(
    struct policy_reader *reader, struct yaml_node *node, uint32_t *left, struct value *ret);

static bool
read_list(
    struct policy_reader *reader, const struct yaml_node *list, uint32_t *left, struct value *ret)
{
	struct value *items = policy_read_alloc(reader, list->count, sizeof(*items));
	uint32_t n = 0;

	for (struct yaml_node *item = list->child; items != NULL && item != NULL; item = item->next)
		if (!read_node(reader, item, left, &items[n++]))
			return false;
	*ret = (struct value){.type = VALUE_ARRAY, .length = n, .items = items};
	return items != NULL;
}

static bool
read_map(
    struct policy_reader *reader, const struct yaml_node *map, uint32_t *left, struct value *ret)
{
	struct value_pair *pairs = policy_read_alloc(reader, map->count, sizeof(*pairs));
	uint32_t n = 0;

	for (struct yaml_node *key = map->child; pairs != NULL && key != NULL; key = key->next) {
		if (!policy_read_text(reader, key) ||
		    !read_node(reader, key->value, left, &pairs[n].value))
			return false;
		pairs[n++].key = value_string(policy_read_copy(reader, key->text));
	}
	*ret = (struct value){.type = VALUE_MAP, .length = n, .pairs = pairs};
	return pairs != NULL;
}

static bool
read_node(struct policy_reader *reader, struct yaml_node *node, uint32_t *left, struct value *ret)
{
	if (*left == 0) {
		policy_read_problem(reader, node, NULL,
		    "more than the %d values that one place may hold", POLICY_VALUES_MAX);
		return false;
	}
	--*left;
	switch (node->kind) {
	case YAML_SCALAR:
		return read_scalar(reader, node, ret);
	case YAML_LIST:
		return read_list(reader, node, left, ret);
	case YAML_MAP:
		return read_map(reader, node, left, ret);
	}
	return false;
}

bool
policy_read_tree(struct policy_reader *reader, struct yaml_node *node, struct value *ret)
{
	uint32_t left = POLICY_VALUES_MAX;

	return read_node(reader, node, &left, ret);
}

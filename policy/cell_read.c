/* What a program is and how it is confined: keys that policies and manifests share. */
#include <stdio.h>

#include "policy/rule_read.h"

#define LIMIT_DEFAULT(field, key, type, fallback, least, most, help) .field = (fallback),
const struct policy_limits policy_limits_default = {
    POLICY_LIMITS(LIMIT_DEFAULT).wall_ns = POLICY_WALL_DEFAULT_NS};

#define LIMIT_HANDLER(field, key, type, fallback, least, most, help)                \
	static void read_##key(                                                     \
	    struct policy_reader *reader, const struct yaml_node *node, void *into) \
	{                                                                           \
		(void)reader;                                                       \
		((struct policy_limits *)into)->field = node->value->number;        \
	}
POLICY_LIMITS(LIMIT_HANDLER)
LIMIT_HANDLER(wall_ns, wall, DURATION, 0, 0, 0, "")

#define LIMIT_ROW(field, key, type, fallback, least, most, help) \
	{#key, POLICY_OPTIONAL, POLICY_TYPE_##type, read_##key, help, least, most},

const struct policy_key policy_limit_rows[] = {POLICY_LIMITS(LIMIT_ROW){0}};

const struct policy_key policy_call_limit_rows[] = {
    POLICY_LIMITS(LIMIT_ROW){"wall", POLICY_OPTIONAL, POLICY_TYPE_DURATION, read_wall,
	"from start to kill", POLICY_SECOND / 1000, 86400 * POLICY_SECOND},
    {0},
};

#define PROFILE_NAME(name) #name,
const char *const policy_profile_words[] = {POLICY_PROFILES(PROFILE_NAME) NULL};

#define LAYER_WORD(name, bit, text, meaning) text,
const char *const policy_layer_words[] = {LAYER_TABLE(LAYER_WORD) "all", NULL};

void
policy_read_argv(
    struct policy_reader *reader, const struct yaml_node *list, struct policy_cell *ret)
{
	uint32_t n = 0;

	if (list->child->text[0] != '/')
		policy_read_problem(reader, list->child, NULL,
		    "\"%s\" is not absolute; expected a program such as /usr/bin/python3",
		    list->child->text);
	for (const struct yaml_node *item = list->child; item != NULL; item = item->next)
		ret->argv[n++] = policy_read_copy(reader, item->text);
	ret->argv[n] = NULL;
}

void
policy_read_profile(
    struct policy_reader *reader, const struct yaml_node *value, struct policy_cell *ret)
{
#define PROFILE_WORD(name) " " #name
	for (unsigned i = 0; policy_profile_words[i] != NULL; i++)
		if (strcmp(policy_profile_words[i], value->text) == 0) {
			ret->profile = policy_profile_words[i];
			return;
		}
	policy_read_unknown(reader, value, policy_profile_words,
	    "unknown profile \"%s\"; expected one of:" POLICY_PROFILES(PROFILE_WORD), value->text);
}

void
policy_read_require(struct policy_reader *reader, const struct yaml_node *value, uint64_t *ret_mask)
{
	uint64_t mask = 0;

	if (value->kind == YAML_SCALAR && strcmp(value->text, "all") == 0) {
		*ret_mask = LAYER_ALL;
		return;
	}
	for (const struct yaml_node *item = policy_read_first(value); item != NULL;
	     item = item->next) {
		enum layer layer;

		if (layer_from_name(item->text, &layer))
			mask |= UINT64_C(1) << layer;
		else
			policy_read_unknown(reader, item, policy_layer_words,
			    "unknown layer \"%s\"; expected names of layers, or all", item->text);
	}
	*ret_mask = mask;
}

void
policy_read_needs(struct policy_cell *cell)
{
	if (cell->limits.cpu_percent != policy_limits_default.cpu_percent ||
	    cell->limits.io_read_bytes != policy_limits_default.io_read_bytes)
		cell->required |= LAYER_BIT(CGROUP);
}

void
policy_read_beneath(struct policy_reader *reader, const struct yaml_node *value, const char **ret)
{
	const char *at = value->text;
	bool sound = value->length <= PACK_NAME_MAX && strchr(at, '\\') == NULL;

	while (sound && *at != '\0') {
		size_t length = strcspn(at, "/");

		sound = length > 0 && !(length == 1 && at[0] == '.') &&
			!(length == 2 && at[0] == '.' && at[1] == '.');
		at += length;
		if (sound && *at == '/' && *++at == '\0')
			sound = false;
	}
	if (!sound)
		policy_read_problem(reader, value, NULL,
		    "\"%s\" is not a path beneath the policy's directory; expected a relative one "
		    "without . and ..",
		    value->text);
	*ret = policy_read_copy(reader, value->text);
}

void
policy_read_digest(struct policy_reader *reader, const struct yaml_node *value, struct digest *ret)
{
	if (!digest_parse(value->text, ret))
		policy_read_problem(reader, value, "praxa policy digest PATH prints it",
		    "\"%s\" is not a digest; expected sha256: and 64 digits of 0-9a-f",
		    value->text);
}

/* A tools manifest: the programs of one integration, and the arguments each understands. */
#include <stdio.h>

#include "common/id.h"
#include "policy/rule_read.h"

enum { TOOLS_MAX = 256 };

/* A manifest being read. */
struct reading {
	const char *shown;
	const char *integration;
	const char *bundle_path;
	struct digest bundle;
	const struct yaml_node *tools; /* read last: a tool's name begins with the integration */
};

bool
policy_name_is_valid(const char *name, bool dotted)
{
	size_t length = strnlen(name, POLICY_NAME_MAX + 1);
	const char *allowed =
	    dotted ? "abcdefghijklmnopqrstuvwxyz0123456789._-"
		   : "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	if (length == 0 || length > POLICY_NAME_MAX || strspn(name, allowed) != length)
		return false;
	return (name[0] >= 'a' && name[0] <= 'z') ||
	       (!dotted && (name[0] == '_' || (name[0] >= 'A' && name[0] <= 'Z')));
}

static void
read_integration(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	if (!id_name_is_valid(key->value->text))
		policy_read_problem(reader, key->value, NULL,
		    "\"%s\" is no name; expected 1 to 64 of a-z, 0-9 and single hyphens between",
		    key->value->text);
	reading->integration = policy_read_copy(reader, key->value->text);
}

static void
bundle_path(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_beneath(reader, key->value, &((struct reading *)into)->bundle_path);
}

static void
bundle_digest(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_digest(reader, key->value, &((struct reading *)into)->bundle);
}

static const struct policy_key bundle_rows[] = {
    {"path", POLICY_REQUIRED, POLICY_TYPE_TEXT, bundle_path,
	"directory of the programs, beneath the manifest's; seen at /tool",
	.pattern = POLICY_PATTERN_BENEATH},
    {"digest", POLICY_REQUIRED, POLICY_TYPE_TEXT, bundle_digest, "pin of its content",
	.pattern = POLICY_PATTERN_DIGEST},
    {0},
};

static void
read_tools(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	(void)reader;
	((struct reading *)into)->tools = key->value;
}

static void
tool_summary(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	((struct policy_tool_rule *)into)->tool.summary =
	    policy_read_copy(reader, key->value->text);
}

static void
tool_run(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_argv(reader, key->value, &((struct policy_tool_rule *)into)->tool.cell);
}

static void
tool_profile(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_profile(reader, key->value, &((struct policy_tool_rule *)into)->tool.cell);
}

static void *
limits_of(void *rule)
{
	return &((struct policy_tool_rule *)rule)->tool.cell.limits;
}

static void
tool_arguments(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_schema(reader, key->value, &((struct policy_tool_rule *)into)->schema);
}

/* An absolute path that hides nothing of the cell: an operator's directory over /usr would be the
 * programs that run. */
static bool
is_mount_point(const char *path)
{
	static const char *const taken[] = {"bin", "boot", "dev", "etc", "home", "lib", "lib32",
	    "lib64", "libx32", "proc", "root", "run", "sbin", "skill", "sys", "tmp", "tool", "usr",
	    "var", NULL};
	size_t length = strcspn(path + 1, "/");

	if (path[0] != '/' || path[1] == '\0' || path[1 + length] == '/' ||
	    !policy_name_is_valid(path + 1, true))
		return false;
	for (unsigned i = 0; taken[i] != NULL; i++)
		if (strcmp(taken[i], path + 1) == 0)
			return false;
	return true;
}

static void
tool_resources(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_tool *tool = &((struct policy_tool_rule *)into)->tool;
	const struct yaml_node *map = key->value;

	if (map->count > POLICY_RESOURCES_MAX) {
		policy_read_problem(reader, map, NULL, "%u resources; at most %d", map->count,
		    POLICY_RESOURCES_MAX);
		return;
	}
	for (const struct yaml_node *name = map->child; name != NULL; name = name->next) {
		if (!policy_read_text(reader, name) || !policy_read_text(reader, name->value))
			continue;
		if (!id_name_is_valid(name->text))
			policy_read_problem(reader, name, NULL,
			    "\"%s\" is no name; expected 1 to 64 of a-z, 0-9 and single hyphens "
			    "between",
			    name->text);
		if (!is_mount_point(name->value->text))
			policy_read_problem(reader, name->value, NULL,
			    "\"%s\" is no place for a resource; expected one of its own at the "
			    "root, such as /repo",
			    name->value->text);
		tool->resources[tool->resource_count++] =
		    (struct policy_resource){.name = policy_read_copy(reader, name->text),
			.at = policy_read_copy(reader, name->value->text)};
	}
}

static const struct policy_key resource_item = {
    .type = POLICY_TYPE_TEXT, .pattern = POLICY_PATTERN_RESOURCE};

static const struct policy_key tool_rows[] = {
    {"summary", POLICY_REQUIRED, POLICY_TYPE_TEXT, tool_summary, "what it does, for agents"},
    {"run", POLICY_REQUIRED, POLICY_TYPE_TEXTS, tool_run, "program and arguments", 1,
	POLICY_ARGV_MAX},
    {"resources", POLICY_OPTIONAL, POLICY_TYPE_MAP, tool_resources,
	"directories that an operator names, and where the tool sees them", 0, POLICY_RESOURCES_MAX,
	.item = &resource_item, .pattern = POLICY_PATTERN_NAME},
    {"profile", POLICY_REQUIRED, POLICY_TYPE_TEXT, tool_profile, "seccomp profile",
	.words = policy_profile_words},
    {"limits", POLICY_OPTIONAL, POLICY_TYPE_MAP, NULL, "limits of one call",
	.rows = policy_call_limit_rows, .within = limits_of},
    {"arguments", POLICY_OPTIONAL, POLICY_TYPE_MAP, tool_arguments, "what a call may pass",
	.rows = policy_arguments_rows},
    {0},
};

static const struct policy_key tool_item = {.type = POLICY_TYPE_MAP, .rows = tool_rows};

const struct policy_key policy_manifest_rows[] = {
    {"tools", POLICY_REQUIRED, POLICY_TYPE_INTEGER, NULL, "version of the language, 1", 1, 1},
    {"integration", POLICY_REQUIRED, POLICY_TYPE_TEXT, read_integration,
	"name that the tools' names begin with", .pattern = POLICY_PATTERN_NAME},
    {"bundle", POLICY_REQUIRED, POLICY_TYPE_MAP, NULL, "the programs, pinned", .rows = bundle_rows,
	.within = policy_within_same},
    {"tool", POLICY_REQUIRED, POLICY_TYPE_MAP, read_tools, "the tools by name", 1, TOOLS_MAX,
	.item = &tool_item, .pattern = POLICY_PATTERN_TOOL},
    {0},
};

static void
check_name(struct policy_reader *reader, const struct yaml_node *key, const struct reading *reading)
{
	size_t length = reading->integration != NULL ? strlen(reading->integration) : 0;

	if (!policy_name_is_valid(key->text, true))
		policy_read_problem(reader, key, NULL,
		    "\"%s\" is no name of a tool; expected a letter, then a-z 0-9 . _ -, at most "
		    "64",
		    key->text);
	else if (length > 0 && (strncmp(key->text, reading->integration, length) != 0 ||
				   key->text[length] != '.'))
		policy_read_problem(reader, key, NULL,
		    "\"%s\" does not begin with its integration, %s.", key->text,
		    reading->integration);
}

static void
read_tool(struct policy_reader *reader, const struct yaml_node *key, const struct reading *reading,
    struct policy_tool_rule *ret)
{
	char what[96];

	if (policy_read_text(reader, key))
		check_name(reader, key, reading);
	ret->tool = (struct policy_tool){
	    .name = policy_read_copy(reader, key->text),
	    .manifest = reading->shown,
	    .line = key->place.line,
	    .cell = {.limits = policy_limits_default, .required = POLICY_REQUIRED_DEFAULT},
	    .bundle_path = reading->bundle_path,
	    .bundle = reading->bundle,
	};
	ret->schema = (struct policy_schema){.type = SCHEMA_OBJECT, .text = "an object"};
	snprintf(what, sizeof(what), "the tool \"%s\"", key->text);
	policy_read_map(reader, key->value, what, tool_rows, ret);
	policy_read_needs(&ret->tool.cell);
}

void
policy_read_manifest(struct policy_reader *reader, const struct yaml_node *root, const char *shown,
    struct policy_tool_rule **ret, uint32_t *ret_count)
{
	struct reading reading = {.shown = policy_read_copy(reader, shown)};
	struct policy_tool_rule *tools;
	uint32_t n = 0;

	policy_read_map(reader, root, "the tools manifest", policy_manifest_rows, &reading);
	if (reading.tools == NULL)
		return;
	if (reading.tools->count == 0 || reading.tools->count > TOOLS_MAX) {
		policy_read_problem(reader, reading.tools, NULL, "%u tools; expected 1 to %d",
		    reading.tools->count, TOOLS_MAX);
		return;
	}
	tools = policy_read_alloc(reader, reading.tools->count, sizeof(*tools));
	if (tools == NULL)
		return;
	for (const struct yaml_node *key = reading.tools->child; key != NULL; key = key->next)
		read_tool(reader, key, &reading, &tools[n++]);
	*ret = tools;
	*ret_count = n;
}

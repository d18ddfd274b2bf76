#include "policy/skill_md.h"

#include "common/id.h"
#include "policy/rule_read.h"

enum { DESCRIPTION_MAX = 1024, LICENSE_MAX = 256, COMPATIBILITY_MAX = 500 };

static void
read_name(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	if (!id_name_is_valid(key->value->text))
		policy_read_problem(reader, key->value, NULL,
		    "\"%s\" is no name of a Skill; expected 1 to 64 of a-z, 0-9 and single hyphens "
		    "between",
		    key->value->text);
	((struct policy_skill_md *)into)->name = policy_read_copy(reader, key->value->text);
}

static const char *
read_short(struct policy_reader *reader, const struct yaml_node *key, uint32_t most)
{
	if (key->value->length > most)
		policy_read_problem(reader, key->value, NULL, "%s has %u bytes; at most %u",
		    key->text, key->value->length, most);
	return policy_read_copy(reader, key->value->text);
}

static void
read_description(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	((struct policy_skill_md *)into)->description = read_short(reader, key, DESCRIPTION_MAX);
}

static void
read_license(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	((struct policy_skill_md *)into)->license = read_short(reader, key, LICENSE_MAX);
}

static void
read_compatibility(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	((struct policy_skill_md *)into)->compatibility =
	    read_short(reader, key, COMPATIBILITY_MAX);
}

/* Names and texts of others' own: nothing here is used, so that a version need not be text. */
static void
read_metadata(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	(void)into;
	if (key->value->count > SKILL_MD_METADATA_MAX)
		policy_read_problem(reader, key->value, NULL, "metadata has %u keys; at most %d",
		    key->value->count, SKILL_MD_METADATA_MAX);
}

static void
add_tool(struct policy_reader *reader, const struct yaml_node *node, const char *text,
    size_t length, struct policy_skill_md *skill)
{
	if (length > SKILL_MD_TOOL_MAX)
		policy_read_problem(reader, node, NULL,
		    "allowed-tools names a tool of %zu bytes; at most %d", length,
		    SKILL_MD_TOOL_MAX);
	else if (skill->tool_count == SKILL_MD_TOOLS_MAX)
		policy_read_problem(reader, node, NULL, "allowed-tools names more than %d tools",
		    SKILL_MD_TOOLS_MAX);
	else
		skill->tools[skill->tool_count++] =
		    policy_read_format(reader, "%.*s", (int)length, text);
}

/* Blanks and commas separate, but not between brackets: Bash(git add:*), Read. */
static void
split_tools(
    struct policy_reader *reader, const struct yaml_node *node, struct policy_skill_md *skill)
{
	const char *text = node->text, *start = text;
	unsigned depth = 0;

	for (;; text++) {
		bool between = depth == 0 && (*text == ' ' || *text == ',');

		depth += *text == '(';
		depth -= *text == ')' && depth > 0;
		if (*text != '\0' && !between)
			continue;
		/* Once too many is enough to say. */
		if (text > start && skill->tool_count <= SKILL_MD_TOOLS_MAX &&
		    reader->problems->count < POLICY_PROBLEMS_MAX)
			add_tool(reader, node, start, (size_t)(text - start), skill);
		if (*text == '\0')
			return;
		start = text + 1;
	}
}

static void
read_tools(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	for (const struct yaml_node *item = policy_read_first(key->value); item != NULL;
	     item = item->next)
		split_tools(reader, item, into);
}

static const struct policy_key any_item = {.type = POLICY_TYPE_SCALAR};

static const struct policy_key front_rows[] = {
    {"name", POLICY_REQUIRED, POLICY_TYPE_TEXT, read_name, "what the Skill is called",
	.pattern = POLICY_PATTERN_NAME},
    {"description", POLICY_REQUIRED, POLICY_TYPE_TEXT, read_description,
	"what it does, and when to use it"},
    {"license", POLICY_OPTIONAL, POLICY_TYPE_TEXT, read_license,
	"its license, or that file's name"},
    {"compatibility", POLICY_OPTIONAL, POLICY_TYPE_TEXT, read_compatibility, "what it needs"},
    {"metadata", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_metadata, "keys of others' own",
	.item = &any_item},
    {"allowed-tools", POLICY_OPTIONAL, POLICY_TYPE_TEXT_OR_TEXTS, read_tools,
	"tools that it asks for"},
    {0},
};

/* The front matter with its first line, so that positions are the file's. false: there is none. */
static bool
find_front(const struct policy_file *file, struct policy_file *ret)
{
	static const char fence[] = "---\n";
	const size_t width = sizeof(fence) - 1;
	const char *text = file->text, *end = file->text + file->length;

	if (file->length < width || memcmp(text, fence, width) != 0)
		return false;
	for (const char *line = text + width; line < end;) {
		size_t left = (size_t)(end - line);
		const char *next = memchr(line, '\n', left);
		size_t length = next != NULL ? (size_t)(next - line) : left;

		if (length == width - 1 && memcmp(line, fence, length) == 0) {
			*ret = *file;
			ret->length = (size_t)(line - text);
			ret->prose = true; /* descriptions are often folded */
			return true;
		}
		if (next == NULL)
			return false;
		line = next + 1;
	}
	return false;
}

static enum err
refuse(struct policy_problems *problems, const struct policy_file *file, const char *why)
{
	policy_problem_add(problems, file, (struct policy_place){0}, "", "%s", why);
	return ERR_POLICY;
}

enum err
policy_skill_md_parse(const struct policy_file *file, struct arena *arena,
    struct policy_skill_md *ret, struct policy_problems *problems)
{
	struct policy_reader reader = {.arena = arena, .problems = problems};
	struct policy_skill_md skill = {
	    .name = "", .description = "", .license = "", .compatibility = ""};
	struct policy_file front;
	struct yaml_node *root = NULL;
	enum err r;

	*problems = (struct policy_problems){0};
	if (file->length > SKILL_MD_BYTES_MAX)
		return refuse(problems, NULL, "SKILL.md has more than 1 MiB");
	if (!find_front(file, &front))
		return refuse(problems, NULL,
		    "SKILL.md does not begin with front matter between two lines of ---");
	if (front.length > SKILL_MD_FRONT_BYTES_MAX)
		return refuse(problems, NULL, "the front matter has more than 16 KiB");
	reader.file = &front;
	r = policy_yaml_parse(&front, arena, &root, problems);
	if (r != ERR_OK)
		return r;
	policy_read_map(&reader, root, "the front matter", front_rows, &skill);
	if (reader.out_of_memory)
		return ERR_INTERNAL;
	if (problems->count > 0)
		return ERR_POLICY;
	*ret = skill;
	return ERR_OK;
}

/* From a source pack to a policy: the keys of the policy file, then its manifests, then the rules
 * that need both. */
#include "policy/load.h"

#include <stdio.h>

#include "common/id.h"
#include "policy/rule_read.h"

enum {
	POLICY_BYTES_MAX = 64 * 1024 * 1024, /* the compiled form; the largest files need a tenth */
	CALLS_MAX = 1000000,
	RETENTION_DAYS_MAX = 36500,
};

#define POLICY_DAY (86400 * POLICY_SECOND)

/* A policy being read. */
struct loading {
	struct policy *policy;
	const struct yaml_node *manifests, *tools; /* keys, read last: rules need all tools */
};

static void
read_version(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	/* The row's bounds say that it is 1. */
	(void)reader;
	(void)key;
	(void)into;
}

static void
read_skill(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	if (!id_name_is_valid(key->value->text))
		policy_read_problem(reader, key->value, NULL,
		    "\"%s\" is no name; expected 1 to 64 of a-z, 0-9 and single hyphens between",
		    key->value->text);
	((struct loading *)into)->policy->skill.name = policy_read_copy(reader, key->value->text);
}

static void
owner_team(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	((struct policy_skill *)into)->team = policy_read_copy(reader, key->value->text);
}

static const struct policy_key owner_rows[] = {
    {"team", POLICY_REQUIRED, POLICY_TYPE_TEXT, owner_team, "who answers for this Skill", 0, 0},
    {0},
};

static void
read_owner(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_map(
	    reader, key->value, "owner", owner_rows, &((struct loading *)into)->policy->skill);
}

static void
bundle_path(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_beneath(reader, key->value, &((struct policy_skill *)into)->bundle_path);
}

static void
bundle_digest(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_digest(reader, key->value, &((struct policy_skill *)into)->bundle);
}

static void
bundle_run(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_argv(reader, key->value, &((struct policy_skill *)into)->cell);
}

static const struct policy_key bundle_rows[] = {
    {"path", POLICY_REQUIRED, POLICY_TYPE_TEXT, bundle_path,
	"directory beneath the policy's; seen at /skill", 0, 0},
    {"digest", POLICY_REQUIRED, POLICY_TYPE_TEXT, bundle_digest, "pin of its content", 0, 0},
    {"run", POLICY_REQUIRED, POLICY_TYPE_TEXTS, bundle_run, "program and arguments", 1,
	POLICY_ARGV_MAX},
    {0},
};

static void
read_bundle(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_skill *skill = &((struct loading *)into)->policy->skill;

	skill->bundle_line = key->place.line;
	policy_read_map(reader, key->value, "bundle", bundle_rows, skill);
}

static void
read_manifests(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	(void)reader;
	((struct loading *)into)->manifests = key;
}

static void
read_trigger(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_triggers(reader, key, ((struct loading *)into)->policy);
}

static void
read_tools(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	(void)reader;
	((struct loading *)into)->tools = key;
}

static void
memory_read(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_patterns(reader, key, &((struct policy *)into)->read);
}

static void
memory_write(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_patterns(reader, key, &((struct policy *)into)->write);
}

static const struct policy_key memory_rows[] = {
    {"read", POLICY_OPTIONAL, POLICY_TYPE_TEXTS, memory_read, "patterns of keys it may read", 0,
	POLICY_PATTERNS_MAX},
    {"write", POLICY_OPTIONAL, POLICY_TYPE_TEXTS, memory_write, "patterns of keys it may write", 0,
	POLICY_PATTERNS_MAX},
    {0},
};

static void
read_memory(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_map(
	    reader, key->value, "memory", memory_rows, ((struct loading *)into)->policy);
}

static void
budget_calls(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_skill *skill = into;

	(void)reader;
	skill->calls = key->value->number;
	skill->calls_line = key->place.line;
}

static void
budget_wall(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_skill *skill = into;

	(void)reader;
	skill->cell.limits.wall_ns = key->value->number;
	skill->wall_line = key->place.line;
}

static const struct policy_key run_rows[] = {
    {"calls", POLICY_OPTIONAL, POLICY_TYPE_INTEGER, budget_calls, "calls of one run", 1, CALLS_MAX},
    {"wall", POLICY_OPTIONAL, POLICY_TYPE_DURATION, budget_wall, "one run, from start to kill",
	POLICY_SECOND / 1000, POLICY_DAY},
    {0},
};

static void
budget_run(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_map(reader, key->value, "budget.run", run_rows, into);
}

static const struct policy_key budget_rows[] = {
    {"run", POLICY_OPTIONAL, POLICY_TYPE_MAP, budget_run, "of one run", 0, 0},
    {0},
};

static void
read_budget(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_map(
	    reader, key->value, "budget", budget_rows, &((struct loading *)into)->policy->skill);
}

static void
sandbox_profile(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_profile(reader, key->value, into);
}

static void
sandbox_limits(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_limits(reader, key->value, false, &((struct policy_cell *)into)->limits);
}

static void
sandbox_require(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_require(reader, key->value, &((struct policy_cell *)into)->required);
}

static const struct policy_key sandbox_rows[] = {
    {"profile", POLICY_REQUIRED, POLICY_TYPE_TEXT, sandbox_profile, "seccomp profile", 0, 0},
    {"limits", POLICY_OPTIONAL, POLICY_TYPE_MAP, sandbox_limits, "limits of one run", 0, 0},
    {"require", POLICY_OPTIONAL, POLICY_TYPE_TEXT_OR_TEXTS, sandbox_require,
	"layers without which nothing runs, or all", 0, 0},
    {0},
};

static void
read_sandbox(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_skill *skill = &((struct loading *)into)->policy->skill;

	skill->sandbox_line = key->place.line;
	policy_read_map(reader, key->value, "sandbox", sandbox_rows, &skill->cell);
}

static void
audit_retention(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	(void)reader;
	((struct policy_skill *)into)->retention_ns = key->value->number;
}

static const struct policy_key audit_rows[] = {
    {"retention", POLICY_OPTIONAL, POLICY_TYPE_DURATION, audit_retention,
	"how long payloads are kept", POLICY_DAY, RETENTION_DAYS_MAX *POLICY_DAY},
    {0},
};

static void
read_audit(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_map(
	    reader, key->value, "audit", audit_rows, &((struct loading *)into)->policy->skill);
}

static const struct policy_key policy_rows[] = {
    {"policy", POLICY_REQUIRED, POLICY_TYPE_INTEGER, read_version, "version of the language, 1", 1,
	1},
    {"skill", POLICY_REQUIRED, POLICY_TYPE_TEXT, read_skill, "name of the Skill", 0, 0},
    {"owner", POLICY_REQUIRED, POLICY_TYPE_MAP, read_owner, "who answers for it", 0, 0},
    {"bundle", POLICY_REQUIRED, POLICY_TYPE_MAP, read_bundle, "its files, pinned", 0, 0},
    {"manifests", POLICY_OPTIONAL, POLICY_TYPE_TEXTS, read_manifests,
	"tools manifests beside this file", 0, POLICY_MANIFESTS_MAX},
    {"trigger", POLICY_REQUIRED, POLICY_TYPE_LIST, read_trigger, "what may start it", 1,
	POLICY_TRIGGERS_MAX},
    {"tools", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_tools, "rules for tools, by name", 0, 0},
    {"memory", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_memory, "keys it may read and write", 0, 0},
    {"budget", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_budget, "what it may use up", 0, 0},
    {"sandbox", POLICY_REQUIRED, POLICY_TYPE_MAP, read_sandbox, "how it is confined", 0, 0},
    {"audit", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_audit, "how its record is kept", 0, 0},
    {0},
};

bool
policy_load_name_is_valid(const struct yaml_node *item)
{
	return item->kind == YAML_SCALAR && item->length > 0 && item->length <= 128 &&
	       item->text[0] != '.' &&
	       strspn(item->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789._-") == item->length;
}

enum err
policy_load_names(const struct policy_file *file, struct arena *arena,
    const struct yaml_node **ret_list, struct policy_problems *problems)
{
	struct yaml_node *root = NULL;
	enum err r = policy_yaml_parse(file, arena, &root, problems);
	const struct yaml_node *key;

	if (r != ERR_OK)
		return r;
	for (key = root->kind == YAML_MAP ? root->child : NULL; key != NULL; key = key->next)
		if (strcmp(key->text, "manifests") == 0)
			break;
	*ret_list = key != NULL && key->value->kind == YAML_LIST ? key->value : NULL;
	return ERR_OK;
}

/* One manifest: its tools go behind those that are there. */
static enum err
load_manifest(struct policy_reader *outer, const struct pack_file *content, const char *name,
    const char *shown, struct policy *policy)
{
	struct policy_file file = {
	    .name = shown, .text = (const char *)content->data, .length = content->length};
	struct policy_reader reader = {
	    .file = &file, .arena = outer->arena, .problems = outer->problems};
	struct policy_tool_rule *tools = NULL, *joined;
	struct yaml_node *root = NULL;
	struct arena scratch;
	uint32_t count = 0;
	enum err r;

	arena_init(&scratch, POLICY_TREE_BYTES_MAX);
	r = policy_yaml_parse(&file, &scratch, &root, reader.problems);
	if (r == ERR_OK)
		policy_read_manifest(&reader, root, name, &tools, &count);
	arena_clear(&scratch);
	joined = policy_read_alloc(&reader, policy->tool_count + count, sizeof(*joined));
	outer->out_of_memory = outer->out_of_memory || reader.out_of_memory;
	if (joined == NULL)
		return ERR_INTERNAL;
	if (policy->tool_count > 0)
		memcpy(joined, policy->tools, policy->tool_count * sizeof(*joined));
	if (count > 0)
		memcpy(joined + policy->tool_count, tools, count * sizeof(*joined));
	policy->tools = joined;
	policy->tool_count += count;
	return r;
}

static int
compare_tools(const void *a, const void *b)
{
	return strcmp(((const struct policy_tool_rule *)a)->tool.name,
	    ((const struct policy_tool_rule *)b)->tool.name);
}

/* Two manifests that declare one tool: which program a call would run could not be read off. */
static void
sort_tools(struct policy_reader *reader, const struct yaml_node *list, struct policy *policy)
{
	if (policy->tool_count > 1)
		qsort(policy->tools, policy->tool_count, sizeof(*policy->tools), compare_tools);
	for (uint32_t i = 1; i < policy->tool_count; i++)
		if (compare_tools(&policy->tools[i - 1], &policy->tools[i]) == 0)
			policy_read_problem(reader, list, NULL,
			    "two manifests have the tool \"%s\": %s and %s",
			    policy->tools[i].tool.name, policy->tools[i - 1].tool.manifest,
			    policy->tools[i].tool.manifest);
}

static bool
is_repeated(const struct yaml_node *list, const struct yaml_node *item)
{
	const struct yaml_node *earlier = list->child;

	while (earlier != item &&
	       (earlier->kind != YAML_SCALAR || strcmp(earlier->text, item->text) != 0))
		earlier = earlier->next;
	return earlier != item;
}

/* Answers whether all of them are there and sound: only then do the rules make sense. */
static bool
load_manifests(struct policy_reader *reader, const struct yaml_node *list,
    const struct pack *source, struct policy *policy)
{
	const char *slash = strrchr(reader->file->name, '/');
	int lead = slash != NULL ? (int)(slash + 1 - reader->file->name) : 0;
	bool sound = true;

	for (const struct yaml_node *item = list->child; item != NULL; item = item->next) {
		const struct pack_file *content = NULL;
		char name[160], shown[512];

		if (!policy_load_name_is_valid(item)) {
			policy_read_problem(reader, item, NULL,
			    "\"%s\" is no plain file name; a manifest lies beside the policy",
			    item->text);
			sound = false;
			continue;
		}
		if (is_repeated(list, item)) {
			policy_read_problem(
			    reader, item, NULL, "the manifest %s is named twice", item->text);
			sound = false;
			continue;
		}
		snprintf(name, sizeof(name), "manifest/%s", item->text);
		snprintf(shown, sizeof(shown), "%.*s%s", lead, reader->file->name, item->text);
		content = pack_find(source, name);
		if (content == NULL) {
			policy_read_problem(
			    reader, item, NULL, "the manifest %s is not there", item->text);
			sound = false;
		} else if (load_manifest(reader, content, item->text, shown, policy) != ERR_OK) {
			sound = false;
		}
	}
	sort_tools(reader, list, policy);
	return sound;
}

static void
load_rules(struct policy_reader *reader, const struct loading *loading, const struct pack *source)
{
	const struct yaml_node *list =
	    loading->manifests != NULL ? loading->manifests->value : NULL;
	uint32_t before = reader->problems->count;

	if (list != NULL && !load_manifests(reader, list, source, loading->policy))
		return;
	if (reader->problems->count == 0 && source->count != 1 + (list ? list->count : 0))
		policy_problem_add(reader->problems, reader->file, (struct policy_place){0}, "",
		    "the source holds files that the policy does not name");
	if (loading->tools != NULL && !reader->out_of_memory && reader->problems->count == before)
		policy_read_tools(reader, loading->tools, loading->policy);
}

static void
load_file(struct policy_reader *reader, const struct pack *source, struct arena *scratch,
    struct policy *policy)
{
	struct loading loading = {.policy = policy};
	struct yaml_node *root = NULL;
	enum err r = policy_yaml_parse(reader->file, scratch, &root, reader->problems);

	if (r != ERR_OK) {
		reader->out_of_memory = r == ERR_INTERNAL;
		return;
	}
	policy->digest = source->digest;
	policy_read_map(reader, root, "the policy", policy_rows, &loading);
	load_rules(reader, &loading, source);
}

/* What holds where the file does not say. */
static void
set_defaults(struct policy *policy)
{
	static const struct policy_section none = {.rule = "", .allowed = "nothing"};

	policy->skill.calls = POLICY_CALLS_DEFAULT;
	policy->skill.cell.limits = policy_limits_default;
	policy->skill.cell.required = POLICY_REQUIRED_DEFAULT;
	policy->trigger = none;
	policy->tool = none;
	policy->read.section = none;
	policy->write.section = none;
}

enum err
policy_load(const struct pack *source, const char *shown, struct policy **ret,
    struct policy_problems *problems)
{
	const struct pack_file *content = pack_find(source, "policy");
	struct policy_file file = {.name = shown};
	struct policy_reader reader = {.file = &file, .problems = problems};
	struct policy *policy;
	struct arena scratch;

	*problems = (struct policy_problems){0};
	if (content == NULL) {
		policy_problem_add(
		    problems, NULL, (struct policy_place){0}, "", "the source holds no policy");
		return ERR_POLICY;
	}
	policy = calloc(1, sizeof(*policy));
	if (policy == NULL)
		return ERR_INTERNAL;
	file.text = (const char *)content->data;
	file.length = content->length;
	arena_init(&policy->arena, POLICY_BYTES_MAX);
	arena_init(&scratch, POLICY_TREE_BYTES_MAX);
	reader.arena = &policy->arena;
	set_defaults(policy);
	load_file(&reader, source, &scratch, policy);
	arena_clear(&scratch);
	if (reader.out_of_memory || problems->count > 0) {
		policy_free(&policy);
		return reader.out_of_memory ? ERR_INTERNAL : ERR_POLICY;
	}
	*ret = policy;
	return ERR_OK;
}

void
policy_free(struct policy **policy)
{
	if (*policy == NULL)
		return;
	arena_clear(&(*policy)->arena);
	free(*policy);
	*policy = NULL;
}

/* From a source pack to a policy: the keys of the policy file, then its manifests, then the rules
 * that need both. */
#include "policy/load.h"

#include <stdio.h>

#include "policy/canonical.h"
#include "policy/rule_read.h"

enum {
	POLICY_BYTES_MAX = 64 * 1024 * 1024, /* the compiled form; the largest files need a tenth */
};

const struct yaml_node *
policy_load_name(const struct yaml_node *item)
{
	if (item->kind == YAML_SCALAR)
		return item;
	for (const struct yaml_node *key = item->kind == YAML_MAP ? item->child : NULL; key != NULL;
	     key = key->next)
		if (strcmp(key->text, "file") == 0 && key->value->kind == YAML_SCALAR)
			return key->value;
	return NULL;
}

bool
policy_load_name_is_valid(const struct yaml_node *name)
{
	return name->kind == YAML_SCALAR && name->length > 0 && name->length <= 128 &&
	       name->text[0] != '.' &&
	       strspn(name->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789._-") == name->length;
}

bool
policy_load_is_repeated(const struct yaml_node *list, const struct yaml_node *item)
{
	const struct yaml_node *name = policy_load_name(item);

	for (const struct yaml_node *earlier = list->child; earlier != item;
	     earlier = earlier->next) {
		const struct yaml_node *other = policy_load_name(earlier);

		if (name != NULL && other != NULL && strcmp(name->text, other->text) == 0)
			return true;
	}
	return false;
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
	key = policy_yaml_find(root, "manifests");
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

/* Answers whether the manifest's bytes are those that the item pins, or it pins none. */
static bool
check_pin(struct policy_reader *reader, const struct yaml_node *node,
    const struct policy_manifest *manifest)
{
	struct digest pinned = {{0}};
	char want[DIGEST_TEXT_MAX], got[DIGEST_TEXT_MAX];
	uint32_t before = reader->problems->count;

	policy_read_digest(reader, node, &pinned);
	if (reader->problems->count != before)
		return false;
	if (digest_equal(&pinned, &manifest->digest))
		return true;
	digest_text(want, &pinned);
	digest_text(got, &manifest->digest);
	policy_read_problem(reader, node, "review it; praxa policy digest FILE prints its pin",
	    "%.64s is %s, not the pinned %s", manifest->file, got, want);
	return false;
}

/* The file that an item names and pins; false: a problem was added, or memory is out. */
static bool
take_manifest(struct policy_reader *reader, const struct yaml_node *list,
    const struct yaml_node *item, const struct pack *source, struct policy_manifest *ret,
    const struct pack_file **ret_content)
{
	struct policy_pin pin = {0};
	uint32_t before = reader->problems->count;
	char name[160];

	if (item->kind == YAML_MAP)
		policy_read_map(reader, item, "a manifest", policy_pin_rows, &pin);
	else
		pin.file = item;
	if (reader->problems->count != before)
		return false;
	if (!policy_load_name_is_valid(pin.file)) {
		policy_read_problem(reader, pin.file, NULL,
		    "\"%s\" is no plain file name; a manifest lies beside the policy",
		    pin.file->text);
		return false;
	}
	if (policy_load_is_repeated(list, item)) {
		policy_read_problem(
		    reader, pin.file, NULL, "the manifest %s is named twice", pin.file->text);
		return false;
	}
	snprintf(name, sizeof(name), "manifest/%s", pin.file->text);
	*ret_content = pack_find(source, name);
	if (*ret_content == NULL) {
		policy_read_problem(
		    reader, pin.file, NULL, "the manifest %s is not there", pin.file->text);
		return false;
	}
	ret->file = policy_read_copy(reader, pin.file->text);
	ret->line = item->place.line;
	ret->pinned = pin.digest != NULL;
	ret->digest = digest_of((*ret_content)->data, (*ret_content)->length);
	return ret->file != NULL && (!ret->pinned || check_pin(reader, pin.digest, ret));
}

/* Answers whether all of them are there and sound: only then do the rules make sense. */
static bool
load_manifests(struct policy_reader *reader, const struct yaml_node *list,
    const struct pack *source, struct policy *policy)
{
	const char *slash = strrchr(reader->file->name, '/');
	int lead = slash != NULL ? (int)(slash + 1 - reader->file->name) : 0;
	bool sound = true;

	policy->manifests = policy_read_alloc(reader, list->count + 1U, sizeof(*policy->manifests));
	if (policy->manifests == NULL)
		return false;
	for (const struct yaml_node *item = list->child; item != NULL; item = item->next) {
		struct policy_manifest *manifest = &policy->manifests[policy->manifest_count];
		const struct pack_file *content = NULL;
		char shown[512];

		if (!take_manifest(reader, list, item, source, manifest, &content)) {
			sound = false;
			continue;
		}
		policy->manifest_count++;
		snprintf(shown, sizeof(shown), "%.*s%s", lead, reader->file->name, manifest->file);
		if (load_manifest(reader, content, manifest->file, shown, policy) != ERR_OK)
			sound = false;
	}
	sort_tools(reader, list, policy);
	return sound;
}

static void
load_rules(
    struct policy_reader *reader, const struct policy_loading *loading, const struct pack *source)
{
	const struct yaml_node *list =
	    loading->manifests != NULL ? loading->manifests->value : NULL;
	uint32_t before = reader->problems->count;

	if (list != NULL && !load_manifests(reader, list, source, loading->policy))
		return;
	if (reader->problems->count == 0 && source->count != 1 + (list ? list->count : 0))
		policy_problem_add(reader->problems, reader->file, (struct policy_place){0}, "",
		    "the source holds files that the policy does not name");
	policy_read_tool_index(reader, loading->policy);
	if (loading->tools != NULL && !reader->out_of_memory && reader->problems->count == before)
		policy_read_tools(reader, loading->tools, loading->policy);
	if (reader->out_of_memory || reader->problems->count > before)
		return;
	if (loading->approval != NULL)
		policy_read_approvals(reader, loading->approval, loading->policy);
	if (loading->subagents != NULL)
		policy_read_subagents(reader, loading->subagents, loading->policy);
}

static void
load_file(struct policy_reader *reader, const struct pack *source, struct arena *scratch,
    struct policy *policy)
{
	struct policy_loading loading = {.policy = policy};
	struct yaml_node *root = NULL;
	enum err r = policy_yaml_parse(reader->file, scratch, &root, reader->problems);

	if (r != ERR_OK) {
		reader->out_of_memory = r == ERR_INTERNAL;
		return;
	}
	policy->source = source->digest;
	policy_read_keys(reader, root, &loading);
	load_rules(reader, &loading, source);
}

/* What holds where the file does not say. */
static void
set_defaults(struct policy *policy)
{
	static const struct policy_section none = {.rule = "", .allowed = "nothing"};

	policy_budget_defaults(policy);
	policy->skill.cell.limits = policy_limits_default;
	policy->skill.cell.required = POLICY_REQUIRED_DEFAULT;
	policy->trigger = none;
	policy->tool = none;
	policy->read.section = none;
	policy->write.section = none;
	policy->subagents.section = none;
	policy->models.section = none;
}

static void
set_digest(struct policy_reader *reader, struct policy *policy)
{
	SCOPED_FREE char *text = NULL;

	if (reader->out_of_memory || reader->problems->count > 0)
		return;
	text = policy_canonical(policy);
	reader->out_of_memory = text == NULL;
	if (text != NULL)
		policy->digest = digest_of(text, strlen(text));
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
	set_digest(&reader, policy);
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

/* The keys of a policy file. Rules for tools wait until the manifests are read: this part only
 * remembers where they stand. */
#include "common/id.h"
#include "policy/rule_read.h"

enum {
	RETENTION_DAYS_MAX = 36500,
	REVIEWERS_MAX = 16,
	REVISION_MAX = INT32_MAX,
};

static void *
skill_of(void *loading)
{
	return &((struct policy_loading *)loading)->policy->skill;
}

static void *
cell_of(void *loading)
{
	return &((struct policy_loading *)loading)->policy->skill.cell;
}

static void *
limits_of(void *cell)
{
	return &((struct policy_cell *)cell)->limits;
}

static void *
policy_of(void *loading)
{
	return ((struct policy_loading *)loading)->policy;
}

static void
read_skill(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	if (!id_name_is_valid(key->value->text))
		policy_read_problem(reader, key->value, NULL,
		    "\"%s\" is no name; expected 1 to 64 of a-z, 0-9 and single hyphens between",
		    key->value->text);
	((struct policy_loading *)into)->policy->skill.name =
	    policy_read_copy(reader, key->value->text);
}

void
policy_read_feature(struct policy *policy, enum policy_feature feature, uint32_t line)
{
	if (feature == POLICY_FEATURE_NONE)
		return;
	if (policy->feature_lines[feature] == 0 || line < policy->feature_lines[feature])
		policy->feature_lines[feature] = line;
}

static const char *const on_reload_words[] = {"keep", "end", NULL};

static void
read_on_reload(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_skill *skill = &((struct policy_loading *)into)->policy->skill;

	skill->on_reload_line = key->place.line;
	skill->ends_on_reload = strcmp(key->value->text, "end") == 0;
	if (!skill->ends_on_reload && strcmp(key->value->text, "keep") != 0)
		policy_read_unknown(reader, key->value, on_reload_words,
		    "\"%s\" is not known for on_reload; expected one of: keep end",
		    key->value->text);
}

static void
read_revision(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy *policy = ((struct policy_loading *)into)->policy;

	(void)reader;
	policy->skill.revision = key->value->number;
	policy->skill.revision_line = key->place.line;
	policy_read_feature(policy, POLICY_FEATURE_REVISION, key->place.line);
}

static void
owner_team(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	((struct policy *)into)->skill.team = policy_read_copy(reader, key->value->text);
}

static void
owner_reviewers(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy *policy = into;

	(void)reader;
	policy->skill.reviewers = key->value->number;
	policy->skill.reviewers_line = key->place.line;
	policy_read_feature(policy, POLICY_FEATURE_REVIEWERS, key->place.line);
}

static const struct policy_key owner_rows[] = {
    {"team", POLICY_REQUIRED, POLICY_TYPE_TEXT, owner_team, "who answers for this Skill", 0, 0},
    {"reviewers", POLICY_OPTIONAL, POLICY_TYPE_INTEGER, owner_reviewers,
	"distinct people who must have signed the file", 1, REVIEWERS_MAX},
    {0},
};

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
	"directory beneath the policy's; seen at /skill", .pattern = POLICY_PATTERN_BENEATH},
    {"digest", POLICY_REQUIRED, POLICY_TYPE_TEXT, bundle_digest, "pin of its content",
	.pattern = POLICY_PATTERN_DIGEST},
    {"run", POLICY_REQUIRED, POLICY_TYPE_TEXTS, bundle_run, "program and arguments", 1,
	POLICY_ARGV_MAX},
    {0},
};

static void
read_bundle(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	(void)reader;
	((struct policy_loading *)into)->policy->skill.bundle_line = key->place.line;
}

static void
pin_file(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	(void)reader;
	((struct policy_pin *)into)->file = key->value;
}

static void
pin_digest(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	(void)reader;
	((struct policy_pin *)into)->digest = key->value;
}

const struct policy_key policy_pin_rows[] = {
    {"file", POLICY_REQUIRED, POLICY_TYPE_TEXT, pin_file, "name of the manifest",
	.pattern = POLICY_PATTERN_FILE},
    {"digest", POLICY_REQUIRED, POLICY_TYPE_TEXT, pin_digest, "pin of its bytes",
	.pattern = POLICY_PATTERN_DIGEST},
    {0},
};

static const struct policy_key manifest_item = {
    .type = POLICY_TYPE_TEXT_OR_MAP, .pattern = POLICY_PATTERN_FILE, .rows = policy_pin_rows};

static void
read_manifests(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	bool sound = true;

	for (struct yaml_node *item = key->value->child; item != NULL; item = item->next)
		sound = policy_read_value(reader, item, "manifests", &manifest_item) && sound;
	if (sound)
		((struct policy_loading *)into)->manifests = key;
}

static void
read_trigger(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_triggers(reader, key, ((struct policy_loading *)into)->policy);
}

static void
read_tools(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	(void)reader;
	((struct policy_loading *)into)->tools = key;
}

static void
read_subagents(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	(void)reader;
	((struct policy_loading *)into)->subagents = key;
}

static void
read_approval(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	(void)reader;
	((struct policy_loading *)into)->approval = key;
}

static void
read_llm(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	((struct policy_loading *)into)->llm = key;
	policy_read_llm(reader, key, ((struct policy_loading *)into)->policy);
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

static const struct policy_key pattern_item = {
    .type = POLICY_TYPE_TEXT, .pattern = POLICY_PATTERN_MEMORY};

static const struct policy_key memory_rows[] = {
    {"read", POLICY_OPTIONAL, POLICY_TYPE_TEXTS, memory_read, "patterns of keys it may read", 0,
	POLICY_PATTERNS_MAX, .item = &pattern_item},
    {"write", POLICY_OPTIONAL, POLICY_TYPE_TEXTS, memory_write, "patterns of keys it may write", 0,
	POLICY_PATTERNS_MAX, .item = &pattern_item},
    {0},
};

static void
sandbox_profile(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_profile(reader, key->value, into);
}

static void
sandbox_require(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_require(reader, key->value, &((struct policy_cell *)into)->required);
}

static const struct policy_key sandbox_rows[] = {
    {"profile", POLICY_REQUIRED, POLICY_TYPE_TEXT, sandbox_profile, "seccomp profile",
	.words = policy_profile_words},
    {"limits", POLICY_OPTIONAL, POLICY_TYPE_MAP, NULL, "limits of one run",
	.rows = policy_limit_rows, .within = limits_of},
    {"require", POLICY_OPTIONAL, POLICY_TYPE_TEXT_OR_TEXTS, sandbox_require,
	"layers without which nothing runs, or all", .words = policy_layer_words},
    {0},
};

static void
read_sandbox(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_skill *skill = &((struct policy_loading *)into)->policy->skill;

	(void)reader;
	skill->sandbox_line = key->place.line;
	policy_read_needs(&skill->cell);
}

static void
audit_retention(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy *policy = into;

	(void)reader;
	policy->skill.retention_ns = key->value->number;
	policy_read_feature(policy, POLICY_FEATURE_RETENTION, key->place.line);
}

static const struct policy_key audit_rows[] = {
    {"retention", POLICY_OPTIONAL, POLICY_TYPE_DURATION, audit_retention,
	"how long payloads are kept", POLICY_DAY, RETENTION_DAYS_MAX *POLICY_DAY},
    {0},
};

static void
read_tests(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	policy_read_fixtures(reader, key, ((struct policy_loading *)into)->policy);
}

static const struct policy_key policy_rows[] = {
    {"policy", POLICY_REQUIRED, POLICY_TYPE_INTEGER, NULL, "version of the language, 1", 1, 1},
    {"skill", POLICY_REQUIRED, POLICY_TYPE_TEXT, read_skill, "name of the Skill",
	.pattern = POLICY_PATTERN_NAME},
    {"revision", POLICY_OPTIONAL, POLICY_TYPE_INTEGER, read_revision,
	"counts up with every change that is signed", 1, REVISION_MAX},
    {"on_reload", POLICY_OPTIONAL, POLICY_TYPE_TEXT, read_on_reload,
	"what becomes of live runs that this file allows less than the one before",
	.words = on_reload_words},
    {"owner", POLICY_REQUIRED, POLICY_TYPE_MAP, NULL, "who answers for it", .rows = owner_rows,
	.within = policy_of},
    {"bundle", POLICY_REQUIRED, POLICY_TYPE_MAP, read_bundle, "its files, pinned",
	.rows = bundle_rows, .within = skill_of},
    {"manifests", POLICY_OPTIONAL, POLICY_TYPE_LIST, read_manifests,
	"tools manifests beside this file", 0, POLICY_MANIFESTS_MAX, .item = &manifest_item},
    {"trigger", POLICY_REQUIRED, POLICY_TYPE_LIST, read_trigger, "what may start it", 1,
	POLICY_TRIGGERS_MAX, .item = &policy_trigger_item},
    {"tools", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_tools, "rules for tools, by name",
	.item = &policy_tool_rule_item, .pattern = POLICY_PATTERN_TOOL},
    {"memory", POLICY_OPTIONAL, POLICY_TYPE_MAP, NULL, "keys it may read and write",
	.rows = memory_rows, .within = policy_of},
    {"approval", POLICY_OPTIONAL, POLICY_TYPE_LIST, read_approval,
	"calls that a person must approve first", 1, POLICY_APPROVALS_MAX,
	.item = &policy_approval_item},
    {"subagents", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_subagents,
	"Skills that it may dispatch, by name", .item = &policy_subagent_item,
	.pattern = POLICY_PATTERN_NAME},
    {"llm", POLICY_OPTIONAL, POLICY_TYPE_LIST, read_llm, "models that it may call", 1,
	POLICY_MODEL_RULES_MAX, .item = &policy_model_item},
    {"budget", POLICY_OPTIONAL, POLICY_TYPE_MAP, policy_read_budget, "what it may use up",
	.rows = policy_budget_rows, .within = policy_of},
    {"sandbox", POLICY_REQUIRED, POLICY_TYPE_MAP, read_sandbox, "how it is confined",
	.rows = sandbox_rows, .within = cell_of},
    {"audit", POLICY_OPTIONAL, POLICY_TYPE_MAP, NULL, "how its record is kept", .rows = audit_rows,
	.within = policy_of},
    {"tests", POLICY_OPTIONAL, POLICY_TYPE_LIST, read_tests, "requests and how they are decided", 1,
	POLICY_FIXTURES_MAX, .item = &policy_fixture_item},
    {0},
};

const struct policy_key *
policy_document_rows(enum policy_document document)
{
	static const struct policy_key *const rows[POLICY_DOCUMENT_COUNT] = {
	    [POLICY_DOCUMENT_POLICY] = policy_rows,
	    [POLICY_DOCUMENT_TOOLS] = policy_manifest_rows,
	};

	return rows[document];
}

void
policy_read_keys(
    struct policy_reader *reader, const struct yaml_node *root, struct policy_loading *loading)
{
	policy_read_map(reader, root, "the policy", policy_rows, loading);
	if (loading->llm != NULL)
		policy_read_model_budget(reader, loading->llm, loading->policy);
}

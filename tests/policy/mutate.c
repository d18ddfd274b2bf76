#include "tests/policy/mutate.h"

#include <ctype.h>
#include <stdio.h>

#include "policy/reader.h"
#include "tests/lib/check.h"
#include "tests/policy/fixture.h"

enum { ROWS_MAX = 512, PATH_MAX_BYTES = 256, TREE_BYTES_MAX = 16 * 1024 * 1024 };

static const char *const names[POLICY_DOCUMENT_COUNT] = {"policy", "manifest/full.tools.yaml"};

/* Values without another that loads, or that decide nothing: by path, with what is written instead
 * of what in the whole file, or why there is nothing. */
#define TYPE_OF(property)                                                          \
	{                                                                          \
		"tool.forge.comment.arguments.properties." property ".type",       \
		    .why = "a rule or a bound needs this type; draft's is mutated" \
	}
static const struct lone {
	const char *path, *from, *to, *why;
} lone[] = {
    TYPE_OF("repo"),
    TYPE_OF("number"),
    TYPE_OF("body"),
    TYPE_OF("verdict"),
    TYPE_OF("labels"),
    TYPE_OF("labels.items"),
    TYPE_OF("score"),
    TYPE_OF("position"),
    {"policy", .why = "there is one version of the language"},
    {"tools", .why = "there is one version of manifests"},
    {"manifests[]", .why = "which file a tool is declared in decides nothing"},
    {"tool.forge.unnamed", .why = "no rule names it, so nobody can call it"},
    {"tests", .why = "a test decides nothing"},
    {"integration", .why = "the tools' names say it, and must"},
    {"tools.forge.comment.allow.verdict.optional", ", optional: true", ""},
    {"tools.forge.comment.allow.labels.optional", "\"review/**\" }, optional: true",
	"\"review/**\" }"},
    {"tools.forge.comment.allow.score.optional", "0.5, optional: true", "0.5"},
    {"tools.forge.comment.allow.draft.absent", "absent: true", "type: boolean"},
    {"tools.forge.merge.deny", "deny: always, why: \"merging is a human act\"", "allow: {}"},
    {"tools.forge.comment.allow.verdict.in[]", "[ comment, request_changes ]", "[ comment ]"},
    {"approval[].when.tool", .why = "there is one tool that a rule allows"},
    {"approval[].when.args.verdict.eq", "{ eq: request_changes }", "{ eq: comment }"},
    {"approval[].by.not", ", not: run_initiator", ""},
    {"llm[].provider", "provider: bedrock", "provider: vertex"},
    {"subagents.summarizer.grant[]", "[ forge.comment ]", "[]"},
    {"tool.forge.comment.arguments.properties.verdict.enum[]", "[ approve, comment,", "[ comment,"},
    {"tool.forge.comment.arguments.required[]", "required: [ repo, number ]", "required: [ repo ]"},
    {"tool.forge.comment.arguments.properties.position.required[]", "required: [ line ]",
	"required: [ side ]"},
};

/* Keys that are in neither file. */
static const char *const elsewhere[] = {
    /* A pin decides nothing: what it pins is in the digest. And with one nothing could change. */
    "manifests.file",
    "manifests.digest",
};

struct mutating {
	char *texts[POLICY_DOCUMENT_COUNT];
	enum policy_document document;
	const struct policy_key *seen[ROWS_MAX];
	unsigned seen_count, count;
	void (*check)(void *context, const char *path, const struct policy *mutated);
	void *context;
};

/* Loads with text in the place of one of the files; NULL: it does not load. */
static struct policy *
load_with(const struct mutating *m, const char *text)
{
	struct fixture_file files[POLICY_DOCUMENT_COUNT];
	struct policy_problems problems;
	struct policy *policy = NULL;

	for (unsigned i = 0; i < POLICY_DOCUMENT_COUNT; i++) {
		const char *content = i == m->document && text != NULL ? text : m->texts[i];

		files[i] = (struct fixture_file){names[i], content, strlen(content)};
	}
	if (fixture_load(files, POLICY_DOCUMENT_COUNT, "full.policy.yaml", &policy, &problems) ==
	    ERR_OK)
		return policy;
	if (text == NULL)
		fail_msg("%s", fixture_problems(&problems));
	return NULL;
}

/* The file with to in the place of length bytes at offset. */
static char *
with(const char *text, size_t offset, size_t length, const char *to)
{
	size_t size = strlen(text) + strlen(to) + 1;
	char *made = malloc(size);

	assert_non_null(made);
	snprintf(made, size, "%.*s%s%s", (int)offset, text, to, text + offset + length);
	return made;
}

static bool
try(struct mutating *m, const char *path, size_t offset, size_t length, const char *to)
{
	SCOPED_FREE char *text = with(m->texts[m->document], offset, length, to);
	struct policy *policy = load_with(m, text);

	if (policy == NULL)
		return false;
	m->check(m->context, path, policy);
	m->count++;
	policy_free(&policy);
	return true;
}

/* A row says it for what lies beneath a tool or the tests, too. */
static bool
is_of(const struct lone *row, const char *path)
{
	size_t length = strlen(row->path);

	return strncmp(row->path, path, length) == 0 &&
	       (path[length] == '\0' || strncmp(row->path, "tool.", 5) == 0 ||
		   strcmp(row->path, "tests") == 0);
}

static bool
is_lone(struct mutating *m, const char *path)
{
	const char *text = m->texts[m->document];

	for (unsigned i = 0; i < ARRAY_SIZE(lone); i++) {
		const char *at;

		if (!is_of(&lone[i], path))
			continue;
		if (lone[i].why != NULL)
			return true;
		at = strstr(text, lone[i].from);
		if (at == NULL ||
		    !try(m, path, (size_t)(at - text), strlen(lone[i].from), lone[i].to))
			fail_msg("%s: \"%s\" in the place of \"%s\" does not load", path,
			    lone[i].to, lone[i].from);
		return true;
	}
	return false;
}

static size_t
offset_of(const char *text, struct policy_place place)
{
	const char *at = text;

	for (uint32_t line = 1; line < place.line; line++)
		at = strchr(at, '\n') + 1;
	return (size_t)(at - text) + place.column - 1;
}

/* Another word, or another digit or letter at some place. */
static bool
mutate_scalar(struct mutating *m, const struct yaml_node *node, const struct policy_key *row,
    const char *path)
{
	size_t offset = offset_of(m->texts[m->document], node->place), width = node->place.width;
	const char *written = m->texts[m->document] + offset;
	char to[256];

	for (const char *const *word = row->words; word != NULL && *word != NULL; word++)
		if (strcmp(*word, node->text) != 0 && try(m, path, offset, width, *word))
			return true;
	for (size_t i = width; i-- > 0 && width < sizeof(to);) {
		char c = written[i];

		if (!isdigit((unsigned char)c) && !islower((unsigned char)c))
			continue;
		snprintf(to, sizeof(to), "%.*s", (int)width, written);
		to[i] = (char)(c == '9' || c == 'z' ? c - 1 : c + 1);
		if (try(m, path, offset, width, to))
			return true;
	}
	return false;
}

static void walk(struct mutating *m, const struct yaml_node *node, const struct policy_key *row,
    const char *path);

static void
see(struct mutating *m, const struct policy_key *row)
{
	for (unsigned i = 0; i < m->seen_count; i++)
		if (m->seen[i] == row)
			return;
	assert_true(m->seen_count < ROWS_MAX);
	m->seen[m->seen_count++] = row;
}

static void
walk_keys(struct mutating *m, const struct yaml_node *map, const struct policy_key *rows,
    const char *path)
{
	for (const struct yaml_node *key = map->child; key != NULL; key = key->next) {
		const struct policy_key *row = rows;
		char inner[PATH_MAX_BYTES];

		while (row->name != NULL && strcmp(row->name, key->text) != 0)
			row++;
		assert_non_null(row->name);
		see(m, row);
		snprintf(
		    inner, sizeof(inner), "%s%s%s", path, path[0] != '\0' ? "." : "", key->text);
		walk(m, key->value, row, inner);
	}
}

static void
walk(struct mutating *m, const struct yaml_node *node, const struct policy_key *row,
    const char *path)
{
	const struct policy_key plain = {.type = POLICY_TYPE_SCALAR, .words = row->words};
	const struct policy_key *item = row->item != NULL ? row->item : &plain;
	char inner[PATH_MAX_BYTES];

	if (node->kind == YAML_MAP && row->rows != NULL) {
		walk_keys(m, node, row->rows, path);
		return;
	}
	for (const struct yaml_node *key = node->child; key != NULL; key = key->next) {
		bool map = node->kind == YAML_MAP;

		snprintf(
		    inner, sizeof(inner), "%s%s%s", path, map ? "." : "[]", map ? key->text : "");
		walk(m, map ? key->value : key, item, inner);
	}
	if (node->kind == YAML_SCALAR && !is_lone(m, path) && !mutate_scalar(m, node, row, path))
		fail_msg(
		    "%s: no other value loads; tests/policy/mutate.c has a table for such", path);
}

/* Every row that a table leads to must have been seen. */
static void
find_unseen(const struct mutating *m, const struct policy_key *rows, const char *path,
    const struct policy_key *open[], unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		if (open[i] == rows)
			return;
	open[depth] = rows;
	for (; rows->name != NULL; rows++) {
		const struct policy_key *row = rows;
		char inner[PATH_MAX_BYTES];
		bool seen = false;

		snprintf(
		    inner, sizeof(inner), "%s%s%s", path, path[0] != '\0' ? "." : "", row->name);
		for (unsigned i = 0; i < ARRAY_SIZE(elsewhere); i++)
			seen = seen || strcmp(elsewhere[i], inner) == 0;
		for (unsigned i = 0; i < m->seen_count; i++)
			seen = seen || m->seen[i] == row;
		if (!seen)
			fail_msg("the key %s is not in tests/policy/good/full.*: add it there, to "
				 "policy/canonical*.c and to policy/render*.c",
			    inner);
		while (row->rows == NULL && row->item != NULL)
			row = row->item;
		if (row->rows != NULL)
			find_unseen(m, row->rows, inner, open, depth + 1);
	}
}

static void
read_texts(struct mutating *m)
{
	m->texts[POLICY_DOCUMENT_POLICY] = fixture_read("good/full.policy.yaml");
	m->texts[POLICY_DOCUMENT_TOOLS] = fixture_read("good/full.tools.yaml");
}

static void
done(struct mutating *m)
{
	for (unsigned i = 0; i < POLICY_DOCUMENT_COUNT; i++)
		free(m->texts[i]);
}

struct policy *
mutate_full(void)
{
	struct mutating m = {0};
	struct policy *policy;

	read_texts(&m);
	policy = load_with(&m, NULL);
	done(&m);
	return policy;
}

unsigned
mutate_every_value(
    void (*check)(void *context, const char *path, const struct policy *mutated), void *context)
{
	struct mutating m = {.check = check, .context = context};

	read_texts(&m);
	for (unsigned i = 0; i < POLICY_DOCUMENT_COUNT; i++) {
		const struct policy_file file = {"full", m.texts[i], strlen(m.texts[i])};
		const struct policy_key *rows = policy_document_rows((enum policy_document)i);
		struct policy_problems problems = {0};
		const struct policy_key *open[16];
		struct yaml_node *root = NULL;
		struct arena arena;

		m.document = (enum policy_document)i;
		arena_init(&arena, TREE_BYTES_MAX);
		assert_int_equal(policy_yaml_parse(&file, &arena, &root, &problems), ERR_OK);
		walk_keys(&m, root, rows, "");
		arena_clear(&arena);
		find_unseen(&m, rows, "", open, 0);
	}
	done(&m);
	return m.count;
}

/* SKILL.md of an Agent Skills bundle, and the policy to begin with that is made from it. */
#include "policy/skill_md.h"

#include <stdio.h>

#include "policy/starter.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"
#include "tests/policy/fixture.h"

enum { ARENA_BYTES_MAX = 1 << 20 };

#define HEAD "---\nname: pdf-forms\ndescription: fills forms\n"
#define TAIL "---\n# Body: [ not yaml\n"

static enum err
parse(const char *text, struct arena *arena, struct policy_skill_md *ret,
    struct policy_problems *problems)
{
	const struct policy_file file = {"SKILL.md", text, strlen(text)};

	arena_init(arena, ARENA_BYTES_MAX);
	return policy_skill_md_parse(&file, arena, ret, problems);
}

static void
skill_md_says_who_it_is_and_what_it_asks_for(void **state)
{
	static const char text[] =
	    "---\nname: pdf-forms\ndescription: \"fills: forms\"\nlicense: Apache-2.0\n"
	    "compatibility: needs git\nmetadata:\n  version: 1.0.0\n  author: x\n"
	    "allowed-tools: Bash(git:*) Bash(git add *),Read,  mcp__a__b\n" TAIL;
	static const char *const tools[] = {"Bash(git:*)", "Bash(git add *)", "Read", "mcp__a__b"};
	struct policy_problems problems;
	struct policy_skill_md skill;
	struct arena arena;

	(void)state;
	assert_int_equal(parse(text, &arena, &skill, &problems), ERR_OK);
	assert_string_equal(skill.name, "pdf-forms");
	assert_string_equal(skill.description, "fills: forms");
	assert_string_equal(skill.license, "Apache-2.0");
	assert_string_equal(skill.compatibility, "needs git");
	assert_int_equal(skill.tool_count, ARRAY_SIZE(tools));
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		assert_string_equal(skill.tools[i], tools[i]);
	arena_clear(&arena);
	assert_int_equal(
	    parse(HEAD "allowed-tools: [ Read, \"Bash(a b)\" ]\n" TAIL, &arena, &skill, &problems),
	    ERR_OK);
	assert_int_equal(skill.tool_count, 2);
	assert_string_equal(skill.license, "");
	arena_clear(&arena);
}

static void
skill_md_may_fold_its_texts(void **state)
{
	static const char *const texts[] = {
	    "description: >\n  reads\n  forms\n\n  fast\n",
	    "description: >-\n    reads\n    forms   fast\n",
	    "description: |\n  reads forms\n  fast\n",
	    "description: reads\n  forms\n  fast\n",
	    "description: \"reads\n  forms fast\"\n",
	};
	struct policy_problems problems;
	struct policy_skill_md skill;
	struct arena arena;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char text[256];

		snprintf(text, sizeof(text), "---\n%sname: a\n" TAIL, texts[i]);
		assert_int_equal(parse(text, &arena, &skill, &problems), ERR_OK);
		assert_string_equal(skill.description, "reads forms fast");
		assert_string_equal(skill.name, "a");
		arena_clear(&arena);
	}
}

static void
skill_md_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text, *message;
		uint32_t line;
	} rows[] = {
	    {"", "SKILL.md does not begin with front matter", 0},
	    {"# Title\n", "SKILL.md does not begin with front matter", 0},
	    {"---\nname: a\n", "SKILL.md does not begin with front matter", 0},
	    {"---\nname: a\n----\n", "SKILL.md does not begin with front matter", 0},
	    {"---\n" TAIL, "the front matter is nothing; expected a map", 1},
	    {"---\nname: PDF\ndescription: d\n" TAIL, "\"PDF\" is no name of a Skill", 2},
	    {"---\nname: a--b\ndescription: d\n" TAIL, "\"a--b\" is no name of a Skill", 2},
	    {"---\nname: ../b\ndescription: d\n" TAIL, "\"../b\" is no name of a Skill", 2},
	    {"---\nname: a\n" TAIL, "lacks \"description\"", 2},
	    {HEAD "allowed_tools: x\n" TAIL, "unknown key \"allowed_tools\"", 4},
	    {HEAD "name: other\n" TAIL, "\"name\"", 4},
	    {HEAD "license: &a x\n" TAIL, "an anchor", 4},
	    {HEAD "metadata: !!python/object x\n" TAIL, "a tag", 4},
	    {HEAD "metadata: x\n" TAIL, "metadata is text; expected a map", 4},
	    {HEAD "allowed-tools: { a: b }\n" TAIL, "allowed-tools is a map", 4},
	    {HEAD "license: \xe2\x80\xae"
		  "x\n" TAIL,
		"an invisible or reordering character", 4},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct policy_skill_md skill = {.name = "untouched"};
		struct policy_problems problems;
		struct arena arena;

		assert_int_equal(parse(rows[i].text, &arena, &skill, &problems), ERR_POLICY);
		assert_string_equal(skill.name, "untouched");
		if (strstr(problems.items[0].message, rows[i].message) == NULL ||
		    problems.items[0].line != rows[i].line)
			fail_msg("\"%s\" on line %u, not \"%s\" on line %u",
			    problems.items[0].message, problems.items[0].line, rows[i].message,
			    rows[i].line);
		arena_clear(&arena);
	}
}

/* Room for what is repeated: count times unit between head and tail. */
static void
expect_refused(const char *head, const char *unit, int count, const char *message)
{
	size_t size = strlen(head) + strlen(unit) * (size_t)count + sizeof(TAIL) + 1;
	SCOPED_FREE char *text = malloc(size);
	struct policy_problems problems;
	struct policy_skill_md skill;
	struct arena arena;
	size_t used;

	assert_non_null(text);
	used = (size_t)snprintf(text, size, "%s", head);
	for (int i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, size - used, "%s", unit);
	snprintf(text + used, size - used, "\n" TAIL);
	assert_int_equal(parse(text, &arena, &skill, &problems), ERR_POLICY);
	if (strstr(problems.items[0].message, message) == NULL)
		fail_msg("\"%s\", not \"%s\"", problems.items[0].message, message);
	arena_clear(&arena);
}

static void
skill_md_has_limits(void **state)
{
	(void)state;
	expect_refused("---\nname: a\ndescription: ", "d", 1025, "1025 bytes; at most 1024");
	expect_refused(HEAD "compatibility: ", "c", 501, "501 bytes; at most 500");
	expect_refused(HEAD "license: ", "l", 257, "257 bytes; at most 256");
	expect_refused(HEAD "allowed-tools: ", "A ", 65, "more than 64 tools");
	expect_refused(HEAD "allowed-tools: A(", "a ", 64, "a tool of 129 bytes; at most 128");
	expect_refused(HEAD "metadata: {", "k", 17 * 1024, "more than 16 KiB");
	expect_refused(HEAD "---\n", "body ", 220 * 1024, "more than 1 MiB");
}

static struct policy *
load(const char *text)
{
	const struct fixture_file file = {"policy", text, strlen(text)};
	struct policy_problems problems;
	struct policy *policy = NULL;

	if (fixture_load(&file, 1, "x", &policy, &problems) != ERR_OK)
		fail_msg("%s\n%s", fixture_problems(&problems), text);
	return policy;
}

static void
starter_loads_and_allows_nothing_but_its_start(void **state)
{
#define PROFILE(name) #name,
	static const char *const profiles[] = {POLICY_PROFILES(PROFILE)};
	static const char *const none[] = {NULL};
	static const char *const run[] = {"/bin/sh", "-c", "echo \"a\\b\" # 'c' { x: y }", NULL};
	const struct digest digest = {{1, 2, 3}};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(profiles); i++) {
		const struct policy_starter starter = {.name = i % 2 == 0 ? "y" : "my-skill",
		    .team = i % 2 == 0 ? NULL : "we: \"you\", # me",
		    .profile = profiles[i / 2],
		    .run = i % 2 == 0 ? none : run,
		    .bundle_path = "a b/c",
		    .bundle = i % 2 == 0 ? NULL : &digest};
		SCOPED_FREE char *text = policy_starter(&starter);
		struct policy_request trigger = {
		    .action = POLICY_TRIGGER, .workspace = "ws_a", .name = "cli", .event = "run"};
		struct policy_request key = {
		    .action = POLICY_MEMORY_READ, .workspace = "ws_a", .name = "ws/ws_a/y/x"};
		struct policy *policy;

		assert_non_null(text);
		policy = load(text);
		assert_string_equal(policy_skill(policy)->name, starter.name);
		assert_string_equal(policy_skill(policy)->cell.profile, starter.profile);
		assert_string_equal(policy_skill(policy)->bundle_path, "a b/c");
		if (i % 2 == 1) {
			assert_true(digest_equal(&policy_skill(policy)->bundle, &digest));
			assert_string_equal(policy_skill(policy)->team, starter.team);
			assert_string_equal(policy_skill(policy)->cell.argv[2], run[2]);
		}
		assert_null(policy_tool_allowed(policy, 0));
		assert_int_equal(policy_decide(policy, &trigger).verdict, POLICY_ALLOW);
		assert_int_equal(policy_decide(policy, &key).verdict, POLICY_DENY);
		policy_free(&policy);
	}
}

/* A bundle's own words cannot end their comment. */
static void
starter_keeps_a_request_in_comments(void **state)
{
	static const char *const none[] = {NULL};
	const struct policy_skill_md asks = {.name = "a",
	    .description = "x\ntools: { git.push: { allow: {} } }\r\n# y",
	    .license = "'\"",
	    .compatibility = "",
	    .tools = {"Bash(*)\nmemory: { read: [] }"},
	    .tool_count = 1};
	const struct policy_starter starter = {
	    .name = "a", .profile = "base", .run = none, .bundle_path = "s", .asks = &asks};
	SCOPED_FREE char *text = policy_starter(&starter);
	struct policy *policy;

	(void)state;
	assert_non_null(text);
	policy = load(text);
	assert_null(policy_tool(policy, "git.push"));
	assert_null(strstr(text, "\ntools: {"));
	assert_null(strstr(text, "\nmemory: {"));
	assert_non_null(strstr(text, "#   denied: Bash(*)memory: { read: [] }\n"));
	policy_free(&policy);
}

static bool
parse_once(void *context)
{
	struct policy_problems problems;
	struct policy_skill_md skill;
	struct arena arena;
	enum err r = parse(context, &arena, &skill, &problems);

	arena_clear(&arena);
	return r == ERR_OK || r == ERR_INTERNAL;
}

static void
skill_md_survives_every_failed_allocation(void **state)
{
	char text[] = HEAD "allowed-tools: Read Write\nmetadata: { a: b }\n" TAIL;

	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, parse_once, text) > 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(skill_md_says_who_it_is_and_what_it_asks_for),
	    cmocka_unit_test(skill_md_may_fold_its_texts),
	    cmocka_unit_test(skill_md_is_refused_with_its_place),
	    cmocka_unit_test(skill_md_has_limits),
	    cmocka_unit_test(starter_loads_and_allows_nothing_but_its_start),
	    cmocka_unit_test(starter_keeps_a_request_in_comments),
	    cmocka_unit_test(skill_md_survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

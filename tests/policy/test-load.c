/* Every file in bad/ has the exact text of its problems beside it, in .expected: they are reviewed
 * as documents. NAME.tools.yaml is a manifest, everything else a policy. Run with
 * PRAXA_POLICY_ACCEPT=1 to write them anew, then read the difference. */
#include <dirent.h>
#include <stdio.h>

#include "common/io.h"
#include "policy/model.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"
#include "tests/policy/fixture.h"

enum { BAD_FILES_LEAST = 80 };

static const char manifest_policy[] = "policy: 1\nskill: code-review\nowner: { team: t }\n"
				      "bundle: { path: skill, digest: sha256:%064d, run: [ /a ] }\n"
				      "trigger: [ { source: cli, event: review } ]\n"
				      "manifests: [ %s ]\nsandbox: { profile: python }\n";

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* Loads bad/<name> and answers its problems. */
static char *
problems_of(const char *name)
{
	char path[256], in_pack[256], outer[1024];
	struct policy_problems problems;
	struct policy *policy = NULL;
	SCOPED_FREE char *text = NULL, *manifest = NULL;
	bool is_manifest = ends_with(name, ".tools.yaml");
	struct fixture_file files[2];
	enum err r;

	snprintf(path, sizeof(path), "bad/%s", name);
	text = fixture_read(path);
	manifest = fixture_read("good/git.tools.yaml");
	snprintf(in_pack, sizeof(in_pack), "manifest/%s", is_manifest ? name : "git.tools.yaml");
	snprintf(outer, sizeof(outer), manifest_policy, 0, name);
	files[0] = (struct fixture_file){"policy", is_manifest ? outer : text, 0};
	files[1] = (struct fixture_file){in_pack, is_manifest ? text : manifest, 0};
	files[0].length = strlen(files[0].text);
	files[1].length = strlen(files[1].text);
	r = fixture_load(files, is_manifest || strstr(text, "git.tools.yaml") != NULL ? 2 : 1,
	    is_manifest ? "bad.policy.yaml" : name, &policy, &problems);
	if (r != ERR_POLICY)
		print_error("%s: loaded or failed otherwise (%s)\n", name, err_name(r));
	assert_int_equal(r, ERR_POLICY);
	assert_null(policy);
	return fixture_problems(&problems);
}

static void
accept_text(const char *name, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(
	    path, sizeof(path), "%s/tests/policy/bad/%s.expected", getenv("PRAXA_SOURCE"), name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
load_says_what_is_wrong_and_where(void **state)
{
	char path[512];
	const struct dirent *entry;
	int count = 0, wrong = 0;
	DIR *dir;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/policy/bad", getenv("PRAXA_SOURCE"));
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		SCOPED_FREE char *got = NULL, *want = NULL;
		char expected[300];

		if (!ends_with(entry->d_name, ".yaml"))
			continue;
		count++;
		got = problems_of(entry->d_name);
		if (getenv("PRAXA_POLICY_ACCEPT") != NULL)
			accept_text(entry->d_name, got);
		snprintf(expected, sizeof(expected), "bad/%s.expected", entry->d_name);
		want = fixture_read(expected);
		if (strcmp(got, want) != 0) {
			print_error("%s\n--- expected\n%s--- got\n%s", entry->d_name, want, got);
			wrong++;
		}
	}
	closedir(dir);
	assert_int_equal(wrong, 0);
	assert_true(count >= BAD_FILES_LEAST);
}

static void
load_pins_a_manifest_to_its_bytes(void **state)
{
	SCOPED_FREE char *manifest = fixture_read("good/git.tools.yaml");
	struct digest digest = digest_of(manifest, strlen(manifest));
	char shown[DIGEST_TEXT_MAX], text[1024];
	struct policy *policy;

	(void)state;
	policy = fixture_policy(FIXTURE_HEAD FIXTURE_TRIGGER);
	assert_string_equal(policy_manifest(policy, 0)->file, "git.tools.yaml");
	assert_false(policy_manifest(policy, 0)->pinned);
	assert_null(policy_manifest(policy, 1));
	policy_free(&policy);

	digest_text(shown, &digest);
	snprintf(text, sizeof(text), "%.*s[ { file: git.tools.yaml, digest: %s } ]\n%s",
	    (int)(strstr(FIXTURE_HEAD, "manifests: ") - FIXTURE_HEAD + 11), FIXTURE_HEAD, shown,
	    FIXTURE_TRIGGER);
	policy = fixture_policy(text);
	assert_true(policy_manifest(policy, 0)->pinned);
	assert_true(digest_equal(&policy_manifest(policy, 0)->digest, &digest));
	assert_non_null(policy_tool(policy, "git.read.diff"));
	policy_free(&policy);
}

static void
load_takes_the_sample_as_it_stands(void **state)
{
	SCOPED_FREE char *text = fixture_read("good/review.policy.yaml");
	struct policy *policy = fixture_policy(text);
	const struct policy_skill *skill = policy_skill(policy);
	const struct policy_tool *tool = policy_tool(policy, "git.read.diff");

	(void)state;
	assert_string_equal(skill->name, "code-review");
	assert_string_equal(skill->team, "platform-security");
	assert_string_equal(skill->bundle_path, "skill");
	assert_int_equal(skill->bundle_line, 5);
	assert_string_equal(skill->cell.argv[1], "/skill/review.py");
	assert_null(skill->cell.argv[2]);
	assert_string_equal(skill->cell.profile, "python");
	assert_int_equal(skill->cell.limits.memory_bytes, 512 * 1024 * 1024);
	assert_int_equal(skill->cell.limits.wall_ns, UINT64_C(60000000000));
	assert_int_equal(skill->cell.required, LAYER_ALL);
	assert_int_equal(skill->budget[POLICY_BUDGET_RUN_CALLS].most, 40);
	assert_int_equal(skill->budget[POLICY_BUDGET_RUN_CALLS].line, 23);
	assert_int_equal(skill->retention_ns, UINT64_C(90) * 86400 * 1000000000);
	assert_string_equal(tool->summary, "the diff of one commit");
	assert_string_equal(tool->manifest, "git.tools.yaml");
	assert_int_equal(tool->line, 7);
	assert_int_equal(tool->cell.limits.wall_ns, UINT64_C(20000000000));
	assert_int_equal(tool->cell.limits.processes, 32);
	assert_int_equal(tool->cell.required, POLICY_REQUIRED_DEFAULT);
	assert_int_equal(tool->bundle.bytes[0], 0x11);
	assert_int_equal(tool->resource_count, 1);
	assert_string_equal(tool->resources[0].at, "/repo");
	assert_ptr_equal(policy_tool_allowed(policy, 0), tool);
	assert_null(policy_tool_allowed(policy, 1));
	assert_non_null(policy_tool(policy, "git.push"));
	assert_null(policy_tool(policy, "git.pull"));
	policy_free(&policy);
	assert_null(policy);
	policy_free(&policy);
}

/* docs/policy.md is what reviewers read: it may not fall behind the tables. */
static void
docs_name_every_operator_and_limit_and_show_the_sample(void **state)
{
#define OPERATOR_WORD(name, key, type, help) "`" #key ": ",
#define LIMIT_WORD(field, key, type, fallback, least, most, help) "`" #key "`",
	static const char *const words[] = {
	    POLICY_OPERATORS(OPERATOR_WORD) POLICY_LIMITS(LIMIT_WORD)};
	SCOPED_FREE char *docs = fixture_read("../../docs/policy.md");
	SCOPED_FREE char *sample = fixture_read("good/review.policy.yaml");

	(void)state;
	assert_non_null(strstr(docs, sample));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(docs, words[i]) == NULL)
			fail_msg("docs/policy.md does not explain %s", words[i]);
}

static void
load_requires_every_layer_but_the_cgroup_by_default(void **state)
{
	struct policy *policy = fixture_policy(FIXTURE_HEAD FIXTURE_TRIGGER);
	uint64_t required = policy_skill(policy)->cell.required;

	(void)state;
	assert_int_equal(required & LAYER_BIT(CGROUP), 0);
	assert_int_equal(required | LAYER_BIT(CGROUP), LAYER_ALL);
	assert_int_equal(LAYER_ALL & LAYER_BIT(USER_NS), 0);
	assert_true(policy_skill(policy)->cell.limits.memory_bytes > 0);
	policy_free(&policy);
}

#define WITH_LIMITS(limits)                                                                \
	"policy: 1\nskill: code-review\nowner: { team: t }\n"                              \
	"bundle: { path: skill, digest: "                                                  \
	"sha256:0000000000000000000000000000000000000000000000000000000000000000, run: [ " \
	"/usr/bin/python3 ] }\n"                                                           \
	"sandbox: { profile: python, require: [ seccomp ], limits: { " limits " } }\n"     \
	"manifests: [ git.tools.yaml ]\n" FIXTURE_TRIGGER

/* Without the cgroup nothing would hold it. */
static void
load_requires_the_cgroup_for_a_rate_of_its_own(void **state)
{
	struct policy *cpu = fixture_policy(WITH_LIMITS("cpu_rate: 50"));
	struct policy *io = fixture_policy(WITH_LIMITS("io_read: 1MiB"));
	struct policy *same = fixture_policy(WITH_LIMITS("cpu_rate: 100, io_read: 1024GiB"));

	(void)state;
	assert_int_equal(policy_skill(cpu)->cell.limits.cpu_percent, 50);
	assert_int_equal(policy_skill(cpu)->cell.limits.io_read_bytes, POLICY_IO_FREE);
	assert_int_equal(policy_skill(cpu)->cell.required, LAYER_BIT(SECCOMP) | LAYER_BIT(CGROUP));
	assert_int_equal(policy_skill(io)->cell.limits.io_read_bytes, POLICY_MIB);
	assert_int_equal(policy_skill(io)->cell.required, LAYER_BIT(SECCOMP) | LAYER_BIT(CGROUP));
	assert_int_equal(policy_skill(same)->cell.required, LAYER_BIT(SECCOMP));
	policy_free(&cpu);
	policy_free(&io);
	policy_free(&same);
}

/* A key that a build reads and does not enforce must not be taken for one that holds. */
static void
features_name_what_a_build_must_enforce(void **state)
{
	static const char text[] =
	    "policy: 1\nskill: s\nrevision: 7\nowner: { team: t, reviewers: 2 }\n"
	    "sandbox: { profile: shell }\nbundle: { path: s, digest: "
	    "sha256:0000000000000000000000000000000000000000000000000000000000000000, run: [ /a ] "
	    "}\n"
	    "manifests: [ git.tools.yaml ]\n" FIXTURE_TRIGGER;
	struct policy *policy = fixture_policy(text), *plain;
	const uint64_t all = (UINT64_C(1) << POLICY_FEATURE_COUNT) - 1;
	struct fault fault = {0};

	(void)state;
	assert_int_equal(policy_skill(policy)->reviewers, 2);
	assert_int_equal(policy_skill(policy)->revision, 7);
	assert_int_equal(policy_feature_line(policy, POLICY_FEATURE_REVISION), 3);
	assert_int_equal(policy_feature_line(policy, POLICY_FEATURE_REVIEWERS), 4);
	assert_int_equal(policy_feature_check(policy, all, &fault), ERR_OK);
	assert_int_equal(policy_feature_check(policy, 0, &fault), ERR_POLICY);
	assert_string_equal(fault.message,
	    "line 3: this praxad does not enforce revision (refusing an older revision); take the "
	    "key out, or run a praxad that does");
	assert_string_equal(fault.rule, "revision");
	assert_int_equal(fault.line, 3);
	assert_int_equal(
	    policy_feature_check(policy, UINT64_C(1) << POLICY_FEATURE_REVISION, &fault),
	    ERR_POLICY);
	assert_string_equal(fault.rule, "owner.reviewers");
	plain = fixture_policy(FIXTURE_HEAD FIXTURE_TRIGGER);
	assert_int_equal(policy_feature_check(plain, 0, &fault), ERR_OK);
	assert_int_equal(policy_feature_line(plain, POLICY_FEATURE_COUNT), 0);
	policy_free(&plain);
	policy_free(&policy);
}

static void
load_reads_quotes_as_every_yaml_reader_does(void **state)
{
	static const struct {
		const char *written, *read;
	} rows[] = {
	    {"plain text", "plain text"},
	    {"a#b", "a#b"},
	    {"a: b", NULL},
	    {"'it''s \"t\"'", "it's \"t\""},
	    {"\"a \\\"b\\\" \\\\ 'c'\"", "a \"b\" \\ 'c'"},
	    {"'\\n '''''", "\\n ''"},
	    {"\"no\"", "no"},
	    {"t # a comment", "t"},
	    {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct policy_problems problems;
		struct policy *policy = NULL;
		struct fixture_file file = {.name = "policy"};
		char text[512];

		snprintf(text, sizeof(text),
		    "policy: 1\nskill: s\nowner:\n  team: %s\nsandbox: { profile: shell }\n"
		    "bundle: { path: s, digest: sha256:%064d, run: [ /a ] }\n" FIXTURE_TRIGGER,
		    rows[i].written, 0);
		file.text = text;
		file.length = strlen(text);
		assert_int_equal(fixture_load(&file, 1, "x", &policy, &problems),
		    rows[i].read != NULL ? ERR_OK : ERR_POLICY);
		if (rows[i].read != NULL)
			assert_string_equal(policy_skill(policy)->team, rows[i].read);
		policy_free(&policy);
	}
}

static void
load_keeps_the_first_problems_of_a_hopeless_file(void **state)
{
	struct fixture_file file = {.name = "policy"};
	struct policy_problems problems;
	struct policy *policy = NULL;
	char text[4096];
	size_t used = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "key%d: 1\n", i);
	file.text = text;
	file.length = used;
	assert_int_equal(fixture_load(&file, 1, "x", &policy, &problems), ERR_POLICY);
	assert_true(problems.count > 100);
	for (int i = 1; i < POLICY_PROBLEMS_MAX; i++)
		assert_true(problems.items[i - 1].line <= problems.items[i].line);
}

static void
load_refuses_oversize_before_parsing(void **state)
{
	size_t length = POLICY_FILE_BYTES_MAX + 1;
	SCOPED_FREE char *text = malloc(length);
	struct fixture_file file = {"policy", text, length};
	struct policy_problems problems;
	struct policy *policy = NULL;

	(void)state;
	assert_non_null(text);
	memset(text, '#', length);
	assert_int_equal(fixture_load(&file, 1, "x", &policy, &problems), ERR_POLICY);
	assert_string_equal(
	    problems.items[0].message, "the file has 262145 bytes; at most 262144 are read");
}

static void
problem_text_is_cut_at_its_size(void **state)
{
	struct policy_problem problem = {.file = "f.yaml",
	    .line = 3,
	    .column = 2,
	    .message = "m",
	    .suggestion = "s",
	    .excerpt = " abc",
	    .excerpt_from = 1,
	    .underline = 3};
	static const char whole[] = "f.yaml:3:2: m\n     3 |  abc\n       |  ^~~ s\n";
	char text[128];

	(void)state;
	for (size_t size = 1; size < sizeof(text); size++) {
		size_t want = size - 1 < sizeof(whole) - 1 ? size - 1 : sizeof(whole) - 1;

		memset(text, '!', sizeof(text));
		policy_problem_text(text, size, &problem);
		assert_memory_equal(text, whole, want);
		assert_int_equal(text[want], 0);
		assert_int_equal(text[size], '!');
	}
	policy_problem_text(text, 0, &problem);
}

static bool
load_once(void *context)
{
	const struct pack *pack = context;
	struct policy_problems problems;
	struct policy *policy = NULL;
	enum err r = policy_load(pack, "x", &policy, &problems);

	policy_free(&policy);
	return r == ERR_OK || r == ERR_INTERNAL;
}

/* The file that has every key. */
static void
load_survives_every_failed_allocation(void **state)
{
	SCOPED_FREE char *text = fixture_read("good/full.policy.yaml");
	SCOPED_FREE char *manifest = fixture_read("good/full.tools.yaml");
	struct pack_file files[] = {
	    {"manifest/full.tools.yaml", 24, (unsigned char *)manifest, (uint32_t)strlen(manifest)},
	    {"policy", 6, (unsigned char *)text, (uint32_t)strlen(text)},
	};
	struct pack pack = {.files = files, .count = 2};

	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, load_once, &pack) > 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(load_says_what_is_wrong_and_where),
	    cmocka_unit_test(load_takes_the_sample_as_it_stands),
	    cmocka_unit_test(load_pins_a_manifest_to_its_bytes),
	    cmocka_unit_test(docs_name_every_operator_and_limit_and_show_the_sample),
	    cmocka_unit_test(load_requires_every_layer_but_the_cgroup_by_default),
	    cmocka_unit_test(load_requires_the_cgroup_for_a_rate_of_its_own),
	    cmocka_unit_test(features_name_what_a_build_must_enforce),
	    cmocka_unit_test(load_reads_quotes_as_every_yaml_reader_does),
	    cmocka_unit_test(load_keeps_the_first_problems_of_a_hopeless_file),
	    cmocka_unit_test(load_refuses_oversize_before_parsing),
	    cmocka_unit_test(problem_text_is_cut_at_its_size),
	    cmocka_unit_test(load_survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

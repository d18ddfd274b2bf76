/* The page for reviewers. tests/policy/page holds whole pages, reviewed as documents; run with
 * PRAXA_POLICY_ACCEPT=1 to write them anew, then read the difference. */
#include "policy/render.h"

#include <stdio.h>

#include "policy/model.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"
#include "tests/policy/fixture.h"
#include "tests/policy/mutate.h"
#include "tests/policy/random_policy.h"

enum { RANDOM_POLICIES = 300 };

static struct policy *
example(void)
{
	SCOPED_FREE char *text = fixture_read("../../examples/code-review/code-review.policy.yaml");
	SCOPED_FREE char *tools = fixture_read("../../examples/code-review/git.tools.yaml");
	const struct fixture_file files[] = {
	    {"policy", text, strlen(text)},
	    {"manifest/git.tools.yaml", tools, strlen(tools)},
	};
	struct policy_problems problems;
	struct policy *policy = NULL;

	assert_int_equal(
	    fixture_load(files, 2, "code-review.policy.yaml", &policy, &problems), ERR_OK);
	return policy;
}

static void
compare_page(const char *name, const char *page)
{
	char path[512];
	SCOPED_FREE char *file = NULL;

	if (getenv("PRAXA_POLICY_ACCEPT") != NULL) {
		FILE *out;

		snprintf(
		    path, sizeof(path), "%s/tests/policy/page/%s", getenv("PRAXA_SOURCE"), name);
		out = fopen(path, "we");
		assert_non_null(out);
		assert_true(fputs(page, out) >= 0);
		assert_int_equal(fclose(out), 0);
	}
	snprintf(path, sizeof(path), "page/%s", name);
	file = fixture_read(path);
	if (strcmp(file, page) != 0)
		fail_msg("tests/policy/%s is another page", path);
}

static void
page_is_what_was_reviewed(void **state)
{
	static const char *const ends[] = {[PAGE_MARKDOWN] = "md", [PAGE_HTML] = "html"};
	struct policy *const policies[] = {mutate_full(), example()};
	static const char *const names[] = {"full", "code-review"};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(policies); i++) {
		struct policy *policy = policies[i];

		for (unsigned style = 0; style < ARRAY_SIZE(ends); style++) {
			char shown[64], name[64];
			SCOPED_FREE char *page = NULL;

			snprintf(shown, sizeof(shown), "%s.policy.yaml", names[i]);
			snprintf(name, sizeof(name), "%s.%s", names[i], ends[style]);
			page = policy_render(policy, shown, (enum page_style)style);
			assert_non_null(page);
			compare_page(name, page);
		}
		policy_free(&policy);
	}
}

/* Without its digests, which always differ. */
static char *
page_without_digests(const struct policy *policy)
{
	struct policy copy = *policy;
	char *page;

	memset(&copy.digest, 0, sizeof(copy.digest));
	memset(&copy.source, 0, sizeof(copy.source));
	page = policy_render(&copy, "x", PAGE_MARKDOWN);
	assert_non_null(page);
	return page;
}

static void
check_differs(void *context, const char *path, const struct policy *mutated)
{
	SCOPED_FREE char *page = page_without_digests(mutated);

	/* A tool that is always denied never runs: its summary is all there is to say. */
	if (strncmp(path, "tool.forge.merge.", 17) == 0 && strcmp(path + 17, "summary") != 0)
		return;
	if (strcmp(page, context) == 0)
		fail_msg("the page does not show %s", path);
}

static void
page_shows_every_value(void **state)
{
	struct policy *policy = mutate_full();
	SCOPED_FREE char *page = page_without_digests(policy);

	(void)state;
	assert_true(mutate_every_value(check_differs, page) > 80);
	policy_free(&policy);
}

static void
expect_line(const char *page, const char *what, uint32_t line)
{
	char text[32];

	snprintf(text, sizeof(text), "(line %u)", line);
	if (strstr(page, text) == NULL)
		fail_msg("%s: no %s in\n%s", what, text, page);
}

static void
expect_tool_lines(const char *page, const struct policy_tool_rule *rule)
{
	if (rule->deny)
		expect_line(page, rule->rule, rule->deny_line);
	if (rule->allow)
		expect_line(page, rule->rule, rule->allow_line);
	for (uint32_t i = 0; !rule->deny && i < rule->arguments.count; i++)
		expect_line(page, rule->arguments.items[i].rule, rule->arguments.items[i].line);
}

static void
expect_pattern_lines(const char *page, const struct policy_patterns *patterns)
{
	for (uint32_t i = 0; i < patterns->count; i++)
		expect_line(page, patterns->items[i].text, patterns->items[i].line);
}

static void
page_has_the_line_of_every_rule(void **state)
{
	struct random random = {.state = 7};

	(void)state;
	for (int n = 0; n < RANDOM_POLICIES; n++) {
		struct policy *policy = random_policy(&random, NULL);
		SCOPED_FREE char *page = policy_render(policy, "x", PAGE_HTML);

		assert_non_null(page);
		for (uint32_t i = 0; i < policy->trigger_count; i++) {
			const struct policy_trigger_rule *rule = &policy->triggers[i];

			expect_line(page, "a trigger", rule->line);
			for (uint32_t j = 0; j < rule->where.count; j++)
				expect_line(
				    page, rule->where.items[j].rule, rule->where.items[j].line);
		}
		for (uint32_t i = 0; i < policy->tool_count; i++)
			expect_tool_lines(page, &policy->tools[i]);
		expect_pattern_lines(page, &policy->read);
		expect_pattern_lines(page, &policy->write);
		policy_free(&policy);
	}
}

/* Texts that would be markup, where each kind of text can stand. */
static void
page_escapes_what_the_policy_says(void **state)
{
	static const char hostile[] =
	    "</code><script>alert(1)</script><img src=x onerror=y> ``` a ` "
	    "[l](javascript:b) ![i](//evil) | **c** <!-- & $d$ https://e.f";
	static const char text[] = FIXTURE_HEAD
	    "trigger:\n  - source: cli\n    event: review\n    where: { $.a: { eq: '%s' } }\n"
	    "tools:\n  git.push: { deny: always, why: '%s' }\n"
	    "  git.read.diff: { allow: { commit: { prefix: '%.40s' } } }\n"
	    "memory: { read: [ 'ws/{workspace}/<script>`x`|' ] }\n";
	static const char *const never[] = {"<script", "<img", "</code><s", "onerror=y> "};
	char whole[4096];
	struct policy *policy;

	(void)state;
	snprintf(whole, sizeof(whole), text, hostile, hostile, hostile);
	policy = fixture_policy(whole);
	for (unsigned style = PAGE_MARKDOWN; style <= PAGE_HTML; style++) {
		SCOPED_FREE char *page = policy_render(policy, hostile, (enum page_style)style);

		assert_non_null(page);
		for (unsigned i = 0; style == PAGE_HTML && i < ARRAY_SIZE(never); i++)
			if (strstr(page, never[i]) != NULL)
				fail_msg("%s in\n%s", never[i], page);
		if (style == PAGE_MARKDOWN) {
			/* As text what could be markup is escaped; as code the fence is longer. */
			assert_non_null(strstr(page, "because: \\</code\\>\\<script\\>"));
			assert_non_null(strstr(page, "```` "));
			assert_non_null(strstr(page, "https\\://e\\.f"));
		}
	}
	policy_free(&policy);
}

static bool
render_once(void *context)
{
	SCOPED_FREE char *page = policy_render(context, "x", PAGE_HTML);

	/* All of it, or nothing. */
	return page == NULL || strstr(page, "</html>") != NULL;
}

static void
page_survives_every_failed_allocation(void **state)
{
	struct policy *policy = mutate_full();

	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, render_once, policy) > 3);
	policy_free(&policy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(page_is_what_was_reviewed),
	    cmocka_unit_test(page_shows_every_value),
	    cmocka_unit_test(page_has_the_line_of_every_rule),
	    cmocka_unit_test(page_escapes_what_the_policy_says),
	    cmocka_unit_test(page_survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

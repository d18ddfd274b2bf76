/* praxa policy test --json. */
#include <stdio.h>

#include "cli/policy_test.h"
#include "common/json.h"
#include "common/value_build.h"

enum { MEMORY_MAX = 32 << 20, MEMBERS_MAX = 12 };

static void
put_bool(struct value_build *b, struct value_map *map, const char *name, bool truth)
{
	value_map_put(b, map, name, value_boolean(truth));
}

static struct value
fixture_value(
    struct value_build *b, const struct policy *policy, const struct policy_fixture *fixture)
{
	struct policy_fixture_result result = policy_fixture_run(policy, fixture);
	struct value_map map = value_map_new(b, MEMBERS_MAX);

	value_map_number(b, &map, "line", fixture->place.line);
	put_bool(b, &map, "passed", result.passed);
	value_map_text(b, &map, "why", fixture->why);
	value_map_text(b, &map, "expected", policy_fixture_expected(fixture->expected));
	value_map_text(b, &map, "expected_rule", fixture->rule);
	value_map_text(b, &map, "got", policy_fixture_expected(result.decision.code));
	value_map_text(b, &map, "reason", policy_reason_text(result.decision.reason));
	value_map_text(b, &map, "rule", result.decision.rule);
	value_map_number(b, &map, "rule_line", result.decision.line);
	return value_map_done(&map);
}

static struct value
fixtures_value(struct value_build *b, const struct policy *policy)
{
	struct value_list list = value_list_new(b, policy_fixture_count(policy));
	const struct policy_fixture *fixture;

	for (uint32_t i = 0; (fixture = policy_fixture(policy, i)) != NULL; i++)
		value_list_put(b, &list, fixture_value(b, policy, fixture));
	return value_list_done(&list);
}

static struct value
covered_value(struct value_build *b, const struct policy_covered *covered)
{
	struct value_map map = value_map_new(b, MEMBERS_MAX);

	value_map_text(b, &map, "rule", covered->rule);
	value_map_text(b, &map, "part", covered->part);
	value_map_number(b, &map, "line", covered->line);
	put_bool(b, &map, "passes", covered->passes);
	put_bool(b, &map, "fails", covered->fails);
	return value_map_done(&map);
}

static struct value
coverage_value(struct value_build *b, const struct policy_coverage *coverage)
{
	struct value_list list = value_list_new(b, coverage->count);
	struct value_map map = value_map_new(b, MEMBERS_MAX);

	for (uint32_t i = 0; i < coverage->count; i++)
		if (!policy_covered_is_whole(&coverage->items[i]))
			value_list_put(b, &list, covered_value(b, &coverage->items[i]));
	value_map_number(b, &map, "parts", coverage->count);
	value_map_number(b, &map, "covered", coverage->covered);
	value_map_put(b, &map, "uncovered", value_list_done(&list));
	return value_map_done(&map);
}

static struct value
survivor_value(struct value_build *b, const struct policy_survivor *survivor)
{
	SCOPED_FREE char *text =
	    survivor->killer != NULL ? policy_fixture_text(survivor->killer) : NULL;
	struct value_map map = value_map_new(b, MEMBERS_MAX);
	const char *copy = NULL;

	if (text != NULL) {
		copy = arena_copy(b->arena, text, strlen(text));
		b->failed = b->failed || copy == NULL;
	}
	value_map_text(b, &map, "rule", survivor->rule);
	value_map_number(b, &map, "line", survivor->line);
	value_map_text(b, &map, "change", survivor->change);
	put_bool(b, &map, "opens", survivor->opens);
	value_map_text(b, &map, "test", copy);
	return value_map_done(&map);
}

static struct value
score_value(struct value_build *b, const struct policy_score *score)
{
	struct value_list list = value_list_new(b, score->survivor_count);
	struct value_map map = value_map_new(b, MEMBERS_MAX);

	for (uint32_t i = 0; i < score->survivor_count; i++)
		value_list_put(b, &list, survivor_value(b, &score->survivors[i]));
	value_map_number(b, &map, "percent", score->percent);
	value_map_number(b, &map, "mutants", score->mutants);
	value_map_number(b, &map, "killed", score->killed);
	value_map_number(b, &map, "harmless", score->harmless);
	value_map_number(b, &map, "survived", score->survived);
	value_map_number(b, &map, "untried", score->untried);
	value_map_number(b, &map, "unsearched", score->unsearched);
	value_map_put(b, &map, "survivors", value_list_done(&list));
	return value_map_done(&map);
}

bool
policy_test_json(const struct policy_testing *t)
{
	struct arena arena;
	struct value_build build = {.arena = &arena};
	SCOPED_FREE char *text = NULL;
	struct value_map root;
	struct value value;

	arena_init(&arena, MEMORY_MAX);
	root = value_map_new(&build, MEMBERS_MAX);
	value_map_text(&build, &root, "file", t->path);
	value_map_number(&build, &root, "failed", t->failed);
	value_map_put(&build, &root, "tests", fixtures_value(&build, t->policy));
	value_map_put(&build, &root, "coverage", coverage_value(&build, &t->coverage));
	value_map_put(&build, &root, "mutation", score_value(&build, &t->score));
	value = value_map_done(&root);
	if (!build.failed)
		text = json_write(&value, JSON_STYLE_PRETTY, NULL);
	if (text != NULL)
		puts(text);
	arena_clear(&arena);
	return text != NULL;
}

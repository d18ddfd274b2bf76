/* What is made of a run's records, without a log. */
#include "cli/explain.h"

#include "common/json.h"
#include "tests/lib/check.h"

static const char head[] = "{\"kind\": \"run.started\", \"skillId\": \"sk_a\", \"body\": {}}";
static const char first[] =
    "{\"kind\": \"cell.denied\", \"tool\": null, \"body\": {\"syscall\": \"socket\","
    " \"arch\": \"x86_64\", \"args\": [\"0x2\", \"0x1\"], \"answer\": \"EPERM\", \"count\": 1,"
    " \"profile\": \"python\", \"profile_rule\": 7, \"reason\": \"no socket\"}}";
static const char last[] =
    "{\"kind\": \"cell.denied\", \"tool\": null, \"body\": {\"syscall\": \"socket\","
    " \"arch\": \"x86_64\", \"args\": [\"0x2\", \"0x1\"], \"answer\": \"EPERM\", \"count\": 9,"
    " \"profile\": \"python\", \"profile_rule\": 7, \"reason\": \"no socket\"}}";
static const char of_tool[] =
    "{\"kind\": \"cell.denied\", \"tool\": \"a.b\", \"body\": {\"syscall\": \"fchown\","
    " \"arch\": \"x86_64\", \"args\": [\"0x1\", 7], \"answer\": \"ENOSYS\", \"count\": 1,"
    " \"profile\": \"shell\", \"profile_rule\": 0, \"reason\": \"not in the profile's list\"}}";
static const char end[] = "{\"kind\": \"run.ended\", \"body\": {\"syscalls_denied\": 11,"
			  " \"syscalls_seen\": \"part\"}}";

struct scene {
	struct arena arena;
	struct explain explain;
};

static enum err
add(struct scene *scene, const char *json)
{
	struct arena arena;
	struct value value;
	struct fault fault = {0};
	enum err r;

	arena_init(&arena, 64 * 1024);
	assert_int_equal(json_parse(json, strlen(json), &arena, &value, &fault), ERR_OK);
	r = explain_add(&scene->explain, &value, &fault);
	assert_int_equal(r, fault.code);
	arena_clear(&arena); /* nothing of a record is borrowed */
	return r;
}

static struct scene *
scene_new(size_t limit, const char *const *records, size_t count)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	arena_init(&scene->arena, limit);
	scene->explain.arena = &scene->arena;
	for (size_t i = 0; i < count; i++)
		assert_int_equal(add(scene, records[i]), ERR_OK);
	return scene;
}

static void
scene_free(struct scene *scene)
{
	arena_clear(&scene->arena);
	free(scene);
}

static char *
printed(const struct scene *scene)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	explain_print(out, &scene->explain, "rn_1");
	fclose(out);
	return text;
}

static void
a_kind_is_told_once_with_its_count_and_its_rule(void **state)
{
	const char *const records[] = {head, first, of_tool, last, end};
	struct scene *scene = scene_new(64 * 1024, records, ARRAY_SIZE(records));
	SCOPED_FREE char *text = printed(scene);

	(void)state;
	assert_string_equal(text,
	    "rn_1 of sk_a: 2 kinds of system call denied. It made so many that they were no longer "
	    "counted.\n"
	    "\nsocket(0x2, 0x1)\n  answered EPERM, 9 times, on x86_64\n"
	    "  rule 7 of the profile python: no socket\n"
	    "\nfchown(0x1, ?)\n  answered ENOSYS, 1 time, on x86_64, in the tool a.b\n"
	    "  profile shell: not in the profile's list\n");
	scene_free(scene);
}

static void
programs_get_the_same(void **state)
{
	const char *const records[] = {head, first, of_tool, last, end};
	struct scene *scene = scene_new(64 * 1024, records, ARRAY_SIZE(records));
	struct value value;
	SCOPED_FREE char *json = NULL;

	(void)state;
	assert_int_equal(explain_value(&scene->explain, "rn_1", &value, NULL), ERR_OK);
	json = json_write(&value, JSON_STYLE_COMPACT, NULL);
	assert_string_equal(json,
	    "{\"runId\":\"rn_1\",\"skillId\":\"sk_a\",\"ended\":true,\"syscalls_denied\":11,"
	    "\"syscalls_seen\":\"part\",\"denied\":["
	    "{\"syscall\":\"socket\",\"args\":[\"0x2\",\"0x1\"],\"arch\":\"x86_64\","
	    "\"answer\":\"EPERM\",\"count\":9,\"tool\":null,\"profile\":\"python\","
	    "\"profile_rule\":7,\"reason\":\"no socket\"},"
	    "{\"syscall\":\"fchown\",\"args\":[\"0x1\",\"?\"],\"arch\":\"x86_64\","
	    "\"answer\":\"ENOSYS\",\"count\":1,\"tool\":\"a.b\",\"profile\":\"shell\","
	    "\"profile_rule\":null,\"reason\":\"not in the profile's list\"}]}");
	scene_free(scene);
}

/* Each tool call has a cell of its own, which tells its kinds anew. */
static void
cells_of_one_tool_add_up(void **state)
{
	const char *const records[] = {head, first, last, first, first, last};
	struct scene *scene = scene_new(64 * 1024, records, ARRAY_SIZE(records));

	(void)state;
	assert_int_equal(scene->explain.kind_count, 1);
	assert_int_equal(scene->explain.kinds[0].count, 9 + 1 + 9);
	scene_free(scene);
}

static void
a_run_without_denied_calls_says_so(void **state)
{
	const char *const records[] = {head};
	struct scene *scene = scene_new(64 * 1024, records, ARRAY_SIZE(records));
	SCOPED_FREE char *text = printed(scene);

	(void)state;
	assert_string_equal(text, "rn_1 of sk_a: no denied system call is on record. The run goes "
				  "on; its record may grow.\n");
	scene_free(scene);
}

/* A body may be anything that somebody recorded. */
static void
what_a_record_lacks_is_empty(void **state)
{
	static const char *const odd[] = {"{}", "{\"kind\": 1}", "{\"kind\": \"cell.denied\"}",
	    "{\"kind\": \"cell.denied\", \"body\": \"x\"}",
	    "{\"kind\": \"cell.denied\", \"body\": {\"args\": {}, \"count\": -5, \"syscall\": []}}",
	    "{\"kind\": \"run.ended\", \"body\": null}"};
	struct scene *scene = scene_new(64 * 1024, odd, ARRAY_SIZE(odd));
	SCOPED_FREE char *text = printed(scene);
	struct value value;

	(void)state;
	assert_non_null(strstr(text, "1 kind of system call denied"));
	assert_int_equal(explain_value(&scene->explain, "rn_1", &value, NULL), ERR_OK);
	scene_free(scene);
}

static void
a_full_arena_is_an_error(void **state)
{
	(void)state;
	for (size_t limit = 0; limit < 3000; limit += 100) {
		const char *const records[] = {head, first, of_tool, end};
		struct scene *scene = scene_new(limit, NULL, 0);
		struct value value;
		enum err r = ERR_OK;

		for (size_t i = 0; r == ERR_OK && i < ARRAY_SIZE(records); i++)
			r = add(scene, records[i]);
		if (r == ERR_OK)
			r = explain_value(&scene->explain, "rn_1", &value, NULL);
		assert_true(r == ERR_OK || r == ERR_LIMIT);
		assert_true(limit > 0 || r == ERR_LIMIT);
		scene_free(scene);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_kind_is_told_once_with_its_count_and_its_rule),
	    cmocka_unit_test(programs_get_the_same),
	    cmocka_unit_test(cells_of_one_tool_add_up),
	    cmocka_unit_test(a_run_without_denied_calls_says_so),
	    cmocka_unit_test(what_a_record_lacks_is_empty),
	    cmocka_unit_test(a_full_arena_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

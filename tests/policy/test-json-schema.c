/* The schema for editors: generated from the loader's tables, shipped in docs/. Run with
 * PRAXA_POLICY_ACCEPT=1 to write the shipped ones anew. Whether what loads fits it is asked of a
 * real validator in tests/scenario/test_policy_schema.py. */
#include <stdio.h>

#include "common/json.h"
#include "policy/json_schema.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"
#include "tests/policy/fixture.h"

enum { TABLES_MAX = 64, SCHEMA_BYTES_MAX = 1 << 20 };

static const char *const shipped[POLICY_DOCUMENT_COUNT] = {
    [POLICY_DOCUMENT_POLICY] = "docs/policy.schema.json",
    [POLICY_DOCUMENT_TOOLS] = "docs/tools.schema.json",
};

static char *
generate(enum policy_document document)
{
	struct value schema;
	struct arena arena;
	char *text = NULL;

	arena_init(&arena, SCHEMA_BYTES_MAX);
	schema = policy_json_schema(document, &arena);
	if (schema.type == VALUE_MAP)
		text = json_write(&schema, JSON_STYLE_PRETTY, NULL);
	arena_clear(&arena);
	return text;
}

static void
json_schema_in_docs_is_the_tables_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < POLICY_DOCUMENT_COUNT; i++) {
		SCOPED_FREE char *text = generate((enum policy_document)i), *file = NULL;
		char path[512];

		assert_non_null(text);
		snprintf(path, sizeof(path), "%s/%s", getenv("PRAXA_SOURCE"), shipped[i]);
		if (getenv("PRAXA_POLICY_ACCEPT") != NULL) {
			FILE *out = fopen(path, "we");

			assert_non_null(out);
			assert_true(fprintf(out, "%s\n", text) > 0);
			assert_int_equal(fclose(out), 0);
		}
		snprintf(path, sizeof(path), "../../%s", shipped[i]);
		file = fixture_read(path);
		if (strncmp(file, text, strlen(text)) != 0 ||
		    strcmp(file + strlen(text), "\n") != 0)
			fail_msg("%s is not what `praxa policy schema` prints", shipped[i]);
	}
}

/* Every table once. A row that cannot say what it takes would be a hole in the schema. */
static void visit(
    const struct policy_key *rows, const struct policy_key *seen[TABLES_MAX], unsigned *count);

static void
check_row(const struct policy_key *row, const struct policy_key *seen[TABLES_MAX], unsigned *count)
{
	const char *name = row->name != NULL ? row->name : "an item";

	if (row->name != NULL && (row->help == NULL || row->help[0] == '\0'))
		fail_msg("the row of \"%s\" has no help", name);
	if (row->type == POLICY_TYPE_MAP && row->rows == NULL && row->item == NULL)
		fail_msg("the row of \"%s\" does not say what its map holds", name);
	if (row->type == POLICY_TYPE_LIST && row->item == NULL)
		fail_msg("the row of \"%s\" does not say what its list holds", name);
	if (row->within != NULL && row->rows == NULL)
		fail_msg("the row of \"%s\" has nothing to read its map by", name);
	if (row->rows != NULL)
		visit(row->rows, seen, count);
	if (row->item != NULL)
		check_row(row->item, seen, count);
}

static void
visit(const struct policy_key *rows, const struct policy_key *seen[TABLES_MAX], unsigned *count)
{
	for (unsigned i = 0; i < *count; i++)
		if (seen[i] == rows)
			return;
	assert_true(*count < TABLES_MAX);
	seen[(*count)++] = rows;
	for (; rows->name != NULL; rows++)
		check_row(rows, seen, count);
}

static void
json_schema_has_rows_that_say_everything(void **state)
{
	const struct policy_key *seen[TABLES_MAX] = {NULL};
	unsigned count = 0;

	(void)state;
	for (unsigned i = 0; i < POLICY_DOCUMENT_COUNT; i++)
		visit(policy_document_rows((enum policy_document)i), seen, &count);
	assert_true(count > 10);
}

static void
quantity_is_written_in_the_largest_unit_that_is_exact(void **state)
{
	static const struct {
		enum policy_type type;
		uint64_t number;
		const char *text;
	} rows[] = {
	    {POLICY_TYPE_BYTES, 16 * 1048576, "16MiB"},
	    {POLICY_TYPE_BYTES, 1025, "1025B"},
	    {POLICY_TYPE_BYTES, 0, "0GiB"},
	    {POLICY_TYPE_DURATION, UINT64_C(90) * 86400 * 1000000000, "90d"},
	    {POLICY_TYPE_DURATION, UINT64_C(90) * 1000000000, "90s"},
	    {POLICY_TYPE_DURATION, 1, "1ns"},
	    {POLICY_TYPE_INTEGER, 40, "40"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[POLICY_AMOUNT_MAX];

		assert_string_equal(
		    policy_quantity_text(text, rows[i].type, rows[i].number), rows[i].text);
	}
}

static bool
generate_once(void *context)
{
	char *text = generate(POLICY_DOCUMENT_POLICY);

	(void)context;
	free(text);
	return true;
}

static void
json_schema_survives_every_failed_allocation(void **state)
{
	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, generate_once, NULL) > 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(json_schema_in_docs_is_the_tables_own),
	    cmocka_unit_test(json_schema_has_rows_that_say_everything),
	    cmocka_unit_test(quantity_is_written_in_the_largest_unit_that_is_exact),
	    cmocka_unit_test(json_schema_survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

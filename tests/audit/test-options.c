#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit/options.h"

enum { WORDS_MAX = 12 };

static enum err
parse(const char *const *words, struct auditd_options *ret)
{
	char *argv[WORDS_MAX + 2];
	int argc = 0;
	struct fault fault;

	argv[argc++] = (char *)(uintptr_t) "praxa-auditd";
	while (*words != NULL && argc < WORDS_MAX)
		argv[argc++] = (char *)(uintptr_t)*words++;
	argv[argc] = NULL;
	return auditd_options_parse(argc, argv, ret, &fault);
}

static void
a_full_command_line_is_understood(void **state)
{
	static const char *const words[] = {"--state", "/var/lib/praxa", "--workspace", "ws_a",
	    "--workspace=ws_b-2", "--backend", "sync", "--segment-bytes", "131072", "--allow-uid",
	    "77", NULL};
	struct auditd_options options;

	(void)state;
	assert_int_equal(parse(words, &options), ERR_OK);
	assert_string_equal(options.state, "/var/lib/praxa");
	assert_int_equal(options.workspace_count, 2);
	assert_string_equal(options.workspaces[1], "ws_b-2");
	assert_int_equal(options.backend, AUDIT_BACKEND_SYNC);
	assert_int_equal(options.segment_bytes, 131072);
	assert_int_equal(options.uids[0], 77);
}

static void
a_wrong_command_line_is_refused(void **state)
{
	static const char *const rows[][WORDS_MAX] = {
	    {NULL},
	    {"--state", "d", NULL},
	    {"--workspace", "ws_a", NULL},
	    {"--state", "d", "--workspace", "../etc", NULL},
	    {"--state", "d", "--workspace", "ws_", NULL},
	    {"--state", "d", "--workspace", "ws_a/b", NULL},
	    {"--state", "d", "--workspace", "ws_a", "--workspace", "ws_a", NULL},
	    {"--state", "d", "--workspace", "ws_a", "--backend", "fast", NULL},
	    {"--state", "d", "--workspace", "ws_a", "--segment-bytes", "4096", NULL},
	    {"--state", "d", "--workspace", "ws_a", "--segment-bytes", "131073", NULL},
	    {"--state", "d", "--workspace", "ws_a", "--segment-bytes", "-131072", NULL},
	    {"--state", "d", "--workspace", "ws_a", "--segment-bytes", "8M", NULL},
	    {"--state", "d", "--workspace", "ws_a", "--allow-uid", "root", NULL},
	    {"--state", "d", "--workspace", "ws_a", "--allow-uid", "4294967295", NULL},
	    {"--state", "d", "--workspace", "ws_a", "more", NULL},
	    {"--stat", "d", "--workspace", "ws_a", NULL},
	};
	struct auditd_options options;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (parse(rows[i], &options) == ERR_OK)
			fail_msg("row %u was accepted", i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_full_command_line_is_understood),
	    cmocka_unit_test(a_wrong_command_line_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "common/log.h"

#include <fcntl.h>

#include "common/io.h"
#include "tests/lib/check.h"

/* What stderr got, with stderr a pipe: not a terminal, so journald's priorities are on. */
struct capture {
	int saved, pipes[2];
	char text[4096];
};

static void
begin(struct capture *c, enum log_level level)
{
	assert_int_equal(pipe2(c->pipes, O_CLOEXEC), 0);
	c->saved = dup(STDERR_FILENO);
	assert_true(dup2(c->pipes[1], STDERR_FILENO) >= 0);
	log_init("test", level);
}

static const char *
finish(struct capture *c)
{
	ssize_t n;

	assert_true(dup2(c->saved, STDERR_FILENO) >= 0);
	close(c->saved);
	close(c->pipes[1]);
	n = io_read_full(c->pipes[0], c->text, sizeof(c->text) - 1);
	assert_true(n >= 0);
	c->text[n] = '\0';
	close(c->pipes[0]);
	return c->text;
}

static void
a_line_has_a_priority_and_a_name(void **state)
{
	struct capture c;

	(void)state;
	begin(&c, LOG_LEVEL_INFO);
	log_line(LOG_LEVEL_ERROR, "it is %d", 7);
	log_line(LOG_LEVEL_DEBUG, "not shown");
	assert_string_equal(finish(&c), "<3>test: it is 7\n");
}

static void
hostile_text_stays_on_one_line(void **state)
{
	struct capture c;

	(void)state;
	begin(&c, LOG_LEVEL_INFO);
	log_line(LOG_LEVEL_INFO, "%s", "a\n<0>kernel: forged\x1b[2J");
	assert_string_equal(finish(&c), "<6>test: a?<0>kernel: forged?[2J\n");
}

static void
a_long_line_is_cut_and_ended(void **state)
{
	char longer[3000];
	struct capture c;
	const char *text;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	begin(&c, LOG_LEVEL_INFO);
	log_line(LOG_LEVEL_INFO, "%s", longer);
	text = finish(&c);
	assert_true(strlen(text) < 1200);
	assert_int_equal(text[strlen(text) - 1], '\n');
}

static void
a_fault_is_named_with_its_rule(void **state)
{
	struct fault fault;
	struct capture c;

	(void)state;
	fault_set(&fault, ERR_TOOL_NOT_ALLOWED, "no such tool");
	begin(&c, LOG_LEVEL_INFO);
	log_fault(LOG_LEVEL_WARNING, "call", &fault);
	fault_at(&fault, "tools.allow", 12);
	log_fault(LOG_LEVEL_WARNING, "call", &fault);
	assert_string_equal(finish(&c),
	    "<4>test: call: ToolNotAllowedError: no such tool\n"
	    "<4>test: call: ToolNotAllowedError: no such tool (rule tools.allow, line 12)\n");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_has_a_priority_and_a_name),
	    cmocka_unit_test(hostile_text_stays_on_one_line),
	    cmocka_unit_test(a_long_line_is_cut_and_ended),
	    cmocka_unit_test(a_fault_is_named_with_its_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

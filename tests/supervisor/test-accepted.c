#include "supervisor/accepted.h"

#include <fcntl.h>

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

struct place {
	char *dir;
	int fd;
};

static int
setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	place->dir = check_tempdir();
	place->fd = open(place->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = place;
	return 0;
}

static int
teardown(void **state)
{
	struct place *place = *state;

	close(place->fd);
	check_tempdir_remove(&place->dir);
	free(place);
	return 0;
}

static const struct accepted seven = {
    .any = true, .revision = 7, .reviewers = 2, .policy = {{1, 2, 3}}};

static void
what_was_accepted_is_read_back(void **state)
{
	struct place *place = *state;
	struct accepted now = {.any = true}, eight = seven;
	struct fault fault;

	eight.revision = UINT64_MAX;
	assert_int_equal(accepted_read(place->fd, "sk_a", &now, &fault), ERR_OK);
	assert_false(now.any);
	assert_int_equal(accepted_write(place->fd, "sk_a", &seven, &fault), ERR_OK);
	assert_int_equal(accepted_write(place->fd, "sk_a", &eight, &fault), ERR_OK);
	assert_int_equal(accepted_read(place->fd, "sk_a", &now, &fault), ERR_OK);
	assert_true(now.any);
	assert_true(now.revision == UINT64_MAX);
	assert_int_equal(now.reviewers, 2);
	assert_true(digest_equal(&now.policy, &seven.policy));
	assert_int_equal(accepted_read(place->fd, "sk_b", &now, &fault), ERR_OK);
	assert_false(now.any);
}

static void
an_older_or_another_version_does_not_come_back(void **state)
{
	static const struct accepted none;
	const struct {
		uint64_t revision;
		uint8_t first; /* of the digest */
		const char *words;
	} rows[] = {
	    {8, 9, NULL},
	    {7, 1, NULL},
	    {7, 9, "another version of revision 7"},
	    {6, 1, "is revision 6, and revision 7 was accepted before"},
	    {0, 1, "an older version does not come back"},
	};
	struct fault fault;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct policy_review review = {
		    .revision = rows[i].revision, .file = {{rows[i].first, 2, 3}}};
		enum err r = accepted_check(&seven, "p.yaml", &review, 3, &fault);

		assert_int_equal(r, rows[i].words != NULL ? ERR_POLICY : ERR_OK);
		if (rows[i].words != NULL) {
			assert_non_null(strstr(fault.message, rows[i].words));
			assert_string_equal(fault.rule, "revision");
			assert_int_equal(fault.line, 3);
		}
		assert_int_equal(accepted_check(&none, "p.yaml", &review, 3, &fault), ERR_OK);
	}
}

static void
a_damaged_file_is_not_taken_for_none(void **state)
{
	static const char *const bad[] = {
	    "",
	    "praxa-accepted 2\n",
	    "praxa-accepted 1\nrevision 7\nreviewers 2\npolicy sha256:00\n",
	    "praxa-accepted 1\nrevision 07\nreviewers 2\npolicy "
	    "sha256:0000000000000000000000000000000000000000000000000000000000000000\n",
	    "praxa-accepted 1\nrevision 7\nreviewers 2\npolicy "
	    "sha256:0000000000000000000000000000000000000000000000000000000000000000",
	    "praxa-accepted 1\nrevision 7\nreviewers 2\npolicy "
	    "sha256:0000000000000000000000000000000000000000000000000000000000000000\nx",
	    "praxa-accepted 1\nrevision -7\nreviewers 2\npolicy "
	    "sha256:0000000000000000000000000000000000000000000000000000000000000000\n",
	};
	struct place *place = *state;
	struct accepted now;
	struct fault fault;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		check_write(place->dir, "sk_a.accepted", bad[i], strlen(bad[i]));
		assert_int_equal(accepted_read(place->fd, "sk_a", &now, &fault), ERR_POLICY);
		assert_non_null(strstr(fault.message, "damaged"));
	}
}

static void
a_write_that_fails_leaves_the_old_version_or_the_new_one(void **state)
{
	enum { FAILURES = 8 };
	struct place *place = *state;
	struct accepted next = seven, now;
	struct fault fault;

	assert_int_equal(accepted_write(place->fd, "sk_a", &seven, &fault), ERR_OK);
	for (unsigned i = 1; i <= FAILURES; i++) {
		enum err r;

		next.revision++;
		fail_nth_arm(FAIL_IO, i, 5);
		r = accepted_write(place->fd, "sk_a", &next, &fault);
		if (!fail_nth_disarm()) {
			assert_int_equal(r, ERR_OK);
			assert_true(i > 3);
			return;
		}
		assert_int_equal(r, ERR_INTERNAL);
		assert_int_equal(accepted_read(place->fd, "sk_a", &now, &fault), ERR_OK);
		assert_true(now.revision == next.revision || now.revision + 1 == next.revision);
		next = now;
	}
	fail();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_was_accepted_is_read_back, setup, teardown),
	    cmocka_unit_test(an_older_or_another_version_does_not_come_back),
	    cmocka_unit_test_setup_teardown(a_damaged_file_is_not_taken_for_none, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_write_that_fails_leaves_the_old_version_or_the_new_one, setup, teardown),
	};

	return cmocka_run_group_tests_name("supervisor-accepted", tests, NULL, NULL);
}

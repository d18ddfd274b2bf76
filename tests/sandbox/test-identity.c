/* Which user ids cells get, without a cell: who has which id is the test's to say. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "sandbox/identity.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

enum { BASE = 70000, COUNT = 4 };

/* A host on which other processes have these of the range. */
struct host {
	bool busy[COUNT];
};

static bool
is_busy(void *context, uid_t uid)
{
	return ((struct host *)context)->busy[uid - BASE];
}

static struct identities *
range_from(struct host *host, uint32_t start)
{
	struct identities *made = identities_new(&(struct identity_range){
	    .base = BASE, .count = COUNT, .start = start, .in_use = is_busy, .context = host});

	assert_non_null(made);
	return made;
}

static struct identity_lease
take(struct identities *from, uid_t expected)
{
	struct identity_lease lease = IDENTITY_LEASE_NONE;

	assert_int_equal(identity_lease_take(from, &lease, NULL), ERR_OK);
	assert_int_equal(identity_lease_uid(&lease), expected);
	return lease;
}

static void
ids_come_in_turn_and_back_as_late_as_can_be(void **state)
{
	struct host host = {{false}};
	struct identities *from = range_from(&host, 2);
	struct identity_lease lease;

	(void)state;
	for (uint32_t i = 0; i < 3 * COUNT; i++) {
		lease = take(from, BASE + (2 + i) % COUNT);
		identity_lease_end(&lease);
		assert_null(lease.from);
	}
	identities_free(&from);
}

static void
an_id_that_is_leased_is_not_given_again(void **state)
{
	struct host host = {{false}};
	struct identities *from = range_from(&host, 0);
	struct identity_lease live = take(from, BASE);

	(void)state;
	for (uint32_t i = 0; i < 3 * COUNT; i++) {
		struct identity_lease other = IDENTITY_LEASE_NONE;

		assert_int_equal(identity_lease_take(from, &other, NULL), ERR_OK);
		assert_int_not_equal(identity_lease_uid(&other), BASE);
		identity_lease_end(&other);
	}
	identity_lease_end(&live);
	live = take(from, BASE);
	identity_lease_end(&live);
	identities_free(&from);
}

static void
when_all_are_leased_the_next_is_refused_until_one_ends(void **state)
{
	struct host host = {{false}};
	struct identities *from = range_from(&host, 0);
	struct identity_lease leases[COUNT], none = IDENTITY_LEASE_NONE;
	struct fault fault;

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++)
		leases[i] = take(from, BASE + i);
	assert_int_equal(identity_lease_take(from, &none, &fault), ERR_LIMIT);
	assert_null(none.from);
	identity_lease_end(&leases[2]);
	leases[2] = take(from, BASE + 2);
	for (uint32_t i = 0; i < COUNT; i++)
		identity_lease_end(&leases[i]);
	identity_lease_end(&none);
	identities_free(&from);
}

static void
an_id_that_a_process_of_the_host_has_is_passed_over(void **state)
{
	struct host host = {{true, false, true, true}};
	struct identities *from = range_from(&host, 0);
	struct identity_lease only = take(from, BASE + 1), none = IDENTITY_LEASE_NONE;

	(void)state;
	assert_int_equal(identity_lease_take(from, &none, NULL), ERR_LIMIT);
	host.busy[3] = false;
	none = take(from, BASE + 3);
	identity_lease_end(&none);
	identity_lease_end(&only);
	identities_free(&from);
}

static void
a_range_may_start_anywhere(void **state)
{
	struct host host = {{false}};
	struct identities *from = range_from(&host, UINT32_MAX);
	struct identity_lease lease = take(from, BASE + UINT32_MAX % COUNT);

	(void)state;
	identity_lease_end(&lease);
	identities_free(&from);
}

static bool
make_one(void *context)
{
	struct identities *made = identities_new(context);
	bool sound = made != NULL;

	identities_free(&made);
	return sound;
}

static bool
make_or_none(void *context)
{
	(void)make_one(context);
	return true;
}

static void
without_memory_there_is_no_range(void **state)
{
	struct host host = {{false}};
	struct identity_range range = {BASE, COUNT, 0, is_busy, &host};

	(void)state;
	assert_int_equal(fail_nth_until_ok(FAIL_MEMORY, ENOMEM, make_or_none, &range), 1);
	assert_true(make_one(&range));
}

/* The real question, to this host: ours is in use, and one that another process becomes. */
static void
the_kernel_knows_whose_id_is_in_use(void **state)
{
	enum { NOBODYS = 0x70000007 };
	int up[2], status;
	char byte;
	pid_t pid;

	(void)state;
	assert_true(identity_is_in_use(NULL, getuid()));
	assert_false(identity_is_in_use(NULL, NOBODYS));
	if (geteuid() != 0)
		CHECK_SKIP("not root");
	assert_int_equal(pipe(up), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (setresuid(NOBODYS, NOBODYS, NOBODYS) < 0 || write(up[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(up[0], &byte, 1), 1);
	assert_true(identity_is_in_use(NULL, NOBODYS));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(identity_is_in_use(NULL, NOBODYS));
	close(up[0]);
	close(up[1]);
}

static void
nobody_is_root_outside(void **state)
{
	const struct identity_lease none = IDENTITY_LEASE_NONE;
	struct host host = {{false}};
	struct identities *from = range_from(&host, 1);
	struct identity_lease lease = take(from, BASE + 1);
	struct identity is;

	(void)state;
	assert_int_equal(identity_choose(0, &none, false, &is, NULL), ERR_CONFINEMENT);
	assert_int_equal(identity_choose((uid_t)-1, &none, true, &is, NULL), ERR_CONFINEMENT);
	assert_int_equal(identity_choose((uid_t)-1, &lease, false, &is, NULL), ERR_OK);
	assert_int_equal(is.uid, BASE + 1);
	assert_int_equal(is.gid, BASE + 1);
	assert_int_equal(is.inside, 1000);
	assert_true(is.drop_groups);
	assert_int_equal(identity_choose((uid_t)-1, &lease, true, &is, NULL), ERR_OK);
	assert_int_equal(is.inside, BASE + 1);
	identity_lease_end(&lease);
	identities_free(&from);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ids_come_in_turn_and_back_as_late_as_can_be),
	    cmocka_unit_test(an_id_that_is_leased_is_not_given_again),
	    cmocka_unit_test(when_all_are_leased_the_next_is_refused_until_one_ends),
	    cmocka_unit_test(an_id_that_a_process_of_the_host_has_is_passed_over),
	    cmocka_unit_test(a_range_may_start_anywhere),
	    cmocka_unit_test(without_memory_there_is_no_range),
	    cmocka_unit_test(the_kernel_knows_whose_id_is_in_use),
	    cmocka_unit_test(nobody_is_root_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

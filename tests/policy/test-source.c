#include "policy/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"
#include "tests/policy/fixture.h"

/* A policy's directory: the policy, a manifest, a bundle. */
struct place {
	char *dir;
	char policy[512];
	struct digest bundle;
};

static void
put(const struct place *place, const char *name, const char *text)
{
	check_write(place->dir, name, text, strlen(text));
}

static int
setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	SCOPED_FREE char *manifest = fixture_read("good/git.tools.yaml");
	SCOPED_FD bundle_fd = -1, pack_fd = -1;
	char path[600], digest[DIGEST_TEXT_MAX], text[1024];
	struct pack pack = {0};
	struct fault fault;

	assert_non_null(place);
	place->dir = check_tempdir();
	snprintf(place->policy, sizeof(place->policy), "%s/p.yaml", place->dir);
	put(place, "skill/main.py", "print(1)\n");
	put(place, "skill/lib/a.py", "a = 1\n");
	put(place, "git.tools.yaml", manifest);
	snprintf(path, sizeof(path), "%s/skill", place->dir);
	bundle_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(pack_from_dir(bundle_fd, &pack_fd, &fault), ERR_OK);
	assert_int_equal(pack_open(pack_fd, &pack, &fault), ERR_OK);
	place->bundle = pack.digest;
	pack_close(&pack);
	digest_text(digest, &place->bundle);
	snprintf(text, sizeof(text),
	    "policy: 1\nskill: s\nowner: { team: t }\n"
	    "bundle: { path: skill, digest: %s, run: [ /a ] }\n"
	    "trigger: [ { source: cli, event: e } ]\nsandbox: { profile: python }\n"
	    "manifests: [ git.tools.yaml ]\n",
	    digest);
	put(place, "p.yaml", text);
	*state = place;
	return 0;
}

static int
teardown(void **state)
{
	struct place *place = *state;

	check_tempdir_remove(&place->dir);
	free(place);
	return 0;
}

static void
source_holds_the_policy_and_its_manifests_sealed(void **state)
{
	struct place *place = *state;
	struct policy_source source = {0};
	struct policy_problems problems;
	struct pack pack = {0};
	struct fault fault;
	int before = check_open_fds();

	assert_int_equal(policy_source_open(place->policy, &source, &problems), ERR_OK);
	assert_int_equal(problems.count, 0);
	assert_int_equal(pack_open(source.pack_fd, &pack, &fault), ERR_OK);
	assert_int_equal(pack.count, 2);
	assert_non_null(pack_find(&pack, "policy"));
	assert_non_null(pack_find(&pack, "manifest/git.tools.yaml"));
	assert_true(digest_equal(&pack.digest, policy_source_digest(source.policy)));
	pack_close(&pack);
	policy_source_done(&source);
	assert_int_equal(source.pack_fd, -1);
	policy_source_done(&source);
	assert_int_equal(check_open_fds(), before);
}

static void
source_done_closes_nothing_of_a_zeroed_one(void **state)
{
	struct policy_source source = {0};

	(void)state;
	policy_source_done(&source);
	assert_true(fcntl(0, F_GETFD) >= 0 || errno == EBADF);
	assert_int_equal(source.dir_fd, -1);
}

static void
expect_problem(const struct place *place, const char *path, const char *message, uint32_t line)
{
	struct policy_source source = {0};
	struct policy_problems problems;
	int before = check_open_fds();

	(void)place;
	assert_int_equal(policy_source_open(path, &source, &problems), ERR_POLICY);
	assert_int_equal(problems.count, 1);
	assert_non_null(strstr(problems.items[0].message, message));
	assert_int_equal(problems.items[0].line, line);
	assert_null(source.policy);
	assert_int_equal(check_open_fds(), before);
}

static void
source_says_what_cannot_be_read(void **state)
{
	struct place *place = *state;
	char path[600], target[600];

	snprintf(path, sizeof(path), "%s/none.yaml", place->dir);
	expect_problem(place, path, "cannot be read: No such file", 0);
	snprintf(path, sizeof(path), "%s/none/p.yaml", place->dir);
	expect_problem(place, path, "directory cannot be opened: No such file", 0);
	snprintf(path, sizeof(path), "%s/link.yaml", place->dir);
	assert_int_equal(symlink("p.yaml", path), 0);
	expect_problem(place, path, "it is a link", 0);
	snprintf(path, sizeof(path), "%s/skill", place->dir);
	expect_problem(place, path, "it is not a regular file", 0);

	snprintf(target, sizeof(target), "%s/git.tools.yaml", place->dir);
	snprintf(path, sizeof(path), "%s/other.yaml", place->dir);
	assert_int_equal(rename(target, path), 0);
	expect_problem(
	    place, place->policy, "the manifest git.tools.yaml cannot be read: No such", 7);
	assert_int_equal(symlink("other.yaml", target), 0);
	expect_problem(place, place->policy, "it is a link", 7);
}

static void
source_refuses_a_manifest_elsewhere(void **state)
{
	struct place *place = *state;

	put(place, "p.yaml", "policy: 1\nmanifests: [ ../git.tools.yaml ]\n");
	{
		struct policy_source source = {0};
		struct policy_problems problems;

		assert_int_equal(policy_source_open(place->policy, &source, &problems), ERR_POLICY);
		assert_non_null(
		    strstr(problems.items[problems.count - 1].message, "no plain file name"));
	}
}

static void
bundle_is_the_pinned_one_or_nothing(void **state)
{
	struct place *place = *state;
	struct policy_source source = {0};
	struct policy_problems problems;
	struct fault fault = {0};
	char got[DIGEST_TEXT_MAX], want[DIGEST_TEXT_MAX];
	SCOPED_FD fd = -1;

	assert_int_equal(policy_source_open(place->policy, &source, &problems), ERR_OK);
	assert_int_equal(
	    policy_source_bundle(&source, "skill", &place->bundle, &fd, &fault), ERR_OK);
	assert_true(fd >= 0);
	digest_text(want, &place->bundle);
	put(place, "skill/main.py", "print(2)\n");
	{
		int other = -1;

		assert_int_equal(
		    policy_source_bundle(&source, "skill", &place->bundle, &other, &fault),
		    ERR_SKILL_DIGEST);
		assert_int_equal(other, -1);
	}
	assert_non_null(strstr(fault.message, want));
	assert_non_null(strstr(fault.message, "praxa policy digest skill"));
	memcpy(got, strstr(fault.message, "sha256:"), DIGEST_TEXT_MAX - 1);
	got[DIGEST_TEXT_MAX - 1] = '\0';
	assert_string_not_equal(got, want);
	assert_string_equal(fault.field, "digest");
	assert_string_equal(fault.allowed, want);
	policy_source_done(&source);
}

static void
bundle_lies_beneath_the_policy_without_links(void **state)
{
	static const char *const bad[] = {"none", "link", "skill/main.py", "..", "/", "up"};
	struct place *place = *state;
	struct policy_source source = {0};
	struct policy_problems problems;
	char path[600];

	snprintf(path, sizeof(path), "%s/link", place->dir);
	assert_int_equal(symlink("skill", path), 0);
	snprintf(path, sizeof(path), "%s/up", place->dir);
	assert_int_equal(symlink("/", path), 0);
	assert_int_equal(policy_source_open(place->policy, &source, &problems), ERR_OK);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct fault fault = {0};
		int fd = -1;

		assert_int_equal(policy_source_bundle(&source, bad[i], &place->bundle, &fd, &fault),
		    ERR_SKILL_DIGEST);
		assert_int_equal(fd, -1);
		assert_non_null(strstr(fault.message, "without links"));
	}
	policy_source_done(&source);
}

static bool
open_once(void *context)
{
	const struct place *place = context;
	struct policy_source source = {0};
	struct policy_problems problems;
	int before = check_open_fds(), fd = -1;
	enum err r = policy_source_open(place->policy, &source, &problems);
	struct fault fault;

	if (r == ERR_OK) {
		r = policy_source_bundle(&source, "skill", &place->bundle, &fd, &fault);
		if (fd >= 0)
			close(fd);
		policy_source_done(&source);
	} else if (source.policy != NULL || (r == ERR_POLICY && problems.count == 0)) {
		return false;
	}
	return check_open_fds() == before;
}

static void
source_survives_every_failed_call(void **state)
{
	assert_true(fail_nth_until_ok(FAIL_MEMORY, ENOMEM, open_once, *state) > 10);
	assert_true(fail_nth_until_ok(FAIL_IO, EIO, open_once, *state) > 10);
}

int
main(void)
{
#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(source_holds_the_policy_and_its_manifests_sealed),
	    cmocka_unit_test(source_done_closes_nothing_of_a_zeroed_one),
	    WITH_PLACE(source_says_what_cannot_be_read),
	    WITH_PLACE(source_refuses_a_manifest_elsewhere),
	    WITH_PLACE(bundle_is_the_pinned_one_or_nothing),
	    WITH_PLACE(bundle_lies_beneath_the_policy_without_links),
	    WITH_PLACE(source_survives_every_failed_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

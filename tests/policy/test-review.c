#include "policy/review.h"

#include <stdio.h>
#include <sys/stat.h>

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"
#include "tests/policy/fixture.h"
#include "tests/policy/keygen.h"

enum { NOW = 1800000000 }; /* in January 2027 */

/* A folder with a policy that pins its manifest, three people's keys and who may sign. */
struct place {
	char *dir;
	char path[512];
	struct policy_source source;
	struct policy_signers signers;
};

static void
write_policy(struct place *place, const char *owner, const char *rest)
{
	SCOPED_FREE char *manifest = fixture_read("good/git.tools.yaml");
	struct digest digest = digest_of(manifest, strlen(manifest));
	char pin[DIGEST_TEXT_MAX], text[1024];

	digest_text(pin, &digest);
	snprintf(text, sizeof(text),
	    "policy: 1\nskill: s\nowner: { team: t%s }\n%s"
	    "bundle: { path: skill, digest: sha256:%064d, run: [ /a ] }\n"
	    "trigger: [ { source: cli, event: e } ]\nsandbox: { profile: python }\n"
	    "manifests: [ { file: git.tools.yaml, digest: %s } ]\n",
	    owner, rest, 0, pin);
	check_write(place->dir, "git.tools.yaml", manifest, strlen(manifest));
	check_write(place->dir, "p.yaml", text, strlen(text));
}

static void
open_policy(struct place *place)
{
	struct policy_problems problems;

	policy_source_done(&place->source);
	assert_int_equal(policy_source_open(place->path, &place->source, &problems), ERR_OK);
}

/* name.line is added to the allowed signers. */
static void
set_signers(struct place *place, const char *const (*rows)[3], unsigned count)
{
	char *all = calloc(1, 8192);
	struct fault fault;

	assert_non_null(all);
	for (unsigned i = 0; i < count; i++) {
		SCOPED_FREE char *line =
		    keygen_signer(place->dir, rows[i][0], rows[i][1], rows[i][2]);

		strcat(all, line);
	}
	policy_signers_done(&place->signers);
	assert_int_equal(
	    policy_signers_parse(all, strlen(all), "signers", &place->signers, &fault), ERR_OK);
	free(all);
}

/* Signs p.yaml and names the signature p.yaml.sig.NAME, or p.yaml.sig where name is "". */
static void
sign_as(struct place *place, const char *key, const char *name)
{
	SCOPED_FREE char *signature = NULL;
	char file[64], path[600];

	keygen_sign(place->dir, key, "p.yaml", "praxa-policy", NULL);
	if (name[0] == '\0')
		return;
	signature = keygen_read(place->dir, "p.yaml.sig");
	snprintf(file, sizeof(file), "p.yaml.sig.%s", name);
	check_write(place->dir, file, signature, strlen(signature));
	snprintf(path, sizeof(path), "%s.sig", place->path);
	assert_int_equal(unlink(path), 0);
}

static const char *const everybody[][3] = {
    {"alice", "alice@example.com", ""},
    {"bob", "bob@example.com", "namespaces=\"praxa-policy\""},
    {"alice2", "alice@example.com", ""},
};

static int
setup(void **state)
{
	static const char *const ed25519[] = {"-t", "ed25519", NULL};
	static const char *const names[] = {"alice", "bob", "alice2", "mallory"};
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	place->dir = check_tempdir();
	place->source.pack_fd = place->source.dir_fd = -1;
	snprintf(place->path, sizeof(place->path), "%s/p.yaml", place->dir);
	for (unsigned i = 0; keygen_is_there() && i < ARRAY_SIZE(names); i++)
		keygen_make(place->dir, names[i], ed25519);
	if (keygen_is_there())
		set_signers(place, everybody, ARRAY_SIZE(everybody));
	write_policy(place, ", reviewers: 2", "revision: 7\n");
	open_policy(place);
	*state = place;
	return 0;
}

static int
teardown(void **state)
{
	struct place *place = *state;

	policy_source_done(&place->source);
	policy_signers_done(&place->signers);
	check_tempdir_remove(&place->dir);
	free(place);
	return 0;
}

/* words NULL: approved. */
static void
expect(struct place *place, uint64_t least, const char *words, uint32_t given)
{
	struct policy_review review;
	struct fault fault = {0};
	int before = check_open_fds();
	enum err r = policy_review_check(
	    place->path, &place->source, &place->signers, least, NOW, &review, &fault);

	if (r != (words != NULL ? ERR_POLICY : ERR_OK) ||
	    (words != NULL && strstr(fault.message, words) == NULL))
		fail_msg("%s: \"%s\" has no \"%s\"", err_name(r), fault.message,
		    words != NULL ? words : "");
	assert_int_equal(review.given, given);
	policy_review_done(&review);
	assert_int_equal(check_open_fds(), before);
}

static void
two_people_approve_in_files_of_their_own_or_in_one(void **state)
{
	struct place *place = *state;
	SCOPED_FREE char *first = NULL, *second = NULL, *both = NULL;
	char path[600];

	if (!keygen_is_there())
		CHECK_SKIP("ssh-keygen is not there");
	expect(place, 0, "p.yaml is signed by 0 of 2 people; have it signed: ssh-keygen", 0);
	sign_as(place, "alice", "alice");
	expect(place, 0, "signed by 1 of 2 people", 1);
	sign_as(place, "bob", "");
	expect(place, 0, NULL, 2);
	expect(place, 3, "signed by 2 of 3 people", 2);

	first = keygen_read(place->dir, "p.yaml.sig.alice");
	second = keygen_read(place->dir, "p.yaml.sig");
	assert_true(asprintf(&both, "%s%s", first, second) > 0);
	check_write(place->dir, "p.yaml.sig", both, strlen(both));
	snprintf(path, sizeof(path), "%s.sig.alice", place->path);
	assert_int_equal(unlink(path), 0);
	expect(place, 0, NULL, 2);
}

static void
what_the_review_found_names_people_keys_and_reasons(void **state)
{
	struct place *place = *state;
	struct policy_review review;
	struct fault fault;

	if (!keygen_is_there())
		CHECK_SKIP("ssh-keygen is not there");
	sign_as(place, "alice", "a");
	sign_as(place, "mallory", "m");
	assert_int_equal(policy_review_check(
			     place->path, &place->source, &place->signers, 0, NOW, &review, &fault),
	    ERR_POLICY);
	assert_string_equal(fault.rule, "owner.reviewers");
	assert_int_equal(fault.line, 3);
	assert_int_equal(review.revision, 7);
	assert_int_equal(review.needed, 2);
	assert_int_equal(review.count, 2);
	assert_string_equal(review.items[0].file, "p.yaml.sig.a");
	assert_string_equal(review.items[0].name, "alice@example.com");
	assert_string_equal(review.items[0].type, "ssh-ed25519");
	assert_string_equal(review.items[0].fingerprint, place->signers.items[0].fingerprint);
	assert_true(review.items[0].counts);
	assert_false(review.items[1].counts);
	assert_string_equal(review.items[1].name, "");
	assert_int_equal(strncmp(review.items[1].fingerprint, "SHA256:", 7), 0);
	assert_string_equal(review.items[1].why, "its key is not among the allowed signers");
	policy_review_done(&review);
}

static void
one_person_with_two_keys_counts_once(void **state)
{
	struct place *place = *state;

	if (!keygen_is_there())
		CHECK_SKIP("ssh-keygen is not there");
	sign_as(place, "alice", "1");
	sign_as(place, "alice2", "2");
	expect(place, 0, "alice@example.com has signed already: one person counts once", 1);
	sign_as(place, "bob", "3");
	expect(place, 0, NULL, 2);
}

static void
changed_bytes_and_another_files_signature_do_not_count(void **state)
{
	struct place *place = *state;
	SCOPED_FREE char *signature = NULL;

	if (!keygen_is_there())
		CHECK_SKIP("ssh-keygen is not there");
	check_write(place->dir, "q.yaml", "policy: 1\n", 10);
	keygen_sign(place->dir, "bob", "q.yaml", "praxa-policy", NULL);
	signature = keygen_read(place->dir, "q.yaml.sig");
	check_write(place->dir, "p.yaml.sig.bob", signature, strlen(signature));
	sign_as(place, "alice", "alice");
	expect(place, 0, "p.yaml.sig.bob: it is no signature of these bytes", 1);
	sign_as(place, "bob", "bob");
	expect(place, 0, NULL, 2);
	write_policy(place, ", reviewers: 2", "revision: 8\n");
	open_policy(place);
	expect(place, 0, "p.yaml.sig.alice: it is no signature of these bytes", 0);
}

static void
a_signature_for_another_namespace_does_not_count(void **state)
{
	struct place *place = *state;

	if (!keygen_is_there())
		CHECK_SKIP("ssh-keygen is not there");
	keygen_sign(place->dir, "alice", "p.yaml", "git", NULL);
	expect(place, 0, "made for the namespace \"git\"", 0);
}

static void
an_expired_key_does_not_count(void **state)
{
	static const char *const rows[][3] = {
	    {"alice", "alice@example.com", "valid-before=\"20261231Z\""},
	    {"bob", "bob@example.com", "valid-after=\"20280101Z\""},
	};
	struct place *place = *state;

	if (!keygen_is_there())
		CHECK_SKIP("ssh-keygen is not there");
	set_signers(place, rows, ARRAY_SIZE(rows));
	sign_as(place, "alice", "");
	expect(place, 0, "the key of alice@example.com has expired (line 1)", 0);
	sign_as(place, "bob", "");
	expect(place, 0, "the key of bob@example.com is not valid yet (line 2)", 0);
}

static void
pins_and_a_revision_come_before_signatures(void **state)
{
	static const char unpinned[] = FIXTURE_HEAD FIXTURE_TRIGGER "revision: 1\n";
	struct place *place = *state;

	write_policy(place, "", "");
	open_policy(place);
	expect(place, 0, "p.yaml has no revision", 0);
	check_write(place->dir, "p.yaml", unpinned, strlen(unpinned));
	open_policy(place);
	expect(place, 0, "p.yaml does not pin git.tools.yaml", 0);
}

static void
one_signature_is_the_least_where_the_file_asks_for_none(void **state)
{
	struct place *place = *state;

	if (!keygen_is_there())
		CHECK_SKIP("ssh-keygen is not there");
	write_policy(place, "", "revision: 1\n");
	open_policy(place);
	expect(place, 0, "signed by 0 of 1 people", 0);
	sign_as(place, "bob", "");
	expect(place, 0, NULL, 1);
}

static void
what_is_no_signature_is_named_and_too_many_are_refused(void **state)
{
	struct place *place = *state;
	char name[64], path[600], target[600];

	check_write(place->dir, "p.yaml.sig", "hello\n", 6);
	expect(place, 0, "p.yaml.sig: that is no signature", 0);
	snprintf(path, sizeof(path), "%s.sig", place->path);
	assert_int_equal(unlink(path), 0);
	snprintf(target, sizeof(target), "%s/git.tools.yaml", place->dir);
	assert_int_equal(symlink(target, path), 0);
	expect(place, 0, "p.yaml.sig: it cannot be read: it is a link", 0);
	for (int i = 0; i < REVIEW_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "p.yaml.sig.%d", i);
		check_write(place->dir, name, "", 0);
	}
	expect(place, 0, "more than 32 signature files", 0);
}

static bool
check_once(void *context)
{
	struct place *place = context;
	struct policy_review review = {0};
	struct fault fault;
	enum err r = policy_review_check(
	    place->path, &place->source, &place->signers, 0, NOW, &review, &fault);

	policy_review_done(&review);
	/* What cannot be read or allocated may only make fewer signatures count. */
	return r == ERR_OK || r == ERR_POLICY || r == ERR_INTERNAL || r == ERR_PROTOCOL ||
	       r == ERR_LIMIT;
}

static void
every_allocation_and_every_read_may_fail(void **state)
{
	struct place *place = *state;
	int before;

	if (!keygen_is_there())
		CHECK_SKIP("ssh-keygen is not there");
	sign_as(place, "alice", "a");
	sign_as(place, "bob", "b");
	before = check_open_fds();
	assert_true(fail_nth_until_ok(FAIL_MEMORY | FAIL_IO, 5, check_once, place) > 0);
	assert_int_equal(check_open_fds(), before);
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLACED(two_people_approve_in_files_of_their_own_or_in_one),
	    PLACED(what_the_review_found_names_people_keys_and_reasons),
	    PLACED(one_person_with_two_keys_counts_once),
	    PLACED(changed_bytes_and_another_files_signature_do_not_count),
	    PLACED(a_signature_for_another_namespace_does_not_count),
	    PLACED(an_expired_key_does_not_count),
	    PLACED(pins_and_a_revision_come_before_signatures),
	    PLACED(one_signature_is_the_least_where_the_file_asks_for_none),
	    PLACED(what_is_no_signature_is_named_and_too_many_are_refused),
	    PLACED(every_allocation_and_every_read_may_fail),
	};

	return cmocka_run_group_tests_name("policy-review", tests, NULL, NULL);
}

#include "policy/sshsig.h"

#include <stdio.h>

#include "policy/signers.h"
#include "tests/lib/check.h"
#include "tests/policy/keygen.h"

static const char text[] = "policy: 1\nskill: review\n";

static struct policy_bytes
bytes_of(const char *string)
{
	return (struct policy_bytes){(const unsigned char *)string, strlen(string)};
}

/* Verifies dir/file.sig over message with the key in dir/name.pub. */
static enum err
verify(const char *dir, const char *file, const char *name, struct policy_bytes message,
    struct fault *fault)
{
	char signature_name[64];
	SCOPED_FREE char *line = keygen_signer(dir, name, "someone", "");
	SCOPED_FREE char *armored = NULL;
	struct policy_signers signers = {0};
	struct policy_sshsig signature;
	const struct policy_signer *signer;
	struct fault rest_fault;
	struct policy_bytes rest;
	enum err r;

	snprintf(signature_name, sizeof(signature_name), "%s.sig", file);
	armored = keygen_read(dir, signature_name);
	rest = bytes_of(armored);
	r = policy_signers_parse(line, strlen(line), "signers", &signers, fault);
	if (r != ERR_OK)
		return r;
	assert_true(policy_sshsig_next(&rest, &signature, fault));
	signer = policy_signers_find(&signers, signature.key, 1, fault);
	r = signer == NULL ? fault->code
			   : policy_sshsig_verify(&signature, &signer->key, message, fault);
	assert_false(policy_sshsig_next(&rest, &signature, &rest_fault));
	policy_signers_done(&signers);
	return r;
}

static int
setup(void **state)
{
	char *dir = check_tempdir();

	check_write(dir, "p.yaml", text, strlen(text));
	*state = dir;
	return 0;
}

static int
teardown(void **state)
{
	char *dir = *state;

	check_tempdir_remove(&dir);
	return 0;
}

static void
every_kind_of_key_and_hash_of_the_real_ssh_keygen_verifies(void **state)
{
	static const struct {
		const char *name;
		const char *options[5];
	} kinds[] = {
	    {"ed25519", {"-t", "ed25519"}},
	    {"p256", {"-t", "ecdsa", "-b", "256"}},
	    {"p384", {"-t", "ecdsa", "-b", "384"}},
	    {"p521", {"-t", "ecdsa", "-b", "521"}},
	    {"rsa", {"-t", "rsa", "-b", "2048"}},
	    {"rsa3", {"-t", "rsa", "-b", "3072"}},
	};
	static const char *const hashes[] = {NULL, "sha256", "sha512"};
	const char *dir = *state;
	struct fault fault;

	if (!keygen_is_there())
		CHECK_SKIP("ssh-keygen is not there");
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		keygen_make(dir, kinds[i].name, kinds[i].options);
		for (unsigned k = 0; k < ARRAY_SIZE(hashes); k++) {
			keygen_sign(dir, kinds[i].name, "p.yaml", POLICY_NAMESPACE, hashes[k]);
			assert_int_equal(
			    verify(dir, "p.yaml", kinds[i].name, bytes_of(text), &fault), ERR_OK);
			assert_int_equal(
			    verify(dir, "p.yaml", kinds[i].name, bytes_of("other"), &fault),
			    ERR_POLICY);
			assert_non_null(strstr(fault.message, "no signature of these bytes"));
		}
	}
}

static void
a_signature_for_another_namespace_or_by_another_key_is_none(void **state)
{
	static const char *const ed25519[] = {"-t", "ed25519", NULL};
	const char *dir = *state;
	struct fault fault;

	if (!keygen_is_there())
		CHECK_SKIP("ssh-keygen is not there");
	keygen_make(dir, "a", ed25519);
	keygen_make(dir, "b", ed25519);
	keygen_sign(dir, "a", "p.yaml", "git", NULL);
	assert_int_equal(verify(dir, "p.yaml", "a", bytes_of(text), &fault), ERR_POLICY);
	assert_non_null(strstr(fault.message, "namespace \"git\", not for praxa-policy"));
	keygen_sign(dir, "a", "p.yaml", POLICY_NAMESPACE, NULL);
	assert_int_equal(verify(dir, "p.yaml", "b", bytes_of(text), &fault), ERR_POLICY);
	assert_non_null(strstr(fault.message, "not among the allowed signers"));
	assert_int_equal(verify(dir, "p.yaml", "a", bytes_of(text), &fault), ERR_OK);
}

static void
weak_and_unknown_keys_are_refused_with_words(void **state)
{
	static const struct {
		const char *name;
		const char *options[5];
		const char *words;
	} kinds[] = {
	    {"rsa1024", {"-t", "rsa", "-b", "1024"}, "RSA key of 1024 bits"},
	    {"dsa", {"-t", "dsa"}, "type \"ssh-dss\" is not accepted"},
	};
	const char *dir = *state;
	struct fault fault;

	if (!keygen_is_there())
		CHECK_SKIP("ssh-keygen is not there");
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		keygen_make(dir, kinds[i].name, kinds[i].options);
		keygen_sign(dir, kinds[i].name, "p.yaml", POLICY_NAMESPACE, NULL);
		assert_int_equal(
		    verify(dir, "p.yaml", kinds[i].name, bytes_of(text), &fault), ERR_POLICY);
		assert_non_null(strstr(fault.message, kinds[i].words));
	}
}

static void
a_file_holds_several_signatures_one_after_the_other(void **state)
{
	static const char *const ed25519[] = {"-t", "ed25519", NULL};
	const char *dir = *state;
	SCOPED_FREE char *first = NULL, *second = NULL, *both = NULL;
	struct policy_sshsig signature;
	struct policy_bytes rest;
	struct fault fault;

	if (!keygen_is_there())
		CHECK_SKIP("ssh-keygen is not there");
	keygen_make(dir, "a", ed25519);
	keygen_make(dir, "b", ed25519);
	keygen_sign(dir, "a", "p.yaml", POLICY_NAMESPACE, NULL);
	first = keygen_read(dir, "p.yaml.sig");
	keygen_sign(dir, "b", "p.yaml", POLICY_NAMESPACE, NULL);
	second = keygen_read(dir, "p.yaml.sig");
	assert_true(asprintf(&both, "%s\n\r\n%s\n", first, second) > 0);
	rest = bytes_of(both);
	assert_true(policy_sshsig_next(&rest, &signature, &fault));
	assert_true(policy_sshsig_next(&rest, &signature, &fault));
	assert_false(policy_sshsig_next(&rest, &signature, &fault));
	assert_int_equal(fault.code, ERR_OK);
}

static void
what_is_no_signature_is_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
	    {"hello\n", "that is no signature"},
	    {"-----BEGIN SSH SIGNATURE-----", "does not end with"},
	    {"-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n", "does not end with"},
	    {"-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n", "malformed or cut"},
	    {"-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n",
		"malformed or cut"},
	    {"-----BEGIN SSH SIGNATURE-----\n!!!!\n-----END SSH SIGNATURE-----\n",
		"malformed or cut"},
	};
	struct policy_sshsig signature;
	struct fault fault;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		struct policy_bytes rest = bytes_of(bad[i].text);

		assert_false(policy_sshsig_next(&rest, &signature, &fault));
		assert_int_equal(fault.code, ERR_POLICY);
		assert_non_null(strstr(fault.message, bad[i].words));
	}
}

static void
a_blob_longer_than_any_key_needs_is_refused(void **state)
{
	enum { LINE = 76, LINES = 1000 };
	SCOPED_FREE char *long_text = malloc(LINES * LINE + 128);
	struct policy_sshsig signature;
	struct policy_bytes rest;
	struct fault fault;
	size_t n;

	(void)state;
	assert_non_null(long_text);
	n = (size_t)snprintf(long_text, 64, "-----BEGIN SSH SIGNATURE-----\n");
	for (int i = 0; i < LINES; i++) {
		memset(long_text + n, 'A', LINE);
		n += LINE;
		long_text[n - 1] = '\n';
	}
	snprintf(long_text + n, 64, "-----END SSH SIGNATURE-----\n");
	rest = bytes_of(long_text);
	assert_false(policy_sshsig_next(&rest, &signature, &fault));
	assert_int_equal(fault.code, ERR_POLICY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		every_kind_of_key_and_hash_of_the_real_ssh_keygen_verifies, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_signature_for_another_namespace_or_by_another_key_is_none, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		weak_and_unknown_keys_are_refused_with_words, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_file_holds_several_signatures_one_after_the_other, setup, teardown),
	    cmocka_unit_test(what_is_no_signature_is_refused),
	    cmocka_unit_test(a_blob_longer_than_any_key_needs_is_refused),
	};

	return cmocka_run_group_tests_name("policy-sshsig", tests, NULL, NULL);
}

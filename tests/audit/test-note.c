#include <fcntl.h>
#include <stdio.h>

#include "audit/checkpoint.h"
#include "audit/merkle.h"
#include "common/io.h"
#include "common/text.h"
#include "tests/audit/tessera.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

/* C2SP signed-note.md. */
static const char example_key[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char example_note[] =
    "This is an example message.\n\n"
    "\xe2\x80\x94 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXs"
    "YjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

/* Tessera, testdata/log. */
static const struct {
	uint64_t size;
	const char *root, *signature;
} log_heads[] = {
    {0, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
	"M9e0lhxJACzE1KoUdqKuPa+9p6R7dSW8BlEvrg/"
	"noo8FkGg6PbJoRNOcdjqjOq89wVvTA60eubCc4oufo5BvIVEgtQc="},
    {1, "0Nc2CrefWKseHj/mStd+LqC8B+NrX0btIiPt2SmN+ek=",
	"M9e0lhr9kuLxGdAtaUrhm84TQffVsLdcy808sN0a3WyniNlfcr9+"
	"bywoiIke1YYciCNjJGkCgIlQ8b16jhsmg/SChAM="},
    {7, "IrSXADBqJ7EQoUODSDKROySgNveeL6CFhik2w/+fS7U=",
	"M9e0luA5JhTRUki/BBQD0QNiH6AEJ2pdtsA5CQjqJErViuuKrN6513RCTL2640wXJv0dCed3neRGI6dMzBq9uANf2"
	"Qc="},
    {15, "rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=",
	"M9e0luh4jTG+UMBqOUo9/q+yAEvx1ilBEniMvjf1zfcBOhg+CKubMt53MvIt/"
	"uEWP6zdkdIQzd/fmwlM/dlPWF74ewI="},
};

static void
the_published_note_is_valid_and_no_other(void **state)
{
	struct note_key key;
	char note[sizeof(example_note)], text[NOTE_VKEY_MAX];
	size_t length = 0;

	(void)state;
	assert_int_equal(note_key_parse(example_key, &key, NULL), ERR_OK);
	assert_true(note_key_text(text, &key));
	assert_string_equal(text, example_key);
	assert_int_equal(
	    note_verify(&key, example_note, sizeof(example_note) - 1, &length), NOTE_VALID);
	assert_int_equal(length, strlen("This is an example message.\n"));
	for (size_t i = 0; i < sizeof(example_note) - 1; i++) {
		memcpy(note, example_note, sizeof(note));
		note[i] = (char)(note[i] ^ 1);
		assert_int_not_equal(
		    note_verify(&key, note, sizeof(note) - 1, &length), NOTE_VALID);
	}
	for (size_t i = 0; i < sizeof(example_note) - 1; i++)
		assert_int_not_equal(note_verify(&key, example_note, i, &length), NOTE_VALID);
}

static void
checkpoints_are_byte_for_byte_those_of_tessera(void **state)
{
	struct note_signer *signer = tessera_signer();

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(log_heads); i++) {
		char note[CHECKPOINT_MAX], want[CHECKPOINT_MAX];
		size_t length = tessera_checkpoint(signer, log_heads[i].size, note);

		snprintf(want, sizeof(want), "%s\n%llu\n%s\n\n\xe2\x80\x94 %s %s\n", tessera_name,
		    (unsigned long long)log_heads[i].size, log_heads[i].root, tessera_name,
		    log_heads[i].signature);
		assert_int_equal(length, strlen(want));
		assert_memory_equal(note, want, length);
	}
	note_signer_free(&signer);
}

static void
all_checkpoints_of_the_shared_log_are_reproduced(void **state)
{
	struct note_signer *signer = tessera_signer();
	const char *shared = getenv("PRAXA_SHARED");

	(void)state;
	for (uint64_t size = 0; size <= TESSERA_LEAVES; size++) {
		char path[512], note[CHECKPOINT_MAX], *want = NULL;
		size_t length = 0;

		snprintf(path, sizeof(path), "%s/vectors/tlog/checkpoint.%llu",
		    shared != NULL ? shared : "", (unsigned long long)size);
		if (io_read_file(AT_FDCWD, path, 4096, &want, &length) < 0) {
			note_signer_free(&signer);
			CHECK_SKIP("no vectors in $PRAXA_SHARED/vectors/tlog");
		}
		assert_int_equal(tessera_checkpoint(signer, size, note), length);
		assert_memory_equal(note, want, length);
		free(want);
	}
	note_signer_free(&signer);
}

/* Where a test's note has its signature lines. */
static enum note_result
verify_text(const struct note_key *key, const char *note)
{
	size_t length;

	return note_verify(key, note, strlen(note), &length);
}

static void
signatures_of_others_are_ignored(void **state)
{
	struct note_key key;
	char note[4096];
	const char *body = "This is an example message.\n\n";
	const char *line = example_note + strlen(body);

	(void)state;
	assert_int_equal(note_key_parse(example_key, &key, NULL), ERR_OK);
	/* Another name; our name with another id; a line as long as ML-DSA-44's. */
	snprintf(note, sizeof(note),
	    "%s\xe2\x80\x94 example.org/bar AAAAAAAA\n\xe2\x80\x94 example.com/foo AAAAAAAA\n"
	    "\xe2\x80\x94 x %02400d\n%s",
	    body, 0, line);
	assert_int_equal(verify_text(&key, note), NOTE_VALID);
	snprintf(note, sizeof(note), "%s\xe2\x80\x94 example.org/bar AAAAAAAA\n", body);
	assert_int_equal(verify_text(&key, note), NOTE_UNKNOWN_KEY);
	assert_int_equal(verify_text(&key, "text\n"), NOTE_UNSIGNED);
	assert_int_equal(verify_text(&key, "text\n\n"), NOTE_UNSIGNED);
	assert_int_equal(verify_text(&key, "text\n\nno dash\n"), NOTE_MALFORMED);
	assert_int_equal(verify_text(&key, "te\txt\n\n"), NOTE_MALFORMED);
	assert_int_equal(verify_text(&key, "te\xffxt\n\n"), NOTE_MALFORMED);
	assert_int_equal(verify_text(&key, ""), NOTE_MALFORMED);
	/* A signature of ours that fails spoils the note, though a good one stands beside it. */
	snprintf(note, sizeof(note), "%s%s%s", body, line, line);
	note[strlen(body) + 40] = note[strlen(body) + 40] == 'A' ? 'B' : 'A';
	assert_int_equal(verify_text(&key, note), NOTE_FORGED);
}

static void
keys_that_are_not_keys_are_refused(void **state)
{
	static const char *const bad[] = {"", "+", "a+b", "example.com/foo",
	    "example.com/foo+530d903a",
	    "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "example.com foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\nx",
	    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2kAAAA"};
	struct note_key key;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(note_key_parse(bad[i], &key, NULL), ERR_PROTOCOL);
}

static void
a_private_key_comes_back_from_its_text(void **state)
{
	uint8_t seed[NOTE_SEED_BYTES] = {1, 2, 3};
	struct note_signer *signer = NULL, *again = NULL;
	char text[512], vkey[NOTE_VKEY_MAX], vkey_again[NOTE_VKEY_MAX];

	(void)state;
	assert_true(note_private_text(text, sizeof(text), "praxa/ws_a", seed) > 0);
	assert_int_equal(note_private_text(text, 20, "praxa/ws_a", seed), 0);
	assert_int_equal(note_signer_new("praxa/ws_a", seed, &signer, NULL), ERR_OK);
	assert_true(note_private_text(text, sizeof(text), "praxa/ws_a", seed) > 0);
	assert_int_equal(note_signer_parse(text, &again, NULL), ERR_OK);
	assert_true(note_key_text(vkey, note_signer_key(signer)));
	assert_true(note_key_text(vkey_again, note_signer_key(again)));
	assert_string_equal(vkey, vkey_again);
	note_signer_free(&signer);
	note_signer_free(&again);
	assert_int_equal(note_signer_new("a b", seed, &signer, NULL), ERR_PROTOCOL);
	assert_int_equal(note_signer_parse("PRIVATE+KEY+x", &signer, NULL), ERR_PROTOCOL);
}

static void
checkpoints_have_one_spelling(void **state)
{
	static const char *const bad[] = {"o\n01\n", "o\n\n", "o\n1", "o\n-1\n", "o\n1x\n",
	    "p\n1\n", "o\n99999999999999999999\n", "o"};
	const char *root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
	struct checkpoint head;
	char text[256];

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), "%s%s", bad[i], root);
		assert_false(checkpoint_parse(text, strlen(text), "o", &head));
	}
	snprintf(text, sizeof(text), "o\n18446744073709551615\n%sextension\n", root);
	assert_true(checkpoint_parse(text, strlen(text), "o", &head));
	assert_int_equal(head.size, UINT64_MAX);
	for (size_t i = 0; i < strlen("o\n18446744073709551615\n") + strlen(root); i++)
		assert_false(checkpoint_parse(text, i, "o", &head));
	snprintf(text, sizeof(text), "o\n1\n%s\nx\n", root);
	assert_false(checkpoint_parse(text, strlen(text), "o", &head));
}

static bool
sign_or_notice(void *context)
{
	uint8_t seed[NOTE_SEED_BYTES] = {9};
	struct note_signer *signer = NULL;
	char note[CHECKPOINT_MAX];

	(void)context;
	if (note_signer_new("praxa/ws_a", seed, &signer, NULL) != ERR_OK)
		return true;
	(void)!checkpoint_sign(note, signer, &(struct checkpoint){.size = 3});
	note_signer_free(&signer);
	return true;
}

static void
running_out_of_memory_is_noticed(void **state)
{
	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, sign_or_notice, NULL) >= 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_published_note_is_valid_and_no_other),
	    cmocka_unit_test(checkpoints_are_byte_for_byte_those_of_tessera),
	    cmocka_unit_test(all_checkpoints_of_the_shared_log_are_reproduced),
	    cmocka_unit_test(signatures_of_others_are_ignored),
	    cmocka_unit_test(keys_that_are_not_keys_are_refused),
	    cmocka_unit_test(a_private_key_comes_back_from_its_text),
	    cmocka_unit_test(checkpoints_have_one_spelling),
	    cmocka_unit_test(running_out_of_memory_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

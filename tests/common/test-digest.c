#include "common/digest.h"

#include "common/text.h"
#include "tests/lib/check.h"

/* FIPS 180-4 examples and the NIST CAVS short messages. */
static const struct {
	const char *message, *hex;
} vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmno"
     "pqrsmnopqrstnopqrstu",
	"cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

static void
digests_follow_fips_180_4(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct digest digest = digest_of(vectors[i].message, strlen(vectors[i].message));
		char hex[2 * DIGEST_BYTES + 1];

		text_hex(hex, digest.bytes, DIGEST_BYTES);
		assert_string_equal(hex, vectors[i].hex);
	}
}

static void
a_million_letters_in_uneven_pieces(void **state)
{
	struct digest_state *running = digest_begin();
	struct digest digest;
	char piece[997], hex[2 * DIGEST_BYTES + 1];

	(void)state;
	memset(piece, 'a', sizeof(piece));
	for (size_t left = 1000000; left > 0;) {
		size_t n = left < sizeof(piece) ? left : sizeof(piece);

		digest_add(running, piece, n);
		left -= n;
	}
	digest = digest_end(&running);
	assert_null(running);
	text_hex(hex, digest.bytes, DIGEST_BYTES);
	assert_string_equal(
	    hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void
text_and_digest_are_inverse(void **state)
{
	struct digest digest = digest_of("abc", 3), back;
	char text[DIGEST_TEXT_MAX];

	(void)state;
	digest_text(text, &digest);
	assert_memory_equal(text, "sha256:ba7816bf", 15);
	assert_int_equal(strlen(text), DIGEST_TEXT_MAX - 1);
	assert_true(digest_parse(text, &back));
	assert_true(digest_equal(&digest, &back));
	back.bytes[31] ^= 1;
	assert_false(digest_equal(&digest, &back));
}

static void
only_the_canonical_spelling_is_a_digest(void **state)
{
	static const char *const bad[] = {"", "sha256:", "sha512:00",
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
	    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015add",
	    "sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	    "SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ag",
	    "sha256: a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"};
	struct digest digest;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(digest_parse(bad[i], &digest));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(digests_follow_fips_180_4),
	    cmocka_unit_test(a_million_letters_in_uneven_pieces),
	    cmocka_unit_test(text_and_digest_are_inverse),
	    cmocka_unit_test(only_the_canonical_spelling_is_a_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

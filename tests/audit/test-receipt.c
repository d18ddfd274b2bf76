#include "audit/receipt.h"

#include <stdio.h>

#include "audit/proof.h"
#include "tests/audit/tessera.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

/* The receipt of an entry of the log as it was at size. */
static void
make(struct buffer *to, uint64_t index, uint64_t size)
{
	struct note_signer *signer = tessera_signer();
	static struct proof proof;
	struct digest hashes[MERKLE_LEVELS];
	char note[CHECKPOINT_MAX];
	size_t length = tessera_checkpoint(signer, size, note);
	unsigned count;
	bool whole;

	*to = (struct buffer){.limit = RECEIPT_MAX};
	assert_true(proof_inclusion(&proof, index, size));
	for (uint64_t i = 0; i < size; i++) {
		struct digest leaf = tessera_leaf(i);

		proof_add(&proof, &leaf);
	}
	count = proof_hashes(&proof, hashes, &whole);
	assert_true(receipt_write(to, index, hashes, count, note, length));
	note_signer_free(&signer);
}

static enum err
verify(const void *text, size_t length, const char *entry, struct receipt *ret)
{
	struct note_signer *signer = tessera_signer();
	struct fault fault = {0};
	enum err r = receipt_verify(
	    note_signer_key(signer), text, length, entry, strlen(entry), ret, &fault);

	note_signer_free(&signer);
	return r;
}

/* The proof lines are those of the log, computed by another program. */
static void
a_receipt_is_what_the_specification_shows(void **state)
{
	static const char want[] = "c2sp.org/tlog-proof@v1\n"
				   "index 14\n"
				   "GiUtVP0XhIaZ/fl7ReMLgw+9YUtjFAt8kaTdfOe2u/I=\n"
				   "3cFRCtyHVxAUTugFyRgo30efbl+BVxdTQDIGg5H61SA=\n"
				   "bC+VwvrJbalNVjfkdI8kUgs7mJoXrqiXCE7bgnD28pY=\n"
				   "\n"
				   "example.com/log/testdata\n15\n";
	struct buffer receipt;
	struct receipt proven;

	(void)state;
	make(&receipt, 14, 15);
	assert_true(receipt.length > sizeof(want));
	assert_memory_equal(receipt.data, want, sizeof(want) - 1);
	assert_int_equal(verify(receipt.data, receipt.length, "fivten", &proven), ERR_OK);
	assert_int_equal(proven.index, 14);
	assert_int_equal(proven.size, 15);
	buffer_done(&receipt);
}

static void
no_other_record_and_no_other_byte_is_proven(void **state)
{
	struct buffer receipt;
	struct receipt proven;

	(void)state;
	make(&receipt, 4, 11);
	assert_int_equal(verify(receipt.data, receipt.length, "five", &proven), ERR_OK);
	assert_int_equal(verify(receipt.data, receipt.length, "four", &proven), ERR_PROTOCOL);
	assert_int_equal(verify(receipt.data, receipt.length, "", &proven), ERR_PROTOCOL);
	for (size_t i = 0; i < receipt.length; i++) {
		receipt.data[i] ^= 1;
		assert_int_equal(
		    verify(receipt.data, receipt.length, "five", &proven), ERR_PROTOCOL);
		receipt.data[i] ^= 1;
		assert_int_equal(verify(receipt.data, i, "five", &proven), ERR_PROTOCOL);
	}
	buffer_done(&receipt);
}

static void
extra_is_allowed_and_proves_nothing(void **state)
{
	static const char head[] = "c2sp.org/tlog-proof@v1\n";
	struct buffer receipt, with = {.limit = 2 * RECEIPT_MAX};
	struct receipt proven;

	(void)state;
	make(&receipt, 0, 1);
	assert_true(buffer_add(&with, head, strlen(head)) &&
		    buffer_add(&with, "extra AAAA\n", 11) &&
		    buffer_add(&with, receipt.data + strlen(head), receipt.length - strlen(head)));
	assert_int_equal(verify(with.data, with.length, "one", &proven), ERR_OK);
	while (with.length <= RECEIPT_MAX)
		assert_true(buffer_add(&with, "\n", 1));
	assert_int_equal(verify(with.data, with.length, "one", &proven), ERR_PROTOCOL);
	buffer_done(&receipt);
	buffer_done(&with);
}

static bool
writes_or_notices(void *context)
{
	const struct digest *hash = context;
	struct buffer to = {.limit = RECEIPT_MAX};
	bool done = receipt_write(&to, 3, hash, 1, "note\n", 5);

	done = !done || (to.length > 50 && to.data[to.length - 1] == '\n');
	buffer_done(&to);
	return done;
}

static void
memory_that_ends_is_noticed(void **state)
{
	struct digest hash = {0};

	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, writes_or_notices, &hash) >= 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_receipt_is_what_the_specification_shows),
	    cmocka_unit_test(no_other_record_and_no_other_byte_is_proven),
	    cmocka_unit_test(extra_is_allowed_and_proves_nothing),
	    cmocka_unit_test(memory_that_ends_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

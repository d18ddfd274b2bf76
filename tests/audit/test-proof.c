#include "audit/proof.h"

#include "tests/lib/check.h"

enum { SIZES = 70 };

static struct digest
leaf_of(uint64_t index)
{
	return merkle_leaf(&index, sizeof(index));
}

static struct digest
root_of(uint64_t size)
{
	struct merkle_range range = {0};

	for (uint64_t i = 0; i < size; i++) {
		struct digest leaf = leaf_of(i);

		merkle_append(&range, &leaf);
	}
	return merkle_root(&range);
}

/* What the proof is after the first size entries passed by. */
static unsigned
fill(struct proof *proof, uint64_t size, struct digest hashes[MERKLE_LEVELS])
{
	unsigned count;
	bool whole;

	for (uint64_t i = 0; i < size; i++) {
		struct digest leaf = leaf_of(i);

		proof_add(proof, &leaf);
	}
	count = proof_hashes(proof, hashes, &whole);
	assert_true(whole);
	return count;
}

static void
every_entry_of_every_small_tree_is_included(void **state)
{
	static struct proof proof;
	struct digest hashes[MERKLE_LEVELS];

	(void)state;
	for (uint64_t size = 1; size <= SIZES; size++) {
		struct digest root = root_of(size);

		for (uint64_t index = 0; index < size; index++) {
			struct digest leaf = leaf_of(index), other = leaf_of(index + 1);
			unsigned count;

			assert_true(proof_inclusion(&proof, index, size));
			count = fill(&proof, size, hashes);
			assert_true(merkle_includes(index, size, &leaf, hashes, count, &root));
			assert_false(merkle_includes(index, size, &other, hashes, count, &root));
		}
		assert_false(proof_inclusion(&proof, size, size));
	}
}

static void
every_small_tree_is_a_prefix_of_every_larger_one(void **state)
{
	static struct proof proof;
	struct digest hashes[MERKLE_LEVELS];

	(void)state;
	for (uint64_t size2 = 0; size2 <= SIZES; size2++) {
		struct digest root2 = root_of(size2);

		for (uint64_t size1 = 0; size1 <= size2; size1++) {
			struct digest root1 = root_of(size1);
			unsigned count;

			assert_true(proof_consistency(&proof, size1, size2));
			count = fill(&proof, size2, hashes);
			assert_true(
			    merkle_is_consistent(size1, &root1, size2, &root2, hashes, count));
		}
		assert_false(proof_consistency(&proof, size2 + 1, size2));
	}
}

static void
a_proof_says_when_leaves_are_missing(void **state)
{
	static struct proof proof;
	struct digest hashes[MERKLE_LEVELS], leaf = leaf_of(0);
	bool whole;

	(void)state;
	assert_true(proof_inclusion(&proof, 1, 4));
	proof_add(&proof, &leaf);
	assert_int_equal(proof_hashes(&proof, hashes, &whole), 2);
	assert_false(whole);
}

static void
the_largest_trees_have_proofs(void **state)
{
	static struct proof proof;

	(void)state;
	assert_true(proof_inclusion(&proof, 0, UINT64_MAX));
	assert_int_equal(proof.count, 64);
	assert_true(proof_inclusion(&proof, UINT64_MAX - 1, UINT64_MAX));
	assert_true(proof_consistency(&proof, UINT64_MAX - 1, UINT64_MAX));
	assert_true(proof_consistency(&proof, 1, UINT64_MAX));
	assert_true(proof.count <= MERKLE_LEVELS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_entry_of_every_small_tree_is_included),
	    cmocka_unit_test(every_small_tree_is_a_prefix_of_every_larger_one),
	    cmocka_unit_test(a_proof_says_when_leaves_are_missing),
	    cmocka_unit_test(the_largest_trees_have_proofs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

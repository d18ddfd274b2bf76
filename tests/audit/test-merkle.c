#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "audit/merkle.h"
#include "common/io.h"
#include "common/json.h"
#include "common/text.h"
#include "tests/lib/check.h"

static struct digest
unhex(const char *text)
{
	struct digest digest;

	assert_true(text_unhex(text, digest.bytes, DIGEST_BYTES));
	return digest;
}

static void
assert_digest(const struct digest *digest, const char *hex)
{
	char text[65];

	text_hex(text, digest->bytes, DIGEST_BYTES);
	assert_string_equal(text, hex);
}

static struct merkle_range
range_of(const char *const *leaves, const size_t *lengths, size_t count)
{
	struct merkle_range range = {0};

	for (size_t i = 0; i < count; i++) {
		struct digest leaf = merkle_leaf(leaves[i], lengths[i]);

		merkle_append(&range, &leaf);
	}
	return range;
}

/* transparency-dev/merkle, testonly/constants.go: leaf inputs and roots by size. */
static void
roots_are_those_of_rfc_6962(void **state)
{
	static const char *const leaves[] = {"", "\x00", "\x10", "\x20\x21", "\x30\x31",
	    "\x40\x41\x42\x43", "\x50\x51\x52\x53\x54\x55\x56\x57",
	    "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
	static const size_t lengths[] = {0, 1, 1, 2, 2, 4, 8, 16};
	static const char *const roots[] = {
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

	(void)state;
	for (size_t size = 0; size <= 8; size++) {
		struct merkle_range range = range_of(leaves, lengths, size);
		struct digest root = merkle_root(&range);

		assert_digest(&root, roots[size]);
	}
}

/* transparency-dev/merkle, rfc6962/rfc6962_test.go. */
static void
leaves_and_nodes_are_told_apart(void **state)
{
	struct digest leaf = merkle_leaf("L123456", 7);
	uint8_t text[9] = "\x01N123N456", large[70000] = {0};
	struct digest node = digest_of(text, sizeof(text)), again;
	struct digest left = merkle_leaf("", 0), right = leaf;

	(void)state;
	assert_digest(&leaf, "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
	assert_digest(&node, "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb");
	node = merkle_node(&left, &right);
	again = merkle_chain(&left, &right);
	assert_false(digest_equal(&node, &again));
	/* A long entry takes another way to the same hash. */
	leaf = merkle_leaf(large + 1, 65535);
	again = digest_of(large, 65536);
	assert_true(digest_equal(&leaf, &again));
}

/* Ours: c_i = SHA-256(0x02 || c_(i-1) || leaf_i), checked with an independent script. */
static void
the_chain_starts_at_zero(void **state)
{
	struct digest chain = {{0}}, leaf;

	(void)state;
	leaf = merkle_leaf("one", 3);
	chain = merkle_chain(&chain, &leaf);
	assert_digest(&chain, "0948c4c9c6247936445e3413685a3ba8ea3102d6daab30e142ea0980d4cabb5b");
	leaf = merkle_leaf("two", 3);
	chain = merkle_chain(&chain, &leaf);
	assert_digest(&chain, "46268605480af3dd71e09567724c6278d43003e6ad5b159edda9c90f9172dbe6");
}

/* transparency-dev/merkle, testonly: consistency 6 to 8 and inclusion 5 of 8. */
static void
single_proofs_hold_and_break(void **state)
{
	struct digest root6 =
	    unhex("76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef");
	struct digest root8 =
	    unhex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
	struct digest consistency[] = {
	    unhex("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"),
	    unhex("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
	    unhex("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")};
	struct digest inclusion[] = {
	    unhex("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"),
	    consistency[1], consistency[2]};
	struct digest leaf = merkle_leaf("\x40\x41\x42\x43", 4);

	(void)state;
	assert_true(merkle_is_consistent(6, &root6, 8, &root8, consistency, 3));
	assert_true(merkle_includes(5, 8, &leaf, inclusion, 3, &root8));
	assert_false(merkle_includes(4, 8, &leaf, inclusion, 3, &root8));
	assert_false(merkle_includes(8, 8, &leaf, inclusion, 3, &root8));
	assert_false(merkle_includes(0, 0, &leaf, NULL, 0, &root8));
	assert_false(merkle_is_consistent(8, &root8, 6, &root6, consistency, 3));
	assert_false(merkle_is_consistent(6, &root6, 8, &root8, consistency, 2));
	assert_true(merkle_is_consistent(0, &root6, 8, &root8, NULL, 0));
	assert_false(merkle_is_consistent(0, &root6, 8, &root8, consistency, 1));
	consistency[0].bytes[7] ^= 1;
	inclusion[2].bytes[31] ^= 1;
	assert_false(merkle_is_consistent(6, &root6, 8, &root8, consistency, 3));
	assert_false(merkle_includes(5, 8, &leaf, inclusion, 3, &root8));
}

enum { PROOF_MAX = 130 };

/* False: no hash. Where only equality matters, what stands in for it is equal when the texts are.
 */
static bool
member_digest(const struct value *value, struct digest *ret)
{
	assert_true(value != NULL && value->type == VALUE_STRING);
	if (text_unbase64(value->string, value->length, ret->bytes, DIGEST_BYTES) == DIGEST_BYTES)
		return true;
	*ret = merkle_leaf(value->string, value->length);
	return false;
}

static uint64_t
member_number(const struct value *map, const char *name)
{
	const struct value *value = value_get(map, name);

	assert_non_null(value);
	return (uint64_t)value->integer;
}

/* A vector's proof, and the two hashes that every kind compares. */
struct sample {
	const struct value *v;
	struct digest proof[PROOF_MAX], first, second;
	size_t count;
};

static bool
inclusion_holds(const struct sample *s)
{
	return merkle_includes(member_number(s->v, "leafIdx"), member_number(s->v, "treeSize"),
	    &s->first, s->proof, s->count, &s->second);
}

static bool
consistency_holds(const struct sample *s)
{
	return merkle_is_consistent(member_number(s->v, "size1"), &s->first,
	    member_number(s->v, "size2"), &s->second, s->proof, s->count);
}

static bool
subtree_inclusion_holds(const struct sample *s)
{
	return merkle_subtree_includes(member_number(s->v, "leafIdx"), member_number(s->v, "start"),
	    member_number(s->v, "end"), &s->first, s->proof, s->count, &s->second);
}

static bool
subtree_consistency_holds(const struct sample *s)
{
	return merkle_subtree_is_consistent(member_number(s->v, "start"),
	    member_number(s->v, "end"), member_number(s->v, "size"), &s->first, &s->second,
	    s->proof, s->count);
}

/* exceptions: from size 0 the library errors and C2SP (tlog-witness) wants an empty proof: C2SP. */
static const struct kind {
	const char *name;
	unsigned files, exceptions;
	const char *first, *second;
	bool (*holds)(const struct sample *sample);
} kinds[] = {
    {"inclusion", 98, 0, "leafHash", "root", inclusion_holds},
    {"consistency", 98, 3, "root1", "root2", consistency_holds},
    {"subtreeinclusion", 204, 0, "leafHash", "root", subtree_inclusion_holds},
    {"subtreeconsistency", 118, 0, "root1", "root2", subtree_consistency_holds},
};

static bool
vector_holds(const struct value *v, const struct kind *kind)
{
	const struct value *proof = value_get(v, "proof");
	struct sample sample = {.v = v};
	bool sound;

	sample.count = proof->type == VALUE_ARRAY ? proof->length : 0;
	assert_true(sample.count <= PROOF_MAX);
	for (size_t i = 0; i < sample.count; i++)
		(void)member_digest(&proof->items[i], &sample.proof[i]);
	sound = member_digest(value_get(v, kind->first), &sample.first);
	sound = member_digest(value_get(v, kind->second), &sample.second) && sound;
	return (sound || strcmp(kind->first, "root1") == 0) && kind->holds(&sample);
}

/* Our JSON has 64-bit signed numbers; a few vectors are above. Their bits are kept. */
static void
unwrap_number(char *text)
{
	char *at = text;

	while ((at = strpbrk(at, "0123456789")) != NULL) {
		size_t length = strspn(at, "0123456789");
		unsigned long long number = length > 18 ? strtoull(at, NULL, 10) : 0;

		if (number > INT64_MAX) {
			/* A sign may make it longer: the space in front makes room. */
			char digits[32];
			size_t n = (size_t)snprintf(
			    digits, sizeof(digits), "%*lld", (int)length, (long long)number);

			assert_true(n == length || (n == length + 1 && at[-1] == ' '));
			memcpy(at + length - n, digits, n);
		}
		at += length;
	}
}

static void
check_vector(int dir, const char *name, const struct kind *kind, unsigned *exceptions)
{
	struct fault fault = {0};
	struct arena arena;
	struct value v;
	char *text = NULL;
	size_t length = 0;
	bool wanted;

	arena_init(&arena, 1024 * 1024);
	assert_int_equal(io_read_file(dir, name, 65536, &text, &length), 0);
	unwrap_number(text);
	assert_int_equal(json_parse(text, length, &arena, &v, &fault), ERR_OK);
	wanted = !value_get(&v, "wantErr")->boolean;
	if (vector_holds(&v, kind) != wanted) {
		if (kind->exceptions == 0 || member_number(&v, "size1") != 0)
			fail_msg("%s/%s is judged otherwise", kind->name, name);
		++*exceptions;
	}
	arena_clear(&arena);
	free(text);
}

/* Every .json beneath dir; the count. */
static unsigned
check_tree(int dir, const struct kind *kind, unsigned *exceptions)
{
	DIR *list = fdopendir(dir);
	const struct dirent *entry;
	unsigned count = 0;

	assert_non_null(list);
	while ((entry = readdir(list)) != NULL) {
		const char *suffix = strrchr(entry->d_name, '.');
		int inner;

		if (entry->d_name[0] == '.')
			continue;
		if (suffix != NULL && strcmp(suffix, ".json") == 0) {
			check_vector(dirfd(list), entry->d_name, kind, exceptions);
			count++;
			continue;
		}
		inner = openat(dirfd(list), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
		if (inner >= 0)
			count += check_tree(inner, kind, exceptions);
	}
	closedir(list);
	return count;
}

static void
published_proofs_are_judged_as_published(void **state)
{
	const char *shared = getenv("PRAXA_SHARED");

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		unsigned exceptions = 0;
		char path[512];
		int dir;

		snprintf(path, sizeof(path), "%s/vectors/merkle/%s", shared != NULL ? shared : "",
		    kinds[i].name);
		dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			CHECK_SKIP("no vectors in $PRAXA_SHARED/vectors/merkle");
		assert_int_equal(check_tree(dir, &kinds[i], &exceptions), kinds[i].files);
		assert_int_equal(exceptions, kinds[i].exceptions);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(roots_are_those_of_rfc_6962),
	    cmocka_unit_test(leaves_and_nodes_are_told_apart),
	    cmocka_unit_test(the_chain_starts_at_zero),
	    cmocka_unit_test(single_proofs_hold_and_break),
	    cmocka_unit_test(published_proofs_are_judged_as_published),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

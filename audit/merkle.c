#include "audit/merkle.h"

enum { ENTRY_INLINE_MAX = 4096 };

static struct digest
prefixed(uint8_t prefix, const struct digest *left, const struct digest *right)
{
	uint8_t text[1 + 2 * DIGEST_BYTES];

	text[0] = prefix;
	memcpy(text + 1, left->bytes, DIGEST_BYTES);
	memcpy(text + 1 + DIGEST_BYTES, right->bytes, DIGEST_BYTES);
	return digest_of(text, sizeof(text));
}

struct digest
merkle_leaf(const void *entry, size_t length)
{
	uint8_t text[1 + ENTRY_INLINE_MAX] = {0};
	struct digest_state *state;

	if (length <= ENTRY_INLINE_MAX) {
		if (length > 0)
			memcpy(text + 1, entry, length);
		return digest_of(text, 1 + length);
	}
	state = digest_begin();
	if (state == NULL)
		abort(); /* a wrong hash must not exist, and there is no right one */
	digest_add(state, text, 1);
	digest_add(state, entry, length);
	return digest_end(&state);
}

struct digest
merkle_node(const struct digest *left, const struct digest *right)
{
	return prefixed(0x01, left, right);
}

struct digest
merkle_chain(const struct digest *previous, const struct digest *leaf)
{
	return prefixed(0x02, previous, leaf);
}

void
merkle_append(struct merkle_range *range, const struct digest *leaf)
{
	struct digest node = *leaf;

	/* Each trailing one bit of the size is a complete subtree of the new leaf's height. */
	for (uint64_t bits = range->size; (bits & 1) != 0; bits >>= 1)
		node = merkle_node(&range->nodes[--range->depth], &node);
	range->nodes[range->depth++] = node;
	range->size++;
}

struct digest
merkle_root(const struct merkle_range *range)
{
	struct digest root;

	if (range->depth == 0)
		return digest_of("", 0);
	root = range->nodes[range->depth - 1];
	for (unsigned i = range->depth - 1; i > 0; i--)
		root = merkle_node(&range->nodes[i - 1], &root);
	return root;
}

bool
merkle_includes(uint64_t index, uint64_t size, const struct digest *leaf,
    const struct digest *proof, size_t count, const struct digest *root)
{
	uint64_t fn = index, sn = size - 1;
	struct digest node = *leaf;

	if (index >= size)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			node = merkle_node(&proof[i], &node);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			node = merkle_node(&node, &proof[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && digest_equal(&node, root);
}

/* The general case: 0 < size1 < size2. */
static bool
consistent(uint64_t size1, const struct digest *root1, uint64_t size2, const struct digest *root2,
    const struct digest *proof, size_t count)
{
	bool complete = (size1 & (size1 - 1)) == 0;
	uint64_t fn = size1 - 1, sn = size2 - 1;
	struct digest fr, sr;
	size_t i = complete ? 0 : 1;

	if (count == 0)
		return false;
	/* A complete first tree is a node of the second, so its root starts the proof. */
	fr = sr = complete ? *root1 : proof[0];
	while ((fn & 1) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	for (; i < count; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			fr = merkle_node(&proof[i], &fr);
			sr = merkle_node(&proof[i], &sr);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			sr = merkle_node(&sr, &proof[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && digest_equal(&fr, root1) && digest_equal(&sr, root2);
}

bool
merkle_is_consistent(uint64_t size1, const struct digest *root1, uint64_t size2,
    const struct digest *root2, const struct digest *proof, size_t count)
{
	if (size1 > size2)
		return false;
	if (size1 == size2)
		return count == 0 && digest_equal(root1, root2);
	if (size1 == 0)
		return count == 0;
	return consistent(size1, root1, size2, root2, proof, count);
}

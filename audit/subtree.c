/* Proofs about a subtree: entries [start, end) whose hash is a node of every larger tree, or of the
 * right edge of the tree of size end. */
#include "audit/merkle.h"

/* start must be a multiple of the power of two that holds the subtree. */
static bool
is_subtree(uint64_t start, uint64_t end)
{
	uint64_t width = 1;

	if (start >= end)
		return false;
	while (width < end - start && width <= UINT64_MAX / 2)
		width *= 2;
	return width >= end - start && start % width == 0;
}

bool
merkle_subtree_includes(uint64_t index, uint64_t start, uint64_t end, const struct digest *leaf,
    const struct digest *proof, size_t count, const struct digest *root)
{
	return is_subtree(start, end) && index >= start &&
	       merkle_includes(index - start, end - start, leaf, proof, count, root);
}

/* Positions at one level: of the subtree's first and last entry, and of the tree's last. */
struct edge {
	uint64_t first, last, tree;
};

static void
climb(struct edge *at)
{
	at->first >>= 1;
	at->last >>= 1;
	at->tree >>= 1;
}

static bool
consistent(struct edge at, const struct digest *node, const struct digest *root,
    const struct digest *proof, size_t count)
{
	struct digest fr, sr;
	size_t i = 0;

	/* The proof starts at the largest complete subtree that ends where this one does. On the
	 * tree's right edge every level does. */
	if (at.last == at.tree)
		while (at.first != at.last)
			climb(&at);
	else
		while (at.first != at.last && (at.last & 1) != 0)
			climb(&at);
	if (at.first != at.last && count == 0)
		return false;
	fr = sr = at.first == at.last ? *node : proof[i++];
	for (; i < count; i++) {
		if (at.tree == 0)
			return false;
		if ((at.last & 1) != 0 || at.last == at.tree) {
			if (at.first < at.last)
				fr = merkle_node(&proof[i], &fr);
			sr = merkle_node(&proof[i], &sr);
			while ((at.last & 1) == 0 && at.last != 0)
				climb(&at);
		} else {
			sr = merkle_node(&sr, &proof[i]);
		}
		climb(&at);
	}
	return at.tree == 0 && digest_equal(&fr, node) && digest_equal(&sr, root);
}

bool
merkle_subtree_is_consistent(uint64_t start, uint64_t end, uint64_t size, const struct digest *node,
    const struct digest *root, const struct digest *proof, size_t count)
{
	static const struct merkle_range empty;
	struct digest nothing = merkle_root(&empty);

	if (end > size)
		return false;
	if (start == end)
		return count == 0 && digest_equal(node, &nothing);
	return is_subtree(start, end) &&
	       consistent((struct edge){start, end - 1, size - 1}, node, root, proof, count);
}

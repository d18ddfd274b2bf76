#include "audit/proof.h"

/* The largest power of two below width, which is above 1. */
static uint64_t
split(uint64_t width)
{
	uint64_t k = 1;

	while (k < width - k)
		k *= 2;
	return k;
}

/* Parts come from the root down, and a proof is read from the leaf up: numbered at the end. */
static void
add_part(struct proof *proof, uint64_t start, uint64_t end)
{
	struct proof_part *part = &proof->parts[proof->count];

	*part = (struct proof_part){.start = start, .end = end, .place = proof->count++};
}

static int
compare_parts(const void *a, const void *b)
{
	const struct proof_part *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void
settle(struct proof *proof)
{
	for (unsigned i = 0; i < proof->count; i++)
		proof->parts[i].place = proof->count - 1 - i;
	qsort(proof->parts, proof->count, sizeof(*proof->parts), compare_parts);
}

/* RFC 9162 section 2.1.3.1. */
bool
proof_inclusion(struct proof *proof, uint64_t index, uint64_t size)
{
	uint64_t start = 0, end = size;

	*proof = (struct proof){0};
	if (index >= size)
		return false;
	while (end - start > 1) {
		uint64_t middle = start + split(end - start);

		if (index < middle) {
			add_part(proof, middle, end);
			end = middle;
		} else {
			add_part(proof, start, middle);
			start = middle;
		}
	}
	settle(proof);
	return true;
}

/* RFC 9162 section 2.1.4.1, with its recursion unrolled: size1 is the border that is looked for,
 * and the verifier knows the old tree's own root. */
bool
proof_consistency(struct proof *proof, uint64_t size1, uint64_t size2)
{
	uint64_t start = 0, end = size2;

	*proof = (struct proof){0};
	if (size1 > size2)
		return false;
	if (size1 == 0 || size1 == size2)
		return true;
	while (end != size1) {
		uint64_t middle = start + split(end - start);

		if (size1 <= middle) {
			add_part(proof, middle, end);
			end = middle;
		} else {
			add_part(proof, start, middle);
			start = middle;
		}
	}
	if (start > 0)
		add_part(proof, start, end);
	settle(proof);
	return true;
}

void
proof_add(struct proof *proof, const struct digest *leaf)
{
	uint64_t index = proof->next++;

	while (proof->at < proof->count && index >= proof->parts[proof->at].end)
		proof->at++;
	if (proof->at < proof->count && index >= proof->parts[proof->at].start)
		merkle_append(&proof->parts[proof->at].range, leaf);
}

unsigned
proof_hashes(const struct proof *proof, struct digest to[MERKLE_LEVELS], bool *ret_whole)
{
	*ret_whole = true;
	for (unsigned i = 0; i < proof->count; i++) {
		const struct proof_part *part = &proof->parts[i];

		to[part->place] = merkle_root(&part->range);
		if (part->range.size != part->end - part->start)
			*ret_whole = false;
	}
	return proof->count;
}

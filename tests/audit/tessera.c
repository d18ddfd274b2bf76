#include "tests/audit/tessera.h"

#include "audit/merkle.h"
#include "common/text.h"
#include "tests/lib/check.h"

const char tessera_name[] = "example.com/log/testdata";
const char *const tessera_leaves[TESSERA_LEAVES] = {"one", "two", "three", "four", "five", "six",
    "seven", "eit", "nain", "ten", "ileven", "twelf", "threeten", "fourten", "fivten"};

struct note_signer *
tessera_signer(void)
{
	static const char text[] =
	    "eca663f499017d2365c27c7a7679158d43cfec1330bdb259290afbd0d21777a0";
	struct note_signer *signer = NULL;
	uint8_t seed[NOTE_SEED_BYTES];

	assert_true(text_unhex(text, seed, sizeof(seed)));
	assert_int_equal(note_signer_new(tessera_name, seed, &signer, NULL), ERR_OK);
	return signer;
}

struct digest
tessera_leaf(uint64_t index)
{
	return merkle_leaf(tessera_leaves[index], strlen(tessera_leaves[index]));
}

size_t
tessera_checkpoint(const struct note_signer *signer, uint64_t size, char note[CHECKPOINT_MAX])
{
	struct merkle_range range = {0};

	for (uint64_t i = 0; i < size; i++) {
		struct digest leaf = tessera_leaf(i);

		merkle_append(&range, &leaf);
	}
	return checkpoint_sign(note, signer, &(struct checkpoint){size, merkle_root(&range)});
}

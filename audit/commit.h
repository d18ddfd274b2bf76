/* commit.h - the body of a COMMIT frame: u64 size before it, the chain's head, the signed
 * checkpoint exactly as C2SP writes it. */
#ifndef AUDIT_COMMIT_H
#define AUDIT_COMMIT_H

#include <assert.h>

#include "audit/bytes.h"
#include "audit/checkpoint.h"
#include "audit/frame.h"

enum {
	COMMIT_NOTE_AT = 8 + DIGEST_BYTES,
	COMMIT_MAX = COMMIT_NOTE_AT + CHECKPOINT_MAX,
};

static_assert(FRAME_HEAD + COMMIT_MAX <= AUDIT_SECTOR, "a commit lies in one sector");

struct commit {
	uint64_t previous_size;
	struct digest chain;
	const char *note; /* borrowed, not terminated */
	size_t note_length;
};

static inline bool
commit_parse(const unsigned char *body, size_t length, struct commit *ret)
{
	if (length <= COMMIT_NOTE_AT || length > COMMIT_MAX)
		return false;
	ret->previous_size = get_u64(body);
	memcpy(ret->chain.bytes, body + 8, DIGEST_BYTES);
	ret->note = (const char *)body + COMMIT_NOTE_AT;
	ret->note_length = length - COMMIT_NOTE_AT;
	return true;
}

#endif

#include "audit/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/text.h"

enum { ROOT_BASE64 = 44 };

size_t
checkpoint_sign(
    char to[CHECKPOINT_MAX], const struct note_signer *signer, const struct checkpoint *head)
{
	SCOPED_FREE char *root = text_base64(head->root.bytes, DIGEST_BYTES);
	int n;

	if (root == NULL)
		return 0;
	n = snprintf(to, CHECKPOINT_MAX, "%s\n%" PRIu64 "\n%s\n", note_signer_key(signer)->name,
	    head->size, root);
	if (n < 0 || n >= CHECKPOINT_MAX)
		return 0;
	return note_sign(signer, to, (size_t)n, CHECKPOINT_MAX);
}

bool
checkpoint_parse(const char *text, size_t length, const char *origin, struct checkpoint *ret)
{
	const char *at = text, *end = text + length, *newline;
	size_t name = strlen(origin);
	struct checkpoint head;

	if (length <= name || memcmp(text, origin, name) != 0 || text[name] != '\n')
		return false;
	at += name + 1;
	newline = memchr(at, '\n', (size_t)(end - at));
	if (newline == NULL || !text_decimal(at, (size_t)(newline - at), &head.size))
		return false;
	at = newline + 1;
	if ((size_t)(end - at) <= ROOT_BASE64 || at[ROOT_BASE64] != '\n' ||
	    text_unbase64(at, ROOT_BASE64, head.root.bytes, DIGEST_BYTES) != DIGEST_BYTES)
		return false;
	for (at += ROOT_BASE64 + 1; at < end;) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (newline == NULL || newline == at)
			return false;
		at = newline + 1;
	}
	*ret = head;
	return true;
}

enum note_result
checkpoint_verify(
    const struct note_key *key, const void *note, size_t length, struct checkpoint *ret)
{
	size_t text = 0;
	enum note_result r = note_verify(key, note, length, &text);

	if (r == NOTE_VALID && !checkpoint_parse(note, text, key->name, ret))
		return NOTE_MALFORMED;
	return r;
}

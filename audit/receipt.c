#include "audit/receipt.h"

#include <stdio.h>

#include "common/text.h"

#define RECEIPT_HEAD "c2sp.org/tlog-proof@v1\n"
#define EXTRA "extra "
#define INDEX "index "

static bool
add_hash(struct buffer *to, const struct digest *hash)
{
	SCOPED_FREE char *text = text_base64(hash->bytes, sizeof(hash->bytes));

	return text != NULL && buffer_add(to, text, strlen(text)) && buffer_add(to, "\n", 1);
}

bool
receipt_write(struct buffer *to, uint64_t index, const struct digest *hashes, unsigned count,
    const char *note, size_t note_length)
{
	char head[64];
	int length =
	    snprintf(head, sizeof(head), RECEIPT_HEAD INDEX "%llu\n", (unsigned long long)index);

	if (!buffer_add(to, head, (size_t)length))
		return false;
	for (unsigned i = 0; i < count; i++)
		if (!add_hash(to, &hashes[i]))
			return false;
	return buffer_add(to, "\n", 1) && buffer_add(to, note, note_length);
}

/* Text that is read line by line. */
struct lines {
	const char *at, *end;
};

/* The next line without its newline; false: there is none that ends. */
static bool
take_line(struct lines *lines, const char **ret, size_t *ret_length)
{
	size_t left = (size_t)(lines->end - lines->at);
	const char *newline = left > 0 ? memchr(lines->at, '\n', left) : NULL;

	if (newline == NULL)
		return false;
	*ret = lines->at;
	*ret_length = (size_t)(newline - lines->at);
	lines->at = newline + 1;
	return true;
}

static bool
has_prefix(const char *line, size_t length, const char *prefix)
{
	return length > strlen(prefix) && memcmp(line, prefix, strlen(prefix)) == 0;
}

/* Everything above the checkpoint. NULL on success, or what is wrong. */
static const char *
parse(struct lines *lines, uint64_t *ret_index, struct digest hashes[MERKLE_LEVELS],
    size_t *ret_count)
{
	const char *line;
	size_t length, count = 0;

	if (!take_line(lines, &line, &length) || length + 1 != strlen(RECEIPT_HEAD) ||
	    memcmp(line, RECEIPT_HEAD, length) != 0)
		return "the first line is not c2sp.org/tlog-proof@v1";
	if (!take_line(lines, &line, &length))
		return "it ends before its index";
	/* Nobody signs what stands in extra, so nothing is read from it. */
	if (has_prefix(line, length, EXTRA) && !take_line(lines, &line, &length))
		return "it ends before its index";
	if (!has_prefix(line, length, INDEX) ||
	    !text_decimal(line + strlen(INDEX), length - strlen(INDEX), ret_index))
		return "it has no index";
	for (;;) {
		if (!take_line(lines, &line, &length))
			return "it ends before its checkpoint";
		if (length == 0)
			break;
		if (count == MERKLE_LEVELS)
			return "it has more hashes than any tree has levels";
		if (text_unbase64(line, length, hashes[count++].bytes, DIGEST_BYTES) !=
		    DIGEST_BYTES)
			return "a line is no hash";
	}
	*ret_count = count;
	return NULL;
}

enum err
receipt_verify(const struct note_key *key, const char *text, size_t length, const void *entry,
    size_t entry_length, struct receipt *ret, struct fault *fault)
{
	static const char *const results[] = {
	    [NOTE_MALFORMED] = "it holds no checkpoint of this log",
	    [NOTE_UNSIGNED] = "its checkpoint is not signed",
	    [NOTE_UNKNOWN_KEY] = "its checkpoint is signed by another key",
	    [NOTE_FORGED] = "the signature of its checkpoint does not fit",
	};
	struct digest hashes[MERKLE_LEVELS], leaf = merkle_leaf(entry, entry_length);
	struct lines lines = {text, text + length};
	struct checkpoint head;
	enum note_result signed_by;
	uint64_t index = 0;
	size_t count = 0;
	const char *why = length <= RECEIPT_MAX ? parse(&lines, &index, hashes, &count)
						: "it is larger than any receipt";

	if (why != NULL)
		return fault_set(fault, ERR_PROTOCOL, "not a receipt: %s", why);
	signed_by = checkpoint_verify(key, lines.at, (size_t)(lines.end - lines.at), &head);
	if (signed_by != NOTE_VALID)
		return fault_set(
		    fault, ERR_PROTOCOL, "the receipt proves nothing: %s", results[signed_by]);
	if (!merkle_includes(index, head.size, &leaf, hashes, count, &head.root))
		return fault_set(fault, ERR_PROTOCOL,
		    "the receipt is not for this record: the log has another at index %llu",
		    (unsigned long long)index);
	*ret = (struct receipt){.index = index, .size = head.size, .root = head.root};
	return ERR_OK;
}

#include "audit/anchor.h"

#include <errno.h>

#include "audit/frame.h"

enum { HOT_SLOTS = 2, SYNCED_SLOT = HOT_SLOTS, SLOTS, FILE_BYTES = SLOTS * AUDIT_BLOCK };

static bool
read_slot(const char *data, ssize_t length, unsigned slot, const struct note_key *key,
    struct checkpoint *ret)
{
	const char *text = data + (size_t)slot * AUDIT_BLOCK;

	return length == FILE_BYTES &&
	       checkpoint_verify(key, text, strnlen(text, CHECKPOINT_MAX), ret) == NOTE_VALID;
}

enum anchor_state
anchor_read(const struct audit_files *files, const struct note_key *key, struct checkpoint *ret)
{
	SCOPED_FREE char *data = NULL;
	ssize_t length = audit_files_read(files, ANCHOR_NAME, FILE_BYTES, &data);
	enum anchor_state state = ANCHOR_UNREADABLE;

	if (length == -ENOENT)
		return ANCHOR_NONE;
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		struct checkpoint head;

		if (!read_slot(data, length, slot, key, &head))
			continue;
		if (state == ANCHOR_UNREADABLE || head.size > ret->size)
			*ret = head;
		state = ANCHOR_READ;
	}
	return state;
}

int
anchor_create(const struct audit_files *files, const char *note, size_t length)
{
	char data[FILE_BYTES] = {0};

	if (length >= CHECKPOINT_MAX)
		return -EINVAL;
	for (unsigned slot = 0; slot < SLOTS; slot++)
		memcpy(data + (size_t)slot * AUDIT_BLOCK, note, length);
	return audit_files_replace(files, ANCHOR_NAME, data, sizeof(data));
}

int
anchor_open(const struct audit_files *files, const struct note_key *key,
    const struct checkpoint *newest, struct anchor *ret)
{
	SCOPED_FREE char *data = NULL;
	ssize_t length = audit_files_read(files, ANCHOR_NAME, FILE_BYTES, &data);
	struct checkpoint head;
	int handle;

	if (length < 0)
		return (int)length;
	handle = files->ops->open(files->state, ANCHOR_NAME, AUDIT_FILE_WRITE);
	if (handle < 0)
		return handle;
	*ret = (struct anchor){.files = files, .handle = handle};
	/* The newest stays until the other slot holds a newer one. */
	if (read_slot(data, length, 0, key, &head) && head.size == newest->size)
		ret->slot = 1;
	return 0;
}

static int
write_slot(struct anchor *anchor, unsigned slot)
{
	const struct audit_files *files = anchor->files;

	return files->ops->write(files->state, anchor->handle, anchor->note, sizeof(anchor->note),
	    (uint64_t)slot * AUDIT_BLOCK);
}

int
anchor_write(struct anchor *anchor, const char *note, size_t length)
{
	int r;

	if (length >= CHECKPOINT_MAX)
		return -EINVAL;
	memset(anchor->note, 0, sizeof(anchor->note));
	memcpy(anchor->note, note, length);
	r = write_slot(anchor, anchor->slot);
	if (r == 0)
		anchor->slot ^= 1;
	return r;
}

int
anchor_sync(struct anchor *anchor)
{
	const struct audit_files *files = anchor->files;
	int r = files->ops->sync(files->state, anchor->handle);

	/* Only now, with the others durable, may this slot be in doubt for a moment. */
	if (r < 0 || anchor->note[0] == '\0')
		return r;
	r = write_slot(anchor, SYNCED_SLOT);
	return r == 0 ? files->ops->sync(files->state, anchor->handle) : r;
}

void
anchor_close(struct anchor *anchor)
{
	if (anchor->files != NULL)
		anchor->files->ops->close(anchor->files->state, anchor->handle);
	*anchor = (struct anchor){0};
}

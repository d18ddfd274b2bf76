#include "audit/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "audit/keys.h"
#include "audit/proof.h"
#include "audit/reader.h"
#include "audit/receipt.h"
#include "audit/tiles.h"
#include "common/io.h"

enum { PROGRESS_RECORDS = 4096 };

/* Files that are written beneath a folder. */
struct sink {
	int dir_fd;
	uint64_t files;
	int error; /* of the first that failed, as errno has it */
};

/* Makes the folders of path. */
static int
make_folders(int dir_fd, const char *path)
{
	char folder[TILE_PATH_MAX];

	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		if (mkdirat(dir_fd, folder, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static bool
put_file(void *context, const char *path, const void *data, size_t length)
{
	struct sink *sink = context;
	SCOPED_FD fd = -1;
	int r = make_folders(sink->dir_fd, path);

	if (r == 0) {
		fd = openat(
		    sink->dir_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		r = fd < 0 ? -errno : io_write_full(fd, data, length);
	}
	sink->error = -r;
	sink->files += r == 0;
	return r == 0;
}

static enum err
cannot_write(const struct sink *sink, struct fault *fault)
{
	return fault_set(fault, ERR_LIMIT, "a file of the archive cannot be written: %s",
	    sink->error != 0 ? strerror(sink->error) : "out of memory");
}

static enum err
write_tiles(struct audit_reader *reader, struct tiles *tiles, const struct sink *sink,
    audit_archive_progress *progress, void *context, struct fault *fault)
{
	struct audit_scan_record record;
	enum audit_scan_state state;

	while ((state = audit_reader_next(reader, &record)) == SCAN_RECORD) {
		if (!tiles_add(tiles, record.leaf, record.leaf_length, &record.leaf_hash))
			return cannot_write(sink, fault);
		if (progress != NULL && tiles->size % PROGRESS_RECORDS == 0)
			progress(context, tiles->size);
	}
	/* The rest is checked too; a log that has grown meanwhile is sound as far as it was read.
	 */
	if (state == SCAN_FAULT || audit_reader_finish(reader) == SCAN_FAULT)
		return audit_reader_fault(reader, fault);
	if (tiles->size == 0)
		return fault_set(fault, ERR_NOT_FOUND, "the log is empty");
	return tiles_finish(tiles) ? ERR_OK : cannot_write(sink, fault);
}

static bool
write_heads(const struct audit_reader *reader, struct sink *sink)
{
	char vkey[NOTE_VKEY_MAX], policy[NOTE_VKEY_MAX + 32];
	size_t length;
	const char *note = audit_reader_note(reader, &length);

	if (!note_key_text(vkey, audit_reader_key(reader)))
		return false;
	snprintf(policy, sizeof(policy), "log %s\nquorum none\n", vkey);
	if (!put_file(sink, "policy", policy, strlen(policy)) || syncfs(sink->dir_fd) < 0)
		return false;
	return put_file(sink, "checkpoint", note, length);
}

enum err
audit_archive_write(const char *log_dir, const char *vkey_path, int to_fd,
    audit_archive_progress *progress, void *context, struct audit_archive *ret, struct fault *fault)
{
	struct tiles *tiles = malloc(sizeof(*tiles));
	struct sink sink = {.dir_fd = to_fd};
	struct audit_reader *reader = NULL;
	enum err r;

	if (tiles == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	tiles_init(tiles, put_file, &sink);
	r = audit_reader_open(log_dir, vkey_path, &reader, fault);
	if (r == ERR_OK)
		r = write_tiles(reader, tiles, &sink, progress, context, fault);
	if (r == ERR_OK && !write_heads(reader, &sink))
		r = cannot_write(&sink, fault);
	*ret = (struct audit_archive){.records = tiles->size, .files = sink.files};
	audit_reader_close(&reader);
	tiles_done(tiles);
	free(tiles);
	return r;
}

/* What the first reading finds out. */
struct found {
	bool any;
	uint64_t index, size;
	char note[CHECKPOINT_MAX];
	size_t note_length;
};

static enum err
find(struct audit_reader *reader, const char *id, struct found *found, struct buffer *entry,
    struct fault *fault)
{
	struct audit_scan_record record;
	enum audit_scan_state state;
	const char *note;

	while ((state = audit_reader_next(reader, &record)) == SCAN_RECORD) {
		found->size = record.record.index + 1;
		if (found->any || strcmp(record.record.id, id) != 0)
			continue;
		found->any = true;
		found->index = record.record.index;
		if (!buffer_add(entry, record.leaf, record.leaf_length))
			return fault_set(fault, ERR_INTERNAL, "out of memory");
	}
	if (state == SCAN_FAULT || audit_reader_finish(reader) == SCAN_FAULT)
		return audit_reader_fault(reader, fault);
	if (!found->any)
		return fault_set(fault, ERR_NOT_FOUND, "the log has no record %s", id);
	note = audit_reader_note(reader, &found->note_length);
	memcpy(found->note, note, found->note_length);
	return ERR_OK;
}

/* Reads as far as the checkpoint reaches; the log may have grown. */
static enum err
prove(struct audit_reader *reader, const struct found *found, struct proof *proof,
    struct buffer *receipt, struct fault *fault)
{
	struct digest hashes[MERKLE_LEVELS];
	struct audit_scan_record record;
	unsigned count;
	bool whole;

	if (!proof_inclusion(proof, found->index, found->size))
		return fault_set(fault, ERR_INTERNAL, "no such proof");
	for (uint64_t i = 0; i < found->size; i++) {
		if (audit_reader_next(reader, &record) != SCAN_RECORD)
			return audit_reader_fault(reader, fault);
		proof_add(proof, &record.leaf_hash);
	}
	count = proof_hashes(proof, hashes, &whole);
	if (!whole ||
	    !receipt_write(receipt, found->index, hashes, count, found->note, found->note_length))
		return fault_set(fault, ERR_INTERNAL, "the receipt cannot be made");
	return ERR_OK;
}

enum err
audit_archive_receipt(const char *log_dir, const char *vkey_path, const char *id,
    struct buffer *receipt, struct buffer *entry, struct fault *fault)
{
	struct proof *proof = malloc(sizeof(*proof));
	struct audit_reader *reader = NULL;
	struct found found = {0};
	enum err r;

	if (proof == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	receipt->limit = RECEIPT_MAX;
	entry->limit = FRAME_BODY_MAX;
	r = audit_reader_open(log_dir, vkey_path, &reader, fault);
	if (r == ERR_OK)
		r = find(reader, id, &found, entry, fault);
	audit_reader_close(&reader);
	if (r == ERR_OK)
		r = audit_reader_open(log_dir, vkey_path, &reader, fault);
	if (r == ERR_OK)
		r = prove(reader, &found, proof, receipt, fault);
	audit_reader_close(&reader);
	free(proof);
	return r;
}

static enum err
read_file(const char *path, size_t max, char **ret, size_t *ret_length, struct fault *fault)
{
	int r = io_read_file(AT_FDCWD, path, max, ret, ret_length);

	return r < 0 ? fault_set(fault, ERR_NOT_FOUND, "%s cannot be read: %s", path, strerror(-r))
		     : ERR_OK;
}

enum err
audit_archive_check(const char *receipt_path, const char *entry_path, const char *vkey_path,
    struct audit_archive_proven *ret, struct fault *fault)
{
	SCOPED_FREE char *text = NULL, *entry = NULL, *vkey = NULL;
	size_t text_length = 0, entry_length = 0, vkey_length = 0;
	struct audit_record record;
	struct receipt proven;
	struct note_key key;
	enum err r = read_file(receipt_path, RECEIPT_MAX, &text, &text_length, fault);

	if (r == ERR_OK)
		r = read_file(entry_path, FRAME_BODY_MAX, &entry, &entry_length, fault);
	if (r == ERR_OK)
		r = read_file(vkey_path, AUDIT_KEY_FILE_MAX, &vkey, &vkey_length, fault);
	if (r == ERR_OK)
		r = note_key_parse(vkey, &key, fault);
	if (r == ERR_OK)
		r = receipt_verify(&key, text, text_length, entry, entry_length, &proven, fault);
	if (r != ERR_OK)
		return r;
	*ret = (struct audit_archive_proven){
	    .index = proven.index, .size = proven.size, .root = proven.root};
	if (record_parse((const unsigned char *)entry, entry_length, &record) == NULL)
		memcpy(ret->event, record.id, sizeof(ret->event));
	return ERR_OK;
}

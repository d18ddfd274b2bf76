#include "audit/reader.h"

#include <fcntl.h>
#include <inttypes.h>
#include <time.h>

#include "audit/keys.h"
#include "common/io.h"

enum { TORN_TRIES = 40, TORN_PAUSE_NS = 5 * 1000 * 1000 };

struct audit_reader {
	struct audit_files files;
	struct note_key key;
	struct audit_scan *scan;
};

static enum err
read_key(struct audit_reader *reader, const char *vkey_path, struct fault *fault)
{
	SCOPED_FREE char *text = NULL;
	size_t length = 0;
	int r;

	if (vkey_path == NULL)
		return audit_key_read(&reader->files, "log.vkey", &reader->key, fault);
	r = io_read_file(AT_FDCWD, vkey_path, AUDIT_KEY_FILE_MAX, &text, &length);
	if (r < 0)
		return fault_set(fault, ERR_NOT_FOUND, "the public key %s cannot be read: %s",
		    vkey_path, strerror(-r));
	if (strlen(text) != length)
		return fault_set(fault, ERR_PROTOCOL, "%s is not a public key", vkey_path);
	return note_key_parse(text, &reader->key, fault);
}

enum err
audit_reader_open(
    const char *log_dir, const char *vkey_path, struct audit_reader **ret, struct fault *fault)
{
	return audit_reader_resume(log_dir, vkey_path, NULL, ret, fault);
}

enum err
audit_reader_resume(const char *log_dir, const char *vkey_path, struct audit_scan_start *start,
    struct audit_reader **ret, struct fault *fault)
{
	struct audit_reader *reader = calloc(1, sizeof(*reader));
	enum err r = ERR_OK;
	int opened;

	if (reader == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	opened = audit_files_open(log_dir, &reader->files);
	if (opened < 0)
		r = fault_set(fault, ERR_NOT_FOUND, "the log %s cannot be opened: %s", log_dir,
		    strerror(-opened));
	if (r == ERR_OK)
		r = read_key(reader, vkey_path, fault);
	if (r == ERR_OK && start == NULL)
		r = audit_scan_new(&reader->files, &reader->key, &reader->scan, fault);
	else if (r == ERR_OK)
		r = audit_scan_resume(&reader->files, &reader->key, start, &reader->scan, fault);
	if (r != ERR_OK) {
		audit_reader_close(&reader);
		return r;
	}
	*ret = reader;
	return ERR_OK;
}

void
audit_reader_close(struct audit_reader **reader)
{
	struct audit_reader *gone = *reader;

	*reader = NULL;
	if (gone == NULL)
		return;
	audit_scan_free(&gone->scan);
	audit_files_close(&gone->files);
	free(gone);
}

/* Waits a moment for a group that may be on its way. False: it is not. */
static bool
wait_for_group(struct audit_reader *reader, int *tries)
{
	const struct timespec pause = {0, TORN_PAUSE_NS};

	if (*tries == TORN_TRIES || !audit_scan_retry(reader->scan))
		return false;
	++*tries;
	nanosleep(&pause, NULL);
	return true;
}

enum audit_scan_state
audit_reader_next(struct audit_reader *reader, struct audit_scan_record *ret)
{
	enum audit_scan_state state;
	int tries = 0;

	do {
		/* The last try stays torn: the verdict is the caller's to read. */
		state = audit_scan_next(reader->scan, ret);
	} while (state == SCAN_FAULT && wait_for_group(reader, &tries));
	return state;
}

enum audit_scan_state
audit_reader_finish(struct audit_reader *reader)
{
	enum audit_scan_state state;
	int tries = 0;

	do {
		state = audit_scan_finish(reader->scan);
	} while (state == SCAN_FAULT && wait_for_group(reader, &tries));
	return state;
}

bool
audit_reader_retry(struct audit_reader *reader)
{
	return audit_scan_retry(reader->scan);
}

const struct audit_verdict *
audit_reader_verdict(const struct audit_reader *reader)
{
	return audit_scan_verdict(reader->scan);
}

const char *
audit_reader_note(const struct audit_reader *reader, size_t *ret_length)
{
	return audit_scan_note(reader->scan, ret_length);
}

const struct audit_scan *
audit_reader_scan(const struct audit_reader *reader)
{
	return reader->scan;
}

const struct audit_files *
audit_reader_files(const struct audit_reader *reader)
{
	return &reader->files;
}

const struct note_key *
audit_reader_key(const struct audit_reader *reader)
{
	return &reader->key;
}

enum err
audit_reader_fault(const struct audit_reader *reader, struct fault *fault)
{
	const struct audit_verdict *v = audit_reader_verdict(reader);

	return fault_set(fault, ERR_AUDIT_UNAVAILABLE,
	    "the log is %s (%s at offset %" PRIu64 ", record %" PRIu64 "): %s",
	    audit_verdict_info(v->code)->name, v->place.segment, v->place.offset, v->place.index,
	    v->why);
}

static bool
is_wanted(const struct audit_record *record, const char *id)
{
	return strcmp(record->id, id) == 0 ||
	       (record->kind == EVENT_DECISION && strcmp(record->run, id) == 0);
}

/* A record that outlives the reader's window: its body is copied into arena. */
static bool
hold(struct audit_scan_record *to, const struct audit_scan_record *from, struct arena *arena)
{
	const struct record_body *body = &from->record.body;
	char *copy = arena_copy(arena, body->bytes, body->length);

	if (copy == NULL)
		return false;
	*to = *from;
	to->record.body.bytes = (const unsigned char *)copy;
	return true;
}

static enum err
find(struct audit_reader *reader, const char *id, struct arena *arena, struct value *ret,
    struct fault *fault)
{
	struct audit_scan_record record, found = {0};
	enum audit_scan_state state;
	bool any = false;

	while ((state = audit_reader_next(reader, &record)) == SCAN_RECORD) {
		if (!is_wanted(&record.record, id))
			continue;
		any = hold(&found, &record, arena);
		if (!any)
			return fault_set(
			    fault, ERR_LIMIT, "the record needs more memory than is allowed");
	}
	if (state == SCAN_FAULT)
		return audit_reader_fault(reader, fault);
	if (!any)
		return fault_set(fault, ERR_NOT_FOUND, "the log has no record %s", id);
	return export_value(&found, arena, ret, fault);
}

enum err
audit_find_event(const char *log_dir, const char *id, struct arena *arena, struct value *ret,
    struct fault *fault)
{
	struct audit_reader *reader = NULL;
	enum err r = audit_reader_open(log_dir, NULL, &reader, fault);

	if (r == ERR_OK)
		r = find(reader, id, arena, ret, fault);
	audit_reader_close(&reader);
	return r;
}

enum err
audit_show_event(
    FILE *out, const char *log_dir, const char *id, enum json_style style, struct fault *fault)
{
	struct arena arena;
	struct value value;
	enum err r;

	arena_init(&arena, EXPORT_ARENA_MAX);
	r = audit_find_event(log_dir, id, &arena, &value, fault);
	if (r == ERR_OK)
		r = export_json(out, &value, style, fault);
	arena_clear(&arena);
	return r;
}

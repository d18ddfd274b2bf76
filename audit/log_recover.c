#include "audit/log_recover.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum {
	LOSSES_MAX = GROUP_RECORDS_MAX - 1, /* they and log.opened are one group */
	TORN_FILES_MAX = 100,
};

static enum err
refuse(struct fault *fault, const char *what, int error)
{
	return fault_set(fault, ERR_AUDIT_UNAVAILABLE, "%s: %s", what, strerror(-error));
}

/* The largest size in any "origin\nsize\n" in bytes, signed or not. */
static uint64_t
signed_size(const unsigned char *bytes, size_t length, const char *origin)
{
	size_t name = strlen(origin);
	const unsigned char *at = bytes, *end = bytes + length;
	uint64_t largest = 0;

	while ((at = memmem(at, (size_t)(end - at), origin, name)) != NULL) {
		uint64_t size = 0;
		int digits = 0;

		at += name;
		if (at == end || *at != '\n')
			continue;
		for (at++; at < end && *at >= '0' && *at <= '9' && digits < 19; at++, digits++)
			size = size * 10 + (uint64_t)(*at - '0');
		if (digits > 0 && at < end && *at == '\n' && size > largest)
			largest = size;
	}
	return largest;
}

static void
note_signed(struct audit_log *log, const void *bytes, size_t length)
{
	uint64_t size = signed_size(bytes, length, log->origin);

	if (size > log->signed_size)
		log->signed_size = size;
}

/* Writes bytes to a fresh name and tells which. */
static int
keep(struct audit_log *log, const void *bytes, size_t length)
{
	const struct audit_files *files = log->options.files;
	struct log_loss *loss = &log->loss;
	int handle = -EEXIST, r;

	for (int i = 0; handle == -EEXIST && i < TORN_FILES_MAX; i++) {
		snprintf(loss->kept, sizeof(loss->kept), "%s.%" PRIu64 ".%d.torn", loss->segment,
		    loss->offset, i);
		handle = files->ops->open(files->state, loss->kept, AUDIT_FILE_CREATE);
	}
	if (handle < 0)
		return handle;
	r = files->ops->write(files->state, handle, bytes, length, 0);
	if (r == 0)
		r = files->ops->sync(files->state, handle);
	files->ops->close(files->state, handle);
	return r == 0 ? files->ops->sync_dir(files->state) : r;
}

/* Copies length torn bytes at the head away, then zeroes them, through the open segment. */
static int
clear(struct audit_log *log, int handle, unsigned char *bytes, size_t length)
{
	const struct audit_files *files = log->options.files;
	ssize_t n = files->ops->read(files->state, handle, bytes, length, log->head.used);
	int r;

	if (n < 0 || (size_t)n != length)
		return n < 0 ? (int)n : -EIO;
	log->loss.digest = digest_of(bytes, length);
	r = keep(log, bytes, length);
	memset(bytes, 0, length);
	if (r == 0)
		r = files->ops->write(files->state, handle, bytes, length, log->head.used);
	return r == 0 ? files->ops->sync(files->state, handle) : r;
}

static int
clear_tail(struct audit_log *log)
{
	const struct audit_files *files = log->options.files;
	const struct audit_head *head = &log->head;
	uint64_t left = head->segment.bytes - head->used;
	size_t length = left < GROUP_BYTES_MAX ? (size_t)left : GROUP_BYTES_MAX;
	SCOPED_FREE unsigned char *bytes = malloc(length);
	int handle, r;

	if (bytes == NULL)
		return -ENOMEM;
	log->loss = (struct log_loss){
	    .cause = "torn write", .offset = head->used, .bytes = length, .of = 1};
	segment_name(log->loss.segment, head->segment.first_index);
	handle = files->ops->open(files->state, log->loss.segment, AUDIT_FILE_WRITE);
	if (handle < 0)
		return handle;
	r = clear(log, handle, bytes, length);
	files->ops->close(files->state, handle);
	return r;
}

/* Looks for signed sizes in a whole file of at most one group. */
static int
look_at_torn(void *context, const char *name)
{
	struct audit_log *log = context;
	const char *suffix = strrchr(name, '.');
	SCOPED_FREE char *bytes = NULL;
	ssize_t length;

	if (suffix == NULL || strcmp(suffix, ".torn") != 0)
		return 0;
	length = audit_files_read(log->options.files, name, GROUP_BYTES_MAX, &bytes);
	if (length < 0)
		return (int)length;
	note_signed(log, bytes, (size_t)length);
	return 0;
}

struct before {
	uint64_t limit, largest;
	bool found;
};

static int
find_before(void *context, const char *name)
{
	struct before *before = context;
	uint64_t first;

	if (segment_name_parse(name, &first) && first < before->limit &&
	    (!before->found || first > before->largest)) {
		before->largest = first;
		before->found = true;
	}
	return 0;
}

/* A segment after a failure that holds no group yet: the failed group, whole perhaps, stands behind
 * the end of its predecessor. */
static int
look_at_abandoned(struct audit_log *log)
{
	const struct audit_files *files = log->options.files;
	const struct audit_head *head = &log->head;
	struct before before = {.limit = head->segment.first_index};
	SCOPED_FREE unsigned char *bytes = malloc(GROUP_BYTES_MAX);
	char name[SEGMENT_NAME_MAX];
	ssize_t n;
	int handle, r;

	if (bytes == NULL)
		return -ENOMEM;
	r = files->ops->list(files->state, find_before, &before);
	if (r < 0 || !before.found)
		return r;
	segment_name(name, before.largest);
	handle = files->ops->open(files->state, name, AUDIT_FILE_READ);
	if (handle < 0)
		return handle;
	n = files->ops->read(
	    files->state, handle, bytes, GROUP_BYTES_MAX, head->segment.predecessor_used);
	files->ops->close(files->state, handle);
	if (n < 0)
		return (int)n;
	note_signed(log, bytes, (size_t)n);
	return 0;
}

enum err
log_recover(struct audit_log *log, bool torn, struct fault *fault)
{
	const struct audit_files *files = log->options.files;
	const struct audit_head *head = &log->head;
	int r = torn ? clear_tail(log) : 0;

	if (r == 0)
		r = files->ops->list(files->state, look_at_torn, log);
	if (r == 0 && head->has_segment && head->used == AUDIT_BLOCK &&
	    (head->segment.flags & SEGMENT_AFTER_FAILURE) != 0)
		r = look_at_abandoned(log);
	if (r < 0)
		return refuse(fault, "the torn end of the log cannot be kept", r);
	if (log->signed_size > head->size) {
		if (log->loss.of == 0)
			log->loss = (struct log_loss){.cause = "failed write"};
		log->loss.of = log->signed_size - head->size;
	}
	if (log->loss.of > LOSSES_MAX)
		return fault_set(fault, ERR_AUDIT_UNAVAILABLE,
		    "a torn write claims a checkpoint of %" PRIu64 " records; the log has %" PRIu64,
		    log->signed_size, head->size);
	return ERR_OK;
}

enum err
log_append_losses(struct audit_log *log, struct fault *fault)
{
	enum err r = ERR_OK;

	for (uint64_t i = 1; r == ERR_OK && i <= log->loss.of; i++) {
		log->loss.place = i;
		r = log_append_recovered(log, &log->loss, fault);
	}
	return r;
}

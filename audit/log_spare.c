#include "audit/log_private.h"

#include <errno.h>

static const char spare_name[] = "spare.plog";
static const unsigned char zeros[GROUP_BYTES_MAX];

uint64_t
log_group_room(uint64_t segment_bytes)
{
	uint64_t room = segment_bytes - AUDIT_BLOCK;

	return room < GROUP_BYTES_MAX ? room : GROUP_BYTES_MAX;
}

void
log_spare_drop(struct audit_log *log)
{
	const struct audit_files *files = log->options.files;

	if (log->spare.handle >= 0)
		files->ops->close(files->state, log->spare.handle);
	log->spare = (struct spare){.handle = -1};
}

/* A spare of an earlier process may hold anything; it is made anew. */
static int
begin(struct audit_log *log)
{
	const struct audit_files *files = log->options.files;
	int r = files->ops->remove(files->state, spare_name);
	int handle;

	if (r < 0 && r != -ENOENT)
		return r;
	handle = files->ops->open(files->state, spare_name, AUDIT_FILE_CREATE);
	if (handle < 0)
		return handle;
	log->spare = (struct spare){.handle = handle, .bytes = log->options.segment_bytes};
	return 0;
}

/* Zeros, not only fallocated blocks: writing into unwritten extents would cost a journal entry with
 * every commit, and could still fail for want of space. */
static int
step(struct audit_log *log)
{
	const struct audit_files *files = log->options.files;
	struct spare *spare = &log->spare;
	uint64_t left;
	size_t length;
	int r;

	if (spare->handle < 0 && (r = begin(log)) < 0)
		return r;
	left = spare->bytes - spare->filled;
	length = left < sizeof(zeros) ? (size_t)left : sizeof(zeros);
	r = files->ops->write(files->state, spare->handle, zeros, length, spare->filled);
	if (r == 0)
		r = files->ops->sync(files->state, spare->handle);
	if (r < 0) {
		/* The blocks that it got are given back, or nothing else could be written. */
		log_spare_drop(log);
		(void)files->ops->remove(files->state, spare_name);
		return r;
	}
	spare->filled += length;
	spare->ready = spare->filled == spare->bytes;
	return 0;
}

int
log_spare_finish(struct audit_log *log)
{
	int r = 0;

	while (r == 0 && !log->spare.ready)
		r = step(log);
	return r;
}

bool
audit_log_prepare(struct audit_log *log)
{
	if (log->failure.code != ERR_OK || log->spare.ready)
		return false;
	return step(log) == 0 && !log->spare.ready;
}

static int
fill_header(struct audit_log *log, bool failed, struct segment_header *header)
{
	const struct clock *clock = log->options.clock;
	const struct audit_head *head = &log->head;

	*header = (struct segment_header){
	    .first_index = head->size,
	    .bytes = log->spare.bytes,
	    .origin = digest_of(log->origin, strlen(log->origin)),
	    .chain = head->chain,
	};
	if (head->has_segment && head->used > AUDIT_BLOCK) {
		header->flags = failed ? SEGMENT_AFTER_FAILURE : 0;
		header->predecessor_id = head->segment.id;
		header->predecessor_used = head->used;
	} else if (head->has_segment) {
		/* It holds no group and starts with the same record: it is replaced, by name. */
		header->flags = head->segment.flags;
		header->predecessor_id = head->segment.predecessor_id;
		header->predecessor_used = head->segment.predecessor_used;
	}
	while (header->id == 0)
		clock->random(clock->context, &header->id, sizeof(header->id));
	memcpy(header->boot_id, log->options.boot_id, BOOT_ID_BYTES);
	return note_key_text(header->vkey, note_signer_key(log->signer)) ? 0 : -ENOMEM;
}

int
log_spare_use(struct audit_log *log, bool failed)
{
	const struct audit_files *files = log->options.files;
	struct audit_writer *writer = log->options.writer;
	unsigned char block[AUDIT_BLOCK];
	char name[SEGMENT_NAME_MAX];
	struct segment_header header;
	int r = fill_header(log, failed, &header);

	if (r < 0)
		return r;
	segment_header_put(block, &header);
	segment_name(name, header.first_index);
	r = files->ops->write(files->state, log->spare.handle, block, sizeof(block), 0);
	if (r == 0)
		r = files->ops->sync(files->state, log->spare.handle);
	log_spare_drop(log);
	if (r == 0)
		r = files->ops->rename(files->state, spare_name, name);
	if (r == 0)
		r = files->ops->sync_dir(files->state);
	if (r == 0)
		r = writer->ops->attach(writer->state, name);
	if (r == 0) {
		log->head.has_segment = true;
		log->head.segment = header;
		log->head.used = AUDIT_BLOCK;
	}
	return r;
}

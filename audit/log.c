#include "audit/log_private.h"

#include <errno.h>

enum { WAITING_BYTES_MAX = 8 * 1024 * 1024 };

/* A try to make a spare writes until the disk is full, and every log waits for it meanwhile. */
#define FULL_PAUSE_NS UINT64_C(1000000000)

void
log_list_init(struct entry_list *list)
{
	*list = (struct entry_list){.first = NULL};
	list->last = &list->first;
}

size_t
log_entry_bytes(const struct entry *entry)
{
	return frame_size(entry->length) + 2 * AUDIT_SECTOR + AUDIT_BLOCK;
}

static void
push(struct entry_list *list, struct entry *entry)
{
	entry->next = NULL;
	*list->last = entry;
	list->last = &entry->next;
	list->count++;
	list->bytes += log_entry_bytes(entry);
}

static struct entry *
pop(struct entry_list *list)
{
	struct entry *entry = list->first;

	list->first = entry->next;
	if (list->first == NULL)
		list->last = &list->first;
	list->count--;
	list->bytes -= log_entry_bytes(entry);
	return entry;
}

/* Tells whoever waits for the list's entries and frees them. fault NULL: they are durable. */
static void
finish(struct audit_log *log, struct entry_list *list, const struct fault *fault)
{
	while (list->first != NULL) {
		struct entry *entry = pop(list);
		const struct audit_done done = {fault, entry->id, entry->index, entry->realtime_ms};

		if (!entry->own)
			log->options.done(log->options.context, &entry->ticket, &done);
		free(entry->leaf);
		free(entry);
	}
}

void
log_fail(struct audit_log *log, const char *what, int error)
{
	if (log->failure.code == ERR_OK)
		fault_set(&log->failure, ERR_AUDIT_UNAVAILABLE,
		    "the log of %s stopped: %s: %s; restart praxa-auditd when that is mended",
		    log->options.workspace, what, strerror(-error));
	finish(log, &log->flying, &log->failure);
	finish(log, &log->waiting, &log->failure);
}

/* Frames the flying entries and their commit into the writer's buffer, for the segment in use. */
static void
frame_group(struct audit_log *log)
{
	unsigned char *group = log->options.writer->group, commit[COMMIT_MAX];
	uint64_t id = log->head.segment.id;
	struct frame frame = {.type = FRAME_EVENT, .flags = FRAME_FIRST};
	size_t at = 0, commit_at, end;

	for (const struct entry *e = log->flying.first; e != NULL; e = e->next) {
		frame.index = e->index;
		frame.body = e->leaf;
		frame.length = (uint32_t)e->length;
		at += frame_put(group + at, id, &frame);
		frame.flags = 0;
	}
	put_u64(commit, log->head.size);
	memcpy(commit + 8, log->next.chain.bytes, DIGEST_BYTES);
	memcpy(commit + COMMIT_NOTE_AT, log->note, log->note_length);
	frame = (struct frame){.type = FRAME_COMMIT,
	    .index = log->next.size,
	    .body = commit,
	    .length = (uint32_t)(COMMIT_NOTE_AT + log->note_length)};
	commit_at = group_commit_at(at);
	memset(group + at, 0, commit_at - at);
	at = commit_at + frame_put(group + commit_at, id, &frame);
	end = (at + AUDIT_BLOCK - 1) / AUDIT_BLOCK * AUDIT_BLOCK;
	memset(group + at, 0, end - at);
	log->group_bytes = end;
}

static int
begin_write(struct audit_log *log)
{
	struct audit_writer *writer = log->options.writer;

	return writer->ops->begin(writer->state, log->group_bytes, log->head.used);
}

/* Moves as many waiting entries as one group holds, and computes what the log is behind them. */
static bool
gather(struct audit_log *log)
{
	uint64_t room = log_group_room(log->options.segment_bytes), bytes;
	struct checkpoint head;

	if (log->head.has_segment && log_group_room(log->head.segment.bytes) < room)
		room = log_group_room(log->head.segment.bytes);
	bytes = 2 * AUDIT_SECTOR + AUDIT_BLOCK;
	log->next = log->head;
	while (log->waiting.first != NULL && log->flying.count < GROUP_RECORDS_MAX) {
		struct entry *entry = log->waiting.first;

		bytes += frame_size(entry->length);
		if (bytes > room)
			break;
		push(&log->flying, pop(&log->waiting));
		merkle_append(&log->next.tree, &entry->leaf_hash);
		log->next.chain = merkle_chain(&log->next.chain, &entry->leaf_hash);
		log->next.last_leaf = entry->leaf_hash;
		log->next.size++;
	}
	head = (struct checkpoint){log->next.size, merkle_root(&log->next.tree)};
	log->note_length = checkpoint_sign(log->note, log->signer, &head);
	log->retried = false;
	return log->note_length > 0 && log->flying.count > 0;
}

static void
begin_group(struct audit_log *log)
{
	int r = 0;

	if (!gather(log)) {
		log_fail(log, "the checkpoint cannot be signed", -ENOMEM);
		return;
	}
	frame_group(log);
	if (log->head.used + log->group_bytes > log->head.segment.bytes) {
		r = log_spare_finish(log);
		if (r == 0)
			r = log_spare_use(log, false);
		if (r == 0)
			r = anchor_sync(&log->anchor);
		/* The frames carry the segment's id. */
		if (r == 0)
			frame_group(log);
	}
	if (r == 0)
		r = begin_write(log);
	if (r < 0)
		log_fail(log, "a group cannot be written", r);
}

/* The disk refused a group. What it holds now is not known, so this segment is never written again
 * (a second fsync would report success for pages that are gone). The same records, with the same
 * signed checkpoint, go to the reserve, once. */
static void
move_group(struct audit_log *log, int error)
{
	int r = log->retried ? error : log_spare_finish(log);

	if (r == 0)
		r = log_spare_use(log, true);
	if (r == 0) {
		log->retried = true;
		frame_group(log);
		r = begin_write(log);
	}
	if (r < 0)
		log_fail(log, "the disk refused a group", error);
}

static void
end_group(struct audit_log *log)
{
	int r = anchor_write(&log->anchor, log->note, log->note_length);

	if (r < 0) {
		/* Durable but not defended against a rollback: nobody may rely on it. */
		log_fail(log, "the anchor cannot be written", r);
		return;
	}
	log->next.has_segment = log->head.has_segment;
	log->next.segment = log->head.segment;
	log->next.used = log->head.used + log->group_bytes;
	log->head = log->next;
	finish(log, &log->flying, NULL);
}

/* True: something ended, look again. */
static bool
turn(struct audit_log *log, bool wait)
{
	struct audit_writer *writer = log->options.writer;
	int r;

	if (log->failure.code != ERR_OK)
		return false;
	if (log->flying.count == 0) {
		if (log->waiting.count == 0)
			return false;
		begin_group(log);
		return true;
	}
	r = writer->ops->end(writer->state, wait);
	if (r == -EAGAIN)
		return false;
	if (r == 0)
		end_group(log);
	else
		move_group(log, r);
	return true;
}

void
audit_log_turn(struct audit_log *log)
{
	while (turn(log, false))
		continue;
}

void
audit_log_drain(struct audit_log *log)
{
	while (turn(log, true))
		continue;
}

static enum err
full(struct fault *fault, int error)
{
	return fault_set(fault, ERR_AUDIT_UNAVAILABLE,
	    "there is no room for another segment of the log: %s", strerror(error));
}

/* Room for everything that waits and this entry, each as a group of its own: in the segment in use
 * or, whole, in the reserve. Checked before an index is given away, because what was queued can
 * only be refused by stopping the log. */
static enum err
reserve(struct audit_log *log, const struct entry *entry, struct fault *fault)
{
	uint64_t need = log->waiting.bytes + log->flying.bytes + log_entry_bytes(entry);
	uint64_t reserve = log->options.segment_bytes - AUDIT_BLOCK;
	const struct clock *clock = log->options.clock;
	int r;

	if (need > WAITING_BYTES_MAX)
		return fault_set(
		    fault, ERR_AUDIT_UNAVAILABLE, "too many records wait for the disk");
	if (log->head.has_segment && log->head.used + need <= log->head.segment.bytes)
		return ERR_OK;
	if (need > reserve)
		return fault_set(
		    fault, ERR_AUDIT_UNAVAILABLE, "too many records wait for the disk");
	if (clock_monotonic_ns(clock) < log->full_until_ns)
		return full(fault, ENOSPC);
	r = log_spare_finish(log);
	if (r == 0)
		return ERR_OK;
	if (r == -ENOSPC)
		log->full_until_ns = clock_monotonic_ns(clock) + FULL_PAUSE_NS;
	return full(fault, -r);
}

/* Fills in what only the log knows. */
static void
complete(struct audit_log *log, struct audit_record *record, struct entry *entry)
{
	const struct clock *clock = log->options.clock;

	id_new(entry->id, ID_EVENT, clock);
	entry->index = log->next_index;
	entry->realtime_ms = clock_realtime_ms(clock);
	record->version = RECORD_VERSION;
	memcpy(record->origin, log->origin, sizeof(record->origin));
	record->index = entry->index;
	memcpy(record->id, entry->id, sizeof(record->id));
	text_copy(record->workspace, sizeof(record->workspace), log->options.workspace);
	record->realtime_ms = entry->realtime_ms;
	record->mono_ns = clock_monotonic_ns(clock);
	memcpy(record->boot_id.bytes, log->options.boot_id, BOOT_ID_BYTES);
	record->prev_leaf = log->last_leaf;
	runs_link(log->runs, record);
}

enum err
audit_log_append(struct audit_log *log, const struct audit_record *record,
    const struct audit_ticket *ticket, struct fault *fault)
{
	struct audit_record full = *record;
	struct entry *entry;
	enum err r;

	if (log->failure.code != ERR_OK)
		return fault_set(fault, log->failure.code, "%s", log->failure.message);
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return fault_set(fault, ERR_AUDIT_UNAVAILABLE, "out of memory");
	entry->own = ticket == NULL;
	if (ticket != NULL)
		entry->ticket = *ticket;
	complete(log, &full, entry);
	r = record_pack(&full, &entry->leaf, &entry->length, fault);
	if (r == ERR_OK)
		r = reserve(log, entry, fault);
	if (r == ERR_OK) {
		entry->leaf_hash = merkle_leaf(entry->leaf, entry->length);
		r = runs_apply(log->runs, &full, &entry->leaf_hash, fault);
	}
	if (r != ERR_OK) {
		free(entry->leaf);
		free(entry);
		return r;
	}
	log->next_index++;
	log->last_leaf = entry->leaf_hash;
	push(&log->waiting, entry);
	return ERR_OK;
}

bool
audit_log_is_busy(const struct audit_log *log)
{
	return log->flying.count + log->waiting.count > 0;
}

uint64_t
audit_log_size(const struct audit_log *log)
{
	return log->head.size;
}

const struct runs *
audit_log_runs(const struct audit_log *log)
{
	return log->runs;
}

const struct note_key *
audit_log_key(const struct audit_log *log)
{
	return note_signer_key(log->signer);
}

const struct fault *
audit_log_failure(const struct audit_log *log)
{
	return log->failure.code != ERR_OK ? &log->failure : NULL;
}

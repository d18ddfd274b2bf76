#include "audit/log_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "audit/log_recover.h"

/* What stands in the folder before anything is read. */
struct inventory {
	size_t segments;
	bool anchor;
};

static int
take_stock(void *context, const char *name)
{
	struct inventory *inventory = context;
	uint64_t first;

	if (segment_name_parse(name, &first))
		inventory->segments++;
	if (strcmp(name, ANCHOR_NAME) == 0)
		inventory->anchor = true;
	return 0;
}

static enum err
refuse(struct fault *fault, const char *what, int error)
{
	return fault_set(fault, ERR_AUDIT_UNAVAILABLE, "%s: %s", what, strerror(-error));
}

/* A verdict as the fault that stops the workspace. */
static enum err
refuse_verdict(const struct audit_verdict *v, struct fault *fault)
{
	return fault_set(fault, ERR_AUDIT_UNAVAILABLE,
	    "the log is %s (%s at offset %" PRIu64 ", record %" PRIu64
	    "): %s; nothing is recorded until an operator has looked at it",
	    audit_verdict_info(v->code)->name, v->place.segment, v->place.offset, v->place.index,
	    v->why);
}

/* Reads and verifies all of it. *ret_torn: the last group is a torn one. */
static enum err
read_log(struct audit_log *log, bool *ret_torn, struct fault *fault)
{
	struct audit_scan *scan = NULL;
	struct audit_scan_record record;
	enum audit_scan_state state;
	enum err r = audit_scan_new(log->options.files, note_signer_key(log->signer), &scan, fault);

	if (r != ERR_OK)
		return r;
	do
		state = audit_scan_next(scan, &record);
	while (state == SCAN_RECORD);
	if (state == SCAN_END)
		state = audit_scan_finish(scan);
	audit_scan_head(scan, &log->head);
	*ret_torn = audit_scan_verdict(scan)->code == AUDIT_TORN_TAIL;
	if (state != SCAN_END && !*ret_torn)
		r = refuse_verdict(audit_scan_verdict(scan), fault);
	log->runs = audit_scan_take_runs(scan);
	log->next_index = log->head.size;
	log->last_leaf = log->head.last_leaf;
	audit_scan_free(&scan);
	return r;
}

/* The anchor is made before the first segment and never vanishes: a log without one was tampered
 * with or copied without it. */
static enum err
open_anchor(struct audit_log *log, bool fresh, struct fault *fault)
{
	const struct audit_files *files = log->options.files;
	const struct note_key *key = note_signer_key(log->signer);
	struct checkpoint newest = {.root = merkle_root(&(struct merkle_range){.size = 0})};
	enum anchor_state state = anchor_read(files, key, &newest);
	int r = 0;

	if (state == ANCHOR_NONE && fresh) {
		log->note_length = checkpoint_sign(log->note, log->signer, &newest);
		r = anchor_create(files, log->note, log->note_length);
	} else if (state != ANCHOR_READ) {
		return fault_set(fault, ERR_AUDIT_UNAVAILABLE,
		    "the log's anchor is %s; nothing is recorded until an operator has looked",
		    state == ANCHOR_NONE ? "missing" : "unreadable");
	}
	if (r == 0)
		r = anchor_open(files, key, &newest, &log->anchor);
	return r == 0 ? ERR_OK : refuse(fault, "the anchor", r);
}

static enum err
open_segment(struct audit_log *log, struct fault *fault)
{
	struct audit_writer *writer = log->options.writer;
	char name[SEGMENT_NAME_MAX];
	int r;

	if (!log->head.has_segment) {
		r = log_spare_finish(log);
		if (r == 0)
			r = log_spare_use(log, false);
		return r == 0 ? ERR_OK : refuse(fault, "the first segment", r);
	}
	segment_name(name, log->head.segment.first_index);
	r = writer->ops->attach(writer->state, name);
	return r == 0 ? ERR_OK : refuse(fault, "the segment in use", r);
}

static enum err
open_all(struct audit_log *log, struct fault *fault)
{
	const struct audit_log_options *options = &log->options;
	struct inventory inventory = {0};
	bool untouched, torn = false;
	int error = options->files->ops->list(options->files->state, take_stock, &inventory);
	enum err r;

	if (error < 0)
		return refuse(fault, "the folder cannot be listed", error);
	/* The anchor is the last thing that a new log gets before its first segment. */
	untouched = inventory.segments == 0 && !inventory.anchor;
	r = audit_key_open(
	    options->files, log->origin, options->clock, untouched, &log->signer, fault);
	if (r != ERR_OK)
		return r;
	r = read_log(log, &torn, fault);
	if (r == ERR_OK)
		r = open_anchor(log, untouched, fault);
	if (r == ERR_OK)
		r = log_recover(log, torn, fault);
	if (r == ERR_OK)
		r = open_segment(log, fault);
	if (r == ERR_OK)
		r = log_append_losses(log, fault);
	if (r == ERR_OK)
		r = log_append_opened(log, fault);
	if (r != ERR_OK)
		return r;
	audit_log_drain(log);
	if (log->failure.code != ERR_OK)
		return fault_set(fault, log->failure.code, "%s", log->failure.message);
	error = anchor_sync(&log->anchor);
	return error == 0 ? ERR_OK : refuse(fault, "the anchor", error);
}

enum err
audit_log_open(const struct audit_log_options *options, struct audit_log **ret, struct fault *fault)
{
	struct audit_log *log = calloc(1, sizeof(*log));
	enum err r;

	if (log == NULL)
		return fault_set(fault, ERR_AUDIT_UNAVAILABLE, "out of memory");
	log->options = *options;
	log->spare.handle = -1;
	log_list_init(&log->waiting);
	log_list_init(&log->flying);
	snprintf(log->origin, sizeof(log->origin), "%s%s", AUDIT_ORIGIN_PREFIX, options->workspace);
	if (options->segment_bytes < SEGMENT_BYTES_MIN || options->segment_bytes % AUDIT_BLOCK != 0)
		r = fault_set(fault, ERR_AUDIT_UNAVAILABLE,
		    "a segment has at least %d bytes, a multiple of %d", SEGMENT_BYTES_MIN,
		    AUDIT_BLOCK);
	else
		r = open_all(log, fault);
	if (r != ERR_OK) {
		audit_log_close(&log);
		return r;
	}
	*ret = log;
	return ERR_OK;
}

void
audit_log_close(struct audit_log **log)
{
	struct audit_log *gone = *log;

	*log = NULL;
	if (gone == NULL)
		return;
	if (gone->flying.count + gone->waiting.count > 0)
		log_fail(gone, "praxa-auditd ends", -ECANCELED);
	/* Nothing depends on this: an older anchor is a weaker one, never a wrong one. */
	if (gone->anchor.files != NULL)
		(void)!anchor_sync(&gone->anchor);
	anchor_close(&gone->anchor);
	log_spare_drop(gone);
	runs_free(&gone->runs);
	note_signer_free(&gone->signer);
	free(gone);
}

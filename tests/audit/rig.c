#include "tests/audit/rig.h"

#include <stdio.h>

#include "audit/commit.h"
#include "audit/keys.h"

const char rig_run[] = "rn_01JDF3Z0000000000000000000";

static void
see_head(struct rig *rig, const struct checkpoint *head, const struct commit *commit)
{
	for (unsigned i = 0; i < rig->head_count; i++)
		if (rig->heads[i].size == head->size &&
		    !digest_equal(&rig->heads[i].root, &head->root))
			rig->forked = true;
	if (rig->head_count < SIM_NOTES_MAX) {
		struct rig_head *seen = &rig->heads[rig->head_count++];

		*seen = (struct rig_head){.size = head->size, .root = head->root};
		seen->length = commit->note_length;
		memcpy(seen->note, commit->note, commit->note_length);
	}
}

/* Remembers what the group's commit signs, whatever becomes of the write. */
static void
see_group(void *context, const unsigned char *bytes, size_t length)
{
	struct rig *rig = context;

	for (size_t at = 0; at + FRAME_HEAD < length; at += frame_size(get_u32(bytes + at))) {
		const char *end;
		struct commit commit;
		struct checkpoint head;

		if (bytes[at + 8] == FRAME_END)
			at = group_commit_at(at);
		if (bytes[at + 8] != FRAME_COMMIT)
			continue;
		if (!commit_parse(bytes + at + FRAME_HEAD, get_u32(bytes + at), &commit))
			abort();
		end = memmem(commit.note, commit.note_length, "\n\n", 2);
		if (end == NULL || !checkpoint_parse(commit.note, (size_t)(end + 1 - commit.note),
				       AUDIT_ORIGIN_PREFIX "ws_test", &head))
			abort();
		see_head(rig, &head, &commit);
		return;
	}
}

void
rig_init(struct rig *rig, uint64_t seed)
{
	memset(rig, 0, sizeof(*rig));
	sim_init(&rig->sim, seed);
	rig->sim.on_group = see_group;
	rig->sim.context = rig;
	sim_files(&rig->sim, &rig->files);
	sim_writer(&rig->sim, &rig->writer);
	rig->clock = sim_clock(&rig->sim);
}

void
rig_done(struct rig *rig)
{
	rig_close(rig);
	sim_done(&rig->sim);
}

/* The signature is what counts: whoever has it can write the text again. */
static bool
survived(struct rig *rig, const struct rig_head *head)
{
	enum { SIGNATURE = 60 };
	const char *signature = head->note + head->length - 1 - SIGNATURE;

	for (int i = 0; i < rig->sim.now.count; i++) {
		const struct sim_file *file = &rig->sim.files[rig->sim.now.rows[i].file];

		if (file->size > 0 && memmem(file->now, file->size, signature, SIGNATURE) != NULL)
			return true;
	}
	return false;
}

void
rig_reboot(struct rig *rig)
{
	sim_reboot(&rig->sim);
	while (rig->head_count > 0 && !survived(rig, &rig->heads[rig->head_count - 1]))
		rig->head_count--;
}

static void
done(void *context, const struct audit_ticket *ticket, const struct audit_done *d)
{
	struct rig *rig = context;

	(void)ticket;
	if (d->fault != NULL) {
		rig->refused_count++;
		rig->refusal = *d->fault;
	} else if (rig->ack_count < RIG_ACKS_MAX) {
		struct rig_ack *ack = &rig->acks[rig->ack_count++];

		snprintf(ack->event, sizeof(ack->event), "%s", d->event);
		ack->index = d->index;
	}
}

enum err
rig_open(struct rig *rig, struct fault *fault)
{
	const struct audit_log_options options = {
	    .workspace = "ws_test",
	    .files = &rig->files,
	    .writer = &rig->writer,
	    .clock = &rig->clock,
	    .segment_bytes = RIG_SEGMENT,
	    .boot_id = {1, 2, 3},
	    .done = done,
	    .context = rig,
	};

	return audit_log_open(&options, &rig->log, fault);
}

void
rig_close(struct rig *rig)
{
	audit_log_close(&rig->log);
}

enum err
rig_append(struct rig *rig, enum event_kind kind, const char *run, size_t body)
{
	static unsigned char filler[RECORD_BODY_MAX + 1];
	struct audit_record record = {.kind = kind, .skill = "sk_review", .tool = "git.read.diff"};
	const struct audit_ticket ticket = {1, 2};
	struct fault fault;

	snprintf(record.run, sizeof(record.run), "%s", run);
	memset(filler, 'b', sizeof(filler));
	record.body = (struct record_body){filler, body};
	return audit_log_append(rig->log, &record, &ticket, &fault);
}

static bool
is_acknowledged(const struct rig *rig, const struct audit_record *record)
{
	for (unsigned i = 0; i < rig->ack_count; i++)
		if (rig->acks[i].index == record->index &&
		    strcmp(rig->acks[i].event, record->id) == 0)
			return true;
	return false;
}

enum audit_verdict_code
rig_verify(struct rig *rig, struct audit_verdict *ret, unsigned *ret_found)
{
	struct audit_scan *scan = NULL;
	struct audit_scan_record record;
	struct note_key key;
	enum audit_scan_state state;

	*ret_found = 0;
	*ret = (struct audit_verdict){.code = AUDIT_UNREADABLE};
	if (audit_key_read(&rig->files, "log.vkey", &key, NULL) != ERR_OK ||
	    audit_scan_new(&rig->files, &key, &scan, NULL) != ERR_OK)
		return AUDIT_UNREADABLE;
	while ((state = audit_scan_next(scan, &record)) == SCAN_RECORD)
		if (is_acknowledged(rig, &record.record))
			++*ret_found;
	if (state == SCAN_END)
		(void)audit_scan_finish(scan);
	*ret = *audit_scan_verdict(scan);
	audit_scan_free(&scan);
	return ret->code;
}

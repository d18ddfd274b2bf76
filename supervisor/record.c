#include "supervisor/record.h"

#include <inttypes.h>
#include <msgpack.h>
#include <stdio.h>
#include <sys/wait.h>

#include "common/io.h"
#include "common/log.h"

/* A map under construction: msgpack needs the count first, so each body states its own. */
struct body {
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	bool failed; /* out of memory: a cut body is never sent */
};

static int
body_write(void *context, const char *bytes, size_t length)
{
	struct body *body = context;

	if (msgpack_sbuffer_write(&body->buffer, bytes, length) < 0)
		body->failed = true;
	return body->failed ? -1 : 0;
}

static void
body_begin(struct body *body, size_t pairs)
{
	body->failed = false;
	msgpack_sbuffer_init(&body->buffer);
	msgpack_packer_init(&body->packer, body, body_write);
	msgpack_pack_map(&body->packer, pairs);
}

static void
put_text_n(struct body *body, const char *key, const char *text, size_t length)
{
	msgpack_pack_str_with_body(&body->packer, key, strlen(key));
	msgpack_pack_str_with_body(&body->packer, text, length);
}

static void
put_text(struct body *body, const char *key, const char *text)
{
	put_text_n(body, key, text, strlen(text));
}

static void
put_number(struct body *body, const char *key, uint64_t number)
{
	msgpack_pack_str_with_body(&body->packer, key, strlen(key));
	msgpack_pack_uint64(&body->packer, number);
}

static void
put_truth(struct body *body, const char *key, bool truth)
{
	msgpack_pack_str_with_body(&body->packer, key, strlen(key));
	if (truth)
		msgpack_pack_true(&body->packer);
	else
		msgpack_pack_false(&body->packer);
}

static void
put_layers(struct body *body, uint64_t layers)
{
	msgpack_pack_str_with_body(&body->packer, "layers", 6);
	msgpack_pack_array(&body->packer, (size_t)__builtin_popcountll(layers));
	for (unsigned i = 0; i < 64; i++)
		if ((layers >> i & 1) != 0) {
			const struct layer_info *info = layer_info(i);
			const char *name = info != NULL ? info->name : "unknown";

			msgpack_pack_str_with_body(&body->packer, name, strlen(name));
		}
}

/* Sends the record and releases the body. */
static enum err
finish(struct supervisor *supervisor, const struct wire_audit_append *event, struct body *body,
    recorder_answered *answered, void *context, struct fault *fault)
{
	enum err r = body->failed ? fault_set(fault, ERR_INTERNAL, "out of memory")
				  : recorder_append(supervisor->recorder, event, body->buffer.data,
					body->buffer.size, answered, context, fault);

	msgpack_sbuffer_destroy(&body->buffer);
	return r;
}

static void
set_skill(struct wire_audit_append *event, const struct skill *skill)
{
	text_copy(event->skill, sizeof(event->skill), skill->id);
	event->policy = *policy_digest(skill->source.policy);
	event->bundle = policy_skill(skill->source.policy)->bundle;
}

static struct wire_audit_append
event_of_run(const struct run *run, enum event_kind kind)
{
	struct wire_audit_append event = {.kind = kind};

	text_copy(event.workspace, sizeof(event.workspace), run->supervisor->options->workspace);
	text_copy(event.run, sizeof(event.run), run->id);
	set_skill(&event, run->skill);
	return event;
}

enum err
record_admitted(struct run *run, recorder_answered *answered, struct fault *fault)
{
	struct wire_audit_append event = event_of_run(run, EVENT_RUN_ADMITTED);
	char source[DIGEST_TEXT_MAX];
	const void *input;
	size_t length;
	struct body body;
	int e = io_sealed_map(run->input_fd, SUPERVISOR_INPUT_MAX, &input, &length);

	if (e < 0)
		return fault_set(fault, ERR_PROTOCOL, "the input cannot be read: %s", strerror(-e));
	digest_text(source, policy_source_digest(run->skill->source.policy));
	body_begin(&body, 5);
	put_text(&body, "source", run->source);
	put_text(&body, "event", run->event);
	put_number(&body, "uid", run->client_uid);
	put_text(&body, "policy_source", source);
	put_text_n(&body, "input", length > 0 ? input : "", length);
	io_sealed_unmap(input, length);
	return finish(run->supervisor, &event, &body, answered, run, fault);
}

enum err
record_started(struct run *run, const struct cell_report *report, recorder_answered *answered,
    struct fault *fault)
{
	struct wire_audit_append event = event_of_run(run, EVENT_RUN_STARTED);
	struct body body;

	event.layers = report->layers;
	body_begin(&body, 4);
	put_layers(&body, report->layers);
	put_number(&body, "landlock_abi", report->landlock_abi);
	put_number(&body, "setup_us", report->setup_ns / 1000);
	put_truth(&body, "warm", run->warm);
	return finish(run->supervisor, &event, &body, answered, run, fault);
}

static void
put_args(struct body *body, const struct seccomp_data *data)
{
	char text[32];

	msgpack_pack_str_with_body(&body->packer, "args", 4);
	msgpack_pack_array(&body->packer, 6);
	for (int i = 0; i < 6; i++) {
		int n = snprintf(text, sizeof(text), "0x%" PRIx64, (uint64_t)data->args[i]);

		msgpack_pack_str_with_body(&body->packer, text, (size_t)n);
	}
}

static const char *
denied_reason(const struct profile_answer *answer)
{
	if (answer->rule != 0)
		return answer->reason;
	return answer->named ? "not with these arguments in the profile's list"
			     : "not in the profile's list";
}

void
record_denied(struct run *run, const char *tool, const struct profile *profile,
    const struct denied_call *call)
{
	struct wire_audit_append event = event_of_run(run, EVENT_CELL_DENIED);
	const char *answer = strerrorname_np(call->error);
	char name[64], arch[64];
	struct body body;

	if (run->state >= RUN_RECORDING || run->denied_records >= RECORD_DENIED_MAX)
		return;
	run->denied_records++;
	text_copy(event.tool, sizeof(event.tool), tool);
	profile_call_name(call->data.arch, call->data.nr, name, sizeof(name));
	profile_arch_name(call->data.arch, arch, sizeof(arch));
	body_begin(&body, 9);
	put_text(&body, "syscall", name);
	put_number(&body, "number", (uint64_t)(uint32_t)call->data.nr);
	put_text(&body, "arch", arch);
	put_args(&body, &call->data);
	put_text(&body, "answer", answer != NULL ? answer : "0");
	put_number(&body, "count", call->count);
	put_text(&body, "profile", profile->name);
	put_number(&body, "profile_rule", call->answer.rule);
	put_text(&body, "reason", denied_reason(&call->answer));
	/* Lost with the log: what is refused stays refused, and run.ended has the sum. */
	if (finish(run->supervisor, &event, &body, NULL, NULL, NULL) != ERR_OK)
		run->denied_records--;
}

/* exit code or signal, as wait(2) tells them apart. */
static void
put_status(struct body *body, int status)
{
	if (WIFSIGNALED(status))
		put_number(body, "signal", (uint64_t)WTERMSIG(status));
	else
		put_number(body, "exit_code", (uint64_t)WEXITSTATUS(status));
}

/* What only a cgroup counts: all processes together, and what is in /tmp. */
static void
put_cgroup_usage(struct body *body, const struct cgroup_usage *usage)
{
	put_number(body, "memory_peak_kib", usage->memory_peak_kib);
	put_number(body, "processes_peak", usage->processes_peak);
	put_number(body, "oom_kills", usage->oom_kills);
}

enum err
record_ended(struct run *run, recorder_answered *answered, struct fault *fault)
{
	struct wire_audit_append event = event_of_run(run, EVENT_RUN_ENDED);
	const struct job_outcome *outcome = &run->outcome;
	struct body body;

	event.error = outcome->fault.code;
	event.line = outcome->fault.line;
	event.layers = outcome->layers;
	event.duration_ms = (run->ended_ns - run->admitted_ns) / 1000000;
	text_copy(event.rule, sizeof(event.rule), outcome->fault.rule);
	body_begin(&body, 10 + (outcome->ran ? 1 : 0) + (outcome->counted ? 3 : 0));
	put_text(&body, "reason", end_info(outcome->reason)->name);
	put_text(&body, "message", outcome->fault.message);
	if (outcome->ran)
		put_status(&body, outcome->status);
	put_number(&body, "cpu_us", outcome->cpu_us);
	put_number(&body, "peak_kib", outcome->peak_kib);
	if (outcome->counted)
		put_cgroup_usage(&body, &outcome->usage);
	put_number(&body, "calls", run->calls);
	put_number(&body, "denied", run->denied);
	put_number(&body, "syscalls_denied", run->syscalls.count);
	put_text(&body, "syscalls_seen", denied_seen_name(run->syscalls.seen));
	put_number(&body, "landlock_abi", outcome->landlock_abi);
	put_layers(&body, outcome->layers);
	return finish(run->supervisor, &event, &body, answered, run, fault);
}

enum err
record_refused(struct supervisor *supervisor, const struct skill *skill, const char *skill_name,
    const char *source, const char *event_name, uid_t uid, const struct fault *why,
    recorder_answered *answered, void *context, struct fault *fault)
{
	struct wire_audit_append event = {
	    .kind = EVENT_RUN_REFUSED, .error = why->code, .line = why->line};
	struct body body;

	text_copy(event.workspace, sizeof(event.workspace), supervisor->options->workspace);
	text_copy(event.rule, sizeof(event.rule), why->rule);
	if (skill != NULL)
		set_skill(&event, skill);
	body_begin(&body, 6);
	put_text(&body, "skill", skill_name);
	put_text(&body, "source", source);
	put_text(&body, "event", event_name);
	put_number(&body, "uid", uid);
	put_text(&body, "message", why->message);
	put_text(&body, "field", why->field);
	return finish(supervisor, &event, &body, answered, context, fault);
}

enum err
record_lost(
    struct supervisor *supervisor, const struct wire_audit_open_run *open, struct fault *fault)
{
	struct wire_audit_append event = {.kind = EVENT_RUN_ENDED};
	struct body body;

	text_copy(event.workspace, sizeof(event.workspace), open->workspace);
	text_copy(event.skill, sizeof(event.skill), open->skill);
	text_copy(event.run, sizeof(event.run), open->run);
	body_begin(&body, 2);
	put_text(&body, "reason", end_info(END_SUPERVISOR_LOST)->name);
	put_text(&body, "message", end_info(END_SUPERVISOR_LOST)->meaning);
	return finish(supervisor, &event, &body, NULL, NULL, fault);
}

static void
put_digest(struct body *body, const char *key, const struct digest *digest)
{
	char text[DIGEST_TEXT_MAX];

	digest_text(text, digest);
	put_text(body, key, text);
}

/* Those that count, and no others: what was found besides is no approval. */
static void
put_approvers(struct body *body, const struct policy_review *review)
{
	msgpack_pack_str_with_body(&body->packer, "approvers", 9);
	msgpack_pack_array(&body->packer, review->given);
	for (uint32_t i = 0; i < review->count; i++) {
		const struct policy_signature *item = &review->items[i];

		if (!item->counts)
			continue;
		msgpack_pack_map(&body->packer, 4);
		put_text(body, "principal", item->name);
		put_text(body, "key", item->fingerprint);
		put_text(body, "type", item->type);
		put_text(body, "signature", item->file);
	}
}

enum err
record_policy_accepted(struct supervisor *supervisor, const struct skill *skill, const char *path,
    recorder_answered *answered, void *context, struct fault *fault)
{
	struct wire_audit_append event = {.kind = EVENT_POLICY_ACCEPTED};
	const struct policy_review *review = &skill->review;
	struct body body;

	text_copy(event.workspace, sizeof(event.workspace), supervisor->options->workspace);
	set_skill(&event, skill);
	body_begin(&body, skill->is_signed ? 6 : 3);
	put_text(&body, "file", path);
	put_number(&body, "revision", policy_skill(skill->source.policy)->revision);
	put_truth(&body, "signed", skill->is_signed);
	if (skill->is_signed) {
		put_digest(&body, "file_digest", &review->file);
		put_number(&body, "reviewers", review->needed);
		put_approvers(&body, review);
	}
	return finish(supervisor, &event, &body, answered, context, fault);
}

enum err
record_policy_refused(struct supervisor *supervisor, const struct skill_seen *seen,
    const char *path, const char *problems, const struct fault *why, recorder_answered *answered,
    void *context, struct fault *fault)
{
	struct wire_audit_append event = {
	    .kind = EVENT_POLICY_REFUSED, .error = why->code, .line = why->line};
	struct body body;

	text_copy(event.workspace, sizeof(event.workspace), supervisor->options->workspace);
	text_copy(event.skill, sizeof(event.skill), seen->id);
	text_copy(event.rule, sizeof(event.rule), why->rule);
	event.policy = seen->policy;
	body_begin(&body, 4);
	put_text(&body, "file", path);
	put_number(&body, "revision", seen->revision);
	put_text(&body, "message", why->message);
	put_text_n(&body, "problems", problems, strnlen(problems, RECORD_PROBLEMS_MAX));
	return finish(supervisor, &event, &body, answered, context, fault);
}

void
record_peer_refused(
    struct supervisor *supervisor, const char *peer, uid_t uid, const struct fault *why)
{
	struct wire_audit_append event = {.kind = EVENT_PEER_REFUSED, .error = why->code};
	struct fault fault;
	struct body body;

	text_copy(event.workspace, sizeof(event.workspace), supervisor->options->workspace);
	body_begin(&body, uid != (uid_t)-1 ? 3 : 2);
	put_text(&body, "peer", peer);
	put_text(&body, "message", why->message);
	if (uid != (uid_t)-1)
		put_number(&body, "uid", uid);
	if (finish(supervisor, &event, &body, NULL, NULL, &fault) != ERR_OK)
		log_fault(LOG_LEVEL_WARNING, "a refused peer could not be recorded", &fault);
}

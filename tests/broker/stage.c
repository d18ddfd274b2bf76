#include "tests/broker/stage.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include "common/codec.h"
#include "common/io.h"
#include "common/pack.h"
#include "tests/lib/check.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static const char policy_text[] = "policy: 1\n"
				  "skill: code-review\n"
				  "owner: { team: security }\n"
				  "bundle:\n"
				  "  path: skill\n"
				  "  digest: sha256:" ZEROS "\n"
				  "  run: [ /usr/bin/python3, /skill/review.py ]\n"
				  "manifests: [ git.tools.yaml ]\n"
				  "trigger:\n"
				  "  - source: cli\n"
				  "    event: review\n"
				  "tools:\n"
				  "  git.read.diff:\n"
				  "    allow:\n"
				  "      commit: { equals_trigger: $.commit }\n"
				  "  git.push:\n"
				  "    deny: always\n"
				  "    why: pushing is a human act\n"
				  "memory:\n"
				  "  read: [ \"ws/{workspace}/notes/**\" ]\n"
				  "  write: [ \"ws/{workspace}/notes/{repo}/**\" ]\n"
				  "budget: { run: { calls: 3, wall: 60s } }\n"
				  "sandbox:\n"
				  "  profile: python\n";

static const char manifest_text[] =
    "tools: 1\n"
    "integration: git\n"
    "bundle:\n"
    "  path: tools\n"
    "  digest: sha256:" ZEROS "\n"
    "tool:\n"
    "  git.read.diff:\n"
    "    summary: one commit and its patch\n"
    "    run: [ /usr/bin/python3, /tool/read-diff.py ]\n"
    "    profile: shell\n"
    "    limits: { wall: 20s, output: 64KiB }\n"
    "    arguments:\n"
    "      required: [ commit ]\n"
    "      properties:\n"
    "        commit: { type: string, minLength: 7, maxLength: 64 }\n"
    "  git.push:\n"
    "    summary: push\n"
    "    run: [ /usr/bin/python3, /tool/push.py ]\n"
    "    profile: shell\n";

const char *
stage_policy(void)
{
	return policy_text;
}

static uint64_t
realtime_ms(void *context)
{
	return ((struct stage *)context)->realtime_ms;
}

static uint64_t
monotonic_ns(void *context)
{
	return ((struct stage *)context)->now_ns;
}

static void
no_random(void *context, void *to, size_t length)
{
	(void)context;
	memset(to, 7, length);
}

static void
on_overdue(int fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
	fail_msg("nothing happened for ten seconds");
}

void
stage_step(struct stage *stage)
{
	static const struct timeval wait = {10, 0};

	event_add(stage->overdue, &wait);
	assert_true(event_base_loop(stage->base, EVLOOP_ONCE) >= 0);
	event_del(stage->overdue);
}

void
stage_until(struct stage *stage, bool (*done)(struct stage *stage))
{
	while (!done(stage))
		stage_step(stage);
}

void
stage_settle(struct stage *stage)
{
	for (int quiet = 0; quiet < 3; quiet++)
		assert_true(event_base_loop(stage->base, EVLOOP_NONBLOCK) >= 0);
}

void
stage_until_records(struct stage *stage, unsigned count)
{
	while (stage->record_count < count)
		stage_step(stage);
}

struct stage_message *
stage_until_messages(struct stage *stage, unsigned count)
{
	while (stage->message_count < count)
		stage_step(stage);
	return &stage->messages[count - 1];
}

/* --- the log --- */

static void
acknowledge(struct stage *stage, struct stage_record *record)
{
	struct wire_audit_ack ack = {.index = stage->acked, .realtime_ms = 1};
	struct wire_audit_refused refused = {0};
	struct fault fault;

	snprintf(ack.event, sizeof(ack.event), "ae_%026u", stage->acked + 1);
	stage->acked++;
	if (stage->refuse == stage->acked) {
		fault_set(&refused.fault, ERR_LIMIT, "the disk is full");
		assert_int_equal(peer_send_plain(stage->audit, WIRE_TYPE_AUDIT_REFUSED,
				     record->serial, &refused, &fault),
		    ERR_OK);
		return;
	}
	assert_int_equal(
	    peer_send_plain(stage->audit, WIRE_TYPE_AUDIT_ACK, record->serial, &ack, &fault),
	    ERR_OK);
}

static void
on_append(void *context, struct peer *peer, struct wire_message *message)
{
	struct stage *stage = context;
	struct stage_record *record = &stage->records[stage->record_count++];
	struct codec_scan scan = {.limits = &broker_limits};
	struct fault fault;

	(void)peer;
	assert_true(stage->record_count < STAGE_RECORDS_MAX);
	assert_int_equal(message->type, WIRE_TYPE_AUDIT_APPEND);
	memcpy(&record->head, message->body, sizeof(record->head));
	record->serial = message->serial;
	assert_int_equal(codec_scan(&scan, message->extra, message->extra_length, &fault), ERR_OK);
	assert_true(scan.done && scan.at == message->extra_length);
	assert_int_equal(codec_decode(message->extra, message->extra_length, &stage->arena,
			     &record->body, &fault),
	    ERR_OK);
	if (!stage->hold)
		acknowledge(stage, record);
	if (stage->intents != NULL) {
		stage->record_count--;
		*stage->intents += record->head.kind == EVENT_CALL_INTENT;
	}
}

static void
on_audit_closed(void *context, struct peer *peer, const struct fault *why)
{
	struct stage *stage = context;

	(void)peer;
	(void)why;
	peer_free(&stage->audit);
}

static const struct peer_handlers audit_handlers = {on_append, on_audit_closed};

static void
on_audit_accepted(void *context, int fd)
{
	struct stage *stage = context;
	struct wire_audit_ready ready = {0};
	struct fault fault;

	assert_null(stage->audit);
	stage->audit = peer_new(stage->base, fd, WIRE_AUDITD, WIRE_BROKER, &audit_handlers, stage);
	assert_non_null(stage->audit);
	assert_int_equal(
	    peer_send_plain(stage->audit, WIRE_TYPE_AUDIT_READY, 0, &ready, &fault), ERR_OK);
}

void
stage_release(struct stage *stage)
{
	stage->hold = false;
	while (stage->acked < stage->record_count)
		acknowledge(stage, &stage->records[stage->acked]);
}

void
stage_audit_down(struct stage *stage)
{
	peer_listener_free(&stage->audit_listener);
	peer_free(&stage->audit);
	while (recorder_is_ready(stage->broker->recorder))
		stage_step(stage);
}

void
stage_audit_up(struct stage *stage)
{
	int fd;

	stage->acked = stage->record_count;
	assert_int_equal(peer_bind(stage->audit_path, 0600, &fd), 0);
	stage->audit_listener = peer_listen(stage->base, fd, on_audit_accepted, stage);
	assert_non_null(stage->audit_listener);
	while (stage->broker != NULL && !recorder_is_ready(stage->broker->recorder))
		stage_step(stage);
}

/* --- the supervisor --- */

static void
on_told(void *context, struct peer *peer, struct wire_message *message)
{
	struct stage *stage = context;
	struct stage_message *told = &stage->messages[stage->message_count++];
	size_t body, extra;
	int fds;

	(void)peer;
	assert_true(stage->message_count < STAGE_MESSAGES_MAX);
	assert_true(wire_shape(message->type, &body, &extra, &fds));
	assert_true(body <= sizeof(told->body));
	*told = (struct stage_message){
	    .type = message->type, .serial = message->serial, .fds = {-1, -1, -1}};
	memcpy(&told->body, message->body, body);
	for (int i = 0; i < message->fd_count; i++) {
		told->fds[i] = message->fds[i];
		message->fds[i] = -1;
	}
	if (stage->intents == NULL)
		return;
	stage->message_count--;
	if (told->type != WIRE_TYPE_TOOL_EXEC)
		return;
	stage_tool_ends(stage, told, "1", "", 0);
	for (int i = 0; i < STAGE_FDS; i++)
		close(told->fds[i]);
	*told = (struct stage_message){0};
}

static void
on_supervisor_closed(void *context, struct peer *peer, const struct fault *why)
{
	struct stage *stage = context;

	(void)peer;
	(void)why;
	stage->supervisor_closed = true;
}

static const struct peer_handlers supervisor_handlers = {on_told, on_supervisor_closed};

void
stage_tell(struct stage *stage, enum wire_type type, uint64_t serial, const void *body)
{
	struct fault fault;

	assert_int_equal(peer_send_plain(stage->supervisor, type, serial, body, &fault), ERR_OK);
}

static int
policy_pack(struct stage *stage, const char *text)
{
	const struct pack_file files[] = {
	    {"policy", 6, (const unsigned char *)text, (uint32_t)strlen(text)},
	    {"manifest/git.tools.yaml", 23, (const unsigned char *)manifest_text,
		sizeof(manifest_text) - 1},
	};
	struct pack pack = {0};
	struct fault fault;
	int fd = -1;

	assert_int_equal(pack_from_files(files, 2, &fd, &fault), ERR_OK);
	assert_int_equal(pack_open(fd, &pack, &fault), ERR_OK);
	stage->source = pack.digest;
	pack_close(&pack);
	return fd;
}

void
stage_grant(struct stage *stage, const char *id, const char *workspace, const char *policy,
    const char *input)
{
	struct wire_grant_run grant = {
	    .skill = "sk_code-review", .source = "cli", .event = "review"};
	struct fault fault;
	int door[2], pack_fd = policy_pack(stage, policy), input_fd = -1;

	grant.policy_source = stage->source;
	grant.deadline_ns = stage->now_ns + UINT64_C(60000000000);
	snprintf(grant.run, sizeof(grant.run), "%s", id);
	snprintf(grant.workspace, sizeof(grant.workspace), "%s", workspace);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, door), 0);
	assert_int_equal(fcntl(door[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(io_sealed_new("input", input, strlen(input), &input_fd), 0);
	assert_int_equal(peer_send(stage->supervisor, WIRE_TYPE_GRANT_RUN, 5, &grant, NULL, 0,
			     (const int[]){door[1], pack_fd, input_fd}, 3, &fault),
	    ERR_OK);
	close(door[1]);
	close(pack_fd);
	close(input_fd);
	if (stage->skill >= 0)
		close(stage->skill);
	stage->skill = door[0];
}

void
stage_tool_ends(struct stage *stage, const struct stage_message *exec, const char *out,
    const char *err, int status)
{
	struct wire_tool_done done = {
	    .call = exec->body.exec.call, .reason = END_EXITED, .status = status, .layers = 5};

	memcpy(done.run, exec->body.exec.run, sizeof(done.run));
	assert_int_equal(io_write_full(exec->fds[1], out, strlen(out)), 0);
	assert_int_equal(io_write_full(exec->fds[2], err, strlen(err)), 0);
	stage_tell(stage, WIRE_TYPE_TOOL_DONE, 0, &done);
}

/* --- the stage --- */

static void
start_broker(struct stage *stage)
{
	struct broker_config config = {.workspace = STAGE_WORKSPACE,
	    .state = stage->dir,
	    .audit = stage->audit_path,
	    .allow_uid = geteuid(),
	    .stall_ms = 20};
	struct fault fault;

	assert_int_equal(peer_bind(stage->supervisor_path, 0600, &config.listen_fd), 0);
	assert_int_equal(
	    broker_new(stage->base, &stage->clock, &config, &stage->broker, &fault), ERR_OK);
	while (!recorder_is_ready(stage->broker->recorder))
		stage_step(stage);
}

static void
connect_supervisor(struct stage *stage)
{
	int fd;

	assert_int_equal(peer_connect(stage->supervisor_path, &fd), 0);
	stage->supervisor =
	    peer_new(stage->base, fd, WIRE_SUPERVISOR, WIRE_BROKER, &supervisor_handlers, stage);
	assert_non_null(stage->supervisor);
}

struct stage *
stage_new_in(char *dir)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	assert_non_null(stage);
	stage->base = event_base_new();
	stage->overdue = event_new(stage->base, -1, 0, on_overdue, stage);
	stage->clock = (struct clock){realtime_ms, monotonic_ns, no_random, stage};
	stage->now_ns = UINT64_C(1000000000);
	stage->realtime_ms = UINT64_C(1795525228123);
	stage->dir = dir;
	stage->skill = -1;
	stage->in.limit = 4 * BROKER_FRAME_BYTES_MAX;
	arena_init(&stage->arena, 256 * 1024 * 1024);
	snprintf(stage->audit_path, sizeof(stage->audit_path), "%s/audit.sock", stage->dir);
	snprintf(stage->supervisor_path, sizeof(stage->supervisor_path), "%s/supervisor.sock",
	    stage->dir);
	stage_audit_up(stage);
	start_broker(stage);
	connect_supervisor(stage);
	return stage;
}

struct stage *
stage_new_bare(void)
{
	return stage_new_in(check_tempdir());
}

struct stage *
stage_new(void)
{
	struct stage *stage = stage_new_bare();

	stage_grant(stage, STAGE_RUN, STAGE_WORKSPACE, policy_text, STAGE_INPUT);
	assert_int_equal(stage_until_messages(stage, 1)->type, WIRE_TYPE_GRANT_READY);
	assert_int_equal(stage->messages[0].serial, 5);
	stage->message_count = 0;
	return stage;
}

void
stage_free(struct stage **stage)
{
	struct stage *gone = *stage;

	*stage = NULL;
	broker_free(&gone->broker);
	peer_free(&gone->supervisor);
	peer_free(&gone->audit);
	peer_listener_free(&gone->audit_listener);
	for (unsigned i = 0; i < STAGE_MESSAGES_MAX; i++)
		for (int f = 0; f < STAGE_FDS; f++)
			if (gone->messages[i].fds[f] > 0)
				close(gone->messages[i].fds[f]);
	if (gone->skill >= 0)
		close(gone->skill);
	buffer_done(&gone->in);
	arena_clear(&gone->arena);
	if (gone->dir != NULL)
		check_tempdir_remove(&gone->dir);
	event_free(gone->overdue);
	event_base_free(gone->base);
	free(gone);
}

int
stage_set_up(void **state)
{
	*state = stage_new();
	return 0;
}

int
stage_tear_down(void **state)
{
	stage_free((struct stage **)state);
	return 0;
}

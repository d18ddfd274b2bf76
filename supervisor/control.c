#include "supervisor/control.h"

#include <errno.h>

#include "common/io.h"
#include "common/json.h"
#include "common/log.h"
#include "supervisor/install.h"
#include "supervisor/record.h"

enum { SLOW_BYTES = 1024 * 1024, INPUT_ARENA_BYTES = 16 * SUPERVISOR_INPUT_MAX };

struct control {
	struct control *next;
	struct supervisor *supervisor;
	struct peer *peer;
	uid_t uid;
	struct run *run;      /* what it follows; NULL: nothing */
	bool refusing;        /* a refusal of its request is being recorded */
	struct fault refusal; /* what it will hear then */
	bool told_ready;
	enum {
		RELOAD_NONE = 0,
		RELOAD_ASKED, /* the next pass is the one it waits for */
		RELOAD_BEGUN,
	} reload;
};

static void
drop(struct control *client)
{
	struct control **at = &client->supervisor->controls;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	peer_free(&client->peer);
	free(client);
}

/* A message that cannot be sent means that the client is gone; its peer will say so. */
static void
tell(struct control *client, enum wire_type type, const void *body)
{
	if (client != NULL && client->peer != NULL &&
	    peer_send_plain(client->peer, type, 0, body, NULL) != ERR_OK)
		return;
}

void
control_follow(struct control *client, struct run *run)
{
	client->run = run;
}

void
control_unfollow(struct control *client)
{
	client->run = NULL;
}

void
control_tell_refused(struct control *client, const struct fault *why)
{
	struct wire_control_refused message = {.fault = *why};

	tell(client, WIRE_TYPE_CONTROL_REFUSED, &message);
}

void
control_tell_admitted(struct run *run)
{
	struct wire_control_admitted message = {
	    .policy = *policy_digest(run->skill->source.policy),
	    .bundle = policy_skill(run->skill->source.policy)->bundle,
	};

	memcpy(message.run, run->id, sizeof(message.run));
	memcpy(message.skill, run->skill->id, sizeof(message.skill));
	tell(run->client, WIRE_TYPE_CONTROL_ADMITTED, &message);
}

void
control_tell_started(struct run *run, const struct cell_report *report)
{
	struct wire_control_started message = {.layers = report->layers,
	    .setup_ns = report->setup_ns,
	    .landlock_abi = report->landlock_abi};

	memcpy(message.run, run->id, sizeof(message.run));
	tell(run->client, WIRE_TYPE_CONTROL_STARTED, &message);
}

void
control_tell_output(struct run *run, uint32_t stream, const void *bytes, size_t length)
{
	struct wire_control_output message = {.stream = stream};

	memcpy(message.run, run->id, sizeof(message.run));
	if (run->client != NULL && peer_send(run->client->peer, WIRE_TYPE_CONTROL_OUTPUT, 0,
				       &message, bytes, length, NULL, 0, NULL) != ERR_OK)
		return; /* gone: its peer will say so */
}

void
control_tell_ended(struct run *run)
{
	const struct job_outcome *outcome = &run->outcome;
	struct wire_control_ended message = {
	    .reason = outcome->reason,
	    .status = outcome->status,
	    .duration_ms = (run->ended_ns - run->admitted_ns) / 1000000,
	    .cpu_us = outcome->cpu_us,
	    .peak_kib = outcome->peak_kib,
	    .layers = outcome->layers,
	    .syscalls_denied = run->syscalls.count,
	    .calls = run->calls,
	    .denied = run->denied,
	    .fault = outcome->fault,
	};

	memcpy(message.run, run->id, sizeof(message.run));
	memcpy(message.decision, run->decision, sizeof(message.decision));
	tell(run->client, WIRE_TYPE_CONTROL_ENDED, &message);
}

bool
control_is_slow(const struct run *run)
{
	return run->client != NULL && peer_queued(run->client->peer) > SLOW_BYTES;
}

static struct skill *
find_skill(const struct supervisor *supervisor, const char *name)
{
	for (unsigned i = 0; i < supervisor->skill_count; i++)
		if (strcmp(policy_skill(supervisor->skills[i]->source.policy)->name, name) == 0)
			return supervisor->skills[i];
	return NULL;
}

/* The trigger's own checks: a JSON object within limits, and a rule that lets it start the Skill.
 */
static enum err
check_trigger(const struct supervisor *supervisor, const struct skill *skill, const char *event,
    int input_fd, struct fault *fault)
{
	struct policy_request request = {.action = POLICY_TRIGGER,
	    .workspace = supervisor->options->workspace,
	    .name = "cli",
	    .event = event};
	struct policy_decision decision;
	struct value input;
	struct arena arena;
	const void *text;
	size_t length;
	enum err r;
	int e = io_sealed_map(input_fd, SUPERVISOR_INPUT_MAX, &text, &length);

	if (e < 0)
		return fault_set(fault, e == -EFBIG ? ERR_LIMIT : ERR_PROTOCOL, "the input %s",
		    e == -EFBIG ? "is longer than 32 KiB" : "must be a sealed memory file");
	arena_init(&arena, INPUT_ARENA_BYTES);
	r = json_parse(text, length, &arena, &input, fault);
	if (r == ERR_OK && input.type != VALUE_MAP)
		r = fault_set(fault, ERR_PROTOCOL, "the input must be a JSON object");
	if (r == ERR_OK) {
		request.input = &input;
		decision = policy_decide(skill->source.policy, &request);
		if (decision.verdict != POLICY_ALLOW)
			r = policy_fault(&request, &decision, fault);
	}
	arena_clear(&arena);
	io_sealed_unmap(text, length);
	return r;
}

static void
on_refusal_recorded(void *context, const struct recorder_answer *answer)
{
	struct control *client = context;

	client->refusing = false;
	control_tell_refused(client, answer->code == ERR_OK ? &client->refusal : &answer->fault);
	if (client->peer == NULL)
		drop(client);
}

/* A refusal is an action too: it is recorded before it is told. */
static void
refuse(struct control *client, const struct skill *skill, const struct wire_control_run *ask,
    const struct fault *why)
{
	struct fault fault;

	client->refusal = *why;
	client->refusing = true;
	if (record_refused(client->supervisor, skill, ask->skill, "cli", ask->event, client->uid,
		why, on_refusal_recorded, client, &fault) != ERR_OK) {
		client->refusing = false;
		control_tell_refused(client, &fault);
	}
}

static void
on_run(struct control *client, struct wire_message *message)
{
	const struct wire_control_run *ask = message->body;
	struct skill *skill = find_skill(client->supervisor, ask->skill);
	struct fault fault = {0};
	enum err r;

	if (!install_is_in_force(client->supervisor->install))
		r = fault_set(&fault, ERR_AUDIT_UNAVAILABLE,
		    "no policy is in force yet; wait until the service is ready");
	else if (client->run != NULL || client->refusing)
		r = fault_set(&fault, ERR_RATE_LIMIT, "one run at a time for each connection");
	else if (skill == NULL)
		r = fault_set(&fault, ERR_NOT_FOUND, "no Skill of that name is loaded");
	else
		r = check_trigger(client->supervisor, skill, ask->event, message->fds[0], &fault);
	if (r == ERR_OK)
		r = run_admit(client->supervisor, skill, "cli", ask->event,
		    TAKE_FD(message->fds[0]), client, client->uid, &fault);
	if (r == ERR_RATE_LIMIT || r == ERR_AUDIT_UNAVAILABLE)
		control_tell_refused(client, &fault);
	else if (r != ERR_OK)
		refuse(client, skill, ask, &fault);
}

static void
on_kill(struct control *client, struct wire_message *message)
{
	const struct wire_control_kill *ask = message->body;
	struct run *run = run_find(client->supervisor, ask->run);
	struct fault fault;

	if (run != NULL) {
		run_stop(run, END_KILLED, NULL);
		return;
	}
	fault_set(&fault, ERR_NOT_FOUND, "no such run is live");
	control_tell_refused(client, &fault);
}

static void
on_reload(struct control *client, struct wire_message *message)
{
	const struct wire_control_reload *ask = message->body;
	struct supervisor *supervisor = client->supervisor;
	struct fault fault;

	if (strcmp(ask->workspace, supervisor->options->workspace) != 0) {
		fault_set(&fault, ERR_WORKSPACE_SCOPE, "this supervisor serves %s",
		    supervisor->options->workspace);
		control_tell_refused(client, &fault);
		return;
	}
	client->reload = RELOAD_ASKED;
	if (supervisor->stopping)
		control_refuse_reloads(supervisor);
	else
		install_reload(supervisor->install);
}

/* All that wire_check lets come from a client. */
static const struct {
	enum wire_type type;
	void (*handler)(struct control *client, struct wire_message *message);
} rows[] = {
    {WIRE_TYPE_CONTROL_RUN, on_run},
    {WIRE_TYPE_CONTROL_KILL, on_kill},
    {WIRE_TYPE_CONTROL_RELOAD, on_reload},
};

static void
on_message(void *context, struct peer *peer, struct wire_message *message)
{
	(void)peer;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].type == message->type)
			rows[i].handler(context, message);
}

static void
on_closed(void *context, struct peer *peer, const struct fault *why)
{
	struct control *client = context;

	(void)peer;
	if (why->code != ERR_OK) {
		log_fault(LOG_LEVEL_WARNING, "a client was disconnected", why);
		record_peer_refused(client->supervisor, "client", client->uid, why);
	}
	if (client->run != NULL) {
		struct run *run = client->run;

		client->run = NULL;
		run_client_gone(run);
	}
	if (client->refusing)
		peer_free(&client->peer); /* the record's answer frees the rest */
	else
		drop(client);
}

static const struct peer_handlers handlers = {.message = on_message, .closed = on_closed};

static void
tell_ready(struct control *client)
{
	struct wire_control_ready ready = {.skills = client->supervisor->skill_count};

	if (client->told_ready || client->peer == NULL)
		return;
	client->told_ready = true;
	text_copy(ready.workspace, sizeof(ready.workspace), client->supervisor->options->workspace);
	tell(client, WIRE_TYPE_CONTROL_READY, &ready);
}

void
control_accept(struct supervisor *supervisor, int fd)
{
	struct control *client = calloc(1, sizeof(*client));
	pid_t pid;

	if (client == NULL) {
		close(fd);
		return;
	}
	client->supervisor = supervisor;
	client->peer = peer_new(supervisor->base, fd, WIRE_SUPERVISOR, WIRE_CLI, &handlers, client);
	if (client->peer == NULL || peer_credentials(client->peer, &client->uid, &pid) < 0) {
		peer_free(&client->peer);
		free(client);
		return;
	}
	client->next = supervisor->controls;
	supervisor->controls = client;
	if (supervisor_is_ready(supervisor))
		tell_ready(client);
}

void
control_tell_ready(struct supervisor *supervisor)
{
	for (struct control *client = supervisor->controls; client != NULL; client = client->next)
		tell_ready(client);
}

void
control_reload_begins(struct supervisor *supervisor)
{
	for (struct control *client = supervisor->controls; client != NULL; client = client->next)
		if (client->reload == RELOAD_ASKED)
			client->reload = RELOAD_BEGUN;
}

void
control_tell_reloaded(struct supervisor *supervisor, const struct wire_control_reloaded *result,
    const char *problems, size_t length)
{
	for (struct control *client = supervisor->controls; client != NULL; client = client->next) {
		if (client->reload != RELOAD_BEGUN)
			continue;
		client->reload = RELOAD_NONE;
		if (client->peer != NULL && peer_send(client->peer, WIRE_TYPE_CONTROL_RELOADED, 0,
						result, problems, length, NULL, 0, NULL) != ERR_OK)
			continue; /* gone: its peer will say so */
	}
}

void
control_refuse_reloads(struct supervisor *supervisor)
{
	struct fault fault;

	fault_set(&fault, ERR_RUN_ENDED, "the service is stopping");
	for (struct control *client = supervisor->controls; client != NULL; client = client->next)
		if (client->reload != RELOAD_NONE) {
			client->reload = RELOAD_NONE;
			control_tell_refused(client, &fault);
		}
}

void
control_done(struct supervisor *supervisor)
{
	while (supervisor->controls != NULL)
		drop(supervisor->controls);
}

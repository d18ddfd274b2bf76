#include "audit/daemon.h"

#include <signal.h>
#include <sys/eventfd.h>

#include "audit/admit.h"
#include "audit/client.h"
#include "audit/store.h"
#include "common/log.h"

enum { CLIENTS_MAX = 64, PREPARE_PAUSE_US = 2000, DOORS = 2, GRACE_SECONDS = 2 };

struct daemon;

/* One listening socket: who connects to it has its role. */
struct door {
	struct daemon *daemon;
	enum wire_role role;
	struct peer_listener *listener;
};

/* One log's place in the loop. */
struct watch {
	struct daemon *daemon;
	struct store_log *log;
	struct event *writer;  /* the writer's descriptor */
	struct event *kick;    /* records wait: after all packets of this round */
	struct event *prepare; /* the next step of the reserve segment */
};

struct daemon {
	const struct auditd_options *options;
	struct event_base *base;
	struct event *signals[2];
	struct event *grace; /* the last moment of a stop */
	bool stopping;
	struct store store;
	struct watch watches[AUDITD_WORKSPACES_MAX];
	struct door doors[DOORS];
	struct client *clients;
	unsigned client_count;
	uint64_t next_number;
};

static void
drop(struct daemon *daemon, struct client *client)
{
	for (struct client **at = &daemon->clients; *at != NULL; at = &(*at)->next)
		if (*at == client) {
			*at = client->next;
			break;
		}
	daemon->client_count--;
	peer_free(&client->peer);
	client_done(client);
	free(client);
	if (daemon->stopping && daemon->client_count == 0)
		event_base_loopbreak(daemon->base);
}

static void
answer(struct daemon *daemon, struct client *client, uint64_t serial, const struct audit_done *done)
{
	if (client_answer(client, serial, done))
		return;
	log_line(LOG_LEVEL_WARNING, "a client does not take its answers; the connection ends");
	drop(daemon, client);
}

static void
on_done(void *context, const struct audit_ticket *ticket, const struct audit_done *done)
{
	struct daemon *daemon = context;

	/* A client that went away meanwhile is nobody's loss: its record is in the log. */
	for (struct client *client = daemon->clients; client != NULL; client = client->next)
		if (client->number == ticket->peer) {
			answer(daemon, client, ticket->serial, done);
			return;
		}
}

static struct watch *
find_watch(struct daemon *daemon, const char *workspace)
{
	for (unsigned i = 0; i < daemon->store.count; i++)
		if (strcmp(daemon->watches[i].log->workspace, workspace) == 0)
			return &daemon->watches[i];
	return NULL;
}

static void
to_record(const struct wire_audit_append *append, const struct wire_message *message,
    struct audit_record *ret)
{
	*ret = (struct audit_record){
	    .kind = (enum event_kind)append->kind,
	    .error = (enum err)append->error,
	    .line = append->line,
	    .duration_ms = append->duration_ms,
	    .layers = append->layers,
	    .policy = append->policy,
	    .bundle = append->bundle,
	    .body = {message->extra, message->extra_length},
	};
	memcpy(ret->skill, append->skill, sizeof(ret->skill));
	memcpy(ret->run, append->run, sizeof(ret->run));
	memcpy(ret->tool, append->tool, sizeof(ret->tool));
	memcpy(ret->rule, append->rule, sizeof(ret->rule));
}

static enum err
append(struct daemon *daemon, const struct client *client, const struct wire_message *message,
    struct fault *fault)
{
	const struct wire_audit_append *wanted = message->body;
	const struct audit_ticket ticket = {client->number, message->serial};
	struct watch *watch = find_watch(daemon, wanted->workspace);
	const struct fault *failure;
	struct audit_record record;
	enum err r;

	if (watch == NULL)
		return fault_set(fault, ERR_WORKSPACE_SCOPE,
		    "workspace '%s' is not one of this log's", wanted->workspace);
	failure = store_failure(watch->log);
	if (failure != NULL) {
		*fault = *failure;
		return failure->code;
	}
	r = audit_admit(wanted, client->role, audit_log_runs(watch->log->log), fault);
	if (r != ERR_OK)
		return r;
	to_record(wanted, message, &record);
	r = audit_log_append(watch->log->log, &record, &ticket, fault);
	if (r == ERR_OK)
		event_active(watch->kick, EV_TIMEOUT, 1);
	return r;
}

static void
on_message(void *context, struct peer *peer, struct wire_message *message)
{
	struct door *door = context;
	struct daemon *daemon = door->daemon;
	struct client *client = daemon->clients;
	struct fault fault = {0};
	const struct audit_done refused = {.fault = &fault};

	while (client != NULL && client->peer != peer)
		client = client->next;
	if (client == NULL)
		return;
	if (!client_expect(client, message->serial)) {
		log_line(LOG_LEVEL_WARNING, "a client has too many appends; the connection ends");
		drop(daemon, client);
		return;
	}
	/* AUDIT_APPEND: the only type that may come to us. */
	if (append(daemon, client, message, &fault) != ERR_OK)
		answer(daemon, client, message->serial, &refused);
}

/* In every log: whoever broke the protocol named no workspace, or cannot be believed about it. */
static void
record_refused(struct daemon *daemon, const struct client *client, const struct fault *why)
{
	const char *name = client->role == WIRE_BROKER ? "broker" : "supervisor";
	struct fault fault;

	log_fault(LOG_LEVEL_WARNING, "a client's connection ended", why);
	for (unsigned i = 0; i < daemon->store.count; i++) {
		struct watch *watch = &daemon->watches[i];

		if (watch->log->log == NULL)
			continue;
		if (audit_log_append_refused(watch->log->log, name, client->uid, why, &fault) ==
		    ERR_OK)
			event_active(watch->kick, EV_TIMEOUT, 1);
		else
			log_fault(LOG_LEVEL_WARNING, "that could not be recorded", &fault);
	}
}

static void
on_closed(void *context, struct peer *peer, const struct fault *why)
{
	struct daemon *daemon = ((struct door *)context)->daemon;
	struct client *client = daemon->clients;

	while (client != NULL && client->peer != peer)
		client = client->next;
	if (client == NULL)
		return;
	if (why->code != ERR_OK)
		record_refused(daemon, client, why);
	drop(daemon, client);
}

static const struct peer_handlers handlers = {.message = on_message, .closed = on_closed};

struct greeting {
	struct client *client;
	const char *workspace;
	bool sent;
};

static void
send_open_run(void *context, const struct run_state *state)
{
	struct greeting *greeting = context;
	struct wire_audit_open_run run = {0};
	struct fault ignored;

	text_copy(run.workspace, sizeof(run.workspace), greeting->workspace);
	text_copy(run.skill, sizeof(run.skill), state->skill);
	text_copy(run.run, sizeof(run.run), state->run);
	if (peer_send_plain(greeting->client->peer, WIRE_TYPE_AUDIT_OPEN_RUN, 0, &run, &ignored) !=
	    ERR_OK)
		greeting->sent = false;
}

/* Tells a new client what it has to know before its first append. */
static bool
greet(struct daemon *daemon, struct client *client)
{
	struct wire_audit_ready ready = {0};
	struct fault ignored;

	for (unsigned i = 0; i < daemon->store.count; i++) {
		struct store_log *log = &daemon->store.logs[i];
		struct greeting greeting = {client, log->workspace, true};

		ready.backend = log->writer.backend;
		if (log->log == NULL)
			continue;
		ready.size += audit_log_size(log->log);
		if (client->role == WIRE_SUPERVISOR)
			runs_each(audit_log_runs(log->log), send_open_run, &greeting);
		if (!greeting.sent)
			return false;
	}
	return peer_send_plain(client->peer, WIRE_TYPE_AUDIT_READY, 0, &ready, &ignored) == ERR_OK;
}

static bool
uid_is_allowed(const struct auditd_options *options, uid_t uid)
{
	if (uid == 0 || uid == geteuid())
		return true;
	for (unsigned i = 0; i < options->uid_count; i++)
		if (options->uids[i] == uid)
			return true;
	return false;
}

static void
on_accept(void *context, int fd)
{
	struct door *door = context;
	struct daemon *daemon = door->daemon;
	struct client *client = daemon->client_count < CLIENTS_MAX ? malloc(sizeof(*client)) : NULL;
	uid_t uid = (uid_t)-1;
	pid_t pid = 0;

	if (client == NULL) {
		log_line(LOG_LEVEL_WARNING, "too many clients");
		close(fd);
		return;
	}
	client_init(client, ++daemon->next_number, door->role);
	client->peer = peer_new(daemon->base, fd, WIRE_AUDITD, door->role, &handlers, door);
	if (client->peer == NULL) {
		free(client);
		return;
	}
	client->next = daemon->clients;
	daemon->clients = client;
	daemon->client_count++;
	if (peer_credentials(client->peer, &uid, &pid) < 0 ||
	    !uid_is_allowed(daemon->options, uid)) {
		log_line(LOG_LEVEL_WARNING, "uid %u (pid %d) may not record here", uid, pid);
		drop(daemon, client);
	} else if (!greet(daemon, client)) {
		drop(daemon, client);
	} else {
		client->uid = uid;
	}
}

static void
on_turn(int fd, short what, void *context)
{
	static const struct timeval pause = {0, PREPARE_PAUSE_US};
	struct watch *watch = context;
	bool failed = audit_log_failure(watch->log->log) != NULL;

	(void)fd;
	(void)what;
	audit_log_turn(watch->log->log);
	if (!failed && audit_log_failure(watch->log->log) != NULL)
		log_fault(LOG_LEVEL_ERROR, "recording stops", audit_log_failure(watch->log->log));
	event_add(watch->prepare, &pause);
}

/* Read before the completion is looked for, and whether or not one is in flight: the kernel signals
 * after it has made the completion visible, which may have been reaped by then. */
static void
on_written(int fd, short what, void *context)
{
	eventfd_t count;

	(void)!eventfd_read(fd, &count);
	on_turn(fd, what, context);
}

/* The reserve segment grows while nobody waits for the disk. */
static void
on_prepare(int fd, short what, void *context)
{
	static const struct timeval pause = {0, PREPARE_PAUSE_US};
	struct watch *watch = context;

	(void)fd;
	(void)what;
	if (audit_log_is_busy(watch->log->log) || audit_log_prepare(watch->log->log))
		event_add(watch->prepare, &pause);
}

static void
on_grace_over(int fd, short what, void *context)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(((struct daemon *)context)->base);
}

/* When the whole stack is told to end at once, its other processes still have ends of runs to
 * record: they are waited for, but not for long, and nobody new is let in. */
static void
on_signal(int number, short what, void *context)
{
	static const struct timeval grace = {GRACE_SECONDS, 0};
	struct daemon *daemon = context;

	(void)number;
	(void)what;
	if (daemon->stopping || daemon->client_count == 0)
		event_base_loopbreak(daemon->base);
	daemon->stopping = true;
	for (unsigned i = 0; i < DOORS; i++)
		peer_listener_free(&daemon->doors[i].listener);
	event_add(daemon->grace, &grace);
}

/* False: out of memory. */
static bool
watch_log(struct daemon *daemon, struct watch *watch, struct store_log *log)
{
	static const struct timeval pause = {0, PREPARE_PAUSE_US};
	int fd;

	*watch = (struct watch){.daemon = daemon, .log = log};
	if (log->log == NULL) {
		log_fault(LOG_LEVEL_ERROR, log->workspace, &log->failure);
		return true;
	}
	log_line(LOG_LEVEL_INFO, "%s: %llu records, backend %s", log->workspace,
	    (unsigned long long)audit_log_size(log->log), audit_backend_name(log->writer.backend));
	fd = log->writer.ops->fd(log->writer.state);
	watch->kick = event_new(daemon->base, -1, 0, on_turn, watch);
	watch->prepare = evtimer_new(daemon->base, on_prepare, watch);
	if (fd >= 0)
		watch->writer =
		    event_new(daemon->base, fd, EV_READ | EV_PERSIST, on_written, watch);
	if (watch->kick == NULL || watch->prepare == NULL || (fd >= 0 && watch->writer == NULL))
		return false;
	return (fd < 0 || event_add(watch->writer, NULL) == 0) &&
	       event_add(watch->prepare, &pause) == 0;
}

static bool
open_doors(struct daemon *daemon, const struct listen_fds *listen)
{
	static const struct {
		const char *name;
		enum wire_role role;
	} rows[DOORS] = {{"supervisor", WIRE_SUPERVISOR}, {"broker", WIRE_BROKER}};
	bool opened = false;

	for (unsigned i = 0; i < DOORS; i++) {
		struct door *door = &daemon->doors[i];
		int fd = listen_find(listen, rows[i].name);

		if (fd < 0)
			continue;
		*door = (struct door){.daemon = daemon, .role = rows[i].role};
		door->listener = peer_listen(daemon->base, fd, on_accept, door);
		if (door->listener == NULL)
			return false;
		opened = true;
	}
	return opened;
}

static bool
watch_all(struct daemon *daemon)
{
	static const int numbers[] = {SIGTERM, SIGINT};

	/* A log that nobody reads on stderr must not end the one that everybody relies on. */
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
		daemon->signals[i] = evsignal_new(daemon->base, numbers[i], on_signal, daemon);
		if (daemon->signals[i] == NULL || event_add(daemon->signals[i], NULL) != 0)
			return false;
	}
	daemon->grace = evtimer_new(daemon->base, on_grace_over, daemon);
	if (daemon->grace == NULL)
		return false;
	for (unsigned i = 0; i < daemon->store.count; i++)
		if (!watch_log(daemon, &daemon->watches[i], &daemon->store.logs[i]))
			return false;
	return true;
}

static void
free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

static void
close_daemon(struct daemon *daemon)
{
	for (unsigned i = 0; i < daemon->store.count; i++) {
		struct store_log *log = &daemon->store.logs[i];

		if (log->log != NULL)
			audit_log_drain(log->log);
	}
	while (daemon->clients != NULL)
		drop(daemon, daemon->clients);
	for (unsigned i = 0; i < DOORS; i++)
		peer_listener_free(&daemon->doors[i].listener);
	for (unsigned i = 0; i < AUDITD_WORKSPACES_MAX; i++) {
		free_event(daemon->watches[i].writer);
		free_event(daemon->watches[i].kick);
		free_event(daemon->watches[i].prepare);
	}
	free_event(daemon->signals[0]);
	free_event(daemon->signals[1]);
	free_event(daemon->grace);
	store_close(&daemon->store);
	if (daemon->base != NULL)
		event_base_free(daemon->base);
	free(daemon);
}

int
auditd_run(const struct auditd_options *options, const struct listen_fds *listen)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	struct fault fault = {0};
	enum err r;

	if (daemon == NULL)
		return err_info(ERR_INTERNAL)->exit_code;
	daemon->options = options;
	daemon->store.done = on_done;
	daemon->store.context = daemon;
	daemon->base = event_base_new();
	r = store_open(&daemon->store, options, &fault);
	if (r == ERR_OK && (daemon->base == NULL || !watch_all(daemon)))
		r = fault_set(&fault, ERR_INTERNAL, "out of memory");
	if (r == ERR_OK && !open_doors(daemon, listen))
		r = fault_set(&fault, ERR_INTERNAL,
		    "no listening socket called supervisor or broker was passed");
	if (r != ERR_OK)
		log_fault(LOG_LEVEL_ERROR, "cannot start", &fault);
	else
		event_base_dispatch(daemon->base);
	close_daemon(daemon);
	return err_info(r)->exit_code;
}

#include "supervisor/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "common/log.h"
#include "sandbox/keyring.h"
#include "supervisor/control.h"
#include "supervisor/install.h"
#include "supervisor/link.h"
#include "supervisor/pool.h"
#include "supervisor/record.h"

bool
supervisor_is_ready(const struct supervisor *supervisor)
{
	return !supervisor->stopping && install_is_in_force(supervisor->install) &&
	       recorder_is_ready(supervisor->recorder) && dial_is_up(supervisor->broker);
}

void
supervisor_check_idle(struct supervisor *supervisor)
{
	if (supervisor->stopping && supervisor->runs == NULL)
		event_base_loopbreak(supervisor->base);
}

static void
on_log_ready(void *context)
{
	struct supervisor *supervisor = context;

	for (struct run *run = supervisor->runs, *next; run != NULL; run = next) {
		next = run->next;
		run_audit_ready(run);
	}
	install_log_ready(supervisor->install);
	if (supervisor_is_ready(supervisor))
		control_tell_ready(supervisor);
}

static void
on_log_lost(void *context)
{
	(void)context;
	/* Runs go on: what they ask for is refused until the log is back (law 2). */
	log_line(LOG_LEVEL_WARNING, "the log's writer is gone; every effect is refused until it "
				    "is back");
}

/* A run that the log has open and that is not ours: an earlier praxad died under it. Its cell died
 * with that process (the lifeline), so the end is a fact. */
static void
on_open_run(void *context, const struct wire_audit_open_run *open)
{
	struct supervisor *supervisor = context;
	struct fault fault;

	if (run_find(supervisor, open->run) != NULL ||
	    strcmp(open->workspace, supervisor->options->workspace) != 0)
		return;
	if (record_lost(supervisor, open, &fault) != ERR_OK)
		log_fault(LOG_LEVEL_ERROR, "the end of a lost run could not be recorded", &fault);
}

static const struct recorder_handlers recorder_handlers = {
    .ready = on_log_ready,
    .lost = on_log_lost,
    .open_run = on_open_run,
};

static void
on_connection(void *context, int fd)
{
	control_accept(context, fd);
}

static void
on_drained(int fd, short what, void *context)
{
	(void)fd;
	(void)what;
	log_line(LOG_LEVEL_WARNING, "stopped with runs whose end is not recorded; the next start "
				    "records them as lost");
	event_base_loopbreak(((struct supervisor *)context)->base);
}

static void
on_signal(int number, short what, void *context)
{
	const struct timeval patience = {5, 0};
	struct supervisor *supervisor = context;

	(void)number;
	(void)what;
	if (supervisor->stopping)
		return;
	supervisor->stopping = true;
	install_stop(supervisor->install);
	control_refuse_reloads(supervisor);
	pool_free(&supervisor->pool);
	event_add(supervisor->drain, &patience);
	for (struct run *run = supervisor->runs, *next; run != NULL; run = next) {
		next = run->next;
		run_stop(run, END_SHUTDOWN, NULL);
	}
	supervisor_check_idle(supervisor);
}

/* systemd's ExecReload=. */
static void
on_hangup(int number, short what, void *context)
{
	(void)number;
	(void)what;
	install_reload(((struct supervisor *)context)->install);
}

static enum err
watch_signals(struct supervisor *supervisor, struct fault *fault)
{
	static const struct {
		int number;
		event_callback_fn handler;
	} rows[] = {{SIGTERM, on_signal}, {SIGINT, on_signal}, {SIGHUP, on_hangup}};

	_Static_assert(ARRAY_SIZE(rows) == SUPERVISOR_SIGNALS, "one event for each");
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		supervisor->signals[i] =
		    evsignal_new(supervisor->base, rows[i].number, rows[i].handler, supervisor);
		if (supervisor->signals[i] == NULL || event_add(supervisor->signals[i], NULL) < 0)
			return fault_set(fault, ERR_INTERNAL, "out of memory");
	}
	supervisor->drain = event_new(supervisor->base, -1, 0, on_drained, supervisor);
	if (supervisor->drain == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	return ERR_OK;
}

/* One that was named must be there. One that was not given to us is missed by the policies that
 * require it, and by nobody else. */
static enum err
take_cgroup(struct supervisor *supervisor, struct fault *fault)
{
	const char *path = supervisor->options->cgroup;
	struct fault *why = &supervisor->no_cgroup;
	enum err r = cgroup_open(path, &supervisor->cgroup, why);

	if (r != ERR_OK && path != NULL) {
		*fault = *why;
		return r;
	}
	if (r != ERR_OK)
		log_fault(LOG_LEVEL_WARNING, "cells have no cgroup", why);
	cell_launcher_set_cgroup(supervisor->launcher, supervisor->cgroup, why->message);
	return ERR_OK;
}

/* Without it each cell makes a keyring of its own, as long as this user may. */
static void
close_keyring(void)
{
	struct fault fault;
	int r = keyring_close();

	if (r == 0)
		return;
	fault_set(&fault, ERR_CONFINEMENT, "%s%s", strerror(-r),
	    r == -EDQUOT ? " (kernel.keys.maxkeys)" : "");
	log_fault(LOG_LEVEL_WARNING, "cells get no session keyring from us", &fault);
}

/* It begins anywhere: another supervisor, or the one before, then uses other ids for long. */
static enum err
take_identities(struct supervisor *supervisor, struct fault *fault)
{
	struct identity_range range = {
	    .base = SUPERVISOR_UID_BASE + SUPERVISOR_UID_FIRST_RUN,
	    .count = SUPERVISOR_UID_COUNT - SUPERVISOR_UID_FIRST_RUN,
	    .in_use = identity_is_in_use,
	};

	if (geteuid() != 0)
		return ERR_OK;
	supervisor->clock->random(supervisor->clock->context, &range.start, sizeof(range.start));
	supervisor->identities = identities_new(&range);
	return supervisor->identities != NULL ? ERR_OK
					      : fault_set(fault, ERR_INTERNAL, "out of memory");
}

static enum err
connect_all(struct supervisor *supervisor, const struct listen_fds *fds, struct fault *fault)
{
	int control = listen_find(fds, "control");

	if (control < 0)
		return fault_set(fault, ERR_NOT_FOUND,
		    "no listening socket \"control\" was passed (LISTEN_FDS, LISTEN_FDNAMES)");
	supervisor->recorder = recorder_new(supervisor->base, supervisor->options->audit,
	    WIRE_SUPERVISOR, RECORDER_ANSWER_MS, &recorder_handlers, supervisor);
	supervisor->broker = link_new(supervisor);
	supervisor->listener = peer_listen(supervisor->base, control, on_connection, supervisor);
	if (supervisor->recorder == NULL || supervisor->broker == NULL ||
	    supervisor->listener == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	return ERR_OK;
}

enum err
supervisor_init(struct supervisor *supervisor, const struct supervisor_options *options,
    const struct clock *clock, const struct listen_fds *fds, struct fault *fault)
{
	enum err r;

	*supervisor = (struct supervisor){.options = options, .clock = clock, .sdk_fd = -1};
	supervisor->base = event_base_new();
	if (supervisor->base == NULL)
		return fault_set(fault, ERR_INTERNAL, "no event loop");
	if (options->sdk != NULL) {
		supervisor->sdk_fd = open(options->sdk, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (supervisor->sdk_fd < 0)
			return fault_set(
			    fault, ERR_NOT_FOUND, "%s: %s", options->sdk, strerror(errno));
	}
	close_keyring();
	r = cell_launcher_new(options->init, &supervisor->launcher, fault);
	if (r == ERR_OK)
		r = take_cgroup(supervisor, fault);
	if (r == ERR_OK)
		r = take_identities(supervisor, fault);
	if (r == ERR_OK)
		r = install_new(supervisor, &supervisor->install, fault);
	if (r == ERR_OK)
		r = watch_signals(supervisor, fault);
	return r == ERR_OK ? connect_all(supervisor, fds, fault) : r;
}

enum err
supervisor_loop(struct supervisor *supervisor, struct fault *fault)
{
	event_base_dispatch(supervisor->base);
	*fault = supervisor->failure;
	return fault->code;
}

void
supervisor_done(struct supervisor *supervisor)
{
	while (supervisor->runs != NULL) {
		struct run *run = supervisor->runs;

		supervisor->runs = run->next;
		run_abandon(run);
	}
	pool_free(&supervisor->pool);
	if (supervisor->base != NULL) {
		control_done(supervisor);
		peer_listener_free(&supervisor->listener);
		dial_free(&supervisor->broker);
		recorder_free(&supervisor->recorder);
		install_free(&supervisor->install);
		for (unsigned i = 0; i < ARRAY_SIZE(supervisor->signals); i++)
			if (supervisor->signals[i] != NULL)
				event_free(supervisor->signals[i]);
		if (supervisor->drain != NULL)
			event_free(supervisor->drain);
		event_base_free(supervisor->base);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(supervisor->skills); i++)
		skill_unref(&supervisor->skills[i]);
	cell_launcher_free(&supervisor->launcher);
	cgroup_free(&supervisor->cgroup);
	identities_free(&supervisor->identities);
	if (supervisor->sdk_fd >= 0)
		close(supervisor->sdk_fd);
}

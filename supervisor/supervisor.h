/* supervisor.h - the state of praxad: one struct, created in main, handed to everything.
 *
 * praxad admits triggers, forks each run into its cell, watches, kills, reaps. It decodes no byte
 * that a Skill sent, holds no key and opens no network socket: what a Skill says goes past it as
 * opaque bytes or through descriptors that it only hands on. */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include "common/clock.h"
#include "common/dial.h"
#include "common/listen.h"
#include "common/recorder.h"
#include "supervisor/options.h"
#include "supervisor/skill.h"

enum {
	SUPERVISOR_RUNS_MAX = 4096,
	SUPERVISOR_INPUT_MAX = 32 * 1024, /* JSON text; it stands in records whole */
	/* Outside identities of cells when praxad is root: above systemd's container range
	 * (0x00080000-0x6fffffff); the first are the daemons'. */
	SUPERVISOR_UID_BASE = 0x70000000,
	SUPERVISOR_UID_FIRST_RUN = 16,
	SUPERVISOR_UID_COUNT = 65536,
	SUPERVISOR_SIGNALS = 3,
};

struct control;
struct install;
struct pool;
struct run;

struct supervisor {
	const struct supervisor_options *options;
	const struct clock *clock;
	struct event_base *base;
	struct cell_launcher *launcher;
	struct identities *identities; /* of cells; NULL: we are not root, all are ours */
	struct cgroup *cgroup;         /* NULL: cells have none */
	struct fault no_cgroup;        /* why */
	/* In force, in the order of options->policies. A reload puts others in their place: who
	 * keeps one across turns of the loop takes a reference. */
	struct skill *skills[OPTIONS_POLICIES_MAX];
	unsigned skill_count; /* 0: nothing is in force yet */
	struct install *install;
	struct fault failure; /* why the loop ended by itself */
	int sdk_fd;           /* O_PATH; -1: none */
	struct pool *pool;    /* parked cells */
	struct recorder *recorder;
	struct dial *broker;
	struct peer_listener *listener;
	struct event *signals[SUPERVISOR_SIGNALS];
	struct event *drain;      /* the last moment for a stop */
	struct control *controls; /* connected clients */
	struct run *runs;         /* live runs, newest first */
	unsigned run_count;
	bool stopping;
};

/* Loads policies, opens descriptors, connects. ERR_OK, or the first thing that is wrong, printed by
 * the caller; supervisor_done is safe after a failure. fds are systemd's or the launcher's. */
MUST_USE enum err supervisor_init(struct supervisor *supervisor,
    const struct supervisor_options *options, const struct clock *clock,
    const struct listen_fds *fds, struct fault *fault);
/* Runs until SIGTERM or SIGINT, then until every run is recorded or 5 s have passed. SIGHUP reloads
 * the policies. Anything but ERR_OK: it could not begin. */
MUST_USE enum err supervisor_loop(struct supervisor *supervisor, struct fault *fault);
void supervisor_done(struct supervisor *supervisor);

/* Log and broker can be reached: runs are taken. */
bool supervisor_is_ready(const struct supervisor *supervisor);
/* Ends the loop when the service is stopping and no run is left. */
void supervisor_check_idle(struct supervisor *supervisor);

#endif

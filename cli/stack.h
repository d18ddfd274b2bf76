/* stack.h - the daemons of one workspace, started by hand: the same programs with the same
 * descriptors that systemd gives them, in a state folder, without an installed service.
 *
 * STATE/run       sockets and pid files          STATE/audit/<workspace>  the log
 * STATE/lock      one stack for each folder      STATE/memory/<workspace> memory facts
 *                                                STATE/policy/<workspace> accepted revisions
 *
 * As root each daemon but praxad gets a uid of its own, and the folders are theirs. Invariant: when
 * the stack ends, praxad ends first, so that it can still record the ends of its runs. */
#ifndef CLI_STACK_H
#define CLI_STACK_H

#include <event2/event.h>

#include "cli/paths.h"

/* The workspace where nobody names one. */
#define STACK_WORKSPACE "ws_local"

enum { STACK_DAEMONS = 3, STACK_RESOURCES_MAX = 16 };

/* What to start. Strings are borrowed. */
struct stack_plan {
	const char *state;     /* the state folder; made if it is not there */
	const char *workspace; /* ws_<name> */
	const char *const *policies;
	unsigned policy_count;
	const char *const *resources; /* NAME=DIR */
	unsigned resource_count;
	const char *allowed_signers; /* who may sign policies; NULL: nobody has to */
	/* Of praxad's own. NULL: the one that we are in is divided, where systemd has delegated it;
	 * we and the daemons then are in `others` beneath it. */
	const char *cgroup;
	const char *warm; /* cells that praxad builds ahead for each Skill; NULL: none */
	bool verbose; /* the daemons' own messages go to stderr; else to STATE/run/<daemon>.log */
};

struct stack;

struct stack_handlers {
	/* A daemon ended unasked: by a signal, and was started again; or why says that it was given
	 * up, in its own last words, and the stack is of no more use. */
	void (*died)(void *context, const char *daemon, int status, const struct fault *why);
	/* stack_stop has finished: nothing of the stack is left. */
	void (*stopped)(void *context);
};

/* Makes folders and sockets and starts the daemons. ERR_RATE_LIMIT: another stack has the folder.
 */
MUST_USE enum err stack_start(struct event_base *base, const struct stack_plan *plan,
    const struct stack_handlers *handlers, void *context, struct stack **ret, struct fault *fault);
/* Ends praxad, then the broker, then praxa-auditd, each once the one before has gone; a daemon that
 * does not go within 8 s is killed. `stopped` follows. */
void stack_stop(struct stack *stack);
/* Kills what is left and frees; NULLs the caller's pointer; accepts NULL. */
void stack_free(struct stack **stack);

/* Path of the control socket. */
const char *stack_control_path(const struct stack *stack);
/* Folder of the workspace's log. */
const char *stack_log_path(const struct stack *stack);
/* The default state folder: /var/lib/praxa for root, else $XDG_STATE_HOME/praxa or
 * ~/.local/state/praxa. ERR_NOT_FOUND: no home. */
MUST_USE enum err stack_default_state(char *to, size_t size, struct fault *fault);

#endif

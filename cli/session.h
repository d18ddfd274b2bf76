/* session.h - one `praxa run` on the control channel: submits, follows, and ends.
 *
 * Uses the stack that `praxa up` keeps in the state folder, or starts one for itself. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli/run_options.h"
#include "common/wire.h"

struct session_result {
	enum err code; /* ERR_OK: the run was admitted and ended; else fault says why not */
	struct fault fault;
	bool admitted, ended;
	struct wire_control_admitted run;
	struct wire_control_started started;
	struct wire_control_ended end;
	char log[PATHS_MAX + 96]; /* folder of the workspace's log */
};

/* Runs the Skill of this name with this input (JSON text) and blocks until it has ended and the
 * stack, if it is ours, is gone. SIGINT and SIGTERM end the run. */
void session_run(const struct run_options *options, const char *skill, const char *input,
    size_t input_length, struct session_result *ret);

#endif

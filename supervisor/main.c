/* praxad - the supervisor. */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/io.h"
#include "common/log.h"
#include "supervisor/supervisor.h"

/* What a supervisor of hostile programs gives up before it reads anything: core files that would
 * hold inputs, and being traced by its equals. */
static void
harden(void)
{
	/* 1, not 0: the kernel writes no core at all, not even into a core_pattern's pipe. */
	const struct rlimit none = {1, 1};

	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	io_allow_many_files();
	/* A log that nobody reads on stderr must not end the runs. */
	signal(SIGPIPE, SIG_IGN);
}

static int
fail(const struct fault *fault)
{
	log_fault(LOG_LEVEL_ERROR, "cannot start", fault);
	return err_info(fault->code)->exit_code;
}

int
main(int argc, char **argv)
{
	struct supervisor_options options = {0};
	struct supervisor supervisor = {.sdk_fd = -1};
	struct listen_fds fds = {0};
	struct fault fault = {0};
	enum err r;

	log_init("praxad", LOG_LEVEL_INFO);
	r = options_parse(argc, argv, &options, &fault);
	if (r == ERR_OK && options.help) {
		options_usage();
		return 0;
	}
	if (r != ERR_OK)
		return fail(&fault);
	if (listen_take(&fds) < 0) {
		fault_set(&fault, ERR_PROTOCOL, "LISTEN_FDS is malformed");
		return fail(&fault);
	}
	harden();
	r = supervisor_init(&supervisor, &options, &clock_system, &fds, &fault);
	if (r == ERR_OK)
		r = supervisor_loop(&supervisor, &fault);
	supervisor_done(&supervisor);
	skill_resources_done(&options.resources);
	return r == ERR_OK ? 0 : fail(&fault);
}

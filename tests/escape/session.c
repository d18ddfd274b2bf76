#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/escape/stage.h"

int
stage_main(int (*run_all)(int argc, char **argv), int argc, char **argv)
{
	int status;
	pid_t pid = fork();

	if (pid < 0 || (pid == 0 && setsid() < 0))
		return 1;
	if (pid == 0) {
		signal(SIGHUP, SIG_IGN); /* the terminal goes before we do */
		status = run_all(argc, argv);
		fflush(stdout);
		_exit(status);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

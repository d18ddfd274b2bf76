/* praxa - what people type. */
#include <fcntl.h>
#include <stdio.h>

#include "cli/cli.h"
#include "common/text.h"

static const struct {
	const char *name, *help;
	int (*run)(int argc, char *const argv[]);
} commands[] = {
    {"run", "run a Skill once under its policy", cmd_run},
    {"up", "keep a workspace's daemons running in the foreground", cmd_up},
    {"reload", "have a running service read its policies anew", cmd_reload},
    {"policy", "check, explain and compare policies; digest a bundle", cmd_policy},
    {"doctor", "try what this host gives a cell, and say what to do", cmd_doctor},
    {"audit", "show, verify and follow the log", cmd_audit},
    {"sandbox", "explain denied system calls; list and propose profiles", cmd_sandbox},
};

static void
usage(FILE *out)
{
	fprintf(out, "usage: praxa COMMAND ...\n\n");
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
	fprintf(out, "\npraxa COMMAND --help says more.\n");
}

/* A descriptor below 3 that is closed would be given to the next file that is opened, and what we
 * say would be written into it. */
static bool
open_standard_files(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
			return false;
	return true;
}

/* A result that could not be printed is not a success. */
static int
close_output(int code)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return code;
	fprintf(stderr, "praxa: stdout cannot be written; what was printed is not whole\n");
	return code != CLI_OK ? code : CLI_INTERNAL;
}

static int
dispatch(int argc, char *const argv[])
{
	const char *names[ARRAY_SIZE(commands) + 1] = {NULL};
	const char *nearest;

	if (argc < 2) {
		usage(stderr);
		return CLI_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		usage(stdout);
		return CLI_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("praxa %s\n", PRAXA_VERSION);
		return CLI_OK;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
		names[i] = commands[i].name;
	}
	nearest = text_nearest(argv[1], names);
	fprintf(stderr, "praxa: there is no command \"%s\"%s%s%s\n", argv[1],
	    nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
	    nearest != NULL ? "\"?" : "");
	return CLI_USAGE;
}

int
main(int argc, char **argv)
{
	if (!open_standard_files())
		return CLI_INTERNAL;
	return close_output(dispatch(argc, argv));
}

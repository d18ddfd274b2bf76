#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/paths.h"
#include "cli/sandbox.h"
#include "policy/policy.h"
#include "sandbox/profile.h"

static const struct {
	const char *name, *help;
	int (*run)(int argc, char *const argv[]);
} rows[] = {
    {"explain", "which system calls a run was denied, and why", sandbox_explain},
    {"profiles", "the system call profiles and how much they allow", sandbox_profiles},
    {"trace", "run a program without a cell and propose its profile", sandbox_trace},
};

int
sandbox_fail(const struct fault *fault)
{
	fprintf(stderr, "praxa sandbox: %s: %s\n", err_name(fault->code), fault->message);
	return err_info(fault->code)->exit_code;
}

static enum err
print_profile(int dir, const char *name, struct fault *fault)
{
	struct profile *profile = NULL;
	enum err r = profile_load(dir, name, &profile, fault);

	if (r != ERR_OK)
		return r;
	printf("%-8s %5u  %s\n", name, profile->allowed, profile->reason);
	profile_free(&profile);
	return ERR_OK;
}

#define PROFILE_NAME(name) #name,

int
sandbox_profiles(int argc, char *const argv[])
{
	static const char *const names[] = {POLICY_PROFILES(PROFILE_NAME)};
	struct paths paths;
	struct fault fault = {0};
	SCOPED_FD dir = -1;
	enum err r;

	if (argc != 1) {
		fprintf(stderr, "usage: praxa sandbox %s\n", argv[0]);
		return CLI_USAGE;
	}
	r = paths_find(&paths, &fault);
	if (r == ERR_OK) {
		dir = open(paths.profiles, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			r = fault_set(
			    &fault, ERR_NOT_FOUND, "%s: %s", paths.profiles, strerror(errno));
	}
	if (r == ERR_OK)
		printf("profile  calls  for\n");
	for (unsigned i = 0; r == ERR_OK && i < ARRAY_SIZE(names); i++)
		r = print_profile(dir, names[i], &fault);
	return r == ERR_OK ? CLI_OK : sandbox_fail(&fault);
}

static int
usage(FILE *out, int code)
{
	fprintf(out, "usage: praxa sandbox COMMAND ...\n\n");
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		fprintf(out, "  %-8s %s\n", rows[i].name, rows[i].help);
	return code;
}

int
cmd_sandbox(int argc, char *const argv[])
{
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return usage(stdout, CLI_OK);
	for (unsigned i = 0; argc > 1 && i < ARRAY_SIZE(rows); i++)
		if (strcmp(argv[1], rows[i].name) == 0)
			return rows[i].run(argc - 1, argv + 1);
	return usage(stderr, CLI_USAGE);
}

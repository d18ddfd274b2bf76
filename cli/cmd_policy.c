#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "cli/check.h"
#include "cli/cli.h"
#include "cli/progress.h"

static int
fail(const char *what, const struct fault *fault)
{
	progress_fault(what, fault);
	return err_info(fault->code)->exit_code;
}

static int
do_check(const char *path)
{
	char digest[DIGEST_TEXT_MAX];
	struct policy_source source;
	struct fault fault = {0};

	if (check_policy(path, &source, &fault) != ERR_OK)
		return fail(path, &fault);
	digest_text(digest, policy_digest(source.policy));
	printf("%s: skill %s, sound, %s\n", path, policy_skill(source.policy)->name, digest);
	policy_source_done(&source);
	return CLI_OK;
}

static int
do_digest(const char *path)
{
	SCOPED_FD dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	SCOPED_FD fd = -1;
	char digest[DIGEST_TEXT_MAX];
	struct fault fault = {0};
	struct pack pack;

	if (dir < 0) {
		fault_set(&fault, ERR_NOT_FOUND, "%s", strerror(errno));
		return fail(path, &fault);
	}
	if (pack_from_dir(dir, &fd, &fault) != ERR_OK || pack_open(fd, &pack, &fault) != ERR_OK)
		return fail(path, &fault);
	digest_text(digest, &pack.digest);
	printf("%s\n", digest);
	pack_close(&pack);
	return CLI_OK;
}

static const struct {
	const char *name, *argument, *help;
	int (*act)(const char *path);
} rows[] = {
    {"check", "FILE", "checks a policy and everything it pins", do_check},
    {"digest", "DIR", "prints the digest that pins a bundle", do_digest},
};

static int
usage(int code)
{
	FILE *out = code == CLI_OK ? stdout : stderr;

	fprintf(out, "usage: praxa policy COMMAND ARGUMENT\n\n");
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		fprintf(out, "  %-8s %-6s %s\n", rows[i].name, rows[i].argument, rows[i].help);
	return code;
}

int
cmd_policy(int argc, char *const argv[])
{
	progress_init(false);
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return usage(CLI_OK);
	for (unsigned i = 0; argc == 3 && i < ARRAY_SIZE(rows); i++)
		if (strcmp(argv[1], rows[i].name) == 0)
			return rows[i].act(argv[2]);
	return usage(CLI_USAGE);
}

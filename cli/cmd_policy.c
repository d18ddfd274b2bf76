/* praxa policy: one row a subcommand. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "cli/check.h"
#include "cli/cli.h"
#include "cli/policy_common.h"
#include "cli/progress.h"
#include "common/io.h"
#include "supervisor/enforced.h"

/* What is sound and yet not enforced. Answers an exit code. */
static int
note_features(const char *path, const struct policy *policy)
{
#define REASON(name, enforced, reason) [POLICY_FEATURE_##name] = reason,
	static const char *const reasons[] = {SUPERVISOR_FEATURES(REASON)};
	int r = CLI_OK;

	for (unsigned i = 0; i < POLICY_FEATURE_COUNT; i++) {
		const struct policy_feature_info *info =
		    policy_feature_info((enum policy_feature)i);
		uint32_t line = policy_feature_line(policy, (enum policy_feature)i);

		if (line != 0 && (SUPERVISOR_SIGNED & UINT64_C(1) << i) != 0)
			fprintf(stderr, "%s:%u: note: %s (%s) is enforced %s\n", path, line,
			    info->key, info->words, reasons[i]);
		if (line == 0 || (SUPERVISOR_ENFORCED & UINT64_C(1) << i) != 0)
			continue;
		fprintf(stderr,
		    "%s:%u: %s (%s) is not enforced by this praxad, which therefore refuses the "
		    "policy: %s\n",
		    path, line, info->key, info->words, reasons[i]);
		r = POLICY_EXIT_FOUND;
	}
	return r;
}

static int
do_check(const struct policy_options *options)
{
	const char *path = options->files[0];
	char digest[DIGEST_TEXT_MAX], bytes[DIGEST_TEXT_MAX];
	struct policy_source source;
	struct fault fault = {0};
	int r;

	if (check_policy(path, &source, &fault) != ERR_OK)
		return policy_common_fail(path, &fault);
	digest_text(digest, policy_digest(source.policy));
	digest_text(bytes, policy_source_digest(source.policy));
	printf("%s: skill %s, sound\n"
	       "  policy  %s  what it says: stands in every record\n"
	       "  source  %s  the bytes that say it\n",
	    path, policy_skill(source.policy)->name, digest, bytes);
	r = note_features(path, source.policy);
	policy_source_done(&source);
	return r;
}

static int
digest_of_file(const char *path)
{
	SCOPED_FREE char *data = NULL;
	char text[DIGEST_TEXT_MAX];
	struct fault fault = {0};
	struct digest digest;
	size_t length = 0;
	int r = io_read_file(AT_FDCWD, path, POLICY_FILE_BYTES_MAX, &data, &length);

	if (r < 0) {
		fault_set(&fault, ERR_NOT_FOUND, "%s", strerror(-r));
		return policy_common_fail(path, &fault);
	}
	digest = digest_of(data, length);
	digest_text(text, &digest);
	printf("%s\n", text);
	return CLI_OK;
}

static int
do_digest(const struct policy_options *options)
{
	const char *path = options->files[0];
	SCOPED_FD dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	SCOPED_FD fd = -1;
	char digest[DIGEST_TEXT_MAX];
	struct fault fault = {0};
	struct pack pack;

	if (dir < 0 && errno == ENOTDIR)
		return digest_of_file(path);
	if (dir < 0) {
		fault_set(&fault, ERR_NOT_FOUND, "%s", strerror(errno));
		return policy_common_fail(path, &fault);
	}
	if (pack_from_dir(dir, &fd, &fault) != ERR_OK || pack_open(fd, &pack, &fault) != ERR_OK)
		return policy_common_fail(path, &fault);
	digest_text(digest, &pack.digest);
	printf("%s\n", digest);
	pack_close(&pack);
	return CLI_OK;
}

static const struct args_option plain_rows[] = {
    {"help", 'h', NULL, "this text", policy_on_help},
    {0},
};

static const struct subcommand {
	const char *name, *arguments;
	int files;
	const char *help;
	const struct args_option *rows;
	int (*act)(const struct policy_options *options);
	int optional; /* files that may be left out */
} subcommands[] = {
    {"new", "[NAME]", 1, "writes a policy to begin with", policy_new_rows, policy_new_act,
	.optional = 1},
    {"check", "FILE", 1, "checks a policy and everything it pins", plain_rows, do_check},
    {"digest", "PATH", 1, "prints the digest that pins a bundle or a manifest", plain_rows,
	do_digest},
    {"explain", "FILE", 1, "decides one request, and says why", policy_explain_rows,
	policy_explain_act},
    {"lint", "FILE", 1, "finds rules that do nothing, or less than they say", policy_lint_rows,
	policy_lint_act},
    {"format", "FILE", 1, "prints a policy in the one layout, or writes it", policy_format_rows,
	policy_format_act},
    {"diff", "OLD NEW", 2, "says what a change opens and closes, with witnesses", policy_diff_rows,
	policy_diff_act},
    {"test", "FILE", 1, "runs the tests in the file, and says what they miss", policy_test_rows,
	policy_test_act},
    {"verify", "FILE", 1, "checks the signatures of a policy, before it is installed",
	policy_verify_rows, policy_verify_act},
    {"render", "FILE", 1, "writes one page for a reviewer who does not know the language",
	policy_render_rows, policy_render_act},
    {"schema", "[policy|tools]", 1, "prints the JSON Schema of the language, for editors",
	plain_rows, policy_schema_act, .optional = 1},
};

static int
usage(int code)
{
	FILE *out = code == CLI_OK ? stdout : stderr;

	fprintf(out, "usage: praxa policy COMMAND ARGUMENT\n\n");
	for (unsigned i = 0; i < ARRAY_SIZE(subcommands); i++)
		fprintf(out, "  %-8s %-14s %s\n", subcommands[i].name, subcommands[i].arguments,
		    subcommands[i].help);
	return code;
}

static int
help(const struct subcommand *command)
{
	printf("usage: praxa policy %s %s [options]: %s\n\n", command->name, command->arguments,
	    command->help);
	args_usage(command->rows);
	return CLI_OK;
}

/* Options may stand before and behind the files. */
static enum err
parse(const struct subcommand *command, int argc, char *const argv[],
    struct policy_options *options, struct fault *fault)
{
	for (int at = 1; at < argc; at++) {
		int rest;
		enum err r =
		    args_parse(command->rows, argc - at + 1, argv + at - 1, options, &rest, fault);

		if (r != ERR_OK || options->help)
			return r;
		at += rest - 1;
		if (at >= argc)
			break;
		if (options->file_count == command->files)
			return fault_set(
			    fault, ERR_PROTOCOL, "\"%s\" is one argument too many", argv[at]);
		options->files[options->file_count++] = argv[at];
	}
	return options->file_count >= command->files - command->optional
		   ? ERR_OK
		   : fault_set(fault, ERR_PROTOCOL, "expected: %s", command->arguments);
}

static int
run(const struct subcommand *command, int argc, char *const argv[])
{
	struct policy_options options = {0};
	struct fault fault = {0};

	if (parse(command, argc, argv, &options, &fault) != ERR_OK) {
		fprintf(stderr, "praxa policy %s: %s\n", command->name, fault.message);
		return CLI_USAGE;
	}
	return options.help ? help(command) : command->act(&options);
}

int
cmd_policy(int argc, char *const argv[])
{
	progress_init(false);
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return usage(CLI_OK);
	for (unsigned i = 0; argc > 1 && i < ARRAY_SIZE(subcommands); i++)
		if (strcmp(argv[1], subcommands[i].name) == 0)
			return run(&subcommands[i], argc - 1, argv + 1);
	return usage(CLI_USAGE);
}

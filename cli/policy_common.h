/* policy_common.h - what the subcommands of `praxa policy` share: one file a subcommand, one row
 * each in cmd_policy.c. */
#ifndef CLI_POLICY_COMMON_H
#define CLI_POLICY_COMMON_H

#include "common/args.h"
#include "policy/source.h"

/* Exit codes beside CLI_OK, CLI_USAGE and the typed errors' own. */
enum {
	POLICY_EXIT_DENIED = 1, /* explain: the request is denied */
	/* check: sound, but praxad does not enforce all of it; lint; test: a test failed, or the
	 * score is too low */
	POLICY_EXIT_FOUND = 1,
	POLICY_EXIT_WIDENS = 10, /* diff --fail-on-widen: something is open that was not */
};

/* What the options of all subcommands say; each has rows for its own. */
struct policy_options {
	const char *tool, *args, *memory_read, *memory_write, *trigger, *event, *input, *workspace;
	const char *allowed_signers, *output;
	bool force, html, json, help, fail_on_widen, fail_on_note, write, check;
	const char *team, *profile, *bundle, *from;
	const char *run[POLICY_ARGV_MAX + 1]; /* NULL-terminated */
	unsigned run_count;
	const char *subagent, *grant, *model, *provider, *region, *confidence;
	struct policy_usage used;
	uint32_t depth;
	const char *files[2];
	int file_count;
	uint32_t min_score; /* percent */
};

extern const struct args_option policy_explain_rows[];
int policy_explain_act(const struct policy_options *options);
extern const struct args_option policy_format_rows[];
int policy_format_act(const struct policy_options *options);
extern const struct args_option policy_lint_rows[];
int policy_lint_act(const struct policy_options *options);
extern const struct args_option policy_diff_rows[];
int policy_diff_act(const struct policy_options *options);
extern const struct args_option policy_test_rows[];
int policy_test_act(const struct policy_options *options);
int policy_schema_act(const struct policy_options *options);
extern const struct args_option policy_new_rows[];
int policy_new_act(const struct policy_options *options);
extern const struct args_option policy_render_rows[];
int policy_render_act(const struct policy_options *options);
extern const struct args_option policy_verify_rows[];
int policy_verify_act(const struct policy_options *options);

/* Loads the policy at path without opening the bundles it pins; prints every problem. Returns an
 * exit code; on CLI_OK the caller releases *ret. Blocks on the file system. */
MUST_USE int policy_common_open(const char *path, struct policy_source *ret);
/* A policy with its file as it was read, which what is shown of it comes from: the file on disk may
 * be another one by now. */
struct policy_opened {
	struct policy_source source;
	struct pack pack;
	struct policy_file file; /* borrows from pack */
};

/* The same, and the file. policy_common_close releases *ret. */
MUST_USE int policy_common_open_file(const char *path, struct policy_opened *ret);
void policy_common_close(struct policy_opened *opened);
/* Writes text to the file at path, or to stdout where path is NULL, and answers an exit code; says
 * what failed. text NULL: memory is out. */
int policy_common_write(const char *path, const char *text);
/* Prints "praxa: what: message" in full and answers the fault's exit code. */
int policy_common_fail(const char *what, const struct fault *fault);
/* Line number line of file, terminated, cut and made printable; "" where it is not. */
void policy_common_line(const struct policy_file *file, uint32_t line, char *to, size_t size);

/* One handler an option, for the rows. */
enum err policy_on_tool(void *context, const char *value, struct fault *fault);
enum err policy_on_args(void *context, const char *value, struct fault *fault);
enum err policy_on_memory_read(void *context, const char *value, struct fault *fault);
enum err policy_on_memory_write(void *context, const char *value, struct fault *fault);
enum err policy_on_trigger(void *context, const char *value, struct fault *fault);
enum err policy_on_event(void *context, const char *value, struct fault *fault);
enum err policy_on_input(void *context, const char *value, struct fault *fault);
enum err policy_on_workspace(void *context, const char *value, struct fault *fault);
enum err policy_on_output(void *context, const char *value, struct fault *fault);
enum err policy_on_json(void *context, const char *value, struct fault *fault);
enum err policy_on_help(void *context, const char *value, struct fault *fault);
enum err policy_on_write(void *context, const char *value, struct fault *fault);
enum err policy_on_check(void *context, const char *value, struct fault *fault);

#endif

#include <stdio.h>

#include "cli/check.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/report.h"

static int
fail(const struct fault *fault)
{
	progress_fault("praxa run", fault);
	return err_info(fault->code)->exit_code;
}

/* Everything that can be wrong with files is said before anything starts. */
static enum err
prepare(const struct run_options *options, char *ret_skill, size_t size, char **ret_input,
    size_t *ret_length, struct fault *fault)
{
	struct policy_source source;
	enum err r = check_startable(options->policies[0], &source, fault);

	if (r != ERR_OK)
		return r;
	text_copy(ret_skill, size, policy_skill(source.policy)->name);
	progress_line(PROGRESS_STEP, "%s is sound: Skill %s, bundle and tools as pinned",
	    options->policies[0], ret_skill);
	policy_source_done(&source);
	return run_options_input(options, ret_input, ret_length, fault);
}

int
cmd_run(int argc, char *const argv[])
{
	struct run_options options = {0};
	struct session_result result;
	struct fault fault = {0};
	SCOPED_FREE char *input = NULL;
	char skill[ID_NAME_MAX];
	size_t length = 0;
	enum err r = run_options_parse(argc, argv, false, &options, &fault);

	if (options.help) {
		run_options_usage(false);
		return CLI_OK;
	}
	progress_init(options.quiet);
	if (r != ERR_OK) {
		progress_fault("praxa run", &fault);
		return CLI_USAGE;
	}
	r = prepare(&options, skill, sizeof(skill), &input, &length, &fault);
	if (r != ERR_OK)
		return fail(&fault);
	session_run(&options, skill, input, length, &result);
	if (!result.ended)
		return fail(&result.fault);
	return report_run(&result, options.json);
}

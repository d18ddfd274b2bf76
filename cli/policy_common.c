#include "cli/policy_common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "common/id.h"
#include "common/io.h"

ARGS_KEEP_TEXT_AS(policy_on_tool, struct policy_options, tool)
ARGS_KEEP_TEXT_AS(policy_on_args, struct policy_options, args)
ARGS_KEEP_TEXT_AS(policy_on_memory_read, struct policy_options, memory_read)
ARGS_KEEP_TEXT_AS(policy_on_memory_write, struct policy_options, memory_write)
ARGS_KEEP_TEXT_AS(policy_on_trigger, struct policy_options, trigger)
ARGS_KEEP_TEXT_AS(policy_on_event, struct policy_options, event)
ARGS_KEEP_TEXT_AS(policy_on_input, struct policy_options, input)
ARGS_KEEP_TEXT_AS(policy_on_output, struct policy_options, output)

ARGS_KEEP_FLAG_AS(policy_on_json, struct policy_options, json)
ARGS_KEEP_FLAG_AS(policy_on_help, struct policy_options, help)
ARGS_KEEP_FLAG_AS(policy_on_write, struct policy_options, write)
ARGS_KEEP_FLAG_AS(policy_on_check, struct policy_options, check)

enum err
policy_on_workspace(void *context, const char *value, struct fault *fault)
{
	if (strncmp(value, "ws_", 3) != 0 || !id_name_is_valid(value + 3))
		return fault_set(fault, ERR_PROTOCOL,
		    "--workspace takes ws_ and a name of a-z, 0-9 and single hyphens");
	((struct policy_options *)context)->workspace = value;
	return ERR_OK;
}

int
policy_common_fail(const char *what, const struct fault *fault)
{
	progress_fault(what, fault);
	return err_info(fault->code)->exit_code;
}

int
policy_common_open(const char *path, struct policy_source *ret)
{
	struct policy_problems problems = {0};
	enum err r = policy_source_open(path, ret, &problems);
	SCOPED_FREE char *text = policy_problems_text(&problems);
	struct fault fault;

	fputs(text != NULL ? text : "out of memory\n", stderr);
	if (r == ERR_OK)
		return CLI_OK;
	fault_set(&fault, r, "%u problem%s", problems.count, problems.count == 1 ? "" : "s");
	return policy_common_fail(path, &fault);
}

int
policy_common_open_file(const char *path, struct policy_opened *ret)
{
	struct policy_opened opened = {0};
	const struct pack_file *content = NULL;
	struct fault fault = {0};
	int r = policy_common_open(path, &opened.source);

	if (r != CLI_OK)
		return r;
	if (pack_open(opened.source.pack_fd, &opened.pack, &fault) == ERR_OK)
		content = pack_find(&opened.pack, "policy");
	if (content == NULL) {
		if (fault.code == ERR_OK)
			fault_set(&fault, ERR_INTERNAL, "the file is not in its source");
		policy_common_close(&opened);
		return policy_common_fail(path, &fault);
	}
	opened.file = (struct policy_file){
	    .name = path, .text = (const char *)content->data, .length = content->length};
	*ret = opened;
	return CLI_OK;
}

void
policy_common_close(struct policy_opened *opened)
{
	pack_close(&opened->pack);
	policy_source_done(&opened->source);
}

int
policy_common_write(const char *path, const char *text)
{
	SCOPED_FD fd = -1;
	struct fault fault = {0};
	int r;

	if (text == NULL) {
		fault_set(&fault, ERR_INTERNAL, "out of memory");
		return policy_common_fail(path != NULL ? path : "stdout", &fault);
	}
	if (path == NULL)
		return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? CLI_OK : CLI_INTERNAL;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	r = fd < 0 ? -errno : io_write_full(fd, text, strlen(text));
	if (r < 0) {
		fault_set(&fault, ERR_NOT_FOUND, "cannot be written: %s", strerror(-r));
		return policy_common_fail(path, &fault);
	}
	return CLI_OK;
}

void
policy_common_line(const struct policy_file *file, uint32_t line, char *to, size_t size)
{
	size_t length = 0;
	const char *at = line > 0 ? policy_file_line(file, line, &length) : "";

	text_copy_bytes(to, size, at, length);
}

#include <stdio.h>
#include <stdlib.h>

#include "bench/cedar.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/json.h"

extern char **environ;

/* Node.js with one end of a socket as its input and output. 0: it is not there. */
static pid_t
spawn(int fd, const char *script, const char *modules)
{
	const char *const argv[] = {"node", script, modules, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	if (posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ) != 0)
		pid = 0;
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static bool
send_json(FILE *to, const struct value *value)
{
	SCOPED_FREE char *text = json_write(value, JSON_STYLE_COMPACT, NULL);

	return text != NULL && fprintf(to, "%s\n", text) > 0;
}

bool
cedar_start(struct cedar *cedar, const char *script, const char *modules, const char *policies)
{
	const struct value text = value_string(policies);
	char line[32] = "";
	int ends[2];

	*cedar = (struct cedar){.pid = 0};
	if (modules == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	cedar->pid = spawn(ends[1], script, modules);
	close(ends[1]);
	cedar->to = fdopen(ends[0], "w");
	cedar->from = fdopen(dup(ends[0]), "r");
	if (cedar->pid > 0 && cedar->to != NULL && cedar->from != NULL &&
	    send_json(cedar->to, &text) && fflush(cedar->to) == 0 &&
	    fgets(line, sizeof(line), cedar->from) != NULL && strcmp(line, "ready\n") == 0)
		return true;
	cedar_stop(cedar);
	return false;
}

bool
cedar_add(struct cedar *cedar, const struct policy_request *request)
{
	struct value_pair pairs[] = {
	    {value_string("tool"), value_string(request->name)},
	    {value_string("args"), *request->args},
	    {value_string("trigger"), *request->input},
	};
	const struct value map = {.type = VALUE_MAP, .length = ARRAY_SIZE(pairs), .pairs = pairs};

	return send_json(cedar->to, &map);
}

bool
cedar_ask(struct cedar *cedar, bool *ret_allow, double *ret_us)
{
	char line[64], *end;

	if (fputs("ask\n", cedar->to) < 0 || fflush(cedar->to) != 0 ||
	    fgets(line, sizeof(line), cedar->from) == NULL || (line[0] != '0' && line[0] != '1'))
		return false;
	*ret_allow = line[0] == '1';
	*ret_us = strtod(line + 1, &end);
	return end > line + 2;
}

void
cedar_stop(struct cedar *cedar)
{
	if (cedar->to != NULL)
		fclose(cedar->to);
	if (cedar->from != NULL)
		fclose(cedar->from);
	if (cedar->pid > 0)
		waitpid(cedar->pid, NULL, 0);
	*cedar = (struct cedar){.pid = 0};
}

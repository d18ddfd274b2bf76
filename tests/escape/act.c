#include "tests/escape/act.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/scope.h"
#include "sandbox/listener.h"
#include "tests/escape/guards.h"
#include "tests/escape/weaken.h"
#include "tests/lib/check.h"

enum { PATIENCE_MS = 20000 };

void
act_require(bool sound, const char *what)
{
	if (!sound) {
		fprintf(stderr, "stage: %s\n", what);
		abort();
	}
}

const struct policy_limits act_limits = {
    .memory_bytes = UINT64_C(256) << 20,
    .processes = 8,
    .open_files = 32,
    .file_bytes = UINT64_C(8) << 20,
    .tmp_bytes = UINT64_C(4) << 20,
    .tmp_files = 64,
    .cpu_ns = UINT64_C(10000000000),
    .cpu_percent = 100,
    .io_read_bytes = POLICY_IO_FREE,
    .wall_ns = UINT64_C(10000000000),
    .output_bytes = UINT64_C(1) << 20,
};

/* The door, with a descriptor already on its way into the cell: no broker of ours sends one. */
static void
open_door(const struct stage *stage, int pair[2])
{
	act_require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
	act_require(check_send(pair[0], "d", 1, &stage->leaked_fd, 1) == 1, "sendmsg");
}

/* A cell that was parked becomes this run's. */
static enum err
hand_over(const struct stage *stage, struct act *act, const char *const *envp, int output_fd,
    int door_fd, struct fault *fault)
{
	const int stdio[] = {stage->plant.terminal_fd, output_fd, -1};
	struct pollfd built = {.fd = act->cell.handover_fd, .events = POLLIN};

	act_require(
	    poll(&built, 1, PATIENCE_MS) == 1 && cell_parked_read(&act->cell) == 1, "parked");
	return cell_hand_over(&act->cell, envp, stdio, door_fd, fault);
}

enum err
act_start(const struct stage *stage, struct act *act, struct fault *fault)
{
	const struct cell_mount mount = {stage->plant.mount_fd, "/srv"};
	struct policy_cell cell = {.limits = act_limits};
	const char *envp[PLANT_VARIABLES + 1] = {NULL};
	char hostname[32];
	int door[2], output[2];
	enum err r;

	cell.argv[0] = "/mnt/probe";
	memcpy(&cell.argv[1], act->arguments, sizeof(act->arguments));
	cell.required = act->off == 0 ? stage->required : 0;
	for (unsigned i = 0; i < stage->plant.count; i++)
		envp[i] = stage->plant.text[i];
	snprintf(hostname, sizeof(hostname), WEAK_HOSTNAME, (unsigned long long)act->off);
	open_door(stage, door);
	act_require(pipe2(output, O_CLOEXEC) == 0, "pipe");
	weaken_begin(act->off & ~GUARD_BIT(SEALED)); /* the plan stays sealed */
	r = cell_spawn(act->launcher,
	    &(struct cell_spec){
		.cell = &cell,
		.profile = act->profile,
		.envp = envp,
		.bundle_fd = stage->bundle_fd,
		.bundle_at = "/mnt",
		.mounts = &mount,
		.mount_count = 1,
		.stdin_fd = stage->plant.terminal_fd,
		.stdout_fd = output[1],
		.stderr_fd = -1,
		.door_fd = door[1],
		.host_uid = stage->is_root ? stage->uid : (uid_t)-1,
		.hostname = hostname,
		.parked = stage->warm,
		.listen = stage->warm,
	    },
	    &act->cell, fault);
	weaken_begin(0);
	if (r == ERR_OK && stage->warm)
		r = hand_over(stage, act, envp, output[1], door[1], fault);
	close(output[1]);
	close(door[1]);
	act->output_fd = output[0];
	act->door_fd = door[0];
	act->reports = act->writes = r == ERR_OK;
	return r;
}

/* false: the output has ended. Beyond its room it is read and forgotten. */
static bool
read_output(struct act *act)
{
	char block[1024];
	ssize_t n = read(act->output_fd, block, sizeof(block));
	size_t room = sizeof(act->output) - 1 - act->length;

	if (n <= 0)
		return false;
	if ((size_t)n < room)
		room = (size_t)n;
	memcpy(act->output + act->length, block, room);
	act->length += room;
	act->output[act->length] = '\0';
	return true;
}

static bool
read_report(struct act *act)
{
	struct cell_report report;
	int r = cell_report_read(&act->cell, &report);

	if (r > 0) {
		act->ready = act->ready || report.kind == CELL_READY;
		act->failed = act->failed || report.kind == CELL_FAILED;
		act->exited = act->exited || report.kind == CELL_EXITED;
		act->last = report;
	}
	return r >= 0;
}

/* What the profile denies is denied, as if nobody had listened. */
static void
answer(const struct act *act)
{
	struct listener_call call;

	if (listener_read(act->cell.listener_fd, &call) > 0)
		listener_answer(act->cell.listener_fd, call.id, EPERM);
}

/* Takes what has come; false: process 1 is gone and nobody holds the output, so that what outlived
 * a run would have been heard. */
static bool
act_step(struct act *act)
{
	struct pollfd fds[] = {{act->reports ? act->cell.status_fd : -1, POLLIN, 0},
	    {act->writes ? act->output_fd : -1, POLLIN, 0},
	    {act->reports ? act->cell.listener_fd : -1, POLLIN, 0}};

	if (!act->reports && !act->writes)
		return false;
	if (poll(fds, ARRAY_SIZE(fds), PATIENCE_MS) == 0) {
		cell_kill(&act->cell);
		return false;
	}
	if (fds[0].revents != 0)
		act->reports = read_report(act);
	if (fds[1].revents != 0)
		act->writes = read_output(act);
	if (fds[2].revents != 0)
		answer(act);
	return true;
}

/* The first cell, until it holds what the second looks for. */
void
act_await(struct act *act)
{
	while (strstr(act->output, "up\n") == NULL && act_step(act))
		;
}

void
act_finish(struct act *act)
{
	struct cgroup_usage usage = {0};

	while (act_step(act))
		;
	cell_reap(&act->cell);
	cgroup_leaf_usage(&act->cell.leaf, &usage);
	act->oom_kills = usage.oom_kills;
	cell_done(&act->cell);
	close(act->output_fd);
	close(act->door_fd);
}

static void
tell_status(const struct act *act, struct verdict *ret)
{
	int status = act->last.status;

	if (act->exited && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		snprintf(ret->how, sizeof(ret->how), "killed");
	else if (act->oom_kills > 0)
		snprintf(ret->how, sizeof(ret->how), "killed by the limit of memory");
	else
		snprintf(ret->how, sizeof(ret->how), "no finding, %s %#x",
		    act->exited ? "ended with" : "process 1 is gone,", status);
	ret->escaped = strncmp(ret->how, "killed", 6) != 0;
}

/* A line with ESCAPED anywhere counts; so does an end without a finding that no filter and no limit
 * caused.
 * Process 1 may have had no time to report what the program already did. */
struct verdict
act_verdict(const struct act *act)
{
	const char *escaped = strstr(act->output, "ESCAPED "),
		   *contained = strstr(act->output, "contained ");
	const char *at = escaped != NULL ? escaped + 8 : contained != NULL ? contained + 10 : NULL;
	struct verdict verdict = {
	    .built = (act->ready && !act->failed) || at != NULL, .escaped = escaped != NULL};

	if (at != NULL)
		snprintf(verdict.how, sizeof(verdict.how), "%.*s", (int)strcspn(at, "\n"), at);
	else if (verdict.built)
		tell_status(act, &verdict);
	else
		snprintf(verdict.how, sizeof(verdict.how), "not built: %s: %s", act->last.stage,
		    strerror(act->last.error));
	return verdict;
}

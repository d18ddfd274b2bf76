#include "bench/contender.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "common/io.h"
#include "sandbox/clone.h"

/* An identity of its own for each, as praxad does it: the kernel counts keys and processes by it.
 */
enum { FIRST_UID = 70000, UID_COUNT = 50000 };

static uint64_t
ns(struct timespec time)
{
	return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return ns(now);
}

/* What the no-op wrote: when it began. */
static bool
read_first(int fd, uint64_t start_ns, struct launch_times *ret)
{
	struct timespec first;

	if (io_read_full(fd, &first, sizeof(first)) != (ssize_t)sizeof(first))
		return false;
	ret->first_ns = ns(first) - start_ns;
	return true;
}

static bool
take_reports(struct stage *stage, struct cell *cell, struct cell_report *ret_exited)
{
	struct cell_report report;
	struct fault fault = {0};
	int r;

	while ((r = cell_report_read(cell, &report)) > 0) {
		if (report.kind == CELL_STEP && stage->on_step != NULL)
			stage->on_step(stage->context, report.stage, report.setup_ns);
		if (report.kind == CELL_FAILED) {
			cell_report_fault(&report, &fault);
			fprintf(stderr, "launch: %s\n", fault.message);
		}
		if (report.kind == CELL_EXITED)
			*ret_exited = report;
	}
	return r == 0;
}

/* As the supervisor does it: by reports and pidfd, until init is reaped. */
static bool
follow(struct stage *stage, struct cell *cell)
{
	struct pollfd fds[] = {
	    {.fd = cell->status_fd, .events = POLLIN}, {.fd = cell->pidfd, .events = POLLIN}};
	struct cell_report exited = {0};

	while (fds[1].revents == 0) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			break;
		if (fds[0].revents != 0 && !take_reports(stage, cell, &exited))
			fds[0].fd = -1;
	}
	cell_done(cell);
	return exited.kind == CELL_EXITED && exited.status == 0;
}

static const char *const cell_env[] = {"PATH=/usr/bin:/bin", "HOME=/tmp", NULL};

static bool
spawn(struct stage *stage, const struct policy_cell *what, int stdin_fd, int stdout_fd, bool parked,
    struct cell *ret)
{
	struct fault fault = {0};
	struct cell_spec spec = {
	    .cell = what,
	    .profile = stage->profile,
	    .envp = cell_env,
	    .bundle_fd = stage->bundle_fd,
	    .bundle_at = "/skill",
	    .stdin_fd = stdin_fd,
	    .stdout_fd = stdout_fd,
	    .stderr_fd = -1,
	    .door_fd = -1,
	    .host_uid = geteuid() == 0 ? FIRST_UID + stage->launches++ % UID_COUNT : (uid_t)-1,
	    .hostname = "cell",
	    .parked = parked,
	    .timed = stage->timed,
	};

	if (cell_spawn(stage->launcher, &spec, ret, &fault) == ERR_OK)
		return true;
	fprintf(stderr, "launch: %s\n", fault.message);
	return false;
}

static bool
launch_ours(struct stage *stage, struct launch_times *ret)
{
	uint64_t start = now_ns();
	SCOPED_FD out = -1;
	int pair[2];
	struct cell cell;
	bool sound;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return false;
	out = pair[0];
	sound = spawn(stage, &stage->cell, -1, pair[1], false, &cell);
	close(pair[1]);
	if (!sound)
		return false;
	sound = follow(stage, &cell);
	ret->reaped_ns = now_ns() - start;
	return read_first(out, start, ret) && sound;
}

static bool
park(struct stage *stage)
{
	struct pollfd built = {.events = POLLIN};

	if (!spawn(stage, &stage->cell, -1, -1, true, &stage->parked))
		return false;
	built.fd = stage->parked.handover_fd;
	if (poll(&built, 1, -1) == 1 && cell_parked_read(&stage->parked) > 0)
		return true;
	follow(stage, &stage->parked); /* says why */
	return false;
}

static bool
launch_warm(struct stage *stage, struct launch_times *ret)
{
	uint64_t start = now_ns();
	struct fault fault = {0};
	SCOPED_FD out = -1;
	int pair[2];
	bool sound;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return false;
	out = pair[0];
	sound = cell_hand_over(
		    &stage->parked, cell_env, (const int[]){-1, pair[1], -1}, -1, &fault) == ERR_OK;
	close(pair[1]);
	if (!sound)
		fprintf(stderr, "launch: %s\n", fault.message);
	sound = follow(stage, &stage->parked) && sound;
	ret->reaped_ns = now_ns() - start;
	return read_first(out, start, ret) && sound;
}

bool
idle_start(struct stage *stage, int input_fd, struct cell *ret)
{
	struct timespec first;
	SCOPED_FD out = -1;
	int pair[2];
	bool sound;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return false;
	out = pair[0];
	sound = spawn(stage, &stage->idle, input_fd, pair[1], false, ret);
	close(pair[1]);
	return sound && io_read_full(out, &first, sizeof(first)) == (ssize_t)sizeof(first);
}

/* A peer is a command line, started as cheaply as a program can be. */
static bool
launch_command(char *const argv[], struct launch_times *ret)
{
	uint64_t start = now_ns();
	char *envp[] = {(char[]){"PATH=/usr/bin:/bin"}, NULL};
	posix_spawn_file_actions_t actions;
	SCOPED_FD out = -1;
	int pair[2], status = -1, e;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return false;
	out = pair[0];
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pair[1], STDOUT_FILENO);
	e = posix_spawnp(&pid, argv[0], &actions, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	close(pair[1]);
	if (e != 0)
		return false;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	ret->reaped_ns = now_ns() - start;
	return read_first(out, start, ret) && status == 0;
}

static bool
launch_spawn(struct stage *stage, struct launch_times *ret)
{
	return launch_command((char *const[]){(char *)(uintptr_t)stage->noop, NULL}, ret);
}

struct bare {
	const char *noop;
	int out;
};

static void
bare_child(void *context)
{
	struct bare *bare = context;
	char *argv[] = {(char *)(uintptr_t)bare->noop, NULL}, *envp[] = {NULL};

	if (dup2(bare->out, STDOUT_FILENO) >= 0)
		execve(bare->noop, argv, envp);
	_exit(1);
}

/* What the kernel alone asks for the namespaces of a cell: no root, no map, no filter. */
static bool
launch_namespaces(struct stage *stage, struct launch_times *ret)
{
	static _Alignas(64) char stack[64 * 1024];
	struct clone_args args = {
	    .flags = CLONE_VM | CLONE_VFORK | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
		     CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
	    .exit_signal = SIGCHLD,
	    .stack = (uint64_t)(uintptr_t)stack,
	    .stack_size = sizeof(stack),
	};
	uint64_t start = now_ns();
	struct bare bare = {.noop = stage->noop};
	SCOPED_FD out = -1;
	int pair[2], status = -1;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return false;
	out = pair[0];
	bare.out = pair[1];
	pid = clone_run(&args, bare_child, &bare);
	close(pair[1]);
	if (pid < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	ret->reaped_ns = now_ns() - start;
	return read_first(out, start, ret) && status == 0;
}

static bool
is_in_path(const char *name)
{
	static const char *const dirs[] = {"/usr/bin", "/bin", "/usr/local/bin"};
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	fprintf(stderr, "launch: no %s here: its rows are left out\n", name);
	return false;
}

static bool
has_bwrap(const struct stage *stage)
{
	(void)stage;
	return is_in_path("bwrap");
}

/* The same places as a cell has, and none of the layers that bwrap does not have. */
static bool
launch_bwrap(struct stage *stage, struct launch_times *ret)
{
	const char *argv[] = {"bwrap", "--unshare-all", "--ro-bind", "/usr", "/usr", "--symlink",
	    "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin", "--symlink", "usr/lib", "/lib",
	    "--symlink", "usr/lib64", "/lib64", "--ro-bind", "/etc/ld.so.cache", "/etc/ld.so.cache",
	    "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--ro-bind", stage->noop,
	    "/skill/noop", "--chdir", "/tmp", "/skill/noop", NULL};

	return launch_command((char *const *)(uintptr_t)argv, ret);
}

static bool
has_crun(const struct stage *stage)
{
	(void)stage;
	if (geteuid() != 0) {
		fprintf(stderr, "launch: crun is measured as root: its rows are left out\n");
		return false;
	}
	return is_in_path("crun");
}

static bool
launch_crun(struct stage *stage, struct launch_times *ret)
{
	char root[96], bundle[96];
	const char *argv[] = {"crun", "--root", root, "--cgroup-manager=disabled", "run",
	    "--bundle", bundle, "bench", NULL};

	snprintf(root, sizeof(root), "%s/state", stage->scratch);
	snprintf(bundle, sizeof(bundle), "%s/bundle", stage->scratch);
	return launch_command((char *const *)(uintptr_t)argv, ret);
}

const struct contender contenders[CONTENDER_COUNT] = {
    [CONTENDER_OURS] = {"praxa", NULL, NULL, launch_ours},
    [CONTENDER_WARM] = {"praxa, warm", NULL, park, launch_warm},
    [CONTENDER_SPAWN] = {"posix_spawn", NULL, NULL, launch_spawn},
    [CONTENDER_NAMESPACES] = {"clone3 with namespaces", NULL, NULL, launch_namespaces},
    [CONTENDER_BWRAP] = {"bwrap --unshare-all", has_bwrap, NULL, launch_bwrap},
    [CONTENDER_CRUN] = {"crun run", has_crun, NULL, launch_crun},
};

#include "tests/escape/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "common/pack.h"
#include "sandbox/listener.h"
#include "tests/escape/guards.h"
#include "tests/escape/plant.h"
#include "tests/escape/weaken.h"
#include "tests/lib/check.h"
#include "tests/sandbox/userns.h"

enum {
	OTHER_UID = 65534,
	PROBE_BYTES_MAX = 16 * 1024 * 1024,
	PATIENCE_MS = 20000,
	OUTPUT_MAX = 4096,
};

struct stage {
	/* The product's; and the weak one with and without its seals. */
	struct cell_launcher *strict, *weak, *unsealed;
	struct profile *profiles[STAGE_PROFILES];
	struct plant plant;
	int bundle_fd, leaked_fd;
	bool is_root;
	uid_t uid;         /* of its cells outside, where is_root */
	uint64_t required; /* layers */
	bool warm;         /* cells are parked first, and listened to, as praxad does it */
	uint32_t landlock_abi;
};

static void
require(bool sound, const char *what)
{
	if (!sound) {
		fprintf(stderr, "stage: %s\n", what);
		abort();
	}
}

static struct cell_launcher *
open_launcher(const char *name)
{
	struct cell_launcher *launcher = NULL;
	struct fault fault = {0};
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", getenv("PRAXA_BUILD"), name);
	require(cell_launcher_new(path, &launcher, &fault) == ERR_OK, fault.message);
	return launcher;
}

static void
open_profiles(struct stage *stage)
{
	static const char *const names[] = {"base", "node", "python", "shell"};
	char path[4096];
	int dir;

	snprintf(path, sizeof(path), "%s/seccomp-profiles", getenv("PRAXA_SOURCE"));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < STAGE_PROFILES; i++)
		require(profile_load(dir, names[i], &stage->profiles[i], NULL) == ERR_OK, names[i]);
	close(dir);
}

static void
become_other_user(void)
{
	if (geteuid() != 0)
		return;
	require(setgroups(0, NULL) == 0 && setresgid(OTHER_UID, OTHER_UID, OTHER_UID) == 0 &&
		    setresuid(OTHER_UID, OTHER_UID, OTHER_UID) == 0,
	    "cannot become another user");
	/* The leak checker traces its own process. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* Limits that the cells' are read against: with a guard off, these hold. */
static void
widen_own_limits(void)
{
	static const int resources[] = {RLIMIT_NPROC, RLIMIT_FSIZE, RLIMIT_AS};
	struct rlimit limit;

	for (size_t i = 0; i < ARRAY_SIZE(resources); i++) {
		require(getrlimit(resources[i], &limit) == 0, "getrlimit");
		limit.rlim_cur = limit.rlim_max;
		require(setrlimit(resources[i], &limit) == 0, "setrlimit");
	}
}

static const struct policy_limits limits = {
    .memory_bytes = UINT64_C(256) << 20,
    .processes = 8,
    .open_files = 32,
    .file_bytes = UINT64_C(8) << 20,
    .tmp_bytes = UINT64_C(4) << 20,
    .tmp_files = 64,
    .cpu_ns = UINT64_C(10000000000),
    .cpu_percent = 100,
    .wall_ns = UINT64_C(10000000000),
    .output_bytes = UINT64_C(1) << 20,
};

static void
say_limits(struct plant *plant)
{
	plant_say(plant, "LIMIT_PROCESSES", "%d", (int)limits.processes);
	plant_say(plant, "LIMIT_MEMORY", "%ld", (long)limits.memory_bytes);
	plant_say(plant, "LIMIT_TMP", "%ld", (long)limits.tmp_bytes);
	plant_say(plant, "LIMIT_FILES", "%d", (int)limits.tmp_files);
	plant_say(plant, "LIMIT_FILE", "%ld", (long)limits.file_bytes);
	plant_say(plant, "LIMIT_OPEN", "%d", (int)limits.open_files);
}

static int
pack_probe(char **ret_data, size_t *ret_length)
{
	static const unsigned char data[] = "the Skill's own data\n";
	struct pack_file files[] = {
	    {.name = "data", .name_length = 4, .data = data, .length = sizeof(data)},
	    {.name = "probe", .name_length = 5}};
	char path[4096];
	int fd = -1;

	snprintf(path, sizeof(path), "%s/tests/escape/escape-probe", getenv("PRAXA_BUILD"));
	require(io_read_file(AT_FDCWD, path, PROBE_BYTES_MAX, ret_data, ret_length) == 0, path);
	files[1].data = (const unsigned char *)*ret_data;
	files[1].length = (uint32_t)*ret_length;
	require(pack_from_files(files, ARRAY_SIZE(files), &fd, NULL) == ERR_OK, "pack");
	return fd;
}

struct stage *
stage_new(enum stage_way way)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	SCOPED_FREE char *program = NULL;
	size_t length = 0;
	bool privileged = way == STAGE_PRIVILEGED && userns_forbid();

	require(stage != NULL, "memory");
	stage->bundle_fd = pack_probe(&program, &length);
	stage->strict = open_launcher("praxa-init");
	open_profiles(stage);
	if (way == STAGE_ROOT && geteuid() == 0) {
		stage->weak = open_launcher("praxa-init-weak");
		weaken_begin(GUARD_BIT(SEALED));
		stage->unsealed = open_launcher("praxa-init-weak");
		weaken_begin(0);
	}
	stage->warm = way == STAGE_WARM;
	widen_own_limits();
	if (way == STAGE_USER)
		become_other_user();
	stage->is_root = geteuid() == 0;
	stage->uid = STAGE_UID + (uid_t)getpid() % STAGE_UIDS;
	plant_init(&stage->plant, stage->is_root ? stage->uid : geteuid(), program, length);
	say_limits(&stage->plant);
	stage->required =
	    POLICY_REQUIRED_DEFAULT & (privileged ? ~LAYER_BIT(USER_NS) : ~UINT64_C(0));
	plant_say(&stage->plant, "ID", "%u", privileged ? stage->uid : 1000);
	/* Left open over exec on purpose, far above what a cell is given. */
	stage->leaked_fd = fcntl(open("/", O_RDONLY | O_DIRECTORY), F_DUPFD, 200);
	require(stage->leaked_fd >= 0, "/");
	return stage;
}

void
stage_free(struct stage **given)
{
	struct stage *stage = *given;

	*given = NULL;
	plant_done(&stage->plant);
	cell_launcher_free(&stage->strict);
	cell_launcher_free(&stage->weak);
	cell_launcher_free(&stage->unsealed);
	for (int i = 0; i < STAGE_PROFILES; i++)
		profile_free(&stage->profiles[i]);
	close(stage->bundle_fd);
	close(stage->leaked_fd);
	free(stage);
}

bool
stage_has_weak(const struct stage *stage)
{
	return stage->weak != NULL;
}

uint32_t
stage_landlock_abi(const struct stage *stage)
{
	return stage->landlock_abi;
}

/* One cell. */
struct act {
	struct cell_launcher *launcher;
	const struct profile *profile;
	uint64_t off;
	const char *arguments[3];

	struct cell cell;
	int output_fd, door_fd;
	char output[OUTPUT_MAX];
	size_t length;
	bool ready, failed, exited;
	bool reports, writes; /* more may come */
	struct cell_report last;
};

/* The door, with a descriptor already on its way into the cell: no broker of ours sends one. */
static void
open_door(const struct stage *stage, int pair[2])
{
	char byte = 'd';
	struct iovec part = {&byte, 1};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct msghdr message = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = sizeof(control)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_len = CMSG_LEN(sizeof(int));
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(head), &stage->leaked_fd, sizeof(int));
	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
	require(sendmsg(pair[0], &message, 0) == 1, "sendmsg");
}

/* A cell that was parked becomes this run's. */
static enum err
hand_over(const struct stage *stage, struct act *act, const char *const *envp, int output_fd,
    int door_fd, struct fault *fault)
{
	const int stdio[] = {stage->plant.terminal_fd, output_fd, -1};
	struct pollfd built = {.fd = act->cell.handover_fd, .events = POLLIN};

	require(poll(&built, 1, PATIENCE_MS) == 1 && cell_parked_read(&act->cell) == 1, "parked");
	return cell_hand_over(&act->cell, envp, stdio, door_fd, fault);
}

static enum err
act_start(const struct stage *stage, struct act *act, struct fault *fault)
{
	const struct cell_mount mount = {stage->plant.mount_fd, "/srv"};
	struct policy_cell cell = {.limits = limits};
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
	require(pipe2(output, O_CLOEXEC) == 0, "pipe");
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
static void
act_await(struct act *act)
{
	while (strstr(act->output, "up\n") == NULL && act_step(act))
		;
}

static void
act_finish(struct act *act)
{
	while (act_step(act))
		;
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
	else
		snprintf(ret->how, sizeof(ret->how), "no finding, %s %#x",
		    act->exited ? "ended with" : "process 1 is gone,", status);
	ret->escaped = strcmp(ret->how, "killed") != 0;
}

/* A line with ESCAPED anywhere counts; so does an end without a finding that no filter caused.
 * Process 1 may have had no time to report what the program already did. */
static struct verdict
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

/* The program of a cell, as this process numbers it: the one child of process 1. */
static int
program_of(const struct act *act)
{
	char path[64], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)act->cell.pid,
	    (int)act->cell.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	require(fd >= 0 && io_read_full(fd, text, sizeof(text) - 1) > 0, path);
	close(fd);
	return atoi(text);
}

static struct verdict
run(struct stage *stage, const char *probe, bool hold, const struct act *how)
{
	struct act first = *how, second = *how;
	struct verdict verdict = {0};
	struct fault fault = {0};

	first.arguments[0] = "hold";
	first.arguments[1] = probe;
	second.arguments[0] = probe;
	if (hold) {
		require(act_start(stage, &first, &fault) == ERR_OK, fault.message);
		act_await(&first);
		plant_say(&stage->plant, "PAIR_PID", "%d", program_of(&first));
	}
	if (act_start(stage, &second, &fault) == ERR_OK) {
		act_finish(&second);
		verdict = act_verdict(&second);
	} else {
		snprintf(verdict.how, sizeof(verdict.how), "not built: %.120s", fault.message);
	}
	if (hold) {
		cell_kill(&first.cell);
		act_finish(&first);
	}
	return verdict;
}

struct verdict
stage_try(struct stage *stage, const char *probe, bool hold, enum stage_profile profile)
{
	const struct act act = {.launcher = stage->strict, .profile = stage->profiles[profile]};

	return run(stage, probe, hold, &act);
}

struct verdict
stage_try_weak(struct stage *stage, const char *probe, bool hold, uint64_t off)
{
	const struct act act = {
	    .launcher = (off & GUARD_BIT(SEALED)) != 0 ? stage->unsealed : stage->weak,
	    .profile = stage->profiles[STAGE_SHELL],
	    .off = off,
	};

	return run(stage, probe, hold, &act);
}

void
stage_swap(struct stage *stage, bool on)
{
	if (on)
		plant_swap_begin(&stage->plant);
	else
		plant_swap_end(&stage->plant);
}

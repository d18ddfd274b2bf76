#include "tests/sandbox/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "common/io.h"
#include "common/pack.h"
#include "sandbox/listener.h"
#include "tests/lib/check.h"
#include "tests/sandbox/userns.h"

enum {
	HOST_UID = 50001,
	HOST_UIDS = 19000,
	PROBE_BYTES_MAX = 16 * 1024 * 1024,
	PATIENCE_MS = 20000
};

static void
require(bool sound, const char *what)
{
	if (!sound) {
		fprintf(stderr, "trial: %s\n", what);
		abort();
	}
}

static int
pack_probe(void)
{
	struct pack_file file = {.name = "probe", .name_length = 5};
	char path[4096];
	char *data = NULL;
	size_t length = 0;
	int fd = -1;

	snprintf(path, sizeof(path), "%s/tests/sandbox/cell-probe", getenv("PRAXA_BUILD"));
	require(io_read_file(AT_FDCWD, path, PROBE_BYTES_MAX, &data, &length) == 0, path);
	file.data = (const unsigned char *)data;
	file.length = (uint32_t)length;
	require(pack_from_files(&file, 1, &fd, NULL) == ERR_OK, "pack");
	free(data);
	return fd;
}

static struct profile *
load_profile(const char *name)
{
	struct profile *profile = NULL;
	char path[4096];
	int dir;

	snprintf(path, sizeof(path), "%s/seccomp-profiles", getenv("PRAXA_SOURCE"));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	require(profile_load(dir, name, &profile, NULL) == ERR_OK, name);
	close(dir);
	return profile;
}

static void
become_other_user(void)
{
#ifdef TRIAL_UID
	if (geteuid() != 0)
		return;
	require(setgroups(0, NULL) == 0 && setresgid(TRIAL_UID, TRIAL_UID, TRIAL_UID) == 0 &&
		    setresuid(TRIAL_UID, TRIAL_UID, TRIAL_UID) == 0,
	    "cannot become another user");
	/* The leak checker traces its own process. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#endif
}

static bool
maybe_forbid(void)
{
#ifdef TRIAL_PRIVILEGED
	return userns_forbid();
#else
	return false;
#endif
}

void
trial_kit_init(struct trial_kit *kit)
{
	struct fault fault = {0};
	bool privileged = maybe_forbid();
	char path[4096];

	snprintf(path, sizeof(path), "%s/praxa-init", getenv("PRAXA_BUILD"));
	*kit = (struct trial_kit){.bundle = pack_probe()};
	require(cell_launcher_new(path, &kit->launcher, &fault) == ERR_OK, fault.message);
	kit->base = load_profile("base");
	kit->python = load_profile("python");
	kit->shell = load_profile("shell");
	become_other_user();
	kit->is_root = geteuid() == 0;
	kit->layers = TRIAL_LAYERS | (privileged ? 0 : LAYER_BIT(USER_NS));
	kit->host_uid = HOST_UID + (unsigned)getpid() % HOST_UIDS;
	kit->id_inside = privileged ? kit->host_uid : 1000;
}

void
trial_kit_done(struct trial_kit *kit)
{
	cell_launcher_free(&kit->launcher);
	profile_free(&kit->base);
	profile_free(&kit->python);
	profile_free(&kit->shell);
	close(kit->bundle);
}

const struct policy_limits trial_generous = {
    .memory_bytes = UINT64_C(2) << 30,
    .processes = 16,
    .open_files = 64,
    .file_bytes = UINT64_C(8) << 20,
    .tmp_bytes = UINT64_C(8) << 20,
    .tmp_files = 64,
    .cpu_ns = UINT64_C(10000000000),
    .cpu_percent = 100,
    .io_read_bytes = POLICY_IO_FREE,
    .wall_ns = UINT64_C(10000000000),
    .output_bytes = UINT64_C(1) << 20,
};

struct trial_kit trial_kit;

int
trial_begin(void **state)
{
	(void)state;
	trial_kit_init(&trial_kit);
	return 0;
}

int
trial_end(void **state)
{
	(void)state;
	trial_kit_done(&trial_kit);
	return 0;
}

struct trial *
trial_new(const char *probe)
{
	struct trial *trial = calloc(1, sizeof(*trial));

	require(trial != NULL, "memory");
	trial->probe = probe;
	return trial;
}

static void
fill_defaults(const struct trial_kit *kit, struct trial *trial)
{
	static const char *const no_env[] = {NULL};

	if (trial->probe == NULL)
		trial->probe = "nothing";
	if (trial->program == NULL)
		trial->program = "/skill/probe";
	if (trial->profile == NULL)
		trial->profile = kit->shell;
	if (trial->envp == NULL)
		trial->envp = no_env;
	if (trial->limits.memory_bytes == 0)
		trial->limits = trial_generous;
	if (trial->required == 0)
		trial->required = TRIAL_LAYERS;
}

#ifdef TRIAL_PARKED
/* What would be the run's from the start comes later; a cell that fails before says so as any. */
static enum err
spawn_parked(struct cell_launcher *launcher, const struct cell_spec *spec, struct cell *ret,
    struct fault *fault)
{
	const int stdio[] = {spec->stdin_fd, spec->stdout_fd, spec->stderr_fd};
	struct cell_spec parked = *spec;
	struct pollfd built = {.events = POLLIN};
	enum err r;

	parked.parked = true;
	r = cell_spawn(launcher, &parked, ret, fault);
	if (r != ERR_OK)
		return r;
	built.fd = ret->handover_fd;
	require(poll(&built, 1, PATIENCE_MS) == 1, "a cell is neither parked nor gone");
	return cell_parked_read(ret) < 0
		   ? ERR_OK
		   : cell_hand_over(ret, spec->envp, stdio, spec->door_fd, fault);
}
#endif

void
trial_start(const struct trial_kit *kit, struct trial *trial)
{
	struct policy_cell cell;
	struct cell_spec spec;
	int pipe_fds[2];

	fill_defaults(kit, trial);
	cell = (struct policy_cell){
	    .argv = {trial->program, trial->probe, NULL},
	    .limits = trial->limits,
	    .required = trial->required,
	};
	require(pipe2(pipe_fds, O_CLOEXEC) == 0, "pipe");
	spec = (struct cell_spec){
	    .cell = &cell,
	    .profile = trial->profile,
	    .envp = trial->envp,
	    .bundle_fd = kit->bundle,
	    .bundle_at = "/skill",
	    .mounts = trial->mounts,
	    .mount_count = trial->mount_count,
	    .stdin_fd = -1,
	    .stdout_fd = pipe_fds[1],
	    .stderr_fd = pipe_fds[1],
	    .door_fd = trial->door > 0 ? trial->door : -1,
	    .host_uid = kit->is_root ? kit->host_uid + trial->user : (uid_t)-1,
	    .identities = trial->identities,
	    .hostname = "cell",
	    .listen = trial->listen,
	};
#ifdef TRIAL_PARKED
	trial->spawned = spawn_parked(kit->launcher, &spec, &trial->cell, &trial->fault);
#else
	trial->spawned = cell_spawn(kit->launcher, &spec, &trial->cell, &trial->fault);
#endif
	close(pipe_fds[1]);
	trial->output_fd = pipe_fds[0];
	if (trial->spawned != ERR_OK) {
		close(trial->output_fd);
		trial->output_fd = -1;
	}
}

/* false: the output has ended. */
static bool
read_output(struct trial *trial)
{
	size_t room = sizeof(trial->output) - 1 - trial->output_length;
	ssize_t n = read(trial->output_fd, trial->output + trial->output_length, room);

	if (n <= 0)
		return false;
	trial->output_length += (size_t)n;
	trial->output[trial->output_length] = '\0';
	return true;
}

/* false: no more reports come. */
static bool
read_report(struct trial *trial)
{
	struct cell_report report;
	int r = cell_report_read(&trial->cell, &report);

	if (r > 0 && report.kind == CELL_READY) {
		trial->is_ready = true;
		trial->ready = report;
	} else if (r > 0 && report.kind == CELL_FAILED) {
		trial->has_failed = true;
		trial->failed = report;
	} else if (r > 0) {
		trial->has_exited = true;
		trial->exited = report;
	}
	return r >= 0;
}

bool
trial_await(struct trial *trial, const char *text)
{
	while (strstr(trial->output, text) == NULL)
		if (!read_output(trial))
			return false;
	return true;
}

/* false: there is nobody any more who could be denied anything. */
static bool
answer_denied(struct trial *trial)
{
	struct listener_call call;
	struct profile_answer answer;
	int r = listener_read(trial->cell.listener_fd, &call);

	if (r <= 0)
		return r == 0;
	profile_ask(trial->profile, &call.data, &answer);
	require((answer.action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO, "not denied");
	trial->denied++;
	listener_answer(trial->cell.listener_fd, call.id, (int)(answer.action & SECCOMP_RET_DATA));
	return true;
}

/* Once the cell is ready. */
static int
start_listening(struct trial *trial)
{
	trial->has_listener = trial->cell.listener_fd >= 0;
	if (!trial->deaf || !trial->has_listener)
		return trial->cell.listener_fd;
	close(trial->cell.listener_fd);
	trial->cell.listener_fd = -1;
	return -1;
}

void
trial_finish(struct trial *trial)
{
	struct pollfd fds[] = {{.fd = trial->cell.status_fd, .events = POLLIN},
	    {.fd = trial->output_fd, .events = POLLIN}, {.fd = -1, .events = POLLIN}};

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		bool was_ready = trial->is_ready;

		if (poll(fds, ARRAY_SIZE(fds), PATIENCE_MS) == 0)
			cell_kill(&trial->cell);
		if (fds[2].revents != 0 && !answer_denied(trial))
			fds[2].fd = -1;
		if (fds[0].revents != 0 && !read_report(trial))
			fds[0].fd = -1;
		if (trial->is_ready && !was_ready)
			fds[2].fd = start_listening(trial);
		if (fds[1].revents != 0 && !read_output(trial))
			fds[1].fd = -1;
	}
	cell_done(&trial->cell);
	close(trial->output_fd);
	trial->output_fd = -1;
}

void
trial_run(const struct trial_kit *kit, struct trial *trial, int status)
{
	trial_start(kit, trial);
	if (trial->spawned != ERR_OK)
		fail_msg("%s", trial->fault.message);
	trial_finish(trial);
	if (trial->has_failed) {
		cell_report_fault(&trial->failed, &trial->fault);
		fail_msg("%s", trial->fault.message);
	}
	assert_true(trial->is_ready && trial->has_exited);
	if (!WIFEXITED(trial->exited.status) || WEXITSTATUS(trial->exited.status) != status)
		fail_msg("probe %s ended with %#x: %s", trial->probe, trial->exited.status,
		    trial->output);
}

bool
trial_said(const struct trial *trial, const char *line)
{
	size_t length = strlen(line);

	for (const char *at = trial->output; (at = strstr(at, line)) != NULL; at++)
		if ((at == trial->output || at[-1] == '\n') &&
		    (at[length] == '\n' || at[length] == '\0'))
			return true;
	return false;
}

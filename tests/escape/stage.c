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
#include "sandbox/limits.h"
#include "tests/escape/act.h"
#include "tests/escape/guards.h"
#include "tests/escape/plant.h"
#include "tests/escape/weaken.h"
#include "tests/lib/check.h"
#include "tests/sandbox/cgroup_folder.h"
#include "tests/sandbox/userns.h"

enum {
	OTHER_UID = 65534,
	PROBE_BYTES_MAX = 16 * 1024 * 1024,
};

static struct cell_launcher *
open_launcher(const char *name)
{
	struct cell_launcher *launcher = NULL;
	struct fault fault = {0};
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", getenv("PRAXA_BUILD"), name);
	act_require(cell_launcher_new(path, &launcher, &fault) == ERR_OK, fault.message);
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
		act_require(
		    profile_load(dir, names[i], &stage->profiles[i], NULL) == ERR_OK, names[i]);
	close(dir);
}

static void
become_other_user(void)
{
	if (geteuid() != 0)
		return;
	act_require(setgroups(0, NULL) == 0 && setresgid(OTHER_UID, OTHER_UID, OTHER_UID) == 0 &&
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
		act_require(getrlimit(resources[i], &limit) == 0, "getrlimit");
		limit.rlim_cur = limit.rlim_max;
		act_require(setrlimit(resources[i], &limit) == 0, "setrlimit");
	}
}

static void
say_limits(struct plant *plant)
{
	plant_say(plant, "LIMIT_PROCESSES", "%d", (int)act_limits.processes);
	plant_say(plant, "LIMIT_MEMORY", "%ld", (long)act_limits.memory_bytes);
	plant_say(plant, "LIMIT_TMP", "%ld", (long)act_limits.tmp_bytes);
	plant_say(plant, "LIMIT_FILES", "%d", (int)act_limits.tmp_files);
	plant_say(plant, "LIMIT_FILE", "%ld", (long)act_limits.file_bytes);
	plant_say(plant, "LIMIT_SIGNALS", "%d", LIMITS_SIGNALS);
	plant_say(plant, "LIMIT_OPEN", "%d", (int)act_limits.open_files);
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
	act_require(io_read_file(AT_FDCWD, path, PROBE_BYTES_MAX, ret_data, ret_length) == 0, path);
	files[1].data = (const unsigned char *)*ret_data;
	files[1].length = (uint32_t)*ret_length;
	act_require(pack_from_files(files, ARRAY_SIZE(files), &fd, NULL) == ERR_OK, "pack");
	return fd;
}

static bool
has_controller(const struct stage *stage, const char *file)
{
	char path[CGROUP_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", stage->folder, file);
	return access(path, F_OK) == 0;
}

/* With every limit or not at all. */
static void
open_cgroup(struct stage *stage)
{
	struct fault fault = {0};

	if (!cgroup_folder_make(stage->folder, sizeof(stage->folder)))
		return;
	if (!has_controller(stage, "memory.max") || !has_controller(stage, "pids.max") ||
	    !has_controller(stage, "cpu.max")) {
		cgroup_folder_remove(stage->folder);
		stage->folder[0] = '\0';
		return;
	}
	act_require(cgroup_open(stage->folder, &stage->cgroup, &fault) == ERR_OK, fault.message);
	stage->required |= LAYER_BIT(CGROUP);
}

struct stage *
stage_new(enum stage_way way)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	SCOPED_FREE char *program = NULL;
	size_t length = 0;
	bool weak = geteuid() == 0 &&
		    (way == STAGE_ROOT || (way == STAGE_PRIVILEGED && userns_is_forbidden()));
	bool privileged = way == STAGE_PRIVILEGED && userns_forbid();

	act_require(stage != NULL, "memory");
	stage->bundle_fd = pack_probe(&program, &length);
	stage->strict = open_launcher("praxa-init");
	open_profiles(stage);
	if (weak) {
		stage->weak = open_launcher("praxa-init-weak");
		weaken_begin(GUARD_BIT(SEALED));
		stage->unsealed = open_launcher("praxa-init-weak");
		weaken_begin(0);
	}
	stage->warm = way == STAGE_WARM;
	stage->privileged = privileged;
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
	open_cgroup(stage);
	/* Left open over exec on purpose, far above what a cell is given. */
	stage->leaked_fd = fcntl(open("/", O_RDONLY | O_DIRECTORY), F_DUPFD, 200);
	act_require(stage->leaked_fd >= 0, "/");
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
	cgroup_free(&stage->cgroup);
	cgroup_folder_remove(stage->folder);
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

bool
stage_has_cgroup(const struct stage *stage)
{
	return stage->cgroup != NULL;
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
	act_require(fd >= 0 && io_read_full(fd, text, sizeof(text) - 1) > 0, path);
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
		act_require(act_start(stage, &first, &fault) == ERR_OK, fault.message);
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

	cell_launcher_set_cgroup(stage->strict, stage->cgroup, "none");
	return run(stage, probe, hold, &act);
}

struct verdict
stage_try_weak(struct stage *stage, const char *probe, bool hold, uint64_t off)
{
	struct cell_launcher *launcher =
	    (off & GUARD_BIT(SEALED)) != 0 ? stage->unsealed : stage->weak;
	const struct act act = {
	    .launcher = launcher,
	    .profile = stage->profiles[STAGE_SHELL],
	    .off = off,
	};

	/* There the mounts of the host would be the cell's to change. */
	act_require((off & GUARD_BIT(MOUNT_NS)) == 0 || !stage->privileged,
	    "a cell needs a mount namespace where it has no user namespace");
	cell_launcher_set_cgroup(
	    launcher, (off & GUARD_BIT(CGROUP)) == 0 ? stage->cgroup : NULL, "turned off");
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

/* A step of the way in that fails ends the cell, and its name arrives. A seccomp filter, which
 * children inherit, makes one system call fail in a supervisor of its own and all below it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"
#include "tests/sandbox/trial.h"

struct breakage {
	int number;
	unsigned index;   /* of the argument */
	int64_t argument; /* -1: any */
	int error;
	const char *stage; /* how the message begins */
};

/* From now on the call answers error, where the argument's low half is as given. */
static void
break_call(const struct breakage *breakage)
{
	const uint32_t argument = offsetof(struct seccomp_data, args) + 8 * breakage->index;
	const uint8_t skip = breakage->argument < 0 ? 0 : 1;
	const struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)breakage->number, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)breakage->argument, 0, skip),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)breakage->error),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {
	    ARRAY_SIZE(filter), (struct sock_filter *)(uintptr_t)filter};

	if (!trial_kit.is_root && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		_exit(2);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		_exit(2);
}

/* In the child: one run with the call broken. Answers what is wrong, or NULL. */
static const char *
run_broken(const struct breakage *breakage)
{
	static struct trial trial = {.probe = "where"};
	struct fault fault;

	break_call(breakage);
	trial_start(&trial_kit, &trial);
	fault = trial.fault;
	if (trial.spawned == ERR_OK) {
		trial_finish(&trial);
		if (trial.output_length > 0 || trial.is_ready || !trial.has_failed)
			return "the program ran";
		if (cell_report_fault(&trial.failed, &fault) != ERR_CONFINEMENT)
			return "not a ConfinementError";
		if (trial.failed.error != breakage->error &&
		    strncmp(breakage->stage, "required", 8) != 0 &&
		    strcmp(breakage->stage, "nested namespaces") != 0)
			return fault.message[0] != '\0' ? strdup(fault.message) : "no errno";
	} else if (fault.code != ERR_CONFINEMENT) {
		return "not a ConfinementError";
	}
	if (strncmp(fault.message, breakage->stage, strlen(breakage->stage)) != 0)
		return strdup(fault.message);
	return NULL;
}

static void
assert_breaks(const struct breakage *breakage)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		const char *wrong = run_broken(breakage);

		if (wrong != NULL)
			fprintf(stderr, "# %s (call %d): %s\n", breakage->stage, breakage->number,
			    wrong);
		_exit(wrong != NULL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("%s: status %#x", breakage->stage, status);
}

static void
a_failing_step_names_itself_and_nothing_runs(void **state)
{
	static const struct breakage breakages[] = {
	    {SYS_clone3, 0, -1, EPERM, "namespaces: Operation not permitted (user namespaces"},
	    {SYS_clone3, 0, -1, ENOSPC, "namespaces: No space left on device (no more namespaces"},
	    {SYS_capset, 0, -1, EPERM, "capabilities"},
	    {SYS_close_range, 2, CLOSE_RANGE_UNSHARE, EPERM, "own descriptors"},
	    {SYS_close_range, 2, 0, EPERM, "descriptors"},
	    {SYS_execveat, 0, -1, EACCES, "exec praxa-init"},
	    {SYS_unshare, 0, 0x80, EPERM, "required layer time-namespace"},
	    {SYS_setresgid, 0, -1, EPERM, "identity"},
	    {SYS_setresuid, 0, -1, EPERM, "identity"},
	    {SYS_unshare, 0, 0x10000000, EPERM, "nested namespaces"},
	    {SYS_unshare, 0, 0x02000000, EPERM, "cgroup namespace"},
	    {SYS_sethostname, 0, -1, EPERM, "host name"},
	    {SYS_keyctl, 0, -1, ENOSYS, "required layer keyring"},
	    {SYS_mount_setattr, 0, -1, ENOSYS, "root: Function not implemented (Linux 5.12"},
	    {SYS_fsopen, 0, -1, EPERM, "root"},
	    {SYS_fsmount, 0, -1, EPERM, "root"},
	    {SYS_move_mount, 0, -1, EPERM, "root"},
	    {SYS_open_tree, 0, -1, EPERM, "mount /usr"},
	    {SYS_symlinkat, 0, -1, ENOSPC, "mount /"},
	    {SYS_pivot_root, 0, -1, EINVAL, "pivot root"},
	    {SYS_umount2, 0, -1, EINVAL, "pivot root"},
	    {SYS_prctl, 0, PR_CAPBSET_DROP, EPERM, "capabilities"},
	    {SYS_prctl, 0, PR_SET_SECUREBITS, EPERM, "capabilities"},
	    {SYS_prctl, 0, PR_SET_DUMPABLE, EPERM, "dumpable"},
	    {SYS_prctl, 0, PR_SET_NO_NEW_PRIVS, EPERM, "no new privileges"},
	    {SYS_clone, 0, -1, EAGAIN, "fork"},
	    {SYS_setsid, 0, -1, EPERM, "session"},
	    {SYS_landlock_create_ruleset, 0, -1, ENOSYS, "required layer landlock"},
	    {SYS_landlock_restrict_self, 0, -1, EPERM, "required layer landlock"},
	    {SYS_prlimit64, 1, RLIMIT_NPROC, EPERM, "rlimits"},
	    {SYS_seccomp, 0, -1, EINVAL, "seccomp"},
	    {SYS_execve, 0, -1, ENOEXEC, "exec /skill/probe"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(breakages); i++)
		/* Where they are forbidden already, every failure is as good. */
		if (trial_kit.id_inside == 1000 ||
		    strcmp(breakages[i].stage, "nested namespaces") != 0)
			assert_breaks(&breakages[i]);
}

static void
a_layer_that_cannot_be_is_named_with_advice(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("where");

	(void)state;
	trial->required = TRIAL_LAYERS | LAYER_BIT(CGROUP);
	trial_start(&trial_kit, trial);
	assert_int_equal(trial->spawned, ERR_CONFINEMENT);
	assert_string_equal(trial->fault.message,
	    "required layer cgroup: no cgroup v2 is delegated to Praxa; see praxa doctor");
	assert_int_equal(trial->output_length, 0);
}

static void
a_program_that_is_not_there_is_named(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("where");

	(void)state;
	trial->program = "/skill/other";
	trial_start(&trial_kit, trial);
	trial_finish(trial);
	assert_true(trial->has_failed && !trial->is_ready);
	assert_string_equal(trial->failed.stage, "exec /skill/other");
	assert_int_equal(trial->failed.error, ENOENT);
}

static void
a_mount_whose_source_is_gone_is_named(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("where");
	char *dir = check_tempdir();
	struct cell_mount mount = {.target = "/data"};

	(void)state;
	mount.source_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	close(mount.source_fd);
	trial->mounts = &mount;
	trial->mount_count = 1;
	trial_start(&trial_kit, trial);
	if (trial->spawned == ERR_OK)
		trial_finish(trial);
	assert_false(trial->is_ready);
	if (trial->has_failed)
		cell_report_fault(&trial->failed, &trial->fault);
	assert_non_null(strstr(trial->fault.message, "/data"));
	check_tempdir_remove(&dir);
}

/* What a replaced directory shows depends on the way in: a tree is the old one, a path is refused.
 * The new one is never seen. */
static void
a_mount_whose_source_was_swapped_is_not_followed(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("where");
	char *dir = check_tempdir(), was[4096], is[4096];
	struct cell_mount mount = {.target = "/data"};

	(void)state;
	trial->probe = "read";
	snprintf(was, sizeof(was), "%s/was", dir);
	snprintf(is, sizeof(is), "%s/is", dir);
	check_write(dir, "was/file", "old", 3);
	check_write(dir, "is/file", "new", 3);
	assert_int_equal(chmod(dir, 0755) + chmod(was, 0755) + chmod(is, 0755), 0);
	mount.source_fd = open(was, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(renameat2(AT_FDCWD, was, AT_FDCWD, is, RENAME_EXCHANGE), 0);
	trial->mounts = &mount;
	trial->mount_count = 1;
	trial_start(&trial_kit, trial);
	assert_int_equal(trial->spawned, ERR_OK);
	trial_finish(trial);
	assert_string_equal(trial->output, "old\n");
	close(mount.source_fd);
	check_tempdir_remove(&dir);
}

/* A start that may fail anywhere on our side. Children share the count of failures with us until
 * they execute, so theirs fail too. */
static bool
start_and_end(void *context)
{
	struct trial *trial = context;

	trial->output_length = 0;
	trial->is_ready = trial->has_failed = trial->has_exited = false;
	trial->fault = (struct fault){0};
	trial_start(&trial_kit, trial);
	if (trial->spawned != ERR_OK)
		return trial->fault.code == trial->spawned;
	cell_kill(&trial->cell);
	cell_done(&trial->cell);
	close(trial->output_fd);
	return true;
}

static void
every_failing_call_of_a_start_is_noticed(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("where");
	int before = check_open_fds();

	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY | FAIL_IO, EIO, start_and_end, trial) >= 4);
	assert_int_equal(check_open_fds(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* The child of a launch works on a table that it shares, until it has its own. */
static void
the_caller_keeps_what_it_has_open_and_the_cell_has_none_of_it(void **state)
{
	enum { MANY = 300 };
	SCOPED_FREE struct trial *trial = trial_new("where");
	int fds[MANY], before;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		fds[i] = dup(STDERR_FILENO);
		assert_true(fds[i] >= 0);
	}
	before = check_open_fds();
	trial->probe = "fds";
	trial_run(&trial_kit, trial, 0);
	assert_string_equal(trial->output, "0\n1\n2\n");
	assert_int_equal(check_open_fds(), before);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(close(fds[i]), 0);
}

static void
no_cell_is_root_outside(void **state)
{
	struct policy_cell cell = {.argv = {"/skill/probe", NULL}};
	struct cell_spec spec = {.cell = &cell, .profile = trial_kit.base, .host_uid = 0};
	struct fault fault;
	struct cell ret;

	(void)state;
	assert_int_equal(cell_spawn(trial_kit.launcher, &spec, &ret, &fault), ERR_CONFINEMENT);
	assert_non_null(strstr(fault.message, "root"));
}

static void
a_launcher_needs_praxa_init(void **state)
{
	struct cell_launcher *launcher = NULL;
	struct fault fault;

	(void)state;
	assert_int_equal(
	    cell_launcher_new("/nonexistent/praxa-init", &launcher, &fault), ERR_CONFINEMENT);
	assert_null(launcher);
	assert_non_null(strstr(fault.message, "/nonexistent/praxa-init"));
}

/* What a process without user namespaces gets: root goes on without, everybody else is told why. */
static const char *
launcher_without_namespaces(void)
{
	static const struct breakage forbidden = {SYS_clone3, 0, -1, EPERM, ""};
	struct cell_launcher *launcher = NULL;
	struct fault fault = {0};
	char path[4096];
	enum err r;

	snprintf(path, sizeof(path), "%s/praxa-init", getenv("PRAXA_BUILD"));
	break_call(&forbidden);
	r = cell_launcher_new(path, &launcher, &fault);
	if (trial_kit.is_root)
		return r == ERR_OK ? NULL : "root is refused";
	if (r != ERR_CONFINEMENT || launcher != NULL)
		return "a user is not refused";
	return strncmp(fault.message, "user namespaces cannot be used: Operation not", 45) == 0
		   ? NULL
		   : strdup(fault.message);
}

static void
without_user_namespaces_only_root_goes_on(void **state)
{
	int status = 0;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		const char *wrong = launcher_without_namespaces();

		if (wrong != NULL)
			fprintf(stderr, "# %s\n", wrong);
		_exit(wrong != NULL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
root_gives_every_cell_a_user_of_its_own(void **state)
{
	struct policy_cell cell = {.argv = {"/skill/probe", NULL}};
	struct cell_spec spec = {.cell = &cell, .profile = trial_kit.base, .host_uid = (uid_t)-1};
	struct fault fault;
	struct cell ret;

	(void)state;
	if (!trial_kit.is_root)
		CHECK_SKIP("not root");
	assert_int_equal(cell_spawn(trial_kit.launcher, &spec, &ret, &fault), ERR_CONFINEMENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_failing_step_names_itself_and_nothing_runs),
	    cmocka_unit_test(a_layer_that_cannot_be_is_named_with_advice),
	    cmocka_unit_test(a_program_that_is_not_there_is_named),
	    cmocka_unit_test(a_mount_whose_source_is_gone_is_named),
	    cmocka_unit_test(a_mount_whose_source_was_swapped_is_not_followed),
	    cmocka_unit_test(every_failing_call_of_a_start_is_noticed),
	    cmocka_unit_test(the_caller_keeps_what_it_has_open_and_the_cell_has_none_of_it),
	    cmocka_unit_test(no_cell_is_root_outside),
	    cmocka_unit_test(a_launcher_needs_praxa_init),
	    cmocka_unit_test(without_user_namespaces_only_root_goes_on),
	    cmocka_unit_test(root_gives_every_cell_a_user_of_its_own),
	};

	return cmocka_run_group_tests(tests, trial_begin, trial_end);
}

/* What a program in a cell finds, and does not find. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/lib/check.h"
#include "tests/sandbox/trial.h"

static void
assert_said(const struct trial *trial, const char *const *lines)
{
	for (; *lines != NULL; lines++)
		if (!trial_said(trial, *lines))
			fail_msg("\"%s\" is missing in:\n%s", *lines, trial->output);
}

/* Runs the probe and looks for lines, which end with NULL. */
static void
expect(const char *probe, const char *const *lines)
{
	SCOPED_FREE struct trial *trial = trial_new(probe);

	trial_run(&trial_kit, trial, 0);
	assert_said(trial, lines);
}

#define EXPECT(probe, ...) expect(probe, (const char *const[]){__VA_ARGS__, NULL})

static void
every_layer_is_read_back_and_reported(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("nothing");

	(void)state;
	trial_run(&trial_kit, trial, 0);
	assert_int_equal(trial->ready.layers & ~TRIAL_OPTIONAL, trial_kit.layers);
	assert_true(trial->ready.landlock_abi >= 1);
	assert_true(trial->ready.setup_ns > 0);
	assert_true(trial->exited.peak_kib > 0);
	assert_int_equal(trial->output_length, 0);
}

static void
status_shows_no_capability_and_a_filter(void **state)
{
	(void)state;
	EXPECT("status", "CapInh:\t0000000000000000", "CapPrm:\t0000000000000000",
	    "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "CapAmb:\t0000000000000000",
	    "NoNewPrivs:\t1", "Seccomp:\t2", "SigBlk:\t0000000000000000",
	    "SigIgn:\t0000000000000000", "Umask:\t0022");
}

static void
name_place_ids_and_clock_are_its_own(void **state)
{
	char uid[32], gid[32];

	(void)state;
	snprintf(uid, sizeof(uid), "uid %u", trial_kit.id_inside);
	snprintf(gid, sizeof(gid), "gid %u", trial_kit.id_inside);
	EXPECT("where", "host cell", "cwd /tmp", uid, gid, "pid 2", "boot fresh");
}

static void
environment_is_exactly_what_was_given(void **state)
{
	static const char *const env[] = {"PATH=/usr/bin", "EMPTY=", "X=a b", NULL};
	SCOPED_FREE struct trial *trial = trial_new("env");

	(void)state;
	trial->envp = env;
	trial_run(&trial_kit, trial, 0);
	assert_string_equal(trial->output, "PATH=/usr/bin\nEMPTY=\nX=a b\n");
}

static void
no_descriptor_is_open_but_stdio_and_the_door(void **state)
{
	SCOPED_FREE struct trial *without = trial_new("fds"), *with = trial_new("fds");
	SCOPED_FD extra = open("/", O_PATH); /* inheritable, on purpose */
	int pair[2];

	(void)state;
	assert_true(extra >= 0);
	trial_run(&trial_kit, without, 0);
	assert_string_equal(without->output, "0\n1\n2\n");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	with->door = pair[1];
	trial_run(&trial_kit, with, 0);
	assert_string_equal(with->output, "0\n1\n2\n3\n");
	close(pair[0]);
	close(pair[1]);
}

static void
descriptor_3_is_the_door(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("door");
	int pair[2];
	char byte = 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	trial->door = pair[1];
	trial_start(&trial_kit, trial);
	close(pair[1]);
	assert_int_equal(read(pair[0], &byte, 1), 1);
	assert_int_equal(byte, 'q');
	assert_int_equal(write(pair[0], "a", 1), 1);
	trial_finish(trial);
	assert_true(trial->has_exited);
	assert_int_equal(trial->exited.status, 0);
	/* Nobody in the cell holds the door any longer. */
	assert_int_equal(read(pair[0], &byte, 1), 0);
	close(pair[0]);
}

static void
nothing_of_the_host_is_there(void **state)
{
	(void)state;
	EXPECT("host", "/root ENOENT", "/home ENOENT", "/etc/shadow ENOENT", "/var ENOENT",
	    "/sys ENOENT", "/run ENOENT", "/opt ENOENT", "/mnt ENOENT", "/boot ENOENT",
	    "/proc/sys ENOENT", "/proc/kcore ENOENT", "/proc/1/root ENOENT",
	    "/proc/1/environ ENOENT", "/dev/tty ENOENT", "/dev/kmsg ENOENT", "/dev/pts ENOENT",
	    "/etc/ssh ENOENT", "/lost+found ENOENT");
}

static void
proc_shows_only_its_own_processes(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("processes");

	(void)state;
	trial_run(&trial_kit, trial, 0);
	assert_string_equal(trial->output, "2\n");
}

static void
only_tmp_can_be_written(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("write");
	char *dir = check_tempdir();
	struct cell_mount mount = {.target = "/data"};

	(void)state;
	check_write(dir, "file", "hello", 5);
	assert_int_equal(chmod(dir, 0777), 0);
	mount.source_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(mount.source_fd >= 0);
	trial->mounts = &mount;
	trial->mount_count = 1;
	trial_run(&trial_kit, trial, 0);
	for (const char *at = trial->output; *at != '\0'; at = strchr(at, '\n') + 1) {
		bool scratch = strncmp(at, "/tmp/", 5) == 0 || strncmp(at, "/dev/shm/", 9) == 0 ||
			       strncmp(at, "/dev/null", 9) == 0;
		const char *answer = strchr(at, '\0');

		answer = memchr(at, '\n', (size_t)(answer - at));
		assert_non_null(answer);
		if ((strncmp(answer - 2, "ok", 2) == 0) != scratch)
			fail_msg("%s", trial->output);
	}
	close(mount.source_fd);
	check_tempdir_remove(&dir);
}

/* Asserts nothing, for it runs in a child too. */
static bool
mount_is_read(void)
{
	SCOPED_FREE struct trial *trial = calloc(1, sizeof(*trial));
	char *dir = check_tempdir();
	struct cell_mount mount = {.target = "/data"};

	check_write(dir, "file", "hello", 5);
	mount.source_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (trial == NULL || chmod(dir, 0755) < 0 || mount.source_fd < 0)
		return false;
	trial->probe = "read";
	trial->mounts = &mount;
	trial->mount_count = 1;
	trial_start(&trial_kit, trial);
	if (trial->spawned == ERR_OK)
		trial_finish(trial);
	close(mount.source_fd);
	check_tempdir_remove(&dir);
	if (trial->has_failed)
		fprintf(stderr, "# %s: errno %d\n", trial->failed.stage, trial->failed.error);
	return strcmp(trial->output, "hello\n") == 0;
}

static void
a_mount_can_be_read(void **state)
{
	(void)state;
	assert_true(mount_is_read());
}

/* Under systemd all mounts of the host are shared; the copies in a cell must not be. */
static void
a_mount_of_a_host_with_shared_mounts_can_be_read(void **state)
{
	int status = 0;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		if (trial_kit.is_root && (unshare(CLONE_NEWNS) < 0 ||
					     mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0))
			_exit(2);
		_exit(mount_is_read() ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
what_was_written_does_not_run(void **state)
{
	(void)state;
	EXPECT("run-written", "execve EACCES");
}

static void
landlock_forbids_what_no_other_layer_does(void **state)
{
	(void)state;
	EXPECT("landlock", "/ EACCES", "/usr ok");
}

static void
process_1_cannot_be_killed_stopped_or_read(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("init");

	(void)state;
	trial_run(&trial_kit, trial, 0);
	assert_true(trial_said(trial, "mem ENOENT"));
	assert_true(trial_said(trial, "fd ENOENT"));
	assert_true(trial_said(trial, "exe ENOENT"));
	if (trial->ready.landlock_abi >= 6)
		assert_true(trial_said(trial, "kill 1 EPERM"));
}

static void
escape_calls_are_refused(void **state)
{
	(void)state;
	EXPECT("denied", "mount EPERM", "umount EPERM", "fsopen EPERM", "open_tree EPERM",
	    "pivot_root EPERM", "chroot EPERM", "unshare EPERM", "setns EPERM", "clone EPERM",
	    "clone3 ENOSYS", "capset EPERM", "setresuid EPERM", "setgroups EPERM",
	    "io_uring ENOSYS", "keyctl EPERM", "memfd EPERM", "shmget EPERM", "seccomp EPERM",
	    "personality EPERM", "no such call ENOSYS");
}

static void
no_family_of_sockets_exists(void **state)
{
	(void)state;
	EXPECT("sockets", "1 socket EPERM", "2 socket EPERM", "10 socket EPERM", "16 socket EPERM",
	    "17 socket EPERM", "38 socket EPERM", "40 socket EPERM");
}

static void
there_is_no_terminal_to_type_into(void **state)
{
	(void)state;
	EXPECT("terminal", "TIOCSTI EPERM", "TIOCSTI high EPERM", "TIOCLINUX EPERM", "tty ENOENT",
	    "session own");
}

static void
assert_killed_by_filter(const char *probe)
{
	SCOPED_FREE struct trial *trial = trial_new(probe);

	trial_start(&trial_kit, trial);
	trial_finish(trial);
	assert_true(trial->has_exited);
	assert_true(WIFSIGNALED(trial->exited.status));
	assert_int_equal(WTERMSIG(trial->exited.status), SIGSYS);
}

static void
tracing_kills(void **state)
{
	(void)state;
	assert_killed_by_filter("ptrace");
}

static void
foreign_calls_kill(void **state)
{
	(void)state;
#if defined(__x86_64__)
	assert_killed_by_filter("x32");
	assert_killed_by_filter("i386");
#else
	CHECK_SKIP("x32 and i386 are ABIs of x86-64");
#endif
}

static void
python_runs_under_its_profile(void **state)
{
	static const char *const env[] = {"LANG=C.UTF-8", NULL};
	SCOPED_FREE struct trial *trial = trial_new("--version");

	(void)state;
	if (access("/usr/bin/python3", X_OK) < 0)
		CHECK_SKIP("no /usr/bin/python3");
	trial->program = "/usr/bin/python3";
	trial->profile = trial_kit.python;
	trial->envp = env;
	trial_run(&trial_kit, trial, 0);
	assert_int_equal(strncmp(trial->output, "Python 3", 8), 0);
}

/* The profile says whether its programs make code; the layer, whether the kernel can forbid it. */
static void
only_profiles_that_say_so_allow_new_code(void **state)
{
	SCOPED_FREE struct trial *with = trial_new("new-code"), *without = trial_new("new-code");

	(void)state;
	with->profile = trial_kit.shell;
	trial_run(&trial_kit, with, 0);
	assert_string_equal(with->output, "mprotect ok\n");
	assert_int_equal(with->ready.layers & LAYER_BIT(MDWE), 0);
	without->profile = trial_kit.base;
	trial_run(&trial_kit, without, 0);
	if ((without->ready.layers & LAYER_BIT(MDWE)) != 0)
		assert_string_equal(without->output, "mprotect EACCES\n");
	else
		CHECK_SKIP("Linux before 6.3");
}

static void
base_is_enough_for_a_static_program(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("where");

	(void)state;
	trial->profile = trial_kit.base;
	trial_run(&trial_kit, trial, 0);
	assert_true(trial_said(trial, "pid 2"));
}

static void
outside_it_is_neither_root_nor_has_groups(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("sleep");
	char path[64], line[128];
	unsigned uid = 0;
	FILE *file;

	(void)state;
	trial_start(&trial_kit, trial);
	assert_int_equal(trial->spawned, ERR_OK);
	assert_true(trial_await(trial, "up"));
	snprintf(path, sizeof(path), "/proc/%d/status", (int)trial->cell.pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "Uid:", 4) == 0)
			assert_int_equal(sscanf(line, "Uid: %u", &uid), 1);
		if (trial_kit.is_root && strncmp(line, "Groups:", 7) == 0)
			assert_int_equal(strspn(line + 7, "\t \n"), strlen(line + 7));
	}
	fclose(file);
	assert_int_not_equal(uid, 0);
	assert_true(trial_kit.is_root ? uid != geteuid() : uid == geteuid());
	cell_kill(&trial->cell);
	trial_finish(trial);
}

static ino_t
network_of(const char *process)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%s/ns/net", process);
	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

/* Also where they were made ahead. */
static void
network_namespaces_are_used_once(void **state)
{
	enum { CELLS = 3 };
	struct trial *trials[CELLS];
	ino_t seen[CELLS + 1] = {network_of("self")};

	(void)state;
	for (int i = 0; i < CELLS; i++) {
		char pid[16];

		trials[i] = trial_new("sleep");
		trial_start(&trial_kit, trials[i]);
		assert_int_equal(trials[i]->spawned, ERR_OK);
		assert_true(trial_await(trials[i], "up"));
		snprintf(pid, sizeof(pid), "%d", (int)trials[i]->cell.pid);
		seen[i + 1] = network_of(pid);
		for (int k = 0; k <= i; k++)
			assert_true(seen[k] != seen[i + 1]);
		assert_true(network_of("self") == seen[0]);
	}
	for (int i = 0; i < CELLS; i++) {
		cell_kill(&trials[i]->cell);
		trial_finish(trials[i]);
		free(trials[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_layer_is_read_back_and_reported),
	    cmocka_unit_test(status_shows_no_capability_and_a_filter),
	    cmocka_unit_test(name_place_ids_and_clock_are_its_own),
	    cmocka_unit_test(environment_is_exactly_what_was_given),
	    cmocka_unit_test(no_descriptor_is_open_but_stdio_and_the_door),
	    cmocka_unit_test(descriptor_3_is_the_door),
	    cmocka_unit_test(nothing_of_the_host_is_there),
	    cmocka_unit_test(proc_shows_only_its_own_processes),
	    cmocka_unit_test(only_tmp_can_be_written),
	    cmocka_unit_test(a_mount_can_be_read),
	    cmocka_unit_test(a_mount_of_a_host_with_shared_mounts_can_be_read),
	    cmocka_unit_test(what_was_written_does_not_run),
	    cmocka_unit_test(landlock_forbids_what_no_other_layer_does),
	    cmocka_unit_test(process_1_cannot_be_killed_stopped_or_read),
	    cmocka_unit_test(escape_calls_are_refused),
	    cmocka_unit_test(no_family_of_sockets_exists),
	    cmocka_unit_test(there_is_no_terminal_to_type_into),
	    cmocka_unit_test(tracing_kills),
	    cmocka_unit_test(foreign_calls_kill),
	    cmocka_unit_test(python_runs_under_its_profile),
	    cmocka_unit_test(only_profiles_that_say_so_allow_new_code),
	    cmocka_unit_test(base_is_enough_for_a_static_program),
	    cmocka_unit_test(outside_it_is_neither_root_nor_has_groups),
	    cmocka_unit_test(network_namespaces_are_used_once),
	};

	return cmocka_run_group_tests(tests, trial_begin, trial_end);
}

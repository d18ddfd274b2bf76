#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>

#include "cli/doctor.h"
#include "policy/rule_read.h"
#include "sandbox/cell.h"
#include "sandbox/cgroup_divide.h"
#include "sandbox/keyring.h"

/* A user id among those of praxad when it is root, but of no daemon and no run. */
enum { DOCTOR_UID = 0x7000000f, PATIENCE_MS = 10000 };

/* Takes READY or FAILED; false: more may come. */
static bool
take(const struct cell_report *report, struct doctor_cell *ret)
{
	if (report->kind == CELL_READY) {
		ret->started = true;
		ret->layers = report->layers;
		ret->landlock_abi = report->landlock_abi;
		ret->setup_ms = (double)report->setup_ns / 1e6;
	} else if (report->kind == CELL_FAILED) {
		ret->started = false;
		ret->layers = report->layers;
		ret->landlock_abi = report->landlock_abi;
		cell_report_fault(report, &ret->fault);
	}
	return report->kind == CELL_FAILED || report->kind == CELL_EXITED;
}

static void
watch(struct cell *cell, struct doctor_cell *ret)
{
	struct pollfd status = {.fd = cell->status_fd, .events = POLLIN};
	struct cell_report report;
	bool ended = false;
	int r = 0;

	while (!ended && r >= 0) {
		if (poll(&status, 1, PATIENCE_MS) == 0) {
			fault_set(&ret->fault, ERR_CONFINEMENT, "the cell did not end in time");
			ret->started = false;
			cell_kill(cell);
			break;
		}
		r = cell_report_read(cell, &report);
		if (r > 0)
			ended = take(&report, ret);
	}
	cell_done(cell);
}

static enum err
spawn(struct cell_launcher *launcher, const struct profile *profile, int sdk_fd, struct cell *ret,
    struct fault *fault)
{
	static const char *const envp[] = {NULL};
	/* No layer is required: the report shall say which there are. */
	const struct policy_cell program = {
	    .argv = {"/usr/bin/true", NULL},
	    .limits = policy_limits_default,
	};
	const struct cell_mount sdk = {sdk_fd, "/praxa/sdk"};
	const struct cell_spec spec = {
	    .cell = &program,
	    .profile = profile,
	    .envp = envp,
	    .bundle_fd = -1,
	    .mounts = &sdk,
	    .mount_count = 1,
	    .stdin_fd = -1,
	    .stdout_fd = -1,
	    .stderr_fd = -1,
	    .door_fd = -1,
	    .host_uid = geteuid() == 0 ? DOCTOR_UID : (uid_t)-1,
	    .hostname = "doctor",
	};

	return cell_spawn(launcher, &spec, ret, fault);
}

/* What praxa run and praxad do at their start. made: what has to be removed; "". */
static struct cgroup *
take_cgroup(struct cell_launcher *launcher, const char *path, char made[CGROUP_PATH_MAX],
    struct doctor_cell *ret)
{
	struct cgroup *cgroup = NULL;
	struct fault why = {0};
	char name[32];

	snprintf(name, sizeof(name), "cells-doctor-%d", (int)getpid());
	made[0] = '\0';
	if (path == NULL && cgroup_divide_own(name, made, CGROUP_PATH_MAX, &why) == ERR_OK)
		path = made;
	else
		made[0] = '\0';
	if (cgroup_open(path, &cgroup, &ret->no_cgroup) == ERR_OK)
		text_copy(ret->cgroup, sizeof(ret->cgroup), cgroup->path);
	else if (why.code != ERR_OK) /* that it is not ours says more than that others are in it */
		ret->no_cgroup = why;
	cell_launcher_set_cgroup(launcher, cgroup, ret->no_cgroup.message);
	return cgroup;
}

void
doctor_cell_run(const struct paths *paths, const char *cgroup_path, struct doctor_cell *ret)
{
	SCOPED_FD profiles = open(paths->profiles, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	SCOPED_FD sdk = open(paths->sdk, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct cell_launcher *launcher = NULL;
	struct profile *profile = NULL;
	struct cgroup *cgroup = NULL;
	char init[PATHS_MAX + 16], made[CGROUP_PATH_MAX] = "";
	struct cell cell;
	enum err r;

	*ret = (struct doctor_cell){0};
	keyring_close(); /* as praxad does */
	snprintf(init, sizeof(init), "%s/praxa-init", paths->daemons);
	/* The strictest: a layer that some profiles go without is seen as well. */
	r = profile_load(profiles, "base", &profile, &ret->fault);
	if (r == ERR_OK)
		r = cell_launcher_new(init, &launcher, &ret->fault);
	if (r == ERR_OK)
		cgroup = take_cgroup(launcher, cgroup_path, made, ret);
	if (r == ERR_OK)
		r = spawn(launcher, profile, sdk, &cell, &ret->fault);
	if (r == ERR_OK)
		watch(&cell, ret);
	cell_launcher_free(&launcher);
	cgroup_free(&cgroup);
	if (made[0] != '\0')
		cgroup_divide_end(made);
	profile_free(&profile);
}

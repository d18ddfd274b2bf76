#include "sandbox/cell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "common/io.h"
#include "sandbox/cgroup_io.h"
#include "sandbox/handover.h"
#include "sandbox/idmap.h"
#include "sandbox/launch.h"
#include "sandbox/launcher.h"
#include "sandbox/listener.h"
#include "sandbox/mode.h"
#include "sandbox/plan.h"

/* The descriptors of both ends, made for one cell. The child's are closed when it has its own. */
struct ends {
	int status, status_child;
	int lifeline, lifeline_child;
	int plan;
	/* /dev/null, opened for this cell: what is open once has its flags once, and cells could
	 * tell each other by them. */
	int null;
	int handover, handover_child;
	int trees[CELL_MOUNTS_MAX];
	uint32_t tree_count;
};

static void
ends_close(struct ends *ends)
{
	scope_close(&ends->status);
	scope_close(&ends->status_child);
	scope_close(&ends->lifeline);
	scope_close(&ends->lifeline_child);
	scope_close(&ends->plan);
	scope_close(&ends->null);
	scope_close(&ends->handover);
	scope_close(&ends->handover_child);
	for (uint32_t i = 0; i < ends->tree_count; i++)
		scope_close(&ends->trees[i]);
}

static enum err
ends_open(const struct cell_spec *spec, struct ends *ends, struct fault *fault)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fault_set(fault, ERR_INTERNAL, "socketpair: %s", strerror(errno));
	ends->status = pair[0];
	ends->status_child = pair[1];
	if (pipe2(pair, O_CLOEXEC) < 0)
		return fault_set(fault, ERR_INTERNAL, "pipe: %s", strerror(errno));
	ends->lifeline_child = pair[0];
	ends->lifeline = pair[1];
	ends->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (ends->null < 0)
		return fault_set(fault, ERR_CONFINEMENT, "/dev/null: %s", strerror(errno));
	if (!spec->parked)
		return ERR_OK;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fault_set(fault, ERR_INTERNAL, "socketpair: %s", strerror(errno));
	ends->handover = pair[0];
	ends->handover_child = pair[1];
	return ERR_OK;
}

/* With CAP_SYS_ADMIN a directory travels as a detached mount, so that its path need not be open to
 * the cell's user. Without, praxa-init looks the path up again and compares inodes. */
static enum err
clone_trees(const struct cell_spec *spec, struct ends *ends, uint32_t *flags, struct fault *fault)
{
	for (uint32_t i = 0; i < spec->mount_count; i++) {
		int tree = open_tree(spec->mounts[i].source_fd, "",
		    AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

		if (tree < 0 && errno == EPERM && i == 0)
			return ERR_OK;
		if (tree < 0)
			return fault_set(fault, ERR_CONFINEMENT, "mount %s: %s",
			    spec->mounts[i].target, strerror(errno));
		ends->trees[ends->tree_count++] = tree;
		*flags |= PLAN_TREES;
	}
	return ERR_OK;
}

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static enum err
make_plan(const struct cell_launcher *launcher, const struct cell_spec *spec,
    const struct identity *identity, const struct cgroup_leaf *leaf, struct ends *ends,
    struct fault *fault)
{
	struct plan_head head = {
	    .start_ns = now_ns(),
	    .id = identity->inside,
	    .active = leaf->fd >= 0 && leaf->missing == NULL ? LAYER_BIT(CGROUP) : 0,
	};
	static const char *const nothing[] = {NULL};
	struct cell_spec known = *spec;
	SCOPED_FREE void *data = NULL;
	size_t length = 0;
	enum err r;
	int e;

	memcpy(head.outside, launcher->outside, sizeof(head.outside));
	head.flags = (spec->bundle_fd >= 0 ? PLAN_BUNDLE : 0) |
		     (spec->door_fd >= 0 && !spec->parked ? PLAN_DOOR : 0) |
		     (identity->drop_groups ? PLAN_DROP_GROUPS : 0) |
		     (launcher->privileged ? PLAN_PRIVILEGED : 0) | (spec->timed ? PLAN_TIMED : 0) |
		     (spec->listen ? PLAN_NOTIFY : 0) | (spec->parked ? PLAN_PARKED : 0) |
		     (spec->profile->mdwe ? PLAN_MDWE : 0);
	if (spec->parked)
		known.envp = nothing;
	r = plan_encode(&known, &head, &data, &length, fault);
	if (r == ERR_OK)
		r = clone_trees(spec, ends, &head.flags, fault);
	if (r != ERR_OK)
		return r;
	((struct plan_head *)data)->flags = head.flags;
	e = io_sealed_new("praxa-plan", data, length, &ends->plan);
	if (e < 0)
		return fault_set(fault, ERR_INTERNAL, "memory file: %s", strerror(-e));
	return ERR_OK;
}

static void
fill_layout(const struct cell_launcher *launcher, const struct cell_spec *spec,
    const struct ends *ends, struct launch *launch)
{
	const int given[] = {spec->stdin_fd, spec->stdout_fd, spec->stderr_fd},
		  none[] = {-1, -1, -1};
	const int *stdio = spec->parked ? none : given;

	for (int i = 0; i < LAUNCH_FDS; i++)
		launch->fds[i] = -1;
	for (int i = 0; i < 3; i++)
		launch->fds[i] = stdio[i] >= 0 ? stdio[i] : ends->null;
	launch->fds[FD_DOOR] = spec->parked ? -1 : spec->door_fd;
	launch->fds[FD_PLAN] = ends->plan;
	launch->fds[FD_STATUS] = ends->status_child;
	launch->fds[FD_LIFELINE] = ends->lifeline_child;
	launch->fds[FD_BUNDLE] = spec->bundle_fd;
	launch->fds[FD_SELF] = launcher->init_fd;
	launch->fds[FD_HANDOVER] = ends->handover_child;
	for (uint32_t i = 0; i < spec->mount_count; i++)
		launch->fds[FD_MOUNTS + i] =
		    ends->tree_count > 0 ? ends->trees[i] : spec->mounts[i].source_fd;
}

/* The cell reads from nothing that the limit of its reading does not reach. */
static enum err
check_reading(const struct cell_spec *spec, struct fault *fault)
{
	SCOPED_FD usr = open("/usr", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *beyond = cgroup_io_reaches(usr) ? NULL : "/usr";

	for (uint32_t i = 0; i < spec->mount_count && beyond == NULL; i++)
		if (!cgroup_io_reaches(spec->mounts[i].source_fd))
			beyond = spec->mounts[i].target;
	return beyond == NULL ? ERR_OK
			      : fault_set(fault, ERR_CONFINEMENT,
				    "limits.io_read: %s is on a file system that io.max does not "
				    "limit, such as a network's",
				    beyond);
}

/* The limits of the run as a whole. Scratch space and bundle are memory too; they have limits of
 * their own, so that a full scratch space is ENOSPC and never the end of the run. */
static enum err
make_leaf(const struct cell_launcher *launcher, const struct cell_spec *spec,
    struct cgroup_leaf *ret, struct fault *fault)
{
	const struct policy_limits *limits = &spec->cell->limits;
	const bool required = (spec->cell->required & LAYER_BIT(CGROUP)) != 0;
	const bool reads_limited = limits->io_read_bytes < POLICY_IO_FREE;
	struct stat bundle = {0};
	enum err r;

	if (launcher->cgroup == NULL)
		return required
			   ? fault_set(fault, ERR_CONFINEMENT,
				 "required layer cgroup: %s; see praxa doctor", launcher->no_cgroup)
			   : ERR_OK;
	if (spec->bundle_fd >= 0 && fstat(spec->bundle_fd, &bundle) < 0)
		return fault_set(fault, ERR_CONFINEMENT, "bundle: %s", strerror(errno));
	if (reads_limited && check_reading(spec, fault) != ERR_OK)
		return ERR_CONFINEMENT;
	r = cgroup_leaf_make(launcher->cgroup,
	    &(struct cgroup_limits){
		.memory_bytes = limits->memory_bytes + limits->tmp_bytes + (uint64_t)bundle.st_size,
		.processes = limits->processes + 1, /* praxa-init */
		.cpu_percent = limits->cpu_percent,
		.io_read_bytes = reads_limited ? limits->io_read_bytes : 0,
	    },
	    ret, fault);
	if (r != ERR_OK || !required || ret->missing == NULL)
		return r;
	return fault_set(fault, ERR_CONFINEMENT,
	    "required layer cgroup: no %s in %s (its controller is not delegated, or belongs to "
	    "cgroup v1)",
	    ret->missing, launcher->cgroup->path);
}

/* What is ours to do for a child that has executed praxa-init and waits. */
static enum err
let_in(const struct cell_launcher *launcher, const struct identity *identity,
    const struct cell *cell, struct fault *fault)
{
	int r = 0;

	if (cell->leaf.fd >= 0 && !cgroup_leaf_holds(&cell->leaf, cell->pid))
		return fault_set(fault, ERR_CONFINEMENT, "the cell is not in its cgroup");
	if (!launcher->privileged)
		r = idmap_write(launcher->proc_fd, cell->pid, identity->uid, identity->gid,
		    identity->drop_groups);
	if (r == 0)
		r = io_write_full(cell->lifeline_fd, "", 1);
	return r == 0
		   ? ERR_OK
		   : fault_set(fault, ERR_CONFINEMENT, "id map: %s%s", strerror(-r),
			 r == -EPERM ? " (another user id needs CAP_SETUID and CAP_SETGID)" : "");
}

static enum err
make_spare(struct cell_launcher *launcher, struct fault *fault)
{
	int r = spare_net_make(launcher->proc_fd, &launcher->net);

	return r == 0 ? ERR_OK
		      : fault_set(fault, ERR_CONFINEMENT, "return to own network namespace: %s",
			    strerror(-r));
}

/* Takes leaf. */
static enum err
start(struct cell_launcher *launcher, const struct cell_spec *spec, const struct identity *identity,
    struct ends *ends, struct cgroup_leaf *leaf, struct cell *ret, struct fault *fault)
{
	struct launch launch = {.low = &launcher->low,
	    .privileged = launcher->privileged,
	    .cgroup_fd = leaf->fd,
	    .net = &launcher->net};
	struct cell cell = CELL_NONE;
	enum err r;

	cell.leaf = *leaf;
	fill_layout(launcher, spec, ends, &launch);
	cell.pid = launch_run(&launch, &cell.pidfd);
	if (cell.pid < 0)
		return fault_set(fault, ERR_CONFINEMENT, "%s: %s (%s)", launch.stage,
		    strerror(-cell.pid), mode_advice(-cell.pid));
	*leaf = CGROUP_LEAF_NONE;
	cell.status_fd = TAKE_FD(ends->status);
	cell.lifeline_fd = TAKE_FD(ends->lifeline);
	cell.handover_fd = TAKE_FD(ends->handover);
	r = let_in(launcher, identity, &cell, fault);
	/* The next cell's, while this one is busy with itself. */
	if (r == ERR_OK)
		r = make_spare(launcher, fault);
	if (r != ERR_OK) {
		cell_kill(&cell);
		cell_done(&cell);
		return r;
	}
	*ret = cell;
	return ERR_OK;
}

enum err
cell_spawn(struct cell_launcher *launcher, const struct cell_spec *spec, struct cell *ret,
    struct fault *fault)
{
	struct ends ends = {-1, -1, -1, -1, -1, -1, -1, -1, {0}, 0};
	struct cgroup_leaf leaf = CGROUP_LEAF_NONE;
	struct identity_lease lease = IDENTITY_LEASE_NONE;
	struct identity identity;
	enum err r = ERR_OK;

	if (spec->identities != NULL)
		r = identity_lease_take(spec->identities, &lease, fault);
	if (r == ERR_OK)
		r = identity_choose(spec->host_uid, &lease, launcher->privileged, &identity, fault);
	if (r == ERR_OK)
		r = ends_open(spec, &ends, fault);
	if (r == ERR_OK)
		r = make_leaf(launcher, spec, &leaf, fault);
	if (r == ERR_OK)
		r = make_plan(launcher, spec, &identity, &leaf, &ends, fault);
	if (r == ERR_OK)
		r = start(launcher, spec, &identity, &ends, &leaf, ret, fault);
	if (r == ERR_OK)
		ret->lease = lease;
	else
		identity_lease_end(&lease);
	cgroup_leaf_remove(&leaf);
	ends_close(&ends);
	return r;
}

int
cell_parked_read(const struct cell *cell)
{
	char byte;
	ssize_t n = recv(cell->handover_fd, &byte, 1, MSG_DONTWAIT);

	return n == 1 ? 1 : n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

enum err
cell_hand_over(struct cell *cell, const char *const *envp, const int stdio[3], int door_fd,
    struct fault *fault)
{
	SCOPED_FD handover = TAKE_FD(cell->handover_fd);
	SCOPED_FD null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fds[HANDOVER_FDS_MAX], r;

	if (null < 0)
		return fault_set(fault, ERR_CONFINEMENT, "/dev/null: %s", strerror(errno));
	for (int i = 0; i < HANDOVER_STDIO; i++)
		fds[i] = stdio[i] >= 0 ? stdio[i] : null;
	fds[HANDOVER_STDIO] = door_fd;
	r = handover_send(handover, envp, fds);
	return r == 0 ? ERR_OK : fault_set(fault, ERR_CONFINEMENT, "hand over: %s", strerror(-r));
}

static bool
report_is_sound(const struct cell_report *report)
{
	return report->kind > CELL_REPORT_NONE && report->kind <= CELL_STEP &&
	       memchr(report->stage, '\0', sizeof(report->stage)) != NULL &&
	       memchr(report->detail, '\0', sizeof(report->detail)) != NULL;
}

int
cell_report_read(struct cell *cell, struct cell_report *ret)
{
	struct cell_report report;
	SCOPED_FD listener = -1;
	ssize_t n = listener_receive(cell->status_fd, &report, sizeof(report), &listener);

	if (n == -EAGAIN || n == -EINTR)
		return 0;
	if (n != (ssize_t)sizeof(report) || !report_is_sound(&report) ||
	    (listener >= 0 && (report.kind != CELL_READY || cell->listener_fd >= 0)))
		return -1;
	if (listener >= 0)
		cell->listener_fd = TAKE_FD(listener);
	*ret = report;
	return 1;
}

enum err
cell_report_fault(const struct cell_report *report, struct fault *fault)
{
	return fault_set(fault, ERR_CONFINEMENT, "%s: %s%s%s%s", report->stage,
	    report->error != 0 ? strerror(report->error) : "missing",
	    report->detail[0] != '\0' ? " (" : "", report->detail,
	    report->detail[0] != '\0' ? ")" : "");
}

void
cell_kill(const struct cell *cell)
{
	if (cell->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, cell->pidfd, SIGKILL, NULL, 0);
	cgroup_leaf_kill(&cell->leaf);
}

void
cell_reap(struct cell *cell)
{
	siginfo_t info;

	/* The lifeline first: an init that nobody killed ends by it. */
	scope_close(&cell->lifeline_fd);
	cell->lifeline_fd = -1;
	if (cell->pid > 0)
		while (waitid(P_PIDFD, (id_t)cell->pidfd, &info, WEXITED) < 0 && errno == EINTR)
			;
	cell->pid = 0;
}

void
cell_done(struct cell *cell)
{
	cell_reap(cell);
	cgroup_leaf_remove(&cell->leaf);
	identity_lease_end(&cell->lease);
	scope_close(&cell->pidfd);
	scope_close(&cell->status_fd);
	scope_close(&cell->listener_fd);
	scope_close(&cell->handover_fd);
	*cell = CELL_NONE;
}

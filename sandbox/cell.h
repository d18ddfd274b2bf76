/* cell.h - runs a program in a cell.
 *
 * cell_spawn clones a child into new namespaces, which at once becomes praxa-init: a small program
 * that holds none of our memory, builds the cell (sandbox/enter.h has the order and its reasons),
 * reads every layer back, and starts the program under it as process 2. Invariant: the program
 * never runs when a required layer is missing. */
#ifndef SANDBOX_CELL_H
#define SANDBOX_CELL_H

#include <sys/types.h>

#include "common/fault.h"
#include "common/layer.h"
#include "policy/policy.h"
#include "sandbox/cgroup_leaf.h"
#include "sandbox/identity.h"
#include "sandbox/profile.h"

enum { CELL_MOUNTS_MAX = 16 };

/* A directory of the host that the program sees, read-only, nosuid, nodev. */
struct cell_mount {
	int source_fd;      /* O_PATH, borrowed: nothing is looked up by name later */
	const char *target; /* absolute, inside; not /usr, /tmp and the like, not inside another */
};

struct cell_spec {
	const struct policy_cell *cell; /* argv, limits, required layers */
	const struct profile *profile;  /* compiled, borrowed */
	const char *const *envp;        /* the whole environment, NULL-terminated; at most 64 */
	int bundle_fd;                  /* sealed pack, unpacked read-only at bundle_at; -1: none */
	const char *bundle_at;          /* the program starts in /tmp, not here */
	const struct cell_mount *mounts;
	uint32_t mount_count;
	int stdin_fd, stdout_fd, stderr_fd; /* borrowed; -1: /dev/null */
	int door_fd;                        /* becomes fd 3; -1: none */
	/* What the cell is outside; (uid_t)-1: the caller's, with the caller's groups. Another than
	 * the caller's needs CAP_SETUID and CAP_SETGID, is also the group, and drops all others.
	 * Never 0. A mount must be readable for it. */
	uid_t host_uid;
	struct identities
	    *identities; /* a lease of these instead, until the cell is done; or NULL */
	const char *hostname;
	/* The cell stops where the run would begin; cell_hand_over goes on. Environment, stdio and
	 * door are then not looked at. */
	bool parked;
	bool timed; /* a CELL_STEP report for each step, before READY; for benchmarks */
	/* What the profile denies by error number comes to cell.listener_fd, and waits there for
	 * its answer (sandbox/listener.h). Where this kernel cannot, the kernel answers. */
	bool listen;
};

/* A live cell. The owner watches pidfd (readable: init is gone) and status_fd. */
struct cell {
	pid_t pid; /* of praxa-init, in the caller's pid namespace */
	int pidfd;
	int status_fd;   /* reports, one packet each; end of file: init is gone */
	int lifeline_fd; /* write end; closing it, or dying with it, ends the cell */
	int listener_fd; /* with READY, where it was asked for; -1: nobody can see denied calls */
	struct cgroup_leaf leaf;
	struct identity_lease lease;
	int handover_fd; /* of a parked cell: readable when it is built, or gone; else -1 */
};

/* No cell: cell_kill and cell_done do nothing. */
#define CELL_NONE                   \
	((struct cell){.pidfd = -1, \
	    .status_fd = -1,        \
	    .lifeline_fd = -1,      \
	    .handover_fd = -1,      \
	    .listener_fd = -1,      \
	    .leaf = CGROUP_LEAF_NONE})

enum cell_report_kind { CELL_REPORT_NONE = 0, CELL_READY, CELL_FAILED, CELL_EXITED, CELL_STEP };

/* What praxa-init says, a fixed layout. */
struct cell_report {
	uint32_t kind;
	int32_t status;    /* EXITED: wait(2) status of the program */
	uint64_t layers;   /* READY: read back; FAILED: active so far */
	uint64_t setup_ns; /* READY: from clone to exec; STEP: how long it took */
	uint64_t cpu_us;   /* EXITED: user and system time of the whole cell */
	uint64_t peak_kib; /* EXITED: largest resident set of a process */
	uint32_t landlock_abi;
	int32_t error;    /* FAILED: errno */
	char stage[48];   /* FAILED: the step, e.g. "mount /usr"; STEP: its name */
	char detail[128]; /* FAILED: what to do */
};

struct cell_launcher;

/* Opens praxa-init at init_path and keeps it as a sealed copy (CVE-2019-5736: nobody can write to
 * what we execute), and notes which namespaces are the caller's: a cell must have others. One for
 * all cells of a process; not for its forked children that have changed namespaces. */
MUST_USE enum err cell_launcher_new(
    const char *init_path, struct cell_launcher **ret, struct fault *fault);
void cell_launcher_free(struct cell_launcher **launcher);
/* From now on each cell gets a leaf of cgroup, which must outlive launcher and cells. NULL: none,
 * and why (borrowed) tells those whose policy requires one. */
void cell_launcher_set_cgroup(
    struct cell_launcher *launcher, struct cgroup *cgroup, const char *why);

/* Starts a cell. Blocks until praxa-init is executed and the next cell's network namespace is made
 * (sandbox/spare_net.h), below a millisecond, and not for the cell: the reports come on status_fd,
 * READY or FAILED first, EXITED last (an end without it: killed).
 * ERR_CONFINEMENT with stage, errno and what to do. Everything in spec is borrowed for the call.
 * Must be called from a single-threaded process: the child borrows its memory meanwhile (clone3(2),
 * CLONE_VM and CLONE_VFORK). */
MUST_USE enum err cell_spawn(struct cell_launcher *launcher, const struct cell_spec *spec,
    struct cell *ret, struct fault *fault);
/* Whether a parked cell is built, without blocking: 1 = yes, 0 = not yet, -1 = it is gone, or it
 * was asked before. A FAILED report on status_fd says why. */
MUST_USE int cell_parked_read(const struct cell *cell);
/* Makes a built, parked cell the cell of a run: the program starts with this environment, stdio
 * (-1: /dev/null) and door (-1: none), all borrowed; READY follows. Once. ERR_CONFINEMENT: the cell
 * cannot be used any more; kill it. */
MUST_USE enum err cell_hand_over(struct cell *cell, const char *const *envp, const int stdio[3],
    int door_fd, struct fault *fault);
/* Reads one report without blocking: 1 = got one, 0 = none yet, -1 = the end, and no more come.
 * READY may set cell->listener_fd, which the caller may take.
 * Trust: init shares the cell with the program; a malformed report counts as the end. */
MUST_USE int cell_report_read(struct cell *cell, struct cell_report *ret);
/* Turns a FAILED report into a ConfinementError. Returns its code. */
enum err cell_report_fault(const struct cell_report *report, struct fault *fault);
/* SIGKILL to init, for a run that is over its wall time; the kernel kills everything in the pid
 * namespace with it. Where there is a leaf, to all in it as well. */
void cell_kill(const struct cell *cell);
/* Reaps init (blocks only until a killed init is gone). The leaf may hold dying processes for some
 * moments more: see cgroup_leaf_is_populated. */
void cell_reap(struct cell *cell);
/* Reaps, waits until the leaf is empty, removes it and closes the descriptors. Does not block after
 * cell_reap and an empty leaf. */
void cell_done(struct cell *cell);

#endif

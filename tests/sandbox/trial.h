/* trial.h - runs the probe in a cell and keeps what it said. */
#ifndef TESTS_SANDBOX_TRIAL_H
#define TESTS_SANDBOX_TRIAL_H

#include <stdbool.h>

#include "sandbox/cell.h"

enum { TRIAL_OUTPUT_MAX = 64 * 1024 };

/* What depends on profile and processor. */
#define TRIAL_OPTIONAL (LAYER_BIT(MDWE) | LAYER_BIT(SPECULATION))
/* What a trial requires. */
#define TRIAL_LAYERS (LAYER_ALL & ~LAYER_BIT(CGROUP))

/* What all trials share: made once, as the user that the test was started by. Where the test is
 * root and TRIAL_UID is defined, root is given up for that user then; where TRIAL_PRIVILEGED is, it
 * is root in a user namespace that allows no other in it. */
struct trial_kit {
	struct cell_launcher *launcher;
	struct profile *base, *python, *shell;
	int bundle; /* a pack that holds the probe */
	bool is_root;
	/* Of the cells, where is_root; one a process of tests: where user namespaces are forbidden,
	 * the kernel counts the processes of all cells with one user id together. */
	unsigned host_uid;
	unsigned id_inside; /* user and group of the probe, as it sees them */
	uint64_t layers;    /* all that a cell has here */
};

/* The limits of a trial that has none of its own. */
extern const struct policy_limits trial_generous;

/* One run. Zeroed: the probe "nothing" under the shell profile, with generous limits, all layers
 * required. */
struct trial {
	const char *probe;
	const char *program; /* NULL: the probe */
	const struct profile *profile;
	struct policy_limits limits;
	uint64_t required;
	const char *const *envp;
	const struct cell_mount *mounts;
	uint32_t mount_count;
	int door;      /* 0: none */
	bool listen;   /* denied calls are answered here, as the profile says, */
	bool deaf;     /* or by nobody */
	unsigned user; /* cells of different users have different ids outside, where we are root */

	struct identities *identities;

	enum err spawned;
	struct fault fault;
	struct cell cell;
	bool is_ready, has_failed, has_exited, has_listener;
	unsigned denied; /* calls that were answered here */
	struct cell_report ready, failed, exited;
	char output[TRIAL_OUTPUT_MAX]; /* stdout and stderr */
	size_t output_length;
	int output_fd;
};

/* Aborts when the kit cannot be made. */
void trial_kit_init(struct trial_kit *kit);
void trial_kit_done(struct trial_kit *kit);

/* The kit of all tests of a program that has these as its group's set-up and teardown. */
extern struct trial_kit trial_kit;
int trial_begin(void **state);
int trial_end(void **state);

/* A run of probe, on the heap: it holds its output and is too large for a stack frame per test. */
struct trial *trial_new(const char *probe);

/* Starts the run; trial->spawned says how. */
void trial_start(const struct trial_kit *kit, struct trial *trial);
/* Reads until the probe has written text; false when it ends before. */
bool trial_await(struct trial *trial, const char *text);
/* Reads reports and output until both end, then reaps. Kills after 20 s: a test must not hang. */
void trial_finish(struct trial *trial);
/* Both: asserts that the cell was ready and the probe exited by itself with status. */
void trial_run(const struct trial_kit *kit, struct trial *trial, int status);
/* Whether a line of the output equals text. */
bool trial_said(const struct trial *trial, const char *line);

#endif

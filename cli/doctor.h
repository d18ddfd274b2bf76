/* doctor.h - what this host gives a cell, tried and not guessed.
 *
 * A row is one thing a cell needs or a person should know; its look fills a finding. What changes
 * the caller is tried in a child. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <stdint.h>

#include "cli/paths.h"
#include "common/layer.h"
#include "sandbox/cgroup.h"

enum doctor_state {
	DOCTOR_MISSING = 0,
	DOCTOR_PARTLY, /* there, and something of it is missing */
	DOCTOR_PRESENT,
	DOCTOR_NOTE, /* nothing a cell depends on */
};

enum { DOCTOR_TEXT_MAX = 256 };

struct doctor_finding {
	enum doctor_state state;
	char detail[DOCTOR_TEXT_MAX]; /* what was found */
	char fix[DOCTOR_TEXT_MAX];    /* what to do; "": nothing */
};

/* What a cell said that does nothing, started as a run's would be. */
struct doctor_cell {
	bool started;    /* it was READY, with layers; else why is in fault */
	uint64_t layers; /* read back */
	uint32_t landlock_abi;
	double setup_ms;
	struct fault fault;
	char cgroup[CGROUP_PATH_MAX]; /* ours; "": none, and why is in no_cgroup */
	struct fault no_cgroup;
};

struct doctor_host_row {
	const char *name;
	void (*look)(const char *state_folder, struct doctor_finding *ret);
};

/* The rows beside the layers; ends with a zeroed row. state_folder: where the log will lie. */
extern const struct doctor_host_row doctor_host_rows[];

/* Starts the cell, in a leaf of cgroup (NULL: of the one that this process was started in) where
 * that is possible; this process then is in `others` beneath it, as praxa run would be. Blocks
 * until the cell has ended, at most 10 s. */
void doctor_cell_run(const struct paths *paths, const char *cgroup, struct doctor_cell *ret);
/* Tries a layer by itself, to say why a cell lacks it, and completes the finding of one that has
 * it. */
void doctor_layer(enum layer layer, const struct doctor_cell *cell, struct doctor_finding *ret);

/* Runs attempt in a child and returns what it returns, 0 or -errno; -EIO when it died. */
int doctor_try(int (*attempt)(void));
/* Reads the first line of a file of /proc or /sys; "" when it cannot be read. */
void doctor_read(const char *path, char *to, size_t size);
/* Fills the texts; fix may be NULL. */
void doctor_say(struct doctor_finding *ret, enum doctor_state state, const char *fix,
    const char *detail, ...) PRINTF_LIKE(4, 5);

#endif

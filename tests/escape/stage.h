/* stage.h - the host around the cells: what is planted on it, and how a probe is run.
 *
 * The process that makes a stage gets a terminal of its own, a session keyring with a key, and
 * listeners, files, queues and a victim process that only a broken cell can reach. Whatever it
 * plants is gone after stage_free. */
#ifndef TESTS_ESCAPE_STAGE_H
#define TESTS_ESCAPE_STAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sandbox/cell.h"

/* One a process of tests from here on: without its PID namespace a cell kills its user everywhere.
 */
enum { STAGE_UID = 70900, STAGE_UIDS = 20000 };

enum stage_profile { STAGE_BASE, STAGE_NODE, STAGE_PYTHON, STAGE_SHELL, STAGE_PROFILES };

struct stage;

/* Zeroed: nothing ran. */
struct verdict {
	bool built;   /* the cell was */
	bool escaped; /* anything but an orderly "contained" */
	char how[160];
};

/* Who starts the cells. Where this is not root, all are STAGE_ROOT without its rights. */
enum stage_way {
	STAGE_ROOT,       /* root; a cell is another user outside */
	STAGE_USER,       /* a user without rights; a cell is the same outside */
	STAGE_PRIVILEGED, /* root of a host that forbids user namespaces */
	STAGE_WARM,       /* root; cells are parked first, and denied calls are listened to */
};

/* Aborts when it cannot be made. */
struct stage *stage_new(enum stage_way way);
void stage_free(struct stage **stage);
/* Whether stage_try_weak can be asked: as root only, and of STAGE_PRIVILEGED only where it is the
 * host that forbids user namespaces, not a namespace around the test. */
bool stage_has_weak(const struct stage *stage);
/* Whether its cells have a cgroup with every limit. */
bool stage_has_cgroup(const struct stage *stage);

/* Runs probe in the product's own cell under a profile; with hold, beside a first cell that holds
 * something for it. */
struct verdict stage_try(
    struct stage *stage, const char *probe, bool hold, enum stage_profile profile);
/* The same in a cell without the guards in off (GUARD_BIT), under the widest profile. */
struct verdict stage_try_weak(struct stage *stage, const char *probe, bool hold, uint64_t off);

/* From now on, or no longer, the source of the cells' mount is swapped while they are built. */
void stage_swap(struct stage *stage, bool on);
/* Runs run(argc, argv) in a process and session of its own, which a stage needs for its terminal;
 * returns what it returns. */
int stage_main(int (*run)(int argc, char **argv), int argc, char **argv);

#endif

/* act.h - one cell on a stage: started, watched until it has ended, and judged. */
#ifndef TESTS_ESCAPE_ACT_H
#define TESTS_ESCAPE_ACT_H

#include "tests/escape/plant.h"
#include "tests/escape/stage.h"

enum { ACT_OUTPUT_MAX = 4096 };

/* What all cells of a stage share. */
struct stage {
	/* The product's; and the weak one with and without its seals. */
	struct cell_launcher *strict, *weak, *unsealed;
	struct profile *profiles[STAGE_PROFILES];
	struct plant plant;
	int bundle_fd, leaked_fd;
	bool is_root;
	uid_t uid;             /* of its cells outside, where is_root */
	uint64_t required;     /* layers */
	bool privileged;       /* its cells have no user namespace */
	bool warm;             /* cells are parked first, and listened to, as praxad does it */
	struct cgroup *cgroup; /* where the cells have their leaves; NULL: none is to be had */
	char folder[CGROUP_PATH_MAX]; /* of cgroup */
};

/* One cell. */
struct act {
	struct cell_launcher *launcher;
	const struct profile *profile;
	uint64_t off;
	const char *arguments[3];

	struct cell cell;
	int output_fd, door_fd;
	char output[ACT_OUTPUT_MAX];
	size_t length;
	bool ready, failed, exited;
	bool reports, writes; /* more may come */
	uint64_t oom_kills;
	struct cell_report last;
};

/* The limits of every cell. */
extern const struct policy_limits act_limits;

/* Prints what and aborts where sound is false. */
void act_require(bool sound, const char *what);
enum err act_start(const struct stage *stage, struct act *act, struct fault *fault);
/* Until the first of two cells holds what the second looks for. */
void act_await(struct act *act);
/* Until it has ended. */
void act_finish(struct act *act);
struct verdict act_verdict(const struct act *act);

#endif

/* rig.h - a log on a simulated disk, and what was acknowledged from it. */
#ifndef TESTS_AUDIT_RIG_H
#define TESTS_AUDIT_RIG_H

#include "audit/log.h"
#include "tests/audit/sim.h"

enum { RIG_ACKS_MAX = 512, RIG_SEGMENT = 128 * 1024 };

struct rig_ack {
	char event[ID_MAX];
	uint64_t index;
};

/* A signed checkpoint that was seen on its way to the disk. */
struct rig_head {
	uint64_t size;
	struct digest root;
	char note[CHECKPOINT_MAX];
	size_t length;
};

struct rig {
	struct sim sim;
	struct audit_files files;
	struct audit_writer writer;
	struct clock clock;
	struct audit_log *log;
	struct rig_ack acks[RIG_ACKS_MAX];
	unsigned ack_count, refused_count;
	struct fault refusal; /* the last */
	struct rig_head heads[SIM_NOTES_MAX];
	unsigned head_count;
	bool forked; /* two heads of one size differ */
};

void rig_init(struct rig *rig, uint64_t seed);
void rig_done(struct rig *rig);
/* Opens the log; the result of audit_log_open. */
enum err rig_open(struct rig *rig, struct fault *fault);
void rig_close(struct rig *rig);
/* Power comes back. A checkpoint whose signature reached no disk was never signed. */
void rig_reboot(struct rig *rig);
/* Queues a record of this kind of run (may be ""), with a body of so many bytes. */
enum err rig_append(struct rig *rig, enum event_kind kind, const char *run, size_t body);
/* Verifies the disk as a stranger does, and that every acknowledged record is there. */
enum audit_verdict_code rig_verify(struct rig *rig, struct audit_verdict *ret, unsigned *ret_found);

extern const char rig_run[]; /* a valid run id */

#endif

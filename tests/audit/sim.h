/* sim.h - a disk in memory that tears, fails and forgets: an audit_files and an audit_writer.
 *
 * What was written and not synced is pending. At a crash every pending 512-byte sector is, each for
 * itself, old, new or garbage; names that were not synced are there or not. Deterministic: the
 * seed decides. */
#ifndef TESTS_AUDIT_SIM_H
#define TESTS_AUDIT_SIM_H

#include "audit/writer.h"
#include "common/clock.h"

enum { SIM_SECTOR = 512, SIM_FILES_MAX = 64, SIM_NOTES_MAX = 4096 };

struct sim_file {
	unsigned char *now, *durable;
	size_t size, durable_size;
};

struct sim_name {
	char name[64];
	int file;
};

struct sim_names {
	struct sim_name rows[SIM_FILES_MAX];
	int count;
};

struct sim {
	struct sim_file files[SIM_FILES_MAX];
	int file_count;
	struct sim_names now, durable;
	uint64_t seed;
	unsigned ops;      /* mutating operations so far */
	unsigned crash_at; /* the operation that is the last; 0: never */
	unsigned fail_at;  /* the operation that fails with fail_error; 0: none */
	bool fail_on;      /* and every one after it */
	int fail_error;
	bool crashed;
	int attached; /* file of the writer, -1 */
	int group_result;
	size_t pending_length;
	uint64_t pending_offset;
	bool async; /* end answers -EAGAIN once */
	unsigned ends;
	uint64_t time_ms;
	/* Sees every group on its way to the disk. */
	void (*on_group)(void *context, const unsigned char *group, size_t length);
	void *context;
	unsigned char group[256 * 1024];
};

void sim_init(struct sim *sim, uint64_t seed);
void sim_done(struct sim *sim);
void sim_files(struct sim *sim, struct audit_files *ret);
void sim_writer(struct sim *sim, struct audit_writer *ret);
/* A clock that advances 1 ms a call, random bytes from the seed. */
struct clock sim_clock(struct sim *sim);
/* Power comes back: what was pending is decided. */
void sim_reboot(struct sim *sim);
/* The file by name, or NULL. */
struct sim_file *sim_find(struct sim *sim, const char *name);
/* Removes a name at once, durably. */
void sim_unlink(struct sim *sim, const char *name);
/* A deep copy of the disk. */
void sim_copy(struct sim *to, const struct sim *from);
uint64_t sim_random(struct sim *sim);

#endif

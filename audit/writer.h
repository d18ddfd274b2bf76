/* writer.h - the one durable write at a time that a log is made of.
 *
 * Queue depth one, on purpose: the next group is begun only after the end of the one before, so a
 * torn group is always the last thing on the disk and can be told from tampering. */
#ifndef AUDIT_WRITER_H
#define AUDIT_WRITER_H

#include "audit/files.h"
#include "common/scope.h"

/* X(enumerator, number on the wire, name in options and records) */
#define AUDIT_BACKENDS(X)    \
	X(SYNC, 1, "sync")   \
	X(URING, 2, "uring") \
	X(SIM, 3, "sim")

#define AUDIT_BACKEND_ENUM(name, number, text) AUDIT_BACKEND_##name = number,
enum audit_backend { AUDIT_BACKEND_AUTO = 0, AUDIT_BACKENDS(AUDIT_BACKEND_ENUM) };

struct audit_writer_ops {
	/* From now on groups go to this existing segment. -errno. */
	int (*attach)(void *state, const char *name);
	/* Starts to write group[0..length) at offset, both multiples of AUDIT_BLOCK. -errno. */
	int (*begin)(void *state, size_t length, uint64_t offset);
	/* 0: the group is durable; -EAGAIN: still on its way (never when wait is set); any other
	 * -errno, a short write included: nothing is known about what the disk holds. */
	int (*end)(void *state, bool wait);
	/* An eventfd(2) that is readable when end has news; whoever waits for it reads it, before
	 * end. -1: end always has news. */
	int (*fd)(void *state);
	void (*free)(void *state);
};

/* group is the buffer of GROUP_BYTES_MAX bytes that begin writes from. */
struct audit_writer {
	const struct audit_writer_ops *ops;
	void *state;
	unsigned char *group;
	enum audit_backend backend;
};

/* Opens a writer in the folder of files, which must be a real one. AUTO takes io_uring with
 * O_DIRECT|O_DSYNC where both work, and pwrite(2) with fdatasync(2) where not: Docker's seccomp
 * profile and kernel.io_uring_disabled refuse rings (moby#47532), some file systems O_DIRECT.
 * -errno: the one that was asked for does not work here. */
MUST_USE int audit_writer_open(
    const struct audit_files *files, enum audit_backend backend, struct audit_writer *ret);
MUST_USE int audit_writer_open_uring(int dir, struct audit_writer *ret);
MUST_USE int audit_writer_open_sync(int dir, struct audit_writer *ret);
/* Accepts a zeroed struct. */
void audit_writer_close(struct audit_writer *writer);

/* The name of a backend; "unknown" outside the table. */
const char *audit_backend_name(enum audit_backend backend);

#endif

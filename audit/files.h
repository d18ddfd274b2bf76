/* files.h - the folder of one log as a table of operations, so that tests can put a disk that
 * tears, fails and reorders beneath the same code. */
#ifndef AUDIT_FILES_H
#define AUDIT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/scope.h"

enum audit_file_mode {
	AUDIT_FILE_READ,
	AUDIT_FILE_WRITE,  /* existing, for reading too */
	AUDIT_FILE_CREATE, /* new (O_EXCL), mode 0600 */
};

/* Names are relative and may hold one folder ("keys/log.key"). Everything answers -errno on
 * failure and blocks as the system call does. A handle is never negative. */
struct audit_files_ops {
	int (*list)(void *state, int (*each)(void *context, const char *name), void *context);
	int (*open)(void *state, const char *name, enum audit_file_mode mode);
	void (*close)(void *state, int handle);
	int64_t (*size)(void *state, int handle);
	/* Bytes read, short only at the end of the file. */
	ssize_t (*read)(void *state, int handle, void *to, size_t length, uint64_t offset);
	int (*write)(void *state, int handle, const void *from, size_t length, uint64_t offset);
	int (*sync)(void *state, int handle); /* data and what is needed to find it */
	int (*rename)(void *state, const char *from, const char *to); /* replaces to */
	int (*remove)(void *state, const char *name);                 /* -ENOENT: was not there */
	int (*sync_dir)(void *state);                                 /* makes names durable */
	void (*free)(void *state);
};

struct audit_files {
	const struct audit_files_ops *ops;
	void *state;
};

/* The folder dir on a real file system; 0 or -errno. */
MUST_USE int audit_files_open(const char *dir, struct audit_files *ret);
/* The same for the writer: creates dir and dir/keys (0700) where they are not, and takes the lock,
 * which it holds until audit_files_close. An io_uring keeps a dead process's descriptors, and with
 * them the lock, for a moment: tries for 250 ms, then -EWOULDBLOCK. */
MUST_USE int audit_files_open_locked(const char *dir, struct audit_files *ret);
/* Accepts a zeroed struct. */
void audit_files_close(struct audit_files *files);
/* The descriptor of the folder that audit_files_open* opened; borrowed. */
int audit_files_fd(const struct audit_files *files);

/* Reads a whole file of at most max bytes and terminates it with NUL: *ret is the caller's.
 * Returns the length or -errno (-EFBIG). */
MUST_USE ssize_t audit_files_read(
    const struct audit_files *files, const char *name, size_t max, char **ret);
/* Writes a file so that after a crash the old or the new one is there: name.new, sync, rename,
 * sync of the folder. */
MUST_USE int audit_files_replace(
    const struct audit_files *files, const char *name, const void *data, size_t length);

#endif

/* io.h - whole reads and writes, and sealed memory files.
 *
 * Every function returns 0 or a byte count on success and -errno on failure, and blocks as its
 * system call does. Nothing here follows a length that it has not compared with a limit. */
#ifndef COMMON_IO_H
#define COMMON_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/scope.h"

/* Reads until length bytes or the end; returns the bytes read (short only at the end of file). */
MUST_USE ssize_t io_read_full(int fd, void *to, size_t length);
/* Writes all of length bytes. */
MUST_USE int io_write_full(int fd, const void *from, size_t length);
/* Writes all of length bytes at offset. */
MUST_USE int io_pwrite_full(int fd, const void *from, size_t length, off_t offset);
/* Reads a whole regular file beneath dir_fd (AT_FDCWD: the working directory) without following a
 * final link: at most max bytes (-EFBIG). *ret_data is heap memory of the caller's, with a NUL
 * behind its *ret_length bytes. */
MUST_USE int io_read_file(
    int dir_fd, const char *path, size_t max, char **ret_data, size_t *ret_length);

/* Replaces the regular file at path by data, at once or not at all: a reader sees the old file or
 * the new one. Mode and owner stay (-EPERM: the owner cannot be kept); a link is not followed
 * (-ELOOP). Durable when it returns 0. */
MUST_USE int io_replace_file(const char *path, const void *data, size_t length);
/* Raises the soft limit of open files to the hard one: each run takes about ten of a daemon's
 * descriptors, and the soft default, 1024, is for programs that use select(2). */
void io_allow_many_files(void);

/* A memory file that holds data, sealed against every change (memfd_create(2), F_ADD_SEALS). Large
 * payloads travel between daemons as these: the receiver's copy cannot change under its hands. */
MUST_USE int io_sealed_new(const char *name, const void *data, size_t length, int *ret_fd);
/* Maps a sealed memory file read-only. -EPERM: not sealed against writing, growing and shrinking;
 * -EFBIG: longer than max. *ret_data is NULL for an empty file. Trust: fd may come from a less
 * trusted process. Release with io_sealed_unmap. */
MUST_USE int io_sealed_map(int fd, size_t max, const void **ret_data, size_t *ret_length);
void io_sealed_unmap(const void *data, size_t length);

#endif

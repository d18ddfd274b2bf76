#include "tests/lib/fail_nth.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

static struct {
	unsigned kinds, left;
	int error;
	bool hit;
} armed;

static bool
fails(unsigned kind)
{
	if ((armed.kinds & kind) == 0 || armed.left == 0 || --armed.left > 0)
		return false;
	armed.hit = true;
	errno = kind == FAIL_MEMORY ? ENOMEM : armed.error;
	return true;
}

void
fail_nth_arm(unsigned kinds, unsigned nth, int error)
{
	armed.kinds = kinds;
	armed.left = nth;
	armed.error = error;
	armed.hit = false;
}

bool
fail_nth_disarm(void)
{
	armed.kinds = 0;
	return armed.hit;
}

unsigned
fail_nth_until_ok(unsigned kinds, int error, bool (*code)(void *context), void *context)
{
	enum { CALLS_MAX = 100000 };

	for (unsigned nth = 1; nth < CALLS_MAX; nth++) {
		bool sound;

		fail_nth_arm(kinds, nth, error);
		sound = code(context);
		if (!fail_nth_disarm())
			return nth - 1;
		if (!sound) {
			fprintf(stderr, "call %u failed and was not noticed\n", nth);
			abort();
		}
	}
	return CALLS_MAX;
}

/* X(result, name, parameters, arguments, kind, value on failure) */
#define WRAPPED(X)                                                                                 \
	X(void *, malloc, (size_t n), (n), FAIL_MEMORY, NULL)                                      \
	X(void *, calloc, (size_t n, size_t m), (n, m), FAIL_MEMORY, NULL)                         \
	X(void *, realloc, (void *p, size_t n), (p, n), FAIL_MEMORY, NULL)                         \
	X(char *, strdup, (const char *s), (s), FAIL_MEMORY, NULL)                                 \
	X(char *, strndup, (const char *s, size_t n), (s, n), FAIL_MEMORY, NULL)                   \
	X(ssize_t, read, (int fd, void *p, size_t n), (fd, p, n), FAIL_IO, -1)                     \
	X(ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n), FAIL_IO, -1)              \
	X(ssize_t, pread64, (int fd, void *p, size_t n, off_t o), (fd, p, n, o), FAIL_IO, -1)      \
	X(ssize_t, pwrite64, (int fd, const void *p, size_t n, off_t o), (fd, p, n, o), FAIL_IO,   \
	    -1)                                                                                    \
	X(int, fsync, (int fd), (fd), FAIL_IO, -1)                                                 \
	X(int, fdatasync, (int fd), (fd), FAIL_IO, -1)                                             \
	X(int, ftruncate64, (int fd, off_t n), (fd, n), FAIL_IO, -1)                               \
	X(int, fallocate64, (int fd, int m, off_t o, off_t n), (fd, m, o, n), FAIL_IO, -1)         \
	X(void *, mmap64, (void *p, size_t n, int a, int b, int fd, off_t o), (p, n, a, b, fd, o), \
	    FAIL_IO, (void *)-1)                                                                   \
	X(int, memfd_create, (const char *s, unsigned f), (s, f), FAIL_IO, -1)                     \
	X(int, socketpair, (int d, int t, int p, int *v), (d, t, p, v), FAIL_IO, -1)               \
	X(int, renameat, (int a, const char *f, int b, const char *t), (a, f, b, t), FAIL_IO, -1)  \
	X(int, unlinkat, (int a, const char *f, int b), (a, f, b), FAIL_IO, -1)

#define WRAP(result, name, parameters, arguments, kind, failed)          \
	result __real_##name parameters;                                 \
	result __wrap_##name parameters;                                 \
	result __wrap_##name parameters                                  \
	{                                                                \
		return fails(kind) ? (failed) : __real_##name arguments; \
	}
WRAPPED(WRAP)

int __real_openat64(int dir, const char *path, int flags, ...);
int __wrap_openat64(int dir, const char *path, int flags, ...);

int
__wrap_openat64(int dir, const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = va_arg(args, int);
	va_end(args);
	return fails(FAIL_IO) ? -1 : __real_openat64(dir, path, flags, mode);
}

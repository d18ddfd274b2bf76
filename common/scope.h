/* scope.h - release at scope exit, and moves that a reader can see.
 *
 * Invariant: a SCOPED_ variable owns its value until TAKE_ moves it out. Declare in reverse order
 * of release where the order matters. */
#ifndef COMMON_SCOPE_H
#define COMMON_SCOPE_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline void
scope_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void
scope_free(void *pointer)
{
	free(*(void **)pointer);
}

/* An fd that is closed at scope exit; -1 means none. */
#define SCOPED_FD __attribute__((cleanup(scope_close))) int
/* A heap pointer that is freed at scope exit: SCOPED_FREE char *p = NULL; */
#define SCOPED_FREE __attribute__((cleanup(scope_free)))

/* Moves the descriptor out of fd, which then owns nothing. */
#define TAKE_FD(fd)                  \
	__extension__({              \
		int take_fd_ = (fd); \
		(fd) = -1;           \
		take_fd_;            \
	})

/* Moves the pointer out of p, which then owns nothing. */
#define TAKE(p)                            \
	__extension__({                    \
		__typeof__(p) take_ = (p); \
		(p) = NULL;                \
		take_;                     \
	})

#endif

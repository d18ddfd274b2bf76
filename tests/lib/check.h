/* check.h - what unit tests need besides cmocka: its prerequisites in the right order, a skip that
 * says why, and a place of their own on disk. */
#ifndef TESTS_LIB_CHECK_H
#define TESTS_LIB_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
/* cmocka.h comes last: it needs all of the above. */
#include <cmocka.h>

/* Ends the running test and says why on a TAP comment line, by which tests/run counts it as
 * skipped; it refuses a skip that tests/skips.allowed does not name. Not cmocka's skip(): that
 * prints "not ok # SKIP" and no reason, and meson takes it for a failure. Only in the test function
 * itself. */
#define CHECK_SKIP(reason)                                    \
	do {                                                  \
		print_message("# skip reason: %s\n", reason); \
		return;                                       \
	} while (0)

/* 1 in a build with AddressSanitizer, whose runtime lives in praxa-init and process 2 as well. */
#if defined(__SANITIZE_ADDRESS__)
#define CHECK_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHECK_SANITIZED 1
#endif
#endif
#ifndef CHECK_SANITIZED
#define CHECK_SANITIZED 0
#endif

/* Descriptors that this process has open: equal before and after means that none leaked. */
int check_open_fds(void);
/* Sends data with count copies of descriptors beside it, whatever the receiver thinks of them; what
 * sendmsg(2) returns. At most 16. */
ssize_t check_send(int to, const void *data, size_t length, const int *fds, size_t count);
/* Makes a directory of its own beneath $TMPDIR or /tmp and answers its path (heap, the caller's).
 * Aborts when there is no room for one. */
char *check_tempdir(void);
/* Removes it with everything beneath, frees the path and NULLs the caller's pointer. Follows no
 * link. */
void check_tempdir_remove(char **path);
/* Writes a file beneath the directory at path, and the directories above it. Aborts on failure. */
void check_write(const char *path, const char *name, const void *data, size_t length);

#endif

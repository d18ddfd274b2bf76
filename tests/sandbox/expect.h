/* expect.h - reads a table of seccomp-profiles/NAME.expect. */
#ifndef TESTS_SANDBOX_EXPECT_H
#define TESTS_SANDBOX_EXPECT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { EXPECT_CALLS_MAX = 32 };

/* One line: perhaps an architecture, a verdict, and calls, or one call with arguments. */
struct expect_line {
	uint32_t number;  /* of the line */
	uint32_t arch;    /* AUDIT_ARCH_ value; 0: any */
	uint32_t verdict; /* SECCOMP_RET_ value */
	char calls[EXPECT_CALLS_MAX][32];
	uint32_t call_count;
	bool has_args;
	uint64_t args[6];
};

/* Reads the next line that says something; false at the end. Aborts with the line's number on one
 * that cannot be understood. */
bool expect_next(FILE *file, struct expect_line *line);

#endif

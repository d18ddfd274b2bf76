/* problem.h - what is wrong with a policy file, where, and what was expected. */
#ifndef POLICY_PROBLEM_H
#define POLICY_PROBLEM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/scope.h"

enum { POLICY_PROBLEMS_MAX = 16, POLICY_PROBLEM_TEXT_MAX = 256, POLICY_EXCERPT_MAX = 160 };

/* All texts are terminated, printable UTF-8. */
struct policy_problem {
	char file[128];
	uint32_t line, column;                 /* 1-based, in characters; 0: the whole file */
	char message[POLICY_PROBLEM_TEXT_MAX]; /* what is wrong, then what was expected */
	char suggestion[96];                   /* "did you mean …", or "" */
	char excerpt[POLICY_EXCERPT_MAX];      /* the line of the file, or a part of a long one */
	uint32_t excerpt_from;                 /* the column at which excerpt starts */
	uint32_t underline;                    /* characters to underline from column */
};

struct policy_problems {
	struct policy_problem items[POLICY_PROBLEMS_MAX]; /* within a file by line and column */
	uint32_t count; /* found; only the first POLICY_PROBLEMS_MAX are kept */
};

/* The problem as a compiler shows it, several lines, cut at size:
 *   review.policy.yaml:12:3: unknown key "tool"; expected one of ...
 *      12 |   tool: ...
 *         |   ^~~~ did you mean "tools"? */
void policy_problem_text(char *to, size_t size, const struct policy_problem *problem);
/* All of them, and how many more there are: heap memory of the caller's. NULL: out of memory. */
char *policy_problems_text(const struct policy_problems *problems);

/* A file under examination. Borrowed. */
struct policy_file {
	const char *name; /* as messages show it */
	const char *text;
	size_t length;
	bool prose; /* texts may go over several lines: white space in them counts as one blank */
};

/* Where line number line (from 1) begins, and its length without the newline; behind the last one
 * the end, and 0. */
const char *policy_file_line(const struct policy_file *file, uint32_t line, size_t *ret_length);

/* Where in a file. Zeroed: the whole file. */
struct policy_place {
	uint32_t line, column, width; /* 1-based, in characters */
};

/* Adds a problem in file at place, with the line it stands on; file may be NULL and suggestion "".
 * The rest may come from the file: it is made printable and cut at its size. */
void policy_problem_add(struct policy_problems *problems, const struct policy_file *file,
    struct policy_place place, const char *suggestion, const char *format, ...) PRINTF_LIKE(5, 6);

#endif

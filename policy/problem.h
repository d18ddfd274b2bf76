/* problem.h - what is wrong with a policy file, where, and what was expected. */
#ifndef POLICY_PROBLEM_H
#define POLICY_PROBLEM_H

#include <stdint.h>

#include "common/scope.h"

enum { POLICY_PROBLEMS_MAX = 16, POLICY_PROBLEM_TEXT_MAX = 256, POLICY_EXCERPT_MAX = 160 };

struct policy_problem {
	char file[128];
	uint32_t line, column;                 /* 1-based; 0: the whole file */
	char message[POLICY_PROBLEM_TEXT_MAX]; /* what is wrong, then what was expected */
	char suggestion[96];                   /* "did you mean …", or "" */
	char excerpt[POLICY_EXCERPT_MAX];      /* the line of the file */
	uint32_t underline;                    /* characters to underline from column */
};

struct policy_problems {
	struct policy_problem items[POLICY_PROBLEMS_MAX];
	uint32_t count; /* found; only the first POLICY_PROBLEMS_MAX are kept */
};

/* The problem as a compiler shows it, several lines, cut at size:
 *   review.policy.yaml:12:3: unknown key "tool"; expected one of ...
 *      12 |   tool: ...
 *         |   ^~~~ did you mean "tools"? */
void policy_problem_text(char *to, size_t size, const struct policy_problem *problem);

#endif

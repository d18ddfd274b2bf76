/* naive_glob.h - what a glob means, for comparison: exponential, obvious. */
#ifndef TESTS_POLICY_NAIVE_GLOB_H
#define TESTS_POLICY_NAIVE_GLOB_H

#include <stdbool.h>
#include <stddef.h>

static bool
naive_glob(const char *pattern, const char *text, size_t length)
{
	bool crosses = pattern[0] == '*' && pattern[1] == '*';

	if (pattern[0] == '\0')
		return length == 0;
	if (pattern[0] != '*')
		return length > 0 && *text == pattern[0] &&
		       naive_glob(pattern + 1, text + 1, length - 1);
	if (naive_glob(pattern + 1 + crosses, text, length))
		return true;
	return length > 0 && (crosses || *text != '/') && naive_glob(pattern, text + 1, length - 1);
}

#endif

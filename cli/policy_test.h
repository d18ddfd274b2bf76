/* policy_test.h - what `praxa policy test` found, for its two ways of printing it. */
#ifndef CLI_POLICY_TEST_H
#define CLI_POLICY_TEST_H

#include "policy/coverage.h"
#include "policy/score.h"

/* Borrowed. */
struct policy_testing {
	const char *path;
	const struct policy *policy;
	struct policy_file file; /* its text, as it was loaded */
	uint32_t failed;         /* fixtures */
	struct policy_coverage coverage;
	struct policy_score score;
};

/* Prints everything as one JSON object to stdout. false: out of memory. */
MUST_USE bool policy_test_json(const struct policy_testing *t);

#endif

/* fixture.h - the `tests:` of a policy file: requests, and how they must be decided.
 *
 * Invariant: fixtures decide nothing. policy_decide never sees one, and a policy whose fixtures
 * fail still loads; `praxa policy test` runs them by policy_decide itself. */
#ifndef POLICY_FIXTURE_H
#define POLICY_FIXTURE_H

#include "policy/policy.h"

enum { POLICY_FIXTURES_MAX = 1024 };

/* Whose keys a fixture asks for where it does not say. */
#define POLICY_FIXTURE_WORKSPACE "ws_acme"

/* What a fixture may ask. X(key, action, what its value is) */
#define POLICY_FIXTURE_ASKS(X)                            \
	X(call, TOOL, "a call of this tool")              \
	X(trigger, TRIGGER, "a trigger of this source")   \
	X(read, MEMORY_READ, "reading this memory key")   \
	X(write, MEMORY_WRITE, "writing this memory key") \
	X(subagent, SUBAGENT, "dispatching this Skill")   \
	X(model, MODEL, "a call of this model")

/* One of them. Everything lives as long as what it was read into: a policy, mostly. */
struct policy_fixture {
	struct policy_place place; /* in the policy file */
	struct policy_request request;
	struct value args, input; /* what request points to; maps */
	struct policy_usage usage;
	enum err expected; /* ERR_OK: allowed */
	const char *rule;  /* what must decide, as the decision names it; NULL: anything */
	const char *why;   /* for people; "" */
};

struct policy_fixture_result {
	bool passed; /* verdict, error and, where the fixture names one, rule are as expected */
	struct policy_decision decision;
};

uint32_t policy_fixture_count(const struct policy *policy);
/* By index, in the order of the file; NULL past the end. */
const struct policy_fixture *policy_fixture(const struct policy *policy, uint32_t index);
/* Decides what the fixture asks. Pure: no I/O, no clock, no allocation. */
struct policy_fixture_result policy_fixture_run(
    const struct policy *policy, const struct policy_fixture *fixture);
/* How the file spells an action: call; "" for one that no fixture asks. */
const char *policy_fixture_key(enum policy_action action);
/* allow, or the error's name. */
const char *policy_fixture_expected(enum err expected);
/* The fixture as one item of `tests:` in flow style, { call: …, expect: … }: heap memory of the
 * caller's. NULL: out of memory, or a value that a policy file cannot spell (control characters,
 * bytes, a number with more than 15 digits). */
char *policy_fixture_text(const struct policy_fixture *fixture);

#endif

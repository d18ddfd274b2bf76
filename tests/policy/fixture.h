/* fixture.h - policies for tests, from texts in memory or from the files in tests/policy. */
#ifndef TESTS_POLICY_FIXTURE_H
#define TESTS_POLICY_FIXTURE_H

#include "common/arena.h"
#include "policy/policy.h"

struct fixture_file {
	const char *name; /* in the pack: policy, manifest/git.tools.yaml */
	const char *text;
	size_t length;
};

/* Loads from these files, shown as shown. Aborts where the pack itself cannot be made. */
enum err fixture_load(const struct fixture_file *files, uint32_t count, const char *shown,
    struct policy **ret, struct policy_problems *problems);
/* The content of tests/policy/<name>, heap memory of the caller's. Aborts when it is not there. */
char *fixture_read(const char *name);
/* Loads text beside good/git.tools.yaml; prints the problems and aborts when it does not load. */
struct policy *fixture_policy(const char *text);
/* JSON as a value that lives in arena. Aborts when it is malformed. */
const struct value *fixture_value(struct arena *arena, const char *json);
/* All problems as text, heap memory of the caller's. */
char *fixture_problems(const struct policy_problems *problems);

/* A policy that loads, up to the keys that a test adds. */
#define FIXTURE_HEAD                                                                       \
	"policy: 1\nskill: code-review\nowner: { team: t }\n"                              \
	"bundle: { path: skill, digest: "                                                  \
	"sha256:0000000000000000000000000000000000000000000000000000000000000000, run: [ " \
	"/usr/bin/python3 ] }\n"                                                           \
	"sandbox: { profile: python }\nmanifests: [ git.tools.yaml ]\n"
#define FIXTURE_TRIGGER "trigger: [ { source: cli, event: review } ]\n"

#endif

/* options.h - praxad's command line. */
#ifndef SUPERVISOR_OPTIONS_H
#define SUPERVISOR_OPTIONS_H

#include "common/args.h"
#include "supervisor/skill.h"

enum { OPTIONS_POLICIES_MAX = 64, OPTIONS_WARM_MAX = 8 };

/* Strings borrow from argv. NULL: not given. */
struct supervisor_options {
	const char *workspace;       /* ws_<name> */
	const char *audit;           /* path of praxa-auditd's socket for the supervisor */
	const char *broker;          /* path of praxa-broker's socket */
	const char *init;            /* path of praxa-init */
	const char *profiles;        /* directory of seccomp profiles */
	const char *sdk;             /* directory that Skills see at /praxa/sdk */
	const char *allowed_signers; /* who may sign policies; NULL: nobody has to */
	const char *state;           /* folder of what was accepted; with allowed_signers */
	const char *cgroup;          /* our cgroup v2; NULL: the one we were started in */
	const char *policies[OPTIONS_POLICIES_MAX];
	unsigned policy_count;
	unsigned warm; /* parked cells for each Skill */
	struct skill_resources resources;
	bool help;
};

/* Parses and checks. ERR_PROTOCOL says what is missing or wrong. */
MUST_USE enum err options_parse(
    int argc, char *const argv[], struct supervisor_options *ret, struct fault *fault);
void options_usage(void);

#endif

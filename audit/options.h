/* options.h - the command line of praxa-auditd. */
#ifndef AUDIT_OPTIONS_H
#define AUDIT_OPTIONS_H

#include <sys/types.h>

#include "audit/writer.h"
#include "common/fault.h"

enum { AUDITD_WORKSPACES_MAX = 64, AUDITD_UIDS_MAX = 16 };

struct auditd_options {
	const char *state; /* holds one folder a workspace */
	const char *workspaces[AUDITD_WORKSPACES_MAX];
	unsigned workspace_count;
	enum audit_backend backend;
	uint64_t segment_bytes;
	uid_t uids[AUDITD_UIDS_MAX]; /* who may connect besides ourselves and root */
	unsigned uid_count;
	bool help;
};

/* Strings borrow from argv. ERR_PROTOCOL says what was expected. */
MUST_USE enum err auditd_options_parse(
    int argc, char *const argv[], struct auditd_options *ret, struct fault *fault);
void auditd_options_usage(void);

#endif

/* audit_common.h - what the subcommands of praxa audit share. */
#ifndef CLI_AUDIT_COMMON_H
#define CLI_AUDIT_COMMON_H

#include <limits.h>

#include "common/event.h"
#include "common/fault.h"

/* What the options say; each subcommand uses its part. */
struct audit_options {
	const char *log, *state, *workspace, *key, *run, *to, *entry;
	const char *word; /* the argument that is no option; NULL: none */
	enum event_kind kind;
	bool json, follow, help;
	uint64_t limit; /* 0: not given */
	char path[PATH_MAX];
};

/* Says what went wrong; its exit code. */
int audit_common_fail(const struct fault *fault);

/* audit_archive.c */
int audit_archive_act_export(const struct audit_options *options);
int audit_archive_act_receipt(const struct audit_options *options);
int audit_archive_act_check(const struct audit_options *options);

#endif

/* store.h - the workspaces that praxa-auditd serves: a folder, a writer and a log each.
 *
 * A workspace whose log cannot be trusted stays in the store and refuses: the others go on, and
 * who asks is told the place. */
#ifndef AUDIT_STORE_H
#define AUDIT_STORE_H

#include "audit/log.h"
#include "audit/options.h"

struct store_log {
	const char *workspace;
	struct audit_files files;
	struct audit_writer writer;
	struct audit_log *log; /* NULL: refuses with failure */
	struct fault failure;
};

struct store {
	struct store_log logs[AUDITD_WORKSPACES_MAX];
	unsigned count;
	void (*done)(void *context, const struct audit_ticket *ticket, const struct audit_done *d);
	void *context;
};

/* Opens every workspace of options. done and context are the store's, set by the caller. A second
 * writer is ERR_AUDIT_UNAVAILABLE, as is a folder or a backend that cannot be used; a log that does
 * not verify is not an error here. Blocks: reads every log. store_close in any case. */
MUST_USE enum err store_open(
    struct store *store, const struct auditd_options *options, struct fault *fault);
void store_close(struct store *store);
/* The workspace by name, or NULL: it is not served here. */
struct store_log *store_find(struct store *store, const char *workspace);
/* Why this workspace refuses; NULL: it does not. */
const struct fault *store_failure(const struct store_log *log);

#endif

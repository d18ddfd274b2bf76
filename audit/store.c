#include "audit/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/io.h"
#include "common/text.h"

/* The kernel's random id of this boot: says which monotonic times can be compared. Zeros where it
 * is not to be had. */
static void
read_boot_id(uint8_t to[BOOT_ID_BYTES])
{
	SCOPED_FD fd = openat(AT_FDCWD, "/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC, 0);
	char text[37] = "", hex[33];
	size_t digits = 0;

	memset(to, 0, BOOT_ID_BYTES);
	if (fd < 0 || io_read_full(fd, text, sizeof(text) - 1) < 0)
		return;
	for (size_t i = 0; i < sizeof(text) - 1 && digits < sizeof(hex) - 1; i++)
		if (text[i] != '-')
			hex[digits++] = text[i];
	hex[digits] = '\0';
	if (!text_unhex(hex, to, BOOT_ID_BYTES))
		memset(to, 0, BOOT_ID_BYTES);
}

static enum err
open_folder(struct store_log *log, const struct auditd_options *options, struct fault *fault)
{
	char path[PATH_MAX];
	int r;

	if (snprintf(path, sizeof(path), "%s/%s", options->state, log->workspace) >=
	    (int)sizeof(path))
		return fault_set(fault, ERR_AUDIT_UNAVAILABLE, "--state is too long");
	if (mkdir(options->state, 0700) < 0 && errno != EEXIST)
		return fault_set(
		    fault, ERR_AUDIT_UNAVAILABLE, "%s: %s", options->state, strerror(errno));
	r = audit_files_open_locked(path, &log->files);
	if (r == -EWOULDBLOCK)
		return fault_set(fault, ERR_AUDIT_UNAVAILABLE,
		    "another praxa-auditd writes the log of %s", log->workspace);
	if (r < 0)
		return fault_set(fault, ERR_AUDIT_UNAVAILABLE, "%s: %s", path, strerror(-r));
	r = audit_writer_open(&log->files, options->backend, &log->writer);
	if (r < 0)
		return fault_set(fault, ERR_AUDIT_UNAVAILABLE,
		    "the backend cannot be used here: %s", strerror(-r));
	return ERR_OK;
}

enum err
store_open(struct store *store, const struct auditd_options *options, struct fault *fault)
{
	struct audit_log_options log_options = {
	    .clock = &clock_system,
	    .segment_bytes = options->segment_bytes,
	    .done = store->done,
	    .context = store->context,
	};

	read_boot_id(log_options.boot_id);
	for (unsigned i = 0; i < options->workspace_count; i++) {
		struct store_log *log = &store->logs[store->count++];
		enum err r;

		*log = (struct store_log){.workspace = options->workspaces[i]};
		r = open_folder(log, options, fault);
		if (r != ERR_OK)
			return r;
		log_options.workspace = log->workspace;
		log_options.files = &log->files;
		log_options.writer = &log->writer;
		/* The fault stays with the log: it is the answer to every append. */
		(void)!audit_log_open(&log_options, &log->log, &log->failure);
	}
	return ERR_OK;
}

void
store_close(struct store *store)
{
	for (unsigned i = 0; i < store->count; i++) {
		struct store_log *log = &store->logs[i];

		audit_log_close(&log->log);
		audit_writer_close(&log->writer);
		audit_files_close(&log->files);
	}
	store->count = 0;
}

struct store_log *
store_find(struct store *store, const char *workspace)
{
	for (unsigned i = 0; i < store->count; i++)
		if (strcmp(store->logs[i].workspace, workspace) == 0)
			return &store->logs[i];
	return NULL;
}

const struct fault *
store_failure(const struct store_log *log)
{
	return log->log == NULL ? &log->failure : audit_log_failure(log->log);
}

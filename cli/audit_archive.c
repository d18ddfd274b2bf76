/* praxa audit export, receipt, check-receipt: for auditors who use another program, or this one
 * without a log. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "audit/archive.h"
#include "cli/audit_common.h"
#include "cli/cli.h"
#include "common/io.h"
#include "common/text.h"

void
audit_archive_show_progress(void *context, uint64_t records)
{
	(void)context;
	if (isatty(STDERR_FILENO) == 1)
		fprintf(stderr, "\r%llu records", (unsigned long long)records);
}

/* A folder of our own: one that is there already may hold what the log does not. */
static enum err
make_folder(const char *path, int *ret_fd, struct fault *fault)
{
	if (mkdir(path, 0755) < 0)
		return fault_set(fault, ERR_PROTOCOL, "--to %s: %s", path,
		    errno == EEXIST ? "is there already; name a folder that is not"
				    : strerror(errno));
	*ret_fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*ret_fd < 0)
		return fault_set(fault, ERR_PROTOCOL, "--to %s: %s", path, strerror(errno));
	return ERR_OK;
}

int
audit_archive_act_export(const struct audit_options *options)
{
	struct audit_archive archive;
	struct fault fault = {0};
	SCOPED_FD fd = -1;

	if (make_folder(options->to, &fd, &fault) != ERR_OK)
		return audit_common_fail(&fault);
	if (audit_archive_write(options->log, options->key, fd, audit_archive_show_progress, NULL,
		&archive, &fault) != ERR_OK)
		return audit_common_fail(&fault);
	if (isatty(STDERR_FILENO) == 1)
		fprintf(stderr, "\r");
	if (options->json)
		printf("{\"records\":%llu,\"files\":%llu}\n", (unsigned long long)archive.records,
		    (unsigned long long)archive.files);
	else
		printf("%s: %llu records in %llu files, as c2sp.org/tlog-tiles has them\n",
		    options->to, (unsigned long long)archive.records,
		    (unsigned long long)archive.files);
	return CLI_OK;
}

static enum err
write_file(int dir_fd, const char *name, const struct buffer *data, struct fault *fault)
{
	SCOPED_FD fd =
	    openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	int r = fd < 0 ? -errno : io_write_full(fd, data->data, data->length);

	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r == 0 ? ERR_OK
		      : fault_set(fault, ERR_LIMIT, "%s cannot be written: %s", name, strerror(-r));
}

static enum err
write_receipt(const char *to, const char *id, const struct buffer *receipt,
    const struct buffer *entry, struct fault *fault)
{
	SCOPED_FD dir = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[ID_MAX + 16];
	enum err r;

	if (dir < 0)
		return fault_set(fault, ERR_NOT_FOUND, "--to %s: %s", to, strerror(errno));
	snprintf(name, sizeof(name), "%s.entry", id);
	r = write_file(dir, name, entry, fault);
	snprintf(name, sizeof(name), "%s.tlog-proof", id);
	return r == ERR_OK ? write_file(dir, name, receipt, fault) : r;
}

int
audit_archive_act_receipt(const struct audit_options *options)
{
	struct buffer receipt = {0}, entry = {0};
	const char *to = options->to != NULL ? options->to : ".";
	struct fault fault = {0};
	enum err r = ERR_OK;

	if (options->word == NULL || !id_is_valid(options->word, ID_EVENT))
		r = fault_set(&fault, ERR_PROTOCOL,
		    "expected the id of a record, ae_ and a ULID; praxa audit show --json "
		    "prints them as auditEventId");
	if (r == ERR_OK)
		r = audit_archive_receipt(
		    options->log, options->key, options->word, &receipt, &entry, &fault);
	if (r == ERR_OK)
		r = write_receipt(to, options->word, &receipt, &entry, &fault);
	buffer_done(&receipt);
	buffer_done(&entry);
	if (r != ERR_OK)
		return audit_common_fail(&fault);
	if (options->json)
		printf("{\"receipt\":\"%s.tlog-proof\",\"entry\":\"%s.entry\"}\n", options->word,
		    options->word);
	else
		printf("%s/%s.tlog-proof proves that %s/%s.entry is in the log\n", to,
		    options->word, to, options->word);
	return CLI_OK;
}

static void
print_proven(const struct audit_options *options, const struct audit_archive_proven *proven)
{
	char root[2 * DIGEST_BYTES + 1];

	text_hex(root, proven->root.bytes, DIGEST_BYTES);
	if (options->json)
		printf("{\"verdict\":\"ok\",\"index\":%llu,\"size\":%llu,\"root\":\"%s\"}\n",
		    (unsigned long long)proven->index, (unsigned long long)proven->size, root);
	else
		printf("ok: the record %s is number %llu of the log's %llu\n"
		       "  root %s\n",
		    proven->event, (unsigned long long)proven->index,
		    (unsigned long long)proven->size, root);
}

int
audit_archive_act_check(const struct audit_options *options)
{
	struct audit_archive_proven proven;
	struct fault fault = {0};
	enum err r = ERR_OK;

	if (options->word == NULL || options->entry == NULL || options->key == NULL)
		r = fault_set(&fault, ERR_PROTOCOL,
		    "expected: praxa audit check-receipt RECEIPT --entry FILE --key FILE");
	if (r == ERR_OK)
		r = audit_archive_check(
		    options->word, options->entry, options->key, &proven, &fault);
	if (r != ERR_OK)
		return audit_common_fail(&fault);
	print_proven(options, &proven);
	return CLI_OK;
}

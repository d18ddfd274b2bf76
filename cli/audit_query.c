/* praxa audit query and index: what is asked of the log, without reading all of it. */
#include <errno.h>
#include <stdio.h>

#include "cli/audit_common.h"
#include "cli/cli.h"

static enum err
open_index(const struct audit_options *options, const char *path, bool fresh,
    struct audit_index **ret, struct fault *fault)
{
	const struct audit_index_place place = {options->log, options->key, path};
	enum err r = audit_index_open(&place, fresh, audit_archive_show_progress, NULL, ret, fault);

	if (isatty(STDERR_FILENO) == 1)
		fprintf(stderr, "\r");
	return r;
}

struct printing {
	const struct audit_options *options;
	struct fault fault;
	enum err result;
};

static bool
print(void *context, const struct audit_scan_record *record)
{
	struct printing *printing = context;

	printing->result = audit_common_print(stdout, printing->options, record, &printing->fault);
	return printing->result == ERR_OK && ferror(stdout) == 0;
}

/* Where the next page begins. The audit event, version 1, has no index: the cursor stands apart. */
static void
say_next(const struct audit_options *options, uint64_t next, bool more)
{
	if (options->json)
		printf("{\"next\":%llu,\"more\":%s}\n", (unsigned long long)next,
		    more ? "true" : "false");
	else if (more)
		fprintf(
		    stderr, "praxa audit: there is more: --from %llu\n", (unsigned long long)next);
}

int
audit_query_act(const struct audit_options *options)
{
	struct printing printing = {.options = options};
	struct audit_index *index = NULL;
	struct fault fault = {0};
	uint64_t next = 0;
	bool more = false;
	enum err r = open_index(options, options->index, false, &index, &fault);

	if (r == ERR_OK && !audit_index_is_current(index))
		fprintf(stderr,
		    "praxa audit: the index may not be written here, and ends before record %llu\n",
		    (unsigned long long)audit_index_size(index));
	if (r == ERR_OK)
		r = audit_index_find(
		    index, &options->query, print, &printing, &next, &more, &fault);
	audit_index_close(&index);
	if (r != ERR_OK)
		return audit_common_fail(&fault);
	if (printing.result != ERR_OK)
		return audit_common_fail(&printing.fault);
	say_next(options, next, more);
	return CLI_OK;
}

static void
report(const struct audit_options *options, uint64_t size, const struct digest *digest)
{
	char text[DIGEST_TEXT_MAX];

	digest_text(text, digest);
	if (options->json)
		printf("{\"records\":%llu,\"digest\":\"%s\"}\n", (unsigned long long)size, text);
	else
		printf("the index has %llu records\n  %s\n", (unsigned long long)size, text);
}

/* A second index, made from the log's first record, says the same or the first one is wrong. */
static enum err
compare(const struct audit_options *options, const struct digest *digest, uint64_t size,
    struct fault *fault)
{
	struct audit_index *other = NULL;
	struct digest expected = {0};
	char path[PATH_MAX];
	bool same = false;
	enum err r;
	int n = options->index != NULL
		    ? snprintf(path, sizeof(path), "%s.check", options->index)
		    : snprintf(path, sizeof(path), "%s/index.db.check", options->log);

	if (n < 0 || (size_t)n >= sizeof(path))
		return fault_set(fault, ERR_PROTOCOL, "the path of the index is too long");
	r = open_index(options, path, true, &other, fault);
	if (r == ERR_OK)
		r = audit_index_digest(other, &expected, fault);
	if (r == ERR_OK)
		same = audit_index_size(other) == size && digest_equal(&expected, digest);
	if (r == ERR_OK && audit_index_size(other) != size)
		r = fault_set(fault, ERR_PROTOCOL,
		    "the log has grown meanwhile: compare again when nothing runs");
	else if (r == ERR_OK && !same)
		r = fault_set(fault, ERR_PROTOCOL,
		    "the index is not what the log gives; praxa audit index --rebuild makes it "
		    "again");
	audit_index_close(&other);
	unlink(path);
	return r;
}

int
audit_query_act_index(const struct audit_options *options)
{
	struct audit_index *index = NULL;
	struct fault fault = {0};
	struct digest digest = {0};
	uint64_t size = 0;
	enum err r = open_index(options, options->index, options->rebuild, &index, &fault);

	if (r == ERR_OK && !audit_index_is_current(index))
		r = fault_set(&fault, ERR_NOT_FOUND,
		    "the index cannot be written; --index FILE names another place");
	if (r == ERR_OK)
		r = audit_index_digest(index, &digest, &fault);
	if (r == ERR_OK)
		size = audit_index_size(index);
	audit_index_close(&index);
	if (r == ERR_OK && options->check)
		r = compare(options, &digest, size, &fault);
	if (r != ERR_OK)
		return audit_common_fail(&fault);
	report(options, size, &digest);
	return CLI_OK;
}

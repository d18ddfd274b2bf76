/* audit_common.h - what the subcommands of praxa audit share. */
#ifndef CLI_AUDIT_COMMON_H
#define CLI_AUDIT_COMMON_H

#include <limits.h>
#include <stdio.h>

#include "audit/index.h"
#include "common/args.h"

/* What the options say; each subcommand uses its part. */
struct audit_options {
	const char *log, *state, *workspace, *key, *to, *entry, *index;
	const char *word; /* the argument that is no option; NULL: none */
	bool json, follow, help, rebuild, check;
	struct audit_index_query query; /* show and tail know run, kind and limit */
	char source[WIRE_SOURCE_MAX];
	char path[PATH_MAX];
};

/* Says what went wrong; its exit code. */
int audit_common_fail(const struct fault *fault);

/* audit_options.c */
extern const struct args_option audit_show_rows[], audit_export_rows[], audit_receipt_rows[],
    audit_check_rows[], audit_verify_rows[], audit_tail_rows[], audit_query_rows[],
    audit_index_rows[];

/* Prints a record as options say: a line, or JSON. */
enum err audit_common_print(FILE *out, const struct audit_options *options,
    const struct audit_scan_record *record, struct fault *fault);

/* audit_query.c */
int audit_query_act(const struct audit_options *options);
int audit_query_act_index(const struct audit_options *options);

/* audit_archive.c */
/* Shows on a terminal that it goes on. */
void audit_archive_show_progress(void *context, uint64_t records);
int audit_archive_act_export(const struct audit_options *options);
int audit_archive_act_receipt(const struct audit_options *options);
int audit_archive_act_check(const struct audit_options *options);

#endif

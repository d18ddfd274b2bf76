/* install_read.h - a policy on its way into force, as far as files go. */
#ifndef SUPERVISOR_INSTALL_READ_H
#define SUPERVISOR_INSTALL_READ_H

#include "supervisor/supervisor.h"

struct install;

/* One policy of the service. Zeroed but for install and path: not read. */
struct install_item {
	struct install *install;
	const char *path;
	struct skill *fresh; /* NULL: not read, refused, or in force */
	struct skill_seen seen;
	struct fault fault;      /* why it is refused; ERR_OK: it is not */
	struct fault unrecorded; /* why the log did not take its record; ERR_OK: it did, or may */
	char *problems;          /* text of what does not load; NULL: none; owned */
};

/* What policies are read with. Zeroed and then opened. */
struct install_files {
	const struct supervisor_options *options;
	int profiles_fd, accepted_fd;
	struct policy_signers signers;
	struct fault missing; /* why nothing can be read; ERR_OK: it can */
};

/* Opens the folder of what was accepted, where policies must be signed. ERR_NOT_FOUND,
 * ERR_CONFINEMENT: others may write there. */
MUST_USE enum err install_files_open(
    struct install_files *files, const struct supervisor_options *options, struct fault *fault);
/* Reads anew who may sign, and opens the profiles' folder anew; what fails is in missing and
 * refuses every policy. Blocks on the file system. */
void install_files_renew(struct install_files *files);
void install_files_close(struct install_files *files);

/* Reads and checks a policy: item->fresh, or item->fault. What does not load is told on stderr.
 * Blocks on the file system. */
void install_item_read(
    struct install_item *item, const struct install_files *files, const struct clock *clock);
/* Takes fresh back; what was wrong first stands. */
void install_item_refuse(struct install_item *item, const struct fault *why);
/* As before it was read. */
void install_item_clear(struct install_item *item);

/* Makes the revision of a signed policy durable. ERR_INTERNAL: it is not to come into force. */
MUST_USE enum err install_item_keep(
    const struct install_item *item, const struct install_files *files, struct fault *fault);

#endif

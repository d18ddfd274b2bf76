/* place.h - a folder of a test's own on a real file system, and a log in it. */
#ifndef TESTS_AUDIT_PLACE_H
#define TESTS_AUDIT_PLACE_H

#include "audit/log.h"

enum { PLACE_SEGMENT = 128 * 1024 };

struct place {
	char dir[128];
	struct audit_files files;
	struct audit_writer writer;
	struct audit_log *log;
	unsigned acked, refused;
};

void place_init(struct place *place);
/* The same beneath base, or where place_init puts it if base cannot be used. */
void place_init_in(struct place *place, const char *base);
/* Closes everything and removes the folder. */
void place_done(struct place *place);
/* Opens the folder, a writer and the log. -errno of the first two, else the log's result. */
int place_open(struct place *place, enum audit_backend backend, struct fault *fault);
/* The same in a folder of its own. */
int place_open_at(
    struct place *place, const char *dir, enum audit_backend backend, struct fault *fault);
void place_close(struct place *place);
/* Appends a record and waits for it. */
enum err place_append(struct place *place, const struct audit_record *record);
/* dir/name, static storage. */
const char *place_path(const struct place *place, const char *name);

#endif

#include "tests/audit/place.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

static bool
make(struct place *place, const char *base)
{
	*place = (struct place){.acked = 0};
	snprintf(place->dir, sizeof(place->dir), "%s/praxa-audit-XXXXXX", base);
	return mkdtemp(place->dir) != NULL;
}

void
place_init(struct place *place)
{
	const char *tmp = getenv("TMPDIR");

	if (!make(place, tmp != NULL ? tmp : "/tmp"))
		abort();
}

void
place_init_in(struct place *place, const char *base)
{
	if (!make(place, base))
		place_init(place);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

void
place_done(struct place *place)
{
	place_close(place);
	nftw(place->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
done(void *context, const struct audit_ticket *ticket, const struct audit_done *d)
{
	struct place *place = context;

	(void)ticket;
	if (d->fault == NULL)
		place->acked++;
	else
		place->refused++;
}

int
place_open(struct place *place, enum audit_backend backend, struct fault *fault)
{
	return place_open_at(place, place->dir, backend, fault);
}

int
place_open_at(struct place *place, const char *dir, enum audit_backend backend, struct fault *fault)
{
	struct audit_log_options options = {
	    .workspace = "ws_test",
	    .files = &place->files,
	    .writer = &place->writer,
	    .clock = &clock_system,
	    .segment_bytes = PLACE_SEGMENT,
	    .done = done,
	    .context = place,
	};
	int r = audit_files_open_locked(dir, &place->files);

	if (r == 0)
		r = audit_writer_open(&place->files, backend, &place->writer);
	if (r == 0)
		r = (int)audit_log_open(&options, &place->log, fault);
	if (r != 0)
		place_close(place);
	return r;
}

void
place_close(struct place *place)
{
	audit_log_close(&place->log);
	audit_writer_close(&place->writer);
	audit_files_close(&place->files);
}

enum err
place_append(struct place *place, const struct audit_record *record)
{
	const struct audit_ticket ticket = {1, 1};
	enum err r = audit_log_append(place->log, record, &ticket, NULL);

	if (r == ERR_OK)
		audit_log_drain(place->log);
	return r;
}

const char *
place_path(const struct place *place, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", place->dir, name);
	return path;
}

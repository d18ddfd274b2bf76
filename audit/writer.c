#include "audit/writer.h"

#define ROW(name, number, text) [number] = text,
static const char *const names[] = {AUDIT_BACKENDS(ROW)};

const char *
audit_backend_name(enum audit_backend backend)
{
	return (unsigned)backend < ARRAY_SIZE(names) && names[backend] != NULL ? names[backend]
									       : "unknown";
}

int
audit_writer_open(
    const struct audit_files *files, enum audit_backend backend, struct audit_writer *ret)
{
	int dir = audit_files_fd(files);

	if (backend != AUDIT_BACKEND_SYNC) {
		int r = audit_writer_open_uring(dir, ret);

		if (r == 0 || backend == AUDIT_BACKEND_URING)
			return r;
	}
	return audit_writer_open_sync(dir, ret);
}

void
audit_writer_close(struct audit_writer *writer)
{
	if (writer->ops != NULL)
		writer->ops->free(writer->state);
	*writer = (struct audit_writer){0};
}

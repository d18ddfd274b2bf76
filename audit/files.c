#include "audit/files.h"

#include <errno.h>
#include <stdio.h>

enum { NAME_MAX_HERE = 128 };

void
audit_files_close(struct audit_files *files)
{
	if (files->ops != NULL)
		files->ops->free(files->state);
	*files = (struct audit_files){0};
}

ssize_t
audit_files_read(const struct audit_files *files, const char *name, size_t max, char **ret)
{
	int handle = files->ops->open(files->state, name, AUDIT_FILE_READ);
	int64_t size;
	char *data = NULL;
	ssize_t n;

	if (handle < 0)
		return handle;
	size = files->ops->size(files->state, handle);
	n = size < 0 ? (ssize_t)size : (uint64_t)size > max ? -EFBIG : 0;
	if (n == 0 && (data = malloc((size_t)size + 1)) == NULL)
		n = -ENOMEM;
	if (n == 0)
		n = files->ops->read(files->state, handle, data, (size_t)size, 0);
	files->ops->close(files->state, handle);
	if (n < 0) {
		free(data);
		return n;
	}
	data[n] = '\0';
	*ret = data;
	return n;
}

static int
write_new(const struct audit_files *files, const char *name, const void *data, size_t length)
{
	int handle = files->ops->open(files->state, name, AUDIT_FILE_CREATE);
	int r;

	if (handle < 0)
		return handle;
	r = files->ops->write(files->state, handle, data, length, 0);
	if (r == 0)
		r = files->ops->sync(files->state, handle);
	files->ops->close(files->state, handle);
	return r;
}

int
audit_files_replace(
    const struct audit_files *files, const char *name, const void *data, size_t length)
{
	char fresh[NAME_MAX_HERE];
	int r;

	if (snprintf(fresh, sizeof(fresh), "%s.new", name) >= (int)sizeof(fresh))
		return -ENAMETOOLONG;
	r = files->ops->remove(files->state, fresh);
	if (r == 0 || r == -ENOENT)
		r = write_new(files, fresh, data, length);
	if (r == 0)
		r = files->ops->rename(files->state, fresh, name);
	return r == 0 ? files->ops->sync_dir(files->state) : r;
}

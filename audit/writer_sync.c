#include "audit/writer.h"

#include <errno.h>
#include <fcntl.h>

#include "audit/frame.h"
#include "common/io.h"

struct sync_state {
	int dir, fd;
	int result; /* of the last group */
	unsigned char group[GROUP_BYTES_MAX];
};

static int
sync_attach(void *state, const char *name)
{
	struct sync_state *s = state;
	int fd = openat(s->dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0);

	if (fd < 0)
		return -errno;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = fd;
	return 0;
}

static int
sync_begin(void *state, size_t length, uint64_t offset)
{
	struct sync_state *s = state;

	s->result = io_pwrite_full(s->fd, s->group, length, (off_t)offset);
	if (s->result == 0 && fdatasync(s->fd) < 0)
		s->result = -errno;
	/* -EAGAIN means something else to the caller of end. */
	if (s->result == -EAGAIN)
		s->result = -EIO;
	return 0;
}

static int
sync_end(void *state, bool wait)
{
	(void)wait;
	return ((struct sync_state *)state)->result;
}

static int
sync_fd(void *state)
{
	(void)state;
	return -1;
}

static void
sync_free(void *state)
{
	struct sync_state *s = state;

	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

static const struct audit_writer_ops sync_ops = {
    .attach = sync_attach,
    .begin = sync_begin,
    .end = sync_end,
    .fd = sync_fd,
    .free = sync_free,
};

int
audit_writer_open_sync(int dir, struct audit_writer *ret)
{
	struct sync_state *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	s->dir = dir;
	s->fd = -1;
	*ret = (struct audit_writer){&sync_ops, s, s->group, AUDIT_BACKEND_SYNC};
	return 0;
}

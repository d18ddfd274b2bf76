#include "audit/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <sys/eventfd.h>

#include "audit/frame.h"

struct uring_state {
	int dir;
	int fd;       /* of the segment; the ring holds its own reference */
	int event_fd; /* readable when a completion is there */
	bool has_ring, in_flight;
	size_t length; /* of the group in flight */
	struct io_uring ring;
	unsigned char *group;
};

/* WRITE_FIXED on the registered file and nothing else; of the registrations only the exchange of
 * that file, for the next segment. */
static int
restrict_ring(struct io_uring *ring)
{
	struct io_uring_restriction rows[] = {
	    {.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_WRITE_FIXED},
	    {.opcode = IORING_RESTRICTION_SQE_FLAGS_REQUIRED, .sqe_flags = IOSQE_FIXED_FILE},
	    {.opcode = IORING_RESTRICTION_REGISTER_OP, .register_op = IORING_REGISTER_FILES_UPDATE},
	};

	/* Debian 12's liburing.so (2.3) does not export the two helpers for this. */
	return io_uring_register(
	    ring->ring_fd, IORING_REGISTER_RESTRICTIONS, rows, ARRAY_SIZE(rows));
}

static int
set_up(struct uring_state *s)
{
	struct iovec buffer = {s->group, GROUP_BYTES_MAX};
	int none = -1;
	int r = io_uring_queue_init(2, &s->ring, IORING_SETUP_R_DISABLED);

	if (r < 0)
		return r;
	s->has_ring = true;
	r = io_uring_register_buffers(&s->ring, &buffer, 1);
	if (r == 0)
		r = io_uring_register_files(&s->ring, &none, 1);
	if (r == 0)
		r = io_uring_register_eventfd(&s->ring, s->event_fd);
	if (r == 0)
		r = restrict_ring(&s->ring);
	/* Restrictions bind from here on; a ring that is still disabled takes no work. */
	if (r == 0)
		r = io_uring_register(s->ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
	return r;
}

/* O_DIRECT: a failed write must fail here, not later in the page cache. O_DSYNC: durable when the
 * completion comes. */
static int
open_direct(int dir, const char *name, int flags)
{
	int fd =
	    openat(dir, name, O_WRONLY | O_DIRECT | O_DSYNC | O_CLOEXEC | O_NOFOLLOW | flags, 0600);

	return fd < 0 ? -errno : fd;
}

static int
probe_direct(int dir)
{
	static const char name[] = "probe";
	int fd = open_direct(dir, name, O_CREAT);

	if (fd >= 0)
		close(fd);
	/* open(2) creates the file before it finds that O_DIRECT does not work. */
	unlinkat(dir, name, 0);
	return fd < 0 ? fd : 0;
}

static int
uring_attach(void *state, const char *name)
{
	struct uring_state *s = state;
	int fd = open_direct(s->dir, name, 0);
	int r;

	if (fd < 0)
		return fd;
	r = io_uring_register_files_update(&s->ring, 0, &fd, 1);
	if (r != 1) {
		close(fd);
		return r < 0 ? r : -EIO;
	}
	if (s->fd >= 0)
		close(s->fd);
	s->fd = fd;
	return 0;
}

static int
uring_begin(void *state, size_t length, uint64_t offset)
{
	struct uring_state *s = state;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring);
	int r;

	if (sqe == NULL || s->in_flight)
		return -EBUSY;
	io_uring_prep_write_fixed(sqe, 0, s->group, (unsigned)length, offset, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	s->length = length;
	do
		r = io_uring_submit(&s->ring);
	while (r == -EINTR || r == -EAGAIN);
	s->in_flight = r == 1;
	return r == 1 ? 0 : r < 0 ? r : -EIO;
}

static int
uring_end(void *state, bool wait)
{
	struct uring_state *s = state;
	struct io_uring_cqe *cqe = NULL;
	int r;

	if (!s->in_flight)
		return -EIO;
	do
		r = wait ? io_uring_wait_cqe(&s->ring, &cqe) : io_uring_peek_cqe(&s->ring, &cqe);
	while (r == -EINTR);
	if (r < 0)
		return r;
	r = cqe->res;
	io_uring_cqe_seen(&s->ring, cqe);
	s->in_flight = false;
	if (r < 0)
		return r == -EAGAIN ? -EIO : r;
	return (size_t)r == s->length ? 0 : -EIO;
}

static int
uring_fd(void *state)
{
	return ((struct uring_state *)state)->event_fd;
}

static void
uring_free(void *state)
{
	struct uring_state *s = state;

	if (s->has_ring)
		io_uring_queue_exit(&s->ring);
	if (s->fd >= 0)
		close(s->fd);
	if (s->event_fd >= 0)
		close(s->event_fd);
	free(s->group);
	free(s);
}

static const struct audit_writer_ops uring_ops = {
    .attach = uring_attach,
    .begin = uring_begin,
    .end = uring_end,
    .fd = uring_fd,
    .free = uring_free,
};

int
audit_writer_open_uring(int dir, struct audit_writer *ret)
{
	struct uring_state *s = calloc(1, sizeof(*s));
	int r;

	if (s == NULL)
		return -ENOMEM;
	s->dir = dir;
	s->fd = -1;
	s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->group = aligned_alloc(AUDIT_BLOCK, GROUP_BYTES_MAX);
	r = s->group == NULL ? -ENOMEM : s->event_fd < 0 ? -errno : set_up(s);
	if (r == 0)
		r = probe_direct(dir);
	if (r < 0) {
		uring_free(s);
		return r;
	}
	*ret = (struct audit_writer){&uring_ops, s, s->group, AUDIT_BACKEND_URING};
	return 0;
}

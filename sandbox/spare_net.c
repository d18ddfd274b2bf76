#include "sandbox/spare_net.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

static int
open_own(int proc_fd)
{
	return openat(proc_fd, "self/ns/net", O_RDONLY | O_CLOEXEC);
}

void
spare_net_init(int proc_fd, struct spare_net *ret)
{
	SCOPED_FD own = open_own(proc_fd);

	*ret = SPARE_NET_NONE;
	/* In a user namespace that does not own it nobody who leaves comes back. */
	if (own >= 0 && setns(own, CLONE_NEWNET) == 0)
		ret->own_fd = TAKE_FD(own);
}

void
spare_net_done(struct spare_net *spare)
{
	scope_close(&spare->fd);
	scope_close(&spare->own_fd);
	*spare = SPARE_NET_NONE;
}

int
spare_net_make(int proc_fd, struct spare_net *spare)
{
	if (spare->own_fd < 0 || spare->fd >= 0 || unshare(CLONE_NEWNET) < 0)
		return 0;
	spare->fd = open_own(proc_fd);
	return spare_net_leave(spare);
}

bool
spare_net_enter(struct spare_net *spare)
{
	SCOPED_FD fd = TAKE_FD(spare->fd);

	return fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
}

int
spare_net_leave(const struct spare_net *spare)
{
	return setns(spare->own_fd, CLONE_NEWNET) < 0 ? -errno : 0;
}

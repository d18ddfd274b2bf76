/* How channels come to be: names in the file system, connecting and accepting. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/peer.h"

static int
address(const char *path, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(ret->sun_path))
		return -ENAMETOOLONG;
	memcpy(ret->sun_path, path, strlen(path));
	return 0;
}

int
peer_connect(const char *path, int *ret_fd)
{
	SCOPED_FD fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un to;
	struct ucred listener;
	socklen_t length = sizeof(listener);
	int r = address(path, &to);

	if (r < 0)
		return r;
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &listener, &length) < 0)
		return -errno;
	/* Our sockets are made by root or by the user who runs us (unix(7): the one that called
	 * listen). Another's would be told all that we have to say, and believed. */
	if (listener.uid != 0 && listener.uid != geteuid())
		return -EPERM;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int
peer_bind(const char *path, mode_t mode, int *ret_fd)
{
	SCOPED_FD fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un at;
	struct stat st;
	int r = address(path, &at);

	if (fd < 0)
		return -errno;
	if (r < 0)
		return r;
	/* Only a socket is ever removed: a mistyped path must not cost a file. */
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && unlink(path) < 0)
		return -errno;
	/* The mode is set before the name exists (fchmod on the socket's inode). */
	if (fchmod(fd, mode) < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

struct peer_listener {
	int fd;
	struct event *event, *resume;
	void (*accepted)(void *context, int fd);
	void *context;
};

static void
on_connection(int fd, short what, void *context)
{
	struct peer_listener *listener = context;
	const struct timeval pause = {.tv_usec = 100 * 1000};
	int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	if (accepted >= 0) {
		listener->accepted(listener->context, accepted);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		/* The connection stays where it is, and the loop would turn without end. */
		event_del(listener->event);
		event_add(listener->resume, &pause);
	}
}

static void
on_resume(int fd, short what, void *context)
{
	struct peer_listener *listener = context;

	(void)fd;
	(void)what;
	event_add(listener->event, NULL);
}

struct peer_listener *
peer_listen(struct event_base *base, int fd, void (*accepted)(void *context, int fd), void *context)
{
	struct peer_listener *listener = malloc(sizeof(*listener));

	if (listener == NULL) {
		close(fd);
		return NULL;
	}
	*listener = (struct peer_listener){.fd = fd, .accepted = accepted, .context = context};
	listener->event = event_new(base, fd, EV_READ | EV_PERSIST, on_connection, listener);
	listener->resume = event_new(base, -1, 0, on_resume, listener);
	if (listener->event == NULL || listener->resume == NULL ||
	    event_add(listener->event, NULL) < 0)
		peer_listener_free(&listener);
	return listener;
}

void
peer_listener_free(struct peer_listener **listener)
{
	struct peer_listener *gone = *listener;

	*listener = NULL;
	if (gone == NULL)
		return;
	if (gone->event != NULL)
		event_free(gone->event);
	if (gone->resume != NULL)
		event_free(gone->resume);
	close(gone->fd);
	free(gone);
}

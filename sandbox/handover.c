#include "sandbox/handover.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static const char magic[8] = {'P', 'R', 'X', 'H', 'A', 'N', 'D', 1};

/* The environment as one text after another. Returns the bytes or -E2BIG. */
static ssize_t
put_env(char *to, size_t room, const char *const *envp, uint32_t *ret_count)
{
	size_t used = 0;
	uint32_t count = 0;

	for (; envp[count] != NULL; count++) {
		size_t length = strlen(envp[count]) + 1;

		if (count == PLAN_ENV_MAX || length > room - used)
			return -E2BIG;
		memcpy(to + used, envp[count], length);
		used += length;
	}
	*ret_count = count;
	return (ssize_t)used;
}

int
handover_send(int socket, const char *const *envp, const int fds[HANDOVER_FDS_MAX])
{
	char data[HANDOVER_BYTES_MAX];
	struct handover_head head = {
	    .fd_count = fds[HANDOVER_STDIO] >= 0 ? HANDOVER_FDS_MAX : HANDOVER_STDIO};
	union {
		char room[CMSG_SPACE(HANDOVER_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec bytes = {.iov_base = data};
	struct msghdr message = {.msg_iov = &bytes,
	    .msg_iovlen = 1,
	    .msg_control = control.room,
	    .msg_controllen = CMSG_SPACE(head.fd_count * sizeof(int))};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
	ssize_t n =
	    put_env(data + sizeof(head), sizeof(data) - sizeof(head), envp, &head.env_count);

	if (n < 0)
		return (int)n;
	memcpy(head.magic, magic, sizeof(magic));
	memcpy(data, &head, sizeof(head));
	bytes.iov_len = sizeof(head) + (size_t)n;
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(head.fd_count * sizeof(int));
	memcpy(CMSG_DATA(rights), fds, head.fd_count * sizeof(int));
	return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

bool
handover_parse(char *data, size_t length, unsigned fd_count, char *ret_env[PLAN_ENV_MAX + 1])
{
	struct handover_head head;
	char *at = data + sizeof(head), *end = data + length;

	if (length < sizeof(head) || length > HANDOVER_BYTES_MAX)
		return false;
	memcpy(&head, data, sizeof(head));
	if (memcmp(head.magic, magic, sizeof(magic)) != 0 || head.env_count > PLAN_ENV_MAX ||
	    head.fd_count != fd_count || fd_count < HANDOVER_STDIO || fd_count > HANDOVER_FDS_MAX)
		return false;
	for (uint32_t i = 0; i < head.env_count; i++) {
		char *nul = memchr(at, '\0', (size_t)(end - at));

		if (nul == NULL)
			return false;
		ret_env[i] = at;
		at = nul + 1;
	}
	ret_env[head.env_count] = NULL;
	return at == end;
}

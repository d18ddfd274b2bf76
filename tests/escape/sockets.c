/* Sockets: every family, and what listens outside. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/escape/probe.h"
#include "tests/escape/probes.h"

PROBES_SOCKETS(PROBE_DECLARE)

struct finding
probe_every_family(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET};
	struct finding finding = held("no family");
	char text[64];

	for (int family = 0; family <= AF_MAX; family++)
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			snprintf(text, sizeof(text), "family %d, type %d", family, types[i]);
			finding = judge_fd(socket(family, types[i] | SOCK_CLOEXEC, 0), text);
			if (finding.escaped)
				return finding;
		}
	return finding;
}

struct finding
probe_alg_socket(void)
{
	return judge_fd(socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "AF_ALG");
}

struct finding
probe_vsock(void)
{
	/* Made, never connected: what listens there is not ours. */
	return judge_fd(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0), "AF_VSOCK");
}

struct finding
probe_packet_socket(void)
{
	gain(CLONE_NEWNET);
	return judge_fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "AF_PACKET");
}

struct finding
probe_netfilter(void)
{
	return judge_fd(
	    socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER), "nf_tables");
}

struct finding
probe_route_socket(void)
{
	return judge_fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "rtnetlink");
}

static struct sockaddr_in
host_port(const char *name)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_addr = {htonl(INADDR_LOOPBACK)},
	    .sin_port = htons((uint16_t)atoi(planted(name)))};
}

static struct finding
connect_tcp(int protocol)
{
	struct sockaddr_in to = host_port("TCP_PORT");
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return held(strerrorname_np(errno));
	return judge(connect(fd, (struct sockaddr *)&to, sizeof(to)), "connected");
}

struct finding
probe_tcp_host(void)
{
	return connect_tcp(0);
}

struct finding
probe_mptcp_host(void)
{
	return connect_tcp(IPPROTO_MPTCP);
}

struct finding
probe_udp_host(void)
{
	struct sockaddr_in to = host_port("UDP_PORT");
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return held(strerrorname_np(errno));
	return judge(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), "sent");
}

static socklen_t
unix_address(struct sockaddr_un *to, const char *path, bool is_abstract)
{
	size_t length = strlen(path);

	*to = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(to->sun_path + is_abstract, path, length);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
}

static struct finding
connect_unix(const char *path, bool is_abstract)
{
	struct sockaddr_un to;
	socklen_t length = unix_address(&to, path, is_abstract);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return held(strerrorname_np(errno));
	return judge(connect(fd, (struct sockaddr *)&to, length), "connected");
}

struct finding
probe_abstract_socket(void)
{
	return connect_unix(planted("ABSTRACT"), true);
}

struct finding
probe_path_socket(void)
{
	return connect_unix("/srv/socket", false);
}

struct finding
probe_named_datagram(void)
{
	struct sockaddr_un to;
	socklen_t length = unix_address(&to, "/srv/datagram", false);
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0 &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return held(strerrorname_np(errno));
	return judge(sendto(pair[0], "x", 1, 0, (struct sockaddr *)&to, length), "sent");
}

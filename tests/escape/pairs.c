/* Two cells at once: pairs_hold runs in the first, the probes in the second. Both use names that
 * the harness gave to both. */
#include "tests/escape/pairs.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/escape/probe.h"
#include "tests/escape/probes.h"

PROBES_PAIRS(PROBE_DECLARE)

static key_t
pair_key(void)
{
	return (key_t)strtol(planted("PAIR_KEY"), NULL, 0);
}

static void
hold_memory(void)
{
	if (shmget(pair_key(), 4096, IPC_CREAT | 0666) < 0)
		puts("no memory");
}

struct finding
probe_pair_memory(void)
{
	int id = shmget(pair_key(), 1, 0);
	struct finding finding = judge(id, "the other's memory");

	if (id >= 0)
		shmctl(
		    id, IPC_RMID, NULL); /* nothing may be left on a host whose namespace it was */
	return finding;
}

static socklen_t
abstract_address(struct sockaddr_un *to)
{
	int n;

	*to = (struct sockaddr_un){.sun_family = AF_UNIX};
	n = snprintf(to->sun_path + 1, sizeof(to->sun_path) - 1, "%s", planted("PAIR_NAME"));
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

static struct sockaddr_in
tcp_address(void)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_addr = {htonl(INADDR_LOOPBACK)},
	    .sin_port = htons((uint16_t)atoi(planted("PAIR_PORT")))};
}

static void
listen_at(int family, const void *address, socklen_t length)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, address, length) < 0 || listen(fd, 4) < 0)
		puts("no socket");
}

static void
hold_abstract(void)
{
	struct sockaddr_un address;
	socklen_t length = abstract_address(&address);

	listen_at(AF_UNIX, &address, length);
}

static void
hold_tcp(void)
{
	struct sockaddr_in address = tcp_address();

	listen_at(AF_INET, &address, sizeof(address));
}

static struct finding
reach(int family, const void *address, socklen_t length)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return held(strerrorname_np(errno));
	return judge(connect(fd, address, length), "connected");
}

struct finding
probe_pair_abstract(void)
{
	struct sockaddr_un address;
	socklen_t length = abstract_address(&address);

	return reach(AF_UNIX, &address, length);
}

struct finding
probe_pair_tcp(void)
{
	struct sockaddr_in address = tcp_address();

	return reach(AF_INET, &address, sizeof(address));
}

static const char *const places[] = {"/tmp", "/dev/shm"};

static void
hold_file(void)
{
	char path[128];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", places[i], planted("PAIR_NAME"));
		if (open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) < 0)
			puts("no file");
	}
}

struct finding
probe_pair_file(void)
{
	struct finding finding = held("");
	char path[128];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", places[i], planted("PAIR_NAME"));
		if (!finding.escaped)
			finding = judge_fd(open(path, O_RDONLY | O_CLOEXEC), path);
		unlink(path);
	}
	return finding;
}

static void
hold_nothing(void)
{
}

/* The first cell's program by its arguments: "hold" follows a terminating 0. */
static int
find_holder(void)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	char path[300], text[256];
	int found = -1;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		int fd;
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
		fd = atoi(entry->d_name) > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
		if (n > 16 && memcmp(text, "/mnt/probe\0hold", 16) == 0)
			found = atoi(entry->d_name);
		if (fd >= 0)
			close(fd);
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

struct finding
probe_pair_process(void)
{
	return find_holder() > 0 ? out("the other's program") : held("its own only");
}

struct finding
probe_pair_signal(void)
{
	return judge(kill(atoi(planted("PAIR_PID")), 0), "the other's program");
}

static void
hold_null(void)
{
	if (fcntl(2, F_SETFL, O_APPEND | O_NONBLOCK) < 0)
		puts("no flags");
}

struct finding
probe_pair_null(void)
{
	int flags = fcntl(2, F_GETFL);

	if (flags < 0)
		return held(strerrorname_np(errno));
	return (flags & O_APPEND) != 0 ? out("the other's flags") : held("its own flags");
}

static void
hold_lock(void)
{
	if (flock(open("/srv/file", O_RDONLY | O_CLOEXEC), LOCK_EX | LOCK_NB) < 0)
		puts("no lock");
}

static const struct {
	const char *name;
	void (*hold)(void);
} rows[] = {
    {"pair_memory", hold_memory},
    {"pair_abstract", hold_abstract},
    {"pair_tcp", hold_tcp},
    {"pair_file", hold_file},
    {"pair_process", hold_nothing},
    {"pair_signal", hold_nothing},
    {"pair_null", hold_null},
    {"file_locks", hold_lock},
};

int
pairs_hold(const char *probe)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, probe) != 0)
			continue;
		rows[i].hold();
		puts("up");
		for (;;)
			nanosleep(&(struct timespec){1, 0}, NULL);
	}
	return 99;
}

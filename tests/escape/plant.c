#include "tests/escape/plant.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

#include "tests/lib/check.h"

static void
require(bool sound, const char *what)
{
	if (!sound) {
		fprintf(stderr, "stage: ");
		perror(what);
		abort();
	}
}

void
plant_say(struct plant *plant, const char *name, const char *format, ...)
{
	size_t length = strlen(name);
	unsigned at = 0;
	va_list values;

	while (at < plant->count &&
	       (strncmp(plant->text[at], name, length) != 0 || plant->text[at][length] != '='))
		at++;
	require(at < PLANT_VARIABLES, "variables");
	plant->count += at == plant->count;
	memcpy(plant->text[at], name, length);
	plant->text[at][length] = '=';
	va_start(values, format);
	vsnprintf(plant->text[at] + length + 1, PLANT_TEXT - length - 1, format, values);
	va_end(values);
}

/* What no other run on this host has at the same time. */
static long
own_number(void)
{
	return 0x50000000L + getpid();
}

static void
plant_programs(const struct plant *plant, const void *program, size_t length)
{
	/* cap_sys_chroot and cap_sys_admin, effective: struct vfs_cap_data, revision 2. */
	const uint32_t capable[] = {
	    VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, 1U << 18 | 1U << 21, 0, 0, 0};
	char path[4096];

	check_write(plant->dir, "mount/set-uid", program, length);
	check_write(plant->dir, "mount/capable", program, length);
	require(fchmodat(plant->mount_fd, "set-uid", 06755, 0) == 0, "chmod");
	require(fchmodat(plant->mount_fd, "capable", 0755, 0) == 0, "chmod");
	/* The root of a user namespace may make no device; the probe then finds none. */
	if (geteuid() != 0 ||
	    (mknodat(plant->mount_fd, "device", S_IFCHR | 0666, makedev(1, 5)) < 0 &&
		errno == EPERM))
		return;
	snprintf(path, sizeof(path), "%s/mount/capable", plant->dir);
	require(setxattr(path, "security.capability", capable, sizeof(capable), 0) == 0, "xattr");
	require(fchmodat(plant->mount_fd, "device", 0666, 0) == 0, "mknod");
}

static void
plant_files(struct plant *plant, const void *program, size_t length)
{
	char path[4096];
	int fd;

	plant->dir = check_tempdir();
	require(chmod(plant->dir, 0755) == 0, plant->dir);
	check_write(plant->dir, "host-file", "secret\n", 7);
	check_write(plant->dir, "mount/file", "a page of it\n", 13);
	check_write(plant->dir, "mount/own", "the user's own\n", 15);
	snprintf(path, sizeof(path), "%s/mount", plant->dir);
	require(chmod(path, 0777) == 0, path);
	plant->mount_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	require(plant->mount_fd >= 0, path);
	require(fchmodat(plant->mount_fd, "file", 0644, 0) == 0, "chmod");
	plant_programs(plant, program, length);
	plant_say(plant, "HOST_FILE", "%s/host-file", plant->dir);
	plant_say(plant, "MOUNT_NAME", "%s", strrchr(plant->dir, '/') + 1);
	plant_say(plant, "POSIX_NAME", "praxa-escape-%d", getpid());
	snprintf(path, sizeof(path), "/dev/shm/praxa-escape-%d", getpid());
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	require(fd >= 0 && fchmod(fd, 0666) == 0, path);
	close(fd);
}

static void
keep_socket(struct plant *plant, int fd, const struct sockaddr *address, socklen_t length)
{
	int type;
	socklen_t size = sizeof(type);

	require(fd >= 0 && bind(fd, address, length) == 0, "bind");
	require(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0, "type");
	require(type != SOCK_STREAM || listen(fd, 64) == 0, "listen");
	plant->sockets[plant->socket_count++] = fd;
}

static void
plant_inet(struct plant *plant, const char *name, int type)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	keep_socket(plant, fd, (struct sockaddr *)&address, length);
	require(getsockname(fd, (struct sockaddr *)&address, &length) == 0, "port");
	plant_say(plant, name, "%d", ntohs(address.sin_port));
}

static void
plant_unix(struct plant *plant, const char *name, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/mount/%s", plant->dir, name);
	keep_socket(plant, socket(AF_UNIX, type | SOCK_CLOEXEC, 0), (struct sockaddr *)&address,
	    sizeof(address));
	require(chmod(address.sun_path, 0777) == 0, "chmod");
}

static void
plant_sockets(struct plant *plant)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int n = snprintf(
	    address.sun_path + 1, sizeof(address.sun_path) - 1, "praxa-escape-%d", getpid());

	plant_inet(plant, "TCP_PORT", SOCK_STREAM);
	plant_inet(plant, "UDP_PORT", SOCK_DGRAM);
	plant_unix(plant, "socket", SOCK_STREAM);
	plant_unix(plant, "datagram", SOCK_DGRAM);
	keep_socket(plant, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
	    (struct sockaddr *)&address, (socklen_t)(sizeof(sa_family_t) + 1 + (size_t)n));
	plant_say(plant, "ABSTRACT", "praxa-escape-%d", getpid());
}

static void
plant_ipc(struct plant *plant)
{
	struct {
		long type;
		char text[8];
	} message = {1, "secret"};
	key_t key = (key_t)own_number();
	char name[64];
	/* Small: all queues of a user count against one limit. */
	struct mq_attr small = {.mq_maxmsg = 1, .mq_msgsize = 16};
	mqd_t queue;

	plant->memory = shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0666);
	plant->queue = msgget(key, IPC_CREAT | IPC_EXCL | 0666);
	plant->semaphore = semget(key, 1, IPC_CREAT | IPC_EXCL | 0666);
	require(plant->memory >= 0 && plant->queue >= 0 && plant->semaphore >= 0, "SysV");
	require(msgsnd(plant->queue, &message, sizeof(message.text), 0) == 0, "msgsnd");
	plant_say(plant, "SYSV_KEY", "%#lx", own_number());
	plant_say(plant, "PAIR_KEY", "%#lx", own_number() + 0x10000000L);
	plant_say(plant, "PAIR_NAME", "praxa-pair-%d", getpid());
	plant_say(plant, "PAIR_PORT", "%d", 20000 + getpid() % 10000);
	snprintf(name, sizeof(name), "/praxa-escape-%d", getpid());
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666, &small);
	require(queue >= 0, "mq_open");
	mq_close(queue);
}

static void
plant_key(struct plant *plant)
{
	/* Everybody who has the keyring may read it. */
	const unsigned all = 0x3f3f3f3f;
	long key;

	require(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0, "keyring");
	key = syscall(SYS_add_key, "user", "praxa-escape", "secret", 6, KEY_SPEC_SESSION_KEYRING);
	require(key >= 0 && syscall(SYS_keyctl, KEYCTL_SETPERM, key, all) == 0 &&
		    syscall(SYS_keyctl, KEYCTL_SETPERM, KEY_SPEC_SESSION_KEYRING, all) == 0,
	    "key");
	plant_say(plant, "KEY_NAME", "praxa-escape");
}

/* A terminal that is ours, so that a cell in our session could type into it. */
static void
plant_terminal(struct plant *plant)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	require(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0, "terminal");
	plant->terminal_fd = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	require(plant->terminal_fd >= 0 && fchmod(plant->terminal_fd, 0666) == 0, "terminal");
	require(getsid(0) == getpid() && ioctl(plant->terminal_fd, TIOCSCTTY, 0) == 0,
	    "controlling terminal");
	plant->sockets[plant->socket_count++] = master;
}

static void
plant_victim(struct plant *plant, uid_t uid)
{
	plant->victim = fork();
	require(plant->victim >= 0, "fork");
	if (plant->victim == 0) {
		if (geteuid() == 0 && setresuid(uid, uid, uid) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	plant_say(plant, "VICTIM", "%d", (int)plant->victim);
}

static void
plant_names(struct plant *plant)
{
	char name[64] = "";

	require(readlink("/proc/self/ns/cgroup", name, sizeof(name) - 1) > 0, "cgroup namespace");
	plant_say(plant, "CGROUP_NS", "%s", name);
}

void
plant_init(struct plant *plant, uid_t uid, const void *program, size_t length)
{
	*plant = (struct plant){.mount_fd = -1, .terminal_fd = -1};
	plant_terminal(plant);
	plant_files(plant, program, length);
	require(fchownat(plant->mount_fd, "own", uid, (gid_t)-1, 0) == 0, "chown");
	plant_sockets(plant);
	plant_ipc(plant);
	plant_key(plant);
	plant_victim(plant, uid);
	plant_names(plant);
}

static void
exchange(const struct plant *plant)
{
	char mount[4096], other[4096];

	snprintf(mount, sizeof(mount), "%s/mount", plant->dir);
	snprintf(other, sizeof(other), "%s/swap", plant->dir);
	require(renameat2(AT_FDCWD, mount, AT_FDCWD, other, RENAME_EXCHANGE) == 0, "exchange");
}

void
plant_swap_begin(struct plant *plant)
{
	char other[4096];

	snprintf(other, sizeof(other), "%s/swap", plant->dir);
	require(symlink("/", other) == 0, other);
	plant->swapper = fork();
	require(plant->swapper >= 0, "fork");
	if (plant->swapper == 0) /* a suite that ends early must not leave it at work */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (plant->swapper == 0)
		exchange(plant);
}

void
plant_swap_end(struct plant *plant)
{
	char other[4096];
	struct stat st;

	kill(plant->swapper, SIGKILL);
	waitpid(plant->swapper, NULL, 0);
	snprintf(other, sizeof(other), "%s/swap", plant->dir);
	require(lstat(other, &st) == 0, other);
	if (!S_ISLNK(st.st_mode))
		exchange(plant);
	unlink(other);
}

void
plant_done(struct plant *plant)
{
	char path[64];

	kill(plant->victim, SIGKILL);
	waitpid(plant->victim, NULL, 0);
	shmctl(plant->memory, IPC_RMID, NULL);
	msgctl(plant->queue, IPC_RMID, NULL);
	semctl(plant->semaphore, 0, IPC_RMID);
	snprintf(path, sizeof(path), "/praxa-escape-%d", getpid());
	mq_unlink(path);
	snprintf(path, sizeof(path), "/dev/shm/praxa-escape-%d", getpid());
	unlink(path);
	for (int i = 0; i < plant->socket_count; i++)
		close(plant->sockets[i]);
	close(plant->mount_fd);
	close(plant->terminal_fd);
	check_tempdir_remove(&plant->dir);
}

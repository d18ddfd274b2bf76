/* Shared memory, queues and keys. Calls by number where libraries are not needed: what a profile
 * answers is what counts. */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/escape/probe.h"
#include "tests/escape/probes.h"

PROBES_IPC(PROBE_DECLARE)

static key_t
planted_key(void)
{
	return (key_t)strtol(planted("SYSV_KEY"), NULL, 0);
}

struct finding
probe_sysv_memory(void)
{
	int id = shmget(planted_key(), 1, 0);

	if (id < 0)
		return held(strerrorname_np(errno));
	return judge(shmat(id, NULL, SHM_RDONLY) == (void *)-1 ? -1 : 0, "attached");
}

struct finding
probe_sysv_queue(void)
{
	struct {
		long type;
		char text[64];
	} message;
	int id = msgget(planted_key(), 0);

	if (id < 0)
		return held(strerrorname_np(errno));
	return judge(
	    msgrcv(id, &message, sizeof(message.text), 0, IPC_NOWAIT | MSG_NOERROR | 040000),
	    "read"); /* 040000: MSG_COPY, leaves it there */
}

struct finding
probe_sysv_semaphore(void)
{
	return judge(semget(planted_key(), 1, 0), "found");
}

struct finding
probe_posix_memory(void)
{
	char path[128];

	snprintf(path, sizeof(path), "/dev/shm/%s", planted("POSIX_NAME"));
	return judge_fd(open(path, O_RDONLY | O_CLOEXEC), path);
}

struct finding
probe_posix_queue(void)
{
	return judge(
	    syscall(SYS_mq_open, planted("POSIX_NAME"), O_RDONLY | O_CLOEXEC, 0, NULL), "opened");
}

struct finding
probe_session_key(void)
{
	char text[128];
	long key = syscall(
	    SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", planted("KEY_NAME"), 0);

	if (key < 0)
		return held(strerrorname_np(errno));
	return judge(syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof(text), 0), "read");
}

struct finding
probe_add_key(void)
{
	return judge(
	    syscall(SYS_add_key, "user", "probe", "x", 1, KEY_SPEC_PROCESS_KEYRING), "a key");
}

struct finding
probe_request_key(void)
{
	/* Without information for the helper: the kernel then starts none. Its own key is found. */
	if (syscall(SYS_add_key, "user", "probe", "x", 1, KEY_SPEC_PROCESS_KEYRING) < 0 &&
	    errno != EPERM)
		return held(strerrorname_np(errno));
	return judge(
	    syscall(SYS_request_key, "user", "probe", NULL, KEY_SPEC_PROCESS_KEYRING), "answered");
}

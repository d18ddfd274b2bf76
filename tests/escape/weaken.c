#include "tests/escape/weaken.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/scope.h"
#include "sandbox/clone.h"
#include "tests/escape/guards.h"

static uint64_t off;

void
weaken_begin(uint64_t guards)
{
	off = guards;
}

/* What the linker renames has no header; its type is that of the call it stands for. */
#define WRAP(type, name, ...)                          \
	__typeof__(name) __real_##name, __wrap_##name; \
	type __wrap_##name(__VA_ARGS__)

static const struct {
	uint64_t guard, flag;
} namespaces[] = {
    {GUARD_BIT(USER_NS), CLONE_NEWUSER},
    {GUARD_BIT(MOUNT_NS), CLONE_NEWNS},
    {GUARD_BIT(PID_NS), CLONE_NEWPID},
    {GUARD_BIT(NET_NS), CLONE_NEWNET},
    {GUARD_BIT(IPC_NS), CLONE_NEWIPC},
    {GUARD_BIT(UTS_NS), CLONE_NEWUTS},
};

WRAP(pid_t, clone_run, const struct clone_args *args, void (*child)(void *), void *context)
{
	struct clone_args less = *args;

	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		if ((off & namespaces[i].guard) != 0)
			less.flags &= ~namespaces[i].flag;
	return __real_clone_run(&less, child, context);
}

/* No spare network namespace is made or entered; then there is one by clone3, or none. */
static int
refuse(void)
{
	errno = EPERM;
	return -1;
}

WRAP(int, setns, int fd, int type)
{
	return (off & GUARD_BIT(NET_NS)) != 0 ? refuse() : __real_setns(fd, type);
}

WRAP(int, unshare, int flags)
{
	return (off & GUARD_BIT(NET_NS)) != 0 ? refuse() : __real_unshare(flags);
}

/* As the call itself, this reads six arguments, however many there are: the launcher's child calls
 * it at the very top of its stack. */
WRAP(__attribute__((no_sanitize("address"))) long, syscall, long number, ...)
{
	long value[6];
	va_list rest;

	va_start(rest, number);
	for (int i = 0; i < 6; i++)
		value[i] = va_arg(rest, long);
	va_end(rest);
	/* A table of its own the child must have. */
	if ((off & GUARD_BIT(CLOSED_FDS)) != 0 && number == SYS_close_range)
		return (value[2] & CLOSE_RANGE_UNSHARE) != 0 ? __real_unshare(CLONE_FILES) : 0;
	return __real_syscall(number, value[0], value[1], value[2], value[3], value[4], value[5]);
}

WRAP(int, fcntl64, int fd, int command, ...)
{
	long value;
	va_list rest;

	va_start(rest, command);
	value = va_arg(rest, long);
	va_end(rest);
	if ((off & GUARD_BIT(SEALED)) != 0 && command == F_ADD_SEALS)
		return 0;
	return __real_fcntl64(fd, command, value);
}

/* One open /dev/null for all cells. */
WRAP(int, open64, const char *path, int flags, ...)
{
	static int shared = -1;
	unsigned mode = 0;
	va_list rest;

	va_start(rest, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(rest, unsigned);
	va_end(rest);
	if ((off & GUARD_BIT(OWN_NULL)) == 0 || strcmp(path, "/dev/null") != 0)
		return __real_open64(path, flags, mode);
	if (shared < 0)
		shared = __real_open64(path, O_RDWR | O_CLOEXEC);
	return __real_fcntl64(shared, F_DUPFD_CLOEXEC, 0);
}

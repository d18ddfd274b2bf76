#include "sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* What the headers of Linux 6.1 lack; numbers from the kernel's uapi/linux/landlock.h. */
#define FS_TRUNCATE (UINT64_C(1) << 14)  /* ABI 3, Linux 6.2 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5, Linux 6.10 */
#define NET_BIND_TCP (UINT64_C(1) << 0)  /* ABI 4, Linux 6.7 */
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0) /* ABI 6, Linux 6.12 */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

#define FS_1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1) /* the 13 rights of ABI 1 */
#define FS_2 (FS_1 | LANDLOCK_ACCESS_FS_REFER)
#define FS_3 (FS_2 | FS_TRUNCATE)
#define FS_5 (FS_3 | FS_IOCTL_DEV)
#define TCP (NET_BIND_TCP | NET_CONNECT_TCP)

/* What each ABI can handle, and how long its attribute is. An ABI newer than the last row is used
 * as the last row; 0 is no Landlock. */
static const struct {
	struct ruleset_attr handled;
	size_t size;
} abis[] = {
    [1] = {{FS_1, 0, 0}, 8},
    [2] = {{FS_2, 0, 0}, 8},
    [3] = {{FS_3, 0, 0}, 8},
    [4] = {{FS_3, TCP, 0}, 16},
    [5] = {{FS_5, TCP, 0}, 16},
    [6] = {{FS_5, TCP, SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL}, 24},
};

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RUN (READ | LANDLOCK_ACCESS_FS_EXECUTE)
#define DEVICE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)
/* Everything but executing, device nodes and ioctls. */
#define SCRATCH                                                               \
	(FS_5 & ~(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
		    LANDLOCK_ACCESS_FS_MAKE_BLOCK | FS_IOCTL_DEV))
#define ON_A_FILE                                                     \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	    LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

static const struct {
	const char *path;
	uint64_t access;
} places[] = {
    {"/usr", RUN},
    /* Where a host has directories instead of links into /usr. */
    {"/bin", RUN},
    {"/sbin", RUN},
    {"/lib", RUN},
    {"/lib32", RUN},
    {"/lib64", RUN},
    {"/libx32", RUN},
    {"/etc", READ},
    {"/proc", READ},
    {"/tmp", SCRATCH},
    {"/dev", LANDLOCK_ACCESS_FS_READ_DIR},
    {"/dev/null", DEVICE},
    {"/dev/zero", DEVICE},
    {"/dev/full", DEVICE},
    {"/dev/random", LANDLOCK_ACCESS_FS_READ_FILE},
    {"/dev/urandom", LANDLOCK_ACCESS_FS_READ_FILE},
};

/* Allows access, as far as it is handled, beneath path; a path that is not there or a link needs no
 * rule. */
static int
allow(int ruleset, const char *path, uint64_t access)
{
	SCOPED_FD fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return 0;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= ON_A_FILE;
	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0
		   ? -errno
		   : 0;
}

static int
allow_all(int ruleset, const struct plan *plan, uint64_t handled)
{
	int r = plan->bundle_at != NULL ? allow(ruleset, plan->bundle_at, RUN & handled) : 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(places); i++)
		r = allow(ruleset, places[i].path, places[i].access & handled);
	for (uint32_t i = 0; r == 0 && i < plan->head->mount_count; i++)
		r = allow(ruleset, plan->targets[i], RUN & handled);
	return r;
}

/* No rule covers the root itself, so listing it is what Landlock alone forbids. */
static bool
is_listable(void)
{
	SCOPED_FD fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0;
}

int
landlock_enter(const struct plan *plan, uint32_t *ret_abi)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	SCOPED_FD ruleset = -1;
	size_t row;
	int r;

	if (abi < 1)
		return abi < 0 ? -errno : -EOPNOTSUPP;
	row = (size_t)abi < ARRAY_SIZE(abis) ? (size_t)abi : ARRAY_SIZE(abis) - 1;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &abis[row].handled, abis[row].size, 0);
	if (ruleset < 0)
		return -errno;
	r = allow_all(ruleset, plan, abis[row].handled.fs);
	if (r < 0)
		return r;
	if (!is_listable())
		return -EACCES; /* the read-back below would prove nothing */
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return -errno;
	if (is_listable() || errno != EACCES)
		return -EPERM;
	*ret_abi = (uint32_t)abi;
	return 0;
}

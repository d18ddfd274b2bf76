#include "sandbox/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int
privileges_take_identity(unsigned id, bool drop_groups)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	/* Groups while CAP_SETGID is there, the user last (CERT POS36-C). */
	if (drop_groups && setgroups(0, NULL) < 0)
		return -errno;
	if (setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0)
		return -errno;
	if (getresuid(&ruid, &euid, &suid) < 0 || getresgid(&rgid, &egid, &sgid) < 0)
		return -errno;
	if (ruid != id || euid != id || suid != id || rgid != id || egid != id || sgid != id ||
	    (drop_groups && getgroups(0, NULL) != 0))
		return -EPERM;
	return 0;
}

static int
drop_bounding(void)
{
	/* EINVAL above the last one that this kernel knows. */
	for (unsigned long cap = 0;; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return errno == EINVAL && cap > CAP_AUDIT_READ ? 0 : -errno;
}

enum {
	LOCKED = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
		 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
		 SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
};

static bool
is_empty(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	unsigned all = 0;
	int bounding;

	if (syscall(SYS_capget, &head, data) < 0)
		return false;
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		all |= data[i].effective | data[i].permitted | data[i].inheritable;
	for (unsigned long cap = 0; (bounding = prctl(PR_CAPBSET_READ, cap, 0, 0, 0)) >= 0; cap++)
		all |= (unsigned)bounding |
		       (unsigned)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0);
	return all == 0 && prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) == LOCKED;
}

int
privileges_drop(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	int r;

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	/* The bounding set and securebits while CAP_SETPCAP is still there. */
	r = drop_bounding();
	if (r < 0)
		return r;
	if (prctl(PR_SET_SECUREBITS, LOCKED, 0, 0, 0) < 0 || syscall(SYS_capset, &head, none) < 0)
		return -errno;
	return is_empty() ? 0 : -EPERM;
}

int
privileges_forbid_new(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : -EPERM;
}

static bool
session_denies(int command, unsigned long argument)
{
	return syscall(SYS_keyctl, command, KEY_SPEC_SESSION_KEYRING, argument, 0) < 0 &&
	       errno == EACCES;
}

/* Whether this session keyring gives nothing to anybody, because sandbox/keyring.h has closed it:
 * no search, no write (a keyring's link to itself is refused in any case), no way to change that.
 * Its holder may always read it (keyctl_read(3)), so it must be empty. */
static bool
keyring_is_closed(void)
{
	return session_denies(KEYCTL_GET_KEYRING_ID, 0) &&
	       session_denies(KEYCTL_LINK, (unsigned long)KEY_SPEC_SESSION_KEYRING) &&
	       session_denies(KEYCTL_SETPERM, 0) &&
	       syscall(SYS_keyctl, KEYCTL_READ, KEY_SPEC_SESSION_KEYRING, NULL, 0) == 0;
}

int
privileges_new_keyring(void)
{
	long was = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
	long is;

	if (keyring_is_closed())
		return 0;
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return -errno;
	is = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
	return is > 0 && is != was ? 0 : -EPERM;
}

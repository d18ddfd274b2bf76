/* guards.h - what holds a cell, one by one, as the escape suite can turn it off.
 *
 * A guard is turned off in programs that are made for the tests only: praxa-init-weak is linked
 * from the very objects of praxa-init, with the calls that put a guard up sent through weak.c by
 * the linker (--wrap); the product has no switch. */
#ifndef TESTS_ESCAPE_GUARDS_H
#define TESTS_ESCAPE_GUARDS_H

#include <stdint.h>

/* X(enumerator, name as the table prints it, what turning it off means) */
#define GUARDS(X)                                                                              \
	X(SECCOMP, "seccomp", "the filter is not installed")                                   \
	X(LANDLOCK, "landlock", "no ruleset is enforced")                                      \
	X(NO_CAPABILITIES, "no-capabilities", "the six capabilities of set-up stay, ambient")  \
	X(NO_NEW_PRIVS, "no-new-privs", "the flag is not set")                                 \
	X(CLOSED_FDS, "closed-descriptors", "neither launcher nor praxa-init closes anything") \
	X(READ_ONLY, "read-only", "all mounts can be written")                                 \
	X(MOUNT_FLAGS, "mount flags", "no nosuid, nodev, noexec")                              \
	X(PROC, "proc", "the whole /proc, writable, without hidepid")                          \
	X(SESSION, "session", "the caller's session and terminal")                             \
	X(RLIMITS, "rlimits", "the caller's limits")                                           \
	X(NO_DUMP, "no-dump", "the caller's limit of core files")                              \
	X(KEYRING, "keyring", "the caller's session keyring")                                  \
	X(NET_NS, "network-namespace", "the host's network")                                   \
	X(IPC_NS, "ipc-namespace", "the host's SysV and POSIX queues")                         \
	X(UTS_NS, "uts-namespace", "the host's name")                                          \
	X(CGROUP_NS, "cgroup-namespace", "the host's cgroup paths")                            \
	X(TIME_NS, "time-namespace", "the host's clocks")                                      \
	X(NESTED, "no nested namespaces", "user.max_user_namespaces is left alone")            \
	X(DUMPABLE, "undumpable process 1", "praxa-init can be traced by its own user")        \
	X(SEALED, "sealed praxa-init", "the memory file has no seals")                         \
	X(TMP_SIZE, "size of /tmp", "1 GiB and a million files")                               \
	X(OWN_NULL, "own /dev/null", "cells share the supervisor's open /dev/null")            \
	X(ROOT, "root", "no pivot_root: the host's root stays")                                \
	X(PID_NS, "pid-namespace", "the host's processes")                                     \
	X(CGROUP, "cgroup", "no leaf of its own, so no limits of the cell as a whole")         \
	/* Below: what cannot be turned off, because nothing can be built without it. */       \
	X(USER_NS, "user-namespace", "")                                                       \
	X(MOUNT_NS, "mount-namespace", "")                                                     \
	X(KERNEL, "kernel", "")

#define GUARD_ENUM(name, text, off) GUARD_##name,
enum guard { GUARDS(GUARD_ENUM) GUARD_COUNT };

#define GUARD_BIT(name) (UINT64_C(1) << GUARD_##name)

/* Guards that can be off. */
#define GUARDS_SWITCHABLE (GUARD_BIT(USER_NS) - 1)
/* Without these two a program sees another /proc and other process numbers, so that most probes
 * would look at the wrong place: off only in rows that are about them. */
#define GUARDS_ASK (GUARD_BIT(ROOT) | GUARD_BIT(PID_NS))

/* The host name of a cell: praxa-init-weak reads from it which guards are off. */
#define WEAK_HOSTNAME "cell-%016llx"

#endif

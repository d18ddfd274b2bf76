/* layer.h - the layers of the cell by name. praxa-init reads each back after it is set and reports
 * the set; records, policies (`sandbox.require`) and people use these names. Numbers never change.
 */
#ifndef COMMON_LAYER_H
#define COMMON_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(enumerator, bit, name in policies and records, what it means for a reader) */
#define LAYER_TABLE(X)                                                                         \
	X(USER_NS, 0, "user-namespace", "its capabilities would own nothing of the host")      \
	X(MOUNT_NS, 1, "mount-namespace", "no mount of the host inside")                       \
	X(PID_NS, 2, "pid-namespace", "sees and signals no process outside")                   \
	X(NET_NS, 3, "network-namespace", "no interface, no route")                            \
	X(IPC_NS, 4, "ipc-namespace", "no shared memory or queue of the host")                 \
	X(UTS_NS, 5, "uts-namespace", "a host name of its own")                                \
	X(CGROUP_NS, 6, "cgroup-namespace", "sees no cgroup of the host")                      \
	X(TIME_NS, 7, "time-namespace", "clocks of its own, which started with the cell")      \
	X(ROOT, 8, "root", "a root of its own, the host's is gone")                            \
	X(READ_ONLY, 9, "read-only", "everything but its own scratch space is read-only")      \
	X(PROC, 10, "proc", "a /proc of its own processes only")                               \
	X(SESSION, 11, "session", "a session of its own, no controlling terminal")             \
	X(NO_CAPABILITIES, 12, "no-capabilities", "empty in all five sets, securebits locked") \
	X(NO_NEW_PRIVS, 13, "no-new-privs", "set-uid files and file capabilities do nothing")  \
	X(LANDLOCK, 14, "landlock", "file system and network rules that hold by path")         \
	X(SECCOMP, 15, "seccomp", "a list of the system calls it may make")                    \
	X(CLOSED_FDS, 16, "closed-descriptors", "no descriptor but stdio and the door")        \
	X(RLIMITS, 17, "rlimits", "limits that hold without a cgroup")                         \
	X(CGROUP, 18, "cgroup", "memory, process and CPU limits for the whole run")            \
	X(NO_DUMP, 19, "no-dump", "leaves no core file, cannot be traced")                     \
	X(KEYRING, 20, "keyring", "a session keyring of its own, or one without rights")       \
	X(IDENTITY, 21, "identity", "a user namespace, or a host's user id of its own")        \
	X(MDWE, 22, "memory-deny-write-execute", "what could be written is never executed")    \
	X(SPECULATION, 23, "speculation", "no speculative store bypass or indirect branch")

#define LAYER_ENUM(name, bit, text, meaning) LAYER_##name = bit,
enum layer { LAYER_TABLE(LAYER_ENUM) LAYER_COUNT };

#define LAYER_BIT(name) (UINT64_C(1) << LAYER_##name)

/* What "all" means in a policy: the layers that every host and every profile can have. Not among
 * them: the user namespace, one of the two forms of identity; and what only some profiles or some
 * processors have. A policy that insists on one of these names it. */
#define LAYER_ALL                             \
	(((UINT64_C(1) << LAYER_COUNT) - 1) & \
	    ~(LAYER_BIT(USER_NS) | LAYER_BIT(MDWE) | LAYER_BIT(SPECULATION)))

struct layer_info {
	const char *name;
	const char *meaning;
};

/* The row of a layer; NULL above the last. */
const struct layer_info *layer_info(unsigned bit);
/* Finds a layer by name. */
bool layer_from_name(const char *name, enum layer *ret);
/* The layers of mask as "a, b, c", cut at size. */
void layer_list(char *to, size_t size, uint64_t mask);

#endif

/* What the kernel shows as files. Nothing is written: to open it is the finding. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/escape/probe.h"
#include "tests/escape/probes.h"

PROBES_PROC(PROBE_DECLARE)

static struct finding
open_any(const char *const *paths, int flags)
{
	struct finding finding = held("");

	for (; *paths != NULL && !finding.escaped; paths++)
		finding = judge_fd(open(*paths, flags | O_CLOEXEC), *paths);
	return finding;
}

#define OPEN_ANY(flags, ...) open_any((const char *const[]){__VA_ARGS__, NULL}, flags)

struct finding
probe_core_pattern(void)
{
	return OPEN_ANY(O_WRONLY, "/proc/sysrq-trigger", "/proc/sys/kernel/modprobe",
	    "/proc/sys/kernel/core_pattern");
}

struct finding
probe_proc_sys(void)
{
	return OPEN_ANY(O_RDONLY, "/proc/sys/kernel/random/boot_id", "/proc/sys/kernel/osrelease");
}

struct finding
probe_kernel_symbols(void)
{
	return OPEN_ANY(O_RDONLY, "/proc/kallsyms", "/proc/modules", "/proc/kcore", "/proc/keys",
	    "/proc/cmdline", "/proc/timer_list");
}

struct finding
probe_sys_tree(void)
{
	if (access("/sys/kernel", F_OK) == 0)
		return out("/sys");
	return OPEN_ANY(O_RDONLY, "/sys/kernel/uevent_seqnum", "/sys/fs/cgroup/cgroup.procs");
}

struct finding
probe_own_proc_files(void)
{
	return OPEN_ANY(O_WRONLY, "/proc/self/oom_score_adj", "/proc/self/uid_map",
	    "/proc/self/timens_offsets", "/proc/self/clear_refs");
}

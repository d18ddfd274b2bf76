/* What the kernel shows as files. Nothing is written: to open it is the finding. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
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

struct finding
probe_own_memory_file(void)
{
	static const char code[] = "read-only";
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	struct finding finding;

	if (fd < 0)
		return held(strerrorname_np(errno));
	finding =
	    judge(pwrite(fd, "w", 1, (off_t)(uintptr_t)code), "memory that is not to be written");
	close(fd);
	return finding;
}

/* Where the program's file is mapped, as /proc/self/maps has it: "begin-end". */
static bool
find_mapping(char range[64])
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	bool found = false;

	while (maps != NULL && !found && fgets(line, sizeof(line), maps) != NULL)
		found = strchr(line, '/') != NULL && sscanf(line, "%63s", range) == 1;
	if (maps != NULL)
		fclose(maps);
	return found;
}

struct finding
probe_mapped_file(void)
{
	char range[64], path[128];

	if (!find_mapping(range))
		return held("no maps");
	snprintf(path, sizeof(path), "/proc/self/map_files/%s", range);
	return judge_fd(open(path, O_RDWR | O_CLOEXEC), path);
}

struct finding
probe_page_frames(void)
{
	static const uint64_t frame_bits = (UINT64_C(1) << 55) - 1;
	static char page[8192];
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	page[0] = page[4096] = 1;
	if (fd < 0)
		return held(strerrorname_np(errno));
	n = pread(fd, &entry, sizeof(entry),
	    (off_t)((uintptr_t)page / (uintptr_t)sysconf(_SC_PAGESIZE) * sizeof(entry)));
	close(fd);
	if (n != (ssize_t)sizeof(entry))
		return held(strerrorname_np(errno));
	return (entry & frame_bits) != 0 ? out("a physical address") : held("zeros");
}

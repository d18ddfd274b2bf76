#include "tests/sandbox/cgroup_folder.h"

#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

bool
cgroup_folder_make(char *to, size_t size)
{
	/* Hybrid hosts have the tree in the second place. */
	static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	struct statfs fs;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (statfs(places[i], &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
			continue;
		snprintf(to, size, "%s/praxa-test-%d", places[i], (int)getpid());
		if (mkdir(to, 0755) == 0)
			return true;
	}
	to[0] = '\0';
	return false;
}

void
cgroup_folder_remove(const char *folder)
{
	char own[4096];

	if (folder[0] == '\0')
		return;
	snprintf(own, sizeof(own), "%s/supervisor", folder);
	rmdir(own);
	rmdir(folder);
}

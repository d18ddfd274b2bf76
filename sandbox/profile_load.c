#include <stdio.h>

#include "common/io.h"
#include "sandbox/profile.h"

enum { FILE_BYTES_MAX = 256 * 1024 };

static bool
name_is_plain(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return length > 0 && name[length] == '\0' &&
	       length < sizeof(((struct profile *)NULL)->name);
}

enum err
profile_load(int dir_fd, const char *name, struct profile **ret, struct fault *fault)
{
	SCOPED_FREE char *text = NULL;
	size_t length = 0;
	char path[80];
	int r;

	if (!name_is_plain(name))
		return fault_set(fault, ERR_POLICY, "\"%s\" is no name of a profile", name);
	snprintf(path, sizeof(path), "%s.json", name);
	r = io_read_file(dir_fd, path, FILE_BYTES_MAX, &text, &length);
	if (r < 0)
		return fault_set(fault, ERR_POLICY, "seccomp profile %s: %s", path, strerror(-r));
	return profile_parse(text, length, name, 0, ret, fault);
}

#include "sandbox/cgroup_place.h"

#include <fcntl.h>
#include <stdio.h>

#include "sandbox/cgroup_file.h"

/* Puts what follows "0::" in /proc/self/cgroup, our place in the tree, into ret. */
static bool
own_place(char *ret, size_t size)
{
	char text[4096];
	const char *line;
	size_t length;

	if (cgroup_file_read(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) < 0)
		return false;
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (line == NULL)
		return false;
	line += (*line == '\n') + 3;
	length = strcspn(line, "\n");
	if (length >= size)
		return false;
	memcpy(ret, line, length);
	ret[length] = '\0';
	/* A place outside of our cgroup namespace begins with /.. and is nowhere. */
	return line[0] == '/' && strncmp(line, "/..", 3) != 0;
}

/* A line of mountinfo (proc(5)) that mounts the whole tree: puts its mount point into ret. */
static bool
tree_mount(const char *line, char *ret, size_t size)
{
	char root[CGROUP_PATH_MAX], point[CGROUP_PATH_MAX];

	if (strstr(line, " - cgroup2 ") == NULL ||
	    sscanf(line, "%*d %*d %*s %511s %511s", root, point) != 2 || strcmp(root, "/") != 0 ||
	    strchr(point, '\\') != NULL || strlen(point) >= size)
		return false;
	memcpy(ret, point, strlen(point) + 1);
	return true;
}

static bool
find_mount(char *ret, size_t size)
{
	FILE *table = fopen("/proc/self/mountinfo", "re");
	SCOPED_FREE char *line = NULL;
	size_t room = 0;
	bool found = false;

	while (table != NULL && !found && getline(&line, &room, table) > 0)
		found = tree_mount(line, ret, size);
	if (table != NULL)
		fclose(table);
	return found;
}

enum err
cgroup_place_own(const char *leaf, char *ret_path, size_t size, struct fault *fault)
{
	char mount[CGROUP_PATH_MAX], place[CGROUP_PATH_MAX];
	char *last;

	if (!find_mount(mount, sizeof(mount)))
		return fault_set(fault, ERR_CONFINEMENT, "no cgroup v2 is mounted");
	if (!own_place(place, sizeof(place)))
		return fault_set(
		    fault, ERR_CONFINEMENT, "this process has no place in the cgroup v2 tree");
	last = strrchr(place, '/');
	if (strcmp(last + 1, leaf) == 0)
		*last = '\0';
	if ((size_t)snprintf(ret_path, size, "%s%s", mount, place) >= size)
		return fault_set(fault, ERR_CONFINEMENT, "the path of our cgroup is too long");
	return ERR_OK;
}

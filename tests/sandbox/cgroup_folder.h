/* cgroup_folder.h - a directory in cgroup v2 that is a test's own. */
#ifndef TESTS_SANDBOX_CGROUP_FOLDER_H
#define TESTS_SANDBOX_CGROUP_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* Makes one at the top of the tree; false, and *to is "", where there is no tree or this user may
 * not write to it. */
bool cgroup_folder_make(char *to, size_t size);
/* Removes it, and what cgroup_open made in it, once nobody is in it. Accepts "". */
void cgroup_folder_remove(const char *folder);

#endif

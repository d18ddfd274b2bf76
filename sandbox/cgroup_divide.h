/* cgroup_divide.h - a supervisor among other processes in a cgroup that systemd has delegated to
 * them all, as `praxa run` and its daemons are in `systemd-run --scope -p Delegate=yes praxa run`.
 *
 * A cgroup has processes or limits its children, never both (cgroup-v2.rst, "No Internal Process
 * Constraint"). So all processes in it move into one leaf, `others`, which has no limit of its own,
 * and beside that the supervisor gets a directory for its cells.
 * https://systemd.io/CGROUP_DELEGATION/: below a unit with Delegate=yes the tree is ours. */
#ifndef SANDBOX_CGROUP_DIVIDE_H
#define SANDBOX_CGROUP_DIVIDE_H

#include "sandbox/cgroup_place.h"

/* Divides the cgroup that this process is in, or that it was divided in before, and puts the path
 * of the directory called name beneath it into ret_path: what cgroup_open takes. systemd must say
 * that the cgroup is delegated: root could write to any. ERR_CONFINEMENT: it does not, or a process
 * cannot be moved; then nothing is taken, though some processes may be in `others`. */
MUST_USE enum err cgroup_divide_own(
    const char *name, char *ret_path, size_t size, struct fault *fault);
/* The same with the directory at path. */
MUST_USE enum err cgroup_divide(
    const char *path, const char *name, char *ret_path, size_t size, struct fault *fault);
/* Removes the directory, which must be empty; else it stays for the next of that name. */
void cgroup_divide_end(const char *path);

#endif

#include "cli/paths.h"

#include <errno.h>
#include <stdio.h>

/* <base>/<relative>, which must exist. */
static enum err
locate(char to[PATHS_MAX], const char *base, const char *relative, struct fault *fault)
{
	int n = snprintf(to, PATHS_MAX, "%s/%s", base, relative);

	if (n < 0 || n >= PATHS_MAX)
		return fault_set(fault, ERR_LIMIT, "the path of this program is too long");
	if (access(to, R_OK | X_OK) < 0)
		return fault_set(fault, ERR_NOT_FOUND, "%s: %s; this installation is not complete",
		    to, strerror(errno));
	return ERR_OK;
}

enum err
paths_find(struct paths *ret, struct fault *fault)
{
	static const char *const layouts[2][3] = {
	    {".", "seccomp-profiles", "sdk/python"},
	    {"../libexec/praxa", "../share/praxa/seccomp-profiles", "../share/praxa/sdk/python"},
	};
	char base[PATHS_MAX], probe[PATHS_MAX];
	ssize_t n = readlink("/proc/self/exe", base, sizeof(base) - 1);
	const char *const *layout = layouts[0];
	char *slash;
	enum err r;

	if (n < 0)
		return fault_set(fault, ERR_INTERNAL, "/proc/self/exe: %s", strerror(errno));
	base[n] = '\0';
	slash = strrchr(base, '/');
	if (slash == NULL)
		return fault_set(fault, ERR_INTERNAL, "/proc/self/exe is not a path");
	*slash = '\0';
	if (locate(probe, base, "praxad", fault) != ERR_OK)
		layout = layouts[1];
	r = locate(ret->daemons, base, layout[0], fault);
	if (r == ERR_OK)
		r = locate(ret->profiles, base, layout[1], fault);
	if (r == ERR_OK)
		r = locate(ret->sdk, base, layout[2], fault);
	return r;
}

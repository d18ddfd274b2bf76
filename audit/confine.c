#include "audit/confine.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum err
audit_confine(struct fault *fault)
{
	static const struct rlimit no_core = {0, 0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return fault_set(fault, ERR_CONFINEMENT, "no_new_privs: %s", strerror(errno));
	if (setrlimit(RLIMIT_CORE, &no_core) < 0)
		return fault_set(fault, ERR_CONFINEMENT, "RLIMIT_CORE: %s", strerror(errno));
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return fault_set(fault, ERR_CONFINEMENT, "PR_SET_DUMPABLE: %s", strerror(errno));
	umask(077);
	return ERR_OK;
}

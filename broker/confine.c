#include "broker/confine.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/io.h"

enum err
broker_confine(struct fault *fault)
{
	const struct rlimit none = {0, 0};

	umask(077);
	io_allow_many_files();
	/* A core file would hold every run's data; a tracer could read it live. */
	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fault_set(fault, ERR_CONFINEMENT, "the broker cannot confine itself: %s",
		    strerror(errno));
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return fault_set(
		    fault, ERR_CONFINEMENT, "the broker's confinement did not take effect");
	return ERR_OK;
}

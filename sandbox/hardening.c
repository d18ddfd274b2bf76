#include "sandbox/hardening.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/prctl.h>

/* Of <linux/prctl.h> since Linux 6.3. */
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_GET_MDWE 66
#define PR_MDWE_REFUSE_EXEC_GAIN 1UL
#endif

int
hardening_deny_new_code(void)
{
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_GET_MDWE, 0, 0, 0, 0) == (int)PR_MDWE_REFUSE_EXEC_GAIN ? 0 : -EPERM;
}

/* Whether the processor cannot speculate so in this process: it never does, never does here, or
 * does not for anybody. */
static bool
is_restricted(unsigned long misfeature)
{
	int is;

	/* Fails where there is no choice; what counts is what is read back. */
	prctl(PR_SET_SPECULATION_CTRL, misfeature, PR_SPEC_FORCE_DISABLE, 0, 0);
	is = prctl(PR_GET_SPECULATION_CTRL, misfeature, 0, 0, 0);
	return is == PR_SPEC_NOT_AFFECTED || is == PR_SPEC_DISABLE ||
	       (is > 0 && ((unsigned)is & PR_SPEC_FORCE_DISABLE) != 0);
}

int
hardening_restrict_speculation(void)
{
	bool store = is_restricted(PR_SPEC_STORE_BYPASS);
	bool branch = is_restricted(PR_SPEC_INDIRECT_BRANCH);

	return store && branch ? 0 : -EOPNOTSUPP;
}

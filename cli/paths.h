/* paths.h - where the rest of Praxa lies, seen from the running `praxa`: beside it in a build tree,
 * under libexec and share where it is installed. */
#ifndef CLI_PATHS_H
#define CLI_PATHS_H

#include "common/fault.h"

enum { PATHS_MAX = 512 };

struct paths {
	char daemons[PATHS_MAX];  /* praxad, praxa-broker, praxa-auditd, praxa-init */
	char profiles[PATHS_MAX]; /* seccomp profiles */
	char sdk[PATHS_MAX];      /* the Python SDK: a directory with the package praxa */
};

/* Looks at /proc/self/exe. ERR_NOT_FOUND: an incomplete installation, and what is missing. */
MUST_USE enum err paths_find(struct paths *ret, struct fault *fault);

#endif

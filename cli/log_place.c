#include "cli/log_place.h"

#include <stdio.h>

#include "cli/stack.h"

const char *
log_place(const char *log, const char *state, const char *workspace, char *path, size_t size)
{
	char fallback[PATHS_MAX];
	struct fault fault;

	if (log != NULL)
		return log;
	if (state == NULL) {
		if (stack_default_state(fallback, sizeof(fallback), &fault) != ERR_OK)
			return NULL;
		state = fallback;
	}
	if ((size_t)snprintf(path, size, "%s/audit/%s", state,
		workspace != NULL ? workspace : STACK_WORKSPACE) >= size)
		return NULL;
	return path;
}

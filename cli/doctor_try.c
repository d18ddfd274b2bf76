#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>

#include "cli/doctor.h"
#include "common/io.h"

int
doctor_try(int (*attempt)(void))
{
	int ends[2], answer = -EIO, status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int r = attempt();

		_exit(io_write_full(ends[1], &r, sizeof(r)) < 0);
	}
	close(ends[1]);
	if (pid < 0 || io_read_full(ends[0], &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
		answer = -EIO;
	close(ends[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return answer;
}

void
doctor_read(const char *path, char *to, size_t size)
{
	SCOPED_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, to, size - 1);

	to[n > 0 ? n : 0] = '\0';
	to[strcspn(to, "\n")] = '\0';
}

void
doctor_say(
    struct doctor_finding *ret, enum doctor_state state, const char *fix, const char *detail, ...)
{
	va_list values;

	ret->state = state;
	va_start(values, detail);
	vsnprintf(ret->detail, sizeof(ret->detail), detail, values);
	va_end(values);
	text_copy(ret->fix, sizeof(ret->fix), fix != NULL ? fix : "");
}

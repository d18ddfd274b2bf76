#include "common/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static uint64_t
system_realtime_ms(void *context)
{
	struct timespec ts = {0};

	(void)context;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint64_t
system_monotonic_ns(void *context)
{
	struct timespec ts = {0};

	(void)context;
	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void
system_random(void *context, void *to, size_t length)
{
	size_t done = 0;

	(void)context;
	while (done < length) {
		ssize_t n = getrandom((char *)to + done, length - done, 0);

		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR)
			abort(); /* no entropy source: nothing that follows would be safe */
	}
}

const struct clock clock_system = {
    .realtime_ms = system_realtime_ms,
    .monotonic_ns = system_monotonic_ns,
    .random = system_random,
};

/* clock.h - time and randomness as parameters, so that tests steer them. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* The callbacks never fail and never block. */
struct clock {
	uint64_t (*realtime_ms)(void *context);  /* ms since 1970, CLOCK_REALTIME: for people */
	uint64_t (*monotonic_ns)(void *context); /* CLOCK_BOOTTIME: for durations and deadlines */
	void (*random)(void *context, void *to, size_t length); /* unpredictable, getrandom(2) */
	void *context;
};

/* The kernel's clocks and getrandom(2). */
extern const struct clock clock_system;

static inline uint64_t
clock_realtime_ms(const struct clock *clock)
{
	return clock->realtime_ms(clock->context);
}

static inline uint64_t
clock_monotonic_ns(const struct clock *clock)
{
	return clock->monotonic_ns(clock->context);
}

#endif

#include "common/event.h"

#include <string.h>

#include "common/scope.h"

#define EVENT_ROW(name, number, text, roles) [number] = {text, roles},
static const struct {
	const char *name;
	unsigned roles;
} events[] = {EVENT_TABLE(EVENT_ROW)};

#define END_ROW(name, number, text, meaning) [number] = {text, meaning},
static const struct end_info ends[] = {END_TABLE(END_ROW)};

const char *
event_name(unsigned kind)
{
	return kind < ARRAY_SIZE(events) ? events[kind].name : NULL;
}

enum event_kind
event_from_name(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(events); i++)
		if (events[i].name != NULL && strcmp(events[i].name, name) == 0)
			return (enum event_kind)i;
	return EVENT_NONE;
}

unsigned
event_roles(unsigned kind)
{
	return kind < ARRAY_SIZE(events) ? events[kind].roles : 0;
}

const struct end_info *
end_info(unsigned reason)
{
	static const struct end_info unknown = {"unknown", "the reason is not known"};

	if (reason >= ARRAY_SIZE(ends) || ends[reason].name == NULL)
		return &unknown;
	return &ends[reason];
}

#include <stdio.h>

#include "broker/store.h"
#include "common/utf8.h"

static bool
names_are_sound(const char *at, bool is_prefix)
{
	while (*at != '\0' || !is_prefix) {
		size_t part = strcspn(at, "/");

		if (part == 0 || (part == 1 && at[0] == '.') ||
		    (part == 2 && at[0] == '.' && at[1] == '.'))
			return false;
		at += part;
		if (*at == '\0')
			return !is_prefix;
		at++;
	}
	return true;
}

static bool
characters_are_sound(const char *key, size_t length)
{
	const unsigned char *at = (const unsigned char *)key;

	for (size_t i = 0; i < length;) {
		size_t width = utf8_width(at + i, length - i);

		if (width == 0 || at[i] < 0x20 || at[i] == 0x7f ||
		    (width > 1 && utf8_is_invisible(at + i, width)))
			return false;
		i += width;
	}
	return true;
}

enum err
broker_key_check(const char *workspace, const char *key, bool is_prefix, struct fault *fault)
{
	size_t length = strlen(key), mine = strlen(workspace);
	char allowed[ID_NAME_MAX + 8];

	snprintf(allowed, sizeof(allowed), "ws/%s/…", workspace);
	if (strncmp(key, "ws/", 3) != 0) {
		fault_set(fault, ERR_MEMORY_NAMESPACE, "a key starts with ws/%s/", workspace);
		return fault_field(fault, "key", allowed);
	}
	if (strncmp(key + 3, workspace, mine) != 0 || key[3 + mine] != '/') {
		fault_set(fault, ERR_WORKSPACE_SCOPE,
		    "the key belongs to another workspace; this run is in %s", workspace);
		return fault_field(fault, "key", allowed);
	}
	if (length <= BROKER_MEMORY_KEY_MAX && characters_are_sound(key, length) &&
	    names_are_sound(key + 3 + mine + 1, is_prefix))
		return ERR_OK;
	fault_set(fault, ERR_MEMORY_NAMESPACE,
	    "the key is malformed: names separated by single slashes, at most %d bytes%s",
	    BROKER_MEMORY_KEY_MAX, is_prefix ? ", a slash at the end" : "");
	return fault_field(fault, "key", allowed);
}

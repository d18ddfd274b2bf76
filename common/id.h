/* id.h - identifiers: a prefix that says what it names, and a ULID (github.com/ulid/spec): 48 bits
 * of milliseconds, 80 random bits, 26 characters of Crockford's base 32, sortable by time. */
#ifndef COMMON_ID_H
#define COMMON_ID_H

#include <stdbool.h>

#include "common/clock.h"

enum {
	ID_ULID_LENGTH = 26,
	ID_MAX = 32,      /* prefix, '_', ULID, NUL: rn_…, ae_… */
	ID_NAME_MAX = 72, /* sk_… or ws_…: prefix and a name of at most 64 characters */
};

#define ID_RUN "rn"
#define ID_EVENT "ae"

/* A fresh id such as rn_01J…; prefix has two characters. Never fails. */
void id_new(char to[ID_MAX], const char prefix[2], const struct clock *clock);
/* True for prefix + '_' + 26 characters of the ULID alphabet. */
bool id_is_valid(const char *id, const char prefix[2]);
/* True for a name as policies may use it: 1 to 64 of [a-z0-9-], no hyphen at either end and no two
 * in a row (the Agent Skills rule for `name`). */
bool id_name_is_valid(const char *name);

#endif

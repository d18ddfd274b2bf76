/* body.h - the map that stands behind a record, and small builders of values. */
#ifndef BROKER_BODY_H
#define BROKER_BODY_H

#include "common/buffer.h"
#include "common/digest.h"
#include "common/fault.h"
#include "common/value.h"

/* A map that borrows pairs[0..count). */
static inline struct value
broker_map(const struct value_pair *pairs, uint32_t count)
{
	return (struct value){.type = VALUE_MAP, .length = count, .pairs = pairs};
}

/* Stands for a value that is too large for a record: what it was can be proven, not read. */
struct broker_digested {
	char text[DIGEST_TEXT_MAX];
	struct value_pair pairs[2];
};

/* value itself when its MessagePack form has at most max bytes, else {<prefix>sha256, size} of that
 * form, built in *space, which the result borrows. scratch is emptied, used and emptied. */
struct value broker_bounded(const struct value *value, size_t max, const char *digest_key,
    struct broker_digested *space, struct buffer *scratch);

#endif

#include "broker/body.h"

#include "common/codec.h"

struct value
broker_bounded(const struct value *value, size_t max, const char *digest_key,
    struct broker_digested *space, struct buffer *scratch)
{
	struct digest digest;
	int64_t size;

	scratch->length = 0;
	if (!codec_encode(scratch, value))
		return (struct value){.type = VALUE_NULL};
	if (scratch->length <= max)
		return *value;
	digest = digest_of(scratch->data, scratch->length);
	size = (int64_t)scratch->length;
	buffer_done(scratch); /* it was large, and that is rare */
	digest_text(space->text, &digest);
	space->pairs[0] = value_member(digest_key, value_string(space->text));
	space->pairs[1] = value_member("size", value_integer(size));
	return broker_map(space->pairs, 2);
}

#include "audit/body.h"

#include "audit/record.h"
#include "common/codec.h"
#include "common/codec_scan.h"

_Static_assert((int)RECORD_BODY_MAX < 1 << 24, "every body can be all values");

/* The appender had limits of its own for what it took; here only the bytes that are there count. */
static const struct codec_limits limits = {
    .bytes = RECORD_BODY_MAX,
    .depth = BODY_DEPTH_MAX - 1, /* the innermost container holds a level more */
    .items = RECORD_BODY_MAX,
    .array = RECORD_BODY_MAX,
    .map = RECORD_BODY_MAX,
    .string = RECORD_BODY_MAX,
    .key = RECORD_BODY_MAX,
};

enum err
body_decode(const unsigned char *bytes, size_t length, struct arena *arena, struct value *ret,
    struct fault *fault)
{
	struct codec_scan scan = {.limits = &limits};
	enum err r;

	*ret = (struct value){.type = VALUE_NULL};
	if (length == 0)
		return ERR_OK;
	r = codec_scan(&scan, bytes, length, fault);
	if (r != ERR_OK)
		return r;
	if (!scan.done || scan.at != length)
		return fault_set(fault, ERR_PROTOCOL, "the body is not one MessagePack object");
	return codec_decode(bytes, length, arena, ret, fault);
}

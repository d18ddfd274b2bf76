#include "broker/limits.h"

_Static_assert((int)BROKER_DEPTH_MAX <= (int)VALUE_DEPTH_MAX, "a value holds every message");

const struct codec_limits broker_limits = {
    .bytes = BROKER_FRAME_BYTES_MAX,
    .depth = BROKER_DEPTH_MAX,
    .items = BROKER_ITEMS_MAX,
    .array = BROKER_ARRAY_MAX,
    .map = BROKER_MAP_MAX,
    .string = BROKER_STRING_BYTES_MAX,
    .key = BROKER_KEY_BYTES_MAX,
};

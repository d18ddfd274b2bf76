#include "common/id.h"

#include <string.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void
id_new(char to[ID_MAX], const char prefix[2], const struct clock *clock)
{
	uint64_t ms = clock_realtime_ms(clock);
	unsigned char bytes[16];
	char *out = to;

	for (int i = 0; i < 6; i++)
		bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
	clock->random(clock->context, bytes + 6, 10);
	*out++ = prefix[0];
	*out++ = prefix[1];
	*out++ = '_';
	/* 26 digits of 5 bits are 130 bits: the two above the 128 are zero. */
	for (int digit = 0; digit < ID_ULID_LENGTH; digit++) {
		int bit = digit * 5 - 2;
		unsigned value = 0;

		for (int k = 0; k < 5; k++, bit++)
			value = value << 1 |
				(bit < 0 ? 0U : (unsigned)(bytes[bit / 8] >> (7 - bit % 8)) & 1U);
		*out++ = alphabet[value];
	}
	*out = '\0';
}

bool
id_is_valid(const char *id, const char prefix[2])
{
	if (strnlen(id, ID_MAX) != 3 + ID_ULID_LENGTH || id[0] != prefix[0] || id[1] != prefix[1] ||
	    id[2] != '_' || id[3] > '7')
		return false;
	return strspn(id + 3, alphabet) == ID_ULID_LENGTH;
}

bool
id_name_is_valid(const char *name)
{
	size_t length = strnlen(name, 65);

	if (length == 0 || length > 64 || name[0] == '-' || name[length - 1] == '-' ||
	    strstr(name, "--") != NULL)
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

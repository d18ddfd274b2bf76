#include "common/text.h"

#include <stdio.h>
#include <time.h>

void
text_hex(char *to, const void *from, size_t length)
{
	const unsigned char *in = from;

	for (size_t i = 0; i < length; i++) {
		*to++ = "0123456789abcdef"[in[i] >> 4];
		*to++ = "0123456789abcdef"[in[i] & 15];
	}
	*to = '\0';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool
text_unhex(const char *text, void *to, size_t length)
{
	unsigned char *out = to;

	for (size_t i = 0; i < length; i++) {
		int high = hex_digit(text[2 * i]);
		int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);

		if (low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return text[2 * length] == '\0';
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *
text_base64(const void *from, size_t length)
{
	const unsigned char *in = from;
	char *text = length <= SIZE_MAX / 2 ? malloc((length + 2) / 3 * 4 + 1) : NULL;
	char *out = text;

	for (size_t i = 0; out != NULL && i < length; i += 3) {
		size_t left = length - i;
		unsigned word = (unsigned)in[i] << 16 | (left > 1 ? (unsigned)in[i + 1] << 8 : 0) |
				(left > 2 ? in[i + 2] : 0);

		*out++ = base64_digits[word >> 18];
		*out++ = base64_digits[word >> 12 & 63];
		*out++ = left > 1 ? base64_digits[word >> 6 & 63] : '=';
		*out++ = left > 2 ? base64_digits[word & 63] : '=';
	}
	if (out != NULL)
		*out = '\0';
	return text;
}

/* Decodes one group of four; returns its bytes, or -1. */
static int
base64_group(const char *text, unsigned char out[3])
{
	int pad = text[3] == '=' ? (text[2] == '=' ? 2 : 1) : 0;
	unsigned word = 0;

	for (int i = 0; i < 4; i++) {
		const char *digit =
		    i < 4 - pad ? memchr(base64_digits, text[i], 64) : base64_digits;

		if (digit == NULL)
			return -1;
		word = word << 6 | (unsigned)(digit - base64_digits);
	}
	out[0] = (unsigned char)(word >> 16);
	out[1] = (unsigned char)(word >> 8);
	out[2] = (unsigned char)word;
	/* Bits behind the last byte must be zero: one text, one value. */
	if ((pad == 1 && out[2] != 0) || (pad == 2 && (out[1] | out[2]) != 0))
		return -1;
	return 3 - pad;
}

long
text_unbase64(const char *text, size_t length, void *to, size_t max)
{
	size_t done = 0;

	if (length % 4 != 0)
		return -1;
	for (size_t i = 0; i < length; i += 4) {
		unsigned char group[3];
		int n = base64_group(text + i, group);

		if (n < 0 || (n < 3 && i + 4 < length) || done + (size_t)n > max)
			return -1;
		memcpy((unsigned char *)to + done, group, (size_t)n);
		done += (size_t)n;
	}
	return (long)done;
}

bool
text_decimal(const char *text, size_t length, uint64_t *ret)
{
	uint64_t value = 0;

	if (length == 0 || (length > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < length; i++)
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return false;
	*ret = value;
	return true;
}

void
text_time(char to[TEXT_TIME_MAX], uint64_t realtime_ms)
{
	time_t seconds = (time_t)(realtime_ms / 1000);
	struct tm tm;
	size_t n;

	if (gmtime_r(&seconds, &tm) == NULL) {
		snprintf(to, TEXT_TIME_MAX, "-");
		return;
	}
	n = strftime(to, TEXT_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(to + n, TEXT_TIME_MAX - n, ".%03uZ", (unsigned)(realtime_ms % 1000));
}

struct unit {
	const char *name;
	uint64_t factor;
};

static bool
quantity(const char *text, const struct unit *units, size_t count, uint64_t *ret)
{
	uint64_t number = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*p - '0'), &number))
			return false;
	if (p == text)
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcmp(p, units[i].name) == 0)
			return !__builtin_mul_overflow(number, units[i].factor, ret);
	return false;
}

bool
text_bytes(const char *text, uint64_t *ret_bytes)
{
	static const struct unit units[] = {
	    {"B", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}};

	return quantity(text, units, ARRAY_SIZE(units), ret_bytes);
}

bool
text_duration(const char *text, uint64_t *ret_ns)
{
	static const struct unit units[] = {{"ms", 1000000}, {"s", 1000000000},
	    {"m", 60 * UINT64_C(1000000000)}, {"h", 3600 * UINT64_C(1000000000)},
	    {"d", 86400 * UINT64_C(1000000000)}};

	return quantity(text, units, ARRAY_SIZE(units), ret_ns);
}

enum { NEAREST_MAX = 48 };

/* Levenshtein's distance, with a row that fits NEAREST_MAX characters. */
static size_t
distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t row[NEAREST_MAX + 1];

	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b_length];
}

const char *
text_nearest(const char *word, const char *const *candidates)
{
	size_t length = strnlen(word, NEAREST_MAX + 1);
	size_t limit = length < 4 ? 1 : length < 8 ? 2 : 3;
	const char *nearest = NULL;

	if (length == 0 || length > NEAREST_MAX)
		return NULL;
	for (; *candidates != NULL; candidates++) {
		size_t other = strlen(*candidates), d;

		if (other > NEAREST_MAX)
			continue;
		d = distance(word, length, *candidates, other);
		if (d <= limit && d < other) {
			limit = d > 0 ? d - 1 : 0;
			nearest = *candidates;
		}
	}
	return nearest;
}

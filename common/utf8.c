#include "common/utf8.h"

#include "common/scope.h"

uint32_t
utf8_code_point(const unsigned char *text, size_t width)
{
	static const unsigned char lead[] = {0, 0xff, 0x1f, 0x0f, 0x07};
	uint32_t c = text[0] & lead[width];

	for (size_t i = 1; i < width; i++)
		c = c << 6 | (text[i] & 0x3f);
	return c;
}

size_t
utf8_width(const unsigned char *text, size_t length)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t width;
	uint32_t c;

	if (length == 0)
		return 0;
	if (text[0] < 0x80)
		return 1;
	width = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	if (text[0] < 0xc2 || text[0] > 0xf4 || width > length)
		return 0;
	for (size_t i = 1; i < width; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	c = utf8_code_point(text, width);
	if (c < least[width] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return width;
}

bool
utf8_is_valid(const void *text, size_t length)
{
	const unsigned char *t = text;

	for (size_t i = 0; i < length;) {
		size_t width = utf8_width(t + i, length - i);

		if (width == 0)
			return false;
		i += width;
	}
	return true;
}

bool
utf8_is_invisible(const unsigned char *text, size_t width)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
	    {0x80, 0x9f},
	    {0xad, 0xad},
	    {0x61c, 0x61c},
	    {0x180e, 0x180e},
	    {0x200b, 0x200f},
	    {0x2028, 0x202e},
	    {0x2060, 0x206f},
	    {0xfe00, 0xfe0f},
	    {0xfeff, 0xfeff},
	    {0xfff9, 0xfffb},
	    {0xe0000, 0xe0fff},
	};
	uint32_t c = utf8_code_point(text, width);

	for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

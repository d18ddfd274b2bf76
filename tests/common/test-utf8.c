#include "common/utf8.h"

#include "common/scope.h"
#include "tests/lib/check.h"

static void
width_answers_each_boundary_of_rfc_3629(void **state)
{
	static const struct {
		const char *bytes;
		size_t length, width;
	} rows[] = {
	    {"", 0, 0},
	    {"\0", 1, 1},
	    {"\x7f", 1, 1},
	    {"\x80", 1, 0},             /* continuation alone */
	    {"\xc1\xbf", 2, 0},         /* overlong 0x7f */
	    {"\xc2\x80", 2, 2},         /* U+0080 */
	    {"\xdf\xbf", 2, 2},         /* U+07FF */
	    {"\xe0\x9f\xbf", 3, 0},     /* overlong U+07FF */
	    {"\xe0\xa0\x80", 3, 3},     /* U+0800 */
	    {"\xed\x9f\xbf", 3, 3},     /* U+D7FF */
	    {"\xed\xa0\x80", 3, 0},     /* U+D800 */
	    {"\xed\xbf\xbf", 3, 0},     /* U+DFFF */
	    {"\xee\x80\x80", 3, 3},     /* U+E000 */
	    {"\xef\xbf\xbf", 3, 3},     /* U+FFFF */
	    {"\xf0\x8f\xbf\xbf", 4, 0}, /* overlong U+FFFF */
	    {"\xf0\x90\x80\x80", 4, 4}, /* U+10000 */
	    {"\xf4\x8f\xbf\xbf", 4, 4}, /* U+10FFFF */
	    {"\xf4\x90\x80\x80", 4, 0}, /* U+110000 */
	    {"\xf5\x80\x80\x80", 4, 0},
	    {"\xff", 1, 0},
	    {"\xc2", 1, 0}, /* cut */
	    {"\xe0\xa0", 2, 0},
	    {"\xf0\x90\x80", 3, 0},
	    {"\xc2\x20", 2, 0}, /* no continuation */
	    {"\xe0\xa0\x20", 3, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(utf8_width((const unsigned char *)rows[i].bytes, rows[i].length),
		    rows[i].width);
}

/* Encodes without asking whether it may be. */
static size_t
encode(uint32_t c, unsigned char out[4])
{
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t width = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = width; i-- > 1; c >>= 6)
		out[i] = (unsigned char)(0x80 | (c & 0x3f));
	out[0] = (unsigned char)(lead[width] | c);
	return width;
}

static void
every_scalar_value_is_valid_and_no_surrogate_is(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 0x110800; c++) {
		unsigned char bytes[4];
		size_t width = encode(c, bytes);
		bool scalar = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);

		if (utf8_width(bytes, width) != (scalar ? width : 0))
			fail_msg("U+%04X", c);
	}
}

static void
validity_looks_at_every_byte(void **state)
{
	(void)state;
	assert_true(utf8_is_valid("", 0));
	assert_true(utf8_is_valid("a\xc3\xbc\0z", 5));
	assert_false(utf8_is_valid("ok\xc3", 3));
	assert_false(utf8_is_valid("\xc3\xbc\xff", 3));
}

static void
what_a_reader_cannot_see_is_invisible(void **state)
{
	static const struct {
		const char *bytes;
		bool invisible;
	} rows[] = {
	    {"a", false}, {"\xc3\xbc", false}, {"\xc2\x80", true}, /* C1 */
	    {"\xc2\x9f", true},                                    /* C1 */
	    {"\xc2\xa0", false},                                   /* no-break space */
	    {"\xc2\xad", true},                                    /* soft hyphen */
	    {"\xe2\x80\x8b", true},                                /* zero width space */
	    {"\xe2\x80\x8f", true},                                /* right-to-left mark */
	    {"\xe2\x80\x90", false},                               /* hyphen */
	    {"\xe2\x80\xa8", true},                                /* line separator */
	    {"\xe2\x80\xae", true},                                /* right-to-left override */
	    {"\xe2\x81\xa6", true},                                /* left-to-right isolate */
	    {"\xef\xbb\xbf", true},                                /* byte order mark */
	    {"\xf3\xa0\x81\x81", true},                            /* tag A */
	    {"\xf0\x9f\x99\x82", false}                            /* a smile */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(
		    utf8_is_invisible((const unsigned char *)rows[i].bytes, strlen(rows[i].bytes)),
		    rows[i].invisible);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(width_answers_each_boundary_of_rfc_3629),
	    cmocka_unit_test(every_scalar_value_is_valid_and_no_surrogate_is),
	    cmocka_unit_test(validity_looks_at_every_byte),
	    cmocka_unit_test(what_a_reader_cannot_see_is_invisible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

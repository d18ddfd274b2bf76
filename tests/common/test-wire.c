#include "common/wire.h"

#include "tests/lib/check.h"

/* The table again, as data. */
static const struct {
	const char *name;
	unsigned type, from, to;
	size_t body, extra;
	int fds;
} rows[] = {
#define ROW(name, tag, number, from, to, extra, fds) \
	{#name, number, from, to, sizeof(struct wire_##tag), extra, fds},
    WIRE_TABLE(ROW)};

static const enum wire_role roles[] = {WIRE_CLI, WIRE_SUPERVISOR, WIRE_BROKER, WIRE_AUDITD};

enum { PACKET_SPACE = WIRE_PACKET_MAX + 64 };

static struct {
	_Alignas(uint64_t) unsigned char bytes[PACKET_SPACE];
} space;

/* A sound packet of row i with all the extra bytes that it may have; returns its length. */
static size_t
packet_of(size_t i, size_t extra)
{
	struct wire_head head = {WIRE_MAGIC, WIRE_VERSION, (uint16_t)rows[i].type, 42};

	memset(space.bytes, 0, sizeof(space.bytes));
	memcpy(space.bytes, &head, sizeof(head));
	return sizeof(head) + rows[i].body + extra;
}

static enum err
check(size_t length, int fds, unsigned from, unsigned to)
{
	struct wire_message message;
	struct fault fault = {0};
	enum err r = wire_check(
	    space.bytes, length, fds, (enum wire_role)from, (enum wire_role)to, &message, &fault);

	assert_int_equal(fault.code, r);
	assert_true(r == ERR_OK || fault.message[0] != '\0');
	return r;
}

/* The lowest role of a mask. */
static unsigned
one(unsigned mask)
{
	return mask & (~mask + 1);
}

static void
numbers_and_names_are_unique_and_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t body, extra;
		int fds;

		assert_true(rows[i].type <= UINT16_MAX && rows[i].type > 0);
		assert_string_equal(wire_name(rows[i].type), rows[i].name);
		assert_true(wire_shape(rows[i].type, &body, &extra, &fds));
		assert_int_equal(body, rows[i].body);
		assert_int_equal(extra, rows[i].extra);
		assert_int_equal(fds, rows[i].fds);
		assert_in_range(fds, 0, WIRE_FDS_MAX);
		for (size_t j = i + 1; j < ARRAY_SIZE(rows); j++)
			assert_int_not_equal(rows[i].type, rows[j].type);
	}
	assert_string_equal(wire_name(0), "unknown");
	assert_string_equal(wire_name(UINT32_MAX), "unknown");
}

static void
nobody_sends_a_message_to_himself(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_not_equal(rows[i].from, 0);
		assert_int_not_equal(rows[i].to, 0);
		assert_int_equal(rows[i].from & rows[i].to, 0);
	}
}

static void
a_sound_packet_passes_with_and_without_extra_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct wire_message message;
		size_t length = packet_of(i, rows[i].extra);

		assert_int_equal(
		    wire_check(space.bytes, length, rows[i].fds, (enum wire_role)one(rows[i].from),
			(enum wire_role)one(rows[i].to), &message, NULL),
		    ERR_OK);
		assert_int_equal(message.type, rows[i].type);
		assert_int_equal(message.serial, 42);
		assert_ptr_equal(message.body, space.bytes + sizeof(struct wire_head));
		assert_ptr_equal(
		    message.extra, space.bytes + sizeof(struct wire_head) + rows[i].body);
		assert_int_equal(message.extra_length, rows[i].extra);
		assert_int_equal(
		    check(packet_of(i, 0), rows[i].fds, one(rows[i].from), one(rows[i].to)),
		    ERR_OK);
	}
}

static void
every_other_direction_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t f = 0; f < ARRAY_SIZE(roles); f++)
			for (size_t t = 0; t < ARRAY_SIZE(roles); t++) {
				bool may =
				    (rows[i].from & roles[f]) != 0 && (rows[i].to & roles[t]) != 0;

				assert_int_equal(
				    check(packet_of(i, 0), rows[i].fds, roles[f], roles[t]),
				    may ? ERR_OK : ERR_PROTOCOL);
			}
}

static void
each_truncation_and_one_extra_byte_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned from = one(rows[i].from), to = one(rows[i].to);
		size_t whole = packet_of(i, 0), most = packet_of(i, rows[i].extra);

		for (size_t length = 0; length < whole; length++)
			assert_int_equal(check(length, rows[i].fds, from, to), ERR_PROTOCOL);
		assert_int_equal(check(most + 1, rows[i].fds, from, to), ERR_PROTOCOL);
	}
}

static void
every_other_count_of_descriptors_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int fds = 0; fds <= WIRE_FDS_MAX; fds++)
			assert_int_equal(
			    check(packet_of(i, 0), fds, one(rows[i].from), one(rows[i].to)),
			    fds == rows[i].fds ? ERR_OK : ERR_PROTOCOL);
}

/* The sizes of a row's texts in order, from the table; 0 ends a list. */
#define SIZE_TEXT(size) size,
#define SIZE_U32(size)
#define SIZE_I32(size)
#define SIZE_U64(size)
#define SIZE_DIGEST(size)
#define SIZE_FAULT(size) FAULT_MESSAGE_MAX, FAULT_RULE_MAX, FAULT_FIELD_MAX, FAULT_ALLOWED_MAX,
#define SIZE(kind, name, size) SIZE_##kind(size)
#define SIZES(name, tag, number, from, to, extra, fds) {WIRE_##name(SIZE) 0},
static const size_t text_sizes[][16] = {WIRE_TABLE(SIZES)};

/* Checks a packet of row i whose body is zero but for [start, end). It is refused exactly when a
 * whole text lies within: that text has no end. */
static bool
is_refused(size_t i, size_t start, size_t end)
{
	unsigned char *body = space.bytes + sizeof(struct wire_head);

	memset(body, 0, rows[i].body);
	memset(body + start, 'x', end - start);
	return check(sizeof(struct wire_head) + rows[i].body, rows[i].fds, one(rows[i].from),
		   one(rows[i].to)) != ERR_OK;
}

/* The next text of row i behind from: its size, and where it ends. 0: no more. */
static size_t
next_text(size_t i, size_t from, size_t *ret_end)
{
	size_t end = from, start;

	while (end <= rows[i].body && !is_refused(i, from, end))
		end++;
	if (end > rows[i].body)
		return 0;
	for (start = end; !is_refused(i, start, end);)
		start--;
	*ret_end = end;
	return end - start;
}

/* Finds the texts by what wire_check refuses, and compares them with the table: a text that it
 * forgot to look at, or looked at only in part, would show. */
static void
each_unterminated_text_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t at = 0;

		packet_of(i, 0);
		for (const size_t *size = text_sizes[i]; *size != 0; size++)
			assert_int_equal(next_text(i, at, &at), *size);
		assert_int_equal(next_text(i, at, &at), 0);
	}
}

static void
another_magic_version_or_type_is_refused(void **state)
{
	static const uint16_t types[] = {0, 9, 19, 99, 1000, UINT16_MAX};
	struct wire_head head = {WIRE_MAGIC, WIRE_VERSION, 0, 0};
	size_t length = packet_of(0, 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		head.type = types[i];
		memcpy(space.bytes, &head, sizeof(head));
		assert_int_equal(
		    check(length, rows[0].fds, one(rows[0].from), one(rows[0].to)), ERR_PROTOCOL);
	}
	head = (struct wire_head){WIRE_MAGIC + 1, WIRE_VERSION, (uint16_t)rows[0].type, 0};
	memcpy(space.bytes, &head, sizeof(head));
	assert_int_equal(
	    check(length, rows[0].fds, one(rows[0].from), one(rows[0].to)), ERR_PROTOCOL);
	head = (struct wire_head){WIRE_MAGIC, WIRE_VERSION + 1, (uint16_t)rows[0].type, 0};
	memcpy(space.bytes, &head, sizeof(head));
	assert_int_equal(
	    check(length, rows[0].fds, one(rows[0].from), one(rows[0].to)), ERR_PROTOCOL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_and_names_are_unique_and_found),
	    cmocka_unit_test(nobody_sends_a_message_to_himself),
	    cmocka_unit_test(a_sound_packet_passes_with_and_without_extra_bytes),
	    cmocka_unit_test(every_other_direction_is_refused),
	    cmocka_unit_test(each_truncation_and_one_extra_byte_are_refused),
	    cmocka_unit_test(every_other_count_of_descriptors_is_refused),
	    cmocka_unit_test(each_unterminated_text_is_refused),
	    cmocka_unit_test(another_magic_version_or_type_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

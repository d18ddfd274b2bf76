/* What still holds when the guard that must stop a probe is off: docs/escapes.md, measured. With
 * --table the program prints that table; with --try PROBE GUARD,... it runs one probe without some
 * guards; without, it compares.
 *
 * The guards that hold are found by taking away: a set is searched in which the probe escapes and
 * from which no guard can be put back without stopping it. Each guard of that set then stops the
 * probe alone, and no other guard does. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "common/io.h"
#include "tests/escape/guards.h"
#include "tests/escape/probes.h"
#include "tests/escape/stage.h"
#include "tests/lib/check.h"

enum { DOCUMENT_MAX = 1024 * 1024, LIST_MAX = 512 };

static struct stage *stage;

static const char *const guard_names[] = {
#define GUARD_NAME(name, text, off) text,
    GUARDS(GUARD_NAME)};

struct row {
	const char *name, *technique, *contained;
	enum guard guard;
	uint64_t also;
};

#define PROBE_ROW(ident, technique, guard, also, contained) \
	{#ident, technique, contained, GUARD_##guard, also},
#define THEME(name, list) static const struct row name[] = {list(PROBE_ROW)};
/* clang-format off */
THEME(descriptors, PROBES_DESCRIPTORS)
THEME(files, PROBES_FILES)
THEME(mounts, PROBES_MOUNTS)
THEME(namespaces, PROBES_NAMESPACES)
THEME(syscalls, PROBES_SYSCALLS)
THEME(sockets, PROBES_SOCKETS)
THEME(ipc, PROBES_IPC)
THEME(signals, PROBES_SIGNALS)
THEME(tty, PROBES_TTY)
THEME(proc, PROBES_PROC)
THEME(resources, PROBES_RESOURCES)
THEME(init, PROBES_INIT)
THEME(pairs, PROBES_PAIRS)
/* clang-format on */

static const struct {
	const char *title;
	const struct row *rows;
	size_t count;
} themes[] = {
    {"Descriptors", descriptors, ARRAY_SIZE(descriptors)},
    {"Files", files, ARRAY_SIZE(files)},
    {"Mounts", mounts, ARRAY_SIZE(mounts)},
    {"Namespaces", namespaces, ARRAY_SIZE(namespaces)},
    {"System calls and other ABIs", syscalls, ARRAY_SIZE(syscalls)},
    {"Sockets", sockets, ARRAY_SIZE(sockets)},
    {"Shared memory, queues, keys", ipc, ARRAY_SIZE(ipc)},
    {"Signals and tracing", signals, ARRAY_SIZE(signals)},
    {"Terminals", tty, ARRAY_SIZE(tty)},
    {"/proc and /sys", proc, ARRAY_SIZE(proc)},
    {"Resources", resources, ARRAY_SIZE(resources)},
    {"Process 1", init, ARRAY_SIZE(init)},
    {"Two cells at once", pairs, ARRAY_SIZE(pairs)},
};

static struct verdict
try(const struct row *row, uint64_t off)
{
	return stage_try_weak(stage, row->name, strncmp(row->name, "pair_", 5) == 0, off);
}

static bool
escapes(const struct row *row, uint64_t off)
{
	return try(row, off).escaped;
}

/* The guards that each stop the probe; 0: something stops it that cannot be turned off. */
static uint64_t
find_guards(const struct row *row)
{
	uint64_t off = GUARDS_SWITCHABLE & ~(GUARDS_ASK & ~row->also);
	uint64_t own = UINT64_C(1) << row->guard & GUARDS_SWITCHABLE;

	if (own != 0 && escapes(row, own))
		return own;
	if (!escapes(row, off))
		return 0;
	for (unsigned i = 0; i < GUARD_COUNT; i++) {
		uint64_t bit = UINT64_C(1) << i;

		if ((off & bit) != 0 && bit != own && escapes(row, off & ~bit))
			off &= ~bit;
	}
	return own != 0 && escapes(row, off & ~own) ? off & ~own : off;
}

static void
list_guards(uint64_t guards, char *to, size_t size)
{
	size_t used = 0;

	snprintf(to, size, "nothing else");
	for (unsigned i = 0; i < GUARD_COUNT && used < size; i++)
		if ((guards >> i & 1) != 0)
			used += (size_t)snprintf(
			    to + used, size - used, "%s%s", used > 0 ? ", " : "", guard_names[i]);
}

/* One line of the table. false: the row names a guard that does not stop its probe. */
static bool
put_row(FILE *to, const struct row *row)
{
	uint64_t own = UINT64_C(1) << row->guard & GUARDS_SWITCHABLE;
	uint64_t guards = find_guards(row);
	struct verdict verdict = {.built = true};
	char list[LIST_MAX];

	list_guards(guards & ~own, list, sizeof(list));
	if (guards == 0) {
		verdict = try(row, GUARDS_SWITCHABLE & ~(GUARDS_ASK & ~row->also));
		snprintf(list, sizeof(list), "held with every guard off: %s", verdict.how);
	}
	fprintf(to, "| %s | %s | %s | %s | %s |\n", row->name, row->technique,
	    guard_names[row->guard], row->contained, list);
	return guards == 0 ? verdict.built : own == 0 || (guards & own) != 0;
}

static unsigned
put_table(FILE *to)
{
	struct utsname host;
	unsigned wrong = 0;

	uname(&host);
	fprintf(to, "Measured on Linux %s, %s.\n", host.release, host.machine);
	for (size_t i = 0; i < ARRAY_SIZE(themes); i++) {
		fprintf(to, "\n### %s\n\n", themes[i].title);
		fputs("| probe | technique | stopped by | contained when | with that off, "
		      "still stopped by |\n|---|---|---|---|---|\n",
		    to);
		for (size_t j = 0; j < themes[i].count; j++)
			if (!put_row(to, &themes[i].rows[j])) {
				fprintf(stderr, "%s: %s does not stop it\n", themes[i].rows[j].name,
				    guard_names[themes[i].rows[j].guard]);
				wrong++;
			}
	}
	fputs("\n### Known, not stopped\n\n| probe | technique | why it is accepted |\n"
	      "|---|---|---|\n",
	    to);
#define ACCEPTED_ROW(ident, technique, why) \
	fprintf(to, "| %s | %s | %s |\n", #ident, technique, why);
	PROBES_ACCEPTED(ACCEPTED_ROW)
	return wrong;
}

static const char begin_mark[] = "<!-- measured: tests/escape/table -->\n";

/* What the document says, from the mark to its end; heap, the caller's. */
static char *
read_document(void)
{
	char path[4096];
	char *text = NULL, *at;
	size_t length = 0;

	snprintf(path, sizeof(path), "%s/docs/escapes.md", getenv("PRAXA_SOURCE"));
	assert_int_equal(io_read_file(AT_FDCWD, path, DOCUMENT_MAX, &text, &length), 0);
	at = strstr(text, begin_mark);
	assert_non_null(at);
	memmove(text, at + sizeof(begin_mark) - 1, strlen(at + sizeof(begin_mark) - 1) + 1);
	return text;
}

static void
assert_same(const char *is, const char *said)
{
	while (*is != '\0' || *said != '\0') {
		size_t length = strcspn(is, "\n");

		if (strcspn(said, "\n") != length || memcmp(is, said, length) != 0)
			fail_msg("docs/escapes.md is out of date; run tests/escape/table\n"
				 "measured: %.*s\nsays:     %.*s",
			    (int)length, is, (int)strcspn(said, "\n"), said);
		is += length + (is[length] != '\0');
		said += length + (said[length] != '\0');
	}
}

static void
each_guard_stops_what_it_must_and_the_document_says_what_else_does(void **state)
{
	SCOPED_FREE char *is = NULL;
	SCOPED_FREE char *said = NULL;
	size_t length = 0, first;
	FILE *to;

	(void)state;
	if (!stage_has_weak(stage))
		CHECK_SKIP("only root takes guards away: other users' processes are at stake");
	to = open_memstream(&is, &length);
	assert_non_null(to);
	assert_int_equal(put_table(to), 0);
	fclose(to);
	said = read_document();
	first = strcspn(is, "\n");
	if (strncmp(is, said, first) != 0)
		CHECK_SKIP("the table was measured on another kernel");
	assert_same(is, said);
}

/* One probe without the guards of a list of names, separated by commas: for whoever doubts. */
static int
try_one(const char *probe, const char *names)
{
	uint64_t off = 0;
	struct verdict verdict;

	for (unsigned i = 0; i < GUARD_COUNT; i++)
		if (strstr(names, guard_names[i]) != NULL)
			off |= UINT64_C(1) << i;
	verdict = stage_try_weak(stage, probe, strncmp(probe, "pair_", 5) == 0, off);
	printf("%s: %s\n", verdict.escaped ? "ESCAPED" : "contained", verdict.how);
	return verdict.escaped;
}

static int
run(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_guard_stops_what_it_must_and_the_document_says_what_else_does),
	};
	int result;

	stage = stage_new(STAGE_ROOT);
	if (argc == 2 && strcmp(argv[1], "--table") == 0)
		result = put_table(stdout) > 0;
	else if (argc == 4 && strcmp(argv[1], "--try") == 0)
		result = try_one(argv[2], argv[3]);
	else
		result = cmocka_run_group_tests(tests, NULL, NULL);
	stage_free(&stage);
	return result;
}

int
main(int argc, char **argv)
{
	return stage_main(run, argc, argv);
}

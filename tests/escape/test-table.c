/* What still holds when the guard that must stop a probe is off, measured and compared with what
 * was measured before on such a kernel: tests/escape/measured, of which docs/escapes.md is made.
 * With
 * --rows the program prints the table of probes; with --try PROBE GUARD,... it runs one probe
 * without some guards.
 *
 * The guards that hold are found by taking away: a set is searched in which the probe escapes and
 * from which no guard can be put back without stopping it. Each guard of that set then stops the
 * probe alone, and no other guard does. */
#include <ctype.h>
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
THEME(cgroup, PROBES_CGROUP)
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
    {"The cell as a whole", cgroup, ARRAY_SIZE(cgroup)},
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

/* What was found for a row, as a text. false: the row names a guard that does not stop its probe.
 */
static bool
measure(const struct row *row, char *to, size_t size)
{
	uint64_t own = UINT64_C(1) << row->guard & GUARDS_SWITCHABLE;
	struct verdict verdict;
	uint64_t guards;

	if (row->guard == GUARD_CGROUP && !stage_has_cgroup(stage)) {
		snprintf(to, size, "not measured");
		return true;
	}
	guards = find_guards(row);
	list_guards(guards & ~own, to, size);
	if (guards != 0)
		return own == 0 || (guards & own) != 0;
	verdict = try(row, GUARDS_SWITCHABLE & ~(GUARDS_ASK & ~row->also));
	snprintf(to, size, "held with every guard off: %s", verdict.how);
	return verdict.built;
}

/* Series and flavour of the running kernel, without the numbers that change with each update:
 * 6.1-cloud-amd64 for 6.1.0-56-cloud-amd64. */
static void
name_kernel(const char *release, char *to, size_t size)
{
	const char *flavour = release;
	int series = 0;

	sscanf(release, "%*d.%*d%n", &series);
	while (*flavour != '\0' && isalpha((unsigned char)*flavour) == 0)
		flavour++;
	snprintf(to, size, "%.*s%s%s", series, release, *flavour != '\0' ? "-" : "", flavour);
}

/* What a measurement depends on, as the name of its file in tests/escape/measured and as its first
 * line. */
static void
name_measurement(char *name, size_t size, FILE *to)
{
	const bool privileged = ESCAPE_WAY == STAGE_PRIVILEGED;
	const bool limited = stage_has_cgroup(stage);
	struct utsname host;
	char kernel[96];

	uname(&host);
	name_kernel(host.release, kernel, sizeof(kernel));
	snprintf(name, size, "%s-%s%s%s", host.machine, kernel, privileged ? "-privileged" : "",
	    limited ? "-cgroup" : "");
	fprintf(to, "on\tLinux %s, %s, %s user namespaces, %s a cgroup\n", kernel, host.machine,
	    privileged ? "without" : "with", limited ? "with" : "without");
}

/* Everything, one line a probe. Returns how many rows name a guard that stops nothing. */
static unsigned
measure_all(FILE *to)
{
	char text[LIST_MAX];
	unsigned wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(themes); i++)
		for (size_t j = 0; j < themes[i].count; j++) {
			const struct row *row = &themes[i].rows[j];

			if (!measure(row, text, sizeof(text))) {
				print_message("# %s: %s does not stop it: %s\n", row->name,
				    guard_names[row->guard], text);
				wrong++;
			}
			fprintf(to, "%s\t%s\n", row->name, text);
		}
	return wrong;
}

/* Each line of text as a comment of TAP, from which tests/escape/table takes it. */
static void
print_measured(const char *name, const char *text)
{
	print_message("# measured %s\n", name);
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		print_message("# %.*s\n", (int)length, text);
		text += length + (text[length] != '\0');
	}
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
	char name[320], path[4096];
	size_t length = 0, read;
	unsigned wrong;
	FILE *to;

	(void)state;
	if (!stage_has_weak(stage))
		CHECK_SKIP("guards are taken away by root only, and never in a namespace around");
	to = open_memstream(&is, &length);
	assert_non_null(to);
	name_measurement(name, sizeof(name), to);
	wrong = measure_all(to);
	fclose(to);
	print_measured(name, is);
	assert_int_equal(wrong, 0);
	snprintf(path, sizeof(path), "%s/tests/escape/measured/%s", getenv("PRAXA_SOURCE"), name);
	if (io_read_file(AT_FDCWD, path, DOCUMENT_MAX, &said, &read) < 0)
		CHECK_SKIP("the table was measured on another kernel");
	assert_same(is, said);
}

static int
print_rows(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(themes); i++)
		for (size_t j = 0; j < themes[i].count; j++) {
			const struct row *row = &themes[i].rows[j];

			printf("%s\t%s\t%s\t%s\t%s\n", themes[i].title, row->name, row->technique,
			    guard_names[row->guard], row->contained);
		}
#define ACCEPTED_ROW(ident, technique, why) printf("\t%s\t%s\t%s\n", #ident, technique, why);
	PROBES_ACCEPTED(ACCEPTED_ROW)
	return 0;
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

	if (argc == 2 && strcmp(argv[1], "--rows") == 0)
		return print_rows();
	stage = stage_new(ESCAPE_WAY);
	if (argc == 4 && strcmp(argv[1], "--try") == 0)
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

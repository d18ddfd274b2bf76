/* Every probe of tests/escape/probes.h in the product's own cell, under each shipped profile: each
 * must be contained. One TAP case a probe; a comment line says name, guard and finding. */
#include <stdio.h>
#include <string.h>

#include "sandbox/cell.h"
#include "tests/escape/guards.h"
#include "tests/escape/probes.h"
#include "tests/escape/stage.h"
#include "tests/lib/check.h"

static struct stage *stage;

static const char *const guard_names[] = {
#define GUARD_NAME(name, text, off) text,
    GUARDS(GUARD_NAME)};
static const char *const profile_names[] = {"base", "node", "python", "shell"};

struct row {
	const char *name;
	enum guard guard;
	bool accepted;
};

static const struct row rows[] = {
#define PROBE_ROW(ident, technique, guard, also, contained) {#ident, GUARD_##guard, false},
#define ACCEPTED_ROW(ident, technique, why) {#ident, GUARD_KERNEL, true},
    PROBES(PROBE_ROW) PROBES_ACCEPTED(ACCEPTED_ROW)};

static bool
needs_two(const struct row *row)
{
	return strncmp(row->name, "pair_", 5) == 0 || strcmp(row->name, "file_locks") == 0;
}

static void
is_contained(const struct row *row)
{
	for (int i = 0; i < STAGE_PROFILES; i++) {
		struct verdict verdict =
		    stage_try(stage, row->name, needs_two(row), (enum stage_profile)i);

		print_message("# %-20s %-22s %-7s %s: %s\n", row->name, guard_names[row->guard],
		    profile_names[i], verdict.escaped ? "ESCAPED" : "contained", verdict.how);
		if (!verdict.built || verdict.escaped)
			fail_msg("%s under %s: %s", row->name, profile_names[i], verdict.how);
	}
}

/* What docs/escapes.md says is not stopped: where it is, the document is to be mended. */
static void
is_as_documented(const struct row *row)
{
	struct verdict verdict = stage_try(stage, row->name, needs_two(row), STAGE_SHELL);

	print_message("# %-20s accepted: %s\n", row->name, verdict.how);
	if (!verdict.built || !verdict.escaped)
		fail_msg("%s is stopped: %s", row->name, verdict.how);
}

static void
probe(void **state)
{
	const struct row *row = *state;

	if (row->guard == GUARD_CGROUP && !stage_has_cgroup(stage))
		CHECK_SKIP("no cgroup v2 that this user may write to");
	if (row->accepted)
		is_as_documented(row);
	else
		is_contained(row);
}

/* A cell without these is refused, not weaker: so no row has them off. Tried only where a cell has
 * a user namespace: without one, and without a mount namespace, it would be the host's own root
 * that praxa-init replaces. */
static void
no_cell_is_built_without_user_or_mount_namespace(void **state)
{
	static const uint64_t guards[] = {GUARD_BIT(USER_NS), GUARD_BIT(MOUNT_NS)};

	(void)state;
	if (ESCAPE_WAY != STAGE_ROOT)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(guards) && stage_has_weak(stage); i++)
		assert_false(stage_try_weak(stage, "io_uring", false, guards[i]).built);
}

/* Refused or right: a name that changes under our hands never leads elsewhere. */
static void
a_source_that_is_swapped_while_cells_are_built_is_what_was_opened(void **state)
{
	enum { CELLS = 40 };
	struct verdict verdict;
	bool escaped = false;

	(void)state;
	/* Every cell of a user's takes one of his 200 session keys, which come back late. */
	if (ESCAPE_WAY == STAGE_WARM && geteuid() != 0)
		CHECK_SKIP("a user's session keys run out");
	stage_swap(stage, true);
	for (int i = 0; i < CELLS && !escaped; i++) {
		verdict = stage_try(stage, "swapped_source", false, STAGE_BASE);
		escaped = verdict.escaped;
	}
	stage_swap(stage, false);
	assert_false(escaped);
	verdict = stage_try(stage, "swapped_source", false, STAGE_BASE);
	assert_true(verdict.built && !verdict.escaped);
}

static int
begin(void **state)
{
	(void)state;
	stage = stage_new(ESCAPE_WAY);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	stage_free(&stage);
	return 0;
}

static int
run(int argc, char **argv)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows) + 2];

	(void)argc;
	(void)argv;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		tests[i] = (struct CMUnitTest){
		    rows[i].name, probe, NULL, NULL, (void *)(uintptr_t)&rows[i]};
	tests[ARRAY_SIZE(rows)] =
	    (struct CMUnitTest)cmocka_unit_test(no_cell_is_built_without_user_or_mount_namespace);
	tests[ARRAY_SIZE(rows) + 1] = (struct CMUnitTest)cmocka_unit_test(
	    a_source_that_is_swapped_while_cells_are_built_is_what_was_opened);
	return cmocka_run_group_tests(tests, begin, end);
}

int
main(int argc, char **argv)
{
	return stage_main(run, argc, argv);
}

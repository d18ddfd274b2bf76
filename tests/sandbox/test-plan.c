#include "sandbox/plan.h"

#include <stdio.h>

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

static struct sock_filter filter[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
static const struct profile profile = {.name = "case", .filter = filter, .length = 1};
static const char *const env[] = {"A=1", "B=", NULL};

/* A spec that uses every member; the caller changes what it tests. */
struct sample {
	struct policy_cell cell;
	struct cell_mount mounts[CELL_MOUNTS_MAX + 1];
	struct cell_spec spec;
};

static void
sample_init(struct sample *sample)
{
	*sample = (struct sample){
	    .cell = {.argv = {"/skill/run", "-v", NULL},
		.limits = {1, 2, 7, 4, 5, 6, 7, 8, 9, 10, 11},
		.required = 5},
	    .mounts = {{.source_fd = 10, .target = "/data"}, {.source_fd = 11, .target = "/a/b"}},
	};
	sample->spec = (struct cell_spec){
	    .cell = &sample->cell,
	    .profile = &profile,
	    .envp = env,
	    .bundle_fd = 9,
	    .bundle_at = "/skill",
	    .mounts = sample->mounts,
	    .mount_count = 2,
	    .hostname = "cell",
	};
}

static enum err
encode(const struct cell_spec *spec, void **ret_data, size_t *ret_length, struct fault *fault)
{
	struct plan_head head = {
	    .flags = spec->bundle_fd >= 0 ? PLAN_BUNDLE : 0, .start_ns = 3, .id = 1000};

	return plan_encode(spec, &head, ret_data, ret_length, fault);
}

static void
what_is_encoded_is_what_is_parsed(void **state)
{
	struct sample sample;
	SCOPED_FREE void *data = NULL;
	struct plan plan;
	size_t length = 0;

	(void)state;
	sample_init(&sample);
	assert_int_equal(encode(&sample.spec, &data, &length, NULL), ERR_OK);
	assert_true(plan_parse(data, length, &plan));
	assert_int_equal(plan.head->required, 5);
	assert_int_equal(plan.head->limits.open_files, 7);
	assert_int_equal(plan.head->start_ns, 3);
	assert_memory_equal(plan.filter, filter, sizeof(filter));
	assert_string_equal(plan.hostname, "cell");
	assert_string_equal(plan.bundle_at, "/skill");
	assert_string_equal(plan.targets[0], "/data");
	assert_string_equal(plan.targets[1], "/a/b");
	assert_string_equal(plan.argv[0], "/skill/run");
	assert_string_equal(plan.argv[1], "-v");
	assert_null(plan.argv[2]);
	assert_string_equal(plan.envp[0], "A=1");
	assert_string_equal(plan.envp[1], "B=");
	assert_null(plan.envp[2]);
}

static void
every_cut_and_every_longer_plan_is_refused(void **state)
{
	struct sample sample;
	SCOPED_FREE void *data = NULL;
	SCOPED_FREE char *longer = NULL;
	struct plan plan;
	size_t length = 0;

	(void)state;
	sample_init(&sample);
	assert_int_equal(encode(&sample.spec, &data, &length, NULL), ERR_OK);
	for (size_t cut = 0; cut < length; cut++) {
		((struct plan_head *)data)->size = (uint32_t)cut;
		assert_false(plan_parse(data, cut, &plan));
	}
	longer = calloc(1, length + 1);
	assert_non_null(longer);
	((struct plan_head *)data)->size = (uint32_t)length + 1;
	memcpy(longer, data, length);
	assert_false(plan_parse(longer, length + 1, &plan));
}

static void
numbers_outside_their_limits_are_refused(void **state)
{
	struct sample sample;
	SCOPED_FREE void *data = NULL;
	struct plan_head *head, sound;
	struct plan plan;
	size_t length = 0;

	(void)state;
	sample_init(&sample);
	assert_int_equal(encode(&sample.spec, &data, &length, NULL), ERR_OK);
	head = data;
	sound = *head;
#define REFUSED(member, value)                                 \
	do {                                                   \
		head->member = (value);                        \
		assert_false(plan_parse(data, length, &plan)); \
		*head = sound;                                 \
	} while (0)
	REFUSED(id, 0);
	REFUSED(active, LAYER_BIT(SECCOMP));
	REFUSED(id, UINT32_MAX);
	REFUSED(reserved, 1);
	REFUSED(limits.tmp_bytes, 0);
	REFUSED(limits.tmp_files, 0);
	REFUSED(limits.memory_bytes, UINT64_MAX);
	REFUSED(limits.cpu_ns, UINT64_MAX);
	REFUSED(magic[0], 'X');
	REFUSED(size, sound.size + 1);
	REFUSED(flags, PLAN_FLAGS + 1);
	REFUSED(flags, 0); /* a place for a bundle that is not there */
	REFUSED(filter_length, 0);
	REFUSED(filter_length, 2);
	REFUSED(filter_length, UINT32_MAX);
	REFUSED(mount_count, CELL_MOUNTS_MAX + 1);
	REFUSED(mount_count, 1);
	REFUSED(arg_count, 0);
	REFUSED(arg_count, POLICY_ARGV_MAX + 1);
	REFUSED(env_count, PLAN_ENV_MAX + 1);
	REFUSED(env_count, UINT32_MAX);
#undef REFUSED
	assert_true(plan_parse(data, length, &plan));
}

static void
bad_targets_are_refused(void **state)
{
	static const char *const targets[] = {"", "/", "data", "/data/", "//data", "/./data",
	    "/data/.", "/..", "/data/../x", "/usr", "/usr/share/x", "/proc", "/dev/x", "/tmp/x",
	    "/etc", "/sys", "/lib64", "/a\nb", "/a\\b", "/skill", "/skill/data", "/a", "/a/b/c",
	    "/a/b"};
	struct sample sample;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		void *data = NULL;
		size_t length = 0;
		struct fault fault = {0};

		sample_init(&sample);
		sample.mounts[0].target = targets[i];
		if (encode(&sample.spec, &data, &length, &fault) != ERR_CONFINEMENT)
			fail_msg("\"%s\" is not refused", targets[i]);
		assert_int_equal(fault.code, ERR_CONFINEMENT);
		assert_null(data);
	}
}

static void
names_that_only_resemble_are_allowed(void **state)
{
	static const char *const targets[] = {
	    "/users", "/usr2", "/ab", "/skills", "/.hidden", "/...", "/data..", "/deep/er/still"};
	struct sample sample;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		SCOPED_FREE void *data = NULL;
		size_t length = 0;
		struct plan plan;

		sample_init(&sample);
		sample.mounts[0].target = targets[i];
		assert_int_equal(encode(&sample.spec, &data, &length, NULL), ERR_OK);
		assert_true(plan_parse(data, length, &plan));
	}
}

static void
a_spec_beyond_the_limits_is_refused(void **state)
{
	char name[PLAN_HOSTNAME_MAX + 1];
	const char *long_env[PLAN_ENV_MAX + 2];
	struct sample sample;
	void *data = NULL;
	size_t length = 0;

	(void)state;
#define REFUSED(change)                                                                        \
	do {                                                                                   \
		sample_init(&sample);                                                          \
		change;                                                                        \
		assert_int_equal(encode(&sample.spec, &data, &length, NULL), ERR_CONFINEMENT); \
	} while (0)
	memset(name, 'n', sizeof(name));
	name[PLAN_HOSTNAME_MAX] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(long_env); i++)
		long_env[i] = i < PLAN_ENV_MAX + 1 ? "A=" : NULL;
	REFUSED(sample.cell.limits.processes = 0);
	REFUSED(sample.cell.limits.processes = UINT64_MAX);
	REFUSED(sample.spec.hostname = name);
	REFUSED(sample.spec.envp = long_env);
	REFUSED(sample.spec.mount_count = CELL_MOUNTS_MAX + 1);
	REFUSED(sample.cell.argv[0] = "run");
	REFUSED(sample.cell.argv[0] = NULL);
	REFUSED(sample.spec.bundle_fd = -1);
	REFUSED(sample.spec.bundle_at = NULL);
#undef REFUSED
	assert_null(data);
}

static bool
encode_sample(void *context)
{
	struct sample sample;
	SCOPED_FREE void *data = NULL;
	struct fault fault = {0};
	size_t length = 0;

	(void)context;
	sample_init(&sample);
	return encode(&sample.spec, &data, &length, &fault) == ERR_OK ? data != NULL : data == NULL;
}

static void
every_failing_allocation_is_noticed(void **state)
{
	(void)state;
	fail_nth_until_ok(FAIL_MEMORY, 0, encode_sample, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_encoded_is_what_is_parsed),
	    cmocka_unit_test(every_cut_and_every_longer_plan_is_refused),
	    cmocka_unit_test(numbers_outside_their_limits_are_refused),
	    cmocka_unit_test(bad_targets_are_refused),
	    cmocka_unit_test(names_that_only_resemble_are_allowed),
	    cmocka_unit_test(a_spec_beyond_the_limits_is_refused),
	    cmocka_unit_test(every_failing_allocation_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

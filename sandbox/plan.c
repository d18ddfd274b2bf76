#include "sandbox/plan.h"

#include <stdalign.h>
#include <stdio.h>

static const char magic[8] = {'P', 'R', 'X', 'P', 'L', 'A', 'N', 4};

_Static_assert(sizeof(struct plan_head) % alignof(struct sock_filter) == 0, "filter is aligned");

/* Places that praxa-init fills: nothing may be put over or into them. */
static const char *const reserved[] = {
    "bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "sbin", "sys", "tmp", "usr"};

/* One path part ends at c; dots tells whether it was nothing but dots. */
static bool
part_is_sound(size_t length, bool dots)
{
	return length > 0 && !(dots && length <= 2);
}

static bool
parts_are_sound(const char *target)
{
	size_t length = 0;
	bool dots = true;

	for (const char *at = target + 1;; at++) {
		if (*at == '/' || *at == '\0') {
			if (!part_is_sound(length, dots))
				return false;
			if (*at == '\0')
				return at - target < PLAN_TARGET_MAX;
			length = 0;
			dots = true;
			continue;
		}
		if ((unsigned char)*at < 0x20 || *at == 0x7f || *at == '\\')
			return false;
		length++;
		dots = dots && *at == '.';
	}
}

static bool
is_reserved(const char *target)
{
	size_t first = strcspn(target + 1, "/");

	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strlen(reserved[i]) == first && memcmp(reserved[i], target + 1, first) == 0)
			return true;
	return false;
}

/* Same place, or one inside the other. */
static bool
hides(const char *a, const char *b)
{
	size_t x = strlen(a), y = strlen(b), shorter = x < y ? x : y;

	if (memcmp(a, b, shorter) != 0)
		return false;
	return x == y || (x < y ? b : a)[shorter] == '/';
}

/* What is wrong with the targets of plan; NULL: nothing. */
static const char *
targets_wrong(const struct plan *plan)
{
	const char *all[CELL_MOUNTS_MAX + 1];
	size_t count = 0;

	if (plan->bundle_at != NULL)
		all[count++] = plan->bundle_at;
	for (uint32_t i = 0; i < plan->head->mount_count; i++)
		all[count++] = plan->targets[i];
	for (size_t i = 0; i < count; i++) {
		if (all[i][0] != '/' || !parts_are_sound(all[i]))
			return "a mount needs an absolute target without '.' and '..'";
		if (is_reserved(all[i]))
			return "a mount may not cover a system directory of the cell";
		for (size_t j = 0; j < i; j++)
			if (hides(all[i], all[j]))
				return "one mount hides another";
	}
	return NULL;
}

/* Walks the strings; latched: after one miss every further string is NULL. */
struct strings {
	const char *at, *end;
	bool bad;
};

static const char *
next(struct strings *strings)
{
	size_t left = (size_t)(strings->end - strings->at);
	const char *text = strings->at, *nul = left > 0 ? memchr(text, '\0', left) : NULL;

	if (strings->bad || nul == NULL) {
		strings->bad = true;
		return NULL;
	}
	strings->at = nul + 1;
	return text;
}

/* execve(2) takes char *const *, but changes nothing. */
static void
next_list(struct strings *strings, uint32_t count, char **ret)
{
	for (uint32_t i = 0; i < count; i++)
		ret[i] = (char *)(uintptr_t)next(strings);
	ret[count] = NULL;
}

/* 0 is "unlimited" to tmpfs, and ~0 to setrlimit(2); room above is for rounding up. */
static bool
limits_are_sound(const struct policy_limits *limits)
{
	uint64_t numbers[sizeof(*limits) / sizeof(uint64_t)];

	_Static_assert(sizeof(numbers) == sizeof(*limits), "nothing but numbers");
	memcpy(numbers, limits, sizeof(numbers));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i] == 0 || numbers[i] > INT64_MAX)
			return false;
	return true;
}

static bool
head_is_sound(const struct plan_head *head, size_t length)
{
	return memcmp(head->magic, magic, sizeof(magic)) == 0 && head->size == length &&
	       (head->flags & ~(uint32_t)PLAN_FLAGS) == 0 && head->reserved == 0 &&
	       (head->active & ~LAYER_BIT(CGROUP)) == 0 && head->id != 0 &&
	       head->id != UINT32_MAX && head->filter_length > 0 &&
	       head->filter_length <= PLAN_FILTER_MAX && head->mount_count <= CELL_MOUNTS_MAX &&
	       head->arg_count > 0 && head->arg_count <= POLICY_ARGV_MAX &&
	       head->env_count <= PLAN_ENV_MAX && limits_are_sound(&head->limits);
}

bool
plan_parse(const void *data, size_t length, struct plan *ret)
{
	struct plan plan = {.head = data};
	struct strings strings = {.end = (const char *)data + length};
	size_t filter_bytes;

	if (length < sizeof(*plan.head) || length > PLAN_BYTES_MAX ||
	    !head_is_sound(plan.head, length))
		return false;
	filter_bytes = plan.head->filter_length * sizeof(*plan.filter);
	if (length - sizeof(*plan.head) < filter_bytes)
		return false;
	plan.filter = (const struct sock_filter *)(plan.head + 1);
	strings.at = (const char *)(plan.head + 1) + filter_bytes;
	plan.hostname = next(&strings);
	plan.bundle_at = next(&strings);
	for (uint32_t i = 0; i < plan.head->mount_count; i++)
		plan.targets[i] = next(&strings);
	next_list(&strings, plan.head->arg_count, plan.argv);
	next_list(&strings, plan.head->env_count, plan.envp);
	if (strings.bad || strings.at != strings.end ||
	    strlen(plan.hostname) >= PLAN_HOSTNAME_MAX || plan.argv[0][0] != '/')
		return false;
	if (plan.bundle_at[0] == '\0')
		plan.bundle_at = NULL;
	if ((plan.bundle_at != NULL) != ((plan.head->flags & PLAN_BUNDLE) != 0) ||
	    targets_wrong(&plan) != NULL)
		return false;
	*ret = plan;
	return true;
}

static uint32_t
count_list(const char *const *list)
{
	uint32_t count = 0;

	while (list[count] != NULL)
		count++;
	return count;
}

static enum err
refuse(struct fault *fault, const char *why)
{
	return fault_set(fault, ERR_CONFINEMENT, "the cell cannot be planned: %s", why);
}

/* The first three checks protect the decoder's own limits, so that what is encoded always parses.
 */
static enum err
check_spec(const struct cell_spec *spec, const struct plan_head *head, struct fault *fault)
{
	struct plan plan = {.head = head};
	const char *wrong;

	if (spec->mount_count > CELL_MOUNTS_MAX)
		return refuse(fault, "too many mounts");
	if (head->arg_count == 0 || head->arg_count > POLICY_ARGV_MAX ||
	    spec->cell->argv[0][0] != '/')
		return refuse(fault, "the program needs an absolute path and few arguments");
	if (head->env_count > PLAN_ENV_MAX)
		return refuse(fault, "too many environment variables");
	if (strlen(spec->hostname) >= PLAN_HOSTNAME_MAX)
		return refuse(fault, "the host name is too long");
	if (head->filter_length == 0 || head->filter_length > PLAN_FILTER_MAX)
		return refuse(fault, "the seccomp profile is empty or too long");
	if (!limits_are_sound(&head->limits))
		return refuse(fault, "a limit is 0 or overflows");
	if ((spec->bundle_fd >= 0) != (spec->bundle_at != NULL))
		return refuse(fault, "a bundle needs a place");
	plan.bundle_at = spec->bundle_at;
	for (uint32_t i = 0; i < spec->mount_count; i++)
		plan.targets[i] = spec->mounts[i].target;
	wrong = targets_wrong(&plan);
	return wrong != NULL ? refuse(fault, wrong) : ERR_OK;
}

static bool
put_list(FILE *to, const char *const *list)
{
	for (; *list != NULL; list++)
		if (fwrite(*list, strlen(*list) + 1, 1, to) != 1)
			return false;
	return true;
}

static bool
put_all(FILE *to, const struct cell_spec *spec, const struct plan_head *head)
{
	const char *targets[CELL_MOUNTS_MAX + 1] = {NULL};
	const char *names[] = {
	    spec->hostname, spec->bundle_at != NULL ? spec->bundle_at : "", NULL};

	for (uint32_t i = 0; i < spec->mount_count; i++)
		targets[i] = spec->mounts[i].target;
	return fwrite(head, sizeof(*head), 1, to) == 1 &&
	       fwrite(spec->profile->filter, sizeof(struct sock_filter), head->filter_length, to) ==
		   head->filter_length &&
	       put_list(to, names) && put_list(to, targets) && put_list(to, spec->cell->argv) &&
	       put_list(to, spec->envp);
}

enum err
plan_encode(const struct cell_spec *spec, const struct plan_head *given, void **ret_data,
    size_t *ret_length, struct fault *fault)
{
	struct plan_head head = *given;
	char *data = NULL;
	size_t length = 0;
	FILE *to;
	bool sound;
	enum err r;

	memcpy(head.magic, magic, sizeof(magic));
	head.required = spec->cell->required;
	head.limits = spec->cell->limits;
	head.filter_length = spec->profile->length;
	head.mount_count = spec->mount_count;
	head.arg_count = count_list(spec->cell->argv);
	head.env_count = count_list(spec->envp);
	r = check_spec(spec, &head, fault);
	if (r != ERR_OK)
		return r;
	to = open_memstream(&data, &length);
	if (to == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	sound = put_all(to, spec, &head);
	sound = fclose(to) == 0 && sound;
	if (!sound || length > PLAN_BYTES_MAX) {
		free(data);
		return sound ? refuse(fault, "arguments and environment are too long")
			     : fault_set(fault, ERR_INTERNAL, "out of memory");
	}
	head.size = (uint32_t)length;
	memcpy(data, &head, sizeof(head));
	*ret_data = data;
	*ret_length = length;
	return ERR_OK;
}

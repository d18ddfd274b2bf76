#include "sandbox/profile.h"

#include <errno.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/io.h"
#include "common/json.h"

enum {
	FILE_BYTES_MAX = 256 * 1024,
	ARENA_BYTES_MAX = 4 * 1024 * 1024,
	RULES_MAX = 256,
	NUMBERS_MAX = 1024, /* of system calls, with room */
	ERRNO_MAX = 4095,   /* what the kernel takes for an error number */
};

enum { SEEN_PLAIN = 1, SEEN_ARGS = 2, SEEN_ALLOWED = 4 };

/* One file on its way in. */
struct loader {
	const char *name;
	struct fault *fault;
	scmp_filter_ctx filter;
	uint32_t default_action;
	uint32_t rule; /* counted from 1; 0: the file's head */
	uint32_t allowed;
	uint8_t seen[NUMBERS_MAX]; /* by number: SEEN_ bits */
};

PRINTF_LIKE(2, 3)
static enum err
refuse(struct loader *loader, const char *format, ...)
{
	char what[200];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (loader->rule == 0)
		return fault_set(
		    loader->fault, ERR_POLICY, "seccomp profile %s.json: %s", loader->name, what);
	return fault_set(loader->fault, ERR_POLICY, "seccomp profile %s.json, rule %u: %s",
	    loader->name, loader->rule, what);
}

/* Every key of map stands in keys, which ends with NULL. */
static enum err
check_keys(struct loader *loader, const struct value *map, const char *const *keys)
{
	if (map->type != VALUE_MAP)
		return refuse(loader, "an object is expected");
	for (uint32_t i = 0; i < map->length; i++) {
		const char *const *key = keys;

		while (*key != NULL && !value_is_string(&map->pairs[i].key, *key))
			key++;
		if (*key == NULL)
			return refuse(loader, "unknown member \"%s\"", map->pairs[i].key.string);
	}
	return ERR_OK;
}

static enum err
get_number(struct loader *loader, const struct value *map, const char *key, int64_t max,
    int64_t absent, int64_t *ret)
{
	const struct value *value = value_get(map, key);

	if (value == NULL && absent >= 0) {
		*ret = absent;
		return ERR_OK;
	}
	if (value == NULL || value->type != VALUE_INT || value->integer < 0 || value->integer > max)
		return refuse(loader, "\"%s\" must be a whole number up to %" PRId64, key, max);
	*ret = value->integer;
	return ERR_OK;
}

/* The action called by key in map, its error number by errno_key. */
static enum err
get_action(struct loader *loader, const struct value *map, const char *key, const char *errno_key,
    uint32_t *ret)
{
	const struct value *action = value_get(map, key);
	int64_t number = 0;
	enum err r = get_number(loader, map, errno_key, ERRNO_MAX, EPERM, &number);

	if (r != ERR_OK)
		return r;
	if (action != NULL && value_is_string(action, "SCMP_ACT_ALLOW"))
		*ret = SCMP_ACT_ALLOW;
	else if (action != NULL && value_is_string(action, "SCMP_ACT_KILL_PROCESS"))
		*ret = SCMP_ACT_KILL_PROCESS;
	else if (action != NULL && value_is_string(action, "SCMP_ACT_ERRNO"))
		*ret = SCMP_ACT_ERRNO((uint32_t)number);
	else
		return refuse(loader,
		    "\"%s\" must be SCMP_ACT_ALLOW, SCMP_ACT_ERRNO or SCMP_ACT_KILL_PROCESS", key);
	return ERR_OK;
}

static enum err
get_operator(struct loader *loader, const struct value *map, enum scmp_compare *ret)
{
	static const struct {
		const char *name;
		enum scmp_compare op;
	} rows[] = {
	    {"SCMP_CMP_NE", SCMP_CMP_NE},
	    {"SCMP_CMP_LT", SCMP_CMP_LT},
	    {"SCMP_CMP_LE", SCMP_CMP_LE},
	    {"SCMP_CMP_EQ", SCMP_CMP_EQ},
	    {"SCMP_CMP_GE", SCMP_CMP_GE},
	    {"SCMP_CMP_GT", SCMP_CMP_GT},
	    {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
	};
	const struct value *op = value_get(map, "op");

	for (size_t i = 0; op != NULL && i < ARRAY_SIZE(rows); i++)
		if (value_is_string(op, rows[i].name)) {
			*ret = rows[i].op;
			return ERR_OK;
		}
	return refuse(loader, "unknown operator \"%s\"",
	    op != NULL && op->type == VALUE_STRING ? op->string : "");
}

static enum err
get_comparison(struct loader *loader, const struct value *map, struct scmp_arg_cmp *ret)
{
	static const char *const keys[] = {"index", "value", "valueTwo", "op", NULL};
	enum scmp_compare op = _SCMP_CMP_MIN;
	int64_t index = 0, a = 0, b = 0;
	enum err r = check_keys(loader, map, keys);

	if (r == ERR_OK)
		r = get_number(loader, map, "index", 5, -1, &index);
	if (r == ERR_OK)
		r = get_number(loader, map, "value", INT64_MAX, -1, &a);
	if (r == ERR_OK)
		r = get_number(loader, map, "valueTwo", INT64_MAX, 0, &b);
	if (r == ERR_OK)
		r = get_operator(loader, map, &op);
	*ret = (struct scmp_arg_cmp){
	    .arg = (unsigned)index, .op = op, .datum_a = (uint64_t)a, .datum_b = (uint64_t)b};
	return r;
}

/* libseccomp takes one comparison per argument and rule; two are answered with EINVAL there, far
 * from the file. */
static enum err
get_comparisons(
    struct loader *loader, const struct value *rule, struct scmp_arg_cmp *ret, uint32_t *ret_count)
{
	const struct value *args = value_get(rule, "args");
	unsigned used = 0;

	*ret_count = args != NULL ? args->length : 0;
	if (args == NULL)
		return ERR_OK;
	if (args->type != VALUE_ARRAY || args->length > 6)
		return refuse(loader, "\"args\" must be at most six comparisons");
	for (uint32_t i = 0; i < args->length; i++) {
		enum err r = get_comparison(loader, &args->items[i], &ret[i]);

		if (r != ERR_OK)
			return r;
		if ((used >> ret[i].arg & 1) != 0)
			return refuse(loader, "argument %u is compared twice", ret[i].arg);
		used |= 1U << ret[i].arg;
	}
	return ERR_OK;
}

/* A rule without arguments answers every call of that number, so it stands alone: libseccomp would
 * let it swallow the others without a word. */
static enum err
check_alone(struct loader *loader, const char *name, uint8_t *seen, bool plain)
{
	if ((*seen & SEEN_PLAIN) != 0 || (plain && *seen != 0))
		return refuse(loader, "another rule already answers \"%s\"", name);
	*seen |= plain ? SEEN_PLAIN : SEEN_ARGS;
	return ERR_OK;
}

static void
count_allowed(struct loader *loader, uint8_t *seen)
{
	if ((*seen & SEEN_ALLOWED) == 0)
		loader->allowed++;
	*seen |= SEEN_ALLOWED;
}

static enum err
add_name(struct loader *loader, const struct value *name, uint32_t action,
    const struct scmp_arg_cmp *args, uint32_t count)
{
	int number, r;
	enum err e;

	if (name->type != VALUE_STRING)
		return refuse(loader, "\"names\" must be names of system calls");
	number = seccomp_syscall_resolve_name(name->string);
	if (number == __NR_SCMP_ERROR)
		return refuse(loader, "libseccomp knows no system call \"%s\"", name->string);
	if (number < 0)
		return ERR_OK; /* known, but not on this architecture */
	if (number >= NUMBERS_MAX)
		return refuse(loader, "%s has the number %d", name->string, number);
	e = check_alone(loader, name->string, &loader->seen[number], count == 0);
	if (e != ERR_OK || action == loader->default_action)
		return e;
	r = seccomp_rule_add_exact_array(loader->filter, action, number, count, args);
	if (r < 0)
		return refuse(loader, "%s: %s", name->string, strerror(-r));
	if (action == SCMP_ACT_ALLOW)
		count_allowed(loader, &loader->seen[number]);
	return ERR_OK;
}

static enum err
add_rule(struct loader *loader, const struct value *rule)
{
	static const char *const keys[] = {"names", "action", "errnoRet", "args", "reason", NULL};
	const struct value *names = value_get(rule, "names"), *reason = value_get(rule, "reason");
	struct scmp_arg_cmp args[6];
	uint32_t action = 0, count = 0;
	enum err r = check_keys(loader, rule, keys);

	if (r == ERR_OK && (reason == NULL || reason->type != VALUE_STRING || reason->length == 0))
		return refuse(loader, "a rule needs a \"reason\"");
	if (r == ERR_OK && (names == NULL || names->type != VALUE_ARRAY || names->length == 0))
		return refuse(loader, "a rule needs \"names\"");
	if (r == ERR_OK)
		r = get_action(loader, rule, "action", "errnoRet", &action);
	if (r == ERR_OK)
		r = get_comparisons(loader, rule, args, &count);
	for (uint32_t i = 0; r == ERR_OK && i < names->length; i++)
		r = add_name(loader, &names->items[i], action, args, count);
	return r;
}

/* The head first: libseccomp wants the default action before any rule. */
static enum err
begin(struct loader *loader, const struct value *file)
{
	static const char *const keys[] = {
	    "defaultAction", "defaultErrnoRet", "syscalls", "reason", NULL};
	enum err r = check_keys(loader, file, keys);

	if (r == ERR_OK)
		r = get_action(
		    loader, file, "defaultAction", "defaultErrnoRet", &loader->default_action);
	if (r != ERR_OK)
		return r;
	if (loader->default_action == SCMP_ACT_ALLOW)
		return refuse(loader, "a profile that allows by default is no list");
	loader->filter = seccomp_init(loader->default_action);
	if (loader->filter == NULL)
		return fault_set(loader->fault, ERR_INTERNAL, "out of memory");
	/* x32 is a bad architecture too: libseccomp compares with 0x40000000 where its table is not
	 * added. Optimisation 2 is a binary tree instead of a list. */
	if (seccomp_attr_set(loader->filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) < 0 ||
	    seccomp_attr_set(loader->filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0)
		return refuse(loader, "libseccomp is older than 2.5");
	return ERR_OK;
}

static enum err
add_rules(struct loader *loader, const struct value *file)
{
	const struct value *rules = value_get(file, "syscalls");

	if (rules == NULL || rules->type != VALUE_ARRAY || rules->length > RULES_MAX)
		return refuse(loader, "\"syscalls\" must be at most %d rules", RULES_MAX);
	for (uint32_t i = 0; i < rules->length; i++) {
		enum err r;

		loader->rule = i + 1;
		r = add_rule(loader, &rules->items[i]);
		if (r != ERR_OK)
			return r;
	}
	loader->rule = 0;
	return ERR_OK;
}

/* The compiled program, by way of a memory file: libseccomp 2.5 only writes to descriptors. */
static enum err export(struct loader *loader, struct profile *profile) {
	SCOPED_FD fd = memfd_create("praxa-seccomp", MFD_CLOEXEC); struct stat st; size_t bytes;

	if (fd < 0 || seccomp_export_bpf(loader->filter, fd) < 0 || fstat(fd, &st) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0) return fault_set(loader->fault, ERR_INTERNAL,
	    "compiling the profile failed");
	bytes = (size_t)st.st_size;
	if (bytes == 0 || bytes % sizeof(*profile->filter) != 0 ||
	    bytes / sizeof(*profile->filter) > BPF_MAXINSNS) return refuse(loader,
	    "the compiled filter is longer than the kernel takes");
	profile->filter = malloc(bytes);
	if (profile->filter == NULL) return fault_set(loader->fault, ERR_INTERNAL, "out of memory");
	if (io_read_full(fd, profile->filter, bytes) != (ssize_t)bytes) return fault_set(
	    loader->fault, ERR_INTERNAL, "compiling the profile failed");
	profile->length = (uint16_t)(bytes / sizeof(*profile->filter));
	profile->allowed = loader->allowed;
	text_copy(profile->name, sizeof(profile->name), loader->name);
	return ERR_OK;
}

enum err
profile_parse(
    const char *text, size_t length, const char *name, struct profile **ret, struct fault *fault)
{
	struct loader loader = {.name = name, .fault = fault};
	struct profile *profile = calloc(1, sizeof(*profile));
	struct arena arena;
	struct value file;
	enum err r;

	if (profile == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	arena_init(&arena, ARENA_BYTES_MAX);
	r = json_parse(text, length, &arena, &file, fault);
	if (r != ERR_OK && fault != NULL) {
		struct fault inner = *fault;

		r = refuse(&loader, "%s", inner.message);
	}
	if (r == ERR_OK)
		r = begin(&loader, &file);
	if (r == ERR_OK)
		r = add_rules(&loader, &file);
	if (r == ERR_OK)
		r = export(&loader, profile);
	if (loader.filter != NULL)
		seccomp_release(loader.filter);
	arena_clear(&arena);
	if (r == ERR_OK)
		*ret = TAKE(profile);
	profile_free(&profile);
	return r;
}

static bool
name_is_plain(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return length > 0 && name[length] == '\0' &&
	       length < sizeof(((struct profile *)NULL)->name);
}

enum err
profile_load(int dir_fd, const char *name, struct profile **ret, struct fault *fault)
{
	struct loader loader = {.name = name, .fault = fault};
	SCOPED_FREE char *text = NULL;
	size_t length = 0;
	char path[80];
	int r;

	if (!name_is_plain(name))
		return fault_set(fault, ERR_POLICY, "\"%s\" is no name of a profile", name);
	snprintf(path, sizeof(path), "%s.json", name);
	r = io_read_file(dir_fd, path, FILE_BYTES_MAX, &text, &length);
	if (r < 0)
		return refuse(&loader, "%s", strerror(-r));
	return profile_parse(text, length, name, ret, fault);
}

void
profile_free(struct profile **profile)
{
	if (*profile == NULL)
		return;
	free((*profile)->filter);
	free(*profile);
	*profile = NULL;
}
